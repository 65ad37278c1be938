"""A user's SQL over one version as it is by now: read only, one statement, within a time and a size."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from augment.arrays import to_values
from augment.browse._derived import WIDE, derived
from augment.browse._grams import Positions
from augment.browse._source import Source, named
from augment.errors import UsageError
from augment.query import EXAMPLE, check_expression
from augment.rows import to_batch
from augment.types import Row

if TYPE_CHECKING:
    import duckdb

DEADLINE_S = 10.0
MOST_ROWS = 1_000
MOST_CHARACTERS = 400  # of one value
SELECT_EXAMPLE = "SELECT stage, count(*), avg(score) FROM rows GROUP BY stage"
FRAMES = ("{}", "SELECT * FROM ({}\n) LIMIT {}")
Decided = tuple[Positions, Any, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A table. cut: whether there are more rows than are here."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    cut: bool


def matching(cursor: duckdb.DuckDBPyConnection, where: str) -> Positions:
    """The positions of the rows an expression holds for. Raises UsageError."""
    check_expression(where)
    with _answered(cursor, EXAMPLE):
        found: Positions = (
            cursor.sql(f"SELECT position FROM rows WHERE ({where}\n)").to_arrow_table()["position"].to_numpy()
        )
    return found


def answer(cursor: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    """What one SELECT gives, or, for an expression, the rows that it holds for. Raises UsageError."""
    if not sql.lstrip(" \t\r\n(").casefold().startswith(("select", "with", "from")):
        check_expression(sql)
        sql = f"SELECT row_id, stage, question, answer, score, decision FROM rows WHERE ({sql}\n) ORDER BY position"
    _check_statement(sql)
    with _answered(cursor, SELECT_EXAMPLE):
        found = cursor.sql(FRAMES[1].format(sql, MOST_ROWS + 1)).to_arrow_table()
        shown = found.slice(0, MOST_ROWS)
        columns = [[_short(value) for value in to_values(column)] for column in shown.columns]
    return Answer(tuple(found.column_names), list(zip(*columns, strict=True)), found.num_rows > MOST_ROWS)


@contextlib.contextmanager
def laid_over(source: Source, decided: Decided | None, whole: Mapping[int, Row]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the view ``rows``: the version's with what waits for a seal over it.

    decided: where another decision stands than the version's, the codes and words of those; whole: rows that differ in
    more, by position.
    """
    with source.cursor() as cursor:
        if decided is None and not whole:
            cursor.execute("CREATE TEMP VIEW rows AS SELECT * FROM base")
        else:
            _lay(cursor, decided or (np.zeros(0, np.int64), np.zeros(0, np.int8), [""]), whole)
        yield cursor


def _lay(cursor: duckdb.DuckDBPyConnection, decided: Decided, whole: Mapping[int, Row]) -> None:
    columns = named(("position", *WIDE.names))
    batch = to_batch(list(whole.values()))
    over = pa.table(
        [pa.array(list(whole), pa.int64()), *batch.columns, *derived(batch).values()], ["position", *WIDE.names]
    )
    cursor.register("folded", over)
    positions, codes, words = decided
    dictionary = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array([None, *words[1:]], pa.string()))
    cursor.register(
        "decided", pa.table([pa.array(positions, pa.int64()), dictionary.cast(pa.string())], ["place", "word"])
    )
    cursor.execute(
        f"CREATE TEMP VIEW rows AS SELECT {columns} FROM (SELECT base.* REPLACE"
        " (CASE WHEN place IS NULL THEN decision ELSE word END AS decision)"
        " FROM base LEFT JOIN decided ON place = position WHERE position NOT IN (SELECT position FROM folded))"
        f" UNION ALL SELECT {columns} FROM folded"
    )


def _check_statement(sql: str) -> None:
    """Raises UsageError where the text is anything but one query that fits into another."""
    import duckdb

    try:
        sql.encode()
        for frame in FRAMES:
            found = duckdb.extract_statements(frame.format(sql, 1))
            if len(found) != 1 or found[0].type != duckdb.StatementType.SELECT:
                raise UsageError("only one SELECT can be asked", hint=f"for example: {SELECT_EXAMPLE}")
    except (UnicodeEncodeError, duckdb.Error) as error:
        raise UsageError(f"that is no SELECT: {str(error).splitlines()[0]}", hint=f"e.g. {SELECT_EXAMPLE}") from error


@contextlib.contextmanager
def _answered(cursor: duckdb.DuckDBPyConnection, example: str) -> Iterator[None]:
    import duckdb

    timer = threading.Timer(DEADLINE_S, cursor.interrupt)
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise UsageError(
            f"the expression was still at work after {DEADLINE_S:.0f} s", hint="one that looks at fewer rows"
        ) from error
    except duckdb.Error as error:
        what = str(error).splitlines()[0]
        raise UsageError(f"the expression cannot be answered: {what}", hint=f"for example: {example}") from error
    finally:
        timer.cancel()


def _short(value: Any) -> Any:
    """A value as it may leave the server: long texts cut, what is nested written out."""
    if isinstance(value, list | dict | tuple | bytes):
        value = str(value)
    return f"{value[:MOST_CHARACTERS]}…" if isinstance(value, str) and len(value) > MOST_CHARACTERS else value
