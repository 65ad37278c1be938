"""Spark's websocket: what it answers, and what it refuses."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

pytest.importorskip("sparkai", reason="spark-ai-python has no release for this Python")

from websocket import ABNF

from augment.simulator.options import SPARK_RESOURCE_ID, SPARK_SERVICE_ID, VendorLimits
from augment.simulator.server import serve_in_thread
from augment.simulator.spark import BASE_MODEL_SAYS
from augment.simulator.spark_frames import DOMAINS
from augment.types import Reply
from tests.simulator.conftest import Start
from tests.simulator.sdks import QUESTION
from tests.simulator.spark_calls import (
    MAX,
    TUNED_PATH,
    ask,
    code_of,
    frames,
    llm,
    opened,
    ours,
    question,
    refused,
    tuned,
)

# ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_public_model_answers_at_its_address(start: Start, domain: str) -> None:
    sim = start()
    assert ask(llm(sim, path=DOMAINS[domain].path, domain=domain), QUESTION).endswith("答案是：B")
    assert sim.counts()["by_wire"] == {"spark": 1}


def test_the_sdk_streams_the_same_answer(start: Start) -> None:
    sim = start()
    assert ask(llm(sim, streaming=True), QUESTION).endswith("答案是：B")


def test_an_answer_comes_in_numbered_frames_with_the_usage_in_the_last(start: Start) -> None:
    heard = frames(start(), question(QUESTION))
    choices = [frame["payload"]["choices"] for frame in heard]
    assert [choice["status"] for choice in choices] == [0, 1, 1, 1, 2]
    assert [choice["seq"] for choice in choices] == [0, 1, 2, 3, 4]
    assert ["usage" in frame["payload"] for frame in heard] == [False] * 4 + [True]
    assert len({frame["header"]["sid"] for frame in heard}) == 1
    assert "".join(choice["text"][0]["content"] for choice in choices).endswith("答案是：B")


def test_the_usage_adds_up(start: Start) -> None:
    usage = frames(start(), question(QUESTION))[-1]["payload"]["usage"]["text"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert 0 < usage["question_tokens"] <= usage["prompt_tokens"]


def test_max_tokens_cuts_the_answer(start: Start) -> None:
    usage = frames(start(), question(QUESTION, chat_max_tokens=7))[-1]["payload"]["usage"]["text"]
    assert usage["completion_tokens"] == 7


def test_two_hundred_asks_over_eight_threads_each_get_their_own_answer(start: Start) -> None:
    sim = start()
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda n: ask(llm(sim), f"{n}号的问题"), range(200)))
    assert [f"“{n}号的问题”" in text for n, text in enumerate(said)] == [True] * 200
    counts = sim.counts()
    assert (counts["bought"], counts["items_served"], counts["lost_after_billing"]) == (200, 200, 0)


def test_two_hundred_asks_of_one_connector_of_ours_each_get_their_own_answer(start: Start) -> None:
    sim = start()
    replies = ours(sim, [f"{n}号的问题" for n in range(200)])
    texts = [reply.text if isinstance(reply, Reply) else "" for reply in replies]
    assert [f"“{n}号的问题”" in text for n, text in enumerate(texts)] == [True] * 200
    assert sim.counts()["items_served"] == 200


def test_a_chat_asked_again_is_a_repeat_and_worded_anew(start: Start) -> None:
    sim = start()
    assert ask(llm(sim), QUESTION) != ask(llm(sim), QUESTION)
    assert sim.counts()["chat_repeats"] == 1


# ── the tuned service ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_tuned_service_answers_with_its_patch(start: Start) -> None:
    sim = start()
    said = ask(tuned(sim), QUESTION)
    assert said.endswith("答案是：B")
    assert BASE_MODEL_SAYS not in said
    assert sim.counts()["by_wire"] == {"spark-tuned": 1}


def test_an_object_of_the_sdk_used_twice_loses_the_patch_and_it_shows(start: Start) -> None:
    sim = start()
    model = tuned(sim)
    said = [ask(model, QUESTION), ask(model, QUESTION)]
    assert [text.startswith(BASE_MODEL_SAYS) for text in said] == [False, True]
    assert sim.counts()["by_wire"] == {"spark": 1, "spark-tuned": 1}


def test_our_connector_sends_the_patch_with_every_one_of_many_asks(start: Start) -> None:
    sim = start()
    replies = ours(sim, [f"{n}号" for n in range(60)], api="tuned")
    assert all(isinstance(reply, Reply) and BASE_MODEL_SAYS not in reply.text for reply in replies)
    assert sim.counts()["by_wire"] == {"spark-tuned": 60}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (question(domain=SPARK_SERVICE_ID, header_patch_id=["another"]), 11200),
        (question(domain=SPARK_SERVICE_ID, header_patch_id=[[SPARK_RESOURCE_ID]]), 10004),
        (question(domain=SPARK_SERVICE_ID, header_patch_id=SPARK_RESOURCE_ID), 10004),
        (question(domain=SPARK_SERVICE_ID, header_patch_id=["x" * 33]), 10004),
        (question(domain="lite", header_patch_id=[SPARK_RESOURCE_ID]), 10163),
    ],
    ids=["unknown", "nested", "no list", "too long", "public model"],
)
def test_a_patch_that_is_wrong_is_refused(start: Start, asked: dict[str, Any], code: int) -> None:
    assert refused(start(), asked, TUNED_PATH) == code


# ── what it refuses ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("domain", "path", "code"),
    [
        ("generalv3", "/v3.5/chat", 10404),
        ("generalv3.5", TUNED_PATH, 10404),
        (SPARK_SERVICE_ID, "/v3.5/chat", 10404),
        ("spark-max", "/v3.5/chat", 10003),
        ("no-such-model", "/v3.5/chat", 10003),
    ],
)
def test_a_domain_that_does_not_belong_to_the_address_is_refused(
    start: Start, domain: str, path: str, code: int
) -> None:
    sim = start()
    assert code_of(llm(sim, path=path, domain=domain)) == code
    assert sim.counts()["bought"] == 0


def test_a_missing_model_is_one_that_was_not_granted(start: Start) -> None:
    assert code_of(llm(start(missing_models=frozenset({MAX})))) == 11200


ODD: dict[str, tuple[Any, int]] = {
    "no JSON": ("no json", 10003),
    "a list": ("[]", 10004),
    "no parameters": ('{"header":{}}', 10004),
    "no app": (question(header_app_id=""), 10004),
    "app too long": (question(header_app_id="ninechars"), 10004),
    "app of another": (question(header_app_id="other"), 10313),
    "user too long": (question(header_uid="u" * 33), 10004),
    "user is a number": (question(header_uid=7), 10004),
    "no domain": (question(chat_domain=None), 10003),
    "too warm": (question(chat_temperature=1.01), 10163),
    "too cold": (question(chat_temperature=-0.1), 10163),
    "warmth as text": (question(chat_temperature="0.5"), 10163),
    "top_k 0": (question(chat_top_k=0), 10163),
    "top_k 7": (question(chat_top_k=7), 10163),
    "top_k true": (question(chat_top_k=True), 10163),
    "max_tokens 0": (question(chat_max_tokens=0), 10163),
    "max_tokens 8193": (question(chat_max_tokens=8193), 10163),
    "no messages": (question(message_text=[]), 10004),
    "messages as text": (question(message_text="你好"), 10004),
    "texts as messages": (question(message_text=["你好"]), 10163),
    "no content": (question(message_text=[{"role": "user"}]), 10163),
    "odd role": (question(message_text=[{"role": "human", "content": "你好"}]), 10163),
    "system later": (
        question(message_text=[{"role": "user", "content": "甲"}, {"role": "system", "content": "乙"}]),
        10163,
    ),
    "assistant last": (
        question(message_text=[{"role": "user", "content": "甲"}, {"role": "assistant", "content": "乙"}]),
        10163,
    ),
    "blank question": (question("  "), 10163),
    "too many tokens": (question("长" * 8200), 10907),
}


@pytest.mark.parametrize(("asked", "code"), ODD.values(), ids=list(ODD))
def test_a_frame_that_is_not_as_documented_is_refused(start: Start, asked: Any, code: int) -> None:
    sim = start()
    assert refused(sim, asked) == code
    assert sim.counts()["bought"] == 0


@pytest.mark.parametrize("temperature", [0, 1])
def test_the_ends_of_a_range_are_inside(start: Start, temperature: int) -> None:
    asked = question(chat_temperature=temperature, chat_top_k=6, chat_max_tokens=8192, header_uid="u" * 32)
    assert frames(start(), asked)[-1]["header"]["code"] == 0


def test_a_long_context_fits_where_the_model_takes_it(start: Start) -> None:
    asked = question("长" * 8200, "pro-128k")
    assert frames(start(), asked, "/chat/pro-128k")[-1]["header"]["code"] == 0


# ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_more_connections_at_once_than_allowed_are_refused(start: Start) -> None:
    sim = start(limits=VendorLimits(spark_at_once=2), latency_s=0.4)
    with ThreadPoolExecutor(3) as pool:
        codes = sorted(pool.map(lambda n: frames(sim, question(f"{n}号"))[-1]["header"]["code"], range(3)))
    assert codes == [0, 0, 11203]


def test_more_asks_in_a_second_than_allowed_are_refused(start: Start) -> None:
    sim = start(strict=True)
    codes = [frames(sim, question(f"{n}号"))[-1]["header"]["code"] for n in range(3)]
    assert codes == [0, 0, 11202]
    time.sleep(1)
    assert ask(llm(sim), "四号")


def test_an_account_that_is_used_up_says_so(start: Start) -> None:
    sim = start(quota_after=1)
    ask(llm(sim), "你好")
    (frame,) = frames(sim, question())
    assert frame["header"]["code"] == 11200
    assert "tokens.total" in frame["header"]["message"]


def test_the_requests_of_a_day_are_counted(start: Start) -> None:
    sim = start(rpd=1)
    ask(llm(sim), "你好")
    assert code_of(llm(sim)) == 11201


def test_a_tuned_service_that_is_switched_off_leaves_its_neighbour_on(start: Start) -> None:
    sim = start(retired=frozenset({"spark-tuned"}))
    assert code_of(tuned(sim)) == 11200
    assert ask(llm(sim, path=TUNED_PATH, domain="lite"), "你好")


# ── the line ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_connection_without_a_question_is_closed(start: Start) -> None:
    sim = start(silence_s=0.2)
    with opened(sim) as line:
        began = time.monotonic()
        assert line.recv_data()[0] == ABNF.OPCODE_CLOSE
    assert time.monotonic() - began < 2
    assert sim.counts()["by_wire"] == {"spark": 1}


def test_a_connection_answers_one_question_and_closes(start: Start) -> None:
    with opened(start()) as line:
        line.send('{"header":{}}')
        assert [line.recv_data()[0], line.recv_data()[0]] == [ABNF.OPCODE_TEXT, ABNF.OPCODE_CLOSE]


def test_ending_does_not_wait_for_silent_connections() -> None:
    before = set(threading.enumerate())
    with ExitStack() as lines:
        with serve_in_thread() as sim:
            lines.enter_context(opened(sim))
            began = time.monotonic()
        assert time.monotonic() - began < 1.5
    assert set(threading.enumerate()) <= before
