"""Deal rows into train, dev and test: a stem, its kin and whatever is nearly like it never apart; asks nobody.

A group is all rows of one root, of one stem, and of roots or stems that are near-duplicates. Its split is that of a row
in it which has one; else it is drawn by a hash of the seed and its first root, so that rows that come later move none.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from augment.errors import UsageError
from augment.similarity import LEAST_STEM, Near, Neighbours, Parts, folded, read_all
from augment.stages._stage import Context, Ready, Stage, option
from augment.types import Asker, Done, Outcome, Row, Skip

_ANY = ""
ROUNDING = 0.0101  # three thirds may be written 0.33


@dataclass(frozen=True, slots=True)
class Options:
    ratios: str = option(
        "train=0.8,dev=0.1,test=0.1",
        "the splits and their shares, which add up to 1, or whole parts of any sum",
        metavar="NAME=SHARE,…",
    )
    seed: int = option(0, "of the draw, and of --sample", metavar="N")
    stratify: str = option("", "deal evenly within rows of like options or like answer", choices=("options", "answer"))
    threshold: float = option(0.85, "from which likeness on rows are near-duplicates, 0 to 1", metavar="SHARE")
    redo: bool = option(False, "deal anew, whatever split rows have")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError."""
    shares = read_ratios(options.ratios)
    if not 0.5 <= options.threshold <= 1:
        raise UsageError(f"--threshold {options.threshold:g} makes no sense", hint="a number from 0.5 to 1")
    dealt = _deal(context, groups(context, options.threshold), shares, options)
    splits = dict(zip((row_id for (row_id,) in context.read("row_id")), dealt, strict=True))

    async def work(row: Row, _: Asker) -> Outcome:
        split = splits[row.row_id]
        return Skip("already done") if row.split == split else Done(updated=row.with_(split=split))

    return Ready(work)


def read_ratios(text: str) -> dict[str, float]:
    """Split → its share of the whole, from ``train=0.8,test=0.2`` or, in whole parts, ``train=8,test=2``.

    Fractions that do not add up to 1 are refused: a split is missing, or a figure is wrong. Raises UsageError.
    """
    found: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, share = part.partition("=")
        try:
            value = float(share)
        except ValueError:
            value = 0.0
        if not name.strip() or name.strip() in found or not 0 < value < float("inf"):
            raise UsageError(
                f"--ratios {text!r}: {part!r} is no split and its share", hint="train=0.8,dev=0.1,test=0.1"
            )
        found[name.strip()] = value
    if not found:
        raise UsageError("--ratios names no split", hint="train=0.8,dev=0.1,test=0.1")
    whole = sum(found.values())
    if abs(whole - 1) > ROUNDING and not all(share.is_integer() for share in found.values()):
        raise UsageError(
            f"--ratios {text!r}: the shares add up to {whole:.4g}, not to 1",
            hint="train=0.8,dev=0.1,test=0.1; or in whole parts: train=8,dev=1,test=1",
        )
    return {name: share / whole for name, share in found.items()}


def groups(context: Context, threshold: float) -> list[int]:
    """Per row the place of the first row of its group."""
    leads: list[int] = []
    first_of: dict[int, int] = {}
    for place, (row_id, root, problem_id) in enumerate(context.read("row_id", "root_id", "problem_id")):
        leads.append(place)
        for key in (hash(("root", root or row_id)), hash(("stem", problem_id))):
            _join(leads, place, first_of.setdefault(key, place))

    def together(near: Near) -> bool:
        _join(leads, near.one, near.other)
        return True

    rows = Neighbours(read_all(context.read), threshold)
    rows.sweep(range(rows.rows), lambda *_: True, together)
    del rows
    places = array("l")
    stems = Neighbours(lambda: _stems(context, places), threshold)
    stems.sweep(
        range(stems.rows), lambda *_: True, lambda near: together(Near(places[near.one], places[near.other], 1))
    )
    return [_lead(leads, place) for place in range(len(leads))]


def _stems(context: Context, places: array[int]) -> Iterator[Parts]:
    """Each stem of some length once, and in ``places`` the first row that has it."""
    del places[:]
    seen: set[int] = set()
    for place, (kind, problem_id, problem) in enumerate(context.read("kind", "problem_id", "problem")):
        if kind == "instruction" or hash(problem_id) in seen or len(folded(problem or "")) < LEAST_STEM:
            continue
        seen.add(hash(problem_id))
        places.append(place)
        yield Parts(problem, "")


def _join(leads: list[int], one: int, other: int) -> None:
    """Makes two groups one, led by its first row."""
    first, last = sorted((_lead(leads, one), _lead(leads, other)))
    leads[last] = first


def _lead(leads: list[int], place: int) -> int:
    while leads[place] != place:
        leads[place] = leads[leads[place]]
        place = leads[place]
    return place


class _Rows:
    """What the deal needs to know of each row, by its place."""

    def __init__(self, context: Context) -> None:
        self.roots: list[int] = []
        self.splits: list[str | None] = []
        self.strata: list[tuple[int, str]] = []
        known: dict[str, str] = {}
        for row_id, root, split, options, answer in context.read("row_id", "root_id", "split", "options", "answer"):
            self.roots.append(hash(root or row_id))
            self.splits.append(known.setdefault(split, split) if split else None)
            self.strata.append((len(options or []), known.setdefault(answer or _ANY, answer or _ANY)))


def _deal(context: Context, leads: list[int], shares: Mapping[str, float], options: Options) -> list[str]:
    """The split of each row."""
    rows = _Rows(context)
    of_root: dict[int, str] = {}
    of_group: dict[int, str] = {}
    sizes: Counter[int] = Counter(leads)
    if not options.redo:
        for place, split in enumerate(rows.splits):
            if split is not None:
                of_root.setdefault(rows.roots[place], split)
                of_group.setdefault(leads[place], split)
    free = {lead for lead in sizes if lead not in of_group}
    drawn = {
        place: _draw(options.seed, root or row_id)
        for place, (row_id, root) in enumerate(context.read("row_id", "root_id"))
        if place in free
    }
    if options.stratify:
        of_group |= _evenly(rows, free, drawn, sizes, {**of_group}, leads, shares, by=options.stratify)
    else:
        of_group |= {lead: _hit(drawn[lead], shares) for lead in free}
    return [of_root.get(root, of_group[lead]) for root, lead in zip(rows.roots, leads, strict=True)]


def _draw(seed: int, root: str) -> float:
    """A number from 0 to 1 that a root keeps for ever."""
    return int.from_bytes(hashlib.sha256(f"split:{seed}/{root}".encode()).digest()[:8]) / 2**64


def _hit(drawn: float, shares: Mapping[str, float]) -> str:
    for name, share in shares.items():
        if drawn < share:
            return name
        drawn -= share
    return next(reversed(list(shares)))


def _evenly(
    rows: _Rows,
    free: set[int],
    drawn: Mapping[int, float],
    sizes: Counter[int],
    dealt: Mapping[int, str],
    leads: list[int],
    shares: Mapping[str, float],
    *,
    by: str,
) -> dict[int, str]:
    """The groups dealt so that every stratum has its share of each split, as nearly as whole groups allow.

    In the order of their draw each goes where most is missing, counting what has been dealt before.
    """
    counts: dict[Any, Counter[str]] = defaultdict(Counter)

    def stratum(lead: int) -> Any:
        number, answer = rows.strata[lead]
        return number if by == "options" else (number, answer)

    for lead in set(leads):
        if lead in dealt:
            counts[stratum(lead)][dealt[lead]] += sizes[lead]
    found = {}
    for lead in sorted(free, key=drawn.__getitem__):
        there = counts[stratum(lead)]
        whole = sum(there[name] for name in shares) + sizes[lead]
        found[lead] = max(shares, key=lambda name: shares[name] * whole - there[name])
        there[found[lead]] += sizes[lead]
    return found


STAGE = Stage(
    name="split",
    help="Deal rows into train, dev and test; what belongs together never apart; asks nobody.",
    options=Options,
    asks=None,
    adds=False,
    prepare=prepare,
)
