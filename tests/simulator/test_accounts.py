"""What an account may do, and for how long it waits: quotas in the middle of a run, days, Retry-After, switched off."""

from __future__ import annotations

import time
from typing import Any

import openai
import pytest

from augment.simulator._wire import Answer
from augment.simulator.accounts import Accounts
from augment.simulator.counts import Counts
from augment.simulator.options import SimulatorOptions, VendorLimits
from augment.simulator.server import Simulator
from tests.simulator.conftest import Start
from tests.simulator.sdks import (
    LINE,
    app_keys,
    ask_compatible,
    ask_dashscope,
    ask_openai,
    ask_qianfan,
    bearer,
    openai_client,
    qianfan_chat,
    tencent,
    tencent_body,
    tencent_code,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def refused(sim: Simulator, **parameters: Any) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        ask_openai(sim, "你好", **parameters)
    return caught.value


def test_tencents_account_is_used_up_in_the_middle_of_a_run(start: Start) -> None:
    sim = start(quota_after=2)
    for text in ("甲。", "乙。"):
        tencent(sim, [text])
    assert tencent_code(sim, tencent_body(["丙。"])) == "FailedOperation.NoFreeAmount"
    assert sim.counts()["bought"] == 2


def test_qianfans_account_is_used_up_on_both_of_its_wires(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = start(quota_after=1)
    chat = qianfan_chat(sim, monkeypatch, app_keys(sim))
    ask_qianfan(chat, "你好")
    with pytest.raises(Exception) as first:
        ask_qianfan(chat, "再见")
    assert getattr(first.value, "error_code", None) == 19
    chat = qianfan_chat(sim, monkeypatch, bearer(sim), version="2")
    with pytest.raises(Exception, match="BILLING_INSUFFICIENT_BALANCE") as second:
        ask_qianfan(chat, "再见", model="ernie-x")
    assert getattr(second.value, "status_code", None) == 429


def test_dashscopes_account_is_used_up_on_both_of_its_wires(start: Start) -> None:
    sim = start(quota_after=1)
    assert ask_dashscope(sim, "你好").status_code == 200
    assert (ask_dashscope(sim, "再见").status_code, ask_dashscope(sim, "再见").code) == (400, "Arrearage")
    with pytest.raises(openai.BadRequestError) as caught:
        ask_compatible(sim, "再见")
    assert caught.value.code == "Arrearage"


def test_each_key_of_openais_wire_is_an_account(start: Start) -> None:
    sim = start(quota_after=1)
    ask_openai(sim, "你好")
    assert refused(sim).code == "insufficient_quota"
    with openai_client(sim, key=sim.env["DEEPSEEK_API_KEY"]) as client:
        messages = [{"role": "user", "content": "你好"}]
        client.chat.completions.create(model="deepseek-chat", messages=messages)
        with pytest.raises(openai.APIStatusError) as caught:
            client.chat.completions.create(model="deepseek-chat", messages=messages)
    assert caught.value.status_code == 402


def test_an_answer_lost_after_billing_uses_the_quota_up(start: Start) -> None:
    sim = start(quota_after=1, faults={"drop_after": 1.0})
    with pytest.raises(openai.APIConnectionError):
        ask_openai(sim, "你好")
    assert refused(sim).code == "insufficient_quota"


def test_a_wire_is_switched_off_after_so_many_billed_requests(start: Start) -> None:
    sim = start(retire_after=1)
    tencent(sim, [LINE])
    assert tencent_code(sim, tencent_body([LINE])) == "ActionOffline"
    ask_openai(sim, "你好")
    assert refused(sim).status_code == 404


def test_a_day_that_is_full_says_when_it_is_over(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = start(rpd=1)
    ask_openai(sim, "你好")
    error = refused(sim)
    assert (error.status_code, error.code) == (429, "rate_limit_exceeded")
    assert "per day" in error.message
    assert 86_390 <= int(error.response.headers["retry-after"]) <= 86_400
    chat = qianfan_chat(sim, monkeypatch, app_keys(sim))
    ask_qianfan(chat, "你好")
    with pytest.raises(Exception) as caught:
        ask_qianfan(chat, "你好")
    assert getattr(caught.value, "error_code", None) == 17


def test_a_day_begins_anew() -> None:
    clock = Clock()
    accounts = Accounts(SimulatorOptions(rpd=2, reset_s=60), clock)
    assert [accounts.day_over_s("one") for _ in range(3)] == [0.0, 0.0, 60.0]
    assert accounts.day_over_s("another") == 0.0
    clock.now += 59.5
    assert accounts.day_over_s("one") == pytest.approx(0.5)
    clock.now += 0.5
    assert accounts.day_over_s("one") == 0.0


def test_retry_after_is_said_and_kept(start: Start) -> None:
    sim = start(retry_after_s=60, limits=VendorLimits(openai_rpm=1))
    ask_openai(sim, "你好")
    assert refused(sim).response.headers["retry-after"] == "60"
    time.sleep(0.3)
    assert 30 < int(refused(sim).response.headers["retry-after"]) <= 60  # what is left, in whole seconds
    assert sim.counts()["too_early"] == 1


@pytest.mark.parametrize("ask", [ask_dashscope, ask_compatible], ids=["dashscope", "compatible"])
def test_dashscope_says_it_too_once_asked_to(start: Start, ask: Any) -> None:
    sim = start(retry_after_s=60, faults={"rate_limited": 1.0})
    for _ in range(2):
        try:
            code = ask(sim, "你好").status_code
        except openai.RateLimitError as error:
            code = error.status_code
            assert 30 < int(error.response.headers["retry-after"]) <= 60
        assert code == 429
        time.sleep(0.3)
    assert sim.counts()["too_early"] == 1


def test_who_waits_as_told_is_not_too_early(start: Start) -> None:
    sim = start(retry_after_s=1, faults={"rate_limited": 0.5}, seed=4)
    answered = 0
    for number in range(4):
        try:
            ask_openai(sim, f"{number}")
            answered += 1
        except openai.RateLimitError as error:
            time.sleep(float(error.response.headers["retry-after"]))
    assert 0 < answered < 4
    assert sim.counts()["too_early"] == 0


def test_a_request_under_way_when_the_refusal_left_is_no_one_s_fault() -> None:
    clock = Clock()
    accounts = Accounts(SimulatorOptions(retry_after_s=5), clock)
    accounts.leaves(accounts.wait(Answer("openai", b"", 429), "key"))
    clock.now += 0.1
    assert accounts.early_s("key") > 0
    assert accounts.too_early == 0
    clock.now += 0.4
    assert accounts.early_s("key") > 0
    assert accounts.too_early == 1
    assert accounts.early_s("another") == 0
    clock.now += 4.6
    assert accounts.early_s("key") == 0


def test_the_most_requests_of_any_second_and_minute_are_known() -> None:
    clock = Clock()
    counts = Counts(clock)
    for pause in (0.0, 0.4, 0.4, 0.4, 30.0, 0.1):
        clock.now += pause
        counts.arrived("tencent")
    clock.now += 60.0
    counts.arrived("tencent")
    counts.arrived("openai")
    found = counts.snapshot()["wires"]
    assert (found["tencent"]["most_in_1_s"], found["tencent"]["most_in_60_s"]) == (3, 6)
    assert (found["openai"]["most_in_1_s"], found["openai"]["most_in_60_s"]) == (1, 1)


def test_each_wire_knows_what_it_took_and_gave(start: Start) -> None:
    sim = start()
    tencent(sim, [LINE, "狗吃猫。"])
    ask_dashscope(sim, "你好")
    wires = sim.counts()["wires"]
    assert {name: (one["requests"], one["bought"], one["served"], one["lost"]) for name, one in wires.items()} == {
        "tencent": (1, 2, 2, 0),
        "dashscope": (1, 1, 1, 0),
    }
