"""Pruning frees what no kept version needs and nothing else, and a kill at any write leaves whole versions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from augment.cli.app import run
from augment.errors import NotFound
from augment.plans import RunOptions
from augment.rows import VOLATILE
from augment.store import Store
from augment.workbench import Workbench
from tests.durability.jobs import Forker

PROBLEMS = [
    {
        "id": f"shop-{number}",
        "problem": f"在第{number}家商店里，张明买了{10 + number}元的东西，李华买了20元的东西。",
        "questions": [{"question": "选择题 1：\n谁花得多？", "options": ["张明", "李华", "王芳"], "answer": "B"}],
    }
    for number in range(6)
]


@pytest.fixture
def shops(workspace: Path) -> Path:
    """Five versions: rows in, split anew three times (each rewrites all rows), rows in once more (adds a file)."""
    for part, problems in (("one", PROBLEMS[:4]), ("two", PROBLEMS[4:])):
        lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in problems)
        (workspace / f"{part}.jsonl").write_text(lines, "utf-8")
    with Workbench.open(str(workspace)) as found:
        found.import_files([workspace / "one.jsonl"], "shops")
        for seed in (1, 2, 3):
            found.run("split", "shops", options={"seed": seed, "ratios": f"a{seed}=0.5,b=0.5", "redo": True})
        found.import_files([workspace / "two.jsonl"], "shops")
        assert found.store.current("shops") == 4
    return workspace


def contents(store: Store, version: int) -> list[dict[str, Any]]:
    return [{k: v for k, v in asdict(row).items() if k not in VOLATILE} for row in store.rows("shops", version)]


def folder(workspace: Path) -> Path:
    return workspace / "datasets" / "shops" / "rows"


def parts(workspace: Path) -> set[str]:
    return {path.name for path in folder(workspace).glob("part-*.parquet")}


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_dry_run_says_what_would_go_and_the_real_one_frees_just_that(
    shops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(shops / "datasets")
    before, sizes = parts(shops), {path.name: path.stat().st_size for path in folder(shops).glob("part-*")}
    newest = contents(store, 4)
    foretold = told(capsys, "versions", "shops", "--prune", "--keep", "1", "--dry-run")
    assert parts(shops) == before
    done = told(capsys, "versions", "shops", "--prune", "--keep", "1")
    assert done == {**foretold, "dry_run": False}
    assert (done["given_up"], done["kept"]) == ([0, 1, 2], [3, 4]), "all that v3 needs v4 needs too"
    assert before - parts(shops) == set(done["files"])
    assert done["bytes"] == sum(sizes[name] for name in done["files"]) > 0
    assert contents(store, 4) == newest
    assert contents(store, 3) == newest[:4]
    again = told(capsys, "versions", "shops", "--prune", "--keep", "1")
    assert (again["files"], again["given_up"], again["bytes"]) == ([], [], 0)


def test_a_pruned_version_is_named_as_that_wherever_it_is_asked_for(
    shops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, "versions", "shops", "--prune", "--before", "v2")
    listed = told(capsys, "versions", "shops")["items"]
    assert [(item["version"], item["pruned"]) for item in listed] == [
        *((0, True), (1, True), (2, False), (3, False), (4, False))
    ]
    assert [item["stage"] for item in listed] == ["import", "split", "split", "split", "import"], "the record stays"
    assert run(["versions", "shops"]) == 0
    assert "v1 pruned" in capsys.readouterr().out
    for command in (
        ["show", "shops@v1"],
        ["restore", "v1", "--dataset", "shops"],
        ["diff", "v1", "v4", "--dataset", "shops"],
    ):
        assert run(command) == 3
        printed = capsys.readouterr().err
        assert "v1 of 'shops' was pruned" in printed
        assert "kept: v2, v3, v4" in printed


def test_without_a_bound_only_what_killed_processes_left_goes(shops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    dead = folder(shops) / f".{ended.stdout.strip()}.abc.draft"
    alive = folder(shops) / f".{os.getpid()}.abc.draft"
    orphan = folder(shops) / f"part-00000009-0-{'0' * 64}.parquet"
    for path in (dead, alive, orphan):
        path.write_bytes(b"PAR1")
    done = told(capsys, "versions", "shops", "--prune")
    assert set(done["files"]) == {dead.name, orphan.name}
    assert (dead.exists(), alive.exists(), orphan.exists()) == (False, True, False)
    assert (done["given_up"], done["kept"]) == ([], [0, 1, 2, 3, 4])


def test_what_a_run_that_goes_on_reads_stays(shops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Workbench.open(str(shops)) as found:
        values = ("r1", "shops", "reason", "{}", 1, time.time(), os.getpid(), "running")
        names = "run_id, dataset, stage, options, from_version, started_at, pid, state"
        found.ledger.write(lambda db: db.execute(f"INSERT INTO runs ({names}) VALUES (?,?,?,?,?,?,?,?)", values))
        before = contents(found.store, 1)
    done = told(capsys, "versions", "shops", "--prune", "--keep", "1")
    assert done["given_up"] == [0, 2]
    assert done["held"] == ["v1 stays: a run that goes on reads it"]
    assert contents(Store(shops / "datasets"), 1) == before


def test_versions_made_after_a_prune_are_as_ever(shops: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "versions", "shops", "--prune", "--keep", "1")
    with Workbench.open(str(shops)) as found:
        summary = found.run("split", "shops", options={"seed": 9, "redo": True}, run=RunOptions())
        assert summary.version == 5
        assert found.store.count("shops", 5) == 6
        assert found.restore("shops", 4) == 6
        with pytest.raises(NotFound, match="was pruned"):
            list(found.store.rows("shops", 0))


def test_a_replay_goes_through_pruned_versions_and_compares_the_kept(
    shops: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, "versions", "shops", "--prune", "--keep", "1")
    found = told(capsys, "replay", "shops")
    assert found["equal"]
    assert [item["equal"] for item in found["items"]] == [None, None, None, True, True]
    assert found["items"][0]["trouble"].startswith("pruned")
    assert told(capsys, "replay", "shops@v1")["equal"] is None, "made again, and nothing there to compare it with"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--prune", "--keep", "0"], "--keep 0"),
        (["--prune", "--keep", "1", "--before", "v1"], "two ways"),
        (["--prune", "--before", "v9"], "no v9"),
        (["--keep", "1"], "go with --prune"),
        (["--dry-run"], "go with --prune"),
    ],
    ids=lambda found: " ".join(found) if isinstance(found, list) else "",
)
def test_a_bound_that_makes_no_sense_frees_nothing(
    shops: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    before = parts(shops)
    assert run(["versions", "shops", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert parts(shops) == before


# ── kill -9 ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def forker() -> Iterator[Forker]:
    made = Forker()
    yield made
    made.close()


def test_a_kill_at_any_write_leaves_every_kept_version_whole_and_again_it_goes_on(
    shops: Path, tmp_path: Path, forker: Forker
) -> None:
    store = Store(shops / "datasets")
    whole = {number: contents(store, number) for number in (3, 4)}
    calm = tmp_path / "calm"
    shutil.copytree(shops, calm)
    counts = _prune(forker, calm, None)[1]["counts"]
    left = parts(calm)
    kinds = ("open", "write", "fsync", "replace", "unlink")
    moments = [(kind, n, when) for kind in kinds for n in range(1, counts[kind] + 1) for when in ("before", "after")]
    moments = [one for one in moments if one[0] in ("replace", "unlink", "fsync") or one[2] == "before"]
    assert {kind for kind, _, _ in moments} == set(kinds)
    killed = 0
    for kind, n, when in moments:
        folder_of_one = tmp_path / f"{kind}-{n}-{when}"
        shutil.copytree(shops, folder_of_one)
        status, _ = _prune(forker, folder_of_one, [0, kind, n, when])
        killed += status == -9
        cut = Store(folder_of_one / "datasets")
        assert {number: contents(cut, number) for number in (3, 4)} == whole, (kind, n, when)
        for number in (0, 1, 2):  # whole, or named as pruned: never a version with a hole
            if number not in cut.pruned("shops"):
                assert len(contents(cut, number)) == 4
        status, ended = _prune(forker, folder_of_one, None)
        assert (status, ended["code"]) == (0, 0), (kind, n, when)
        assert parts(folder_of_one) == left, (kind, n, when)
        assert cut.pruned("shops") == {0, 1, 2}
    assert killed == len(moments)


def _prune(forker: Forker, workspace: Path, kill: list[Any] | None) -> tuple[int, dict[str, Any]]:
    report = workspace / "report"
    report.unlink(missing_ok=True)
    job = {
        "workspace": str(workspace),
        "report": str(report),
        "environment": {"HOME": str(workspace), "AUGMENT_WORKSPACE": str(workspace)},
        "commands": [["versions", "shops", "--prune", "--keep", "1"]],
        "first": 0,
        "kill": kill,
    }
    status = forker.run(job)
    return status, json.loads(report.read_text("utf-8").splitlines()[-1]) if report.exists() else {}
