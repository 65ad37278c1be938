"""Words about a row that decide nothing, and what an edit would come to before it is made."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from augment.errors import UsageError
from augment.events import Event, append, of_row
from augment.events._reread import reread
from augment.ledger import Ledger
from augment.review._deciding import Shown
from augment.review._hand import By, check_choice, check_field
from augment.types import Row

NOTE = "note"
NOTE_LENGTH = 2000


def note(live: Shown, ledger: Ledger, row_id: str, hand: By) -> Event:
    """Appends a reviewer's note about a row and gives it once it is on disk. It decides nothing, so no version waits
    for it; ``history`` has it, ``undo`` takes it back. Raises NotFound, UsageError, DiskTrouble."""
    if hand.note is None or len(hand.note) > NOTE_LENGTH:
        raise UsageError("a note needs words", hint=f"at most {NOTE_LENGTH} characters")
    live.base(row_id)

    def job(db: sqlite3.Connection) -> Event:
        # Sealed from the start: there is nothing in it that a seal could fold into the row.
        event = Event(0, row_id, live.version, hand.reviewer, NOTE, note=hand.note, sealed=live.version)
        return append(db, live.name, event, of_row(db, live.name, row_id))

    made: Event = ledger.write(job)
    return made


def redrafted(row: Row, parent: Row | None, changes: Mapping[str, Any]) -> Row:
    """The row as these changes would make it: what it concludes and its checks against its parent read anew; nothing
    is written. Raises UsageError for a field or an answer that an edit would refuse."""
    for name in changes:
        check_field(name)
    changed = row.with_(**changes)
    if changes:
        check_choice(changed)
    edited = frozenset(name for name in changes if getattr(row, name) != changes[name])
    return reread(changed, edited, parent)
