"""What is said to a model and what it should say: alpaca, sharegpt, messages, and the two agents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from augment import read_answer
from augment.errors import BadInput, FixableError, NotFound, UsageError
from augment.types import Row
from tests.exports.desk import LONG, argued, checked, desk, question, reasoned

# As LLaMA-Factory takes reasoning out again: data/template.py, ReasoningTemplate.
THOUGHT = re.compile(r"<think>\n(.*?)\n</think>\n\n(.*)", re.DOTALL)


def outputs(folder: Path, rows: list[Row], **options: Any) -> list[str]:
    with desk(folder, rows) as at:
        return [line["output"] for line in at.lines("alpaca", **options)]


def test_alpaca_has_its_five_fields_and_the_question_in_the_first(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1)]) as at:
        (line,) = at.lines("alpaca")
    assert list(line) == ["instruction", "input", "output", "system", "history"]
    assert "闭世界假设" in line["instruction"]
    assert "甲、乙、丙三人比身高，这是第1组。" in line["instruction"]
    assert "B. 乙" in line["instruction"]
    assert (line["input"], line["system"], line["history"]) == ("", "", [])


def test_an_instruction_goes_out_as_it_came(tmp_path: Path) -> None:
    row = Row(
        "a" * 32, "p", kind="instruction", problem="写一首诗。", question="秋天", answer="秋风起。", system="你是诗人。"
    )
    with desk(tmp_path, [row, row.with_(row_id="b" * 32, problem=None)]) as at:
        first, second = at.lines("alpaca")
        chat, _ = at.lines("messages")
    assert first == {
        "instruction": "写一首诗。", "input": "秋天", "output": "秋风起。", "system": "你是诗人。", "history": [],
    }  # fmt: skip
    assert (second["instruction"], second["input"]) == ("秋天", "")
    assert [message["content"] for message in chat["messages"]] == ["你是诗人。", "写一首诗。\n秋天", "秋风起。"]


@pytest.mark.parametrize(
    ("cot", "wanted"),
    [
        ("none", "答案是：B"),
        ("inline", f"{LONG}\n答案是：B"),
        ("think-tag", f"<think>\n{LONG}\n答案是：B\n</think>\n\n答案是：B"),
    ],
)
def test_the_reasoning_goes_where_it_is_wanted(tmp_path: Path, cot: str, wanted: str) -> None:
    assert outputs(tmp_path, [reasoned(1)], cot=cot) == [wanted]


def test_llama_factory_takes_the_reasoning_out_again(tmp_path: Path) -> None:
    (output,) = outputs(tmp_path, [reasoned(1)], cot="think-tag")
    found = THOUGHT.fullmatch(output)
    assert found is not None
    assert (found[1], found[2]) == (f"{LONG}\n答案是：B", "答案是：B")


@pytest.mark.parametrize("cot", ["none", "inline", "think-tag"])
@pytest.mark.parametrize("answer", ["A", "D", "ACD"])
def test_what_is_said_reads_as_exactly_the_answer(tmp_path: Path, cot: str, answer: str) -> None:
    (output,) = outputs(tmp_path, [reasoned(1, answer, reasoning=f"{LONG}所以选{answer}。")], cot=cot)
    assert read_answer(output, options=4).joined == answer


def test_the_default_prompt_is_what_answer_asks_and_bare_letters_have_their_own(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1)]) as at:
        prompts = [at.export("alpaca", cot=cot).told["prompt_id"].partition("@")[0] for cot in ("inline", "none")]
    assert prompts == ["solve", "letter"]


def test_a_template_may_be_a_file_but_may_not_show_the_answer(tmp_path: Path) -> None:
    mine, telling = tmp_path / "mine.txt", tmp_path / "telling.txt"
    mine.write_text("请回答：{question}\n{options}", "utf-8")
    telling.write_text("{question}{answer}", "utf-8")
    with desk(tmp_path, [reasoned(1)]) as at:
        (line,) = at.lines("alpaca", prompt=str(mine))
        assert line["instruction"] == "请回答：谁最高？\nA. 甲\nB. 乙\nC. 丙\nD. 丁"
        with pytest.raises(BadInput, match="answer"):
            at.export("alpaca", prompt=str(telling))
        with pytest.raises(NotFound):
            at.export("alpaca", prompt="nonesuch")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (question(1), "no reasoning"),
        (question(1, None), "no answer"),
        (question(1, "BF"), "no answer"),
        (reasoned(1, concluded="C"), "inconsistent reasoning"),
        (reasoned(1, concluded=None, reasoning=f"{LONG}\n答案是：C"), "inconsistent reasoning"),
        (reasoned(1, reasoning="答案是：C。不，答案是：C。"), "unreadable"),
        (argued(reasoned(1)), "wrong reasoning"),
        (checked(reasoned(1)), "a check, not a solution"),
        (reasoned(1, problem="看图：<image>"), "reserved token"),
        (reasoned(1, reasoning=f"{LONG}<|im_end|>\n答案是：B"), "reserved token"),
        (reasoned(1, reasoning=f"</think>{LONG}\n答案是：B"), "reserved token"),
        (reasoned(1, kind="instruction", history=[{"user": "你好", "assistant": " "}]), "empty turn"),
        (reasoned(1, kind="instruction", history=[{"user": None, "assistant": "你好"}]), "empty turn"),
        (reasoned(1, kind="instruction", problem=" ", question=""), "empty turn"),
        (reasoned(1, decision="reject"), "decision"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_row_that_is_no_right_solution_is_left_out_for_its_reason(tmp_path: Path, row: Row, reason: str) -> None:
    with desk(tmp_path, [reasoned(2), row]) as at:
        told = at.export("messages", cot="inline").told
    assert told["left_out"] == {reason: 1}


def test_the_thinking_alone_does_not_answer(tmp_path: Path) -> None:
    row = reasoned(1, reasoning=f"{LONG}答案是：B")
    with desk(tmp_path, [row]) as at:
        (line,) = at.lines("sharegpt", cot="think-tag")
    assert line["conversations"][-1]["value"].endswith("</think>\n\n答案是：B")


def test_sharegpt_alternates_from_human_to_gpt(tmp_path: Path) -> None:
    row = reasoned(1, history=[{"user": "你好", "assistant": "你好！"}], system="你是老师。")
    with desk(tmp_path, [row]) as at:
        (line,) = at.lines("sharegpt")
    assert [turn["from"] for turn in line["conversations"]] == ["human", "gpt", "human", "gpt"]
    assert line["system"] == "你是老师。"


def test_messages_say_nothing_of_a_system_that_is_not_there(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1)]) as at:
        (line,) = at.lines("messages")
    assert [message["role"] for message in line["messages"]] == ["user", "assistant"]


def test_the_answer_agent_learns_questions_and_no_instructions(tmp_path: Path) -> None:
    rows = [reasoned(1), Row("a" * 32, "p", kind="instruction", problem="写诗", answer="好")]
    with desk(tmp_path, rows) as at:
        told = at.export("answer-agent").told
    assert (told["rows_out"], told["left_out"]) == (1, {"instruction": 1})


def test_the_evaluate_agent_reads_the_first_one_s_turn_and_learns_the_check(tmp_path: Path) -> None:
    parent = reasoned(1, reasoning=f"{LONG}\n答案是：C", concluded="C")
    with desk(tmp_path, [parent, checked(parent)]) as at:
        done = at.export("evaluate-agent")
        (line,) = at.lines("evaluate-agent")
    first, solution, second, check = line["messages"]
    assert (first["content"], solution["content"]) == (parent.problem, parent.reasoning)
    assert "复核" in second["content"] and "答案是：B" not in second["content"]
    assert check["content"] == "逐步核对，各步成立。\n答案是：B"
    assert [(one["loss"], one["weight"]) for one in (solution, check)] == [(False, 0), (True, 1)]
    assert done.told["left_out"] == {"a solution, not a check": 1}
    assert done.told["lines"]["checks"]["first_was_corrected"] == 1


def test_a_check_of_nothing_is_left_out(tmp_path: Path) -> None:
    empty = checked(reasoned(2), history=[{"user": "谁最高？", "assistant": " "}])
    with desk(tmp_path, [checked(reasoned(1)), empty]) as at:
        assert at.export("evaluate-agent").told["left_out"] == {"empty turn": 1}


def test_nothing_that_fits_is_an_error_that_says_why(tmp_path: Path) -> None:
    with desk(tmp_path, [question(1), question(2, None)]) as at:
        with pytest.raises(FixableError, match="1 no answer, 1 no reasoning"):
            at.export("alpaca")
        assert not at.out.exists() or not list(at.out.iterdir())


@pytest.mark.parametrize(("form", "option"), [("csv", {"cot": "none"}), ("alpaca", {"license": "mit"})])
def test_an_option_that_means_nothing_to_a_format_is_refused(tmp_path: Path, form: str, option: dict[str, Any]) -> None:
    with desk(tmp_path, [reasoned(1)]) as at, pytest.raises(UsageError, match="means nothing"):
        at.export(form, **option)
