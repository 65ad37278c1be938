"""What people decided about a version since it was made, as of now: read once, then only what came since."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from augment.browse._columns import Codes, Columns, Mask
from augment.browse._filter import UNDECIDED
from augment.browse._grams import Positions
from augment.browse._said import Said, Voices
from augment.browse._source import Source
from augment.events import Bulk, Clash, Event, Folded, bulks, fold_all, merged, newest_event, standing, waiting
from augment.events import Keys as RowKeys
from augment.ledger import Ledger
from augment.types import Row


@dataclass(frozen=True, eq=False)
class Now:
    """One instant. stamp: the newest event seen; decisions: of every row, as ``Columns.coded`` has them; version: what
    the version itself has of them.

    own: events of the rows that have some of their own, by id, with those about many rows among them. plain: where
    those stand about which there were first decisions only. folded: the others of them, by position, as they are by
    now. many: decisions about many rows that the version does not hold, each with where its rows stand.
    """

    stamp: int
    decisions: Codes
    version: Codes
    own: Mapping[str, Sequence[Event]] = field(default_factory=dict)
    plain: Mapping[int, str] = field(default_factory=dict)
    folded: Mapping[int, Folded] = field(default_factory=dict)
    many: Sequence[tuple[Bulk, Mask]] = ()

    @cached_property
    def changed(self) -> Positions:
        """Where a row's decision is another than the version's."""
        return np.flatnonzero(self.decisions != self.version)

    def events(self, position: int, row_id: str) -> list[Event]:
        """The events of a row that the version may not hold."""
        if row_id in self.own:
            return list(self.own[row_id])
        found = [event for bulk, places in self.many if places[position] for event in bulk.about(row_id)]
        return sorted(found, key=lambda event: event.id)

    def laid(self, rows: Mapping[int, Row], version: int) -> list[Row]:
        """Rows by position, with what was decided about them."""
        plain = {row.row_id: row for position, row in rows.items() if position not in self.folded}
        events = {row.row_id: self.events(position, row.row_id) for position, row in rows.items()}
        fresh = fold_all({row_id: events[row_id] for row_id in plain if events[row_id]}, version, lambda _: plain)
        return [
            self.folded[position].row
            if position in self.folded
            else fresh[row.row_id].row
            if row.row_id in fresh
            else row
            for position, row in rows.items()
        ]

    def clashes(self, position: int) -> tuple[Clash, ...]:
        """The edits of a row that no longer fit."""
        return self.folded[position].clashes if position in self.folded else ()


class Overlay:
    """The decisions of one version that no version holds yet."""

    def __init__(self, source: Source, columns: Columns, ledger: Ledger, name: str, version: int) -> None:
        self._source = source
        self._columns = columns
        self._ledger = ledger
        self._name = name
        self.version = version
        self._reading = threading.Lock()
        self._now: Now | None = None
        self._keys: dict[int, RowKeys] = {}  # of decisions about many rows, by number
        self._places: dict[int, Mask] = {}
        self._bases: dict[str, Row] = {}  # what the version has of the rows folded in full, and of their parents
        self._voices: tuple[int, Voices] | None = None

    def now(self) -> Now:
        """What stands at this instant. Raises DiskTrouble."""
        with self._reading:
            newest = newest_event(self._ledger, self._name)
            before = self._now
            if before is None or before.stamp != newest:
                self._now = self._begin() if before is None or self._many_after(before) else before
                self._now = self._later(self._now, newest)
            return self._now  # type: ignore[return-value]  # set just now where it was None

    def voices(self, now: Now) -> Voices:
        """What each reviewer says of each row."""
        with self._reading:
            if self._voices is None or self._voices[0] != now.stamp:
                self._voices = (now.stamp, self._said(now))
            return self._voices[1]

    def note(self, number: int, keys: RowKeys, places: Mask) -> None:
        """Remembers where the rows of a decision about many of them stand."""
        with self._reading:
            self._keys[number], self._places[number] = keys, places

    def unsealed(self, now: Now) -> Mask:
        """The rows that a seal would change."""
        found = np.zeros(self._source.count, np.bool_)
        for bulk, places in now.many:
            if bulk.change(self.version):
                found |= places
        for position, row_id in now.plain.items():
            found[position] = _stands(now.own[row_id]) is not None
        for position, one in now.folded.items():
            found[position] = one.row != self._bases.get(one.row.row_id)
        return found

    def _many_after(self, before: Now) -> bool:
        """Whether something was decided since about many rows, or taken back for one of many that are not at hand."""
        found = self._ledger.query(
            "SELECT new.row_id, new.undoes FROM events AS new LEFT JOIN events AS old ON old.id = new.undoes"
            " WHERE +new.dataset = ? AND new.id > ? AND '' IN (new.row_id, old.row_id)",
            (self._name, before.stamp),
        )
        return any(not one["row_id"] or one["undoes"] not in self._keys for one in found)

    def _begin(self) -> Now:
        """With what was decided about many rows at once, and no row's own events yet."""
        base = self._columns.coded("decision")
        rows = waiting(self._ledger, self._name, self.version)
        undone = {event.undoes for events in rows.values() for event in events if event.undoes is not None}
        found = bulks(self._ledger, self._name, self.version, also=undone, known=self._keys)
        self._keys = {bulk.decision.id: bulk.keys for bulk in found}
        self._places = {
            number: self._places[number] if number in self._places else self._columns.holding(keys)
            for number, keys in self._keys.items()
        }
        many = [(bulk, self._places[bulk.decision.id]) for bulk in found]
        gone = [bulk.decision for bulk, _ in many if bulk.change(self.version) < 0]
        decisions = self._columns.said().stands(gone).astype(base.codes.dtype) if gone else base.codes.copy()
        for bulk, places in sorted(many, key=lambda pair: (pair[0].decision.at, pair[0].decision.id)):
            if bulk.change(self.version) > 0:
                decisions[places] = base.words.index(bulk.decision.action, 1)
        return Now(0, decisions, base.codes, many=many)

    def _later(self, before: Now, newest: int) -> Now:
        words = self._columns.coded("decision").words
        came = waiting(self._ledger, self._name, self.version, after=before.stamp)
        places = self._columns.rows_of(list(came)) if came else {}
        came = merged(
            {row_id: events for row_id, events in came.items() if row_id in places}, [one for one, _ in before.many]
        )
        plain, harder = dict(before.plain), {p: one.row.row_id for p, one in before.folded.items()}
        for row_id, events in came.items():
            kept, dropped = (plain, harder) if _is_plain(events) else (harder, plain)
            kept[places[row_id]] = row_id
            dropped.pop(places[row_id], None)
        own = {**before.own, **came} if came else before.own
        folded = self._folded(before, came, own, harder) if came else before.folded
        decisions = before.decisions.copy() if came else before.decisions
        for row_id in came:
            if places[row_id] not in harder:
                word = _stands(own[row_id])
                base = before.version[places[row_id]]
                decisions[places[row_id]] = base if word is None else words.index(word, 1)
        for position, one in folded.items():
            if one is not before.folded.get(position):
                decisions[position] = 0 if one.row.decision is None else words.index(one.row.decision, 1)
        return Now(newest, decisions, before.version, own, plain, folded, before.many)

    def _folded(
        self,
        before: Now,
        came: Mapping[str, Sequence[Event]],
        own: Mapping[str, Sequence[Event]],
        harder: dict[int, str],
    ) -> Mapping[int, Folded]:
        """The rows laid over in full: those with new events again, and those whose parent has some, as its text may be
        another by now."""
        kept = {position: one for position, one in before.folded.items() if position in harder}
        places = {row_id: position for position, row_id in harder.items()}
        again = {row_id for row_id in came if row_id in places}
        again |= {one.row.row_id for one in kept.values() if one.row.parent_id in came}

        def fetch(row_ids: Sequence[str]) -> dict[str, Row]:
            others = {row_id for row_id in row_ids if row_id in places and row_id not in again}
            found = self._fetch([row_id for row_id in row_ids if row_id not in others])
            return found | {row_id: kept[places[row_id]].row for row_id in others}

        fresh = fold_all({row_id: own[row_id] for row_id in again}, self.version, fetch) if again else {}
        return {**kept, **{places[row_id]: one for row_id, one in fresh.items()}}

    def _said(self, now: Now) -> Voices:
        said: Said = self._columns.said()
        gone = [bulk.decision for bulk, _ in now.many if bulk.change(self.version) < 0]
        voices = said.voices(gone)
        base = voices.copy()
        for bulk, places in sorted(now.many, key=lambda pair: (pair[0].decision.at, pair[0].decision.id)):
            if bulk.change(self.version) > 0:
                voices.put(bulk.decision.reviewer, places, bulk.decision.action)
        for position, row_id in now.plain.items():
            events = now.own[row_id]
            there = standing(events)
            voices.reset(position, base)
            for event in events:
                if event.id in there and event.undoes is None:
                    voices.put(event.reviewer, position, event.action)
        for position, one in now.folded.items():
            voices.clear(position)
            for decision in one.row.decisions or []:
                voices.put(decision["reviewer"], position, decision["decision"])
        return voices

    def _fetch(self, row_ids: Sequence[str]) -> dict[str, Row]:
        missing = [row_id for row_id in row_ids if row_id not in self._bases]
        if missing:
            places = self._columns.rows_of(missing)
            found = self._source.rows(np.array(list(places.values()), np.int64))
            self._bases.update((row.row_id, row) for row in found)
        return {row_id: self._bases[row_id] for row_id in row_ids if row_id in self._bases}


def word_of(words: Sequence[str], code: int) -> str:
    """A decision's word, ``none`` for none."""
    return words[code] if code else UNDECIDED


def _is_plain(events: Sequence[Event]) -> bool:
    """Whether they are first decisions only, so that one word says what they come to."""
    return all(event.sealed is None and event.field is None for event in events)


def _stands(events: Sequence[Event]) -> str | None:
    there = standing(events)
    words = [event.action for event in events if event.id in there and event.undoes is None]
    return words[-1] if words else None
