"""Where the rows of a version lie while they are looked at: a table in memory, or files in the cache."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.browse._derived import WIDE, derived
from augment.browse._file import Place
from augment.browse._filter import SEARCHED
from augment.browse._grams import Grams, Positions
from augment.browse._paging import Mask
from augment.browse._rows import RowFile
from augment.rows import COLUMNS, from_batch
from augment.types import Row

if TYPE_CHECKING:
    import duckdb

TEXTS = (*SEARCHED, "options")
MEMORY = "300MB"  # of one open version
THREADS = 2
FEW = 500  # ids that are read with their rows
LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "preserve_insertion_order": True,  # a column is read in row order without being sorted
    "memory_limit": MEMORY,
    "threads": THREADS,
}


class Wide(Protocol):
    """The columns of a version, or of the first of its rows."""

    count: int

    def column(self, name: str) -> pa.ChunkedArray:
        """One column of WIDE."""
        ...


class Source(Wide, Protocol):
    """The rows as well. arrays: the folder that holds columns worked out before."""

    grams: Grams | None
    arrays: Path | None

    def rows(self, positions: Positions) -> list[Row]:
        """Some rows, in the order of ``positions``."""
        ...

    def ids(self, positions: Positions) -> list[str]:
        """The ids of some rows, in the order of ``positions``."""
        ...

    def says(self, positions: Positions, text: str) -> Mask:
        """For each of some rows whether a text stands in it."""
        ...

    def scan(self, start: int, stop: int, text: str) -> Mask:
        """The same for the rows from one position to before another."""
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
    arrays: Path | None = None

    def __init__(self, batches: Sequence[pa.RecordBatch]) -> None:
        wide = [pa.RecordBatch.from_arrays([*one.columns, *derived(one).values()], schema=WIDE) for one in batches]
        table = pa.Table.from_batches(wide, schema=WIDE)
        self.count = table.num_rows
        self._table = table.append_column("position", pa.array(np.arange(self.count, dtype=np.int64)))

    def column(self, name: str) -> pa.ChunkedArray:
        return self._table[name]

    def rows(self, positions: Positions) -> list[Row]:
        return from_batch(self._take(COLUMNS, positions)) if len(positions) else []

    def ids(self, positions: Positions) -> list[str]:
        found: list[str] = self._take(["row_id"], positions)["row_id"].to_pylist() if len(positions) else []
        return found

    def says(self, positions: Positions, text: str) -> Mask:
        return _holding(self._take(TEXTS, positions), text)

    def scan(self, start: int, stop: int, text: str) -> Mask:
        return _holding(self._table.select(list(TEXTS)).slice(start, stop - start), text)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        connection = _connect()
        connection.register("base", self._table)
        return connection

    def close(self) -> None:
        pass

    def _take(self, columns: Sequence[str], positions: Positions) -> pa.Table:
        return self._table.select(list(columns)).take(pa.array(positions, pa.int64()))


class Table:
    """The DuckDB file of a version: for columns, and for a user's SQL. Raises duckdb.Error where it is damaged."""

    def __init__(self, at: Place) -> None:
        self._connection = _connect(at.table)
        try:
            found = self._connection.execute("SELECT count(*) FROM kept.base").fetchone()
            self.count = int(found[0]) if found else 0
        except BaseException:
            self._connection.close()
            raise

    def column(self, name: str) -> pa.ChunkedArray:
        with self._connection.cursor() as cursor:
            return cursor.sql(f'SELECT "{name}" FROM kept.base').to_arrow_table()[name]

    def cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._connection.cursor()
        cursor.execute("CREATE TEMP VIEW base AS SELECT * FROM kept.base")
        return cursor

    def close(self) -> None:
        self._connection.close()


class File(Table):
    """A version in the cache. Raises duckdb.Error, ValueError, OSError where what lies there is damaged."""

    def __init__(self, at: Place) -> None:
        super().__init__(at)
        try:
            self.grams: Grams | None = Grams(at.grams)
            self._rows = RowFile(at.rows)
        except BaseException:
            self._connection.close()
            raise
        self.arrays: Path | None = at.arrays

    def rows(self, positions: Positions) -> list[Row]:
        return self._rows.rows(positions)

    def ids(self, positions: Positions) -> list[str]:
        if len(positions) <= FEW:
            return [values[0] for values in self._rows.values(positions, ["row_id"])]
        with self._connection.cursor() as cursor:
            # A list of numbers in the statement would make DuckDB look at every text.
            cursor.register("chosen", pa.table({"wanted": positions}))
            found = cursor.sql(
                "SELECT position, row_id FROM kept.base WHERE rowid IN (SELECT wanted FROM chosen)"
            ).to_arrow_table()
        order = np.argsort(found["position"].to_numpy(), kind="stable")
        ranks = np.empty(len(positions), np.int64)
        ranks[np.argsort(positions, kind="stable")] = order
        ids: list[str] = found["row_id"].take(pa.array(ranks)).to_pylist()
        return ids

    def says(self, positions: Positions, text: str) -> Mask:
        found = [_stands(values, text) for values in self._rows.values(positions, TEXTS)]
        return np.array(found, np.bool_)

    def scan(self, start: int, stop: int, text: str) -> Mask:
        # As it stands in the rows' JSON; a line break may also be the end of an option.
        sign = b"" if "\n" in text else json.dumps(text, ensure_ascii=False)[1:-1].encode()
        found = np.zeros(stop - start, np.bool_)
        for position, values in self._rows.holding(start, stop, sign, TEXTS):
            found[position - start] = _stands(values, text)
        return found

    def close(self) -> None:
        self._rows.close()
        super().close()


def _stands(values: Sequence[Any], text: str) -> bool:
    """Whether a text stands in one of these values of TEXTS."""
    *texts, options = values
    return any(text in one for one in texts if one) or text in "\n".join(options or [])


def _holding(texts: pa.Table, text: str) -> Mask:
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
