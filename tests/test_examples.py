"""Each journey of ``examples/`` runs from a copy, over the simulator, and its exports hold what it says."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from augment.cli.app import run

ROOT = Path(__file__).resolve().parents[1]
JOURNEYS = ("competition", "scorer", "agents", "reading")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh copy of the examples with the samples beside them; the workspace is elsewhere."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("out"))
    shutil.copytree(ROOT / "datasets" / "samples", tmp_path / "datasets" / "samples")
    (tmp_path / "workspace").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def journey(checkout: Path, name: str, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    """What ``augment run`` printed."""
    file = f"examples/{name}/pipeline.toml"
    code = run(["run", file, "--simulate", "--json", "--workspace", str(checkout / "workspace"), *more])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    found: dict[str, Any] = json.loads(printed.out)
    return found


def out(checkout: Path, name: str, file: str) -> Any:
    """An exported file: its JSON, or its lines of JSON."""
    text = (checkout / "examples" / name / "out" / file).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()] if file.endswith(".jsonl") else json.loads(text)


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_journey_accounts_for_every_row_and_again_asks_nothing(
    checkout: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    found = journey(checkout, name, capsys)
    assert found["import"]["rows_added"] == found["import"]["rows_out"] == found["stages"][0]["rows_in"]
    for stage in found["stages"]:
        states = sum(sum(stage[state].values()) for state in ("skipped", "rejected", "failed"))
        assert stage["rows_in"] == stage["done"] + states
        assert not stage["failed"]
    assert found["total"]["calls"] == sum(stage["calls"] for stage in found["stages"]) > 0
    assert [export["dataset"] for export in found["exports"]] == [name] * len(found["exports"])
    files = {path: path.read_bytes() for path in sorted((checkout / "examples" / name / "out").rglob("*.*"))}

    again = journey(checkout, name, capsys)
    assert (again["total"]["calls"], again["version"]) == (0, found["version"])
    assert all(stage["already_done"] for stage in again["stages"])
    assert {path: path.read_bytes() for path in files} == files


def test_competition_data_comes_out_doubled_and_reasoned(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewritten, reasoned, _ = journey(checkout, "competition", capsys)["stages"]
    assert rewritten["rows_in"] == 151
    assert rewritten["skipped"] == {"translation task": 6}
    assert rewritten["rows_added"] == rewritten["done"] == 145
    assert reasoned["rows_in"] == reasoned["done"] == 296
    rows = out(checkout, "competition", "train.json")
    assert 200 < len(rows) < 296
    assert all(row["output"] for row in rows)
    assert "dataset_info.json" in {
        path.name for path in (checkout / "examples/competition/out/llama-factory").iterdir()
    }


def test_scorer_data_holds_right_and_wrong_reasoning(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reasoned, wrong, _ = journey(checkout, "scorer", capsys)["stages"]
    assert wrong["rows_added"] == wrong["done"] > 100
    lines = out(checkout, "scorer", "train.jsonl") + out(checkout, "scorer", "test.jsonl")
    labels = Counter(line["label"] for line in lines)
    assert labels == {1: reasoned["done"], 0: wrong["done"]}
    assert not {line["root_id"] for line in out(checkout, "scorer", "train.jsonl")} & {
        line["root_id"] for line in out(checkout, "scorer", "test.jsonl")
    }, "no problem stands in both"
    pairs = out(checkout, "scorer", "pairs.json")
    assert len(pairs) == sum(line["label"] == 0 for line in out(checkout, "scorer", "train.jsonl"))
    assert all(pair["chosen"] != pair["rejected"] for pair in pairs)


def test_agents_data_holds_an_answer_for_each_question_and_the_checks_that_were_kept(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answered, reasoned, checked = journey(checkout, "agents", capsys)["stages"]
    assert answered["rows_in"] == reasoned["done"] == len(out(checkout, "agents", "answer.jsonl")) == 29
    checks = out(checkout, "agents", "evaluate.jsonl")
    assert len(checks) == checked["rows_added"] == checked["done"] > 0
    assert all(turns["messages"][-1]["role"] == "assistant" for turns in checks)


def test_reading_data_has_choice_questions_only_and_is_judged(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rebuilt, expanded, judged, kept = journey(checkout, "reading", capsys)["stages"]
    assert rebuilt["rejected"] == {"check:open-question": 2}
    assert rebuilt["rows_out"] == 8 - 2 + rebuilt["rows_added"]
    assert judged["done"] == judged["rows_in"] == rebuilt["rows_out"] + expanded["rows_added"]
    assert kept["rows_out"] == kept["done"] == judged["rows_in"] - kept["rejected"]["check:filter"]
    rows = out(checkout, "reading", "reading.json")
    assert 0 < len(rows) == kept["rows_out"]
    assert all(row["output"] for row in rows)
