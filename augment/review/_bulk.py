"""One decision about all rows of a filter, as one event."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np

from augment.browse import Browser, Filter, to_json
from augment.errors import Conflict, UsageError
from augment.events import ALL, Event, append_bulk
from augment.ledger import Ledger
from augment.review._deciding import DECISIONS
from augment.review._hand import By


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision about many rows. event: what ``undo`` takes to take it back for all of them at once."""

    event: int
    rows: int


def decide_all(
    shown: Browser, ledger: Ledger, wanted: Filter, decision: str, hand: By, *, rows: int | None = None
) -> Decided:
    """Appends a decision about every row of a filter and gives it once it is on disk. The rows are those that the
    filter finds now; what is decided about one of them later stands above it.

    rows: how many the person agreed to; Conflict where the filter finds another number by now. Raises UsageError where
    it finds none, NotFound while the version's files are being made, DiskTrouble.
    """
    if decision not in DECISIONS:
        raise UsageError(f"{decision!r} is no decision", hint=" or ".join(DECISIONS))
    places = shown.mask(wanted)
    found = int(np.count_nonzero(places))
    if rows is not None and rows != found:
        raise Conflict(f"the filter finds {found} rows by now, not {rows}", hint="look at it again, then decide")
    if not found:
        raise UsageError("the filter finds no row", hint="drop a part of it")
    keys = np.sort(shown.row_keys()[places])
    event = Event(0, ALL, shown.version, hand.reviewer, decision, reason=hand.reason, note=hand.note)

    def job(db: sqlite3.Connection) -> Event:
        return append_bulk(db, shown.name, event, keys, to_json(wanted))

    made: Event = ledger.write(job)
    shown.note(made.id, keys, places)
    return Decided(made.id, found)
