"""Rows dealt out to reviewers, some of them to two who do not see each other's decision."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from augment.browse import MOST, NOBODY, Browser, Deal, Filter, deals, dealt_bytes, to_json
from augment.errors import NotFound, UsageError
from augment.events import Keys
from augment.ledger import Ledger
from augment.review._hand import By, by

MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, so that it turns one order of the keys into another


def deal(
    shown: Browser, ledger: Ledger, wanted: Filter, reviewers: Sequence[str], hand: By, *, share: float = 0.0
) -> Deal:
    """Deals the rows of a filter out to reviewers, evenly, and gives the deal once it is on disk.

    The same rows are always dealt in the same way; rows of one root or stem go to one reviewer, who reads it once.
    share: of the rows that a second reviewer gets too, who decides without seeing the first one's decision. A row that
    was dealt before is now whose this deal says. Raises UsageError, NotFound while the version's files are being made.
    """
    names = [by(name).reviewer for name in reviewers]
    if not names or len(names) > MOST or len(set(names)) < len(names):
        raise UsageError(f"{len(names)} reviewers", hint=f"1 to {MOST} different names")
    if not 0 <= share <= 1 or (share and len(names) < 2):
        raise UsageError(f"a second reviewer for {share:g} of the rows", hint="0 to 1, and 0 for one reviewer alone")
    places = shown.mask(wanted)
    keys = shown.row_keys()[places]
    if not len(keys):
        raise UsageError("the filter finds no row", hint="drop a part of it")
    first, second = hands(keys, shown.row_kin()[places], len(names), share)
    order = np.argsort(keys)
    rows = dealt_bytes(keys[order], first[order], second[order])

    def job(db: sqlite3.Connection) -> None:
        db.execute(
            "INSERT INTO deals (dataset, version, reviewers, share, filter, at, by, rows) VALUES (?,?,?,?,?,?,?,?)",
            (
                shown.name,
                shown.version,
                json.dumps(names, ensure_ascii=False),
                share,
                to_json(wanted),
                time.time(),
                hand.reviewer,
                rows,
            ),
        )

    ledger.write(job)
    return deals(ledger, shown.name)[-1]


def undeal(ledger: Ledger, name: str, number: int) -> None:
    """Ends a deal; what was decided stays. Raises NotFound."""

    def job(db: sqlite3.Connection) -> int:
        return db.execute(
            "UPDATE deals SET ended = ? WHERE dataset = ? AND id = ? AND ended IS NULL", (time.time(), name, number)
        ).rowcount

    if not ledger.write(job):
        raise NotFound(f"{name!r} has no deal {number}", hint=f"`augment review progress {name}` lists them")


def hands(keys: Keys, kin: Any, reviewers: int, share: float) -> tuple[Any, Any]:
    """For each row the numbers of its first and of its second reviewer, NOBODY for no second one.

    keys: of the rows; kin: the number of each row's.
    """
    _, group, sizes = np.unique(kin, return_inverse=True, return_counts=True)
    least = np.full(len(sizes), np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(least, group, keys)  # names the kin, whatever number it has in this version
    first = np.empty(len(sizes), np.uint8)
    middles = _middles(least, sizes)
    first[:] = np.minimum(middles * reviewers // len(keys), reviewers - 1)
    second = np.full(len(sizes), NOBODY, np.uint8)
    if share:
        places = _middles(least * MIX, sizes)
        chosen = places < share * len(keys)
        step = 1 + places % (reviewers - 1)
        second[chosen] = ((first + step) % reviewers)[chosen]
    return first[group], second[group]


def _middles(names: Keys, sizes: Any) -> Any:
    """For each kin how many rows stand before its middle one when the kin are sorted by name."""
    order = np.argsort(names)
    before = np.empty(len(sizes), np.int64)
    before[order] = np.cumsum(sizes[order]) - sizes[order]
    return before + sizes // 2
