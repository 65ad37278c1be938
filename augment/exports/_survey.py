"""Every row of a version in exactly one state: in the export, or left out for a reason."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from augment.errors import FixableError
from augment.exports._format import Format, Kind
from augment.exports._gather import Gatherer
from augment.exports._options import ExportOptions
from augment.exports._reasons import REASONS
from augment.exports._simulated import Simulated
from augment.exports._spool import Spool
from augment.types import Row

Chosen: TypeAlias = Callable[[Row], str]
IN = 0
_CODES = {reason: number for number, reason in enumerate(REASONS, 1)}
_NAMES = dict(enumerate(REASONS, 1))
_DECIDED = {"accepted": ("accept",), "rejected": ("reject",), "undecided": (None,)}


@dataclass(frozen=True, slots=True)
class Counts:
    """rows_in = rows_out + what is left out, by reason. simulated, splits: of those that go out."""

    rows_in: int
    rows_out: int
    left_out: dict[str, int]
    simulated: int
    splits: dict[str, int]


class Survey:
    """Reads the rows once, hands them to the gatherers, and keeps a byte for each row and kind: in, or why not."""

    def __init__(self, gatherers: Mapping[Kind, tuple[Gatherer, Spool]], simulated: Simulated) -> None:
        self._gatherers = gatherers
        self._fates = {kind: bytearray() for kind in gatherers}
        self._looks = simulated
        self._simulated = bytearray()
        self._splits: dict[str | None, int] = {}
        self._split = array("L")

    def read(self, rows: Iterator[Row], chosen: Chosen) -> None:
        """Takes every row. chosen: the reason why a row is left out whatever the format, "" for none."""
        for place, row in enumerate(rows):
            self._simulated.append(self._looks.is_so(row))
            self._split.append(self._splits.setdefault(row.split, len(self._splits)))
            why = chosen(row)
            for kind, (gatherer, _) in self._gatherers.items():
                self._fates[kind].append(_code(why or gatherer.take(place, row)))

    def settle(self, *, balanced: bool, apart: bool) -> None:
        """Tells partners and draws apart; from now on the counts stand.

        apart: dev rows go into files of their own. Where they have nothing to go beside, they stay out: they are not to
        be trained on.
        """
        for kind, (gatherer, spool) in self._gatherers.items():
            fates = self._fates[kind]
            for place, reason in gatherer.finish():
                fates[place] = _code(reason)
            dev = self._splits.get("dev", -1)
            if apart and all(self._split[spool.places(number)[0]] == dev for number in range(len(spool))):
                spool.drop(range(len(spool)))
                for place, fate in enumerate(fates):
                    if fate == IN:
                        fates[place] = _code("split")
            alive = bytearray(len(fates))
            for number in spool.settle(balanced=balanced):
                for place in spool.places(number):
                    alive[place] = 1
            if balanced:
                for place, fate in enumerate(fates):
                    if fate == IN and not alive[place]:
                        fates[place] = _code("balance")

    def counts(self) -> Counts:
        """How many rows of each state. Where there are several kinds, the first one's reason is told."""
        first, *others = self._fates.values()
        left: Counter[int] = Counter()
        splits: Counter[int] = Counter()
        rows_out = simulated = 0
        for place, fate in enumerate(first):
            if fate == IN or any(other[place] == IN for other in others):
                rows_out += 1
                simulated += self._simulated[place]
                splits[self._split[place]] += 1
            else:
                left[fate] += 1
        left_out = {_NAMES[code]: left[code] for code in sorted(left)}
        by_split = {name or "none": splits[number] for name, number in self._splits.items() if splits[number]}
        return Counts(len(first), rows_out, left_out, simulated, by_split)


def _code(reason: str) -> int:
    return _CODES[reason] if reason else IN


def choice(options: ExportOptions, form: Format, matching: frozenset[str] | None) -> Chosen:
    """Tells why a row is left out whatever the format. matching: the ids that --where holds for, None for all."""
    decision = options.decision or form.decision
    wanted = _DECIDED.get(decision)

    def why(row: Row) -> str:
        if matching is not None and row.row_id not in matching:
            return "where"
        if row.split != options.split if options.split is not None else form.tested and row.split == "test":
            return "split"
        if (wanted is not None and row.decision not in wanted) or (decision == "kept" and row.decision == "reject"):
            return "decision"
        return ""

    return why


def refuse_simulated(simulated: int, rows_out: int) -> None:
    """Raises FixableError: nothing of the simulator's leaves this house by accident."""
    raise FixableError(
        f"{simulated} of the {rows_out} rows to export were written by the simulator (`sim:…`); nothing was written",
        hint="--allow-simulated exports them all the same; or leave them out with --where, "
        "e.g. --where \"provider NOT LIKE 'sim:%'\", or have them made by a real provider",
    )
