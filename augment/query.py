"""Questions about a version: filters, samples, differences, pages. Answered by DuckDB over Arrow.

A user's SQL is one expression. It runs on a connection that sees one table, no file and no network, and whose
configuration is locked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from augment.arrays import to_array, to_values
from augment.errors import UsageError
from augment.rows import COLUMNS, SCHEMA, VOLATILE, from_batch
from augment.store import Store
from augment.types import Row

if TYPE_CHECKING:
    import duckdb

EXAMPLE = "score >= 0.8 and stage = 'reason'"
CONTENT = tuple(name for name in COLUMNS if name not in VOLATILE and name != "row_id")
CACHED_VERSIONS = 4
# Each has room for one expression; what closes one of them early does not fit the other.
FRAMES = ("SELECT [{}\n]", "SELECT CASE WHEN {}\n THEN 1 END")
PLACED = re.compile(r"^LINE (?P<line>\d+): (?P<text>.*)\n(?P<blanks> *)\^", re.MULTILINE)
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


def values(store: Store, name: str, version: int, *columns: str) -> Iterator[tuple[Any, ...]]:
    """The values of some columns, a tuple for each row of a version, in order; streamed."""
    for batch in store.read(name, version, columns):
        yield from zip(*(to_values(batch.column(column)) for column in columns), strict=True)


def diff(store: Store, name: str, old: int, new: int, other: str | None = None) -> Iterator[Change]:
    """What changed from one version to another: removed and changed rows in the old order, then added ones.

    other: the dataset of ``new``, where it is not the same. Rows are held against each other by their id.
    """
    import pyarrow.compute as pc  # a run needs it nowhere, and it costs 50 ms

    old_files, new_files = store.files(name, old), store.files(other or name, new)
    shared = set(old_files) & set(new_files)  # a file in both versions holds no difference
    old_files = [path for path in old_files if path not in shared]
    new_files = [path for path in new_files if path not in shared]
    before, after = _ids(store, old_files), _ids(store, new_files)
    places = pc.index_in(before, value_set=after)  # where each old row stands among the new ones, null where gone
    there = pc.is_in(after, value_set=before)
    partners = _partners(store, new_files, places, there)
    start = 0
    for batch in store.read_files(old_files):
        kept = places.slice(start, batch.num_rows).is_valid()
        start += batch.num_rows
        fields = _fields(batch.filter(kept), partners)
        common = -1
        for row_id, stays in zip(batch.column("row_id").to_pylist(), kept.to_pylist(), strict=True):
            common += stays
            if not stays:
                yield Change(row_id, "removed", {})
            elif common in fields:
                yield Change(row_id, "changed", fields[common])
    yield from (Change(row_id, "added", {}) for row_id in after.filter(pc.invert(there)).to_pylist())


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
    return Page(from_batch(table.select(list(COLUMNS)).take(to_array(positions, pa.int64()))), int(total))


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
    return table.append_column("position", to_array(range(table.num_rows), pa.int64()))


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


def _ids(store: Store, files: Sequence[Path]) -> pa.Array:
    batches = [batch.column("row_id") for batch in store.read_files(files, ["row_id"])]
    return pa.concat_arrays(batches) if batches else pa.nulls(0, pa.string())


def _partners(store: Store, files: Sequence[Path], places: pa.Array, there: pa.Array) -> Callable[[int], pa.Table]:
    """Gives, some at a time, the new rows that are old ones, in the old order."""
    import pyarrow.compute as pc

    wanted = places.drop_null()
    if wanted.equals(pc.indices_nonzero(there).cast(wanted.type)):
        source = _those(store.read_files(files), there)
    else:  # the order is another one: only then are they all in memory at once
        source = iter(pa.Table.from_batches(store.read_files(files), schema=SCHEMA).take(wanted).to_batches())
    waiting = SCHEMA.empty_table()

    def more(count: int) -> pa.Table:
        nonlocal waiting
        while waiting.num_rows < count:
            waiting = pa.concat_tables([waiting, pa.Table.from_batches([next(source)])])
        taken, waiting = waiting.slice(0, count), waiting.slice(count)
        return taken

    return more


def _those(batches: Iterator[pa.RecordBatch], mask: pa.Array) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in batches:
        yield batch.filter(mask.slice(start, batch.num_rows))
        start += batch.num_rows


def _fields(rows: pa.RecordBatch, partners: Callable[[int], pa.Table]) -> dict[int, dict[str, tuple[Any, Any]]]:
    """Place → column → (old, new), of the rows that differ from their partners."""
    others = partners(rows.num_rows)
    found: dict[int, dict[str, tuple[Any, Any]]] = {}
    for column in CONTENT:
        old, new = pa.chunked_array([rows.column(column)]), others.column(column)
        if not old.equals(new):
            for place, pair in enumerate(zip(to_values(old), to_values(new), strict=True)):
                if pair[0] != pair[1]:
                    found.setdefault(place, {})[column] = pair
    return found


def _locked(table: pa.Table) -> duckdb.DuckDBPyConnection:
    import duckdb  # a run without an expression needs it nowhere

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
    import duckdb

    try:
        return connection.execute(sql, values or None).fetchall()
    except duckdb.Error as error:
        raise _no_expression(where, error) from error


def _check_frames(where: str) -> None:
    """Raises UsageError where the text is anything but one expression, whatever its names mean."""
    import duckdb

    try:
        where.encode()
        for frame in FRAMES:
            if len(duckdb.extract_statements(frame.format(where))) != 1:
                raise UsageError(f"{where!r} is more than one SQL expression", hint=f"for example: {EXAMPLE}")
    except (UnicodeEncodeError, duckdb.Error) as error:
        raise _no_expression(where, error) from error


def _told(where: str, error: str) -> str:
    """What the parser said, in places of the expression: not of the frame it was tried in."""
    what = error.splitlines()[0]
    found = PLACED.search(error)
    if found is None or "syntax error" not in what:
        return what
    lines, number = where.split("\n"), int(found["line"])
    if number > len(lines):
        return "it ends before it is complete: a value, a bracket or a quote is missing"
    before = FRAMES[0].index("{") if number == 1 else 0
    column = len(found["blanks"]) - len(f"LINE {number}: ") - before
    if not 0 <= column < len(lines[number - 1]) or found["text"][before:].rstrip() != lines[number - 1].rstrip():
        return what  # a long line comes back shortened
    return f"{what}, character {sum(map(len, lines[: number - 1])) + number + column}"


def _no_expression(where: str, error: Exception) -> UsageError:
    shown = where if len(where) <= 200 else f"{where[:200]}…"
    what = _told(where, str(error))
    return UsageError(
        f"{shown!r} is not an SQL expression over the columns of a row: {what}", hint=f"for example: {EXAMPLE}"
    )
