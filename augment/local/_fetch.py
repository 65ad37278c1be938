"""One wheel from the package index that the user's pip is set up for, by pip itself, its SHA-256 checked."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn

from augment.errors import DiskTrouble, FixableError
from augment.files import disk_errors
from augment.local._packages import Wheel

POLL_S = 0.5
RETRIES = 2
ADDRESS = re.compile(r"\S+://\S+")  # an index's address may hold a password
OFFLINE = re.compile(
    r"NewConnectionError|Failed to establish|NameResolution|Name or service not known|Temporary failure in name"
    r"|ConnectTimeout|ConnectionRefused|ProxyError|Network is unreachable|SSLError|CERTIFICATE_VERIFY",
    re.IGNORECASE,
)

Fetched = Callable[[int], None]  # told how many bytes of the wheel are here


def fetch(wheel: Wheel, folder: Path, environment: Mapping[str, str], fetched: Fetched) -> Path:
    """The wheel, alone in the folder, which is emptied first. Raises FixableError, DiskTrouble.

    pip finds the file, since only pip knows the user's index, proxy and certificates. It builds and installs nothing,
    and keeps no second copy in its cache.
    """
    with disk_errors(folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "wheels").mkdir()
        (folder / "wanted.txt").write_text(f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n", "utf-8")
    command = [*_pip(), "download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar=off", f"--retries={RETRIES}"]
    command += ["--dest", str(folder / "wheels"), "--requirement", str(folder / "wanted.txt")]
    with tempfile.TemporaryFile(dir=folder) as said:
        code = _run(command, {**environment, "TMPDIR": str(folder)}, said, folder, fetched)
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    found = list((folder / "wheels").glob("*.whl"))
    if code != 0 or len(found) != 1:
        _refuse(wheel, text, folder)
    if sha256_of(found[0]) != wheel.sha256:  # a pip that was told to look away
        _refuse(wheel, "DO NOT MATCH THE HASHES", folder)
    fetched(found[0].stat().st_size)
    return found[0]


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with disk_errors(path), path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _pip() -> list[str]:
    """How to start pip: the environment's own, else the one that Python carries to install pip from."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    spec = importlib.util.find_spec("ensurepip")
    if spec is not None and spec.origin is not None:
        for carried in sorted((Path(spec.origin).parent / "_bundled").glob("pip-*.whl")):
            return [sys.executable, str(carried / "pip")]
    raise FixableError(
        "this environment has no pip to fetch with", hint="`uv pip install pip`, or install your system's python3-pip"
    )


def _run(command: list[str], environment: Mapping[str, str], said: IO[bytes], folder: Path, fetched: Fetched) -> int:
    """Runs pip and tells how far it is by the size of what it has written."""
    pip = subprocess.Popen(  # noqa: S603  # pip under our own interpreter, no shell
        command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment
    )
    try:
        while True:
            try:
                return pip.wait(POLL_S)
            except subprocess.TimeoutExpired:
                fetched(_arrived(folder))
    finally:
        if pip.poll() is None:
            pip.terminate()
            pip.wait()


def _arrived(folder: Path) -> int:
    """The bytes of the wheel under way, wherever pip keeps it; pip may take a folder away while it is read."""
    largest = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                largest = max(largest, (Path(where) / name).stat().st_size)
    return largest


def _refuse(wheel: Wheel, said: str, folder: Path) -> NoReturn:
    """Raises what pip said, in our words."""
    name = f"{wheel.package} {wheel.version}"
    if "No space left" in said:
        raise DiskTrouble(f"the disk is full: {str(folder)!r}", hint="free some space and type the command again")
    if "DO NOT MATCH THE HASHES" in said:
        raise FixableError(
            f"what the package index gives as {name} is not the file this release knows: its SHA-256 differs",
            hint="nothing of it was kept; see which index is asked with `pip config list` and take another",
        )
    if OFFLINE.search(said):
        raise FixableError(
            f"{name} cannot be fetched: the package index cannot be reached",
            hint="type the command again when there is a network; behind a mirror or proxy set PIP_INDEX_URL or "
            "HTTPS_PROXY. What was fetched is kept",
        )
    if "No matching distribution" in said:
        raise FixableError(
            f"the package index has no {name} for this machine",
            hint="see which index is asked with `pip config list`; a mirror may lack it (PIP_INDEX_URL names another)",
        )
    lines = [line for line in said.splitlines() if line.strip()]
    told = ADDRESS.sub("…", next((line for line in lines if line.startswith("ERROR")), lines[-1] if lines else ""))
    raise FixableError(f"pip could not fetch {name}: {told[:300]}", hint="`pip config list` shows how pip is set up")
