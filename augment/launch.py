"""A run as a process of its own: it goes on when the browser and the server that started it are gone.

What it prints goes into files; its exit code stands in what it prints (``--json``), so nobody has to wait for it.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from augment.errors import FixableError
from augment.files import disk_errors, replace_whole
from augment.processes import has_signature, signature

KEPT = 200
LARGEST_BYTES = 1 << 20
NAMED = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")
ABOUT, OUT, ERR = "launch.json", "stdout", "stderr"


@dataclass(frozen=True, slots=True)
class Launch:
    """One process that was started. words: what ``augment`` was told; process: ``processes.signature``; at: seconds
    since 1970."""

    id: str
    words: tuple[str, ...]
    stage: str
    dataset: str
    pid: int
    process: str
    at: float

    @property
    def goes_on(self) -> bool:
        """Whether the process is running on this machine."""
        return has_signature(self.process)


@dataclass(frozen=True, slots=True)
class Told:
    """What a process said. exit_code None: it did not come to say; summary: the object of a run; rest: what it said
    beside, its end."""

    exit_code: int | None = None
    summary: Mapping[str, Any] | None = None
    message: str = ""
    hint: str = ""
    rest: str = ""


def start(folder: Path, words: Sequence[str], *, stage: str, dataset: str, within: Path) -> Launch:
    """Starts ``augment`` with these words, in no shell, in a session of its own. within: its current folder, from which
    it imports nothing. Raises DiskTrouble, FixableError."""
    name = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S") + "-" + uuid.uuid4().hex[:8]
    place = folder / name
    with disk_errors(place):
        place.mkdir(parents=True)
        _make_room(folder)
        with (place / OUT).open("wb") as out, (place / ERR).open("wb") as err:
            try:
                process = subprocess.Popen(  # noqa: S603  # our own interpreter, no shell
                    [sys.executable, "-P", "-m", "augment", *words],
                    cwd=within,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
            except ValueError as error:  # a word with a zero byte
                raise FixableError("the command cannot be started", hint="leave out what cannot be typed") from error
        launch = Launch(name, tuple(words), stage, dataset, process.pid, signature(process.pid), time.time())
        replace_whole(place / ABOUT, json.dumps(asdict(launch)).encode("ascii"))
    threading.Thread(target=process.wait, name="launch", daemon=True).start()  # so that its end leaves no zombie
    return launch


def launches(folder: Path, newest: int = 50) -> list[Launch]:
    """The processes that were started, newest first."""
    found = []
    for name in _names(folder)[:newest]:
        if (launch := read(folder, name)) is not None:
            found.append(launch)
    return found


def read(folder: Path, name: str) -> Launch | None:
    """A process that was started, None where there is none of that name."""
    if not NAMED.fullmatch(name):
        return None
    try:
        given = json.loads(_end_of(folder / name / ABOUT))
        words = tuple(map(str, given["words"]))
        texts = {part: str(given[part]) for part in ("id", "stage", "dataset", "process")}
        return Launch(**texts, words=words, pid=int(given["pid"]), at=float(given["at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def told(folder: Path, launch: Launch) -> Told:
    """What the process has said so far."""
    summary = _object(_end_of(folder / launch.id / OUT), "run_id")
    said = _end_of(folder / launch.id / ERR)
    error = _object(said, "exit_code")
    rest = "\n".join(line for line in said.splitlines() if not line.startswith("{"))[-4_000:]
    if error is not None:
        code = error["exit_code"]
        message, hint = str(error.get("error", "")), str(error.get("hint", ""))
        return Told(code if isinstance(code, int) else 1, summary, message, hint, rest)
    return Told(0 if summary is not None else None, summary, rest=rest)


def _object(text: str, name: str) -> dict[str, Any] | None:
    """The last line that is an object with a field of that name."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            with suppress(ValueError, RecursionError):
                found = json.loads(line)
                if isinstance(found, dict) and name in found:
                    return found
    return None


def _end_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LARGEST_BYTES))
            return file.read(LARGEST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _names(folder: Path) -> list[str]:
    try:
        return sorted((path.name for path in folder.iterdir() if NAMED.fullmatch(path.name)), reverse=True)
    except OSError:
        return []


def _make_room(folder: Path) -> None:
    """Removes what the oldest said, once there are many; the ledger has their runs."""
    for name in _names(folder)[KEPT:]:
        launch = read(folder, name)
        if launch is None or not launch.goes_on:
            shutil.rmtree(folder / name, ignore_errors=True)
