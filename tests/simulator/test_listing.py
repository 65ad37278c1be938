"""Prompts that ask for several translations, in the forms people ask in; and models that only translate."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.simulator.mind import answer_prompt, lists_texts
from augment.simulator.translator import translate
from tests.simulator.conftest import Start
from tests.simulator.sdks import ask_openai, openai_client

TEXTS = ["如果他是旅行者，他可以走。", "1. Jia 是女性。\n2. John 是健康的。", "红色"]
SAID = [translate(text, "zh", "ja") for text in TEXTS]


def dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


JSON_PROMPTS: list[tuple[str, str, object]] = [
    (
        "array",
        "Translate each string of this JSON array into Japanese and return an array of the same length.\n\n",
        TEXTS,
    ),
    ("array after an example", '把数组里的每一条翻译成日语，输出形如 ["译文一", "译文二"] 的数组：\n', TEXTS),
    (
        "objects",
        "Translate every item into Japanese, keep the id.\n",
        [{"id": n, "text": t} for n, t in enumerate(TEXTS)],
    ),
    ("keys", "把下面 JSON 对象的每个值翻译成日语：\n", {f"t{n}": text for n, text in enumerate(TEXTS)}),
    ("array in an object", "将 texts 里的各条文本译为日语，返回 JSON：\n\n", {"texts": TEXTS}),
]


def texts_in(value: object) -> list[str]:
    if isinstance(value, dict):
        inner = list(value.values())
        return texts_in(inner[0]) if len(inner) == 1 else inner
    assert isinstance(value, list)
    return [one["text"] if isinstance(one, dict) else one for one in value]


@pytest.mark.parametrize(("head", "value"), [case[1:] for case in JSON_PROMPTS], ids=[case[0] for case in JSON_PROMPTS])
def test_json_comes_back_as_json_of_the_same_shape(head: str, value: object) -> None:
    answer = json.loads(answer_prompt(head + dumped(value)))
    assert type(answer) is type(value)
    assert texts_in(answer) == SAID


def test_the_key_that_an_instruction_shows_is_used() -> None:
    answer = answer_prompt('Translate each text into Japanese, as {"translations": ["…"]}.\n\n' + dumped(TEXTS))
    assert json.loads(answer) == {"translations": SAID}


def test_an_array_may_stand_in_a_fence() -> None:
    answer = answer_prompt(f"你是翻译。\n\n将以下数组中的 3 条文本译为中文。\n\n```json\n{dumped(SAID)}\n```")
    assert json.loads(answer) == [translate(text, "ja", "zh") for text in SAID]


MARKS: list[tuple[str, Callable[[int, str], str]]] = [
    ("[1]", lambda n, text: f"[{n}] {text}"),
    ("【1】", lambda n, text: f"【{n}】{text}"),
    ("(1)", lambda n, text: f"({n}) {text}"),
    ("<t1>", lambda n, text: f"<t{n}>{text}</t{n}>"),
    ("<1>", lambda n, text: f"<{n}>{text}</{n}>"),
    ("id", lambda n, text: f'<text id="{n}">{text}</text>'),
]
HEADS = [
    "请将以下带编号的文本逐条翻译成日语，保持编号，只输出译文。\n\n",
    "Translate the numbered texts below into Japanese. Keep the numbers.\n\n",
    "请把下面的 3 段文本从中文翻译成日语。\n要求：\n1. 不要解释\n2. 不要合并\n\n",
]


@pytest.mark.parametrize("head", HEADS, ids=["zh", "en", "with rules"])
@pytest.mark.parametrize("mark", [mark for _, mark in MARKS], ids=[name for name, _ in MARKS])
@pytest.mark.parametrize("below", ["", "\n\n请翻译以上各段。"], ids=["", "more below"])
def test_numbered_blocks_come_back_with_their_numbers(mark: Callable[[int, str], str], head: str, below: str) -> None:
    asked = "\n".join(mark(n, text) for n, text in enumerate(TEXTS, 1))
    said = "\n".join(mark(n, text) for n, text in enumerate(SAID, 1))
    assert answer_prompt(head + asked + below) == said


def test_a_plain_numbered_list_comes_back_numbered() -> None:
    answer = answer_prompt("把下面编号的句子翻译成日语：\n\n1. 红色的花。\n2. 我们喜欢她。")
    assert answer.splitlines() == [
        f"1. {translate('红色的花。', 'zh', 'ja')}",
        f"2. {translate('我们喜欢她。', 'zh', 'ja')}",
    ]


ONE_TEXT = [
    "把下面的文本翻译成日语，不要额外解释。\n\n{text}",
    "将以下文本翻译为日语，注意只需要输出翻译后的结果，不要额外解释：\n\n{text}",
    "Translate the following segment into Japanese, without additional explanation.\n\n{text}",
    "Translate the following text into Japanese. Only output the translated result, without explanation: {text}",
    "将以下文本翻译为 Japanese ,只能输出翻译后的结果,不要额外解释:\n\n{text}\n\n翻译结果:\n",
    "Translate the text below into Japanese.\nKeep all numbers.\nOutput only the translation.\n\n{text}",
    "请翻译成日语：{text}",
]
AS_ONE = [
    "考虑一个列表：\n1. 甲。\n2. 乙。\n\n[1] 是什么？",
    "请根据以下 3 个条件回答：\n\n1. 如果下雨，他不走。\n2. 因此他走。",
    "请把下面 3 条句子翻译成英文：\n\n1. 甲\n2. 乙",
    '给定数组：["甲", "乙"]，请选择。',
    "第一段，如果。\n\n第二段：因此。",
    "### 题目\n如果他走，我们走。\n### 问题\n他走吗？\nA. 是\nB. 否",
]


@pytest.mark.parametrize(
    "prompt", ONE_TEXT, ids=["mt zh", "mt2 zh", "mt en", "tokenhub", "with a tail", "rules", "line"]
)
@pytest.mark.parametrize("text", AS_ONE, ids=["list", "conditions", "instruction", "array", "paragraphs", "headings"])
def test_one_text_is_translated_whole_whatever_stands_in_it(prompt: str, text: str) -> None:
    asked = prompt.format(text=text)
    assert not lists_texts(asked)
    assert answer_prompt(asked, only_translates=True) == translate(text, "zh", "ja")


@given(st.lists(st.text("如果红A1是的，。\n ", min_size=1).filter(str.strip), min_size=2, max_size=6))
def test_any_texts_in_an_array_come_back_in_their_order(texts: list[str]) -> None:
    answer = answer_prompt(f"Translate each item of the JSON array into Japanese.\n{dumped(texts)}")
    assert json.loads(answer) == [translate(text, "auto", "ja") for text in texts]


PROMPT = HEADS[0] + "\n".join(f"[{n}] {text}" for n, text in enumerate(TEXTS, 1))


def lines(how: str, where: float) -> list[str]:
    answer = answer_prompt(PROMPT, mangle=(how, where))
    return [line for line in answer.split("\n") if line.startswith("[")]


def test_a_list_of_the_wrong_length_lost_an_item_or_merged_two() -> None:
    assert lines("wrong_length", 0.1) == [f"[2] {SAID[1].splitlines()[0]}", f"[3] {SAID[2]}"]
    assert lines("wrong_length", 0.4) == [f"[1] {SAID[1].splitlines()[0]}", f"[2] {SAID[2]}"]
    assert lines("wrong_length", 0.7) == [f"[1] {SAID[0]}{SAID[1].splitlines()[0]}", f"[2] {SAID[2]}"]


def test_shuffled_texts_take_their_numbers_along_or_not() -> None:
    assert lines("shuffled", 0.1)[:2] == [f"[1] {SAID[1].splitlines()[0]}", f"[2] {SAID[0]}"]
    assert lines("shuffled", 0.7)[:2] == [f"[2] {SAID[1].splitlines()[0]}", f"[1] {SAID[0]}"]


@pytest.mark.parametrize("model", ["hy-mt2-plus", "hy-mt2-pro", "hy-mt2-lite"])
def test_a_translation_model_of_tokenhub_says_nothing_but_the_translation(start: Start, model: str) -> None:
    sim = start()
    with openai_client(sim, key=sim.env["TOKENHUB_API_KEY"], base="TOKENHUB_BASE_URL") as client:
        messages = [{"role": "user", "content": ONE_TEXT[3].format(text=TEXTS[1])}]
        answer = client.chat.completions.create(model=model, messages=messages)
    assert answer.choices[0].message.content == SAID[1]


def test_a_translation_model_takes_no_question_for_one(start: Start) -> None:
    sim = start()
    with openai_client(sim, key=sim.env["TOKENHUB_API_KEY"], base="TOKENHUB_BASE_URL") as client:
        messages = [{"role": "user", "content": "1+1=?\nA. 1\nB. 2"}]
        answer = client.chat.completions.create(model="hy-mt2-plus", messages=messages)
    assert "答案" not in answer.choices[0].message.content


def test_tokenhubs_models_are_served_to_its_key_alone(start: Start) -> None:
    import openai

    sim = start()
    with openai_client(sim, key=sim.env["TOKENHUB_API_KEY"]) as client:
        assert {"hy-mt2-plus", "hy-mt2-pro", "hy-mt2-lite"} <= {model.id for model in client.models.list().data}
    with pytest.raises(openai.NotFoundError):
        ask_openai(sim, ONE_TEXT[0].format(text="你好"), model="hy-mt2-plus")


def test_the_system_message_may_say_what_to_do(start: Start) -> None:
    sim = start()
    with openai_client(sim) as client:
        answer = client.chat.completions.create(
            model="sim-chat",
            messages=[
                {
                    "role": "system",
                    "content": "You translate each item of a JSON array into Japanese, as a JSON array.",
                },
                {"role": "user", "content": dumped(TEXTS)},
            ],
        )
    assert json.loads(answer.choices[0].message.content) == SAID


@pytest.mark.parametrize("fault", ["wrong_length", "shuffled"])
def test_a_chat_that_lists_can_be_mangled(start: Start, fault: str) -> None:
    sim = start(faults={fault: 1.0})
    answer = ask_openai(sim, JSON_PROMPTS[0][1] + dumped(TEXTS)).choices[0].message.content
    assert json.loads(answer) != SAID
    assert (len(json.loads(answer)) == 3) is (fault == "shuffled")
    assert (sim.counts()["faults"], sim.counts()["items_served"]) == ({fault: 1}, 0)


def test_a_chat_that_lists_nothing_cannot(start: Start) -> None:
    sim = start(faults={"shuffled": 1.0})
    ask_openai(sim, ONE_TEXT[0].format(text=TEXTS[0]))
    assert (sim.counts()["faults"], sim.counts()["items_served"]) == ({}, 1)


WITH_ARRAYS = ['给定数组：["甲", "乙"]', "如果 <b>他</b> 走。", '列表是 ["如果"]']


@pytest.mark.parametrize("mark", [MARKS[0][1], MARKS[3][1]], ids=["[1]", "<t1>"])
def test_an_array_inside_a_numbered_text_is_part_of_it(mark: Callable[[int, str], str]) -> None:
    asked = "\n".join(mark(n, text) for n, text in enumerate(WITH_ARRAYS, 1))
    said = "\n".join(mark(n, translate(text, "zh", "ja")) for n, text in enumerate(WITH_ARRAYS, 1))
    assert answer_prompt(HEADS[0] + asked) == said


@pytest.mark.parametrize(
    "mess", ["[" * 50_000, '{"a":' * 20_000, "<t1>甲\n" * 5_000, "[1] 甲\n" * 10_000, "\n" * 50_000]
)
def test_a_mess_is_answered_at_once(mess: str) -> None:
    began = time.process_time()
    answer_prompt("Translate each numbered item of the JSON array into Japanese.\n\n" + mess + "甲")
    assert time.process_time() - began < 5
