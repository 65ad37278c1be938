"""One event about many rows: the rows stand beside it as sorted keys, eight bytes each, in parts by their first byte.

Kept by key and not by place, so that the event follows its rows into any later version, and a restored or pruned one
changes nothing. One row is looked for in one part of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, TypeAlias

import numpy as np

from augment.events._fold import Event, standing

ALL = ""  # the row of an event that is about many
WHOLE = -1  # the only part of a small set
SMALL = 8_192
Ask: TypeAlias = Callable[[str, Sequence[Any]], Iterable[Sequence[Any]]]
Keys: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]


@dataclass(frozen=True, slots=True, eq=False)
class Bulk:
    """A decision about many rows. undos: events that take it back for all of them, or take such a one back; keys: of
    the rows, sorted."""

    decision: Event
    undos: tuple[Event, ...]
    keys: Keys

    def change(self, version: int) -> int:
        """1 where it stands and the version lacks it, -1 where the version holds it and it was taken back, else 0."""
        known = [event for event in (self.decision, *self.undos) if event.version <= version]
        inside = [event for event in known if event.sealed is not None and event.sealed <= version]
        return (self.decision.id in standing(known)) - (self.decision.id in standing(inside))

    def about(self, row_id: str) -> list[Event]:
        """Its events as those of one of its rows."""
        return [replace(event, row_id=row_id) for event in (self.decision, *self.undos)]


def row_key(row_id: str) -> int:
    """The first eight bytes of a row id's BLAKE2b hash: the same in every version."""
    return int(keys_of([row_id])[0])


def keys_of(row_ids: Iterable[str]) -> Keys:
    """The keys of rows, in their order."""
    joined = b"".join(blake2b(one.encode("utf-8", "replace"), digest_size=8).digest() for one in row_ids)
    return np.frombuffer(joined, ">u8").astype(np.uint64)


def holds(keys: Keys, wanted: Keys) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For each wanted key whether it is one of the sorted ones."""
    if not len(keys):
        return np.zeros(len(wanted), np.bool_)
    at = np.searchsorted(keys, wanted)
    found: np.ndarray[Any, np.dtype[np.bool_]] = keys[np.minimum(at, len(keys) - 1)] == wanted
    return found


def split_keys(keys: Keys) -> Iterator[tuple[int, bytes]]:
    """The parts that sorted keys are kept in."""
    if len(keys) <= SMALL:
        yield WHOLE, keys.astype("<u8").tobytes()
        return
    edges = np.searchsorted(keys, np.arange(1, 256, dtype=np.uint64) << np.uint64(56))
    for part, some in enumerate(np.split(keys, edges)):
        if len(some):
            yield part, some.astype("<u8").tobytes()


def join_keys(parts: Iterable[bytes]) -> Keys:
    """The sorted keys again, from their parts in order."""
    return np.frombuffer(b"".join(parts), "<u8").astype(np.uint64)


def of_one_row(ask: Ask, columns: str, name: str, row_id: str) -> list[Event]:
    """The events about many rows that are about this one, oldest first, as its own."""
    key = row_key(row_id)
    found = ask(
        f"SELECT {columns}, event_rows.rows FROM events LEFT JOIN event_rows"
        " ON event = events.id AND part IN (?, ?) WHERE dataset = ? AND row_id = ? ORDER BY events.id",
        (WHOLE, key >> 56, name, ALL),
    )
    made: list[Event] = []
    inside: set[int] = set()
    for *values, rows in found:
        event = Event(*values)
        if event.undoes in inside or (rows is not None and holds(join_keys([rows]), np.array([key], np.uint64))[0]):
            inside.add(event.id)
            made.append(replace(event, row_id=row_id))
    return made


def merged(events: Mapping[str, Sequence[Event]], bulks: Sequence[Bulk]) -> dict[str, list[Event]]:
    """Rows' own events with those about many rows put among them, oldest first."""
    together = {row_id: list(own) for row_id, own in events.items()}
    if not together or not bulks:
        return together
    ids = list(together)
    keys = keys_of(ids)
    for bulk in bulks:
        for place in np.flatnonzero(holds(bulk.keys, keys)):
            together[ids[place]] += bulk.about(ids[place])
    return {row_id: sorted(found, key=lambda event: event.id) for row_id, found in together.items()}
