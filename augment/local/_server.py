"""A child process that holds the weights and serves them on loopback: started, watched, started again, ended.

Why a process of its own: docs/decisions/0009-local-weights-in-a-child.md.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from augment.errors import FixableError

CHILD = Path(__file__).with_name("_child.py")
CONTEXT_TOKENS = 8_192  # shared by the asks at work
ANSWER_TOKENS = 512  # of an ask that names no bound; the smallest weights would go on for ever
PARALLEL = 2
MOST_THREADS = 8
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 5.0
MOST_RESTARTS = 3
# llama.cpp's threads spin while they wait for each other; on a machine with other work to do that made two of them ten
# times slower than one. They sleep instead.
PATIENCE = {"OMP_WAIT_POLICY": "passive"}
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")

Told = Callable[[str], None]


class Server:
    """Weights served for whoever asks for the address; the process lives while somebody holds it."""

    def __init__(self, runtime: Path, file: Path, model: str) -> None:
        self._orders: dict[str, Any] = {
            "runtime": str(runtime),
            "file": str(file),
            "model": model,
            "prefix": f"/{secrets.token_urlsafe(16)}",  # others on this machine, and web pages, cannot guess it
            "port": 0,
            "context": CONTEXT_TOKENS,
            "answer": ANSWER_TOKENS,
            "parallel": PARALLEL,
            "threads": max(1, min(_cores() - 1, MOST_THREADS)),  # one core is left to the run
        }
        self._environment: dict[str, str] = {}
        self._told: Told = lambda _: None
        self._lock = threading.Lock()
        self._holders = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._url = ""

    @property
    def pid(self) -> int | None:
        """The child's process id, None while none runs."""
        return self._process.pid if self._process is not None else None

    def hold(self, environment: Mapping[str, str], told: Told, port: int = 0) -> str:
        """The base address with ``/v1``; the first holder starts the process, and is told. Raises FixableError."""
        with self._lock:
            if self._holders == 0:
                kept = {name: environment[name] for name in KEPT_VARIABLES if name in environment}
                self._environment = {**kept, **PATIENCE}
                self._told, self._orders["port"] = told, port
                self._start()
                threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()
            self._holders += 1
            return self._url

    def release(self) -> None:
        """The last holder ends the process."""
        with self._lock:
            self._holders -= 1
            if self._holders == 0:
                self._stop()

    def _start(self) -> None:
        said = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and script, no shell
            [sys.executable, "-I", "-S", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env=self._environment,
            start_new_session=True,  # Ctrl-C is for the run, which still wants the answers on their way
        )
        self._process, self._said = process, said
        try:
            line = self._first_line(process)
        except BaseException:
            self._stop()
            raise
        if "url" not in line:
            why = line.get("error") or _ending(process.wait(STOP_TIMEOUT_S))
            detail = self._last_words()
            self._stop()
            raise FixableError(f"the local model does not start: {why}{detail}", hint=_hint(why))
        self._url = f"{line['url']}{self._orders['prefix']}/v1"
        self._orders["port"] = int(line["url"].rpartition(":")[2])  # a second start takes the same address

    def _first_line(self, process: subprocess.Popen[bytes]) -> dict[str, str]:
        """What the child says once it serves, or cannot; empty where it ended without a word."""
        if process.stdin is None or process.stdout is None:
            raise FixableError("the local model's process has no pipes", hint="type the command again")
        try:
            process.stdin.write(json.dumps(self._orders).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            return {}
        ready, _, _ = select.select([process.stdout], [], [], START_TIMEOUT_S)
        if not ready:
            return {"error": f"no word within {START_TIMEOUT_S:.0f} s"}
        said = process.stdout.readline()
        found: dict[str, str] = json.loads(said) if said.endswith(b"\n") else {}
        return found

    def _watch(self, process: subprocess.Popen[bytes] | None) -> None:
        """Starts the process again at the same address where it dies: the asks under way are then sent again."""
        for left in range(MOST_RESTARTS, -1, -1):
            if process is None:
                return
            code = process.wait()
            with self._lock:
                if self._process is not process:  # ended by us
                    return
                if left == 0:
                    self._told(f"the local model's process {_ending(code)}, for the last time: it stays down")
                    return
                self._told(f"the local model's process {_ending(code)} and is started again")
                self._close()
                try:
                    self._start()
                except FixableError as error:
                    self._told(error.message)
                    return
                process = self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._close(process)

    def _close(self, process: subprocess.Popen[bytes] | None = None) -> None:
        """Frees the pipes and the log of a process that has ended."""
        ended = process or self._process
        for pipe in (ended.stdin, ended.stdout) if ended is not None else ():
            if pipe is not None:
                pipe.close()
        if self._said is not None:
            self._said.close()
            self._said = None

    def _last_words(self) -> str:
        """The end of what llama.cpp printed."""
        if self._said is None:
            return ""
        self._said.seek(0)
        lines = self._said.read()[-2_000:].decode("utf-8", "replace").split("\n")
        kept = [line.strip() for line in lines if line.strip()]
        return f" ({kept[-1][:200]})" if kept else ""


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"died of {signal.Signals(-code).name}"
    except ValueError:
        return f"died of signal {-code}"


def _hint(why: str) -> str:
    if "libgomp" in why:
        return "llama.cpp needs libgomp: install your system's package (`apt-get install libgomp1`)"
    return "`augment local install` checks every file and fetches damaged ones anew"
