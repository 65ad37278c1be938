"""The review record as it lies in the ledger's file: read and appended to, never changed but for the seal's mark."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, fields, replace

import numpy as np

from augment.events._bulk import ALL, Ask, Bulk, Keys, join_keys, of_one_row, split_keys
from augment.events._fold import Event
from augment.ledger import Ledger

COLUMNS = tuple(field.name for field in fields(Event))
NAMES = ", ".join(f"events.{column}" for column in COLUMNS)
SELECT = f"SELECT {', '.join(COLUMNS)} FROM events WHERE dataset = ?"
TICK_S = 1e-5


def waiting(ledger: Ledger, name: str, version: int, after: int = 0) -> dict[str, list[Event]]:
    """The own events of every row that has one which the version does not hold yet, by row, oldest first.

    after: only of rows with an event of a higher number. What was decided about many rows at once is in ``bulks``.
    """
    if after:  # row by row: what came since is little, and what waits in all may be much
        rows = (
            "(SELECT row_id FROM events AS new WHERE id > ? AND +dataset = ? AND EXISTS"
            " (SELECT 1 FROM events AS old WHERE old.dataset = new.dataset AND old.row_id = new.row_id"
            " AND old.version <= ? AND (old.sealed IS NULL OR old.sealed > ?)))"
        )
        values: tuple[str | int, ...] = (after, name, version, version)
    else:
        rows = "(SELECT row_id FROM events WHERE dataset = ? AND version <= ? AND (sealed IS NULL OR sealed > ?))"
        values = (name, version, version)
    found = ledger.query(f"{SELECT} AND row_id <> '' AND row_id IN {rows} ORDER BY id", (name, *values))
    events: dict[str, list[Event]] = {}
    for one in found:
        events.setdefault(one["row_id"], []).append(Event(**one))
    return events


def bulks(
    ledger: Ledger, name: str, version: int, *, also: Collection[int] = (), known: Mapping[int, Keys] | None = None
) -> tuple[Bulk, ...]:
    """What was decided about many rows at once and is not, or no longer, in the version as it stands now, oldest first.

    also: further ones, by number. known: keys read before.
    """
    known = known or {}
    events = [Event(**one) for one in ledger.query(f"{SELECT} AND row_id = ? ORDER BY id", (name, ALL))]
    undos: dict[int, list[Event]] = {}
    roots: dict[int, int] = {}
    for event in events:
        roots[event.id] = event.id if event.undoes is None else roots[event.undoes]
        if event.undoes is not None:
            undos.setdefault(roots[event.id], []).append(event)
    found = []
    for event in events:
        chain = (event, *undos.get(event.id, ()))
        fresh = any(one.version <= version and (one.sealed is None or one.sealed > version) for one in chain)
        if event.undoes is None and (fresh or event.id in also):
            keys = known[event.id] if event.id in known else _keys(ledger, event.id)
            found.append(Bulk(event, chain[1:], keys))
    return tuple(found)


def _keys(ledger: Ledger, number: int) -> Keys:
    parts = ledger.query("SELECT rows FROM event_rows WHERE event = ? ORDER BY part", (number,))
    return join_keys(one["rows"] for one in parts)


def newest_event(ledger: Ledger, name: str) -> int:
    """The number of the youngest event of a dataset, 0 where it has none."""
    found = ledger.query("SELECT id FROM events WHERE +dataset = ? ORDER BY id DESC LIMIT 1", (name,))
    return int(found[0]["id"]) if found else 0


def of_row(db: sqlite3.Connection, name: str, row_id: str) -> list[Event]:
    """Every event of a row, those about many rows included, oldest first."""
    return _of_row(db.execute, name, row_id)


def history(ledger: Ledger, name: str, row_id: str) -> list[Event]:
    """The same, outside of a write."""
    return _of_row(lambda sql, values: [tuple(one.values()) for one in ledger.query(sql, values)], name, row_id)


def _of_row(ask: Ask, name: str, row_id: str) -> list[Event]:
    own = [Event(*found) for found in ask(f"{SELECT} AND row_id = ? ORDER BY id", (name, row_id))]
    return sorted([*own, *of_one_row(ask, NAMES, name, row_id)], key=lambda event: event.id)


def filter_of(ledger: Ledger, number: int) -> str:
    """The filter of an event about many rows, as JSON."""
    found = ledger.query("SELECT filter FROM events WHERE id = ?", (number,))
    return str(found[0]["filter"] or "{}") if found else "{}"


def by_id(db: sqlite3.Connection, name: str, number: int) -> Event | None:
    """One event, None where the dataset has none of that number."""
    found = db.execute(f"{SELECT} AND id = ?", (name, number)).fetchone()
    return None if found is None else Event(*found)


def newest(db: sqlite3.Connection, name: str, row_id: str | None, reviewer: str | None) -> Event | None:
    """The youngest decision or edit that stands, of a row or of all, of a reviewer or of anyone. One about many rows
    is given as that of the row where a row is asked for."""
    found: Iterable[Event] = (Event(*one) for one in db.execute(f"{SELECT} ORDER BY id DESC", (name,)))
    if row_id is not None:
        found = reversed(of_row(db, name, row_id))
    void: set[tuple[str, int]] = set()
    for event in found:
        if (event.row_id, event.id) in void:  # read backwards, an undo comes before what it takes back
            continue
        if event.undoes is not None:
            void.add((event.row_id, event.undoes))
        elif reviewer in (None, event.reviewer):
            return event
    return None


def append(db: sqlite3.Connection, name: str, event: Event, earlier: Sequence[Event]) -> Event:
    """Adds the event, with the number and the time it gets. earlier: the row's others."""
    at = max([time.time(), *(other.at + TICK_S for other in earlier)])  # later than those, whatever the clock says
    return _insert(db, name, replace(event, at=at), "")


def append_bulk(db: sqlite3.Connection, name: str, event: Event, keys: Keys, wanted: str) -> Event:
    """Adds an event about many rows. keys: of the rows, sorted; wanted: the filter that found them, as JSON."""
    latest = db.execute("SELECT max(at) FROM events WHERE +dataset = ?", (name,)).fetchone()[0]
    at = event.at or max(time.time(), (latest or 0.0) + TICK_S)
    made = _insert(db, name, replace(event, row_id=ALL, at=at), wanted)
    db.executemany(
        "INSERT INTO event_rows VALUES (?, ?, ?)", ((made.id, part, rows) for part, rows in split_keys(np.sort(keys)))
    )
    return made


def _insert(db: sqlite3.Connection, name: str, event: Event, wanted: str) -> Event:
    marks = ", ".join("?" for _ in range(len(COLUMNS) + 1))
    cursor = db.execute(
        f"INSERT INTO events (dataset, filter, {', '.join(COLUMNS[1:])}) VALUES ({marks})",
        (name, wanted or None, *astuple(event)[1:]),
    )
    return replace(event, id=int(cursor.lastrowid or 0))


def mark_sealed(db: sqlite3.Connection, numbers: Iterable[int], version: int) -> None:
    """Notes the version that these events were folded into."""
    db.executemany("UPDATE events SET sealed = ? WHERE id = ? AND sealed IS NULL", [(version, n) for n in numbers])
