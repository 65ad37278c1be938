"""Versioned datasets: one Delta table each, one commit a version, everything synced before it counts.

Layout (spec §6): ``datasets/<name>/rows/`` is the table; a dataset version *is* a Delta version. Parquet is written
with pyarrow in row groups and synced, then named in the log, then log and folders are synced: the Delta library syncs
nothing and its own writer holds all rows in memory (docs/decisions/0004). A lock per dataset orders the writers; under
it a commit on a stale base is put on top of the newer version when the rows it changes were not touched, else refused.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from augment.errors import Conflict, NotFound, UsageError
from augment.files import disk_errors, lock, make_folder, sync_file, sync_folder
from augment.rows import SCHEMA, VOLATILE, from_batch, to_batch
from augment.types import Row

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction

ROW_GROUP = 2_000
FOREVER = "interval 36500 days"
CONFIGURATION: Mapping[str, str | None] = {
    # Without these three the library drops old log entries, and with them time travel and lineage.
    "delta.logRetentionDuration": FOREVER,
    "delta.deletedFileRetentionDuration": FOREVER,
    "delta.enableExpiredLogCleanup": "false",
    "delta.dataSkippingStatsColumns": "row_id",
}
NAME = re.compile(r"[^\W_][\w.-]{0,99}")


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
        return sorted(f.name for f in self.root.iterdir() if (f / "rows" / "_delta_log").is_dir())

    def current(self, name: str) -> int:
        """The number of the newest version. Raises NotFound."""
        return int(self._table(name).version())

    def has(self, name: str) -> bool:
        """Whether a dataset of that name has a version."""
        return (self.root / name / "rows" / "_delta_log").is_dir()

    def files(self, name: str, version: int | None = None) -> list[Path]:
        """The live Parquet files of a version, in row order."""
        folder = self._folder(name)
        uris = self._table(name, version).file_uris()
        return sorted((folder / Path(uri).name for uri in uris), key=lambda path: path.name)

    def read(self, name: str, version: int | None = None, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Record batches of a version in row order, one row group in memory at a time."""
        for path in self.files(name, version):
            with disk_errors(path), pq.ParquetFile(path, pre_buffer=False) as file:
                for group in range(file.num_row_groups):
                    yield from file.read_row_group(group, columns=columns).to_batches()

    def rows(self, name: str, version: int | None = None) -> Iterator[Row]:
        """The rows of a version, in order."""
        for batch in self.read(name, version):
            yield from from_batch(batch)

    def count(self, name: str, version: int | None = None) -> int:
        """How many rows a version has, from the files' footers."""
        return sum(pq.read_metadata(path).num_rows for path in self.files(name, version))

    def versions(self, name: str) -> list[Version]:
        """Every version with its lineage, oldest first."""
        found = []
        for entry in self._table(name).history():
            lineage = json.loads(entry.get("augment") or "{}")
            found.append(
                Version(int(entry["version"]), entry["timestamp"] / 1000, int(lineage.get("rows_out", 0)), lineage)
            )
        return sorted(found, key=lambda version: version.number)

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextlib.contextmanager
    def draft(self, name: str) -> Iterator[Draft]:
        """A file to write rows into before they are committed; removed where no commit takes it."""
        if not NAME.fullmatch(name) or name == "samples":
            raise UsageError(
                f"{name!r} cannot name a dataset",
                hint="letters, digits, '.', '-' and '_', beginning with a letter or digit; 'samples' is taken",
            )
        folder = make_folder(self._folder(name))
        draft = Draft(folder / f".{uuid.uuid4().hex}.draft")
        try:
            yield draft
        finally:
            draft.close()
            draft.path.unlink(missing_ok=True)

    def commit(
        self,
        name: str,
        *,
        base: int | None,
        whole: Draft | None = None,
        added: Draft | None = None,
        changed: frozenset[str] = frozenset(),
        lineage: Callable[[int, int], Mapping[str, Any]],
        transaction: str,
    ) -> int:
        """Makes the next version and gives its number.

        base: the version the run read, None for a new dataset. whole: all rows of the base in order, those in
        ``changed`` with new values; None where rows are only added. added: rows to append. lineage: given rows added
        and rows out, what to record. transaction: a run's id; the same one again returns the version it made.
        Raises Conflict where a newer version touched a changed row, DiskTrouble.
        """
        with self._locked(name), disk_errors(self._folder(name)):
            if not self.has(name):
                return self._first(name, added, lineage, transaction)
            table = self._table(name)
            if (made := table.transaction_version(transaction)) is not None:
                return int(made)
            newest = int(table.version())
            if base is None:
                base = newest
            with contextlib.ExitStack() as stack:
                if newest != base and whole is not None:
                    whole = stack.enter_context(self._rebased(name, base, newest, whole, changed))
                if newest != base and added is not None:
                    added = stack.enter_context(self._without(name, added, newest))
                drafts = [draft for draft in (whole, added) if draft is not None]
                for draft in drafts:
                    draft.close()
                rows_added = added.rows if added is not None else 0
                rows_before = whole.rows if whole is not None else self.count(name, newest)
                recorded = lineage(rows_added, rows_before + rows_added)
                self._append(
                    name, table, drafts, overwrite=whole is not None, lineage=recorded, transaction=transaction
                )
            return newest + 1

    def restore(self, name: str, version: int, lineage: Callable[[int, int], Mapping[str, Any]]) -> int:
        """Makes a new version that equals an old one, and gives its number."""
        from deltalake import CommitProperties

        with self._locked(name), disk_errors(self._folder(name)):
            rows = self.count(name, version)
            table = self._table(name)
            newest = int(table.version())
            if version == newest:
                return newest
            table.restore(
                version,
                commit_properties=CommitProperties(custom_metadata={"augment": _json(lineage(0, rows))}),
                post_commithook_properties=_no_hooks(),
            )
            self._sync_log(name, newest + 1)
            return newest + 1

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _folder(self, name: str) -> Path:
        return self.root / name / "rows"

    def _locked(self, name: str) -> contextlib.AbstractContextManager[None]:
        return lock(self.root / ".augment" / "locks" / f"{name}.lock")

    def _table(self, name: str, version: int | None = None) -> DeltaTable:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, TableNotFoundError

        if not self.has(name):
            there = ", ".join(self.datasets()) or "none yet"
            raise NotFound(f"no dataset {name!r}", hint=f"datasets here: {there}; `augment import FILE` makes one")
        try:
            return DeltaTable(self._folder(name), version=version)
        except TableNotFoundError as error:
            raise NotFound(f"dataset {name!r} has no version yet", hint="`augment import FILE` makes one") from error
        except DeltaError as error:
            if version is None:
                raise
            newest = int(DeltaTable(self._folder(name)).version())
            raise NotFound(
                f"{name!r} has no version v{version}", hint=f"the newest is v{newest}; `augment versions {name}`"
            ) from error

    def _first(
        self, name: str, added: Draft | None, lineage: Callable[[int, int], Mapping[str, Any]], transaction: str
    ) -> int:
        from deltalake import CommitProperties, Schema, Transaction
        from deltalake.transaction import create_table_with_add_actions

        if added is not None:
            added.close()
        rows = added.rows if added is not None else 0
        files = [added.publish(0, 1)] if added is not None and rows else []
        create_table_with_add_actions(
            str(self._folder(name)),
            Schema.from_arrow(SCHEMA),
            files,
            mode="error",
            configuration=CONFIGURATION,
            commit_properties=CommitProperties(
                custom_metadata={"augment": _json(lineage(rows, rows))},
                app_transactions=[Transaction(transaction, 0)],
            ),
        )
        self._sync_log(name, 0)
        return 0

    def _append(
        self,
        name: str,
        table: DeltaTable,
        drafts: Sequence[Draft],
        *,
        overwrite: bool,
        lineage: Mapping[str, Any],
        transaction: str,
    ) -> None:
        from deltalake import CommitProperties, Schema, Transaction

        version = int(table.version()) + 1
        files: list[Any] = [draft.publish(version, order) for order, draft in enumerate(drafts)]
        try:
            table.create_write_transaction(
                files,
                mode="overwrite" if overwrite else "append",
                schema=Schema.from_arrow(SCHEMA),
                commit_properties=CommitProperties(
                    custom_metadata={"augment": _json(lineage)},
                    max_commit_retries=0,  # the lock orders the writers: a second number would be a bug
                    app_transactions=[Transaction(transaction, version)],
                ),
                post_commithook_properties=_no_hooks(),
            )
        except BaseException:
            if not (self._folder(name) / "_delta_log" / f"{version:020d}.json").exists():
                for file in files:
                    (self._folder(name) / file.path).unlink(missing_ok=True)
            raise
        self._sync_log(name, version)

    def _sync_log(self, name: str, version: int) -> None:
        log = self._folder(name) / "_delta_log"
        sync_file(log / f"{version:020d}.json")
        sync_folder(log)
        sync_folder(log.parent)

    @contextlib.contextmanager
    def _rebased(self, name: str, base: int, newest: int, whole: Draft, changed: frozenset[str]) -> Iterator[Draft]:
        """The changed rows put into the newest version; refused where it changed one of them too."""
        mine = {row.row_id: row for row in whole.read() if row.row_id in changed}
        before = {row.row_id: row for row in self.rows(name, base) if row.row_id in changed}
        with self.draft(name) as draft:
            kept = 0
            for row in self.rows(name, newest):
                if row.row_id in mine:
                    kept += 1
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
            draft.write([row for row in added.read() if row.row_id not in known])
            draft.close()
            yield draft


class Draft:
    """Rows on their way into a version: one Parquet file, written a row group at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._waiting: list[Row] = []
        self._writer: pq.ParquetWriter | None = None

    def write(self, rows: Iterable[Row]) -> None:
        """Adds rows at the end."""
        self._waiting.extend(rows)
        while len(self._waiting) >= ROW_GROUP:
            self._flush(ROW_GROUP)

    def close(self) -> None:
        """Ends the file. Harmless twice."""
        if self._waiting:
            self._flush(len(self._waiting))
        if self._writer is not None:
            with disk_errors(self.path.parent):
                self._writer.close()
            self._writer = None

    def read(self) -> Iterator[Row]:
        """The rows written so far; closes the file."""
        self.close()
        if self.rows:
            with pq.ParquetFile(self.path, pre_buffer=False) as file:
                for batch in file.iter_batches(ROW_GROUP):
                    yield from from_batch(batch)

    def publish(self, version: int, order: int) -> AddAction:
        """Syncs the file under its final name, which sorts in row order, and gives the log's action for it."""
        from deltalake.transaction import AddAction

        self.close()
        if not self.rows:  # a version may be empty, a Parquet file must still have a schema
            pq.write_table(SCHEMA.empty_table(), self.path, compression="zstd")
        name = f"part-{version:08d}-{order}-{uuid.uuid4().hex}.parquet"
        sync_file(self.path)
        final = self.path.rename(self.path.with_name(name))
        sync_folder(final.parent)
        size = final.stat().st_size
        stats = json.dumps({"numRecords": self.rows})
        return AddAction(name, size, {}, int(time.time() * 1000), True, stats)

    def _flush(self, count: int) -> None:
        with disk_errors(self.path.parent):
            if self._writer is None:
                self._writer = pq.ParquetWriter(
                    self.path, SCHEMA, compression="zstd", write_statistics=["row_id"], store_schema=True
                )
            self._writer.write_batch(to_batch(self._waiting[:count]))
        self.rows += count
        del self._waiting[:count]


def same(one: Row, other: Row) -> bool:
    """Whether two states of a row are equal in all but the columns that may differ (spec §2)."""
    return all(getattr(one, name) == getattr(other, name) for name in SCHEMA.names if name not in VOLATILE)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _no_hooks() -> Any:
    from deltalake import PostCommitHookProperties

    # A checkpoint is written without a sync and would be read instead of the log.
    return PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
