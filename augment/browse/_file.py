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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from augment.browse._derived import WIDE
from augment.errors import Conflict
from augment.files import lock
from augment.rows import short_hash
from augment.store import Store

LAYOUT = 3  # another number where the files are made in another way
LARGE = 50_000  # rows; below it a version is read into memory and has no files
KEPT_BYTES = 12 * 2**30  # a million rows take about four
SUFFIXES = (".duckdb", ".rows", ".arrays", ".grams")
STAND_BACK_S = 1.0  # longer than somebody takes who only looks whether there is a builder


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a builder is. part: ``table``, ``rows``, ``search``; done and total count its rows."""

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
    def rows(self) -> Path:
        """The folder with the rows by position."""
        return self.folder / f"{self.key}.rows"

    @property
    def arrays(self) -> Path:
        """The folder with the columns as numbers."""
        return self.folder / f"{self.key}.arrays"

    @property
    def folders(self) -> dict[str, Path]:
        """What lies beside the table, by name."""
        return {"rows": self.rows, "arrays": self.arrays, "grams": self.grams}

    @property
    def ready(self) -> bool:
        """Whether all are there."""
        return self.table.is_file() and all(one.is_dir() for one in self.folders.values())

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
                drop(left)
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
        """Removes all: one was found damaged."""
        for one in (self.table, *self.folders.values()):
            drop(one)

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


def make_room(folder: Path, kept_bytes: int, *, keep: str = "") -> None:
    """Drops the files used longest ago until the rest fits. Whoever has one open reads on."""
    groups: dict[str, list[Path]] = {}
    for path in folder.glob("*"):
        if path.suffix in SUFFIXES:
            groups.setdefault(path.stem, []).append(path)
    sizes = {key: sum(_size(path) for path in paths) for key, paths in groups.items()}
    used = {key: max(_used(path) for path in paths) for key, paths in groups.items()}
    for key in sorted(groups, key=lambda one: used[one]):
        if sum(sizes.values()) <= kept_bytes:
            return
        if key != keep:
            for path in (*groups[key], folder / f"{key}.lock"):
                drop(path)
            del sizes[key]


def drop(path: Path) -> None:
    """Removes a file, or a folder with what is in it."""
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
