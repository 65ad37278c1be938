"""The machine under the workbench: Python, packages, the workspace's folder and disk, the ledger's file."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from augment.checkup._check import Check
from augment.database import sqlite_errors
from augment.errors import AugmentError
from augment.hints import Language, advice

DISTRIBUTION = "augment-workbench"
OLDEST, WITHOUT_SPARK = (3, 11), (3, 13)
FULL_TENCENT = "tencentcloud-sdk-python"  # writes the same folder as the small package we need
LEAST_FREE, FEW_FREE = 200 * 2**20, 2 * 2**30
SLOW_S = 0.2
REQUIREMENT = re.compile(r"([\w.-]+)\s*(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?")
PYTHON_BELOW = re.compile(r"""python_version\s*<\s*["'](\d+)\.(\d+)["']""")
SPEC = re.compile(r"(>=|<=|==|!=|<|>)\s*([\d.]+)")


def machine(workspace: Path | None, language: Language) -> Iterator[Check]:
    """The checks of the machine. workspace: None where none was found."""
    yield python(tuple(sys.version_info[:3]), language)
    yield packages(language)
    if workspace is None:
        yield Check("workspace", "warn", "none here or above", advice("no_workspace", language))
        return
    yield (place := folder(workspace, language))
    yield disk(workspace, language)
    if place.state == "ok":
        yield fsync(workspace, language)
    yield ledger(workspace / "datasets" / ".augment" / "workbench.sqlite", language)


def python(version: Sequence[int], language: Language) -> Check:
    """The interpreter."""
    shown = ".".join(map(str, version))
    if tuple(version[:2]) < OLDEST:
        return Check("python", "fail", shown, advice("python", language, why=f"{shown} < 3.11"))
    if tuple(version[:2]) >= WITHOUT_SPARK:
        return Check("python", "warn", shown, advice("python_new", language))
    return Check("python", "ok", shown)


def packages(language: Language, requirements: Sequence[str] | None = None) -> Check:
    """The packages installed against what this program was built for. requirements: its own, where not given."""
    if requirements is None:
        try:
            requirements = metadata.requires(DISTRIBUTION) or []
        except metadata.PackageNotFoundError:
            return Check("packages", "warn", f"{DISTRIBUTION} itself is not installed", advice("packages", language))
    wrong, seen = [], 0
    for line in requirements:
        found = REQUIREMENT.match(line)
        if found is None or not _applies(found[3] or ""):
            continue
        seen += 1
        installed = _installed(found[1])
        if installed is None:
            wrong.append(f"{found[1]} is missing")
        elif not satisfies(installed, found[2]):
            wrong.append(f"{found[1]} is {installed}, not {found[2].strip()}")
    if wrong:
        return Check("packages", "fail", "; ".join(wrong), advice("packages", language))
    if _installed(FULL_TENCENT) is not None:
        return Check("packages", "warn", f"{FULL_TENCENT} stands beside …-tmt", advice("packages_twice", language))
    return Check("packages", "ok", f"{seen} as required")


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version lies within bounds such as ``>=1.2,<2``."""
    have = _numbers(version)
    for sign, bound in SPEC.findall(wanted):
        width = max(len(have), len(limit := _numbers(bound)))
        one, other = (numbers + (0,) * (width - len(numbers)) for numbers in (have, limit))
        holds = {
            ">=": one >= other,
            "<=": one <= other,
            "==": one == other,
            "!=": one != other,
            "<": one < other,
            ">": one > other,
        }
        if not holds[sign]:
            return False
    return True


def _applies(marker: str) -> bool:
    if "extra" in marker:
        return False
    below = PYTHON_BELOW.search(marker)
    return below is None or sys.version_info[:2] < (int(below[1]), int(below[2]))


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def folder(workspace: Path, language: Language) -> Check:
    """Whether the workspace can be read and written."""
    there = [path for path in (workspace, workspace / "datasets", workspace / "datasets" / ".augment") if path.exists()]
    for path in there:
        if not path.is_dir():
            return Check("workspace", "fail", f"{path} is a file, not a folder", advice("workspace", language))
        for mode, what in ((os.R_OK, "read"), (os.W_OK | os.X_OK, "written")):
            if not os.access(path, mode):
                return Check("workspace", "fail", f"{path} cannot be {what}", advice("workspace", language))
    return Check("workspace", "ok", str(workspace))


def disk(workspace: Path, language: Language) -> Check:
    """Whether there is room."""
    free = shutil.disk_usage(workspace).free
    shown = f"{free / 2**30:.1f} GB free"
    if free >= FEW_FREE:
        return Check("disk", "ok", shown)
    return Check("disk", "fail" if free < LEAST_FREE else "warn", shown, advice("disk", language))


def fsync(workspace: Path, language: Language) -> Check:
    """Whether the disk puts data down when told to, and how fast."""
    inner = workspace / "datasets" / ".augment"
    took = []
    try:
        with tempfile.NamedTemporaryFile(dir=inner if inner.is_dir() else workspace, prefix=".doctor-") as file:
            for _ in range(5):
                started = time.monotonic()
                file.write(bytes(4096))
                file.flush()
                os.fsync(file.fileno())
                took.append(time.monotonic() - started)
    except OSError as error:
        return Check("fsync", "fail", error.strerror or type(error).__name__, advice("fsync", language))
    middle_s = statistics.median(took)
    shown = f"{middle_s * 1000:.1f} ms"
    if middle_s > SLOW_S:
        return Check("fsync", "warn", shown, advice("fsync_slow", language))
    return Check("fsync", "ok", shown)


def ledger(path: Path, language: Language) -> Check:
    """Whether the ledger's file is whole. It is opened for reading only."""
    if not path.exists():
        return Check("ledger", "none", "none yet")
    try:
        with sqlite_errors(path):
            db = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=10)
            try:
                said = [str(row[0]) for row in db.execute("PRAGMA quick_check(3)")]
                asks = db.execute("SELECT count(*) FROM asks").fetchone()[0] if said == ["ok"] else 0
            finally:
                db.close()
    except (AugmentError, sqlite3.Error) as error:
        detail = error.message if isinstance(error, AugmentError) else f"{type(error).__name__}: {error}"
        return Check("ledger", "fail", detail, advice("ledger", language))
    if said != ["ok"]:
        return Check("ledger", "fail", f"{path}: {said[0]}"[:200], advice("ledger", language))
    return Check("ledger", "ok", f"whole · {asks} asks · {path.stat().st_size / 2**20:.1f} MB")
