"""Which rows of a version a kind of training file takes, and as what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from augment.exports._attempts import Attempts
from augment.exports._chat import Example, Speaker, packed, reads_as, reserved, whole, wrong_for
from augment.exports._spool import Spool
from augment.stages._conclusions import concluded
from augment.types import Row


@dataclass(frozen=True, slots=True)
class Source:
    """What rows are gathered with. balance: what the lines' groups are by. attempts: None where none are wanted."""

    speaker: Speaker
    spool: Spool
    balance: str | None = None
    attempts: Attempts | None = None

    def add(self, place: int, row: Row, example: Example, name: str = "") -> int:
        """Keeps an example of the row."""
        group = f"{example.label} {self.group(row)}"  # right and wrong ones are each balanced by themselves
        return self.spool.add(
            packed(example), places=(place, place), name=f"{row.row_id}{name}", group=group, lead=lead_of(example)
        )

    def group(self, row: Row) -> str:
        """What ``--balance`` counts the row under."""
        return group_of(row, self.balance)


def group_of(row: Row, balance: str | None) -> str:
    """What ``--balance`` counts the row under."""
    if balance is None:
        return ""
    return (row.answer or "") if balance == "answer" else str(len(row.options))


def lead_of(example: Example) -> int:
    """1 for a line with earlier turns, 2 where it goes into the file of dev rows, 0 for one without.

    A loader that has read ten megabytes of lines without turns takes the column for one that has none.
    """
    return 0 if not example.history else 2 if example.split == "dev" else 1


class Gatherer(Protocol):
    """Takes the rows of a version one after the other, then tells which of them it leaves out after all."""

    def take(self, place: int, row: Row) -> str:
        """The reason why the row is left out, "" where it is taken."""
        ...

    def finish(self) -> Iterator[tuple[int, str]]:
        """The places of rows that were taken and are left out after all, with the reason. Orders the lines."""
        ...

    def facts(self) -> Mapping[str, int]:
        """What a manifest should say of the lines beside their number."""
        ...


def is_check(row: Row) -> bool:
    """Whether the row's reasoning is a second agent's check (docs/decisions/0014-a-check-is-a-row.md)."""
    return row.stage == "evaluate" or any(tag.startswith("evaluate:") for tag in row.tags)


def is_wrong(row: Row) -> bool:
    """Whether the row's reasoning is there to be wrong."""
    return row.label == "wrong"


@dataclass(slots=True)
class Solutions:
    """A line for each row that says what should be said: an instruction's answer, a question's right solution."""

    source: Source
    instructions: bool = True

    def take(self, place: int, row: Row) -> str:
        """See Gatherer."""
        said = solved(row, self.source.speaker, instructions=self.instructions)
        if said.reason:
            return said.reason
        self.source.add(place, row, said.example)
        return ""

    def finish(self) -> Iterator[tuple[int, str]]:
        """See Gatherer."""
        yield from ()

    def facts(self) -> Mapping[str, int]:
        """See Gatherer."""
        return {}


@dataclass(frozen=True, slots=True)
class Said:
    """An example, or the reason why there is none."""

    reason: str = ""
    found: Example | None = None

    @property
    def example(self) -> Example:
        """The example, where there is no reason against it."""
        if self.found is None:
            raise ValueError(f"there is no example: {self.reason}")
        return self.found


def solved(row: Row, speaker: Speaker, *, instructions: bool) -> Said:
    """The row's question with its right answer, after its reasoning where that is wanted."""
    if is_check(row):
        return Said("a check, not a solution")
    if is_wrong(row):
        return Said("wrong reasoning")
    if row.kind == "instruction":
        if not instructions:
            return Said("instruction")
        if not (row.answer or "").strip():
            return Said("no answer")
        return _safe(row, speaker.example(row, row.answer or ""))
    if not whole(row):
        return Said("no answer")
    if speaker.cot == "none":
        return _safe(row, speaker.example(row, speaker.said(None, row.answer or "")))
    if not (row.reasoning or "").strip():
        return Said("no reasoning")
    if concluded(row) != row.answer:
        return Said("inconsistent reasoning")
    return _read_back(row, speaker, row.answer or "", label=True)


def mistaken(row: Row, speaker: Speaker) -> Said:
    """The question of a row with reasoning that is there to be wrong, and the wrong answer it comes to."""
    if not whole(row) or not row.options:
        return Said("no answer")
    if not (row.reasoning or "").strip():
        return Said("no reasoning")
    letters = concluded(row)
    if not wrong_for(row, letters):
        return Said("inconsistent reasoning")
    return _read_back(row, speaker, letters, label=False)


def _read_back(row: Row, speaker: Speaker, letters: str, *, label: bool) -> Said:
    said = speaker.said(row.reasoning, letters)
    if reserved(row.reasoning or ""):
        return Said("reserved token")
    if not reads_as(said, row, letters):
        return Said("unreadable")
    return _safe(row, speaker.example(row, said, label=label, concluded=letters))


def _safe(row: Row, example: Example) -> Said:
    """The example, where everybody says something and nothing is a mark of the trainers' own. Its output was looked at
    where it was made."""
    turns = [text for turn in example.history for text in turn]
    if not all(text and text.strip() for text in (example.prompt, *turns)):
        return Said("empty turn")
    output = row.answer or "" if row.kind == "instruction" else ""
    if reserved(example.system, example.prompt, output, *turns):
        return Said("reserved token")
    return Said(found=example)
