"""Runs as processes of their own: they survive who started them, can be stopped, and gone on with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from augment import launch
from augment.errors import Conflict, FixableError, KeyMissing, NotFound, UsageError
from augment.plans import Plan, RunOptions
from augment.stages import load
from augment.workbench import Workbench
from augment.workbench._forms import recorded

ROWS = 150
SIMULATED = RunOptions(provider="deepseek", simulate=True)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    """A workspace with some seconds of work in it."""
    with opened(tmp_path, ROWS) as found:
        yield found


@contextmanager
def opened(folder: Path, rows: int) -> Iterator[Workbench]:
    folder.mkdir(exist_ok=True)
    (folder / "augment.toml").touch()
    problems = (
        {
            "id": f"shop-{number}",
            "problem": f"张明买了{number}元的东西，李华买了{number + 7}元的东西。",
            "questions": [{"question": "谁花的钱多？", "options": ["张明", "李华"], "answer": "B"}],
        }
        for number in range(rows)
    )
    lines = "\n".join(json.dumps(problem, ensure_ascii=False) for problem in problems)
    with Workbench.open(str(folder)) as found:
        found.upload([("train.jsonl", lines.encode())])
        yield found


def until(met: Callable[[], Any], seconds: float = 40.0) -> Any:
    for _ in range(round(seconds / 0.05)):
        if found := met():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def ended(bench: Workbench, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = until(
        lambda: next((r for r in bench.runs() if r["run_id"] == run_id and r["summary"]), None)
    )
    return found


def run_of(bench: Workbench, started: launch.Launch) -> str:
    return str(until(lambda: next((one.run_id for one in bench.started() if one.launch.id == started.id), None)))


def test_stopped_in_the_middle_and_gone_on_with_it_is_what_an_undisturbed_run_is(
    bench: Workbench, tmp_path: Path
) -> None:
    run_id = run_of(bench, bench.start("reason", "train", run=SIMULATED))
    figures = until(lambda: (found := bench.progress(run_id)) and found.calls > 20 and found)
    assert figures.goes_on
    assert (figures.rows_total, figures.dataset) == (ROWS, "train")
    bench.stop(run_id)
    stopped = ended(bench, run_id)
    assert stopped["state"] == "interrupted"
    assert 0 < stopped["summary"]["done"] < ROWS
    assert set(stopped["summary"]["failed"]) == {"interrupted"}
    assert bench.progress(run_id) is None

    again = ended(bench, run_of(bench, bench.again(run_id)))
    assert again["state"] == "done"
    assert again["options"] == stopped["options"]
    assert stopped["summary"]["calls"] + again["summary"]["calls"] == ROWS
    with opened(tmp_path / "calm", ROWS) as calm:
        calm.run("reason", "train", run=SIMULATED)
        of_the_run = {"run_id": None, "created_at": None, "attempts": None, "input_tokens": None, "output_tokens": None}
        tables = [
            [row.with_(cost_cny=None, **of_the_run) for row in one.store.rows("train", 2 - number)]
            for number, one in enumerate((bench, calm))
        ]
    assert tables[0] == tables[1]


def test_a_run_outlives_who_started_it(bench: Workbench, tmp_path: Path) -> None:
    code = (
        "import os, sys; from augment.plans import RunOptions; from augment.workbench import Workbench\n"
        "bench = Workbench.open(sys.argv[1])\n"
        "print(bench.start('reason', 'train', run=RunOptions(provider='deepseek', simulate=True)).id, flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == -9
    (started,) = bench.started()
    assert started.launch.id == done.stdout.strip()
    assert ended(bench, run_of(bench, started.launch))["summary"]["done"] == ROWS


def test_the_same_stage_is_not_started_twice_at_once(bench: Workbench) -> None:
    first = bench.start("reason", "train", run=SIMULATED)
    with pytest.raises(Conflict, match="already at work"):
        bench.start("reason", "train", run=SIMULATED)
    run_id = run_of(bench, first)
    with pytest.raises(Conflict, match=run_id):
        bench.start("reason", "train", run=SIMULATED)
    bench.stop(run_id)
    ended(bench, run_id)
    assert len(bench.started()) == 1


@pytest.mark.parametrize(
    ("options", "run", "error"),
    [
        ({}, RunOptions(provider="deepseek"), KeyMissing),
        ({}, RunOptions(provider="nobody", simulate=True), NotFound),
        ({}, RunOptions(provider="deepseek", simulate=True, where="no_such_column = 1"), UsageError),
        ({"retries": -1}, SIMULATED, UsageError),
        ({"no_such_option": 1}, SIMULATED, UsageError),
        ({"template": "a\0b"}, SIMULATED, FixableError),
    ],
    ids=["key", "provider", "where", "option", "unknown", "zero byte"],
)
def test_what_is_wrong_is_said_before_anything_starts(
    bench: Workbench, options: dict[str, Any], run: RunOptions, error: type[Exception]
) -> None:
    with pytest.raises(error):
        bench.start("reason", "train", options=options, run=run)
    assert bench.started() == []


def test_a_process_that_ends_before_its_run_says_why(bench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / ".augment" / "runs"
    words = ["reason", "train", "--provider", "deepseek", "--workspace", str(tmp_path), "--json"]
    one = launch.start(folder, words, stage="reason", dataset="train", within=tmp_path)
    until(lambda: not one.goes_on)
    (started,) = bench.started()
    assert (started.run_id, started.exit_code) == (None, 3)
    assert "DEEPSEEK_API_KEY" in started.hint


def test_a_process_that_was_killed_has_no_exit_code(bench: Workbench) -> None:
    one = bench.start("reason", "train", run=SIMULATED)
    run_id = run_of(bench, one)
    until(lambda: bench.progress(run_id))
    os.kill(one.pid, 9)
    until(lambda: not one.goes_on)
    (started,) = bench.started()
    assert (started.run_id, started.exit_code) == (run_id, None)
    assert bench.runs()[0]["state"] == "killed"
    last = bench.progress(run_id)
    assert last is not None
    assert not last.goes_on
    with pytest.raises(NotFound, match="no process"):
        bench.stop(run_id)


def test_nothing_in_the_folder_it_runs_in_is_imported(bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('an upload was run')", "utf-8")
    (tmp_path / "augment.py").write_text("raise SystemExit('an upload was run')", "utf-8")
    started = bench.start("shuffle", "train")
    assert ended(bench, run_of(bench, started))["summary"]["done"] == ROWS


def test_a_terminal_follows_and_stops_a_run_of_another_process(bench: Workbench, tmp_path: Path) -> None:
    def augment(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "augment", *words, "--workspace", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    assert augment("runs", "watch").returncode == 3
    run_id = run_of(bench, bench.start("answer", "train", options={"votes": 21}, run=SIMULATED))  # half a minute's work
    until(lambda: bench.progress(run_id))
    seen = json.loads(augment("runs", "watch", "--json").stdout)
    assert seen["run_id"] == run_id
    assert augment("runs", "stop", run_id[:18]).returncode == 0
    watched = augment("runs", "watch", run_id)
    assert (watched.returncode, watched.stdout.splitlines()[0]) == (0, f"run {run_id}: interrupted")
    assert "has no process on this machine" in augment("runs", "stop", run_id).stderr


# ── the words of a command ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_says_what_differs_from_how_it_would_be_anyway(bench: Workbench) -> None:
    run = RunOptions(provider="yi-34b", fallback=("deepseek", "-odd"), where="answer = 'B'", limit=5, simulate=True)
    assert bench.words("reason", "train", options={"retries": 0, "redo": True, "template": "pupil"}, run=run) == [
        *("reason", "train", "--provider=yi-34b", "--fallback=deepseek", "--fallback=-odd", "--where=answer = 'B'"),
        *("--limit=5", "--simulate", "--retries=0", "--redo"),
    ]


@pytest.mark.parametrize("stage", ["reason", "shuffle", "backtranslate", "judge", "dedupe", "answer"])
def test_the_record_of_a_run_gives_its_command_again(bench: Workbench, stage: str) -> None:
    """Every field at some other value than its own, zero where it is a number: what the record leaves out is known."""
    other: dict[str, Any] = {"flag": True, "whole": 0, "number": 0.0, "text": "甲", "many": ("乙", "丙")}
    form = bench.form(stage)
    kept = {"preview", "dry_run", "simulate", "where", "sample", "limit", "provider", "model", "fallback", "target"}
    common = {blank.name: other[blank.kind] for blank in form.common if blank.name not in kept}
    options: dict[str, Any] = {}
    for blank in form.own:
        options[blank.name] = blank.choices[-1] if blank.choices and blank.kind == "text" else other[blank.kind]
    found = load(stage)
    run = RunOptions(**common)
    chosen = Plan.chosen(_Chosen(run, found.options(**options)))  # type: ignore[arg-type]  # all that it looks at
    assert recorded(stage, json.loads(json.dumps(chosen))) == (options, run)


class _Chosen:
    def __init__(self, run: RunOptions, options: Any) -> None:
        self.run, self.options = run, options
