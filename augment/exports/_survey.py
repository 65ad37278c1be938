"""Every row of a version in exactly one state: in the export, or left out for a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
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


class Survey:
    """Reads the rows once, hands them to the gatherers, and keeps a byte for each row and kind: in, or why not."""

    def __init__(self, gatherers: Mapping[Kind, tuple[Gatherer, Spool]], simulated: Simulated) -> None:
        self._gatherers = gatherers
        self._fates = {kind: bytearray() for kind in gatherers}
        self._looks = simulated
        self._simulated = bytearray()
        self._dev = bytearray()

    def read(self, rows: Iterator[Row], chosen: Chosen) -> None:
        """Takes every row. chosen: the reason why a row is left out whatever the format, "" for none."""
        for place, row in enumerate(rows):
            self._simulated.append(self._looks.is_so(row))
            self._dev.append(row.split == "dev")
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
            if apart and not any(not self._dev[spool.places(number)[0]] for number in range(len(spool))):
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

    @property
    def rows_in(self) -> int:
        """How many rows the version has."""
        return len(self._simulated)

    def counts(self) -> tuple[int, dict[str, int], int]:
        """Rows in the export; those left out by reason, as the first kind has it; how many of the former are
        simulated."""
        first, *others = self._fates.values()
        left: Counter[int] = Counter()
        rows_out = simulated = 0
        for place, fate in enumerate(first):
            if fate == IN or any(other[place] == IN for other in others):
                rows_out += 1
                simulated += self._simulated[place]
            else:
                left[fate] += 1
        return rows_out, {_NAMES[code]: left[code] for code in sorted(left)}, simulated


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
