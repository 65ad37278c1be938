"""What a scorer learns from and what it is measured on: rows that belong together never apart."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from augment.errors import BadInput

Part: TypeAlias = Literal["train", "dev", "test"]
PARTS: tuple[Part, ...] = ("train", "dev", "test")
SHARES: Mapping[Part, float] = {"train": 0.8, "dev": 0.1, "test": 0.1}
KNOWN: Mapping[str, Part] = {
    "train": "train",
    **dict.fromkeys(["dev", "valid", "validation", "val"], "dev"),
    "test": "test",
}
LEAST = 2  # of each label, in what it learns from and in what it is measured on


@dataclass(frozen=True, slots=True)
class Kin:
    """What decides where an example goes. root: the row it was made from, or itself; stem: its problem_id."""

    row_id: str
    root: str
    stem: str
    split: str | None
    label: int


@dataclass(frozen=True, slots=True)
class Dealt:
    """The part of each example, None for those of a split with another name. drawn: how many were drawn, having none
    of their own."""

    parts: Sequence[Part | None]
    drawn: int

    def counts(self, kin: Sequence[Kin]) -> dict[str, dict[str, int]]:
        """Part → how many are right and how many wrong."""
        found = Counter(
            (part, "right" if one.label else "wrong") for part, one in zip(self.parts, kin, strict=True) if part
        )
        return {part: {label: found[part, label] for label in ("right", "wrong")} for part in PARTS}


def deal(kin: Sequence[Kin], seed: int) -> Dealt:
    """Each example's own split; one without is dealt with its kin, whole groups at a time, 80 : 10 : 10.

    A group is all examples of one root, and of roots that share a stem. Raises BadInput where one group stands in two
    splits, or where a label is missing in what is learned from or measured on.
    """
    leads = _groups(kin)
    owns: dict[int, int] = {}  # group → an example of it that has a split
    for place, one in enumerate(kin):
        if one.split is None:
            continue
        first = owns.setdefault(leads[place], place)
        if _part(kin[first]) != _part(one):
            what = "root" if kin[first].root == one.root else "stem"
            raise BadInput(
                f"rows of one {what} stand in two splits: {kin[first].row_id[:12]!r} in {kin[first].split!r},"
                f" {one.row_id[:12]!r} in {one.split!r}",
                hint="`augment split --redo` deals anew; `augment contamination` lists what stands in two splits",
            )
    sizes = Counter(leads)
    drawn = _draw({lead: sizes[lead] for lead in sizes if lead not in owns}, kin, seed)
    parts = [_part(kin[owns[lead]]) if lead in owns else drawn[lead] for lead in leads]
    dealt = Dealt(parts, sum(sizes[lead] for lead in drawn))
    _check(dealt.counts(kin), [one.split for one in kin])
    return dealt


def _part(one: Kin) -> Part | None:
    return KNOWN.get((one.split or "").strip().casefold())


def _groups(kin: Sequence[Kin]) -> list[int]:
    """Per example the place of the first one of its group."""
    leads = list(range(len(kin)))

    def lead(place: int) -> int:
        while leads[place] != place:
            leads[place] = leads[leads[place]]
            place = leads[place]
        return place

    first: dict[tuple[str, str], int] = {}
    for place, one in enumerate(kin):
        for key in (("root", one.root), ("stem", one.stem)):
            low, high = sorted((lead(place), lead(first.setdefault(key, place))))
            leads[high] = low
    return [lead(place) for place in range(len(kin))]


def _draw(sizes: Mapping[int, int], kin: Sequence[Kin], seed: int) -> dict[int, Part]:
    """Groups in the order of a hash of seed and root; each goes where most is missing."""
    order = sorted(sizes, key=lambda lead: hashlib.sha256(f"scorer:{seed}/{kin[lead].root}".encode()).digest())
    had: Counter[Part] = Counter()
    found: dict[int, Part] = {}
    for lead in order:
        whole = sum(had.values()) + sizes[lead]
        found[lead] = max(PARTS, key=lambda part: SHARES[part] * whole - had[part])
        had[found[lead]] += sizes[lead]
    return found


def _check(counts: Mapping[str, Mapping[str, int]], splits: Sequence[str | None]) -> None:
    told = "; ".join(f"{part}: {counts[part]['right']} right, {counts[part]['wrong']} wrong" for part in PARTS)
    for label, stage in (("right", "reason"), ("wrong", "wrong")):
        if counts["train"][label] < LEAST:
            raise BadInput(
                f"there is too little {label} reasoning to learn from ({told})",
                hint=f"`augment {stage}` makes some; rows of split 'train' are learned from",
            )
    held = [part for part in ("dev", "test") if min(counts[part].values()) >= LEAST]
    if not held:
        others = sorted({split for split in splits if split} - set(KNOWN))
        raise BadInput(
            f"nothing is held out that has right and wrong reasoning ({told})"
            + (f"; other splits: {', '.join(map(repr, others))}" if others else ""),
            hint="`augment split --redo` deals rows into train, dev and test; more rows make larger parts",
        )
