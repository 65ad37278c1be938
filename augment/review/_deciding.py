"""Decisions and edits about one row, and taking them back: each is one event, on disk when the call returns."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from augment.errors import Conflict, NotFound, UsageError
from augment.events import ALL, Event, append, by_id, fold, newest, of_row, standing
from augment.ledger import Ledger
from augment.review._hand import By, check_choice, check_field
from augment.types import Row

DECISIONS = ("accept", "reject")


class Shown(Protocol):
    """The version that a reviewer looks at: a ``browse.Browser``."""

    @property
    def name(self) -> str:
        """The dataset's."""
        ...

    @property
    def version(self) -> int:
        """Its number."""
        ...

    def base(self, row_id: str) -> Row:
        """A row as the version itself has it. Raises NotFound."""
        ...


def decide(live: Shown, ledger: Ledger, row_id: str, decision: str, hand: By) -> Event | None:
    """Appends a decision and gives it once it is on disk; None where the same reviewer's same one stands already.

    Raises NotFound where the version shown lacks the row, UsageError, DiskTrouble.
    """
    if decision not in DECISIONS:
        raise UsageError(f"{decision!r} is no decision", hint=f"{' or '.join(DECISIONS)}; `edit` changes a field")
    base = live.base(row_id)

    def job(db: sqlite3.Connection) -> Event | None:
        events = of_row(db, live.name, row_id)
        decisions = fold(base, events, live.version).row.decisions
        if decisions:
            last = decisions[-1]
            if last["decision"] == decision and hand == By(last["reviewer"], last["reason"], last["note"]):
                return None
        event = Event(0, row_id, live.version, hand.reviewer, decision, reason=hand.reason, note=hand.note)
        return append(db, live.name, event, events)

    return _one(ledger.write(job))


def edit(
    live: Shown,
    ledger: Ledger,
    row_id: str,
    changes: Mapping[str, Any],
    hand: By,
    seen: Mapping[str, Any] | None = None,
) -> list[Event]:
    """Appends one edit for each field that changes, all or none.

    changes: field → value (see ``read_field``). seen: what the fields held when the reviewer began; Conflict where one
    holds something else by now. Raises NotFound, UsageError, DiskTrouble.
    """
    for name in changes:
        check_field(name)
    base = live.base(row_id)

    def job(db: sqlite3.Connection) -> list[Event]:
        events = of_row(db, live.name, row_id)
        now = fold(base, events, live.version).row
        made: list[Event] = []
        for name, value in changes.items():
            old = getattr(now, name)
            if seen is not None and name in seen and seen[name] != old:
                raise Conflict(
                    f"somebody else changed {name!r} of row {row_id!r} meanwhile", hint="look at it again, then edit"
                )
            if value != old:
                was, becomes = (json.dumps(one, ensure_ascii=False) for one in (old, value))
                event = Event(
                    0, row_id, live.version, hand.reviewer, "edit", name, was, becomes, hand.reason, hand.note
                )
                made.append(append(db, live.name, event, [*events, *made]))
        if made:
            check_choice(now.with_(**changes))
        return made

    made: list[Event] = ledger.write(job)
    return made


def undo(
    live: Shown, ledger: Ledger, hand: By, *, row_id: str | None = None, event: int | None = None, anyone: bool = False
) -> Event | None:
    """Takes back one event by appending another, and gives what was taken back; None where nothing stands.

    event: that one, which may be an undo (then what it took back stands again). Else the newest decision or edit that
    stands, of the row or of the dataset, and of this reviewer unless ``anyone``. One about many rows is taken back for
    all of them, or, with a row, for that one. Sealed ones can be undone too: the next seal takes them out.
    Raises NotFound, DiskTrouble.
    """

    def job(db: sqlite3.Connection) -> Event | None:
        if event is None:
            target = newest(db, live.name, row_id, None if anyone else hand.reviewer)
        else:
            target = by_id(db, live.name, event)
            if target is None:
                raise NotFound(f"{live.name!r} has no event {event}", hint="`augment show DS --row ID` shows a row")
            if target.row_id == ALL and row_id is not None:  # for that row alone
                target = replace(target, row_id=row_id)
        if target is not None:
            events = of_row(db, live.name, target.row_id)
            if target.id in standing(events):
                taking = Event(0, target.row_id, live.version, hand.reviewer, "undo", undoes=target.id)
                append(db, live.name, replace(taking, reason=hand.reason, note=hand.note), events)
        return target

    return _one(ledger.write(job))


def _one(found: object) -> Event | None:
    return found if isinstance(found, Event) else None
