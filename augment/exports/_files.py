"""Where an export is made and how it takes its place: beside its target, then as a whole under its name."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from augment.errors import FixableError
from augment.files import disk_errors, make_folder, sync_file, sync_folder
from augment.processes import is_alive

MANIFEST = "manifest.json"
REPLACED = "replaced"
MARK = "augment_export"
"""The first field of every manifest; a folder is replaced only where one says so."""


def manifest_of(path: Path, *, folder: bool) -> Path:
    """Where the manifest of an export stands: in the folder, or beside the file."""
    return path / MANIFEST if folder else path.with_name(f"{path.name}.{MANIFEST}")


def check_target(path: Path, *, folder: bool) -> None:
    """Raises FixableError where something stands there that an export may not replace."""
    if not folder:
        if path.is_dir():
            raise FixableError(f"a folder stands at {str(path)!r}, and this format is one file", hint="-o FOLDER/FILE")
        return
    if not path.exists():
        return
    if not path.is_dir():
        raise FixableError(f"a file stands at {str(path)!r}, and this format is a folder", hint="-o another name")
    if foreign := _foreign(path):
        raise FixableError(
            f"{str(path)!r} holds {foreign[0]!r}, which no export of ours wrote; nothing was touched",
            hint="-o a new folder, or move away what is in this one",
        )


def _foreign(folder: Path) -> list[str]:
    """The files of a folder that its manifest does not name; all of them where it has none."""
    here = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    try:
        told = json.loads((folder / MANIFEST).read_text("utf-8"))
        names = {one["file"] for one in told["files"]} | {MANIFEST} if MARK in told else set()
    except (OSError, ValueError, KeyError, TypeError):
        names = set()
    return [name for name in here if name not in names]


@contextlib.contextmanager
def workroom(path: Path) -> Iterator[Path]:
    """A folder beside the target to make it in; nothing of it is left afterwards. Raises DiskTrouble."""
    parent = make_folder(path.parent)
    with disk_errors(path):
        for left in parent.glob(f".{path.name}.*.part"):
            owner = left.name.removeprefix(f".{path.name}.").split(".")[0]
            if owner.isdigit() and not is_alive(int(owner)):
                if (old := left / REPLACED).is_dir() and not path.exists():
                    old.rename(path)  # it died between taking the old one away and putting the new one there
                shutil.rmtree(left, ignore_errors=True)
        room = parent / f".{path.name}.{os.getpid()}.{uuid.uuid4().hex}.part"
        room.mkdir()
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)


def publish(made: Path, path: Path, manifest: bytes, *, folder: bool) -> None:
    """Puts a finished file or folder in its place, durably, with its manifest. Raises DiskTrouble.

    A manifest beside a file never tells of another one: the old one goes first and the new one comes last.
    """
    with disk_errors(path):
        if folder:
            (made / MANIFEST).write_bytes(manifest)
            _sync_all(made)
            _swap(made, path)
        else:
            beside = manifest_of(path, folder=False)
            fresh = made.with_name(f"{made.name}.{MANIFEST}")
            fresh.write_bytes(manifest)
            sync_file(made)
            sync_file(fresh)
            beside.unlink(missing_ok=True)
            made.replace(path)
            fresh.replace(beside)
        sync_folder(path.parent)


def _sync_all(folder: Path) -> None:
    for here, _, names in os.walk(folder):
        for name in names:
            sync_file(Path(here, name))
        sync_folder(Path(here))


def _swap(made: Path, path: Path) -> None:
    """Puts the new folder where the old one was; it is gone only when the new one stands."""
    if not path.exists():
        made.rename(path)
        return
    old = made.with_name(REPLACED)
    path.rename(old)
    try:
        made.rename(path)
    except OSError:
        old.rename(path)
        raise


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
