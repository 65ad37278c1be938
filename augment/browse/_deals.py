"""Which rows were dealt to which reviewer: read from the ledger's file, laid out over a version."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from augment.browse._columns import Columns, Mask
from augment.events import Keys
from augment.ledger import Ledger

NOBODY = 255
MOST = 200  # reviewers of one deal
DEALT = np.dtype([("key", "<u8"), ("first", "u1"), ("second", "u1")])


@dataclass(frozen=True, slots=True)
class Deal:
    """Rows of a filter dealt out. share: of the rows that a second reviewer gets too, blind; rows: how many."""

    id: int
    version: int
    reviewers: Sequence[str]
    share: float
    filter: str
    by: str
    at: float
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Owners:
    """Whose the rows of a version are. first, second: for each row an index into names, -1 for nobody."""

    names: Sequence[str]
    first: np.ndarray[Any, np.dtype[np.int16]]
    second: np.ndarray[Any, np.dtype[np.int16]]

    def dealt(self, reviewer: str) -> Mask:
        """The rows that one has to look at, first or second."""
        if reviewer not in self.names:
            return np.zeros(len(self.first), np.bool_)
        code = self.names.index(reviewer)
        found: Mask = (self.first == code) | (self.second == code)
        return found

    def blind(self, position: int, reviewer: str) -> bool:
        """Whether a row was dealt to two people, this one among them."""
        if reviewer not in self.names or self.second[position] < 0:
            return False
        return self.names.index(reviewer) in (self.first[position], self.second[position])


class Deals:
    """The deals of a dataset, as one version sees them."""

    def __init__(self, columns: Columns, rows: int, ledger: Ledger, name: str) -> None:
        self._columns = columns
        self._rows = rows
        self._ledger = ledger
        self._name = name
        self._reading = threading.Lock()
        self._kept: tuple[tuple[int, ...], Owners] | None = None

    def stamp(self) -> tuple[int, ...]:
        """The numbers of those that hold now."""
        found = self._ledger.query(
            "SELECT id FROM deals WHERE dataset = ? AND ended IS NULL ORDER BY id", (self._name,)
        )
        return tuple(one["id"] for one in found)

    def owners(self) -> Owners:
        """Whose each row is now; a row dealt out twice is whose the later deal says."""
        with self._reading:
            stamp = self.stamp()
            if self._kept is None or self._kept[0] != stamp:
                self._kept = (stamp, self._laid())
            return self._kept[1]

    def _laid(self) -> Owners:
        names: list[str] = []
        first, second = np.full(self._rows, -1, np.int16), np.full(self._rows, -1, np.int16)
        for deal in self._ledger.query(
            "SELECT reviewers, rows FROM deals WHERE dataset = ? AND ended IS NULL ORDER BY id", (self._name,)
        ):
            reviewers = json.loads(deal["reviewers"])
            names += [one for one in reviewers if one not in names]
            codes = np.full(NOBODY + 1, -1, np.int16)
            codes[: len(reviewers)] = [names.index(one) for one in reviewers]
            rows = np.frombuffer(deal["rows"], DEALT)
            places = self._columns.places(rows["key"].astype(np.uint64))
            here = places >= 0
            first[places[here]] = codes[rows["first"][here]]
            second[places[here]] = codes[rows["second"][here]]
        return Owners(names, first, second)


def deals(ledger: Ledger, name: str) -> list[Deal]:
    """The deals of a dataset that hold, oldest first."""
    found = ledger.query(
        "SELECT id, version, reviewers, share, filter, by, at, length(rows) AS bytes FROM deals"
        " WHERE dataset = ? AND ended IS NULL ORDER BY id",
        (name,),
    )
    return [
        Deal(
            one["id"],
            one["version"],
            tuple(json.loads(one["reviewers"])),
            one["share"],
            one["filter"],
            one["by"],
            one["at"],
            one["bytes"] // DEALT.itemsize,
        )
        for one in found
    ]


def dealt_bytes(keys: Keys, first: Any, second: Any) -> bytes:
    """A deal's rows as they are kept."""
    rows = np.empty(len(keys), DEALT)
    rows["key"], rows["first"], rows["second"] = keys, first, second
    return rows.tobytes()
