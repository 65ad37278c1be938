"""DashScope's two wires as its own SDK and OpenAI's meet them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dashscope
import openai
import pytest

from augment.simulator.dashscope import PATH
from augment.simulator.options import VendorLimits
from tests.simulator.conftest import Start
from tests.simulator.sdks import QUESTION, ask_compatible, ask_dashscope, compatible_client, post

ASK = {"model": "qwen-plus", "input": {"messages": [{"role": "user", "content": "你好"}]}, "parameters": {}}


def headers(sim: Any) -> dict[str, str]:
    return {"Content-Type": "application/json", "Authorization": f"Bearer {sim.env['DASHSCOPE_API_KEY']}"}


def refusal(sim: Any, change: dict[str, Any]) -> tuple[int, str]:
    status, _, answer = post(sim, PATH, ASK | change, headers(sim))
    assert set(answer) == {"code", "message", "request_id"}
    return status, answer["code"]


def test_the_sdk_gets_a_message_with_usage(start: Start) -> None:
    answer = ask_dashscope(start(), QUESTION, result_format="message", temperature=0)
    assert answer.status_code == 200
    assert answer.output.choices[0].message.content.endswith("答案是：B")
    assert (answer.output.text, answer.output.choices[0].finish_reason) == (None, "stop")
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def test_without_a_format_the_answer_is_text(start: Start) -> None:
    answer = ask_dashscope(start(), QUESTION)
    assert answer.output.choices is None
    assert answer.output.text.endswith("答案是：B")
    assert answer.output.finish_reason == "stop"


def test_a_prompt_may_stand_in_the_place_of_messages(start: Start) -> None:
    sim = start()
    answer = dashscope.Generation.call(
        model="qwen-plus", prompt=QUESTION, api_key=sim.env["DASHSCOPE_API_KEY"], base_address=f"{sim.url}/api/v1"
    )
    assert answer.output.text.endswith("答案是：B")


def test_the_newer_client_of_the_sdk_is_served_too(start: Start) -> None:
    sim = start()
    with dashscope.Client(api_key=sim.env["DASHSCOPE_API_KEY"], base_url=f"{sim.url}/api/v1", max_retries=0) as client:
        answer = client.chat.completions.create(model="qwen-plus", messages=[{"role": "user", "content": QUESTION}])
    assert answer.choices[0].message.content.endswith("答案是：B")


def test_a_wrong_key_is_401(start: Start) -> None:
    answer = ask_dashscope(start(), "你好", api_key="sk-wrong")
    assert (answer.status_code, answer.code) == (401, "InvalidApiKey")
    assert "sk-wrong" not in answer.message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model": ""}, "BadRequest.EmptyModel"),
        ({"input": {}}, "BadRequest.EmptyInput"),
        ({"input": {"history": []}}, "InvalidParameter"),
        ({"input": {"messages": []}}, "InvalidParameter"),
        ({"input": {"messages": [{"role": "robot", "content": "你好"}]}}, "InvalidParameter"),
        ({"input": {"messages": [{"role": "user", "content": None}]}}, "InvalidParameter"),
        ({"input": {"messages": [{"role": "assistant", "content": "你好"}]}}, "InvalidParameter"),
        ({"parameters": []}, "BadRequest.EmptyParameters"),
        ({"parameters": {"result_format": "xml"}}, "InvalidParameter"),
        ({"parameters": {"temperature": 2}}, "InvalidParameter"),
        ({"parameters": {"top_p": 0}}, "InvalidParameter"),
        ({"parameters": {"max_tokens": 0}}, "InvalidParameter"),
        ({"parameters": {"max_tokens": 1.5}}, "InvalidParameter"),
        ({"parameters": {"seed": -1}}, "InvalidParameter"),
        ({"parameters": {"n": 5}}, "InvalidParameter"),
        ({"parameters": {"stop": 3}}, "InvalidParameter"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value),
)
def test_a_bad_body_is_400_and_says_which_part(start: Start, change: dict[str, Any], code: str) -> None:
    sim = start()
    assert refusal(sim, change) == (400, code)
    assert sim.counts()["bought"] == 0


def test_an_unknown_model_is_404(start: Start) -> None:
    assert refusal(start(), {"model": "no-such-model"}) == (404, "ModelNotFound")


def test_a_retired_wire_is_404_while_the_other_goes_on(start: Start) -> None:
    sim = start(retired=frozenset({"dashscope"}))
    assert refusal(sim, {}) == (404, "ModelNotFound")
    assert ask_compatible(sim, QUESTION).choices[0].message.content.endswith("答案是：B")


@pytest.mark.parametrize(
    ("extra", "status", "code"),
    [
        ({"Content-Type": "text/plain"}, 400, "InvalidParameter"),
        ({"X-DashScope-Async": "enable"}, 403, "AccessDenied"),
        ({"X-DashScope-SSE": "enable"}, 400, "InvalidParameter"),
        ({"Authorization": "Basic c2ltLWRhc2hzY29wZQ=="}, 401, "InvalidApiKey"),
    ],
    ids=lambda value: str(value),
)
def test_headers_it_cannot_serve_are_refused(start: Start, extra: dict[str, str], status: int, code: str) -> None:
    sim = start()
    found, _, answer = post(sim, PATH, ASK, headers(sim) | extra)
    assert (found, answer["code"]) == (status, code)


def test_max_tokens_cuts_and_says_length(start: Start) -> None:
    answer = ask_dashscope(start(), QUESTION, result_format="message", max_tokens=12)
    assert (answer.output.choices[0].finish_reason, answer.usage.output_tokens) == ("length", 12)


def test_a_minute_is_full_for_one_model_and_not_for_the_next(start: Start) -> None:
    sim = start(limits=VendorLimits(dashscope_rpm=1))
    assert ask_dashscope(sim, "你好").status_code == 200
    full = ask_dashscope(sim, "你好")
    assert (full.status_code, full.code) == (429, "Throttling.RateQuota")
    assert ask_dashscope(sim, "你好", model="qwen2-72b-instruct").status_code == 200


def test_a_burst_is_refused_although_the_minute_is_not_full(start: Start) -> None:
    sim = start(strict=True)
    codes = [ask_dashscope(sim, f"{n}").code for n in range(14)]
    assert codes.count("Throttling.BurstRate") >= 1
    assert "Throttling.RateQuota" not in codes


def test_tokens_a_minute_are_an_allocation(start: Start) -> None:
    sim = start(limits=VendorLimits(dashscope_tpm=40))
    answers = [ask_dashscope(sim, QUESTION) for _ in range(2)]
    assert [answer.code for answer in answers] == ["", "Throttling.AllocationQuota"]
    assert "Free" not in answers[1].message


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (VendorLimits(dashscope_rpm=1), "limit_requests"),
        (VendorLimits(dashscope_rps=1), "limit_burst_rate"),
        (VendorLimits(dashscope_tpm=40), "insufficient_quota"),
    ],
    ids=["rpm", "rps", "tpm"],
)
def test_the_compatible_wire_has_names_of_its_own(start: Start, limits: VendorLimits, code: str) -> None:
    sim = start(limits=limits)
    with ThreadPoolExecutor(8) as pool:  # at once: one after the other may take longer than the second that is counted
        asked = [pool.submit(ask_compatible, sim, QUESTION) for _ in range(8)]
    refusals = [refused for one in asked if (refused := one.exception()) is not None]
    assert refusals
    assert all(isinstance(one, openai.RateLimitError) and one.code == code for one in refusals)


def test_both_wires_share_one_accounts_limit_of_a_model(start: Start) -> None:
    sim = start(limits=VendorLimits(dashscope_rpm=1))
    ask_compatible(sim, "你好", model="qwen-plus")
    assert ask_dashscope(sim, "你好").status_code == 429
    assert sim.counts()["by_wire"] == {"dashscope": 1, "dashscope-compatible": 1}


def test_a_wrong_key_is_401_on_the_compatible_wire(start: Start) -> None:
    with compatible_client(start(), key="sk-wrong") as client, pytest.raises(openai.AuthenticationError) as caught:
        client.chat.completions.create(model="qwen-plus", messages=[{"role": "user", "content": "你好"}])
    assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"temperature": 3}, 400, "invalid_parameter_error"),
        ({"messages": []}, 400, "invalid_parameter_error"),
        ({"model": "no-such-model"}, 404, "model_not_found"),
    ],
    ids=["range", "messages", "model"],
)
def test_the_compatible_wire_refuses(start: Start, change: dict[str, Any], status: int, code: str) -> None:
    body: dict[str, Any] = {"model": "qwen-plus", "messages": [{"role": "user", "content": "你好"}]}
    with compatible_client(start()) as client, pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(**(body | change))
    assert (caught.value.status_code, caught.value.code) == (status, code)
