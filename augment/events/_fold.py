"""Review events laid over a row: which of them still hold, and what the row looks like then. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from augment.types import Decision, Row

EDITABLE = ("problem", "question", "options", "answer", "reasoning")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the review record.

    id: its place in the record, 0 before it has one. version: the one the reviewer saw. old, new: JSON, of an edit.
    undoes: the event this one takes back, which may be an undo itself. at: seconds since 1970. sealed: the version it
    was folded into, None while it waits.
    """

    id: int
    row_id: str
    version: int
    reviewer: str
    action: str
    field: str | None = None
    old: str | None = None
    new: str | None = None
    reason: str | None = None
    note: str | None = None
    undoes: int | None = None
    at: float = 0.0
    sealed: int | None = None

    def decision(self) -> Decision:
        """The event as a row carries it."""
        at = dt.datetime.fromtimestamp(self.at, dt.UTC)
        return Decision(reviewer=self.reviewer, decision=self.action, reason=self.reason, note=self.note, at=at)


@dataclass(frozen=True, slots=True)
class Clash:
    """An edit, or the undo of one, that no longer fits: the field is neither as it was found nor as it was left."""

    row_id: str
    event: int
    reviewer: str
    field: str
    expected: Any
    found: Any
    wanted: Any


@dataclass(frozen=True, slots=True)
class Folded:
    """A row with its events laid over it.

    edited: the fields that differ from the row given. laid: the decisions and edits that the row did not hold before.
    settled: the waiting events that need no second look: laid over the row or taken back; those of a clash wait on.
    """

    row: Row
    edited: frozenset[str]
    clashes: tuple[Clash, ...]
    settled: frozenset[int]
    laid: tuple[Event, ...] = ()


def standing(events: Sequence[Event]) -> frozenset[int]:
    """The ids of the events not taken back. events: of one row, oldest first."""
    void: set[int] = set()
    for event in reversed(events):  # an undo is younger than what it undoes, so one pass knows
        if event.undoes is not None and event.id not in void:
            void.add(event.undoes)
    return frozenset(event.id for event in events if event.id not in void)


def fold(row: Row, events: Sequence[Event], version: int) -> Folded:
    """The row as of ``version`` with every event laid over it that the version does not hold yet.

    Folding twice changes nothing, so that a seal cut off between its commit and its note is simply done again.
    """
    known = [event for event in events if event.version <= version]
    inside = [event for event in known if event.sealed is not None and event.sealed <= version]
    before, after = standing(inside), standing(known)
    gone = [e for e in inside if e.id in before and e.id not in after and e.undoes is None]
    come = [e for e in known if e.id in after and e.id not in before and e.undoes is None]

    steps = [(e, e.new, e.old) for e in reversed(gone) if e.field] + [(e, e.old, e.new) for e in come if e.field]
    edited_row, clashes, unfit = _edit(row, steps)
    gone = [event for event in gone if event.id not in unfit]
    come = [event for event in come if event.id not in unfit]

    decisions = _decide(row.decisions or [], gone, come)
    stands = decisions[-1]["decision"] if decisions else None
    folded = edited_row.with_(decisions=decisions or None, decision=stands)
    waiting_on = {clash.event for clash in clashes}
    roots = _roots(known)
    settled = frozenset(e.id for e in known if e not in inside and roots[e.id] not in waiting_on)
    edited = frozenset(name for name in EDITABLE if getattr(row, name) != getattr(folded, name))
    return Folded(folded, edited, tuple(clashes), settled, tuple(come))


def _edit(row: Row, steps: Iterable[tuple[Event, str | None, str | None]]) -> tuple[Row, list[Clash], set[int]]:
    clashes: dict[str, list[Clash]] = {}
    unfit: set[int] = set()
    for event, expected_json, wanted_json in steps:
        field = str(event.field)
        expected, wanted = json.loads(expected_json or "null"), json.loads(wanted_json or "null")
        found = getattr(row, field)
        if found in (expected, wanted):
            row = row.with_(**{field: wanted})
            clashes.pop(field, None)  # whoever edited later has seen what is there now
        else:
            unfit.add(event.id)
            clash = Clash(row.row_id, event.id, event.reviewer, field, expected, found, wanted)
            clashes.setdefault(field, []).append(clash)
    return row, [clash for found in clashes.values() for clash in found], unfit


def _decide(decisions: Iterable[Decision], gone: Iterable[Event], come: Iterable[Event]) -> list[Decision]:
    removed = [_key(event.decision()) for event in gone]
    kept = [decision for decision in decisions if _key(decision) not in removed]
    there = {_key(decision) for decision in kept}
    kept += [event.decision() for event in come if _key(event.decision()) not in there]
    return sorted(kept, key=lambda decision: decision["at"])


def _key(decision: Decision) -> tuple[str, str, dt.datetime]:
    return decision["reviewer"], decision["decision"], decision["at"]


def _roots(events: Sequence[Event]) -> dict[int, int]:
    """For each event the one that it decides about: itself, or what its chain of undos ends at."""
    roots: dict[int, int] = {}
    for event in events:
        roots[event.id] = event.id if event.undoes is None else roots.get(event.undoes, event.undoes)
    return roots
