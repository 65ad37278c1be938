"""A right and a wrong solution of the same question, as preference training wants them."""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from augment.exports._chat import Example, packed
from augment.exports._gather import Source, is_wrong, lead_of, mistaken, solved
from augment.exports._spool import Spool
from augment.types import Row

LEAST_SHARE = 0.5  # of the chosen one's length: which is the longer must not tell which is the better
_BLANK = re.compile(r"\s+")


@dataclass(slots=True)
class _Halves:
    """What is known of each solution until its partner is: a few numbers apiece. key: of what was asked."""

    key: array[int] = field(default_factory=lambda: array("Q"))
    text: array[int] = field(default_factory=lambda: array("Q"))
    length: array[int] = field(default_factory=lambda: array("L"))
    wrong: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class Pairs:
    """A line for each pair. spool: for the solutions until their partners are known.

    What is paired was asked the same to the letter (system, earlier turns, question) and has the same answer, so a
    wrong solution finds the right one of the row it was made from, and that of any row that asks the same.
    """

    source: Source
    spool: Spool
    _halves: _Halves = field(default_factory=_Halves)

    def take(self, place: int, row: Row) -> str:
        """See Gatherer."""
        speaker = self.source.speaker
        wrong = is_wrong(row)
        said = mistaken(row, speaker) if wrong else solved(row, speaker, instructions=False)
        if not said.reason:
            self._keep(place, row, said.example, wrong=wrong)
        added = 0
        if self.source.attempts is not None and not wrong:
            for example in self.source.attempts.wrong(row, speaker):
                self._keep(place, row, example, wrong=True)
                added += 1
        return "" if added else said.reason

    def _keep(self, place: int, row: Row, example: Example, *, wrong: bool) -> None:
        kept = packed(example) | {"group": self.source.group(row)}
        self.spool.add(kept, places=(place, place), name=row.row_id)
        self._halves.key.append(_hash(_asked(kept)))
        self._halves.text.append(_hash(example.output))
        self._halves.length.append(len(_BLANK.sub("", example.output)))
        self._halves.wrong.append(wrong)

    def finish(self) -> Iterator[tuple[int, str]]:
        """See Gatherer."""
        key = self._halves.key
        why: dict[int, str] = {}
        pairs: list[tuple[int, int]] = []
        for _, members in groupby(sorted(range(len(key)), key=lambda number: (key[number], number)), key.__getitem__):
            pairs += self._matched(list(members), why)
        used: set[int] = set()
        for chosen, rejected in sorted(pairs):
            self._pair(chosen, rejected)
            used |= {self.spool.places(chosen)[0], self.spool.places(rejected)[0]}
        left: dict[int, str] = {}
        for number in sorted(why):
            place = self.spool.places(number)[0]
            if place not in used:
                left.setdefault(place, why[number])
        yield from left.items()

    def _matched(self, members: Sequence[int], why: dict[int, str]) -> Iterator[tuple[int, int]]:
        """The solutions of one question, each right one with a wrong one, as often as the longer side asks for."""
        length, wrong = self._halves.length, self._halves.wrong
        once = self._once(members, why)
        right_ones = [number for number in once if not wrong[number]]
        wrong_ones = [number for number in once if wrong[number]]
        met: set[int] = set()
        for turn in range(max(len(right_ones), len(wrong_ones)) if right_ones and wrong_ones else 0):
            chosen, rejected = right_ones[turn % len(right_ones)], wrong_ones[turn % len(wrong_ones)]
            if length[rejected] < LEAST_SHARE * length[chosen]:
                fitting = [one for one in right_ones if length[rejected] >= LEAST_SHARE * length[one]]
                if not fitting:
                    why[rejected] = "too short"
                    continue
                chosen = fitting[turn % len(fitting)]
            if not {chosen, rejected} <= met:
                met |= {chosen, rejected}
                yield chosen, rejected
        for number in once:
            if number not in met:
                why.setdefault(number, "no pair")

    def _once(self, members: Sequence[int], why: dict[int, str]) -> list[int]:
        """The solutions without those that say the same to the letter as an earlier one."""
        seen: set[int] = set()
        for number in members:
            if self._halves.text[number] in seen:
                why[number] = "duplicate"
            seen.add(self._halves.text[number])
        return [number for number in members if number not in why]

    def _pair(self, chosen: int, rejected: int) -> None:
        one, other = self.spool.at(chosen), self.spool.at(rejected)
        if _asked(one) != _asked(other):
            raise ValueError("two questions have the same hash")
        name = f"{one['row_id']}/{other['row_id']}"
        places = (self.spool.places(chosen)[0], self.spool.places(rejected)[0])
        group = one.pop("group")
        one |= {"rejected": other["output"], "concluded": other["concluded"]}
        lead = lead_of(Example(**one))
        self.source.spool.add(one, places=places, name=name, group=group, lead=lead)

    def facts(self) -> Mapping[str, int]:
        """Of how many attempts wrong solutions were made."""
        return {} if self.source.attempts is None else self.source.attempts.counts


def _asked(kept: Mapping[str, Any]) -> str:
    """What a solution answers, and the right answer to it."""
    names = ("system", "history", "instruction", "input", "answer")
    return json.dumps([kept[name] for name in names], ensure_ascii=False)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")
