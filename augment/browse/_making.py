"""Making the files of a version: the table, the rows by position, the columns as numbers, the index of texts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from augment.browse._columns import Columns
from augment.browse._derived import WIDE, derived
from augment.browse._file import KEPT_BYTES, Place, Progress, drop, make_room, place
from augment.browse._filter import SEARCHED
from augment.browse._grams import write_grams
from augment.browse._rows import write_rows
from augment.browse._source import Table
from augment.errors import Conflict
from augment.files import disk_errors, make_folder, sync_file, sync_folder
from augment.store import Store

NUMBERED = pa.schema([pa.field("position", pa.int64()), *WIDE])
BUILDER_MEMORY = "500MB"  # the rest is spilled beside it


def build(store: Store, name: str, version: int, *, kept_bytes: int = KEPT_BYTES) -> bool:
    """Makes the files of a version where they are missing; False where another builder is at it. Raises DiskTrouble."""
    at = place(store, name, version)
    make_folder(at.folder)
    total = store.count(name, version)

    def saying(part: str) -> Callable[[int], None]:
        at.say(Progress(part, 0, total))
        return lambda done: at.say(Progress(part, done, total))

    try:
        with at.building(), disk_errors(at.folder):
            if not at.table.is_file():
                say = saying("table")
                _whole(at, at.table, lambda part: _write_table(store, name, version, part, say))
            if not at.rows.is_dir():
                rows, say_rows = store.read(name, version), saying("rows")
                _whole(at, at.rows, lambda part: write_rows(part, rows, say_rows))
            if not at.arrays.is_dir():
                _whole(at, at.arrays, lambda part: _write_arrays(at, part))
            if not at.grams.is_dir():
                texts, say_texts = store.read(name, version, [*SEARCHED, "options"]), saying("search")
                _whole(at, at.grams, lambda part: write_grams(part, texts, say_texts))
    except Conflict:
        return False
    make_room(at.folder, kept_bytes, keep=at.key)
    return True


def _write_arrays(at: Place, folder: Path) -> None:
    folder.mkdir()
    with contextlib.closing(Table(at)) as table:
        Columns(table).save(folder)


def _write_table(store: Store, name: str, version: int, path: Path, say: Callable[[int], None]) -> None:
    import duckdb

    with contextlib.closing(
        duckdb.connect(
            str(path),
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "memory_limit": BUILDER_MEMORY,
                "threads": 1,
                "temp_directory": f"{path}.spill",
                "preserve_insertion_order": True,
            },
        )
    ) as connection:
        connection.execute("SET enable_progress_bar = false")  # a notebook would draw it
        # One statement over a stream: row groups are written as they fill up, without a log to be written first.
        reader = pa.RecordBatchReader.from_batches(NUMBERED, _numbered(store.read(name, version), say))
        connection.register("stream", reader)
        connection.execute("CREATE TABLE base AS SELECT * FROM stream")
        connection.execute("CHECKPOINT")


def _numbered(batches: Iterator[pa.RecordBatch], say: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
    done = 0
    for batch in batches:
        positions = pa.array(np.arange(done, done + batch.num_rows, dtype=np.int64))
        yield pa.RecordBatch.from_arrays([positions, *batch.columns, *derived(batch).values()], schema=NUMBERED)
        done += batch.num_rows
        say(done)


def _whole(at: Place, final: Path, write: Callable[[Path], None]) -> None:
    part = at.part()
    try:
        write(part)
        for path in part.rglob("*") if part.is_dir() else [part]:
            sync_file(path)
        if part.is_dir():
            sync_folder(part)
        part.rename(final)
        sync_folder(at.folder)
    finally:
        drop(part)
        for beside in ("wal", "spill"):
            drop(part.with_name(f"{part.name}.{beside}"))
