"""Runs commands in processes that die at a chosen write: a server that forks one for each job, for tests of durability.

Every write the program makes durable is counted from outside, before and after it happens: commits of a database, its
tables, its closing, files opened and written, fsync, renames, folders, Parquet, the log entry of a version. A job may
name one of these moments; there the process kills itself with SIGKILL. Forking from a process that has imported
everything saves seconds a job. ``tests/durability/test_syscalls.py`` proves that no durable write is left out here.

Jobs come as JSON lines on stdin: workspace, report, environment, commands, first, last, kill ([command, kind, n,
"before" or "after"] or null), strace (arguments to watch the process with, or null). The answer is one line with the
exit status. The report is a file of JSON lines, one for each command that ended.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import gc
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

BEFOREHAND = (
    *("configparser", "dateutil", "deltalake", "difflib", "dotenv.main", "duckdb", "encodings.utf_8_sig", "numpy"),
    *("pandas", "pyarrow.pandas_compat", "pyarrow.parquet", "qianfan", "regex", "zoneinfo"),
    *("tencentcloud.common.common_client", "tencentcloud.common.credential", "tencentcloud.tmt.v20180321.tmt_client"),
    *("augment.cli.app", "augment.cli.data", "augment.cli.records", "augment.cli.review", "augment.cli.stages"),
    *("augment.connectors.qianfan", "augment.connectors.tencent", "augment.connectors._wires", "augment.imports"),
    *("augment.importers.competition", "augment.query", "augment.runs", "augment.stages.backtranslate"),
    *("augment.stages.reason", "augment.workbench"),
)
PASSING = "/.augment/runs"  # what a run says of itself while it goes on: never synced, and nothing is built on it
MARK = "/moment"  # a file that is nowhere: asking for it shows in a log of system calls where the process is
CHANGING = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE")
MAKING = ("journal_mode", "user_version")  # the latter reads first, and so makes an empty write-ahead log
ANY_PROCESS = ctypes.c_ulong(-1)
SET_PTRACER = 0x59616D61


class Moments:
    """Counts the moments of each command by kind, and ends the process at one of them."""

    def __init__(self, kill: list[Any] | None, *, marked: bool) -> None:
        self.kill = kill
        self.marked = marked
        self.command = 0
        self.counts: Counter[str] = Counter()

    @contextlib.contextmanager
    def around(self, kind: str) -> Iterator[None]:
        """One write: its two moments."""
        self.counts[kind] += 1
        number = self.counts[kind]
        self._pass_by(kind, number, "before")
        yield
        self._pass_by(kind, number, "after")

    def counted(self, kind: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call as one write."""

        def write(*arguments: Any, **options: Any) -> Any:
            with self.around(kind):
                return call(*arguments, **options)

        return write

    def _pass_by(self, kind: str, number: int, when: str) -> None:
        if self.marked:
            os.access(f"{MARK}/{when}/{kind}/{number}", os.F_OK)
        if self.kill == [self.command, kind, number, when]:
            os.kill(os.getpid(), signal.SIGKILL)


def watch(moments: Moments) -> None:
    """Puts the counting around everything that writes."""
    _watch_files(moments)
    _watch_databases(moments)
    _watch_tables(moments)


def _watch_files(moments: Moments) -> None:
    class Written(io.BufferedWriter):
        def write(self, data: Any) -> int:
            with moments.around("write"):
                return super().write(data)

        def flush(self) -> None:
            with moments.around("write"):
                super().flush()

    plain_open, system_open = io.open, os.open

    def file_open(path: Any, mode: str = "r", buffering: int = -1, *rest: Any, **options: Any) -> Any:
        if not set(mode) & set("wax+") or PASSING in str(path):
            return plain_open(path, mode, buffering, *rest, **options)
        with moments.around("open"):
            if mode == "wb":
                return Written(io.FileIO(path, mode))
            return plain_open(path, mode, buffering, *rest, **options)

    def handle_open(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        if not flags & os.O_CREAT:
            return system_open(path, flags, *rest, **options)
        with moments.around("open"):
            return system_open(path, flags, *rest, **options)

    for owner, name, call in ((io, "open", file_open), (builtins, "open", file_open), (os, "open", handle_open)):
        setattr(owner, name, call)
    for kind in ("fsync", "rename", "replace", "link"):
        setattr(os, kind, _where_it_lasts(moments, kind, getattr(os, kind)))
    for kind, there in (("mkdir", False), ("unlink", True)):
        setattr(os, kind, _where_it_changes(moments, kind, getattr(os, kind), there=there))


def _where_it_lasts(moments: Moments, kind: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """The call as one write, but for what is meant to pass."""
    counted = moments.counted(kind, call)

    def change(path: Any, *rest: Any, **options: Any) -> Any:
        return (call if PASSING in str(path) else counted)(path, *rest, **options)

    return change


def _where_it_changes(moments: Moments, kind: str, call: Callable[..., Any], *, there: bool) -> Callable[..., Any]:
    """The call as one write where it finds what it is for."""
    counted = moments.counted(kind, call)

    def change(path: Any, *rest: Any, **options: Any) -> Any:
        ready = os.path.lexists(path) == there and (there or Path(path).parent.is_dir()) and PASSING not in str(path)
        return (counted if ready else call)(path, *rest, **options)

    return change


def _watch_databases(moments: Moments) -> None:
    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            word = sql.split()[0]
            alone = word in CHANGING and not self.in_transaction
            if word != "COMMIT" and not alone and not any(name in sql for name in MAKING):
                return super().execute(sql, *rest)
            with moments.around(f"{'COMMIT' if word != 'PRAGMA' else 'journal'} {self.file}"):
                cursor = super().execute(sql, *rest)
                if "journal_mode" in sql:
                    cursor.fetchall()  # it is only done when it has said everything
                return cursor

        def executescript(self, sql: str) -> sqlite3.Cursor:
            with moments.around(f"tables {self.file}"):
                return super().executescript(sql)

        def backup(self, target: sqlite3.Connection, **options: Any) -> None:
            with moments.around("backup"):
                super().backup(target, **options)

        def close(self) -> None:
            with moments.around(f"close {self.file}"):
                super().close()

        file = ""

    connect = sqlite3.connect

    def connected(database: Any, *arguments: Any, **options: Any) -> Connection:
        path = Path(str(database).split("?")[0])
        new = not str(database).startswith("file:") and not path.exists()
        with moments.around("open") if new else contextlib.nullcontext():
            made = connect(database, *arguments, factory=Connection, **options)
        made.file = next((name for name in ("workbench", "accounts") if name in path.name), "another")
        return made

    patched: Any = sqlite3  # what is put in place takes any arguments and hands them on
    patched.connect = connected


def _watch_tables(moments: Moments) -> None:
    import deltalake
    import deltalake.transaction
    import pyarrow
    import pyarrow.parquet

    for owner, name, kind in (
        (deltalake.DeltaTable, "create_write_transaction", "log entry"),
        (deltalake.DeltaTable, "restore", "log entry"),
        (deltalake.transaction, "create_table_with_add_actions", "log entry"),
        (pyarrow, "OSFile", "open"),
        (pyarrow.parquet, "write_table", "parquet"),
        (pyarrow.parquet.ParquetWriter, "__init__", "parquet"),
        (pyarrow.parquet.ParquetWriter, "write_batch", "parquet"),
        (pyarrow.parquet.ParquetWriter, "close", "parquet"),
    ):
        setattr(owner, name, moments.counted(kind, getattr(owner, name)))


def work(job: dict[str, Any]) -> None:
    """Runs the commands of one job, from ``first`` to ``last``, and reports each."""
    from augment.cli.app import run

    unwatched = open
    os.environ.update(job["environment"])
    os.chdir(job["workspace"])
    moments = Moments(job["kill"], marked=job.get("strace") is not None)
    watch(moments)
    for number, command in enumerate(job["commands"]):
        if not job["first"] <= number <= job.get("last", number):
            continue
        moments.command = number
        moments.counts.clear()
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            code = run([*command, "--json"])
        told = {"command": number, "code": code, "counts": dict(moments.counts), "err": err.getvalue()}
        told["out"] = json.loads(out.getvalue()) if out.getvalue() else None
        with unwatched(job["report"], "a", encoding="utf-8") as report:
            report.write(json.dumps(told) + "\n")


def traced(child: int, arguments: list[str]) -> subprocess.Popen[bytes]:
    """Strace, once it has taken hold of the child."""
    strace = subprocess.Popen(["strace", "-f", "-p", str(child), *arguments], stderr=subprocess.DEVNULL)
    status = Path(f"/proc/{child}/status")
    while "TracerPid:\t0\n" in status.read_text("ascii", "replace") and strace.poll() is None:
        time.sleep(0.002)
    return strace


def carry_out(job: dict[str, Any]) -> int:
    """The exit status of one job in a process of its own."""
    waits, tells = os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            ctypes.CDLL(None).prctl(SET_PTRACER, ANY_PROCESS, 0, 0, 0)  # some systems let only parents watch
            os.close(tells)
            os.read(waits, 1)
            work(job)
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    strace = traced(child, job["strace"]) if job.get("strace") is not None else None
    os.close(waits)
    os.close(tells)  # the child goes
    _, status = os.waitpid(child, 0)
    if strace is not None:
        strace.wait()
    return os.waitstatus_to_exitcode(status)


def main() -> None:
    """Does each line of stdin."""
    for name in BEFOREHAND:
        import_module(name)
    gc.freeze()  # what a child never frees it need not copy
    for line in sys.stdin:
        print(carry_out(json.loads(line)), flush=True)
    os._exit(0)  # some of what was imported complains at the end


if __name__ == "__main__":
    main()
