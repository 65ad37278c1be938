"""The faults that came later, each as the official SDKs of every wire see it."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest

from tests.simulator.conftest import Start
from tests.simulator.sdks import (
    LINE,
    QUESTION,
    access_keys,
    app_keys,
    ask_dashscope,
    ask_qianfan,
    bearer,
    compatible_client,
    openai_client,
    post,
    qianfan_chat,
    tencent,
)
from tests.simulator.test_counts import settled
from tests.simulator.test_faults import TEXTS, codes, outcome, seen_by_tencent, v1_form


def seen_by(sim: Any, wire: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Asks one chat wire through its SDK; gives text and finish reason, or what was raised or refused."""
    if wire.startswith("qianfan"):
        version = wire[-1]
        chat = qianfan_chat(sim, monkeypatch, app_keys(sim) if version == "1" else bearer(sim), version=version)
        model = "Yi-34B-Chat" if version == "1" else "ernie-x"
        return lambda prompt: qianfan_form(outcome(lambda: ask_qianfan(chat, prompt, model=model)))
    if wire == "dashscope":
        return lambda prompt: dashscope_form(outcome(lambda: ask_dashscope(sim, prompt, result_format="message")))
    client = compatible_client(sim) if wire == "dashscope-compatible" else openai_client(sim)
    return lambda prompt: openai_form(
        outcome(
            lambda: client.chat.completions.create(model="qwen-plus", messages=[{"role": "user", "content": prompt}])
        )
    )


def qianfan_form(found: Any) -> tuple[Any, Any]:
    if isinstance(found, Exception):
        return type(found).__name__, getattr(found, "error_code", None) or getattr(found, "status_code", None)
    body = found.body
    if "result" in body:
        return body["result"], "stop" if body["finish_reason"] == "normal" else body["finish_reason"]
    return body["choices"][0]["message"]["content"], body["choices"][0]["finish_reason"]


def dashscope_form(found: Any) -> tuple[Any, Any]:
    if isinstance(found, Exception):
        return type(found).__name__, None
    if found.status_code != 200:
        return found.code, found.status_code
    return found.output.choices[0].message.content, found.output.choices[0].finish_reason


def openai_form(found: Any) -> tuple[Any, Any]:
    if isinstance(found, openai.APIStatusError):
        return found.code, found.status_code
    if isinstance(found, Exception):
        return type(found).__name__, None
    return found.choices[0].message.content, found.choices[0].finish_reason


CHAT_WIRES = ["openai", "qianfan-v1", "qianfan-v2", "dashscope", "dashscope-compatible"]


@pytest.mark.parametrize("wire", CHAT_WIRES)
def test_a_refusal_is_a_success_that_says_no(start: Start, monkeypatch: pytest.MonkeyPatch, wire: str) -> None:
    sim = start(faults={"refusal": 1.0})
    text, finish = seen_by(sim, wire, monkeypatch)(QUESTION)
    assert finish == "stop"
    assert re.search("抱歉|无法|sorry", text)
    assert (sim.counts()["bought"], sim.counts()["items_served"]) == (1, 0)


@pytest.mark.parametrize("wire", CHAT_WIRES)
def test_a_cut_answer_stops_in_the_middle_or_is_empty(start: Start, monkeypatch: pytest.MonkeyPatch, wire: str) -> None:
    sim = start(faults={"cut": 1.0})
    ask = seen_by(sim, wire, monkeypatch)
    found = [ask(f"{QUESTION}{n}") for n in range(8)]
    assert {finish for _, finish in found} == {"length"}
    assert {bool(text) for text, _ in found} == {True, False}
    assert not any("答案是" in text for text, _ in found)
    assert (sim.counts()["bought"], sim.counts()["items_served"]) == (8, 0)


@pytest.mark.parametrize(("fault", "inside"), [("surrogate", "\ud83d"), ("nul", "\0")])
@pytest.mark.parametrize("wire", CHAT_WIRES)
def test_a_broken_character_reaches_the_caller(
    start: Start, monkeypatch: pytest.MonkeyPatch, wire: str, fault: str, inside: str
) -> None:
    sim = start(faults={fault: 1.0})
    text, _ = seen_by(sim, wire, monkeypatch)(QUESTION)
    assert inside in text
    assert sim.counts()["lost_after_billing"] == 1


@pytest.mark.parametrize(("fault", "inside"), [("surrogate", "\ud83d"), ("nul", "\0")])
def test_a_broken_character_reaches_tencents_caller(start: Start, fault: str, inside: str) -> None:
    texts = tencent(start(faults={fault: 1.0}), TEXTS)["Response"]["TargetTextList"]
    assert [inside in text for text in texts] == [True, False]


@pytest.mark.parametrize(
    ("wire", "codes_seen"),
    [
        ("openai", {("zone_drained", 500), ("zone_drained", 409)}),
        ("qianfan-v1", {("APIError", 337_431)}),
        ("qianfan-v2", {("RequestError", 500), ("RequestError", 409)}),
        ("dashscope", {("SchedulerDrained.Zone7", 500), ("SchedulerDrained.Zone7", 409)}),
        ("dashscope-compatible", {("zone_drained", 500), ("zone_drained", 409)}),
    ],
    ids=CHAT_WIRES,
)
def test_an_unknown_code_is_seen_as_it_is(
    start: Start, monkeypatch: pytest.MonkeyPatch, wire: str, codes_seen: set[Any]
) -> None:
    sim = start(faults={"unknown_code": 1.0})
    ask = seen_by(sim, wire, monkeypatch)
    assert {ask(f"{n}号") for n in range(16)} == codes_seen
    assert sim.counts()["bought"] == 0


DASHSCOPE_SEES: list[tuple[str, set[Any]]] = [
    ("rate_limited", {"Throttling.RateQuota", "Throttling.BurstRate", "Throttling.AllocationQuota"}),
    ("quota", {"Arrearage", "AllocationQuota.FreeTierOnly", "Throttling.AllocationQuota"}),
    ("rejected", {"DataInspectionFailed"}),
    ("5xx", {"InternalError", "ServiceUnavailable", "GatewayTimeout"}),
    ("drop_before", {"ConnectionError"}),
    ("drop_after", {"ConnectionError"}),
    ("html", {"JSONDecodeError"}),
    ("half_frame", {"ChunkedEncodingError"}),
]


@pytest.mark.parametrize(("fault", "expected"), DASHSCOPE_SEES, ids=[fault for fault, _ in DASHSCOPE_SEES])
def test_dashscopes_sdk_sees(start: Start, fault: str, expected: set[Any]) -> None:
    sim = start(faults={fault: 1.0})
    found = {dashscope_form(outcome(lambda n=n: ask_dashscope(sim, f"{n}号")))[0] for n in range(12)}
    assert found == expected


def test_dashscopes_sdk_pays_twice_for_a_lost_answer(start: Start) -> None:
    sim = start(faults={"drop_after": 1.0})
    outcome(lambda: ask_dashscope(sim, "你好"))
    assert (sim.counts()["requests"], sim.counts()["bought"]) == (2, 2)  # its silent resend


@pytest.mark.parametrize("fault", ["clock_skew", "unknown_code"])
def test_tencents_sdk_raises_the_later_codes(start: Start, fault: str) -> None:
    expected = {"clock_skew": "AuthFailure.SignatureExpire", "unknown_code": "FailedOperation.ZoneDrained"}
    assert codes(seen_by_tencent(start(faults={fault: 1.0}), 2)) == {expected[fault]}


def test_tencents_list_is_shuffled_and_complete(start: Start) -> None:
    good = tencent(start(), TEXTS)["Response"]["TargetTextList"]
    found = tencent(start(faults={"shuffled": 1.0}), TEXTS)["Response"]["TargetTextList"]
    assert found == good[::-1] != good


def test_a_list_of_one_cannot_be_shuffled(start: Start) -> None:
    sim = start(faults={"shuffled": 1.0})
    tencent(sim, [LINE])
    assert (sim.counts()["faults"], sim.counts()["items_served"]) == ({}, 1)


def v1_code(sim: Any, token: str, content: str) -> int:
    path = f"/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/yi_34b_chat?access_token={token}"
    body = {"messages": [{"role": "user", "content": content}]}
    code: int = post(sim, path, body, {"Content-Type": "application/json"})[2]["error_code"]
    return code


def test_a_good_token_is_refused_as_expired_on_v1(start: Start) -> None:
    sim = start(faults={"token_expired": 1.0})
    query = "&".join(f"client_{name}={sim.env[key]}" for name, key in (("id", "QIANFAN_AK"), ("secret", "QIANFAN_SK")))
    token = post(sim, f"/oauth/2.0/token?grant_type=client_credentials&{query}", b"", {})[2]["access_token"]
    assert {v1_code(sim, token, f"{n}") for n in range(8)} == {110, 111}


def test_a_good_bearer_is_refused_on_v2(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = start(faults={"token_expired": 1.0})
    assert seen_by(sim, "qianfan-v2", monkeypatch)("你好") == ("RequestError", 401)


def test_a_good_signature_is_refused_for_its_time_on_v1(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = start(faults={"clock_skew": 1.0})
    chat = qianfan_chat(sim, monkeypatch, access_keys(sim))
    assert v1_form(outcome(lambda: ask_qianfan(chat, "你好"))) == 14
    sim = start(faults={"clock_skew": 1.0})
    chat = qianfan_chat(sim, monkeypatch, app_keys(sim))
    assert v1_form(outcome(lambda: ask_qianfan(chat, "你好"))) == "text"  # a token is no signature


@pytest.mark.parametrize("wire", ["openai", "dashscope"])
def test_a_dripping_answer_outlives_a_timeout_between_bytes(
    start: Start, monkeypatch: pytest.MonkeyPatch, wire: str
) -> None:
    sim = start(faults={"slow_drip": 1.0}, drip_s=2.0)
    began = time.monotonic()
    text, _ = seen_by(sim, wire, monkeypatch)(QUESTION)
    assert time.monotonic() - began > 1.9
    assert text.endswith("答案是：B")
    assert sim.counts()["items_served"] == 1


def test_a_client_that_leaves_a_dripping_answer_has_lost_it(start: Start) -> None:
    sim = start(faults={"slow_drip": 1.0}, drip_s=4.0)
    connection = socket.create_connection((urlsplit(sim.url).hostname, urlsplit(sim.url).port))
    body = json.dumps({"model": "sim-chat", "messages": [{"role": "user", "content": QUESTION}]}).encode()
    head = (
        "POST /vllm/v1/chat/completions HTTP/1.1\r\nHost: sim\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with connection:
        connection.sendall(head.encode() + body)
        assert connection.recv(64).startswith(b"HTTP/1.1 200")
    counts = settled(sim, "lost_after_billing", 1)
    assert (counts["bought"], counts["items_served"]) == (1, 0)
