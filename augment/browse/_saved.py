"""Filters under names that people gave them, in the ledger's file."""

from __future__ import annotations

import sqlite3

from augment.browse._filter import Filter
from augment.browse._words import read_filter, to_json
from augment.errors import NotFound, UsageError
from augment.ledger import Ledger

PREFIX = "filter"
NAME_LENGTH = 100


def save_filter(ledger: Ledger, dataset: str, name: str, wanted: Filter) -> None:
    """Keeps a filter of a dataset, durably, in the place of one of the same name. Raises UsageError, DiskTrouble."""
    key = _key(dataset, name)
    ledger.write(lambda db: _put(db, key, to_json(wanted)))


def saved_filters(ledger: Ledger, dataset: str) -> dict[str, Filter]:
    """The filters of a dataset by name, sorted. Raises BadInput for one that cannot be read."""
    prefix = _key(dataset, "x").removesuffix("x")
    found = ledger.query(
        "SELECT name, value FROM names WHERE substr(name, 1, ?) = ? ORDER BY name", (len(prefix), prefix)
    )
    return {one["name"][len(prefix) :]: read_filter(one["value"]) for one in found}


def forget_filter(ledger: Ledger, dataset: str, name: str) -> None:
    """Removes one. Raises NotFound where there is none of that name."""
    key = _key(dataset, name)
    if not ledger.write(lambda db: db.execute("DELETE FROM names WHERE name = ?", (key,)).rowcount):
        raise NotFound(f"{dataset!r} has no filter {name!r}", hint="names are told apart by every character")


def _put(db: sqlite3.Connection, key: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO names VALUES (?, ?)", (key, value))


def _key(dataset: str, name: str) -> str:
    if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
        raise UsageError(f"{name!r} cannot name a filter", hint=f"1 to {NAME_LENGTH} visible characters")
    return f"{PREFIX}/{dataset}/{name.strip()}"  # a dataset's name holds no slash
