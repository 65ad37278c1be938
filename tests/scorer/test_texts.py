"""The text that a scorer reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.scorer import text_of
from augment.scorer._texts import LONGEST
from augment.types import Row

ROW = Row(
    "r",
    "p",
    problem="甲比乙高。",
    question="谁高？",
    options=["甲", "乙\nC. 都不是"],
    answer="A",
    reasoning="甲高。答案是：A",
)


def test_stem_question_options_and_reasoning_stand_under_their_titles() -> None:
    assert text_of(ROW) == (
        "题目：\n甲比乙高。\n\n问题：\n谁高？\n\n选项：\nA. 甲\nB. 乙 C. 都不是\n\n解答：\n甲高。答案是：A"
    )


@pytest.mark.parametrize("answer", [None, "A", "B", "AB"])
def test_the_answer_is_not_in_it(answer: str | None) -> None:
    assert text_of(ROW.with_(answer=answer)) == text_of(ROW)


@pytest.mark.parametrize("column", ["label", "concluded", "provider", "score", "predicted"])
def test_what_was_found_out_about_the_row_is_not_in_it(column: str) -> None:
    assert text_of(ROW.with_(**{column: "B" if column != "score" else 0.5})) == text_of(ROW)


@pytest.mark.parametrize("reasoning", [None, "", " \n ", "\u200b"])
def test_there_is_none_without_reasoning_that_can_be_seen(reasoning: str | None) -> None:
    assert text_of(ROW.with_(reasoning=reasoning)) is None


def test_what_is_missing_has_no_title() -> None:
    assert text_of(Row("r", "p", question="几？", reasoning="三。")) == "问题：\n几？\n\n解答：\n三。"


def test_of_a_text_too_long_the_end_stays() -> None:
    text = text_of(ROW.with_(problem="字" * LONGEST))
    assert text is not None
    assert len(text) == LONGEST
    assert text.endswith("答案是：A")


@given(st.text(min_size=1), st.text(min_size=1))
def test_another_reasoning_that_can_be_seen_is_another_text(one: str, other: str) -> None:
    first, second = (text_of(ROW.with_(reasoning=text)) for text in (one, other))
    assert (first == second) == (_seen(one) == _seen(other))


def _seen(text: str) -> str:
    from augment.fence import visible

    return visible(text).strip()
