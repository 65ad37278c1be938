"""One key in several workspaces: what the vendor allows it is kept by all of them together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from augment.simulator.options import SimulatorOptions
from augment.simulator.server import Simulator, serve_in_thread

SAMPLE = Path(__file__).resolve().parents[1] / "datasets" / "samples" / "problems.jsonl"


def workspace(folder: Path, limits: str) -> Path:
    folder.mkdir()
    (folder / "augment.toml").write_text(f"[providers.yi-34b.limits]\n{limits}\n", encoding="utf-8")
    command = [sys.executable, "-m", "augment", "import", str(SAMPLE), "--name", "t"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def start(folder: Path, simulator: Simulator, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "augment", "reason", "t", "--provider", "yi-34b", "--json", *arguments]
    environment = {**os.environ, **simulator.env}
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_three_workspaces_with_one_key_keep_one_pace(tmp_path: Path) -> None:
    folders = [workspace(tmp_path / name, "rps = 10\nrpm = 0") for name in ("one", "two", "三")]
    with serve_in_thread(SimulatorOptions()) as simulator:
        running = [start(folder, simulator, ["--limit", "25"]) for folder in folders]
        ended = [process.communicate() for process in running]
        counts = simulator.counts()["wires"]["qianfan-v1"]
    assert [json.loads(out)["done"] for out, _ in ended] == [25] * 3
    assert counts["requests"] >= 75
    assert counts["most_in_1_s"] <= 13, "three that do not know of each other send thirty a second"


def test_a_days_requests_are_counted_across_workspaces_and_runs(tmp_path: Path) -> None:
    one, two = (workspace(tmp_path / name, "rpd = 30\nrpm = 0") for name in ("one", "two"))
    with serve_in_thread(SimulatorOptions()) as simulator:
        calls = []
        for folder in (one, two, one):
            process = start(folder, simulator, ["--limit", "20", "--concurrency", "4"])
            told = json.loads(process.communicate()[0])
            calls.append((process.returncode, told["done"], told["failed"]))
        served = simulator.counts()["wires"]["qianfan-v1"]["requests"]
    assert calls == [(0, 20, {}), (5, 10, {"quota_exhausted": 10}), (0, 0, {})]
    assert served == 30


def test_the_end_of_a_days_requests_says_when_it_goes_on(tmp_path: Path) -> None:
    folder = workspace(tmp_path / "one", "rpd = 3\nrpm = 0")
    with serve_in_thread(SimulatorOptions()) as simulator:
        process = start(folder, simulator, ["--limit", "6"])
        _, err = process.communicate()
    error = json.loads(err.splitlines()[-1])
    assert process.returncode == 5
    assert "3 requests a day are used up; it goes on at 20" in error["error"]


@pytest.mark.parametrize("state", ["file", "read-only"])
def test_a_state_folder_that_cannot_be_written_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    place = tmp_path / "state"
    if state == "file":
        place.write_text("not a folder", encoding="utf-8")
    else:
        place.mkdir(mode=0o500)
    monkeypatch.setenv("AUGMENT_STATE_FOLDER", str(place))
    folder = workspace(tmp_path / "one", "rps = 50\nrpm = 0")
    with serve_in_thread(SimulatorOptions()) as simulator:
        out, _ = start(folder, simulator, ["--limit", "3"]).communicate()
    assert json.loads(out)["done"] == 3
