"""OpenAI's wire as the openai SDK meets it."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from augment.simulator.options import VendorLimits
from tests.simulator.conftest import Start
from tests.simulator.sdks import QUESTION, ask_openai, openai_client, post


def test_the_sdk_gets_a_completion_with_usage(start: Start) -> None:
    answer = ask_openai(start(), QUESTION, temperature=0)
    assert answer.choices[0].message.content.endswith("答案是：B")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "DEEPSEEK_API_KEY", "TOKENHUB_API_KEY"])
def test_each_vendors_key_opens_it(start: Start, name: str) -> None:
    sim = start()
    with openai_client(sim, key=sim.env[name]) as client:
        assert client.models.list().data[0].id == "sim-chat"


def test_vllm_needs_no_key(start: Start) -> None:
    sim = start()
    with openai_client(sim, key="EMPTY", base="VLLM_BASE_URL") as client:
        assert client.models.list().data[0].id == "sim-chat"
    status, _, answer = post(
        sim,
        "/vllm/v1/chat/completions",
        {"model": "sim-chat", "messages": [{"role": "user", "content": "你好"}]},
        {"Content-Type": "application/json"},
    )
    assert (status, answer["object"]) == (200, "chat.completion")


def test_a_wrong_key_is_401(start: Start) -> None:
    sim = start()
    with openai_client(sim, key="sk-wrong") as client, pytest.raises(openai.AuthenticationError) as caught:
        client.models.list()
    assert caught.value.code == "invalid_api_key"
    assert "sk-wrong" not in str(caught.value)


def test_an_unknown_model_is_404(start: Start) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        ask_openai(start(), "你好", model="no-such-model")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    "change",
    [
        {"messages": []},
        {"messages": [{"role": "robot", "content": "你好"}]},
        {"messages": [{"role": "user", "content": None}]},
        {"temperature": 2.5},
        {"temperature": "warm"},
        {"max_tokens": 0},
        {"stream": True},
        {"model": ""},
    ],
    ids=lambda change: str(*change),
)
def test_a_bad_body_is_400(start: Start, change: dict[str, Any]) -> None:
    body: dict[str, Any] = {"model": "sim-chat", "messages": [{"role": "user", "content": "你好"}]}
    sim = start()
    with openai_client(sim) as client, pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**(body | change))
    assert sim.counts()["bought"] == 0


def test_bytes_that_are_no_json_are_400(start: Start) -> None:
    sim = start()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {sim.env['OPENAI_API_KEY']}"}
    assert post(sim, "/v1/chat/completions", b"\xff{", headers)[0] == 400


def test_a_prompt_over_the_context_is_400(start: Start) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask_openai(start(), "好" * 130_000)
    assert caught.value.code == "context_length_exceeded"


def test_the_limit_is_429_with_seconds_to_wait(start: Start) -> None:
    sim = start(limits=VendorLimits(openai_rpm=1))
    ask_openai(sim, "你好")
    with pytest.raises(openai.RateLimitError) as caught:
        ask_openai(sim, "你好")
    assert caught.value.response.headers["retry-after"] == "1"


def test_max_tokens_cuts_and_says_length(start: Start) -> None:
    answer = ask_openai(start(), QUESTION, max_tokens=12)
    assert (answer.choices[0].finish_reason, answer.usage.completion_tokens) == ("length", 12)


def test_a_stop_word_ends_the_answer(start: Start) -> None:
    assert "答案" not in ask_openai(start(), QUESTION, stop=["答案"]).choices[0].message.content


def test_n_gives_as_many_choices(start: Start) -> None:
    answer = ask_openai(start(), QUESTION, n=3, temperature=1)
    assert len({choice.message.content for choice in answer.choices}) == 3


def test_a_retired_model_is_404(start: Start) -> None:
    with pytest.raises(openai.NotFoundError):
        ask_openai(start(retired=frozenset({"openai"})), "你好")


def test_a_path_of_no_vendor_is_404(start: Start) -> None:
    status, _, _ = post(start(), "/v3/chat", {}, {"Content-Type": "application/json"})
    assert status == 404
