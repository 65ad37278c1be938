"""Right and wrong solutions against each other: pairs for DPO, labels for KTO and a scorer."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment import read_answer
from augment.errors import FixableError
from augment.types import Row
from tests.exports.desk import LONG, argued, checked, desk, question, reasoned


def test_a_pair_answers_one_prompt_rightly_and_wrongly(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1), argued(reasoned(1))]) as at:
        (line,) = at.lines("dpo")
        (solution,) = at.lines("alpaca")
    assert line["instruction"] == solution["instruction"]
    assert (line["chosen"], line["rejected"]) == (f"{LONG}\n答案是：B", f"{LONG}\n答案是：C")


def test_each_wrong_solution_of_a_question_meets_the_right_one(tmp_path: Path) -> None:
    right = reasoned(1)
    with desk(tmp_path, [right, argued(right, "C"), argued(right, "D"), argued(right, "A")]) as at:
        told = at.export("dpo").told
        lines = at.lines("dpo")
    assert [line["rejected"][-1] for line in lines] == ["C", "D", "A"]
    assert (told["rows_out"], told["lines"]["pairs"]["lines"]) == (4, 3)


@pytest.mark.parametrize(
    ("rows", "left_out"),
    [
        ([argued(reasoned(1), text="显然。")], {"too short": 1, "no pair": 1}),
        ([argued(reasoned(1).with_(question="谁最矮？"))], {"no pair": 2}),
        ([argued(reasoned(1)).with_(answer="D")], {"no pair": 2}),
        ([argued(reasoned(1)).with_(concluded="B")], {"inconsistent reasoning": 1, "no pair": 1}),
        ([argued(reasoned(1)).with_(concluded=None, reasoning=LONG)], {"inconsistent reasoning": 1, "no pair": 1}),
        ([question(2)], {"no reasoning": 1, "no pair": 1}),
        ([checked(reasoned(1))], {"a check, not a solution": 1, "no pair": 1}),
    ],
    ids=["short", "another question", "another answer", "right", "none", "unreasoned", "check"],
)
def test_what_cannot_be_paired_is_told(tmp_path: Path, rows: list[Row], left_out: dict[str, int]) -> None:
    there = [reasoned(8), argued(reasoned(8))]
    with desk(tmp_path, [*there, reasoned(1), *rows]) as at:
        told = at.export("dpo").told
    assert told["rows_out"] == 2
    assert told["left_out"] == left_out


def test_an_option_that_says_what_the_right_one_says_is_no_wrong_answer(tmp_path: Path) -> None:
    twin = reasoned(1, options=["甲", "乙", "乙", "丁"])
    with desk(tmp_path, [reasoned(8), argued(reasoned(8)), twin, argued(twin, "C")]) as at:
        told = at.export("dpo").told
    assert told["left_out"] == {"inconsistent reasoning": 1, "no pair": 1}


def test_the_same_wrong_text_twice_makes_one_pair(tmp_path: Path) -> None:
    right = reasoned(1)
    with desk(tmp_path, [right, argued(right), argued(right, row_id="e" * 32)]) as at:
        told = at.export("dpo").told
    assert (told["lines"]["pairs"]["lines"], told["left_out"]) == (1, {"duplicate": 1})


def test_answers_alone_are_paired_too(tmp_path: Path) -> None:
    with desk(tmp_path, [question(1), argued(question(1))]) as at:
        (line,) = at.lines("dpo", cot="none")
    assert (line["chosen"], line["rejected"]) == ("答案是：B", "答案是：C")


TEXTS = st.sampled_from([LONG, LONG * 2, "因为题目这样说，所以只能是它，别的都不对，请看条件。", "短。"])
LETTERS = st.sampled_from("ABCD")


@st.composite
def families(draw: st.DrawFn) -> list[Row]:
    """Questions with right and wrong solutions, some of them twice, in any order."""
    rows: dict[str, Row] = {}
    for number in range(draw(st.integers(1, 4))):
        text = draw(TEXTS)
        right = reasoned(number + 1, reasoning=f"{text}\n答案是：B")
        rows[right.row_id] = right if draw(st.booleans()) else question(number + 1)
        for _ in range(draw(st.integers(0, 4))):
            wrong = argued(right, draw(LETTERS), draw(TEXTS))
            rows.setdefault(wrong.row_id, wrong)
    return draw(st.permutations(list(rows.values())))


@settings(max_examples=30)
@given(rows=families(), cot=st.sampled_from(["none", "inline", "think-tag"]))
def test_every_pair_is_fair_and_told_apart(tmp_path_factory: pytest.TempPathFactory, rows: list[Row], cot: str) -> None:
    with desk(tmp_path_factory.mktemp("desk"), rows) as at:
        try:
            done = at.export("dpo", cot=cot)
        except FixableError:
            return
        lines = at.lines("dpo", cot=cot)
    assert len({(line["instruction"], line["chosen"], line["rejected"]) for line in lines}) == len(lines)
    for line in lines:
        assert read_answer(line["chosen"], options=4).joined == "B"
        assert read_answer(line["rejected"], options=4).joined in ("A", "C", "D")
        assert 2 * len(line["rejected"]) >= len(line["chosen"]) - 2
    told = done.told
    assert told["rows_in"] == told["rows_out"] + sum(told["left_out"].values()) == len(rows)


def test_a_label_is_a_real_boolean_for_kto_and_a_number_for_a_scorer(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1), argued(reasoned(1))]) as at:
        tags = {line["output"][-1]: line["kto_tag"] for line in at.lines("kto")}
        labels = {line["reasoning"][-1]: line["label"] for line in at.lines("scorer")}
        done = at.export("kto")
    assert tags == {"B": True, "C": False}
    assert labels == {"B": 1, "C": 0} and all(type(label) is int for label in labels.values())
    assert done.told["lines"]["labelled"] | {"right": 1, "wrong": 1} == done.told["lines"]["labelled"]


@pytest.mark.parametrize("form", ["kto", "scorer"])
def test_labels_of_one_kind_teach_nothing_and_are_refused(tmp_path: Path, form: str) -> None:
    with desk(tmp_path, [reasoned(1), reasoned(2)]) as at, pytest.raises(FixableError, match="2 no pair"):
        at.export(form)


def test_the_scorer_tells_augmented_questions_and_what_may_not_be_on_both_sides(tmp_path: Path) -> None:
    right = reasoned(1)
    born: dict[str, Any] = {"row_id": "d" * 32, "parent_id": right.row_id, "tags": ["backtranslate:ja:tencent"]}
    with desk(tmp_path, [right, argued(right), right.with_(problem="译文", **born)]) as at:
        lines = at.lines("scorer")
    assert [line["source"] for line in lines] == ["original", "original", "augmented"]
    assert {line["root_id"] for line in lines} == {right.row_id}


def test_kto_lines_of_one_question_are_not_left_side_by_side(tmp_path: Path) -> None:
    rows = [row for number in range(1, 41) for row in (reasoned(number), argued(reasoned(number)))]
    with desk(tmp_path, rows) as at:
        asked = [line["instruction"] for line in at.lines("kto")]
    neighbours = sum(one == other for one, other in pairwise(asked))
    assert neighbours <= 4, "a shuffle leaves one pair in forty"
