"""Writing to disk so that it stays: atomic writes, fsync, locks, hashes, and disk errors in words."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from augment.errors import Conflict, DiskTrouble

WORDS = {
    errno.ENOSPC: ("the disk is full", "free some space and type the command again; everything answered is kept"),
    errno.EDQUOT: ("the disk quota is used up", "free some space and type the command again"),
    errno.EROFS: ("the disk is read-only", "use --workspace DIR on a disk that can be written"),
    errno.EACCES: ("no permission to write", "change the folder's owner or mode, or use --workspace DIR"),
    errno.EPERM: ("no permission to write", "change the folder's owner or mode, or use --workspace DIR"),
    errno.ENOTDIR: ("a file stands where a folder should be", "move that file away"),
    errno.EEXIST: ("a file stands where a folder should be", "move that file away"),
    errno.EISDIR: ("a folder stands where a file should be", "move that folder away"),
    errno.EIO: ("the disk reports an error", "check the disk; the last good version is untouched"),
    errno.EFBIG: (
        "the file is too large for this disk or account",
        "raise the limit (`ulimit -f`) or use --workspace DIR",
    ),
    errno.ENAMETOOLONG: ("the name is too long for this disk", "choose a shorter name"),
}
NUMBERED = re.compile(r"\b(?:errno|os error) (\d+)")


def disk_trouble(error: Exception, path: object = None) -> DiskTrouble | None:
    """The error in words, or None where it is none of the disk's."""
    number = error.errno if isinstance(error, OSError) else None
    if number is None:  # Arrow and Delta wrap the number into the text
        found = NUMBERED.search(str(error))
        number = int(found[1]) if found else None
    if number not in WORDS:
        return None
    what, hint = WORDS[number]
    where = path or getattr(error, "filename", None)
    return DiskTrouble(f"{what}: {str(where)!r}" if where else what, hint=hint)


@contextlib.contextmanager
def disk_errors(path: object = None) -> Iterator[None]:
    """Turns what the disk says inside the block into DiskTrouble."""
    try:
        yield
    except OSError as error:
        trouble = disk_trouble(error, path)
        if trouble is None:
            raise
        raise trouble from error


def make_folder(folder: Path) -> Path:
    """The folder, made with its parents, the new names durable. Raises DiskTrouble."""
    with disk_errors(folder):
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for new in reversed(missing):
            sync_folder(new.parent)
    return folder


def sync_file(path: Path) -> None:
    """Returns when the file's bytes are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


sync_folder = sync_file  # a folder is synced by the same call: it makes new names inside it durable


def write_atomic(path: Path, data: bytes) -> None:
    """Writes beside the target, syncs, renames, syncs the folder: a reader sees the old bytes or all the new ones."""
    make_folder(path.parent)
    beside = path.with_name(f".{uuid.uuid4().hex}.part")  # threads of one process write the same file too
    with disk_errors(path):
        try:
            with beside.open("wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            beside.replace(path)
            sync_folder(path.parent)
        finally:
            beside.unlink(missing_ok=True)


def replace_whole(path: Path, data: bytes) -> None:
    """The same for what may be lost at a power cut: nothing is synced. The folder must be there. Raises OSError."""
    beside = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def lock(path: Path, *, wait_s: float = 60.0) -> Iterator[None]:
    """Holds an exclusive lock that dies with its process. Raises Conflict after wait_s seconds."""
    make_folder(path.parent)
    with disk_errors(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Conflict(
                        f"another process has held {path.name!r} for {wait_s:.0f} s",
                        hint="wait until it ends and type the command again",
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)  # closing releases the lock


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
