"""Whether a process of this machine is still the one that was noted: numbers are given out again."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
from functools import lru_cache
from pathlib import Path

BORN_SLACK_S = 2.0  # of a process's birth, told in ticks of a clock that was set meanwhile


def is_alive(pid: int) -> bool:
    """Whether a process of this number is running. One that was killed and that nobody has waited for is not, though
    the system keeps its number: in a container it may do so for ever."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _fields(pid)[:1] not in (["Z"], ["X"])


def goes_on(pid: int, noted_at: float) -> bool:
    """Whether the process that had this number then is still there. noted_at: seconds since 1970, while it lived."""
    if not is_alive(pid):
        return False
    born = _born(pid)
    return born is None or born <= noted_at + BORN_SLACK_S


def signature(pid: int) -> str:
    """What no other process has, on no other machine nor in another container: machine, number and birth; "" where none
    of that number is running."""
    if not is_alive(pid):
        return ""
    fields = _fields(pid)
    return f"{_here()}:{pid}:{fields[19] if len(fields) > 19 else ''}"


def has_signature(written: str) -> bool:
    """Whether the process of that signature is running here."""
    pid = _pid(written)
    return pid is not None and signature(pid) == written


def interrupt(written: str) -> bool:
    """Asks the process of that signature to end as Ctrl-C does; False where it is not running here. Raises
    PermissionError for another user's."""
    pid = _pid(written)
    if pid is None or pid == os.getpid():
        return False
    with contextlib.ExitStack() as stack:
        held = None
        if hasattr(os, "pidfd_open"):  # the number cannot be given to another process between the look and the signal
            try:
                held = os.pidfd_open(pid)
            except ProcessLookupError:
                return False
            stack.callback(os.close, held)
        if not has_signature(written):
            return False
        with contextlib.suppress(ProcessLookupError):
            if held is not None:
                signal.pidfd_send_signal(held, signal.SIGINT)
            else:
                os.kill(pid, signal.SIGINT)
            return True
    return False


def _pid(written: str) -> int | None:
    parts = written.rsplit(":", 2)
    return (
        int(parts[1]) if len(parts) == 3 and parts[1].isascii() and parts[1].isdigit() and int(parts[1]) > 0 else None
    )


@lru_cache(maxsize=1)
def _here() -> str:
    """This machine since it began, and the space its processes are numbered in. Source: random(4), namespaces(7)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return platform.node()


def _born(pid: int) -> float | None:
    """When a process began, in seconds since 1970; None where this system does not tell. Source: proc(5)."""
    try:
        return _booted() + int(_fields(pid)[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def _fields(pid: int) -> list[str]:
    """What the system tells of a process, from its state on; nothing where it does not. Source: proc(5)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []


@lru_cache(maxsize=1)
def _booted() -> int:
    """When this machine began, in seconds since 1970. Kept: that file is long where there are many cores."""
    lines = Path("/proc/stat").read_text("utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("btime")).split()[1])
