"""Versioned datasets: one Delta table each, one commit a version, everything synced before it counts.

Layout (spec §6): ``datasets/<name>/rows/`` is the table; a dataset version *is* a Delta version. Parquet is written
with pyarrow in row groups and synced, then named in the log, then log and folders are synced: the Delta library syncs
nothing and its own writer holds all rows in memory (docs/decisions/0004). A lock per dataset orders the writers; under
it a commit on a stale base is put on top of the newer version when the rows it changes were not touched, else refused.
"""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from augment import delta
from augment.drafts import ROW_GROUP, Draft, Fill
from augment.errors import Conflict, DiskTrouble, NotFound, UsageError
from augment.files import disk_errors, lock, make_folder
from augment.processes import is_alive
from augment.rows import COLUMNS, VOLATILE, from_batch
from augment.types import Row

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction

__all__ = ["ROW_GROUP", "Draft", "Fill", "Store", "Version", "same"]

NAME = re.compile(r"[^\W_][\w.-]{0,99}")
# What stages fill stands at the end of a row: from there a difference is met soonest.
CONTENT = tuple(name for name in reversed(COLUMNS) if name not in VOLATILE)


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable state of a dataset. lineage: what the commit recorded (stage, options, counts, tokens, cost …)."""

    number: int
    at: float
    rows: int
    lineage: Mapping[str, Any]


class Store:
    """The datasets under one ``datasets/`` folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def datasets(self) -> list[str]:
        """The names of all datasets, sorted."""
        if not self.root.is_dir():
            return []
        return sorted(folder.name for folder in self.root.iterdir() if self.has(folder.name))

    def current(self, name: str) -> int:
        """The number of the newest version. Raises NotFound."""
        newest = delta.newest(self._folder(name)) if NAME.fullmatch(name) else None
        if newest is None:
            there = ", ".join(self.datasets()) or "none yet"
            raise NotFound(f"no dataset {name!r}", hint=f"datasets here: {there}; `augment import FILE` makes one")
        return newest

    def has(self, name: str) -> bool:
        """Whether a dataset of that name has a version."""
        return NAME.fullmatch(name) is not None and delta.newest(self._folder(name)) is not None

    def files(self, name: str, version: int | None = None) -> list[Path]:
        """The live Parquet files of a version, in row order."""
        folder = self._folder(name)
        if version is not None and version in (gone := delta.pruned(folder)):
            left = [f"v{number}" for number in range(self.current(name) + 1) if number not in gone]
            raise NotFound(
                f"v{version} of {name!r} was pruned: its rows are gone, what made it is still in `augment versions`",
                hint=f"kept: {', '.join(left)}; `augment replay {name}@v{version}` makes it again, to compare",
            )
        uris = self._table(name, version).file_uris()
        return sorted((folder / Path(uri).name for uri in uris), key=lambda path: path.name)

    def read(
        self, name: str, version: int | None = None, columns: Sequence[str] | None = None
    ) -> Generator[Any, None, None]:
        """Record batches of a version in row order, one row group in memory at a time."""
        yield from self.read_files(self.files(name, version), columns)

    def read_files(self, files: Sequence[Path], columns: Sequence[str] | None = None) -> Generator[Any, None, None]:
        """Record batches of some files of a version, one row group in memory at a time."""
        for path in files:
            with _readable(path), pq.ParquetFile(path, pre_buffer=False) as file:
                for group in range(file.num_row_groups):
                    yield from file.read_row_group(group, columns=columns).to_batches()

    def rows(self, name: str, version: int | None = None) -> Iterator[Row]:
        """The rows of a version, in order."""
        for batch in self.read(name, version):
            yield from from_batch(batch)

    def count(self, name: str, version: int | None = None) -> int:
        """How many rows a version has, from the files' footers."""
        rows = 0
        for path in self.files(name, version):
            with _readable(path):
                rows += pq.read_metadata(path).num_rows
        return rows

    def versions(self, name: str) -> list[Version]:
        """Every version with its lineage, oldest first."""
        return [
            Version(number, at, int(lineage.get("rows_out", 0)), lineage)
            for number, at, lineage in delta.history(self._folder(name), self.current(name))
        ]

    def pruned(self, name: str) -> frozenset[int]:
        """The versions whose data was given up."""
        return delta.pruned(self._folder(name))

    @contextlib.contextmanager
    def still(self, name: str) -> Iterator[Path]:
        """The dataset's folder of data files, with nobody committing to it meanwhile. Raises NotFound, Conflict."""
        self.current(name)
        with self._locked(name):
            yield self._folder(name)

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextlib.contextmanager
    def draft(self, name: str, stamp: Mapping[str, Any] | None = None) -> Iterator[Draft]:
        """A file to write rows into before they are committed; removed where no commit takes it.

        stamp: column → the value that every row written gets in place of its own.
        """
        if not NAME.fullmatch(name) or name == "samples":
            raise UsageError(
                f"{name!r} cannot name a dataset",
                hint="letters, digits, '.', '-' and '_', beginning with a letter or digit; 'samples' is taken",
            )
        folder = make_folder(self._folder(name))
        draft = Draft(folder / f".{os.getpid()}.{uuid.uuid4().hex}.draft", stamp)
        try:
            yield draft
        finally:
            draft.discard()

    @contextlib.contextmanager
    def fill(self, name: str, version: int, stamp: Mapping[str, Any] | None = None) -> Iterator[Fill]:
        """A draft of all rows of a version, into which those with new values are written, in the version's order."""
        with self.draft(name) as draft, contextlib.closing(self.read(name, version)) as base:
            fill = Fill(draft.path, base, stamp)
            try:
                yield fill
            finally:
                fill.discard()

    def commit(
        self,
        name: str,
        *,
        base: int | None,
        whole: Draft | None = None,
        added: Draft | None = None,
        changed: frozenset[str] | None = None,
        lineage: Callable[[int, int], Mapping[str, Any]],
        transaction: str,
    ) -> int:
        """Makes the next version and gives its number.

        base: the version the run read, None where there was none. whole: all rows of the base in order, some with new
        values; None where rows are only added. changed: the ids of those, None where comparing is to tell. added: rows
        to append. lineage: given rows added and rows out, what to record. transaction: a run's id; the same one again
        returns the version it made. Where all added rows came in meanwhile by another way, the newest version is the
        answer and nothing is made.
        Raises Conflict where a newer version touched a changed row, DiskTrouble.
        """
        folder = self._folder(name)
        with self._locked(name), delta.delta_errors(folder):
            newest = delta.newest(folder)
            if newest is None:
                return self._first(name, added, lineage, transaction)
            if (made := delta.open_table(folder, newest).transaction_version(transaction)) is not None:
                return int(made)
            with contextlib.ExitStack() as stack:
                if newest != base and base is not None and whole is not None:
                    if isinstance(whole, Fill) and whole.left_out:
                        raise Conflict(
                            f"v{newest} of {name!r} was made meanwhile, and this run leaves rows out",
                            hint="type the command again: it reads the new version and pays for nothing twice",
                        )
                    whole = stack.enter_context(self._rebased(name, base, newest, whole, changed))
                if newest != base and added is not None:
                    added = stack.enter_context(self._without(name, added, newest))
                drafts = [draft for draft in (whole, added) if draft is not None]
                for draft in drafts:
                    draft.close()
                rows_added = added.rows if added is not None else 0
                rows_before = whole.rows if whole is not None else self.count(name, newest)
                recorded = lineage(rows_added, rows_before + rows_added)
                if whole is None and not rows_added:
                    return newest
                with self._published(name, newest + 1, drafts) as files:
                    delta.follow(folder, files, overwrite=whole is not None, lineage=recorded, transaction=transaction)
            return newest + 1

    def restore(self, name: str, version: int, lineage: Callable[[int, int], Mapping[str, Any]]) -> int:
        """Makes a new version that equals an old one, and gives its number."""
        folder = self._folder(name)
        with self._locked(name), delta.delta_errors(folder):
            rows = self.count(name, version)
            newest = self.current(name)
            return newest if version == newest else delta.restore(folder, version, lineage(0, rows))

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _folder(self, name: str) -> Path:
        return self.root / name / "rows"

    def _locked(self, name: str) -> contextlib.AbstractContextManager[None]:
        return lock(self.root / ".augment" / "locks" / f"{name}.lock")

    def _table(self, name: str, version: int | None = None) -> DeltaTable:
        newest = self.current(name)
        if version is not None and not 0 <= version <= newest:
            raise NotFound(
                f"{name!r} has no version v{version}", hint=f"the newest is v{newest}; `augment versions {name}`"
            )
        return delta.open_table(self._folder(name), newest if version is None else version)

    def _first(
        self, name: str, added: Draft | None, lineage: Callable[[int, int], Mapping[str, Any]], transaction: str
    ) -> int:
        if added is not None:
            added.close()
        drafts = [added] if added is not None and added.rows else []
        rows = sum(draft.rows for draft in drafts)
        with self._published(name, 0, drafts) as files:
            delta.begin(self._folder(name), files, lineage(rows, rows), transaction)
        return 0

    @contextlib.contextmanager
    def _published(self, name: str, version: int, drafts: Sequence[Draft]) -> Iterator[list[AddAction]]:
        """The log's actions for the drafts under their final names; taken back where the version is not made."""
        delta.check_path(self._folder(name))
        _sweep(self._folder(name), version)
        files: list[AddAction] = []
        try:
            files += (draft.publish(version, order) for order, draft in enumerate(drafts))
            yield files
        except BaseException:
            if delta.newest(self._folder(name)) != version:
                for file in files:
                    (self._folder(name) / file.path).unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def _rebased(
        self, name: str, base: int, newest: int, whole: Draft, changed: frozenset[str] | None
    ) -> Iterator[Draft]:
        """The changed rows put into the newest version; refused where it changed one of them too."""
        if changed is None:
            pairs = zip(whole.read(), self.rows(name, base), strict=True)
            changed = frozenset(row.row_id for row, old in pairs if not same(row, old))
        mine = {row.row_id: row for row in whole.read() if row.row_id in changed}
        before = {row.row_id: row for row in self.rows(name, base) if row.row_id in changed}
        with self.draft(name) as draft:
            kept = 0
            for row in self.rows(name, newest):
                if row.row_id in mine:
                    kept += 1
                    if same(row, mine[row.row_id]):  # two runs came to the same: the one that was first stands
                        draft.write([row])
                        continue
                    if not same(row, before[row.row_id]):
                        raise Conflict(
                            f"v{newest} of {name!r}, made meanwhile, changed row {row.row_id!r} too",
                            hint="type the command again: it reads the new version and pays for nothing twice",
                        )
                    row = mine[row.row_id]
                draft.write([row])
            if kept != len(mine):
                raise Conflict(
                    f"v{newest} of {name!r}, made meanwhile, lacks {len(mine) - kept} of the rows this run changed",
                    hint="type the command again: it reads the new version and pays for nothing twice",
                )
            draft.close()
            yield draft

    @contextlib.contextmanager
    def _without(self, name: str, added: Draft, newest: int) -> Iterator[Draft]:
        """The added rows less those that a version made meanwhile already has."""
        known = {row_id for batch in self.read(name, newest, ["row_id"]) for row_id in batch.column(0).to_pylist()}
        with self.draft(name) as draft:
            draft.write(row for row in added.read() if row.row_id not in known)
            draft.close()
            yield draft


def _sweep(folder: Path, version: int) -> None:
    """Removes what killed processes left: their drafts, and data files of the next version, which no entry names."""
    with disk_errors(folder):
        for left in folder.glob(".*.draft"):
            owner = left.name.split(".")[1]
            if owner.isdigit() and not is_alive(int(owner)):
                left.unlink(missing_ok=True)
        if not delta.has_entry(folder, version):
            for left in folder.glob(f"part-{version:08d}-*.parquet"):
                left.unlink(missing_ok=True)


def same(one: Row, other: Row) -> bool:
    """Whether two states of a row are equal in all but the columns that may differ (spec §2)."""
    return all(getattr(one, name) == getattr(other, name) for name in CONTENT)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turns a data file that is gone or no Parquet into DiskTrouble."""
    try:
        with disk_errors(path):
            yield
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, FileNotFoundError):
            raise  # of the system; where there is no number it is Arrow's word on the bytes
        raise DiskTrouble(
            f"the data file {str(path)!r} is missing or damaged",
            hint="put a copy of it in its place, or `augment restore` a version that does without it",
        ) from error
