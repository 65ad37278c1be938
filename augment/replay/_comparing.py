"""Whether two versions are equal in all columns but the volatile ones, in row order, and where they first differ."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from augment.errors import DiskTrouble
from augment.files import disk_errors
from augment.rows import COLUMNS, VOLATILE
from augment.store import Store
from augment.types import Row

SHOWN = 5
COPY = "put a copy of it in its place"
HASHED = re.compile(r"part-\d{8}-\d+-([0-9a-f]{64})\.parquet")
CONTENT = tuple(name for name in COLUMNS if name not in VOLATILE)


def differences(made: Iterator[Row], kept: Iterator[Row]) -> Iterator[dict[str, Any]]:
    """The rows that differ, in order: their place, id, and the columns as they are made again and as they are kept."""
    for place, (one, other) in enumerate(zip_longest(made, kept)):
        if one is None or other is None:
            there = one or other
            only = "made again" if other is None else "kept"
            yield {"place": place, "row_id": there.row_id if there else "", "only": only, "columns": {}}
            continue
        columns = {
            name: {"made again": getattr(one, name), "kept": getattr(other, name)}
            for name in CONTENT
            if getattr(one, name) != getattr(other, name)
        }
        if columns:
            yield {"place": place, "row_id": other.row_id, "columns": columns}


def check_files(files: list[Path]) -> None:
    """Reads data files against the hashes in their names; those written before names had one are passed by.

    Raises DiskTrouble for one that is gone or holds other bytes than were written.
    """
    for path in files:
        named = HASHED.fullmatch(path.name)
        if named is None:
            continue
        try:
            with disk_errors(path), path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError as error:
            raise DiskTrouble(f"the data file {str(path)!r} is missing", hint=COPY) from error
        if found != named[1]:
            raise DiskTrouble(f"the data file {str(path)!r} holds other bytes than were written", hint=COPY)


def files_of(store: Store, name: str, version: int, known: set[Path]) -> list[Path]:
    """The live files of a version that no earlier one has."""
    new = [path for path in store.files(name, version) if path not in known]
    known.update(new)
    return new
