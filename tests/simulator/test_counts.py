"""What the books say after known traffic."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator.conftest import Start
from tests.simulator.sdks import LINE, QUESTION, ask_openai, post, tencent


def ignored(call: Callable[[], Any]) -> None:
    try:
        call()
    except Exception:
        return


def settled(sim: Any, name: str, value: int) -> dict[str, Any]:
    """The counts once one of them has its value; the server books a lost answer when it notices."""
    deadline = time.monotonic() + 5
    while sim.counts()[name] != value and time.monotonic() < deadline:
        time.sleep(0.02)
    counts: dict[str, Any] = sim.counts()
    assert counts[name] == value
    return counts


def test_the_address_gives_what_the_object_gives(start: Start) -> None:
    sim = start()
    tencent(sim, [LINE])
    with urllib.request.urlopen(f"{sim.url}/_sim/counts", timeout=5) as answer:
        assert json.load(answer) == sim.counts()


def test_each_text_of_a_batch_is_an_item(start: Start) -> None:
    sim = start()
    tencent(sim, [LINE, "狗吃猫。", "猫吃鸟。"])
    counts = sim.counts()
    assert (counts["requests"], counts["bought"], counts["items_served"]) == (1, 3, 3)
    assert (counts["bought_twice"], counts["lost_after_billing"]) == (0, 0)


def test_a_text_bought_again_after_it_was_served_was_bought_twice(start: Start) -> None:
    sim = start()
    tencent(sim, [LINE, "狗吃猫。"])
    tencent(sim, ["猫吃鸟。", LINE])
    assert sim.counts()["bought_twice"] == 1


def test_the_same_text_into_another_language_is_another_item(start: Start) -> None:
    sim = start()
    tencent(sim, [LINE])
    tencent(sim, [LINE], target="en")
    assert (sim.counts()["bought_twice"], sim.counts()["distinct_items"]) == (0, 2)


@pytest.mark.parametrize("fault", ["drop_after", "truncated", "empty", "wrong_length", "bad_bytes"])
def test_a_spoilt_answer_is_billed_and_lost_but_buying_again_is_not_twice(start: Start, fault: str) -> None:
    sim = start(faults={fault: 1.0})
    for _ in range(2):
        ignored(lambda: tencent(sim, [LINE]))
    counts = settled(sim, "lost_after_billing", 2)
    assert (counts["bought"], counts["items_served"], counts["bought_twice"]) == (2, 0, 0)
    assert counts["faults"] == {fault: 2}


@pytest.mark.parametrize("fault", ["drop_before", "rate_limited", "rejected", "quota", "5xx", "html"])
def test_a_refused_request_is_not_billed(start: Start, fault: str) -> None:
    sim = start(faults={fault: 1.0})
    ignored(lambda: tencent(sim, [LINE]))
    assert (sim.counts()["bought"], sim.counts()["faults"]) == (0, {fault: 1})


def test_a_client_that_leaves_early_loses_what_it_paid_for(start: Start) -> None:
    sim = start(latency_s=0.5)
    with pytest.raises(TimeoutError):
        post_briefly(sim)
    assert settled(sim, "lost_after_billing", 1)["items_served"] == 0


def post_briefly(sim: Any) -> None:
    body = {"model": "sim-chat", "messages": [{"role": "user", "content": "你好"}]}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {sim.env['OPENAI_API_KEY']}"}
    request = urllib.request.Request(f"{sim.url}/v1/chat/completions", json.dumps(body).encode(), headers)
    urllib.request.urlopen(request, timeout=0.1)


def test_chats_asked_again_are_counted_apart(start: Start) -> None:
    sim = start()
    for _ in range(3):
        ask_openai(sim, QUESTION)
    counts = sim.counts()
    assert (counts["chat_repeats"], counts["chat_most_served"], counts["bought_twice"]) == (2, 3, 0)


def test_asking_again_after_a_wrong_answer_is_no_repeat(start: Start) -> None:
    sim = start(faults={"wrong_answer": 1.0})
    for _ in range(2):
        ask_openai(sim, QUESTION)
    assert (sim.counts()["chat_repeats"], sim.counts()["bought"]) == (0, 2)


def test_a_chat_under_other_parameters_is_another_item(start: Start) -> None:
    sim = start()
    ask_openai(sim, QUESTION, temperature=0)
    ask_openai(sim, QUESTION, temperature=1)
    assert (sim.counts()["chat_repeats"], sim.counts()["distinct_items"]) == (0, 2)


def test_wires_and_statuses_are_counted_by_name(start: Start) -> None:
    sim = start()
    tencent(sim, [LINE])
    post(sim, "/v1/chat/completions", {}, {"Content-Type": "application/json"})
    assert sim.counts()["by_wire"] == {"openai": 1, "tencent": 1}
    assert sim.counts()["by_status"] == {"200": 1, "401": 1}
