"""Questions about a version: filters, samples, differences, pages. Answered by DuckDB over Arrow.

A user's SQL is one expression. It runs on a connection that sees one table, no file and no network, and whose
configuration is locked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from augment.errors import UsageError
from augment.rows import COLUMNS, SCHEMA, VOLATILE, from_batch
from augment.store import Store
from augment.types import Row

EXAMPLE = "score >= 0.8 and stage = 'reason'"
CONTENT = tuple(name for name in COLUMNS if name not in VOLATILE and name != "row_id")
CACHED_VERSIONS = 4
# Each has room for one expression; what closes one of them early does not fit the other.
FRAMES = ("SELECT [{}\n]", "SELECT CASE WHEN {}\n THEN 1 END")
NESTED = re.compile(r"\b(select|from)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Change:
    """One row that differs between two versions. fields: column → (old, new); none for added and removed rows."""

    row_id: str
    change: str
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a version and how many there are in all."""

    rows: list[Row]
    total: int


def check_expression(where: str) -> None:
    """Raises UsageError where the text is not one SQL expression over a row's columns."""
    _check_frames(where)
    with _locked(SCHEMA.empty_table()) as connection:
        _run(connection, f"SELECT count(*) FROM rows WHERE ({where}\n)", where)  # locked, see above


def select(
    store: Store,
    name: str,
    version: int,
    *,
    where: str | None = None,
    sample: int | None = None,
    seed: int = 0,
    limit: int | None = None,
) -> frozenset[str] | None:
    """The ids of the rows a run is to read, None for all: where, then sample, then limit."""
    if where is None and sample is None and limit is None:
        return None
    if where is None:
        ids = [row_id for batch in store.read(name, version, ["row_id"]) for row_id in batch.column(0).to_pylist()]
    else:
        ids = list(_matching(store, name, version, where))
    if sample is not None and sample < len(ids):
        # The smallest hashes: the same seed gives the same rows, and a larger sample holds a smaller one.
        chosen = set(sorted(ids, key=lambda row_id: hashlib.sha256(f"{seed}/{row_id}".encode()).digest())[:sample])
        ids = [row_id for row_id in ids if row_id in chosen]
    return frozenset(ids if limit is None else ids[:limit])


def diff(store: Store, name: str, old: int, new: int) -> Iterator[Change]:
    """What changed from one version to another: removed and changed rows in the old order, then added ones."""
    old_files, new_files = store.files(name, old), store.files(name, new)
    shared = set(old_files) & set(new_files)  # a file in both versions holds no difference
    old_files = [path for path in old_files if path not in shared]
    new_files = [path for path in new_files if path not in shared]
    different = " OR ".join(f"a.{column} IS DISTINCT FROM b.{column}" for column in CONTENT)
    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": False}) as connection:
        for table, files in (("a", old_files), ("b", new_files)):
            if files:
                connection.read_parquet([str(path) for path in files]).create_view(table)
            else:
                connection.register(table, SCHEMA.empty_table())
        ids = connection.execute(
            "SELECT coalesce(a.row_id, b.row_id), a.row_id IS NULL, b.row_id IS NULL"
            f" FROM a FULL JOIN b ON a.row_id = b.row_id WHERE a.row_id IS NULL OR b.row_id IS NULL OR {different}"
        ).fetchall()
    kinds = {row_id: "added" if added else "removed" if removed else "changed" for row_id, added, removed in ids}
    if not kinds:
        return
    before = {row.row_id: row for row in _only(store, name, old, kinds)}
    after = {row.row_id: row for row in _only(store, name, new, kinds)}
    for row_id, row in before.items():
        fields = _fields(row, after[row_id]) if row_id in after else {}
        yield Change(row_id, kinds[row_id], fields)
    for row_id in after:
        if row_id not in before:
            yield Change(row_id, "added", {})


def page(
    store: Store,
    name: str,
    version: int,
    *,
    where: str | None = None,
    values: Sequence[Any] = (),
    offset: int = 0,
    limit: int = 50,
) -> Page:
    """The rows of a filter from ``offset`` on, in the version's order, with the filter's total."""
    if where:
        _check_frames(where)
    table = _table(str(store.root), name, version)
    with _locked(table) as connection:
        condition = f"WHERE ({where}\n)" if where else ""
        total = _run(connection, f"SELECT count(*) FROM rows {condition}", where or "", values)[0][0]
        found = _run(
            connection,
            f"SELECT position FROM rows {condition} ORDER BY position LIMIT {int(limit)} OFFSET {int(offset)}",
            where or "",
            values,
        )
    positions = [position for (position,) in found]
    return Page(from_batch(table.select(list(COLUMNS)).take(pa.array(positions, pa.int64()))), int(total))


def distinct(store: Store, name: str, version: int, column: str) -> list[str]:
    """The values a text column takes, sorted; for a list column, its elements."""
    values = _table(str(store.root), name, version).column(column)
    if pa.types.is_list(values.type):
        values = values.combine_chunks().flatten()
    return sorted(value for value in values.unique().to_pylist() if value is not None)


@lru_cache(maxsize=CACHED_VERSIONS)
def _table(root: str, name: str, version: int) -> pa.Table:
    """A version never changes, so it is kept; ``position`` is the row's place in it."""
    table = pa.Table.from_batches(Store(Path(root)).read(name, version), schema=SCHEMA)
    return table.append_column("position", pa.array(range(table.num_rows), pa.int64()))


def _matching(store: Store, name: str, version: int, where: str) -> Iterator[str]:
    """The ids of the rows an expression holds for, in order, one batch of rows in memory at a time; one that may look
    at other rows sees all of them."""
    _check_frames(where)
    if NESTED.search(where):
        with _locked(_table(str(store.root), name, version)) as connection:
            found = _run(connection, f"SELECT row_id FROM rows WHERE ({where}\n) ORDER BY position", where)
        yield from (row_id for (row_id,) in found)
        return
    for batch in store.read(name, version):
        with _locked(pa.Table.from_batches([batch])) as connection:
            found = _run(connection, f"SELECT row_id FROM rows WHERE ({where}\n)", where)
        yield from (row_id for (row_id,) in found)


def _only(store: Store, name: str, version: int, ids: Mapping[str, Any]) -> Iterator[Row]:
    return (row for row in store.rows(name, version) if row.row_id in ids)


def _fields(old: Row, new: Row) -> dict[str, tuple[Any, Any]]:
    return {
        column: (getattr(old, column), getattr(new, column))
        for column in CONTENT
        if getattr(old, column) != getattr(new, column)
    }


def _locked(table: pa.Table) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "enable_external_access": False,
            "python_enable_replacements": False,
            "lock_configuration": True,
        },
    )
    connection.register("rows", table)
    return connection


def _run(
    connection: duckdb.DuckDBPyConnection, sql: str, where: str, values: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(sql, values or None).fetchall()
    except duckdb.Error as error:
        raise _no_expression(where, error) from error


def _check_frames(where: str) -> None:
    """Raises UsageError where the text is anything but one expression, whatever its names mean."""
    try:
        where.encode()
        for frame in FRAMES:
            if len(duckdb.extract_statements(frame.format(where))) != 1:
                raise UsageError(f"{where!r} is more than one SQL expression", hint=f"for example: {EXAMPLE}")
    except (UnicodeEncodeError, duckdb.Error) as error:
        raise _no_expression(where, error) from error


def _no_expression(where: str, error: Exception) -> UsageError:
    shown = where if len(where) <= 200 else f"{where[:200]}…"
    what = str(error).splitlines()[0]
    return UsageError(
        f"{shown!r} is not an SQL expression over the columns of a row: {what}", hint=f"for example: {EXAMPLE}"
    )
