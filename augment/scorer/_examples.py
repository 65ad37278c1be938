"""The examples of a training: where each belongs, and its tokens; the texts themselves are not kept."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from augment.scorer._splits import Dealt, Kin, Part


@dataclass(frozen=True, slots=True)
class Example:
    """One text with what decides where it goes, its label too: 1 for right, 0 for wrong."""

    kin: Kin
    text: str


Source: TypeAlias = Callable[[], Iterator[Example]]  # read twice: what goes where, then the tokens


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What the examples are, before any model is opened. sha256: of ids, labels, splits and texts, in order."""

    kin: Sequence[Kin]
    lengths: Sequence[int]
    sha256: str


@dataclass(frozen=True, slots=True)
class Side:
    """One part of the examples. lengths: of the texts, in characters."""

    ids: Sequence[Sequence[int]]
    labels: Sequence[int]
    roots: Sequence[str]
    lengths: Sequence[int]


def survey(examples: Iterable[Example]) -> Surveyed:
    """One pass over the examples."""
    kin: list[Kin] = []
    lengths = array("i")
    found = hashlib.sha256()
    for one in examples:
        told = [one.kin.row_id, one.kin.label, one.kin.root, one.kin.stem, one.kin.split, one.text]
        found.update(json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
        kin.append(one.kin)
        lengths.append(len(one.text))
    return Surveyed(kin, lengths, found.hexdigest())


def side(part: Part, surveyed: Surveyed, dealt: Dealt, ids: Sequence[Sequence[int]]) -> Side:
    """The examples of one part, in order."""
    places = [place for place, found in enumerate(dealt.parts) if found == part]
    return Side(
        [ids[place] for place in places],
        [surveyed.kin[place].label for place in places],
        [surveyed.kin[place].root for place in places],
        [surveyed.lengths[place] for place in places],
    )
