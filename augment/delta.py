"""One Delta table on disk: opened at a whole version, begun, continued; each commit synced before it counts.

The Delta library syncs nothing (docs/decisions/0004). A log entry that a power cut left torn was never told to anybody
as a version, so it is not one: readers stop before it and the next writer takes it away. What was told stands in a file
beside the log, so that an entry harmed later is not taken for that (docs/decisions/0012).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from augment.errors import DiskTrouble
from augment.files import disk_errors, disk_trouble, sync_file, sync_folder, write_atomic
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
PRUNED = "_pruned"  # the numbers of the versions whose data was given up
TOLD = "_newest"  # the number of the newest version that somebody may know of
LAST_ACTION = b'{"txn":{'  # of every commit of ours; a cut between two lines leaves each of them whole
TAIL = 1_000  # bytes, more than that action has
ENTRY = re.compile(r"\d{20}\.json")
MISREAD = re.compile(r"%[0-9A-Fa-f]{2}|\\")


def newest(folder: Path) -> int | None:
    """The number of the newest version whose log entry is whole; None where there is none.

    Raises DiskTrouble where a later one was told: its entry is missing or damaged.
    """
    told = _told(folder)  # before the log is looked at: a commit may come in between
    number = _newest_whole(folder)
    if told is not None and (number is None or number < told):
        raise _damaged(folder, told if number is None else number + 1)
    return number


def has_entry(folder: Path, version: int) -> bool:
    """Whether there is a log entry of that number, whole or torn."""
    return _entry(folder, version).exists()


def open_table(folder: Path, version: int) -> DeltaTable:
    """The table as it was at a version that is there. Raises DiskTrouble."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    check_path(folder)
    for number in range(version + 1):  # the library would read an entry cut between two lines, without the rest
        if not _is_ended(_entry(folder, number)):
            raise _damaged(folder, number)
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
        try:
            with delta_errors(folder), _entry(folder, number).open("rb") as entry:
                commit = json.loads(entry.readline())["commitInfo"]
        except (ValueError, KeyError, FileNotFoundError) as error:
            raise _damaged(folder, number) from error
        yield number, commit["timestamp"] / 1000, json.loads(commit.get("augment") or "{}")


def live_files(folder: Path, last: int) -> Iterator[frozenset[str]]:
    """The names of the data files of each version up to ``last``, as the log has them. Raises DiskTrouble."""
    live: set[str] = set()
    for number in range(last + 1):
        try:
            with delta_errors(folder):
                actions = [json.loads(line) for line in _entry(folder, number).read_bytes().splitlines()]
        except (ValueError, FileNotFoundError) as error:
            raise _damaged(folder, number) from error
        live -= {unquote(one["remove"]["path"]) for one in actions if "remove" in one}
        live |= {unquote(one["add"]["path"]) for one in actions if "add" in one}
        yield frozenset(live)


def pruned(folder: Path) -> frozenset[int]:
    """The versions whose data was given up. Raises DiskTrouble."""
    note = folder / "_delta_log" / PRUNED
    try:
        with disk_errors(note):
            return frozenset(int(number) for number in json.loads(note.read_bytes()))
    except FileNotFoundError:
        return frozenset()
    except (ValueError, TypeError) as error:
        raise DiskTrouble(f"{str(note)!r} is damaged", hint="put a copy of it in its place") from error


def note_pruned(folder: Path, versions: frozenset[int]) -> None:
    """Returns when it is on disk that the data of these versions, too, is given up."""
    numbers = sorted(versions | pruned(folder))
    write_atomic(folder / "_delta_log" / PRUNED, json.dumps(numbers).encode())


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
    _keep(folder, 0)


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
    _keep(folder, version)


def restore(folder: Path, version: int, lineage: Mapping[str, Any]) -> int:
    """Makes a version that equals an old one and gives its number. Raises DiskTrouble."""
    from deltalake import CommitProperties, Transaction

    number = _next(folder)
    with delta_errors(folder):
        open_table(folder, number - 1).restore(
            version,
            commit_properties=CommitProperties(
                custom_metadata=_recorded(lineage),
                app_transactions=[Transaction(f"restore-{uuid.uuid4().hex}", number)],
            ),
            post_commithook_properties=_no_hooks(),
        )
    _keep(folder, number)
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


def _newest_whole(folder: Path) -> int | None:
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


def _whole(entry: Path) -> bool:
    try:
        actions = [json.loads(line) for line in entry.read_bytes().splitlines()]
    except ValueError:
        return False
    return bool(actions) and "commitInfo" in actions[0] and _is_ended(entry)


def _is_ended(entry: Path) -> bool:
    """Whether the last of the entry's actions is there, by its last bytes."""
    try:
        with entry.open("rb") as file:
            head = file.readline(TAIL)
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            last = file.read().rpartition(b"\n")[2]
    except FileNotFoundError:
        return False
    # Entries of a restore once had no such action, and theirs cannot be told from cut ones.
    return last.endswith(b"}}") and (last.startswith(LAST_ACTION) or b'"operation":"RESTORE"' in head)


def _told(folder: Path) -> int | None:
    """The version that was told last; None where nothing says so."""
    try:
        return int((folder / "_delta_log" / TOLD).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def _damaged(folder: Path, version: int) -> DiskTrouble:
    entry = _entry(folder, version)
    return DiskTrouble(
        f"the log entry of v{version} is missing or damaged: {str(entry)!r}",
        hint="put a copy of it in its place; without one, move it, all later ones and "
        f"{TOLD!r} out of that folder to go on with the versions before it",
    )


def _keep(folder: Path, version: int) -> None:
    """Returns when the version survives a power cut, and its loss would be noticed."""
    sync_file(_entry(folder, version))
    sync_folder(folder / "_delta_log")
    sync_folder(folder)
    write_atomic(folder / "_delta_log" / TOLD, b"%d" % version)


def _recorded(lineage: Mapping[str, Any]) -> dict[str, str]:
    return {"augment": json.dumps(lineage, ensure_ascii=False, sort_keys=True)}


def _no_hooks() -> Any:
    from deltalake import PostCommitHookProperties

    # A checkpoint is written without a sync and would be read instead of the log.
    return PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
