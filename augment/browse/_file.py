"""A version as a DuckDB file, and its 2-gram index, under ``datasets/.augment/cache/``: derived, deleted at any time.

One builder at a time makes them, under a name of their own, and renames them when they are whole and on disk: what
bears the final name is whole. The name is a hash of the version's data files and of what is kept of them, so that a
restored version finds the file of the one it equals, and a dataset made anew under an old name never does.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from augment.browse._grams import write_grams
from augment.errors import Conflict
from augment.files import disk_errors, lock, make_folder, sync_file, sync_folder
from augment.rows import SCHEMA, short_hash
from augment.store import Store

LAYOUT = 2  # another number where the tables or the index are made in another way
LARGE = 50_000  # rows; below it a version is read into memory and has no files
KEPT_BYTES = 8 * 2**30
CHUNK = 10_000  # rows put in at once
MEMORY = "300MB"  # of one open version
BUILDER_MEMORY = "800MB"  # a checkpoint holds much of what it writes; the rest is spilled beside it
THREADS = 2
STAND_BACK_S = 1.0  # longer than somebody takes who only looks whether there is a builder
DERIVED = pa.schema(
    [
        ("failed", pa.list_(pa.string())),
        ("passed", pa.list_(pa.string())),
        ("length", pa.int64()),
        ("has_reasoning", pa.bool_()),
        ("spread", pa.float64()),
    ]
)
WIDE = pa.schema([*SCHEMA, *DERIVED])


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a builder is. part: ``table``, then ``search``; done and total count its rows."""

    part: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a version's files are, or will be."""

    folder: Path
    key: str

    @property
    def table(self) -> Path:
        """The DuckDB file."""
        return self.folder / f"{self.key}.duckdb"

    @property
    def grams(self) -> Path:
        """The index's folder."""
        return self.folder / f"{self.key}.grams"

    @property
    def ready(self) -> bool:
        """Whether both are there."""
        return self.table.is_file() and self.grams.is_dir()

    def progress(self) -> Progress | None:
        """What the builder at work said last; None where none is. Raises DiskTrouble."""
        with contextlib.suppress(Conflict), lock(self._lock, wait_s=0):
            return None  # nobody holds it
        with contextlib.suppress(OSError, ValueError, TypeError):
            return Progress(**json.loads(self._said.read_text("utf-8")))
        return Progress("table", 0, 0)

    def say(self, progress: Progress) -> None:
        """Lets others see how far this builder is; a full disk is told by what it builds, not by this."""
        beside = self._said.with_suffix(f".{uuid.uuid4().hex}.part")
        with contextlib.suppress(OSError):
            beside.write_text(json.dumps({"part": progress.part, "done": progress.done, "total": progress.total}))
            beside.replace(self._said)

    @contextlib.contextmanager
    def building(self) -> Iterator[None]:
        """Holds the only builder's place. Raises Conflict where another has it."""
        with lock(self._lock, wait_s=STAND_BACK_S):
            for left in self.folder.glob(f".{self.key}.*"):  # of one that was killed
                _drop(left)
            try:
                yield
            finally:
                self._said.unlink(missing_ok=True)

    def part(self) -> Path:
        """A name for what is not whole yet."""
        return self.folder / f".{self.key}.{uuid.uuid4().hex}"

    def touch(self) -> None:
        """Notes that the files are in use, so that others are dropped before them."""
        with contextlib.suppress(OSError):
            os.utime(self.table)

    def forget(self) -> None:
        """Removes both: one was found damaged."""
        for one in (self.table, self.grams):
            _drop(one)

    @property
    def _lock(self) -> Path:
        return self.folder / f"{self.key}.lock"

    @property
    def _said(self) -> Path:
        return self.folder / f".{self.key}.progress"


def place(store: Store, name: str, version: int) -> Place:
    """Where the files of a version belong. Raises NotFound."""
    files = [path.name for path in store.files(name, version)]
    key = short_hash(json.dumps([LAYOUT, WIDE.to_string(), name, files], ensure_ascii=True))
    return Place(store.root / ".augment" / "cache", key)


def build(store: Store, name: str, version: int, *, kept_bytes: int = KEPT_BYTES) -> bool:
    """Makes the files of a version where they are missing; False where another builder is at it. Raises DiskTrouble."""
    at = place(store, name, version)
    make_folder(at.folder)
    total = store.count(name, version)
    try:
        with at.building(), disk_errors(at.folder):
            if not at.table.is_file():
                at.say(Progress("table", 0, total))
                _whole(at, at.table, lambda part: _write_table(store, name, version, part, _saying(at, "table", total)))
            if not at.grams.is_dir():
                at.say(Progress("search", 0, total))
                batches = store.read(
                    name, version, ["problem", "question", "options", "answer", "reasoning", "source_id"]
                )
                _whole(at, at.grams, lambda part: write_grams(part, batches, _saying(at, "search", total)))
    except Conflict:
        return False
    make_room(at.folder, kept_bytes, keep=at.key)
    return True


def make_room(folder: Path, kept_bytes: int, *, keep: str = "") -> None:
    """Drops the files used longest ago until the rest fits. Whoever has one open reads on."""
    groups: dict[str, list[Path]] = {}
    for path in folder.glob("*"):
        if path.suffix in (".duckdb", ".grams"):
            groups.setdefault(path.stem, []).append(path)
    sizes = {key: sum(_size(path) for path in paths) for key, paths in groups.items()}
    used = {key: max(_used(path) for path in paths) for key, paths in groups.items()}
    for key in sorted(groups, key=lambda one: used[one]):
        if sum(sizes.values()) <= kept_bytes:
            return
        if key != keep:
            for path in (*groups[key], folder / f"{key}.lock"):
                _drop(path)
            del sizes[key]


def derived(batch: pa.RecordBatch | pa.Table) -> dict[str, Any]:
    """What filters need and no column says by itself, by the names of DERIVED."""
    checks = batch.column("checks")
    if isinstance(checks, pa.ChunkedArray):
        checks = checks.combine_chunks()
    parents = pc.list_parent_indices(checks)
    inner = pc.list_flatten(checks)
    texts = [batch.column(name) for name in ("problem", "question", "reasoning")]
    texts.append(pc.binary_join(batch.column("options"), ""))
    lengths = [pc.fill_null(pc.utf8_length(text), 0).cast(pa.int64()) for text in texts]
    total = lengths[0]
    for more in lengths[1:]:
        total = pc.add(total, more)
    ok = pc.fill_null(pc.struct_field(inner, "ok"), False)
    return {
        "failed": _names(inner, parents, pc.invert(ok), len(checks)),
        "passed": _names(inner, parents, ok, len(checks)),
        "length": total,
        "has_reasoning": batch.column("reasoning").is_valid(),
        "spread": _spread(batch.column("verdicts")),
    }


def _spread(verdicts: Any) -> Any:
    """For each row how far its judges' shares of their maximum lie apart; null for fewer than two."""
    import numpy as np

    if isinstance(verdicts, pa.ChunkedArray):
        verdicts = verdicts.combine_chunks()
    inner = pc.list_flatten(verdicts)
    total, maximum = (pc.fill_null(pc.struct_field(inner, name), np.nan) for name in ("total", "maximum"))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = total.to_numpy(zero_copy_only=False) / maximum.to_numpy(zero_copy_only=False)
    there = np.isfinite(shares)
    parents = pc.list_parent_indices(verdicts).to_numpy(zero_copy_only=False)[there]
    most, least = np.full(len(verdicts), -np.inf), np.full(len(verdicts), np.inf)
    np.maximum.at(most, parents, shares[there])
    np.minimum.at(least, parents, shares[there])
    several = np.bincount(parents, minlength=len(verdicts)) > 1
    return pa.array(np.where(several, most - least, 0.0), mask=~several)


def _names(inner: Any, parents: Any, chosen: Any, rows: int) -> Any:
    """For each row the names of those of its checks that are chosen."""
    import numpy as np

    counts = np.bincount(pc.filter(parents, chosen).to_numpy(zero_copy_only=False).astype(np.int64), minlength=rows)
    offsets = pa.array(np.concatenate(([0], np.cumsum(counts))).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, pc.filter(pc.struct_field(inner, "name"), chosen))


def _write_table(store: Store, name: str, version: int, path: Path, say: Callable[[int], None]) -> None:
    import duckdb

    columns = ", ".join(f'"{column}"' for column in WIDE.names)
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
        connection.register("batch", WIDE.empty_table())
        connection.execute(f"CREATE TABLE base AS SELECT 0::BIGINT AS position, {columns} FROM batch LIMIT 0")
        done = 0
        for table in _chunks(store.read(name, version)):
            connection.register("batch", table)
            connection.execute(f"INSERT INTO base SELECT {done} + row_number() OVER () - 1, {columns} FROM batch")
            connection.unregister("batch")
            done += table.num_rows
            say(done)
        # Sorted, so that one id is looked for in one row group of it.
        connection.execute("CREATE TABLE ids AS SELECT row_id, position FROM base ORDER BY row_id")
        connection.execute("CHECKPOINT")


def _chunks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(pa.RecordBatch.from_arrays([*batch.columns, *derived(batch).values()], schema=WIDE))
        if sum(one.num_rows for one in waiting) >= CHUNK:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


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
        _drop(part)
        for beside in ("wal", "spill"):
            _drop(part.with_name(f"{part.name}.{beside}"))


def _saying(at: Place, part: str, total: int) -> Callable[[int], None]:
    return lambda done: at.say(Progress(part, done, total))


def _drop(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(p.stat().st_size for p in path.iterdir()) if path.is_dir() else path.stat().st_size
    return 0


def _used(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0
