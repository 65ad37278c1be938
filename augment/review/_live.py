"""A version as the review room sees it: its rows with the decisions that wait for a seal joined on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.errors import NotFound
from augment.ledger import Ledger
from augment.query import Page
from augment.review._filter import UNDECIDED, WORDS, Filter, Kept, keep, mask
from augment.review._fold import Clash, Event, Folded, standing
from augment.review._record import waiting
from augment.review._reread import fold_all
from augment.rows import COLUMNS, from_batch
from augment.store import Store
from augment.types import Row


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in a filtered list. index: rows of the filter before it; inside: whether it is one itself."""

    index: int
    total: int
    inside: bool
    previous: str | None
    next: str | None


class Live:
    """One version at one instant: what was decided is read once, when it is first asked for.

    The version is kept in memory from one instant to the next. What a decision alone can change is laid over it as one
    number a row; only rows that were edited, or shown, are folded in full.
    """

    def __init__(self, store: Store, ledger: Ledger, name: str, version: int) -> None:
        self.name = name
        self.version = version
        self.root = str(store.root)
        self._ledger = ledger

    # ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def page(self, wanted: Filter, *, offset: int = 0, limit: int = 50) -> Page:
        """Rows of the filter with what was decided about them, and the filter's true total."""
        found = self._positions(wanted)
        rows = self._take(found[offset : offset + limit])
        return Page(list(self._laid(rows).values()), len(found))

    def row(self, row_id: str) -> Row:
        """One row, by its whole id. Raises NotFound."""
        return self._laid([self.base(row_id)])[row_id]

    def base(self, row_id: str) -> Row:
        """The row as the version itself has it. Raises NotFound."""
        return self._take([self._position(row_id)])[0]

    def family(self, row_ids: Sequence[str]) -> dict[str, Row]:
        """Those of the rows that the version holds, by id."""
        return self._laid(list(self._fetch(row_ids).values()))

    def clashes(self, row_id: str) -> tuple[Clash, ...]:
        """The edits of the row that no longer fit."""
        return self._folded[row_id].clashes if row_id in self._folded else ()

    # ── counts and places ─────────────────────────────────────────────────────────────────────────────────────────────

    def counts(self) -> dict[str, int]:
        """Rows by the decision that stands, ``none`` for those without; the sum is the version's rows."""
        found = np.bincount(self._decisions, minlength=len(WORDS))
        return {word: int(count) for word, count in zip(WORDS, found, strict=True)}

    def waiting(self) -> int:
        """How many rows a seal would change."""
        changed = sum(1 for row_id, one in self._folded.items() if one.row != self.base(row_id))
        return changed + sum(1 for code in self._plain.values() if code is not None)

    def place(self, wanted: Filter, row_id: str) -> Place:
        """Where the row stands in the filter's list, whether it is in it or not. Raises NotFound."""
        found, position = self._positions(wanted), self._position(row_id)
        index = int(np.searchsorted(found, position))
        inside = index < len(found) and found[index] == position
        after = index + int(inside)
        return Place(
            index,
            len(found),
            bool(inside),
            self._id(found[index - 1]) if index else None,
            self._id(found[after]) if after < len(found) else None,
        )

    def next_undecided(self, wanted: Filter, after: str | None = None) -> str | None:
        """The first row of the filter without a decision behind ``after``, then from the start; None: all decided."""
        if wanted.decision not in ("", UNDECIDED):
            return None
        found = self._positions(wanted.undecided())
        at = -1 if after is None else self._position(after)
        start = int(np.searchsorted(found, at, side="right"))
        ordered = [position for position in (*found[start : start + 1], *found[:1]) if position != at]
        return self._id(ordered[0]) if ordered else None

    def values(self) -> dict[str, list[str]]:
        """What the version's rows can be filtered by: stages, tags, names of checks that failed somewhere."""
        table = self._kept.table
        checks = pc.list_flatten(table["checks"])
        failed = pc.struct_field(checks, "name").filter(pc.invert(pc.struct_field(checks, "ok")))
        columns = {"stage": table["stage"], "tag": pc.list_flatten(table["tags"]), "check": failed}
        return {name: sorted(filter(None, values.unique().to_pylist())) for name, values in columns.items()}

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def _kept(self) -> Kept:
        return keep(self.root, self.name, self.version)

    @cached_property
    def _events(self) -> Mapping[str, list[Event]]:
        found = waiting(self._ledger, self.name, self.version)
        return {row_id: events for row_id, events in found.items() if row_id in self._kept.places}

    @cached_property
    def _plain(self) -> dict[str, int | None]:
        """Rows about which there were first decisions only: the one that stands as an index into WORDS, if any."""
        plain: dict[str, int | None] = {}
        for row_id, events in self._events.items():
            if all(event.sealed is None and event.field is None for event in events):
                there = standing(events)
                words = [event.action for event in events if event.id in there and event.undoes is None]
                plain[row_id] = WORDS.index(words[-1]) if words else None
        return plain

    @cached_property
    def _folded(self) -> dict[str, Folded]:
        """The other rows with events, laid over in full."""
        harder = {row_id: events for row_id, events in self._events.items() if row_id not in self._plain}
        return fold_all(harder, self.version, self._fetch)

    @cached_property
    def _decisions(self) -> np.ndarray[Any, np.dtype[np.int8]]:
        now = self._kept.decisions.copy()
        for row_id, code in self._plain.items():
            if code is not None:
                now[self._kept.places[row_id]] = code
        for row_id, one in self._folded.items():
            now[self._kept.places[row_id]] = WORDS.index(one.row.decision or UNDECIDED)
        return now

    def _positions(self, wanted: Filter) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Where the rows of the filter stand, in order."""
        kept = self._kept
        found = mask(self.root, self.name, self.version, replace(wanted, decision=""))
        if wanted.decision:
            found = found & (self._decisions == WORDS.index(wanted.decision))
        if self._folded:
            found = found.copy()
            for row_id, one in self._folded.items():
                found[kept.places[row_id]] = wanted.holds(one.row)
        return np.flatnonzero(found)

    def _laid(self, rows: Sequence[Row]) -> dict[str, Row]:
        plain = {row.row_id: row for row in rows if row.row_id in self._plain}
        folded = fold_all({row_id: self._events[row_id] for row_id in plain}, self.version, lambda _: plain)
        folded |= {row.row_id: self._folded[row.row_id] for row in rows if row.row_id in self._folded}
        return {row.row_id: folded[row.row_id].row if row.row_id in folded else row for row in rows}

    def _fetch(self, row_ids: Sequence[str]) -> dict[str, Row]:
        places = [self._kept.places[row_id] for row_id in row_ids if row_id in self._kept.places]
        return {row.row_id: row for row in self._take(places)}

    def _take(self, positions: Sequence[int] | np.ndarray[Any, Any]) -> list[Row]:
        if not len(positions):
            return []
        return from_batch(self._kept.table.select(list(COLUMNS)).take(pa.array(positions, pa.int64())))

    def _id(self, position: int) -> str:
        return str(self._kept.table["row_id"][int(position)].as_py())

    def _position(self, row_id: str) -> int:
        if row_id not in self._kept.places:
            raise NotFound(
                f"{self.name}@v{self.version} has no row {row_id!r}", hint="it may be in another version of the dataset"
            )
        return self._kept.places[row_id]
