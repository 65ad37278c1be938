"""Python values as Arrow arrays, and moments back, without pandas.

``pyarrow.array`` imports pandas where it is installed, only to ask whether a list is one of its series: half a second
of CPU and 50 MB in every run. The few types of a row are built from buffers here instead.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import pyarrow as pa

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
NUMBERS = {pa.int8(): "b", pa.int32(): "i", pa.int64(): "q", pa.float64(): "d"}


def to_array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """The values as an array of text, truth, numbers, moments (microseconds, UTC), structs or lists of these.

    A struct's value is a mapping; a field it lacks is null. Raises TypeError, AttributeError or OverflowError where a
    value is none of the kind.
    """
    count = len(values)
    nulls = values.count(None)
    if nulls == count:
        return pa.nulls(count, kind)
    validity = _bits([value is not None for value in values]) if nulls else None
    children: list[pa.Array] = []
    buffers: list[pa.Buffer | None] = [validity]
    if pa.types.is_string(kind):
        texts = list(map(str.encode, ["" if value is None else value for value in values] if nulls else values))
        buffers += [_offsets(texts), pa.py_buffer(b"".join(texts))]
    elif pa.types.is_list(kind):
        lists = [() if value is None else value for value in values] if nulls else values
        buffers.append(_offsets(lists))
        children.append(to_array(list(chain.from_iterable(lists)), kind.value_type))
    elif pa.types.is_struct(kind):
        mappings = [{} if value is None else value for value in values]
        children += (to_array([one.get(field.name) for one in mappings], field.type) for field in kind)
    elif pa.types.is_boolean(kind):
        buffers.append(_bits(values))
    elif pa.types.is_timestamp(kind):
        since = (0 if value is None else (value - EPOCH) // MICROSECOND for value in values)
        buffers.append(pa.py_buffer(array("q", since)))
    else:
        known = [0 if value is None else value for value in values] if nulls else values
        buffers.append(pa.py_buffer(array(NUMBERS[kind], known)))
    return pa.Array.from_buffers(kind, count, buffers, null_count=nulls, children=children)


def to_values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """The values of an array of one of these kinds."""
    if not pa.types.is_timestamp(column.type):
        return list(column.to_pylist())
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    moments = chain.from_iterable(chunk.view(pa.int64()).to_pylist() for chunk in chunks)
    return [None if since is None else EPOCH + since * MICROSECOND for since in moments]


def _offsets(parts: Sequence[Sequence[Any]]) -> pa.Buffer:
    return pa.py_buffer(array("i", list(accumulate(map(len, parts), initial=0))))


def _bits(flags: Sequence[Any]) -> pa.Buffer:
    """One bit a flag, the first one lowest."""
    digits = "".join("1" if flag else "0" for flag in reversed(flags))
    return pa.py_buffer(int(digits, 2).to_bytes((len(flags) + 7) // 8, "little"))
