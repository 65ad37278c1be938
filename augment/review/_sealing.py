"""Folding what was decided into a new version."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from augment import __version__
from augment.events import (
    Bulk,
    Clash,
    Event,
    Folded,
    append_bulk,
    bulks,
    filter_of,
    fold,
    fold_all,
    holds,
    keys_of,
    mark_sealed,
    merged,
    waiting,
)
from augment.ledger import Ledger
from augment.rows import from_batch, short_hash
from augment.store import Store, same
from augment.types import Row


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a seal did. decisions, edits: how many were folded in; clashes: edits left waiting for a person; absent:
    rows with events that the version does not hold."""

    dataset: str
    from_version: int
    version: int
    rows_changed: int
    decisions: int
    edits: int
    absent: int
    clashes: Sequence[Clash] = ()


@dataclass(slots=True)
class _Tally:
    """What was laid over the rows, as far as they were read. present: for each decision about many rows which of its
    keys were met."""

    present: list[Any]
    changed: set[str] = field(default_factory=set)
    decisions: int = 0
    edits: int = 0
    reviewers: set[str] = field(default_factory=set)

    def note(self, laid: Sequence[Event]) -> None:
        edits = sum(1 for event in laid if event.action == "edit")
        self.edits += edits
        self.decisions += len(laid) - edits
        self.reviewers.update(event.reviewer for event in laid)


def seal(store: Store, ledger: Ledger, name: str) -> Sealed:
    """Folds what waits into a new version; no version where that changes nothing. Raises Conflict, DiskTrouble."""
    base = store.current(name)
    own = waiting(ledger, name, base)
    undone = {event.undoes for events in own.values() for event in events if event.undoes is not None}
    found = bulks(ledger, name, base, also=undone)
    many = [bulk for bulk in found if bulk.change(base)]

    def fetch(row_ids: Sequence[str]) -> dict[str, Row]:
        import pyarrow as pa
        import pyarrow.compute as pc

        chosen = pa.array(row_ids, pa.string())
        batches = (b.filter(pc.is_in(b.column("row_id"), value_set=chosen)) for b in store.read(name, base))
        return {row.row_id: row for batch in batches if batch.num_rows for row in from_batch(batch)}

    events = merged(own, found)
    last = max((e.id for one in (*own.values(), *((b.decision, *b.undos) for b in found)) for e in one), default=0)
    folded = fold_all(events, base, fetch)
    settled = {number for one in folded.values() for number in one.settled}
    settled |= {e.id for bulk in many for e in (bulk.decision, *bulk.undos) if e.version <= base and e.sealed is None}
    clashes = [clash for one in folded.values() for clash in one.clashes]
    tally = _Tally([np.zeros(len(bulk.keys), np.bool_) for bulk in many])
    version = _commit(store, name, base, folded, many, sorted(settled), tally, last)
    left = [(bulk, bulk.keys[~met]) for bulk, met in zip(many, tally.present, strict=True) if not met.all()]
    if settled:
        filters = {bulk.decision.id: filter_of(ledger, bulk.decision.id) for bulk, _ in left}

        def job(db: sqlite3.Connection) -> None:
            mark_sealed(db, sorted(settled), version)
            for bulk, keys in left:
                if bulk.change(base) > 0:  # rows that are not here wait on, as one about each of them would
                    append_bulk(db, name, replace(bulk.decision, id=0), keys, filters[bulk.decision.id])

        ledger.write(job)
    absent = len(events) - len(folded) + sum(len(keys) for _, keys in left)
    return Sealed(name, base, version, len(tally.changed), tally.decisions, tally.edits, absent, tuple(clashes))


def _laid(
    rows: Iterator[Any], base: int, folded: Mapping[str, Folded], many: Sequence[Bulk], tally: _Tally
) -> Iterator[list[Row]]:
    """The rows with what waits laid over them, batch by batch."""
    for batch in rows:
        found = from_batch(batch)
        keys = keys_of(row.row_id for row in found) if many else np.zeros(0, np.uint64)
        about: dict[int, list[Event]] = {}
        for bulk, met in zip(many, tally.present, strict=True):
            inside = np.flatnonzero(holds(bulk.keys, keys))
            met[np.searchsorted(bulk.keys, keys[inside])] = True
            for place in inside.tolist():
                about.setdefault(place, []).extend(bulk.about(found[place].row_id))
        for place, row in enumerate(found):
            one = folded.get(row.row_id)
            if one is None and place in about:
                one = fold(row, sorted(about[place], key=lambda event: event.id), base)
            if one is not None:
                tally.note(one.laid)
                if not same(one.row, row):
                    tally.changed.add(row.row_id)
                    found[place] = one.row
        yield found


def _commit(
    store: Store,
    name: str,
    base: int,
    folded: Mapping[str, Folded],
    many: Sequence[Bulk],
    settled: Sequence[int],
    tally: _Tally,
    last: int,
) -> int:
    if not settled:
        return base
    # The same events give the same id, so that a seal cut off after its commit finds its version again.
    run_id = f"seal-{short_hash(json.dumps(settled))[:16]}"
    started = time.monotonic()
    with store.draft(name) as whole:
        for rows in _laid(store.read(name, base), base, folded, many, tally):
            whole.write(rows)
        if not tally.changed:
            return base

        def lineage(rows_added: int, rows_out: int) -> dict[str, Any]:
            return {
                "stage": "review",
                "options": {},
                "run_id": run_id,
                "providers": [],
                "prompts": {},
                "code_version": __version__,
                "parent_version": base,
                "reviewers": sorted(tally.reviewers),
                "decisions": tally.decisions,
                "edits": tally.edits,
                "last_event": last,
                "rows_in": len(tally.changed),
                "done": len(tally.changed),
                "rows_added": rows_added,
                "rows_out": rows_out,
                "seconds": round(time.monotonic() - started, 3),
                "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            }

        return store.commit(
            name, base=base, whole=whole, changed=frozenset(tally.changed), lineage=lineage, transaction=run_id
        )
