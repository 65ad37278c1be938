"""Rows on their way into a version: a Parquet file beside the others, which no log entry names yet."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from augment.arrays import to_array
from augment.files import disk_errors, sync_file, sync_folder
from augment.rows import SCHEMA, from_batch, to_batch
from augment.types import Row

if TYPE_CHECKING:
    from deltalake.transaction import AddAction

ROW_GROUP = 2_000


class Draft:
    """Rows on their way into a version: one Parquet file, written a row group at a time."""

    def __init__(self, path: Path, stamp: Mapping[str, Any] | None = None) -> None:
        self.path = path
        self.rows = 0
        self.stamp = stamp or {}
        self._waiting: list[Row] = []
        self._parts: list[pa.RecordBatch] = []  # what is Arrow already, less than a row group
        self._file: pa.OSFile | None = None
        self._writer: pq.ParquetWriter | None = None

    def write(self, rows: Iterable[Row]) -> None:
        """Adds rows at the end."""
        source = iter(rows)
        while more := list(islice(source, ROW_GROUP - len(self._waiting))):
            self._waiting += more
            if len(self._waiting) == ROW_GROUP:
                self._flush()

    def put(self, row: Row) -> None:
        """Adds one row at the end."""
        self._waiting.append(row)
        if len(self._waiting) == ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Ends the file. Harmless twice."""
        self._flush()
        if self._parts:
            self._write(pa.concat_batches(self._parts))
            self._parts.clear()
        if self._writer is not None and self._file is not None:
            with disk_errors(self.path.parent):
                self._writer.close()
                self._file.close()
            self._writer = self._file = None

    def discard(self) -> None:
        """Removes the file where no version took it. Never raises for a disk that is full."""
        self._waiting.clear()
        self._parts.clear()
        for opened in (self._writer, self._file):
            if opened is not None:
                with contextlib.suppress(OSError, pa.ArrowException):
                    opened.close()
        self._writer = self._file = None
        self.path.unlink(missing_ok=True)

    def read(self) -> Iterator[Row]:
        """The rows written so far; closes the file."""
        self.close()
        if self.rows:
            with pq.ParquetFile(self.path, pre_buffer=False) as file:
                for batch in file.iter_batches(ROW_GROUP):
                    yield from from_batch(batch)

    def publish(self, version: int, order: int) -> AddAction:
        """Syncs the file under its final name, and gives the log's action for it. The name sorts in row order and ends
        in the SHA-256 of the bytes, by which any later change of them can be told."""
        from deltalake.transaction import AddAction

        self.close()
        if not self.rows:  # a version may be empty, a Parquet file must still have a schema
            pq.write_table(SCHEMA.empty_table(), self.path, compression="zstd")
        sync_file(self.path)
        with self.path.open("rb") as written:
            name = f"part-{version:08d}-{order}-{hashlib.file_digest(written, 'sha256').hexdigest()}.parquet"
        final = self.path.rename(self.path.with_name(name))
        sync_folder(final.parent)
        size = final.stat().st_size
        stats = json.dumps({"numRecords": self.rows})
        return AddAction(name, size, {}, int(time.time() * 1000), True, stats)

    def _flush(self) -> None:
        """Makes the rows that wait Arrow."""
        if self._waiting:
            batch = to_batch(self._waiting, self.stamp)
            self._waiting.clear()
            self._place(batch)

    def _place(self, batch: pa.RecordBatch) -> None:
        self._append(batch)

    def _append(self, batch: pa.RecordBatch) -> None:
        """Writes as many whole row groups as there are."""
        self._parts.append(batch)
        if sum(part.num_rows for part in self._parts) >= ROW_GROUP:
            together = pa.concat_batches(self._parts) if len(self._parts) > 1 else batch
            whole = together.num_rows - together.num_rows % ROW_GROUP
            for start in range(0, whole, ROW_GROUP):
                self._write(together.slice(start, ROW_GROUP))
            self._parts = [together.slice(whole)] if whole < together.num_rows else []

    def _write(self, batch: pa.RecordBatch) -> None:
        with disk_errors(self.path.parent):
            if self._writer is None:
                self._file = pa.OSFile(str(self.path), "wb")
                self._writer = pq.ParquetWriter(
                    self._file,
                    SCHEMA,
                    compression="zstd",
                    use_dictionary=False,  # texts hardly repeat, and what does zstd finds: a fifth less CPU, same size
                    write_statistics=["row_id"],
                    store_schema=True,
                )
            self._writer.write_batch(batch)
        self.rows += batch.num_rows


class Fill(Draft):
    """All rows of a version, those written here in the place of their old selves, less those left out; the others
    never become a Row.

    The base is read as far as the written rows come, and to its end when the file is ended.
    """

    def __init__(self, path: Path, base: Iterator[pa.RecordBatch], stamp: Mapping[str, Any] | None = None) -> None:
        super().__init__(path, stamp)
        self._base = base
        self._left: pa.RecordBatch | None = None  # of the base's batch in hand
        self._placed = 0
        self._out: set[str] = set()  # what is to come and is to go
        self.left_out = 0

    @property
    def changed(self) -> int:
        """How many rows were written or left out; with none the file stays empty."""
        return self._placed + len(self._waiting) + self.left_out

    def leave_out(self, row_id: str) -> None:
        """Drops a row of the version, in its turn among those written."""
        self._out.add(row_id)
        self.left_out += 1

    def close(self) -> None:
        """Ends the file. Harmless twice. Raises ValueError where a row written has no place: see ``_place``."""
        self._flush()
        if self._placed or self.left_out:
            for batch in self._remaining():
                self._append(self._kept(batch))
            if self._out:
                raise ValueError(f"row {next(iter(self._out))!r} is to be left out of a version that lacks it")
        super().close()

    def _place(self, batch: pa.RecordBatch) -> None:
        """Puts rows in their places. Raises ValueError for one that the base lacks, or has before the row put last."""
        wanted = batch.column("row_id").to_pylist()
        found = 0
        for old in self._remaining():
            picked: list[int] = []  # the base's rows count from 0, after them come those of the batch
            first, index = found, -1
            for index, row_id in enumerate(old.column("row_id").to_pylist()):
                if row_id == wanted[found]:
                    picked.append(old.num_rows + found)
                    found += 1
                    if found == len(wanted):
                        break
                elif row_id in self._out:
                    self._out.remove(row_id)
                else:
                    picked.append(index)
            self._left = old.slice(index + 1)
            self._append(_picked(old, batch, picked, first, found))
            if found == len(wanted):
                self._placed += found
                return
        raise ValueError(f"row {wanted[found]!r} is not in the version, or came out of its order")

    def _kept(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of a batch that stay."""
        if not self._out:
            return batch
        row_ids = batch.column("row_id").to_pylist()
        stays = [place for place, row_id in enumerate(row_ids) if row_id not in self._out]
        self._out.difference_update(row_ids)
        return batch if len(stays) == len(row_ids) else batch.take(to_array(stays, pa.int64()))

    def _remaining(self) -> Iterator[pa.RecordBatch]:
        """What is left of the base."""
        left, self._left = self._left, None
        return chain([left] if left is not None and left.num_rows else [], self._base)


def _picked(old: pa.RecordBatch, new: pa.RecordBatch, picked: list[int], first: int, end: int) -> pa.RecordBatch:
    """Rows of two batches, as ``picked`` counts them; ``first`` to ``end`` are those of the second."""
    if end - first == len(picked):
        return new.slice(first, end - first)
    if end == first and len(picked) == old.num_rows:
        return old
    return pa.concat_batches([old, new]).take(to_array(picked, pa.int64()))
