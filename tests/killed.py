"""Runs commands in processes that die at a chosen write: a server that forks one for each job, for test_kill.py.

Every write the program makes durable is counted from outside, before and after it happens: commits of the ledger,
fsync, rename, new folders, Parquet, the log entry of a version. A job may name one of these moments; there the process
kills itself with SIGKILL. Forking from a process that has imported everything saves seconds a job.

Jobs come as JSON lines on stdin: workspace, report, environment, commands, first, kill ([command, kind, n] or null).
The answer is one line with the exit status. The report is a file of JSON lines, one for each command that ended.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

BEFOREHAND = (
    *("dateutil", "deltalake", "duckdb", "numpy", "pandas", "pyarrow.parquet", "qianfan", "regex", "zoneinfo"),
    *("tencentcloud.tmt.v20180321.tmt_client", "augment.connectors.qianfan", "augment.connectors.tencent"),
    *("augment.cli.data", "augment.cli.stages", "augment.imports", "augment.importers.competition", "augment.runs"),
    *("augment.stages.backtranslate", "augment.stages.reason", "augment.workbench"),
)


class Moments:
    """Counts the moments of each command by kind, and ends the process at one of them."""

    def __init__(self, kill: list[Any] | None) -> None:
        self.kill = kill
        self.command = 0
        self.counts: Counter[str] = Counter()

    def pass_by(self, kind: str) -> None:
        self.counts[kind] += 1
        if self.kill == [self.command, kind, self.counts[kind]]:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, kind: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.pass_by(kind)
            done = call(*arguments, **options)
            self.pass_by(kind)
            return done

        return counted


def watch(moments: Moments) -> None:
    """Puts the counting around everything that writes."""
    import deltalake
    import deltalake.transaction
    import pyarrow.parquet

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if sql.split()[0] not in ("BEGIN", "COMMIT"):
                return super().execute(sql, *rest)
            moments.pass_by(sql.split()[0])
            cursor = super().execute(sql, *rest)
            moments.pass_by(sql.split()[0])
            return cursor

    connect = sqlite3.connect
    patched: Any = sqlite3  # what is put in place takes any arguments and hands them on
    patched.connect = lambda *arguments, **options: connect(*arguments, factory=Connection, **options)
    for kind in ("fsync", "rename", "replace", "mkdir", "unlink"):
        setattr(os, kind, moments.around(kind, getattr(os, kind)))
    for owner, name in (
        (deltalake.DeltaTable, "create_write_transaction"),
        (deltalake.transaction, "create_table_with_add_actions"),
    ):
        setattr(owner, name, moments.around("log entry", getattr(owner, name)))
    writer = pyarrow.parquet.ParquetWriter
    for name in ("write_batch", "close"):
        setattr(writer, name, moments.around("parquet", getattr(writer, name)))


def work(job: dict[str, Any]) -> None:
    """Runs the commands of one job, from ``first`` on, and reports each."""
    from augment.cli.app import run

    os.environ.update(job["environment"])
    os.chdir(job["workspace"])
    moments = Moments(job["kill"])
    watch(moments)
    for number, command in enumerate(job["commands"]):
        if number < job["first"]:
            continue
        moments.command = number
        moments.counts.clear()
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            code = run([*command, "--json"])
        told = {"command": number, "code": code, "counts": dict(moments.counts), "err": err.getvalue()}
        told["out"] = json.loads(out.getvalue()) if out.getvalue() else None
        with Path(job["report"]).open("a", encoding="utf-8") as report:
            report.write(json.dumps(told) + "\n")


def main() -> None:
    """Forks a process for each line of stdin."""
    for name in BEFOREHAND:
        import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 70
            try:
                work(json.loads(line))
                code = 0
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
