"""Which rows to show, as a value; whether one row in memory is one of them; the orders they can stand in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from augment.types import Row

UNDECIDED = "none"
ANY = "any"
SEARCHED = ("problem", "question", "answer", "reasoning", "source_id")
Queue: TypeAlias = Literal["uncertainty", "disagreement", "failures", "unseen"]
CODED = ("stage", "provider", "label", "kind", "split", "answer", "decision")
LISTED = ("tags", "failed", "passed")
NUMBERS = ("score", "length", "attempts", "output_tokens", "cost_cny", "created_at")
QUEUES: tuple[Queue, ...] = ("uncertainty", "disagreement", "failures", "unseen")
SORTS = ("position", *NUMBERS, *QUEUES)
Sort: TypeAlias = Literal[
    "position",
    "score",
    "length",
    "attempts",
    "output_tokens",
    "cost_cny",
    "created_at",
    "uncertainty",
    "disagreement",
    "failures",
    "unseen",
]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows to show; an empty part asks nothing, all parts hold at once.

    provider, label, answer …: the column's value. decision: ``none`` for rows without one. tags: all of them. failed,
    passed: the name of a check, ``any`` for at least one. score_from, score_to: both bounds belong to the range.
    reasoning: whether there is one. text: a piece of the problem, question, an option, the answer, reasoning or source
    id. where: an SQL expression over a row's columns. assigned: rows dealt to that reviewer; ``decision`` then means
    what that reviewer says of them. conflict: rows whose reviewers do not agree.
    """

    stage: str = ""
    provider: str = ""
    label: str = ""
    kind: str = ""
    split: str = ""
    answer: str = ""
    decision: str = ""
    tags: tuple[str, ...] = ()
    failed: str = ""
    passed: str = ""
    score_from: float | None = None
    score_to: float | None = None
    reasoning: bool | None = None
    text: str = ""
    where: str = ""
    assigned: str = ""
    conflict: bool = False

    def __bool__(self) -> bool:
        return self != Filter()

    def still(self) -> Filter:
        """The parts that no decision changes."""
        return replace(self, decision="", where="", assigned="", conflict=False)

    def undecided(self) -> Filter:
        """The same for rows without a decision."""
        return replace(self, decision=UNDECIDED)

    def holds(self, row: Row) -> bool:
        """Whether a row is one of them; ``where`` and what several reviewers share (assigned, conflict, and with
        assigned the decision) are left aside."""
        checks = row.checks or []
        return (
            all(getattr(self, name) in ("", getattr(row, name)) for name in CODED if name != "decision")
            and (bool(self.assigned) or self.decision in ("", row.decision or UNDECIDED))
            and set(self.tags) <= set(row.tags or [])
            and _named(self.failed, [check["name"] for check in checks if not check["ok"]])
            and _named(self.passed, [check["name"] for check in checks if check["ok"]])
            and (self.score_from is None or (row.score is not None and row.score >= self.score_from))
            and (self.score_to is None or (row.score is not None and row.score <= self.score_to))
            and self.reasoning in (None, row.reasoning is not None)
            and says(row, self.text)
        )


def says(row: Row, text: str) -> bool:
    """Whether the text stands in one of the row's texts; an empty one does."""
    searched = (*(getattr(row, name) for name in SEARCHED), "\n".join(row.options or []))
    return not text or any(text in one for one in searched if one)


def listed(row: Row, name: str) -> list[str]:
    """The row's tags, or the names of its failed or passed checks."""
    if name == "tags":
        return list(dict.fromkeys(row.tags or []))
    return list(dict.fromkeys(check["name"] for check in row.checks or [] if check["ok"] == (name == "passed")))


def length(row: Row) -> int:
    """Characters of all that is read in a row."""
    texts = (row.problem, row.question, row.reasoning, *(row.options or []))
    return sum(len(text) for text in texts if text)


def _named(wanted: str, names: list[str]) -> bool:
    return not wanted or (bool(names) if wanted == ANY else wanted in names)
