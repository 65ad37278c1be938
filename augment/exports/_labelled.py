"""Right and wrong solutions side by side, each with its label: for KTO and for a scorer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from augment.exports._chat import Example
from augment.exports._gather import Said, Source, is_wrong, mistaken, solved
from augment.scorer import text_of
from augment.types import Row


@dataclass(slots=True)
class Labelled:
    """A line for each right and each wrong solution; failed attempts as further wrong ones.

    reasoned: without reasoning there is nothing to label, whatever ``--cot`` says. Where there are only right ones, or
    only wrong ones, nothing can be learned from the labels, and no row is taken; apart: so for dev rows by themselves.
    """

    source: Source
    reasoned: bool = False
    apart: bool = False
    _labels: dict[tuple[bool, bool], int] = field(
        default_factory=lambda: dict.fromkeys(product((False, True), (False, True)), 0)
    )
    _dev: set[int] = field(default_factory=set)

    def take(self, place: int, row: Row) -> str:
        """See Gatherer."""
        said = self._said(row)
        if not said.reason:
            self._add(place, row, said.example)
        added = False
        if self.source.attempts is not None and not is_wrong(row):
            for number, example in enumerate(self.source.attempts.wrong(row, self.source.speaker)):
                self._add(place, row, example, f"/attempt {number}")
                added = True
        return "" if added else said.reason

    def _add(self, place: int, row: Row, example: Example, name: str = "") -> None:
        dev = self.apart and row.split == "dev"
        if dev:
            self._dev.add(place)
        if self.reasoned and not example.text:
            example = replace(example, text=text_of(row) or "")
        self.source.add(place, row, example, name)
        self._labels[dev, example.label] += 1

    def _said(self, row: Row) -> Said:
        speaker = self.source.speaker
        if is_wrong(row):
            return mistaken(row, speaker)
        said = solved(row, speaker, instructions=False)
        if said.reason or not self.reasoned or (row.reasoning or "").strip():
            return said if said.reason else Said(found=replace(said.example, concluded=row.answer or ""))
        return Said("no reasoning")

    def finish(self) -> Iterator[tuple[int, str]]:
        """See Gatherer."""
        spool = self.source.spool
        for dev in (False, True):
            if not (self._labels[dev, False] and self._labels[dev, True]):
                gone = [number for number in range(len(spool)) if (spool.places(number)[0] in self._dev) is dev]
                yield from ((place, "no pair") for place in sorted({spool.places(number)[0] for number in gone}))
                spool.drop(gone)

    def facts(self) -> Mapping[str, int]:
        """How many of the lines are right and how many wrong, and of how many attempts the latter were made."""
        labels = [bool(line["label"]) for line in self.source.spool.lines()]
        counts = {"right": sum(labels), "wrong": len(labels) - sum(labels)}
        return counts if self.source.attempts is None else {**counts, **self.source.attempts.counts}
