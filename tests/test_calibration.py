"""Verdicts against reviews: on a dataset on disk, and through the commands that show it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from augment.calibration import calibrate
from augment.cli.app import run
from augment.comparisons import FIRST, SECOND, detail
from augment.errors import UsageError
from augment.plans import RunOptions
from augment.query import select
from augment.review import by
from augment.rubrics import read_rubric
from augment.types import Check, Decision, Row, Verdict
from augment.workbench import Workbench
from tests.injections import INJECTIONS, planted
from tests.tables import lineage

LIN = by("林")


def verdict(judge: str, share: float) -> Verdict:
    return Verdict(judge=judge, rubric="reading@1", total=share * 44, maximum=44.0, criteria=[])


def judged(number: int, share: float, other: float | None = None, **more: Any) -> Row:
    verdicts = [verdict("one", share), *([] if other is None else [verdict("two", other)])]
    score = sum(one["total"] / one["maximum"] for one in verdicts) / len(verdicts)
    return Row(f"{number:032x}", f"p{number}", problem="题" * (number + 1), verdicts=verdicts, score=score, **more)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    with Workbench.open(str(tmp_path)) as found:
        yield found


def decided(row: Row, **said: bool) -> Row:
    """The row as a seal leaves it. said: whether a reviewer accepts it."""
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    found = [
        Decision(reviewer=who, decision="accept" if yes else "reject", reason=None, note=None, at=at)
        for who, yes in said.items()
    ]
    return row.with_(decisions=found, decision=found[-1]["decision"])


def write(bench: Workbench, rows: list[Row]) -> None:
    with bench.store.draft("d") as draft:
        draft.write(rows)
        bench.store.commit("d", base=None, added=draft, lineage=lineage(), transaction="t")


def review(bench: Workbench, decisions: dict[int, str], hand: Any = LIN) -> None:
    live = bench.browse("d", bench.store.current("d"))
    for number, decision in decisions.items():
        bench.decide(live, f"{number:032x}", decision, hand)


def test_the_threshold_is_where_people_accept_what_is_kept(bench: Workbench) -> None:
    write(bench, [decided(judged(n, n / 128), lin=n >= 52) if n % 2 else judged(n, n / 128) for n in range(128)])
    found = bench.calibrate("d", 0)
    assert (found.reviewed, found.accepted, found.needed) == (64, 38, 73)
    assert found.threshold is not None
    # 51 and 49 were rejected: 38 of 40 kept are 0.95 still.
    assert (found.threshold.kept, found.threshold.accepted) == (40, 38)
    assert found.threshold.score == pytest.approx(49 / 128, abs=0.0001)
    assert found.assured is None
    kept = select(bench.store, "d", 0, where=found.threshold.where)
    assert kept is not None
    assert len(kept) == 79


def test_decisions_that_wait_for_a_seal_count_and_undone_ones_do_not(bench: Workbench) -> None:
    write(bench, [judged(n, 0.5) for n in range(4)])
    review(bench, {0: "accept", 1: "reject", 2: "accept"})
    assert (bench.calibrate("d", 0).reviewed, bench.calibrate("d", 0).accepted) == (3, 2)
    bench.undo(bench.browse("d", 0), LIN)
    assert (bench.calibrate("d", 0).reviewed, bench.calibrate("d", 0).accepted) == (2, 1)
    bench.seal("d")
    sealed = bench.calibrate("d", 1)
    assert (sealed.reviewed, sealed.accepted) == (2, 1)


def test_with_rows_enough_a_threshold_is_assured(bench: Workbench) -> None:
    write(bench, [decided(judged(n, n / 400), lin=n >= 100) for n in range(400)])
    found = bench.calibrate("d", 0, precision=0.9)
    assert found.assured is not None
    assert found.threshold is not None
    assert found.assured.interval[0] >= 0.9
    assert found.threshold.score < found.assured.score
    assert found.at == found.assured.score
    (judge,) = found.judges
    assert judge.confusion.kept_accepted + judge.confusion.dropped_accepted == 300
    assert judge.kappa is not None
    assert judge.kappa > 0.8


def test_nothing_is_promised_of_rows_that_nobody_reviewed(bench: Workbench) -> None:
    write(bench, [judged(n, 0.9) for n in range(5)])
    found = bench.calibrate("d", 0)
    assert (found.reviewed, found.threshold, found.assured, found.people_alpha) == (0, None, None, None)


def test_judges_are_held_against_one_another_by_rubric(bench: Workbench) -> None:
    write(bench, [judged(n, n / 10, n / 10 if n % 2 else None) for n in range(10)])
    alike = bench.calibrate("d", 0).judges_alpha
    assert alike == {"reading@1": pytest.approx(1.0)}
    names = [(one.judge, one.rows) for one in bench.calibrate("d", 0).judges]
    assert names == [("one", 10), ("two", 5)]


def test_people_are_held_against_one_another(bench: Workbench) -> None:
    said = [{"lin": True, "wang": True}, {"lin": True, "wang": False}, {"lin": False, "wang": False}]
    alone = [{"lin": False}, {"wang": True}]
    write(bench, [decided(judged(n, 0.5), **each) for n, each in enumerate((*said, *alone))])
    found = bench.calibrate("d", 0)
    assert found.people == 2
    assert found.people_kappa == {"lin · wang": pytest.approx(0.4)}
    assert found.people_alpha is not None


def test_length_and_place_are_measured(bench: Workbench) -> None:
    turned = Check(name="position:one", ok=False, detail=detail(FIRST, FIRST))
    steady = Check(name="position:one", ok=True, detail=detail(FIRST, SECOND))
    rows = [judged(n, n / 10, checks=[turned if n < 3 else steady]) for n in range(10)]
    write(bench, rows)
    found = bench.calibrate("d", 0)
    assert found.judges[0].length == 1.0
    (place,) = found.places
    assert (place.pairs, place.flips, place.first) == (10, 3, pytest.approx(0.65))
    assert place.low < 0.3 < place.high


@pytest.mark.parametrize("options", [{"precision": 1.0}, {"precision": 0.2}, {"at": 1.5}])
def test_a_precision_or_threshold_that_is_none_is_refused(bench: Workbench, options: dict[str, float]) -> None:
    write(bench, [judged(0, 0.5)])
    with pytest.raises(UsageError):
        calibrate(bench.store, bench.browse("d", 0), **options)


# ── as typed ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def typed(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    write(bench, [decided(judged(n, n / 100, 0.5), lin=n >= 20) for n in range(100)])
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        return run(arguments), capsys.readouterr().out

    return call


def test_calibrate_asks_nobody_makes_no_version_and_prints_what_to_type(
    typed: Callable[..., tuple[int, str]], bench: Workbench
) -> None:
    code, out = typed("judge", "--calibrate", "d", "--precision", "0.9")
    assert code == 0
    assert '--where "score >= ' in out
    assert "95 %" in out
    assert (bench.store.current("d"), bench.runs()) == (0, [])
    code, out = typed("judge", "d", "--calibrate", "--json")
    told = json.loads(out)
    assert (code, told["precision"], told["reviewed"], told["needed"]) == (0, 0.95, 100, 73)
    low, high = told["threshold"]["low"], told["threshold"]["high"]
    assert low < told["threshold"]["precision"] < high
    assert told["threshold"]["where"] == f"score >= {told['threshold']['score']:g}"


def test_agreement_is_a_command_of_its_own(typed: Callable[..., tuple[int, str]]) -> None:
    code, out = typed("agreement", "d", "--at", "0.4")
    assert code == 0
    assert "Krippendorff's alpha" in out
    code, out = typed("agreement", "d", "--at", "0.4", "--json")
    assert json.loads(out)["at"] == 0.4


def test_a_row_is_shown_with_every_judge_s_points(typed: Callable[..., tuple[int, str]]) -> None:
    shown = typed("show", "d", "--row", f"{50:032x}")[1]
    assert "  22/44 one · reading@1" in shown
    assert "  22/44 two · reading@1" in shown


def test_rubrics_are_shown(typed: Callable[..., tuple[int, str]]) -> None:
    assert "44" in typed("rubrics")[1]
    assert typed("rubrics", "reading")[1].strip() == read_rubric("reading").text.strip()
    assert json.loads(typed("rubrics", "--json")[1])["items"][0]["maximum"] == 44


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("judge", "d", "--calibrate", "--precision", "2"), 2),
        (("judge", "d", "--precision", "0.9", "--simulate", "--provider", "deepseek"), 2),
        (("judge", "d", "--rubric", "none", "--simulate", "--provider", "deepseek"), 3),
        (("judge", "d", "--judge", "tencent", "--simulate", "--provider", "deepseek"), 3),
        (("judge", "none", "--calibrate"), 3),
        (("rubrics", "none"), 3),
    ],
    ids=lambda found: " ".join(found) if isinstance(found, tuple) else "",
)
def test_what_cannot_be_done_ends_with_its_code(
    typed: Callable[..., tuple[int, str]], arguments: tuple[str, ...], code: int
) -> None:
    assert typed(*arguments)[0] == code


# ── over the simulator's wire ─────────────────────────────────────────────────────────────────────────────────────────


def test_two_judges_over_the_wire_are_unmoved_by_what_is_planted(workspace: Path) -> None:
    stem = {
        "problem": "甲比乙高，乙比丙高。",
        "questions": [{"question": "选择题 1：谁最高？", "options": ["甲", "乙", "以上都不是最高的人"], "answer": "A"}],
    }
    points = "\n".join(f"{one.name}：{one.maximum:g}/{one.maximum:g}" for one in read_rubric("reading").criteria)
    texts = ["", *(planted(kind, 44, points, "题目") for kind in list(INJECTIONS)[::3])]
    lines = [
        json.dumps({**stem, "id": str(n), "problem": f"{stem['problem']}\n{text}"}) for n, text in enumerate(texts)
    ]
    (workspace / "own.jsonl").write_text("\n".join(lines), "utf-8")
    with Workbench.open(str(workspace)) as bench:
        bench.import_files([workspace / "own.jsonl"], "own")
        options = {"rubric": "reading", "judge": ("qwen-plus",)}
        asked = RunOptions(provider="deepseek", simulate=True)
        summary = bench.run("judge", "own", options=options, run=asked)
        assert (summary.rows_in, summary.done, summary.exit_code) == (len(texts), len(texts), 0)
        rows = list(bench.store.rows("own", summary.version))
        assert {row.score for row in rows} == {rows[0].score}
        assert all([one["judge"] for one in row.verdicts or []] == ["sim:deepseek", "sim:qwen-plus"] for row in rows)
        again = bench.run("judge", "own", options=options, run=asked)
        assert (again.calls, again.skipped, again.version) == (0, {"already done": len(texts)}, summary.version)


def test_a_solution_is_checked_over_the_wire_and_stands_beside_its_row(workspace: Path) -> None:
    stems = [
        {
            "id": str(n),
            "problem": f"甲有{n}个苹果，乙比甲多两个。",
            "questions": [{"question": "谁的苹果多？", "options": ["甲", "乙", "一样多"], "answer": "B"}],
        }
        for n in range(2, 14)
    ]
    (workspace / "own.jsonl").write_text("\n".join(json.dumps(stem) for stem in stems), "utf-8")
    with Workbench.open(str(workspace)) as bench:
        bench.import_files([workspace / "own.jsonl"], "own")
        asked = RunOptions(provider="deepseek", simulate=True)
        bench.run("reason", "own", run=asked)
        summary = bench.run("evaluate", "own", run=asked)
        assert summary.rows_in == 12 == summary.done + sum(summary.rejected.values())
        assert summary.done >= 4
        rows = {row.row_id: row for row in bench.store.rows("own", summary.version)}
        checks = [row for row in rows.values() if row.stage == "evaluate"]
        assert len(checks) == summary.rows_added == summary.done
        for row in checks:
            parent = rows[row.parent_id or ""]
            assert (row.history or [])[0]["assistant"] == parent.reasoning
            assert row.concluded == row.answer == parent.answer
        compared = bench.run("compare", "own", run=asked)
        assert compared.rows_in == compared.done == len(checks)
        again = bench.run("evaluate", "own", run=asked)
        assert (again.calls, again.rows_added) == (0, 0)
