from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.connectors._refusals import LONGEST, RULES, refusal_in

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")

REFUSALS = [
    "作为一个人工智能语言模型，我还没学习如何回答这个问题，您可以向我问一些其它的问题，我会尽力帮您解决的。",
    "很抱歉，我还没有学会回答这个问题。如果您有其他问题，我很乐意为您提供帮助。",
    "你好，这个问题我暂时无法回答，让我们换个话题再聊聊吧。",
    "抱歉，该问题我无法回答，让我们换个话题再聊聊吧。",
    "关于这个问题，我暂时无法回答。",
    "很抱歉，我无法回答这个问题。",
    "  很抱歉，我无法回答您的问题\n",
    "抱歉，我无法协助满足该请求。",
    "抱歉，我无法协助生成这类内容，也不能完成该请求。请提供其他任务。",
    "很抱歉，您的问题涉及敏感内容，我无法回答。",
    "很抱歉，我不能提供此类内容。",
    "很抱歉，我无法提供关于如何非法改装车辆的信息。非法改装车辆违反法律法规。建议您遵守相关法律。",
    "作为AI助手，我无法回答这个问题。",
    "作为一个AI语言模型，我无法提供相关信息。如果您有其他问题，请随时提问。",
    "根据相关法律法规，我无法提供有关内容。",
    "对不起，我不能继续这个话题。",
    "I'm sorry, but I can't assist with that request.",
    "I’m sorry, I can’t help with that.",
    "I cannot help with that request because it violates my guidelines.",
    "As an AI language model, I cannot provide that information.",
    "Sorry, but I won't write that.",
    "I'm sorry, but I cannot fulfill this request. If you have any other questions, feel free to ask.",
    "申し訳ございませんが、この質問にはお答えできません。他の質問があればお知らせください。",
]
ANSWERS = [
    "抱歉，我无法确定答案。",
    "这个问题无法回答。",
    "很抱歉，题目没有给出足够的条件，我无法回答这个问题。",
    "对不起，我无法回答您的问题，因为您并未提供诗歌的具体内容。如果您能提供诗歌文本，我很乐意为您解答。",
    "抱歉，您没有给我任何文本作为参考。请提供要确定其主题的文本。",
    "我无法回答这个问题，但根据题意应选B。",
    "很抱歉，我无法回答这个问题。不过可以确定答案是：B",
    "很抱歉，我无法回答这个问题。答案是：B",
    "作为一个人工智能语言模型，我无法看到图片，但从文字推断，答案是：B",
    "抱歉，作为一个人工智能助手，我无法看到物体。",
    "客服说：“很抱歉，我无法回答这个问题。”",
    "小明说他还没学习如何回答这个问题。",
    "我们不能回答所有的问题，所以选择C。",
    "我不能吃苹果。",
    "抱歉，我不知道。",
    "我会尽力帮您。",
    "您好。",
    "答案是：A",
    "I cannot answer this question because there is not enough information.",
    "I can't do it without more information.",
    "We cannot provide an exact number, but the answer is B.",
    "I'm sorry to hear that.",
    "",
    "。。。",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_a_text_that_only_refuses_is_one(text: str) -> None:
    assert refusal_in(text) in RULES


@pytest.mark.parametrize("text", ANSWERS)
def test_a_text_that_says_anything_else_is_an_answer(text: str) -> None:
    assert refusal_in(text) == ""


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_met_by_some_text(rule: str) -> None:
    assert rule in {refusal_in(text) for text in REFUSALS}


@given(
    st.sampled_from(REFUSALS), st.sampled_from(["所以答案是：B", "第一步，列出条件：甲比乙高。", "The answer is C."])
)
def test_a_solution_beside_the_words_makes_them_no_refusal(text: str, solution: str) -> None:
    assert refusal_in(f"{solution}\n{text}") == refusal_in(f"{text}\n{solution}") == ""


@given(
    st.lists(
        st.sampled_from(["很抱歉，", "我是AI", "根据法律", "问题", "，", "请理解，", "sorry ", "a, ", "。"]),
        max_size=200,
    )
)
def test_no_short_text_takes_long_to_read(parts: list[str]) -> None:
    text = "".join(parts)[:LONGEST]
    began = time.process_time()
    refusal_in(text)
    assert time.process_time() - began < 1.0


def seen() -> Iterator[str]:
    for line in (DATA / "answers_seen.jsonl").read_text("utf-8").splitlines():
        yield json.loads(line)["text"]
    for row in json.loads((DATA / "qwen2_72b_reasoning_560.json").read_text("utf-8")):
        yield row["output"]
    for row in json.loads((DATA / "alpaca_zh_demo.json").read_text("utf-8")):
        yield from (row["instruction"], row["output"])


@needs_data
def test_no_real_answer_is_taken_for_a_refusal() -> None:
    texts = list(seen())
    assert len(texts) > 2_500
    assert [text for text in texts if refusal_in(text)] == []
