"""Where the rows of a version lie while they are looked at: a table in memory, or the DuckDB file with its index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.browse._file import MEMORY, THREADS, WIDE, Place, derived
from augment.browse._filter import SEARCHED
from augment.browse._grams import Grams, Positions
from augment.rows import COLUMNS, from_batch
from augment.types import Row

if TYPE_CHECKING:
    import duckdb

TEXTS = (*SEARCHED, "options")
LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "preserve_insertion_order": True,  # a column is read in row order without being sorted
    "memory_limit": MEMORY,
    "threads": THREADS,
}


class Source(Protocol):
    """The rows of a version, or the first of them."""

    rows: int
    grams: Grams | None

    def column(self, name: str) -> pa.ChunkedArray:
        """One column of WIDE."""
        ...

    def take(self, columns: Sequence[str], positions: Positions) -> pa.Table:
        """Some rows, in the order of ``positions``."""
        ...

    def piece(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        """The rows from one position to before another."""
        ...

    def ids(self, positions: Positions) -> list[str]:
        """The ids of some rows, in the order of ``positions``."""
        ...

    def places(self, row_ids: Sequence[str]) -> dict[str, int]:
        """The positions of those ids that are here."""
        ...

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own that reaches ``base`` and nothing else, its configuration locked."""
        ...

    def close(self) -> None:
        """Lets go of the files."""
        ...


class Memory:
    """Rows in memory. table: of WIDE."""

    grams: Grams | None = None

    def __init__(self, batches: Sequence[pa.RecordBatch]) -> None:
        wide = [pa.RecordBatch.from_arrays([*one.columns, *derived(one).values()], schema=WIDE) for one in batches]
        table = pa.Table.from_batches(wide, schema=WIDE)
        self.rows = table.num_rows
        self._table = table.append_column("position", pa.array(np.arange(self.rows, dtype=np.int64)))
        ids = table["row_id"].to_pylist()
        self._places = {row_id: position for position, row_id in enumerate(ids)}

    def column(self, name: str) -> pa.ChunkedArray:
        return self._table[name]

    def take(self, columns: Sequence[str], positions: Positions) -> pa.Table:
        return self._table.select(list(columns)).take(pa.array(positions, pa.int64()))

    def piece(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        return self._table.select(list(columns)).slice(start, stop - start)

    def ids(self, positions: Positions) -> list[str]:
        return _ids(self, positions)

    def places(self, row_ids: Sequence[str]) -> dict[str, int]:
        return {row_id: self._places[row_id] for row_id in row_ids if row_id in self._places}

    def cursor(self) -> duckdb.DuckDBPyConnection:
        connection = _connect()
        connection.register("base", self._table)
        return connection

    def close(self) -> None:
        pass


class File:
    """Rows in the cache. Raises duckdb.Error, ValueError where what lies there is damaged."""

    def __init__(self, at: Place) -> None:
        self._connection = _connect(at.table)
        try:
            found = self._connection.execute("SELECT count(*) FROM kept.base").fetchone()
            self.rows = int(found[0]) if found else 0
            self.grams: Grams | None = Grams(at.grams)
        except BaseException:
            self._connection.close()
            raise

    def column(self, name: str) -> pa.ChunkedArray:
        return self._table(f'SELECT "{name}" FROM kept.base')[name]

    def take(self, columns: Sequence[str], positions: Positions) -> pa.Table:
        wanted = pa.table({"wanted": positions})
        # Ids first: a list of numbers in the statement makes DuckDB look at every text.
        found = self._table(
            f"SELECT position, {named(columns)} FROM kept.base WHERE rowid IN (SELECT wanted FROM chosen)", wanted
        )
        order = np.argsort(found["position"].to_numpy(), kind="stable")
        ranks = np.empty(len(positions), np.int64)
        ranks[np.argsort(positions, kind="stable")] = order
        return found.select(list(columns)).take(pa.array(ranks))

    def piece(self, columns: Sequence[str], start: int, stop: int) -> pa.Table:
        return self._table(
            f"SELECT {named(columns)} FROM kept.base WHERE position >= {int(start)} AND position < {int(stop)}"
            " ORDER BY position"
        )

    def ids(self, positions: Positions) -> list[str]:
        return _ids(self, positions)

    def places(self, row_ids: Sequence[str]) -> dict[str, int]:
        if len(row_ids) == 1:  # sorted by id, so that all but one row group is passed over
            found = self._table("SELECT row_id, position FROM kept.ids WHERE row_id = ?", None, [row_ids[0]])
        else:
            wanted = pa.table({"wanted": pa.array(row_ids, pa.string())})
            found = self._table(
                "SELECT row_id, position FROM kept.ids WHERE row_id IN (SELECT wanted FROM chosen)", wanted
            )
        return dict(zip(found["row_id"].to_pylist(), found["position"].to_pylist(), strict=True))

    def cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._connection.cursor()
        cursor.execute("CREATE TEMP VIEW base AS SELECT * FROM kept.base")
        return cursor

    def close(self) -> None:
        self._connection.close()

    def _table(self, sql: str, chosen: pa.Table | None = None, values: Sequence[Any] = ()) -> pa.Table:
        with self._connection.cursor() as cursor:
            if chosen is not None:
                cursor.register("chosen", chosen)
            return cursor.sql(sql, params=list(values) or None).to_arrow_table()


def rows_at(source: Source, positions: Positions) -> list[Row]:
    """The rows at these positions, in their order."""
    return from_batch(source.take(COLUMNS, positions)) if len(positions) else []


def _ids(source: Source, positions: Positions) -> list[str]:
    found: list[str] = source.take(["row_id"], positions)["row_id"].to_pylist() if len(positions) else []
    return found


def holding(texts: pa.Table, text: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For each row of a table of TEXTS whether the text stands in it."""
    found = np.zeros(texts.num_rows, np.bool_)
    for one in (*(texts[name] for name in SEARCHED), pc.binary_join(texts["options"], "\n")):
        found |= pc.match_substring(one, text).fill_null(False).to_numpy(zero_copy_only=False)
    return found


def _connect(file: Path | None = None) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(":memory:", config=dict(LOCKED))
    try:
        connection.execute("SET temp_directory = ''")
        if file is not None:
            connection.execute(f"ATTACH '{str(file).replace(chr(39), chr(39) * 2)}' AS kept (READ_ONLY)")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


def named(columns: Sequence[str]) -> str:
    """Columns as SQL lists them."""
    return ", ".join(f'"{column}"' for column in columns)
