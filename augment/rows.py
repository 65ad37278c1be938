"""Rows as Arrow and back, and the ids they are born with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import pyarrow as pa

from augment.arrays import to_array, to_values
from augment.types import Row, row_of, values_of


def _list_of(of: pa.DataType) -> pa.DataType:
    return pa.list_(pa.field("element", of))  # Parquet's name for it, so that what is read equals what was written


_CHECK = pa.struct([("name", pa.string()), ("ok", pa.bool_()), ("detail", pa.string())])
_VOTE = pa.struct([("letters", pa.string()), ("count", pa.int32())])
_TURN = pa.struct([("user", pa.string()), ("assistant", pa.string())])
_CRITERION = pa.struct(
    [("name", pa.string()), ("score", pa.float64()), ("maximum", pa.float64()), ("reason", pa.string())]
)
_VERDICT = pa.struct(
    [
        ("judge", pa.string()),
        ("rubric", pa.string()),
        ("total", pa.float64()),
        ("maximum", pa.float64()),
        ("criteria", _list_of(_CRITERION)),
    ]
)
TIMESTAMP = pa.timestamp("us", tz="UTC")
_DECISION = pa.struct(
    [
        ("reviewer", pa.string()),
        ("decision", pa.string()),
        ("reason", pa.string()),
        ("note", pa.string()),
        ("at", TIMESTAMP),
    ]
)

SCHEMA = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("problem_id", pa.string(), nullable=False),
        ("source_id", pa.string()),
        ("parent_id", pa.string()),
        ("root_id", pa.string()),
        ("kind", pa.string()),
        ("problem", pa.string()),
        ("question", pa.string()),
        ("options", _list_of(pa.string())),
        ("answer", pa.string()),
        ("reasoning", pa.string()),
        ("concluded", pa.string()),
        ("label", pa.string()),
        ("predicted", pa.string()),
        ("votes", _list_of(_VOTE)),
        ("permutation", _list_of(pa.int8())),
        ("system", pa.string()),
        ("history", _list_of(_TURN)),
        ("extra", pa.string()),
        ("tags", _list_of(pa.string())),
        ("split", pa.string()),
        ("stage", pa.string()),
        ("run_id", pa.string()),
        ("provider", pa.string()),
        ("model", pa.string()),
        ("prompt_id", pa.string()),
        ("attempts", pa.int32()),
        ("input_tokens", pa.int64()),
        ("output_tokens", pa.int64()),
        ("cost_cny", pa.float64()),
        ("checks", _list_of(_CHECK)),
        ("verdicts", _list_of(_VERDICT)),
        ("score", pa.float64()),
        ("decisions", _list_of(_DECISION)),
        ("decision", pa.string()),
        ("created_at", TIMESTAMP),
    ]
)
COLUMNS: tuple[str, ...] = tuple(SCHEMA.names)
VOLATILE = frozenset({"run_id", "created_at", "attempts", "input_tokens", "output_tokens", "cost_cny"})
"""The columns in which two *equal* versions may differ (spec §2)."""

if tuple(field.name for field in fields(Row)) != COLUMNS:
    raise TypeError("Row and SCHEMA must name the same columns in the same order")


def to_batch(rows: Sequence[Row], stamp: Mapping[str, Any] | None = None) -> pa.RecordBatch:
    """The rows as one record batch of SCHEMA. stamp: column → the value that all of them get in place of their own."""
    columns: Sequence[Sequence[Any]] = list(zip(*map(values_of, rows), strict=True)) or [()] * len(COLUMNS)
    stamp = stamp or {}
    arrays = [
        to_array([stamp[field.name]] * len(rows) if field.name in stamp else values, field.type)
        for field, values in zip(SCHEMA, columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def from_batch(batch: pa.RecordBatch | pa.Table, at: Sequence[int] | None = None) -> list[Row]:
    """The rows of a record batch or table of SCHEMA, in order. at: the places of those wanted, all without."""
    if at is not None and len(at) < batch.num_rows:
        batch = batch.take(to_array(at, pa.int64()))
    return list(map(row_of, zip(*(to_values(batch.column(name)) for name in COLUMNS), strict=True)))


def places(batch: pa.RecordBatch, columns: Sequence[str], takes: Callable[[Row], bool]) -> list[int]:
    """Where in a batch the rows are that a predicate holds for.

    columns: those it looks at; the row it is given has no others (AttributeError), and is the same object each time.
    """
    row = object.__new__(Row)
    if not columns:
        return list(range(batch.num_rows)) if takes(row) else []
    setters = [getattr(Row, name).__set__ for name in columns]
    found = []
    for place, values in enumerate(zip(*(to_values(batch.column(name)) for name in columns), strict=True)):
        for put, value in zip(setters, values, strict=True):
            put(row, value)
        if takes(row):
            found.append(place)
    return found


def birth_ids(rows: Iterable[tuple[str | None, str | None, str | None, Sequence[str], str | None]]) -> list[str]:
    """Row ids for rows born together: hashes of source_id, problem, question, options, answer and an ordinal.

    The ordinal counts equals within ``rows``, in order, so that a file with two equal rows keeps both and the same
    file imported again gives the same ids. Newlines are normalised; no file name enters.
    """
    seen: dict[str, int] = {}
    ids = []
    for source_id, problem, question, options, answer in rows:
        content = json.dumps(
            [_newlines(part) for part in (source_id, problem, question, *options, answer)],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        ordinal = seen.get(content, 0)
        seen[content] = ordinal + 1
        ids.append(short_hash(f"{content}#{ordinal}"))
    return ids


def derived_id(parent_id: str, made_by: str, ordinal: int = 0) -> str:
    """The id of a row made from another: the same parent, stage with its settings and ordinal give the same id."""
    return short_hash(f"{parent_id}/{made_by}#{ordinal}")


_FOUND_OUT = ("concluded", "predicted", "votes", "checks", "verdicts", "score", "decisions", "decision")
_MAKER = ("provider", "model", "prompt_id", *sorted(VOLATILE))
_NOT_PASSED_ON: Mapping[str, None] = dict.fromkeys((*_FOUND_OUT, *_MAKER))


def derive(parent: Row, row_id: str, made_by: str, **changes: Any) -> Row:
    """A row made from another: its content, kin and split; nothing of what was found out about the parent or of who
    made it. made_by: the stage and its settings, ``stage:…``; it is the row's newest tag.

    Every stage that adds rows makes them here, so that a column that must come along cannot be forgotten in one.
    """
    born = {
        "row_id": row_id,
        "parent_id": parent.row_id,
        "root_id": parent.root_id or parent.row_id,
        "stage": made_by.partition(":")[0],
        "tags": sorted({*parent.tags, made_by}),
    }
    return parent.with_(**{**_NOT_PASSED_ON, **born, **changes})


def short_hash(text: str) -> str:
    """The first 128 bits of SHA-256, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def _newlines(text: str | None) -> str | None:
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")
