"""Runs that go on in other processes: followed, and asked to end."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from typing import Any

from augment.cli import output
from augment.errors import NotFound
from augment.records import one_run
from augment.workbench import Workbench

EVERY_S = 1.0


def watch(bench: Workbench, name: str | None, *, as_json: bool) -> int:
    """Follows a run to its end, or says once how it stands as JSON. Raises NotFound. Ctrl-C ends the watching only."""
    run = _chosen(bench, name)
    if as_json:
        found = bench.progress(run["run_id"])
        output.result({"run_id": run["run_id"], "state": run["state"], "progress": asdict(found) if found else None})
        return 0
    told = output.Told()
    live = _panel() if sys.stderr.isatty() else None
    try:
        while run["state"] == "running":
            found = bench.progress(run["run_id"])
            if found is not None and live is not None:
                live.update(output.panel(found), refresh=True)
            elif found is not None:
                told.tell(found)
            time.sleep(EVERY_S)
            run = one_run(bench.ledger, run["run_id"])
    finally:
        if live is not None:
            live.stop()
    output.line(f"run {run['run_id']}: {run['state']}")
    output.line(f"`augment runs show {run['run_id']}` tells the rest")
    return 0


def stop(bench: Workbench, name: str | None, *, as_json: bool) -> int:
    """Asks a run to end; what it has done becomes a version. Raises NotFound, FixableError."""
    run = _chosen(bench, name)
    bench.stop(run["run_id"])
    if as_json:
        output.result({"run_id": run["run_id"], "asked_to_stop": True})
    else:
        output.line(
            f"run {run['run_id']} was asked to end: what is in flight may arrive, what is done becomes a version"
        )
    return 0


def _chosen(bench: Workbench, name: str | None) -> dict[str, Any]:
    """The run of that id, else the newest that goes on."""
    if name is not None:
        return one_run(bench.ledger, name)
    found = bench.runs(1, state="running")
    if not found:
        raise NotFound("no run goes on", hint="`augment runs` lists those that have ended")
    return found[0]


def _panel() -> Any:
    from rich.console import Console
    from rich.live import Live

    live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
    live.start()
    return live
