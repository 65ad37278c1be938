"""A second agent's checks, each after the turn that it checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from augment.exports._chat import reads_as, reserved, whole
from augment.exports._gather import Source, is_check
from augment.stages._polling import unanswered
from augment.types import Row


@dataclass(slots=True)
class Checks:
    """A line for each check that comes to the answer: the first agent's turn as history, what the second is asked, what
    it says (docs/decisions/0014-a-check-is-a-row.md)."""

    source: Source
    _counts: dict[str, int] = field(default_factory=lambda: {"first_was_right": 0, "first_was_corrected": 0})

    def take(self, place: int, row: Row) -> str:
        """See Gatherer."""
        reason = _unfit(row)
        if reason:
            return reason
        speaker = self.source.speaker
        said = speaker.said(row.reasoning, row.answer or "")
        if not reads_as(said, row, row.answer or ""):
            return "unreadable"
        example = speaker.example(row, said, asked=(speaker.check.fill(unanswered(row)).strip(), ""))
        self.source.add(place, row, example)
        right = all(check["ok"] for check in row.checks if check["name"] == "evaluated")
        self._counts["first_was_right" if right else "first_was_corrected"] += 1
        return ""

    def finish(self) -> Iterator[tuple[int, str]]:
        """See Gatherer."""
        yield from ()

    def facts(self) -> Mapping[str, int]:
        """How many of the first agent's answers were right, before anything was drawn out."""
        return self._counts


def _unfit(row: Row) -> str:
    if not is_check(row) or not row.history:
        return "a solution, not a check"
    if not whole(row):
        return "no answer"
    if not (row.reasoning or "").strip():
        return "no reasoning"
    if row.concluded != row.answer:
        return "inconsistent reasoning"
    turns = [str(text or "") for turn in row.history for text in turn.values()]
    if not all(text.strip() for text in turns):
        return "empty turn"
    return "reserved token" if reserved(row.reasoning or "", *turns) else ""
