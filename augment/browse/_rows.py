"""The rows of a version by position, so that any fifty of them are read in some milliseconds.

Eight rows together are JSON lines, compressed by zstd; an index says where each block begins. A table of columns has to
read thousands of rows for one (docs/decisions/0022-a-version-to-look-at-lies-in-files.md).
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from augment.arrays import to_values
from augment.browse._grams import Positions
from augment.rows import COLUMNS
from augment.types import Row, row_of

BLOCK = 8
LEVEL = 1
AT = COLUMNS.index("created_at")
DECISIONS = COLUMNS.index("decisions")
BLOCKS = "blocks"
STARTS = "starts.npy"
SIZES = "sizes.npy"


def write_rows(folder: Path, batches: Iterable[pa.RecordBatch], say: Callable[[int], None]) -> None:
    """Writes the rows of a version into a folder."""
    folder.mkdir()
    codec, encode = pa.Codec("zstd", compression_level=LEVEL), _Encoder().encode
    starts, sizes, done = [0], list[int](), 0
    waiting: list[str] = []
    with (folder / BLOCKS).open("wb") as file:

        def put() -> None:
            raw = "\n".join(waiting).encode()
            packed = codec.compress(raw, asbytes=True)
            file.write(packed)
            starts.append(starts[-1] + len(packed))
            sizes.append(len(raw))
            waiting.clear()

        for batch in batches:
            for values in zip(*(to_values(batch.column(name)) for name in COLUMNS), strict=True):
                waiting.append(encode(values))
                if len(waiting) == BLOCK:
                    put()
            done += batch.num_rows
            say(done)
        if waiting:
            put()
    np.save(folder / STARTS, np.array(starts, np.int64))
    np.save(folder / SIZES, np.array(sizes, np.int32))


class RowFile:
    """Rows written by ``write_rows``. Any thread may read. Raises OSError, ValueError where files are damaged."""

    def __init__(self, folder: Path) -> None:
        self._starts = np.load(folder / STARTS)
        self._sizes = np.load(folder / SIZES)
        self._codec = pa.Codec("zstd")
        self._file = os.open(folder / BLOCKS, os.O_RDONLY)
        if len(self._starts) != len(self._sizes) + 1 or os.fstat(self._file).st_size != self._starts[-1]:
            os.close(self._file)
            raise ValueError("the rows were cut short")

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self._file)

    def rows(self, positions: Positions) -> list[Row]:
        """The rows at these positions, in their order."""
        return [row_of(_read(line)) for line in self._lines(positions)]

    def values(self, positions: Positions, columns: Sequence[str]) -> list[list[Any]]:
        """Some columns of the rows at these positions; times as they are kept."""
        places = [COLUMNS.index(name) for name in columns]
        read = [json.loads(line) for line in self._lines(positions)]
        return [[values[place] for place in places] for values in read]

    def holding(self, start: int, stop: int, sign: bytes, columns: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
        """Position and columns of those rows from one to before another in whose JSON some bytes stand."""
        places = [COLUMNS.index(name) for name in columns]
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            raw = self._raw(block)
            if sign in raw:
                for position, line in enumerate(raw.split(b"\n"), block * BLOCK):
                    if start <= position < stop and sign in line:
                        values = json.loads(line)
                        yield position, [values[place] for place in places]

    def _lines(self, positions: Positions) -> list[bytes]:
        blocks: dict[int, list[bytes]] = {}
        found = []
        for position in positions.tolist():
            block, place = divmod(position, BLOCK)
            if block not in blocks:
                blocks[block] = self._block(block)
            found.append(blocks[block][place])
        return found

    def _block(self, number: int) -> list[bytes]:
        return self._raw(number).split(b"\n")

    def _raw(self, number: int) -> bytes:
        start, stop = int(self._starts[number]), int(self._starts[number + 1])
        packed = os.pread(self._file, stop - start, start)
        raw: bytes = self._codec.decompress(packed, int(self._sizes[number]), asbytes=True)
        return raw


class _Encoder(json.JSONEncoder):
    def __init__(self) -> None:
        super().__init__(ensure_ascii=False, separators=(",", ":"), check_circular=False)

    def default(self, o: Any) -> Any:
        if isinstance(o, dt.datetime):
            return o.isoformat()
        return super().default(o)


def _read(line: bytes) -> list[Any]:
    values: list[Any] = json.loads(line)
    if values[AT] is not None:
        values[AT] = dt.datetime.fromisoformat(values[AT])
    for decision in values[DECISIONS] or []:
        decision["at"] = None if decision["at"] is None else dt.datetime.fromisoformat(decision["at"])
    return values
