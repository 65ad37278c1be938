"""``augment export`` as its users type it, after whole runs over the simulator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from augment import read_answer
from augment.cli.app import run
from augment.errors import UsageError
from augment.exports import abouts, names
from tests.exports.desk import read
from tests.test_cli import problem


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Augment = Callable[..., Ended]
SIMULATED = ("--simulate", "--provider", "yi-34b")


@pytest.fixture
def augment(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Augment]:
    (workspace / "augment.toml").write_text("[providers.yi-34b.limits]\nrpm = 0\nrps = 0\n", "utf-8")
    monkeypatch.chdir(workspace)

    def call(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run(arguments)
        return Ended(code, *capsys.readouterr())

    lines = [json.dumps(problem(number), ensure_ascii=False) for number in range(8)]
    (workspace / "train.jsonl").write_text("\n".join(lines), "utf-8")
    call("import", "train.jsonl")
    yield call


def test_a_rehearsed_dataset_leaves_in_every_format(augment: Augment, workspace: Path) -> None:
    for stage in ("reason", "wrong", "answer", "evaluate"):
        assert augment(stage, *SIMULATED).code == 0
    refused = augment("export", "--format", "alpaca", "-o", "out/alpaca")
    assert (refused.code, refused.out) == (3, "")
    assert "--allow-simulated" in refused.err
    for form in names():
        command = ("export", "--format", form, "-o", f"out/{form}", "--allow-simulated", "--json")
        if form == "submission":
            command += ("--allow-missing",)
        first = augment(*command)
        assert first.code == 0, first.err
        told: dict[str, Any] = json.loads(first.out)
        assert told["rows_in"] == told["rows_out"] + sum(told["left_out"].values())
        assert Path(told["manifest"]).is_file() and Path(told["path"]).exists()
    for line in read(workspace / "out" / "alpaca"):
        assert read_answer(line["output"], options=3).joined == "B"


def test_failed_attempts_are_kto_s_negatives_and_dpo_s_on_demand(augment: Augment, workspace: Path) -> None:
    augment("answer", *SIMULATED, "--votes", "5")
    augment("reason", *SIMULATED)
    without = augment("export", "--format", "kto", "-o", "k", "--allow-simulated", "--attempts", "leave")
    assert without.code == 3, "all that is left is right"
    done = augment("export", "--format", "kto", "-o", "k", "--allow-simulated", "--json")
    told = json.loads(done.out)["lines"]["labelled"]
    wrong = [line for line in read(workspace / "k") if not line["kto_tag"]]
    assert told["failed_attempts"] == told["wrong"] == len(wrong) > 0
    assert all(read_answer(line["output"], options=3).joined in ("A", "C") for line in wrong)
    pairs = augment("export", "--format", "dpo", "-o", "d", "--allow-simulated", "--attempts", "use", "--json")
    assert json.loads(pairs.out)["lines"]["pairs"]["lines"] == len(wrong)


def test_an_attempt_at_a_question_that_was_edited_since_is_no_negative(augment: Augment, workspace: Path) -> None:
    augment("answer", *SIMULATED, "--votes", "5")
    augment("reason", *SIMULATED)
    told = json.loads(augment("export", "--format", "kto", "-o", "k", "--allow-simulated", "--json").out)
    ids = [item["row_id"] for item in json.loads(augment("show", "--json", "--limit", "50").out)["items"]]
    for row_id in ids:
        augment("review", "edit", "--row", row_id, "--field", "problem", "--value", "换了一道题。", "--reviewer", "甲")
    augment("review", "seal")
    assert told["lines"]["labelled"]["failed_attempts"] > 0
    assert augment("export", "--format", "kto", "-o", "k", "--allow-simulated").code == 3


def test_a_notebook_gets_what_the_command_prints(augment: Augment) -> None:
    import augment as package

    printed = augment("export", "train", "--format", "sharegpt", "-o", "x", "--cot", "none", "--json").out
    assert package.export("train@v0", "sharegpt", "x", cot="none") == json.loads(printed)
    with pytest.raises(UsageError, match="'ctt'"):
        package.export("train", "sharegpt", "x", ctt="none")


def test_the_help_has_every_format_in_a_line(augment: Augment) -> None:
    lines = augment("export", "--help").out.splitlines()
    for name, about in abouts().items():
        assert any(line.split()[:1] == [name] and about in line for line in lines), name


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--format", "nonesuch", "-o", "x"), 2, "formats: alpaca"),
        (("--format", "csv", "-o", "x", "--cot", "none"), 2, "csv takes"),
        (("--format", "alpaca"), 2, "-o"),
        (("--format", "alpaca", "-o", "x", "--where", "1 =="), 2, "SQL"),
        (("nonesuch", "--format", "alpaca", "-o", "x"), 3, "no dataset"),
        (("--format", "alpaca", "-o", "x"), 3, "no reasoning"),
        (("--format", "alpaca", "-o", "train.jsonl/x", "--cot", "none"), 3, "stands"),
    ],
    ids=["format", "option", "path", "where", "dataset", "nothing", "folder"],
)
def test_what_is_wrong_is_told_with_its_exit_code(
    augment: Augment, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended = augment("export", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err and "hint: " in ended.err


def test_a_person_reads_what_was_left_out_and_why(augment: Augment) -> None:
    ended = augment("export", "train@v0", "--format", "alpaca", "-o", "x", "--cot", "none", "--where", "question <> ''")
    assert ended.code == 0
    assert "rows in 8 = out 8 + left out 0" in ended.out


def test_rows_to_test_on_are_mentioned_where_they_are_trained_on(augment: Augment) -> None:
    augment("split", "--ratios", "train=0.5,test=0.5", "--threshold", "1")
    command = ("export", "--format", "alpaca", "-o", "x", "--cot", "none")
    assert "rows of the split 'test' are in it" in augment(*command).err
    assert "test" not in augment(*command, "--split", "train").err


def test_decisions_that_wait_for_a_seal_are_mentioned(augment: Augment) -> None:
    row_id = json.loads(augment("show", "--json", "--limit", "1").out)["items"][0]["row_id"]
    augment("review", "reject", "--row", row_id, "--reviewer", "甲")
    waiting = augment("export", "--format", "alpaca", "-o", "x", "--cot", "none")
    assert "wait for a seal" in waiting.err
    augment("review", "seal")
    sealed = augment("export", "--format", "alpaca", "-o", "x", "--cot", "none")
    assert "left out 1: decision" in sealed.out and "seal" not in sealed.err
