"""What a command costs: wall time, CPU of its whole process tree, peak memory. Linux; no package needed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
LOOK_S = 0.02
MEMORY_EVERY = 5  # looks


def adopt_orphans() -> None:
    """Makes this process the parent of whatever its children leave behind, so that its CPU is counted too."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command has cost. cpu_s: user and system, of all processes it started; peak_mb: the sum of their peaks."""

    code: int
    seconds: float
    cpu_s: float
    peak_mb: float
    out: str
    err: str


@dataclass(slots=True)
class Child:
    """A command under way, in a session of its own."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    _process: subprocess.Popen[bytes] = field(init=False)
    _began: float = field(init=False)
    _peaks_kb: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            self._began = time.monotonic()
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to all of it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    @property
    def ended(self) -> bool:
        """Whether it has ended; it is still to be waited for."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self, limit_s: float = 3600.0) -> Cost:
        """Returns when it has ended; kills it at the limit."""
        pid, looks = self._process.pid, 0
        while not self.ended:
            if looks % MEMORY_EVERY == 0:
                self._look()
            if time.monotonic() - self._began > limit_s:
                self.kill()
            time.sleep(LOOK_S)
            looks += 1
        seconds = time.monotonic() - self._began
        _, status, usage = os.wait4(pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self.kill()  # what it left behind ends with it, and is counted
        cpu_s = usage.ru_utime + usage.ru_stime
        with contextlib.suppress(ChildProcessError):
            while True:
                _, _, orphan = os.wait4(-pid, 0)
                cpu_s += orphan.ru_utime + orphan.ru_stime
        self._peaks_kb[pid] = max(self._peaks_kb.get(pid, 0), usage.ru_maxrss)
        out, err = ((self.folder / name).read_text("utf-8", "replace") for name in ("out", "err"))
        peak_mb = sum(self._peaks_kb.values()) / 1024
        return Cost(self._process.returncode, seconds, cpu_s, peak_mb, out, err)

    def _look(self) -> None:
        for pid in tree(self._process.pid):
            self._peaks_kb[pid] = max(self._peaks_kb.get(pid, 0), high_water_kb(pid))


def tree(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    with contextlib.suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in children.read_text().split():
                yield from tree(int(child))


def high_water_kb(pid: int) -> int:
    """The most memory a process has held (VmHWM)."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def sync_ms(folder: Path, times: int = 50) -> float:
    """What one write and fsync takes here, the median."""
    took = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return sorted(took)[times // 2] * 1000
