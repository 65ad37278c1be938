"""Every fault as the official SDKs see it, and which request gets it."""

from __future__ import annotations

import random
from typing import Any

import openai
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import UsageError
from augment.simulator.faults import FAULTS, Fates, parse_faults
from augment.simulator.options import SimulatorOptions
from augment.simulator.server import Simulator
from tests.simulator.conftest import Start
from tests.simulator.sdks import (
    LINE,
    QUESTION,
    app_keys,
    ask_openai,
    ask_qianfan,
    bearer,
    openai_client,
    qianfan_chat,
    tencent,
    tencent_body,
    tencent_client,
)

TEXTS = [LINE, "狗吃猫。"]
ALL = frozenset(FAULTS)


def outcome(call: Any) -> Any:
    """What a call returned, or the exception it raised."""
    try:
        return call()
    except Exception as error:
        return error


def seen_by_tencent(sim: Any, tries: int = 12) -> list[Any]:
    """Tencent's answers to texts that differ, so that every form of a fault is drawn."""
    return [outcome(lambda n=n: tencent(sim, [*TEXTS, f"{n}号"])) for n in range(tries)]


def codes(outcomes: list[Any]) -> set[str]:
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

    return {
        str(found.get_code()) if isinstance(found, TencentCloudSDKException) else type(found).__name__
        for found in outcomes
    }


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("rate_limited", {"RequestLimitExceeded"}),
        ("quota", {"FailedOperation.NoFreeAmount"}),
        ("rejected", {"UnsupportedOperation"}),
        ("5xx", {"InternalError.BackendTimeout", "ServerNetworkError"}),
        ("drop_before", {"ClientNetworkError"}),
        ("drop_after", {"ClientNetworkError"}),
        ("html", {"JSONDecodeError"}),
        ("bad_bytes", {"UnicodeDecodeError"}),
        ("truncated", {"JSONDecodeError", "ChunkedEncodingError"}),
    ],
)
def test_tencents_sdk_raises(start: Start, fault: str, expected: set[str]) -> None:
    assert codes(seen_by_tencent(start(faults={fault: 1.0}))) == expected


def test_tencents_sdk_lets_wrong_lists_through(start: Start) -> None:
    lengths = {
        len(found["Response"]["TargetTextList"]) for found in seen_by_tencent(start(faults={"wrong_length": 1.0}))
    }
    assert lengths == {2, 4}


def test_tencents_sdk_lets_an_empty_item_through(start: Start) -> None:
    empties = [
        [text for text in found["Response"]["TargetTextList"] if not text]
        for found in seen_by_tencent(start(faults={"empty": 1.0}))
    ]
    assert all(len(empty) == 1 for empty in empties)
    assert {empty[0] for empty in empties} == {"", None}


def test_a_gateways_charset_turns_tencents_error_into_a_success(start: Start) -> None:
    sim = start(faults={"charset": 1.0})
    found = seen_by_tencent(sim)
    assert {"Error" in answer["Response"] for answer in found} == {True, False}
    assert sim.counts()["items_served"] == 3 * sum("Error" not in answer["Response"] for answer in found)


def test_a_slow_answer_is_billed_though_the_client_has_gone(start: Start) -> None:
    sim = start(faults={"slow": 1.0}, slow_s=1.6)
    assert codes(
        [outcome(lambda: tencent_client(sim, timeout_s=1).call_json("TextTranslateBatch", tencent_body(TEXTS)))]
    ) == {"ClientNetworkError"}
    assert sim.counts()["bought"] == 2
    assert len(tencent(sim, TEXTS)["Response"]["TargetTextList"]) == 2  # patience gets the answer


OPENAI_SEES: list[tuple[str, set[str]]] = [
    ("rate_limited", {"RateLimitError"}),
    ("quota", {"RateLimitError", "APIStatusError"}),
    ("rejected", {"BadRequestError", "content_filter"}),
    ("5xx", {"InternalServerError"}),
    ("empty", {"stop"}),
    ("drop_before", {"APIConnectionError"}),
    ("drop_after", {"APIConnectionError"}),
    ("html", {"str"}),
    ("truncated", {"JSONDecodeError", "APIConnectionError"}),
    ("bad_bytes", {"UnicodeDecodeError"}),
    ("charset", {"InternalServerError", "stop"}),
]


def finish(found: Any) -> str:
    return found.choices[0].finish_reason if hasattr(found, "choices") else type(found).__name__


@pytest.mark.parametrize(("fault", "expected"), OPENAI_SEES, ids=[fault for fault, _ in OPENAI_SEES])
def test_the_openai_sdk_sees(start: Start, fault: str, expected: set[str]) -> None:
    sim = start(faults={fault: 1.0})
    with openai_client(sim) as client:
        asked = [[{"role": "user", "content": f"{QUESTION}{n}"}] for n in range(10)]
        create = client.chat.completions.create
        found = {finish(outcome(lambda one=one: create(model="sim-chat", messages=one))) for one in asked}
    assert found == expected


def test_the_openai_sdk_gives_up_on_a_slow_answer(start: Start) -> None:
    sim = start(faults={"slow": 1.0}, slow_s=1.0)
    with pytest.raises(openai.APITimeoutError):
        ask_openai(sim, "你好", timeout_s=0.3)


def asked_of(client: openai.OpenAI, content: str) -> str:
    answer = client.chat.completions.create(model="sim-chat", messages=[{"role": "user", "content": content}])
    return answer.choices[0].message.content or ""


def test_a_wrong_answer_concludes_another_of_the_options(start: Start) -> None:
    sim = start(faults={"wrong_answer": 1.0})
    with openai_client(sim) as client:
        found = {asked_of(client, QUESTION + " " * n)[-5:] for n in range(12)}
    assert found == {"答案是：A", "答案是：C", "答案是：D"}
    assert sim.counts()["items_served"] == 0


V1_SEES: list[tuple[str, set[Any]]] = [
    ("rate_limited", {18, 336501}),
    ("quota", {17}),
    ("rejected", {"refusal"}),
    ("5xx", {2, 336100, "RequestError"}),
    ("empty", {"empty"}),
    ("wrong_answer", {"text"}),
    ("drop_before", {"ConnectionError"}),
    ("drop_after", {"ConnectionError"}),
    ("html", {"RequestError"}),
    ("truncated", {"RequestError", "ChunkedEncodingError"}),
    ("bad_bytes", {"text"}),
    ("charset", {336000, "text"}),
]


def v1_form(found: Any) -> Any:
    if isinstance(found, Exception):
        return getattr(found, "error_code", type(found).__name__)
    if found["need_clear_history"]:
        return "refusal"
    return "text" if found["result"] else "empty"


@pytest.mark.parametrize(("fault", "expected"), V1_SEES, ids=[fault for fault, _ in V1_SEES])
def test_qianfans_sdk_sees_on_v1(start: Start, monkeypatch: pytest.MonkeyPatch, fault: str, expected: set[Any]) -> None:
    sim = start(faults={fault: 1.0})
    chat = qianfan_chat(sim, monkeypatch, app_keys(sim))
    assert {v1_form(outcome(lambda n=n: ask_qianfan(chat, f"{QUESTION}{n}"))) for n in range(14)} == expected


def test_qianfans_sdk_times_out_on_a_slow_answer(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = start(faults={"slow": 1.0}, slow_s=1.0)
    chat = qianfan_chat(sim, monkeypatch, app_keys(sim))
    with pytest.raises(requests.ReadTimeout):
        ask_qianfan(chat, "你好", request_timeout=0.3)


V2_SEES: list[tuple[str, set[str]]] = [
    ("rate_limited", {"429"}),
    ("rejected", {"403", "content_filter"}),
    ("5xx", {"500"}),
    ("charset", {"500", "stop"}),
]


def v2_form(found: Any) -> str:
    return str(found.status_code) if isinstance(found, Exception) else found["choices"][0]["finish_reason"]


@pytest.mark.parametrize(("fault", "expected"), V2_SEES, ids=[fault for fault, _ in V2_SEES])
def test_qianfans_sdk_sees_on_v2(start: Start, monkeypatch: pytest.MonkeyPatch, fault: str, expected: set[str]) -> None:
    sim = start(faults={fault: 1.0})
    chat = qianfan_chat(sim, monkeypatch, bearer(sim), version="2")
    found = [outcome(lambda n=n: ask_qianfan(chat, f"{QUESTION}{n}", model="ernie-x")) for n in range(8)]
    assert {v2_form(one) for one in found} == expected


@pytest.mark.parametrize("text", ["storm=0.1", "slow", "slow=often", "slow=1.5", "slow=-0.1", "slow=0.6,html=0.6"])
def test_faults_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_faults(text)


def test_an_unknown_fault_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        Simulator(SimulatorOptions(faults={"storm": 0.1}))
    assert all(name in caught.value.hint for name in FAULTS)


def test_rates_are_read_as_written() -> None:
    assert parse_faults(" rate_limited=0.1, 5xx=0.05,") == {"rate_limited": 0.1, "5xx": 0.05}


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.integers(0, 9), st.randoms(use_true_random=False))
def test_the_order_of_requests_changes_nobodys_fate(bodies: list[bytes], seed: int, order: random.Random) -> None:
    def fates(asked: list[bytes]) -> dict[bytes, list[Any]]:
        draw, found = Fates({"slow": 0.4, "html": 0.4}, seed), {}
        for body in asked:
            found.setdefault(body, []).append(draw.draw("openai", body, able=ALL))
        return found

    shuffled = list(bodies)
    order.shuffle(shuffled)
    assert fates(bodies) == fates(shuffled)


def test_a_rate_is_met_within_a_few_percent() -> None:
    draw = Fates({"slow": 0.2, "html": 0.1}, 7)
    drawn = [draw.draw("openai", str(n).encode(), able=ALL).fault for n in range(4000)]
    assert drawn.count("slow") / 4000 == pytest.approx(0.2, abs=0.03)
    assert drawn.count("html") / 4000 == pytest.approx(0.1, abs=0.03)


def test_asking_again_draws_again() -> None:
    draw = Fates({"slow": 0.5}, 1)
    assert {draw.draw("openai", b"same", able=ALL).fault for _ in range(20)} == {"", "slow"}


def test_a_fault_a_wire_cannot_show_leaves_its_answers_alone(start: Start) -> None:
    sim = start(faults={"wrong_answer": 1.0})
    assert len(tencent(sim, TEXTS)["Response"]["TargetTextList"]) == 2
    assert sim.counts()["faults"] == {}
