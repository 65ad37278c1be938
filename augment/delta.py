"""One Delta table on disk: opened at a whole version, begun, continued; each commit synced before it counts.

The Delta library syncs nothing (docs/decisions/0004). A log entry that a power cut left torn was never told to anybody
as a version, so it is not one: readers stop before it and the next writer takes it away.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.errors import DiskTrouble
from augment.files import disk_errors, disk_trouble, sync_file, sync_folder
from augment.rows import SCHEMA

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction

FOREVER = "interval 36500 days"
CONFIGURATION: Mapping[str, str | None] = {
    # Without these three the library drops old log entries, and with them time travel and lineage.
    "delta.logRetentionDuration": FOREVER,
    "delta.deletedFileRetentionDuration": FOREVER,
    "delta.enableExpiredLogCleanup": "false",
    "delta.dataSkippingStatsColumns": "row_id",
}
ENTRY = re.compile(r"\d{20}\.json")
MISREAD = re.compile(r"%[0-9A-Fa-f]{2}|\\")


def newest(folder: Path) -> int | None:
    """The number of the newest version whose log entry is whole; None where there is none."""
    try:
        entries = [entry.name for entry in (folder / "_delta_log").iterdir() if ENTRY.fullmatch(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not entries:
        return None
    number = int(max(entries).split(".")[0])
    if not _whole(_entry(folder, number)):
        number -= 1
    return number if number >= 0 else None


def open_table(folder: Path, version: int) -> DeltaTable:
    """The table as it was at a version that is there. Raises DiskTrouble."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    check_path(folder)
    try:
        with delta_errors(folder):
            return DeltaTable(folder, version=version)
    except DeltaError as error:
        raise DiskTrouble(
            f"the log of the table {str(folder)!r} is damaged", hint="put a copy of its _delta_log in its place"
        ) from error


def history(folder: Path, last: int) -> Iterator[tuple[int, float, Mapping[str, Any]]]:
    """Each version up to ``last``: its number, when it was made (seconds), and the lineage it records."""
    for number in range(last + 1):
        with delta_errors(folder), _entry(folder, number).open("rb") as entry:
            commit = json.loads(entry.readline())["commitInfo"]
        yield number, commit["timestamp"] / 1000, json.loads(commit.get("augment") or "{}")


def begin(folder: Path, files: Sequence[AddAction], lineage: Mapping[str, Any], transaction: str) -> None:
    """Makes version 0. Raises DiskTrouble."""
    from deltalake import CommitProperties, Schema, Transaction
    from deltalake.transaction import create_table_with_add_actions

    check_path(folder)
    _entry(folder, 0).unlink(missing_ok=True)  # torn, or there would be a version already
    with delta_errors(folder):
        create_table_with_add_actions(
            str(folder),
            Schema.from_arrow(SCHEMA),
            list(files),
            mode="error",
            configuration=CONFIGURATION,
            commit_properties=CommitProperties(
                custom_metadata=_recorded(lineage), app_transactions=[Transaction(transaction, 0)]
            ),
        )
    _sync_log(folder, 0)


def follow(
    folder: Path, files: Sequence[AddAction], *, overwrite: bool, lineage: Mapping[str, Any], transaction: str
) -> None:
    """Makes the version after the newest. Raises DiskTrouble."""
    from deltalake import CommitProperties, Schema, Transaction

    version = _next(folder)
    with delta_errors(folder):
        open_table(folder, version - 1).create_write_transaction(
            list(files),
            mode="overwrite" if overwrite else "append",
            schema=Schema.from_arrow(SCHEMA),
            commit_properties=CommitProperties(
                custom_metadata=_recorded(lineage),
                max_commit_retries=0,  # the lock orders the writers: a second number would be a bug
                app_transactions=[Transaction(transaction, version)],
            ),
            post_commithook_properties=_no_hooks(),
        )
    _sync_log(folder, version)


def restore(folder: Path, version: int, lineage: Mapping[str, Any]) -> int:
    """Makes a version that equals an old one and gives its number. Raises DiskTrouble."""
    from deltalake import CommitProperties

    number = _next(folder)
    with delta_errors(folder):
        open_table(folder, number - 1).restore(
            version,
            commit_properties=CommitProperties(custom_metadata=_recorded(lineage)),
            post_commithook_properties=_no_hooks(),
        )
    _sync_log(folder, number)
    return number


def check_path(folder: Path) -> None:
    """Raises DiskTrouble for a path that deltalake 1.6.6 writes to in one place and reads from in another."""
    found = MISREAD.search(str(folder.absolute()))
    if found is not None:
        raise DiskTrouble(
            f"a table cannot be kept under a folder with {found[0]!r} in its name: {str(folder)!r}",
            hint="rename the folder, or use --workspace DIR",
        )


@contextlib.contextmanager
def delta_errors(folder: Path) -> Iterator[None]:
    """Turns what the library says about the disk inside the block into DiskTrouble."""
    from deltalake.exceptions import DeltaError

    with disk_errors(folder):
        try:
            yield
        except DeltaError as error:
            trouble = disk_trouble(error, folder)
            if trouble is None:
                raise
            raise trouble from error


def _next(folder: Path) -> int:
    """The number of the next version, its place free of what a power cut left."""
    last = newest(folder)
    number = 0 if last is None else last + 1
    _entry(folder, number).unlink(missing_ok=True)
    return number


def _entry(folder: Path, version: int) -> Path:
    return folder / "_delta_log" / f"{version:020d}.json"


def _whole(entry: Path) -> bool:
    try:
        actions = [json.loads(line) for line in entry.read_bytes().splitlines()]
    except ValueError:
        return False
    return bool(actions) and "commitInfo" in actions[0]


def _sync_log(folder: Path, version: int) -> None:
    sync_file(_entry(folder, version))
    sync_folder(folder / "_delta_log")
    sync_folder(folder)


def _recorded(lineage: Mapping[str, Any]) -> dict[str, str]:
    return {"augment": json.dumps(lineage, ensure_ascii=False, sort_keys=True)}


def _no_hooks() -> Any:
    from deltalake import PostCommitHookProperties

    # A checkpoint is written without a sync and would be read instead of the log.
    return PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
