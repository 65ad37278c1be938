"""The stage ``score``, and ``answer`` with a scorer in front of its votes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from augment.errors import NotFound, UsageError
from augment.stages import load
from augment.stages._stage import Context
from augment.types import Ask, Reply, Row, Usage, Verdict
from tests.scorer.cards import write_card
from tests.scripted import Script, text_of
from tests.stages.staged import filled, saying, stage_over

ROW = Row(
    "row0",
    "problem0",
    problem="甲比乙高，乙比丙高。",
    question="谁最高？",
    options=["甲", "乙", "丙", "不能确定"],
    answer="A",
    reasoning="看条件，甲最高。\n答案是：A",
)
JUDGE = Verdict(judge="somebody", rubric="reasoning@1", total=50.0, maximum=100.0, criteria=[])


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augment.retry.FIRST_WAIT_S", 0.001)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(write_card(tmp_path / "mine"))


def likes(*letters: str) -> Script:
    """A scorer to whom solutions that conclude one of these letters are right."""

    def script(ask: Ask, _: int) -> Reply:
        good = text_of(ask).endswith(tuple(f"答案是：{letter}" for letter in letters))
        return Reply(("0.900000" if good else "0.100000",), Usage(9, 0))

    return script


def checks(row: Row) -> dict[str, tuple[bool, str]]:
    return {check["name"]: (check["ok"], check["detail"]) for check in row.checks}


# ── score ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_score_is_a_verdict_of_the_scorer_s(tmp_path: Path, folder: str) -> None:
    played = stage_over(tmp_path, "score", [ROW], {"m3": likes("A")}, asks=False, scorer=folder)
    (row,) = filled(played)
    assert row.verdicts == [Verdict(judge="other", rubric="scorer", total=0.9, maximum=1.0, criteria=[])]
    assert row.score == 0.9


def test_judges_verdicts_stay_and_the_score_is_the_mean_of_all(tmp_path: Path, folder: str) -> None:
    judged = ROW.with_(verdicts=[JUDGE], score=0.5)
    (row,) = filled(stage_over(tmp_path, "score", [judged], {"m3": likes("A")}, asks=False, scorer=folder))
    assert [one["judge"] for one in row.verdicts or []] == ["somebody", "other"]
    assert row.score == pytest.approx((0.5 + 0.9) / 2)


def test_the_scorer_reads_the_row_without_its_answer(tmp_path: Path, folder: str) -> None:
    played = stage_over(tmp_path, "score", [ROW.with_(answer="D")], {"m3": likes("A")}, asks=False, scorer=folder)
    (asked,) = map(text_of, played.sent)
    assert asked.endswith("解答：\n看条件，甲最高。\n答案是：A")
    assert "D. 不能确定" in asked


def test_a_row_that_is_scored_already_is_not_asked_again(tmp_path: Path, folder: str) -> None:
    (scored,) = filled(stage_over(tmp_path, "score", [ROW], {"m3": likes("A")}, asks=False, scorer=folder))
    again = stage_over(tmp_path, "score", [scored], {"m3": likes("A")}, asks=False, scorer=folder)
    assert (again.states, again.calls) == (["skipped already done"], 0)


@pytest.mark.parametrize("column", ["reasoning", "question", "problem"])
def test_a_row_whose_text_has_changed_is_scored_anew(tmp_path: Path, folder: str, column: str) -> None:
    (scored,) = filled(stage_over(tmp_path, "score", [ROW], {"m3": likes("A")}, asks=False, scorer=folder))
    edited = scored.with_(**{column: f"改过的，{getattr(ROW, column)}".replace("答案是：A", "答案是：B")})
    again = stage_over(tmp_path, "score", [edited], {"m3": likes("A")}, asks=False, scorer=folder)
    assert again.calls == 1
    assert [row.score for row in filled(again)] == ([0.1] if column == "reasoning" else [])


def test_a_new_score_takes_the_place_of_the_scorer_s_old_one(tmp_path: Path, folder: str) -> None:
    old = Verdict(judge="other", rubric="scorer", total=0.3, maximum=1.0, criteria=[])
    had = ROW.with_(verdicts=[old, JUDGE], score=0.4)
    (row,) = filled(stage_over(tmp_path, "score", [had], {"m3": likes("A")}, asks=False, scorer=folder))
    assert sorted((one["judge"], one["total"]) for one in row.verdicts or []) == [("other", 0.9), ("somebody", 50.0)]


def test_a_row_without_reasoning_is_skipped(tmp_path: Path, folder: str) -> None:
    played = stage_over(tmp_path, "score", [ROW.with_(reasoning=None)], {}, asks=False, scorer=folder)
    assert (played.states, played.calls) == (["skipped no answer"], 0)


def test_wrong_reasoning_is_scored_too_and_an_instruction_is_not() -> None:
    takes = load("score").takes
    assert takes(ROW.with_(label="wrong"))
    assert not takes(ROW.with_(kind="instruction"))


def test_score_needs_a_scorer() -> None:
    stage = load("score")
    with pytest.raises(UsageError, match="no scorer is named"):
        stage.prepare(stage.options(), Context(Path()))


# ── answer ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def voting(letters: str) -> Script:
    """One solution a letter, in this order."""
    return saying(*(f"第{at}次，逐项来看。\n答案是：{one}" for at, one in enumerate(letters)))


def answer(path: Path, folder: str, letters: str, good: str, **options: object) -> list[Row | str]:
    """What becomes of a row: with what it was filled, or the state it ends in."""
    played = stage_over(
        path, "answer", [ROW], {"m1": voting(letters), "m3": likes(*good)}, scorer=folder, temperature=0.5, **options
    )
    return [*filled(played)] or [*played.states]


def test_a_solution_below_the_threshold_does_not_vote(tmp_path: Path, folder: str) -> None:
    (row,) = answer(tmp_path, folder, "BABAA", "A", votes=3, retries=2)
    assert isinstance(row, Row)
    assert (row.predicted, row.votes) == ("A", [{"letters": "A", "count": 2}])


def test_without_the_scorer_the_same_replies_vote_otherwise(tmp_path: Path) -> None:
    played = stage_over(tmp_path, "answer", [ROW], {"m1": voting("BABAA")}, votes=3, retries=2, temperature=0.5)
    assert [row.predicted for row in filled(played)] == ["B"]


def test_what_it_refused_is_told_in_a_check(tmp_path: Path, folder: str) -> None:
    (row,) = answer(tmp_path, folder, "BABAA", "A", votes=3, retries=2)
    assert isinstance(row, Row)
    good, detail = checks(row)["scorer"]
    assert good
    assert detail == "other：阈值 0.6，评了 4 份解答，平均 0.50，2 份低于阈值、不计票"


def test_a_check_says_where_most_were_refused(tmp_path: Path, folder: str) -> None:
    (row,) = answer(tmp_path, folder, "BBBAA", "A", votes=2, retries=3)
    assert isinstance(row, Row)
    assert checks(row)["scorer"][0] is False


def test_how_often_it_asks_again_is_bounded(tmp_path: Path, folder: str) -> None:
    played = stage_over(
        tmp_path, "answer", [ROW], {"m1": voting("B" * 99), "m3": likes("A")}, scorer=folder, votes=3, retries=2
    )
    assert played.states == ["rejected check:scorer"]
    assert len(played.connectors["m1"].asks) == 3 + 2


def test_a_row_none_of_whose_solutions_may_vote_predicts_nothing(tmp_path: Path, folder: str) -> None:
    assert answer(tmp_path, folder, "BCD", "A", votes=3, retries=0) == ["rejected check:scorer"]


def test_asking_still_stops_once_the_leader_is_out_of_reach(tmp_path: Path, folder: str) -> None:
    played = stage_over(
        tmp_path, "answer", [ROW], {"m1": voting("AAAAA"), "m3": likes("A")}, scorer=folder, votes=5, retries=2
    )
    assert len(played.connectors["m1"].asks) == 3


def test_a_solution_without_a_conclusion_is_not_scored(tmp_path: Path, folder: str) -> None:
    played = stage_over(
        tmp_path, "answer", [ROW], {"m1": saying("我说不准。"), "m3": likes("A")}, scorer=folder, votes=1, retries=1
    )
    assert played.states == ["rejected unreadable"]
    assert "m3" not in played.connectors


def test_a_threshold_that_is_named_counts(tmp_path: Path, folder: str) -> None:
    (row,) = answer(tmp_path, folder, "BBB", "A", votes=3, scorer_threshold=0.05)
    assert isinstance(row, Row)
    assert row.predicted == "B"


def test_everything_comes_from_the_ledger_the_second_time(tmp_path: Path, folder: str) -> None:
    script = {"m1": voting("BABAA"), "m3": likes("A")}
    first = stage_over(tmp_path, "answer", [ROW], script, scorer=folder, votes=3, retries=2)
    again = stage_over(tmp_path, "answer", [ROW], script, scorer=folder, votes=3, retries=2)
    assert (first.calls, again.calls) == (8, 0)
    assert filled(first) == filled(again)


def prepared(**options: object) -> Callable[[], object]:
    stage = load("answer")
    return lambda: stage.prepare(stage.options(**options), Context(Path()))


def test_a_threshold_without_a_scorer_is_refused() -> None:
    with pytest.raises(UsageError, match="--scorer-threshold needs --scorer"):
        prepared(scorer_threshold=0.5)()


def test_a_scorer_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="holds no trained scorer"):
        prepared(scorer=str(tmp_path / "none"))()


def test_a_scorer_without_a_threshold_wants_one(tmp_path: Path) -> None:
    folder = write_card(tmp_path / "s", threshold=None)
    with pytest.raises(UsageError, match="reached the precision"):
        prepared(scorer=str(folder))()


def test_which_edition_scored_is_in_the_lineage(folder: str) -> None:
    stage = load("score")
    assert stage.prepare(stage.options(scorer=folder), Context(Path())).prompts == {"scorer:mine": "mine@0123456789ab"}


def test_the_hint_for_refused_rows_is_in_both_languages() -> None:
    from augment.hints import hint

    assert all(len(hint("check:scorer", language=one)) > 20 for one in ("zh", "en"))
    assert json.dumps(hint("check:scorer")) != json.dumps(hint("check:scorer", language="zh"))
