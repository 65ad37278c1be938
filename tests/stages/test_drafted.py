"""Questions read from what a model wrote, and what is wrong with them."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.stages._drafted import Drafted, read_questions
from augment.stages._questions import fault_of

STEM = "甲比乙高，乙比丙高。甲有三个苹果，乙有五个苹果。"
GOOD = Drafted("谁最高？", ("甲", "乙", "丙", "无法确定"), "A")
LINES = "问题1：谁最高？\nA. 甲\nB. 乙\nC. 丙\nD. 无法确定\n答案：A"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LINES, id="as-asked"),
        pytest.param(f"好的，题目如下：\n\n{LINES}\n解析：甲比乙高。", id="talk-around-it"),
        pytest.param("**问题1：** 谁最高？\n\n- A. 甲\n- B. 乙\n- C. 丙\n- D. 无法确定\n\n**答案：A**", id="markdown"),
        pytest.param("### 新问题 1\n", id="heading-only"),
        pytest.param("1. 谁最高？\n（A）甲\n（B）乙\n（C）丙\n（D）无法确定\n【答案】A", id="numbered"),
        pytest.param("第一题：谁最高？\nA、甲　B、乙　C、丙　D、无法确定\n正确答案：A. 甲", id="one-line"),
        pytest.param("问题一：谁最高？\nA：甲\nB：乙\nC：丙\nD：无法确定\n答案是：（A）", id="colons"),
        pytest.param("问题1：谁最高？\nA. 甲\nB. 乙\nC. 丙\nD. 无法确定\n答案：甲", id="the-option-s-own-text"),
        pytest.param(
            '```json\n[{"question":"谁最高？","options":["甲","乙","丙","无法确定"],"answer":"A"}]\n```', id="json"
        ),
        pytest.param(
            '{"questions":[{"题目":"谁最高？","选项":{"A":"甲","B":"乙","C":"丙","D":"无法确定"},"答案":"A. 甲"}]}',
            id="json-in-chinese",
        ),
        pytest.param(
            '{"question":"谁最高？","options":["A. 甲","B. 乙","C. 丙","D. 无法确定"],"answer":["A"]}',
            id="json-lettered",
        ),
    ],
)
def test_a_question_is_read_in_the_forms_models_write(text: str) -> None:
    assert read_questions(text) == ([] if text.startswith("### 新") else [GOOD])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(LINES.replace("答案：A", ""), [("谁最高？", 4, "")], id="no-answer"),
        pytest.param(LINES.replace("答案：A", "答案：E. 戊"), [("谁最高？", 4, "")], id="another-text"),
        pytest.param(LINES.replace("答案：A", "答案：A 或 B"), [("谁最高？", 4, "")], id="one-or-the-other"),
        pytest.param(LINES.replace("答案：A", "答案：A. 乙"), [("谁最高？", 4, "")], id="letter-and-text-disagree"),
        pytest.param(LINES + "\n答案：B", [("谁最高？", 4, "")], id="two-answers"),
        pytest.param(LINES.replace("答案：A", "答案：A、C"), [("谁最高？", 4, "AC")], id="two-letters"),
        pytest.param(LINES.replace("C. 丙", "D. 丙"), [], id="a-letter-twice"),
        pytest.param(LINES.replace("B. 乙\n", ""), [], id="a-letter-left-out"),
        pytest.param("我无法出题。", [], id="nothing"),
        pytest.param('[{"question":"谁？","options":"甲乙","answer":"A"}]', [], id="options-that-are-no-list"),
        pytest.param('{"question":["谁？"],"options":["甲","乙"]}', [], id="a-question-that-is-no-text"),
        pytest.param('{"question":"谁？","options":[["甲"],"乙"],"answer":"A"}', [], id="an-option-that-is-no-text"),
    ],
)
def test_what_is_not_said_is_not_guessed(text: str, found: list[tuple[str, int, str]]) -> None:
    assert [(one.question, len(one.options), one.answer) for one in read_questions(text)] == found


def test_numbered_conditions_inside_a_labelled_question_stay_in_it() -> None:
    text = "问题1：已知：\n1. 甲比乙高\n2. 乙比丙高\n谁最高？\nA. 甲\nB. 乙\n答案：A\n"
    text += "问题2：谁最矮？\nA. 甲\nB. 丙\n答案：B"
    first, second = read_questions(text)
    assert first == Drafted("已知：\n1. 甲比乙高\n2. 乙比丙高\n谁最高？", ("甲", "乙"), "A")
    assert second == Drafted("谁最矮？", ("甲", "丙"), "B")


@given(
    st.lists(
        st.tuples(
            st.text(alphabet="甲乙丙丁高矮谁多少", min_size=2, max_size=12),
            st.lists(st.text(alphabet="东西南北中一二三", min_size=1, max_size=6), min_size=2, max_size=7),
        ),
        min_size=1,
        max_size=5,
    ),
    st.randoms(),
)
def test_what_is_written_in_either_form_is_read_back(found: list[tuple[str, list[str]]], dice: object) -> None:
    letters = "ABCDEFG"
    wanted = [
        Drafted(question, tuple(options), letters[dice.randrange(len(options))])  # type: ignore[attr-defined]  # hypothesis' Random
        for question, options in found
    ]
    lines = "\n\n".join(
        f"问题{number}：{one.question}\n"
        + "\n".join(f"{letter}. {text}" for letter, text in zip(letters, one.options, strict=False))
        + f"\n答案：{one.answer}"
        for number, one in enumerate(wanted, 1)
    )
    listed = [{"question": one.question, "options": list(one.options), "answer": one.answer} for one in wanted]
    assert read_questions(lines) == wanted
    assert read_questions(json.dumps(listed, ensure_ascii=False)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "问题" + " " * 60_000 + "x",
        "答案" + " " * 60_000,
        "[" * 60_000,
        "{" * 30_000 + '"a":',
        "A. x " * 15_000,
        "问题1：x\nA. " + "B. " * 20_000,
        "问题1：x\nA. a\nB. b\n答案：A" + " A" * 30_000,
    ],
    ids=range(7),
)
def test_hostile_text_is_read_in_time(text: str) -> None:
    started = time.process_time()
    read_questions(text)
    assert time.process_time() - started < 2


# ── what is wrong with a question ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        pytest.param(Drafted("谁最高？", ("甲",), "A"), "check:options-count", id="one-option"),
        pytest.param(Drafted("谁最高？", ("甲", " "), "A"), "check:options-count", id="a-blank-option"),
        pytest.param(Drafted("谁最高？", tuple(f"第{n}个" for n in range(27)), "A"), "check:options-count", id="27"),
        pytest.param(Drafted("谁最高？", ("甲", "乙", "甲。"), "A"), "check:options-distinct", id="equal"),
        pytest.param(Drafted("谁最高？", ("甲", "乙"), "C"), "check:one-answer", id="out-of-range"),
        pytest.param(Drafted("谁最高？", ("甲", "乙"), "AB"), "check:one-answer", id="two-letters"),
        pytest.param(Drafted("谁最高？", ("甲", "乙"), ""), "check:one-answer", id="none"),
        pytest.param(Drafted("Who is tallest?", ("Jia", "Yi"), "A"), "check:language", id="english"),
        pytest.param(
            Drafted("谁有苹果？", ("甲", "乙", "比乙多两个苹果而且比丙高的那个人，也就是甲"), "C"),
            "check:giveaway",
            id="far-longer",
        ),
        pytest.param(
            Drafted("有五个苹果的人有几个苹果？", ("三个", "五个", "七个"), "B"), "check:giveaway", id="in-it"
        ),
    ],
)
def test_each_fault_is_named(one: Drafted, reason: str) -> None:
    found = fault_of(one, STEM, [])
    assert found is not None
    assert found.reason == reason


@pytest.mark.parametrize(
    ("one", "copied"),
    [
        pytest.param(Drafted("选择题 3：谁 最高?", ("甲", "乙", "丙", "无法确定"), "A"), True, id="the-same"),
        pytest.param(Drafted("谁最高？", ("无法确定", "丙", "乙", "甲"), "D"), True, id="in-another-order"),
        pytest.param(Drafted("谁最高？", ("甲", "丁", "戊", "己"), "A"), True, id="the-same-answer-to-the-same"),
        pytest.param(Drafted("谁最矮？", ("甲", "乙", "丙", "无法确定"), "C"), False, id="the-other-way"),
        pytest.param(Drafted("谁有5个苹果？", ("甲", "乙", "丙", "无法确定"), "B"), False, id="something-else"),
    ],
)
def test_a_copy_is_told_from_a_question_that_states_something_else(one: Drafted, copied: bool) -> None:
    found = fault_of(one, STEM, [GOOD])
    assert (found.reason if found else "") == ("check:copy" if copied else "")


def test_texts_that_differ_in_a_number_are_no_copies() -> None:
    seven = Drafted("如果再给甲七个苹果，甲一共有多少个苹果呢？", ("八个", "九个", "十个", "十一个"), "C")
    eight = Drafted("如果再给甲八个苹果，甲一共有多少个苹果呢？", ("八个", "九个", "十个", "十一个"), "D")
    assert fault_of(eight, STEM, [seven]) is None


def test_a_question_about_an_english_text_may_be_in_english() -> None:
    one = Drafted("Who is the tallest of the three?", ("Tom", "Ann", "Bob", "Sue"), "A")
    assert fault_of(one, "Tom is taller than Ann. Ann is taller than Bob.", []) is None


ENGLISH = "Tom is taller than Ann. Ann is taller than Bob. Sue has not been measured yet."
CODE = "def f(n):\n    if n == 0: return 1\n    return n * f(n - 1)  # 递归地求阶乘"


@pytest.mark.parametrize(
    ("stem", "known", "reason"),
    [
        pytest.param(ENGLISH, [], "check:language", id="of-an-english-text"),
        pytest.param(ENGLISH, [GOOD], "", id="asked-about-in-chinese-already"),
        pytest.param(CODE, [], "", id="of-code-with-a-remark"),
        pytest.param("f(x) = x + 1, g(x) = sin x", [], "", id="of-a-formula"),
        pytest.param("3 + 4 = 7", [], "", id="of-no-letters"),
    ],
)
def test_a_chinese_question_needs_a_stem_or_siblings_in_chinese(stem: str, known: list[Drafted], reason: str) -> None:
    one = Drafted("最高的人叫什么名字？", ("Tom", "Ann", "Bob", "Sue"), "A")
    found = fault_of(one, stem, known)
    assert (found.reason if found else "") == reason
