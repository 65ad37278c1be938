"""What a run says of itself while it goes on, and who can stop it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from augment.errors import Fault
from augment.processes import has_signature, interrupt, signature
from augment.progress import Live, Progress, Pulse, published, read
from augment.tallies import Tally
from augment.types import Route

ROUTE = Route("deepseek", "openai", "deepseek-chat", "http://127.0.0.1:9", options=(("dialect", "deepseek"),))


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def live(*, rows: int = 0, calls: int = 0, input_tokens: int = 0) -> Live:
    tally = Tally(rows=rows, calls=calls, input_tokens=input_tokens)
    return Live("reason", "deepseek", tally, rows_total=100, limits="5 req/s", started=100.0)


# ── figures ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_pace_is_that_of_the_last_minute() -> None:
    run, clock = live(), Clock()
    pulse = Pulse(run, clock=clock)
    run.tally.rows = 60  # from the ledger, within a second
    clock.now += 1
    assert pulse.figures().rows_per_s == 60
    for _ in range(100):
        clock.now += 1
        run.tally.rows, run.tally.calls = run.tally.rows, run.tally.calls + 2
        figures = pulse.figures()
    assert figures.rows_per_s == 0
    assert figures.seconds_left is None, "at this pace it never ends: nobody knows when"
    assert figures.calls_per_s == pytest.approx(2)


def test_what_is_left_is_told_at_the_pace_of_the_last_minute() -> None:
    run, clock = live(), Clock()
    pulse = Pulse(run, clock=clock)
    clock.now, run.tally.rows = 110.0, 20
    assert pulse.figures().seconds_left == pytest.approx(40)
    run.tally.rows = 100
    assert pulse.figures().seconds_left == 0


def test_no_pace_is_told_before_it_can_be_known() -> None:
    clock = Clock()
    figures = Pulse(live(rows=3), clock=clock).figures()
    assert (figures.rows_per_s, figures.calls_per_s, figures.seconds_left) == (None, None, None)


@pytest.mark.parametrize(
    ("stopping", "committing", "phase"),
    [("", False, "asking"), ("interrupted", False, "stopping"), ("interrupted", True, "committing")],
)
def test_the_phase_says_what_it_is_at(stopping: str, committing: bool, phase: str) -> None:
    run = live()
    run.tally.stopping, run.committing = stopping, committing
    assert Pulse(run).figures().phase == phase


def test_the_last_fault_comes_with_the_connector_that_its_hint_needs() -> None:
    run = live()
    run.tally.met(Fault("rate_limited", "x" * 9_000, code="1302"), ROUTE)
    met = dict(Pulse(run).figures().fault)
    assert len(met.pop("message")) == 500
    assert met == {"kind": "rate_limited", "code": "1302", "connector": "openai", "dialect": "deepseek"}


# ── for other processes ───────────────────────────────────────────────────────────────────────────────────────────────


def wait_for(folder: Path, run_id: str) -> Progress:
    for _ in range(200):
        if (found := read(folder, run_id)) is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("nothing was published")


def test_another_process_reads_what_a_run_publishes_and_nothing_stays(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    run = live(calls=7, input_tokens=11)
    run.count("rejected", "answer mismatch")
    with published(folder, Pulse(run, "r1", "train"), "r1"):
        wait_for(folder, "r1")
        code = "import sys, pathlib; from augment.progress import read; f = read(pathlib.Path(sys.argv[1]), 'r1');"
        code += "print(f.calls, f.input_tokens, dict(f.rejected), f.goes_on)"
        done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "7 11 {'answer mismatch': 1} True"
    assert list(folder.iterdir()) == []


def test_a_run_that_is_over_at_once_writes_nothing(tmp_path: Path) -> None:
    with published(tmp_path / "runs", Pulse(live(), "r1"), "r1"):
        pass
    assert not (tmp_path / "runs").exists()


def test_a_disk_that_cannot_be_written_to_stops_no_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with published(tmp_path / "file" / "runs", Pulse(live(), "r1"), "r1"):
        time.sleep(0.4)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"run_id": "r1"}', "[" * 100_000, '{"run_id": "r1", "rows": "many"}'],
    ids=["empty", "torn", "list", "null", "nothing", "another release", "deep", "wrong kind"],
)
def test_a_file_that_says_no_progress_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "r1.json").write_text(text, "utf-8")
    assert read(tmp_path, "r1") is None


@pytest.mark.parametrize("name", ["../r1", "/etc/passwd", "r2", ""])
def test_a_name_reaches_no_other_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "r1.json").write_text(json.dumps(asdict(Pulse(live(), "r1").figures())), "utf-8")
    assert read(tmp_path, "r1") is not None
    assert read(tmp_path / "inside", name) is None


def test_a_killed_process_is_known_by_its_signature(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    figures = replace(Pulse(live(), "r1").figures(), process=signature(child.pid))
    assert figures.goes_on
    child.kill()
    child.wait()
    assert not figures.goes_on


def test_the_threads_of_a_run_cost_nothing_for_each_row(tmp_path: Path) -> None:
    """A row books its count as it did; writing is a matter of time, not of rows."""
    run = live()
    assert isinstance(run.skipped, Counter)
    began = time.process_time()
    with published(tmp_path / "runs", Pulse(run, "r1"), "r1"):
        time.sleep(1.5)
    assert time.process_time() - began < 0.1


# ── stopping ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_interrupt_reaches_the_process_of_the_signature_as_ctrl_c_does() -> None:
    code = (
        "import time\ntry:\n print('up', flush=True); time.sleep(60)\nexcept KeyboardInterrupt:\n print('asked to end')"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        assert interrupt(signature(child.pid))
        assert child.stdout.read() == "asked to end\n"


def test_no_process_is_interrupted_that_only_has_the_number() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        here, number, born = signature(child.pid).rsplit(":", 2)
        others = [
            f"{here}:{number}:{int(born) - 1}",
            f"elsewhere:{number}:{born}",
            f"{here}:{number}",
            "",
            ":::",
            "a:b:c",
        ]
        assert not any(map(interrupt, others))
        assert not any(map(has_signature, others))
        assert child.poll() is None
        child.send_signal(signal.SIGKILL)


def test_a_process_does_not_interrupt_itself() -> None:
    assert has_signature(signature(os.getpid()))
    assert not interrupt(signature(os.getpid()))
