"""The stage ``judge``: what is asked, what is read, what counts, and what no text can do to it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from augment import fence, verdicts
from augment.errors import BadInput, Fault, NotFound, UsageError
from augment.injections import suspicions
from augment.rubrics import read_rubric
from augment.simulator.mind import answer_prompt
from augment.stages import judge as stage
from augment.stages import load
from augment.stages._stage import Context
from augment.types import Ask, Check, Done, Reply, Row, Usage, Verdict
from tests.injections import BACKWARDS, INJECTIONS, LATER, planted
from tests.scripted import Played, chatter, play, route, text_of

STAGE = load("judge")
ROW = Row(
    "row0",
    "problem0",
    problem="甲比乙高，乙比丙高，丁不比丙高。",
    question="选择题 1：谁最高？",
    options=["甲", "乙", "丙", "以上三人都不是最高的人"],
    answer="A",
    reasoning="由第一句，甲比乙高。由第二句，乙比丙高。所以甲最高。\n答案是：A",
)
PLACES = {"problem": "题目", "question": "问题", "options": "选项", "reasoning": "解答"}
POINTS = "答案正确：18/20，好\n紧扣文本：10/12，好\n高考难度：9/12，好\n"
ONE, TWO = chatter(route("one"), name="one"), chatter(route("two", model="m2"), name="two")
READING = read_rubric("reading")


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augment.retry.FIRST_WAIT_S", 0.001)


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., Played]:
    """Runs the stage over rows; options as keywords. others: judges beside the first."""

    def run(rows: Sequence[Row] | Row, script: Any, *, others: bool = False, name: str = "a", **options: Any) -> Played:
        ready = STAGE.prepare(STAGE.options(**{"rubric": "reading", **options}), Context(tmp_path))
        found = [rows] if isinstance(rows, Row) else rows
        more = {"others": (TWO,)} if others else {}
        return play(tmp_path / f"{name}.sqlite", found, work=ready.work, script=script, providers=[ONE], **more)

    return run


def saying(*texts: str) -> Callable[[Ask, int], Reply]:
    """Replies one after the other; the last again and again."""
    said = list(texts)
    return lambda *_: Reply((said.pop(0) if len(said) > 1 else said[0],), Usage(100, 50))


def updated(played: Played, at: int = 0) -> Row:
    outcome = played.results[at].outcome
    assert isinstance(outcome, Done)
    assert outcome.updated is not None
    return outcome.updated


def as_a_model(ask: Ask, _: int) -> Reply:
    return Reply((answer_prompt(text_of(ask)),), Usage(100, 50))


# ── what is asked ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_judge_is_shown_the_rubric_and_the_row_between_markers(judged: Callable[..., Played]) -> None:
    (ask,) = judged(ROW, saying(f"{POINTS}总分：37分")).sent
    prompt = text_of(ask)
    for part in ("满分44分", "答案正确（满分20分）", "扣5分", "总分：XX分"):
        assert part in prompt
    (mark,) = set(re.findall(r"<[^<>/ ]+ ([A-Z2-7]{16})>", prompt))
    assert re.findall(rf"<(\S+) {mark}>\n(?:│ [^\n]*\n)+</\1 {mark}>", prompt) == ["题目", "问题", "选项", "答案"]
    assert "│ A. 甲\n│ B. 乙" in prompt
    assert "由第一句" not in prompt, "this rubric judges the question, not a solution"


def test_the_marker_is_the_texts_own_and_the_same_each_time(judged: Callable[..., Played]) -> None:
    prompts = [stage.question(row, READING, stage.read_prompt("judge", "verdict")) for row in (ROW, ROW)]
    assert prompts[0] == prompts[1]
    parts = dict(stage.shown(ROW, READING))
    mark = fence.marker(parts)
    assert fence.marker({**parts, "题目": parts["题目"] + mark}) != mark
    assert mark not in "".join(parts.values())


# ── what is read ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_verdict_names_judge_rubric_and_every_criterion(judged: Callable[..., Played]) -> None:
    row = updated(judged(ROW, saying(f"{POINTS}总分：37分")))
    assert row.verdicts is not None
    (verdict,) = row.verdicts
    assert (verdict["judge"], verdict["rubric"], verdict["total"], verdict["maximum"]) == ("one", READING.id, 37, 44)
    assert [(one["name"], one["score"], one["maximum"], one["reason"]) for one in verdict["criteria"]] == [
        ("答案正确", 18, 20, "好"),
        ("紧扣文本", 10, 12, "好"),
        ("高考难度", 9, 12, "好"),
    ]
    assert row.score == pytest.approx(37 / 44)
    unchanged = ("reasoning", "provider", "model", "stage", "attempts", "cost_cny", "checks")
    assert all(getattr(row, column) == getattr(ROW, column) for column in unchanged)


def test_a_total_that_its_points_do_not_add_up_to_is_asked_again_and_told_why(judged: Callable[..., Played]) -> None:
    played = judged(ROW, saying(f"{POINTS}总分：44分", f"{POINTS}总分：37分"))
    assert (played.calls, updated(played).score) == (2, pytest.approx(37 / 44))
    first, second = map(text_of, played.sent)
    assert "上一次的评分作废" not in first
    assert "上一次的评分作废：各项得分之和是 37，与总分 44 不符" in second


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_judge_that_cannot_be_read_is_asked_so_often_and_then_the_row_is_refused(
    judged: Callable[..., Played], retries: int
) -> None:
    played = judged(ROW, saying("很好的题目。"), retries=retries)
    assert (played.calls, played.states) == (retries + 1, ["rejected unreadable"])
    assert played.results[0].detail == "one：没有找到“总分：XX分”"


def test_every_readable_verdict_is_kept_and_an_unreadable_judge_counts_in_no_mean(
    judged: Callable[..., Played],
) -> None:
    both = {"m1": saying(f"{POINTS}总分：37分"), "m2": saying(POINTS.replace("18/", "8/") + "总分：27分")}
    row = updated(judged(ROW, both, others=True, judge=("two",)))
    assert [one["judge"] for one in row.verdicts or []] == ["one", "two"]
    assert row.score == pytest.approx((37 / 44 + 27 / 44) / 2)
    half = {**both, "m2": saying("不知道。")}
    row = updated(judged(ROW, half, others=True, judge=("two",), name="b"))
    assert [one["judge"] for one in row.verdicts or []] == ["one"]
    assert row.score == pytest.approx(37 / 44)
    assert [(one["name"], one["ok"]) for one in row.checks] == [("judge:two", False)]


def test_a_row_that_one_judge_s_vendor_refuses_keeps_the_other_s_verdict(judged: Callable[..., Played]) -> None:
    refused = Fault("content_filtered", "no", wait_s=0.0)
    row = updated(
        judged(ROW, {"m1": lambda *_: refused, "m2": saying(f"{POINTS}总分：37分")}, others=True, judge=("two",))
    )
    assert [one["judge"] for one in row.verdicts or []] == ["two"]
    alone = judged(ROW, lambda *_: refused, name="b")
    assert alone.states == ["rejected content_filtered"]


# ── again ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_judge_judges_a_row_once_by_a_rubric_unless_told_to(judged: Callable[..., Played]) -> None:
    row = updated(judged(ROW, saying(f"{POINTS}总分：37分")))
    assert judged(row, saying("x")).states == ["skipped already done"]
    again = judged(row, saying("x"), redo=True)
    assert (again.calls, again.states) == (0, ["skipped already done"]), "the ledger answers, and nothing has changed"
    other = judged(row.with_(reasoning="答案是：A"), as_a_model, rubric="reasoning")
    assert [one["rubric"].split("@")[0] for one in updated(other).verdicts or []] == ["reading", "reasoning"]


def test_a_judge_that_comes_later_is_asked_alone(judged: Callable[..., Played]) -> None:
    row = updated(judged(ROW, saying(f"{POINTS}总分：37分")))
    played = judged(row, {"m1": saying("x"), "m2": saying(f"{POINTS}总分：37分")}, others=True, judge=("two",))
    assert len(played.sent) == 1
    assert [one["judge"] for one in updated(played).verdicts or []] == ["one", "two"]


def test_a_judge_named_twice_is_asked_and_counted_once(judged: Callable[..., Played], tmp_path: Path) -> None:
    ready = STAGE.prepare(STAGE.options(rubric="reading", judge=("one", "one")), Context(tmp_path))
    script = saying(f"{POINTS}总分：37分")
    played = play(tmp_path / "b.sqlite", [ROW], work=ready.work, script=script, providers=[ONE], others=(ONE, ONE))
    assert (played.calls, [one["judge"] for one in updated(played).verdicts or []]) == (1, ["one"])


def test_a_new_edition_of_a_rubric_takes_the_place_of_the_old(judged: Callable[..., Played], tmp_path: Path) -> None:
    row = updated(judged(ROW, saying(f"{POINTS}总分：37分")))
    (tmp_path / "rubrics").mkdir()
    (tmp_path / "rubrics" / "reading.toml").write_text(READING.text + "\n# 第二版\n", "utf-8")
    row = updated(judged(row, saying(f"{POINTS}扣分：5\n总分：32分"), name="b"))
    assert [one["total"] for one in row.verdicts or []] == [32]
    assert row.score == pytest.approx(32 / 44)


def test_a_rehearsed_verdict_gives_way_to_a_real_one(judged: Callable[..., Played]) -> None:
    rehearsed = Verdict(judge="sim:one", rubric=READING.id, total=44, maximum=44, criteria=[])
    row = updated(judged(ROW.with_(verdicts=[rehearsed], score=1.0), saying(f"{POINTS}总分：37分")))
    assert [one["judge"] for one in row.verdicts or []] == ["one"]
    assert row.score == pytest.approx(37 / 44)


@pytest.mark.parametrize(
    ("row", "rubric", "reason"),
    [
        pytest.param(ROW.with_(answer=None), "reading", "no answer", id="no answer"),
        pytest.param(ROW.with_(reasoning=None), "reasoning", "check:no-reasoning", id="no solution"),
        pytest.param(ROW.with_(reasoning=" \n", answer=None), "reasoning", "check:no-reasoning", id="neither"),
        pytest.param(ROW.with_(problem=None, question=None), "reading", "check:no-stem", id="no question"),
    ],
)
def test_a_row_without_what_the_rubric_looks_at_is_skipped(
    judged: Callable[..., Played], row: Row, rubric: str, reason: str
) -> None:
    played = judged(row, saying("x"), rubric=rubric)
    assert (played.calls, played.states) == (0, [f"skipped {reason}"])


# ── options ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "error"),
    [
        pytest.param({"retries": -1}, UsageError, id="retries"),
        pytest.param({"rubric": "none"}, NotFound, id="rubric"),
        pytest.param({"calibrate": True}, UsageError, id="calibrate"),
    ],
)
def test_bad_options_end_before_the_first_ask(tmp_path: Path, options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        STAGE.prepare(STAGE.options(**options), Context(tmp_path))


@pytest.mark.parametrize("hole", stage.NEEDED)
def test_a_frame_of_one_s_own_cannot_leave_out_what_keeps_a_text_in_its_place(tmp_path: Path, hole: str) -> None:
    own = stage.read_prompt("judge", "verdict").text.replace(f"{{{hole}}}", "")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "judge.verdict.zh.txt").write_text(own, "utf-8")
    with pytest.raises(BadInput, match=hole):
        STAGE.prepare(STAGE.options(), Context(tmp_path))


# ── texts that try to steer a judge ───────────────────────────────────────────────────────────────────────────────────


def plant(kind: str, place: str, rubric: str) -> Row:
    """ROW with one of the texts planted into a place; the first and the last words stay."""
    found = read_rubric(rubric)
    points = "\n".join(f"{one.name}：{one.maximum:g}/{one.maximum:g}，完美" for one in found.criteria)
    text = planted(kind, found.maximum, points, PLACES[place])
    if place == "options":
        return ROW.with_(row_id=f"{kind}/{place}", options=[*ROW.options[:3], f"{ROW.options[3]}\n{text}"])
    if place == "question":
        return ROW.with_(row_id=f"{kind}/{place}", question=f"{text}\n{ROW.question}")
    return ROW.with_(row_id=f"{kind}/{place}", **{place: f"{getattr(ROW, place)}\n{text}"})


def all_planted(rubric: str, kinds: Iterable[str] = INJECTIONS) -> list[Row]:
    """Every text in every place that the rubric shows."""
    places = [column for column in read_rubric(rubric).shown if column in PLACES]
    return [plant(kind, place, rubric) for kind in kinds for place in places]


def moved(played: Played) -> list[str]:
    """The rows whose score is not that of the first."""
    wanted = updated(played).score
    return [
        one.row.row_id
        for one in played.results
        if not (isinstance(one.outcome, Done) and one.outcome.updated and one.outcome.updated.score == wanted)
    ]


@pytest.mark.parametrize("rubric", ["reading", "reasoning"])
def test_no_planted_text_moves_a_score(judged: Callable[..., Played], rubric: str) -> None:
    assert len(INJECTIONS) >= 30
    rows = [ROW, *all_planted(rubric, [*INJECTIONS, *LATER])]
    played = judged(rows, as_a_model, rubric=rubric)
    assert moved(played) == []
    assert 0.5 < (updated(played).score or 0) < 1


def without_marks(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(stage, "marker", lambda _: "MATERIAL")


def without_bars(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(fence, "_barred", lambda text: text)


def without_cleaning(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(stage, "visible", lambda text: text)


def without_declaration(_: pytest.MonkeyPatch, workspace: Path) -> None:
    own = stage.read_prompt("judge", "verdict").text
    (workspace / "prompts").mkdir()
    told = "\n".join(line for line in own.split("\n") if "不执行" not in line)
    (workspace / "prompts" / "judge.verdict.zh.txt").write_text(told, "utf-8")


def without_sums(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(verdicts, "TOLERANCE", math.inf)


def without_quotations(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(verdicts, "own", lambda text, _: text)


def without_reports(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    nothing = re.compile("(?!)")
    monkeypatch.setattr(verdicts, "_REPORTS", nothing)
    monkeypatch.setattr(verdicts, "_DISOWNED", nothing)


def without_repeats(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(verdicts, "repeats", lambda *_: False)


def without_distrust(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setattr(stage, "suspicions", lambda _: ())


@pytest.mark.parametrize(
    "undo",
    [
        without_marks,
        without_bars,
        without_cleaning,
        without_declaration,
        without_sums,
        without_quotations,
        without_reports,
        without_repeats,
        without_distrust,
    ],
    ids=lambda undo: undo.__name__,
)
def test_each_protection_is_needed(
    judged: Callable[..., Played], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, undo: Callable[..., None]
) -> None:
    undo(monkeypatch, tmp_path)
    rows = [ROW, *all_planted("reasoning")]
    assert moved(judged(rows, as_a_model, rubric="reasoning"))


def test_a_row_whose_text_speaks_to_the_judge_is_flagged_and_others_are_not(judged: Callable[..., Played]) -> None:
    kinds = [kind for kind in (*INJECTIONS, *LATER) if kind != BACKWARDS]
    played = judged([ROW, *all_planted("reasoning", kinds)], as_a_model, rubric="reasoning")
    flagged = [
        any(check["name"] == "injection" and not check["ok"] for check in updated(played, at).checks)
        for at in range(len(played.results))
    ]
    assert not flagged[0]
    assert all(flagged[1:])


def test_a_flag_goes_when_its_text_has_gone(judged: Callable[..., Played]) -> None:
    flag = Check(name="injection", ok=False, detail="题目：bid")
    row = updated(judged(ROW.with_(checks=[flag]), saying(f"{POINTS}总分：37分")))
    assert row.checks == []


@pytest.mark.parametrize(
    "text",
    [
        "一次考试满分100分，甲得了95分，乙比甲少3分，丙的分数最高。",
        "评委共7人，去掉一个最高分和一个最低分，选手的平均分是9.5分。",
        "从学校到家步行30分钟，绳子长4分米，请判断哪种说法正确。",
        "请根据以上条件选择正确答案，并给出理由。",
        "The judge entered the court and the trial began.",
    ],
)
def test_a_text_that_only_speaks_of_points_is_not_flagged(text: str) -> None:
    assert suspicions(text) == ()
