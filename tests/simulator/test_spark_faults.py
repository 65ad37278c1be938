"""Every fault of Spark's websocket as our connector and the SDK read it, and what the books say of it."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
import warnings
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sparkai", reason="spark-ai-python has no release for this Python")

import websocket

from augment.errors import Fault
from augment.simulator.faults import FAULTS
from augment.simulator.options import SimulatorOptions
from augment.simulator.server import Simulator, serve_in_thread
from augment.simulator.spark import ABLE, AT_THE_DOOR
from augment.types import Reply
from tests.simulator.conftest import Start
from tests.simulator.sdks import QUESTION
from tests.simulator.spark_calls import code_of, llm, opened, ours, question

KINDS: dict[str, set[tuple[str, str]]] = {
    "rate_limited": {("rate_limited", code) for code in ("11202", "11203", "10006", "10007", "10008")},
    "quota": {("quota_exhausted", code) for code in ("11200", "11201", "10016")},
    "rejected": {("content_filtered", code) for code in ("10013", "10014", "10019", "10021")},
    "5xx": {("transient", code) for code in ("503", "10010", "10012", "10110", "10222")},
    "unknown_code": {("transient", "19876"), ("transient", "50013")},
    "html": {("transient", "200")},
    "clock_skew": {("auth", "403")},
    "drop_before": {("transient", "dropped")},
    "drop_after": {("transient", "dropped")},
    "truncated": {("transient", "dropped")},
    "half_frame": {("transient", "dropped")},
    "surrogate": {("transient", "bad_text")},
    "nul": {("transient", "bad_text")},
    "slow": {("transient", "deadline")},
    "slow_drip": {("transient", "deadline")},
}
ASKED = [f"{n}号的问题，{QUESTION}" for n in range(32)]


def read(outcome: Any) -> tuple[str, str]:
    return (outcome.kind, outcome.code) if isinstance(outcome, Fault) else ("answered", "")


@pytest.mark.parametrize(("fault", "expected"), KINDS.items(), ids=list(KINDS))
def test_our_connector_reads(start: Start, fault: str, expected: set[tuple[str, str]]) -> None:
    late = fault in ("slow", "slow_drip")
    sim = start(faults={fault: 1.0}, slow_s=2.0, drip_s=8.0)
    asked = ASKED[:8] if late else ASKED
    assert {read(found) for found in ours(sim, asked, timeout_s=1.0 if late else 10.0)} == expected
    assert sim.counts()["faults"] == {fault: len(asked)}


@pytest.mark.parametrize("fault", ["bad_bytes", "charset"])
def test_our_connector_takes_bytes_that_are_no_utf8_for_a_lost_answer(start: Start, fault: str) -> None:
    found = ours(start(faults={fault: 1.0}), ASKED)
    assert {(one.kind, one.delivery) for one in found if isinstance(one, Fault)} == {("transient", "lost")}
    assert len(found) == len(ASKED)


def test_our_connector_takes_no_text_for_no_answer(start: Start) -> None:
    sim = start(faults={"empty": 1.0})
    assert {read(one) for one in ours(sim, ASKED)} == {("transient", "empty"), ("transient", "unreadable")}
    assert (sim.counts()["bought"], sim.counts()["items_served"]) == (32, 0)


def test_our_connector_sees_a_cut_by_the_tokens_used(start: Start) -> None:
    sim = start(faults={"cut": 1.0})
    found = ours(sim, ASKED)
    assert [one.finish for one in found if isinstance(one, Reply)] == ["length"] * 32
    assert sim.counts()["items_served"] == 0


def test_a_wrong_answer_concludes_another_of_the_options(start: Start) -> None:
    sim = start(faults={"wrong_answer": 1.0})
    assert {found.text[-5:] for found in ours(sim, ASKED) if not isinstance(found, Fault)} == {
        "答案是：A",
        "答案是：C",
        "答案是：D",
    }


def test_every_fault_that_a_chat_can_meet_is_met_here() -> None:
    not_on_a_socket = {"token_expired"}
    lists_only = {"wrong_length", "shuffled"}
    assert set(FAULTS) - ABLE - AT_THE_DOOR == not_on_a_socket | lists_only


@pytest.mark.parametrize(("fault", "bought"), [("drop_before", 0), ("drop_after", 32), ("truncated", 32)])
def test_what_is_lost_is_billed_or_not_as_it_was(start: Start, fault: str, bought: int) -> None:
    sim = start(faults={fault: 1.0})
    ours(sim, ASKED)
    counts = sim.counts()
    assert (counts["bought"], counts["lost_after_billing"], counts["items_served"]) == (bought, bought, 0)


def test_half_the_frames_come_before_a_cut(start: Start) -> None:
    sim, heard = start(faults={"truncated": 1.0}), []
    # One of its two forms ends without a close frame.
    with opened(sim) as line, suppress(ConnectionError, websocket.WebSocketConnectionClosedException):
        line.send(json.dumps(question(QUESTION)))
        while text := line.recv():
            heard.append(json.loads(text)["payload"]["choices"]["status"])
    assert heard == [0, 1]
    assert sim.counts()["faults"] == {"truncated": 1}


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ("rate_limited", {11202, 11203, 10006, 10007, 10008}),
        ("quota", {11200, 11201, 10016}),
        ("html", {-1}),
        ("drop_before", {-1}),
        ("bad_bytes", {-1}),
    ],
)
def test_the_sdk_raises(start: Start, fault: str, codes: set[int]) -> None:
    sim = start(faults={fault: 1.0})
    assert {code_of(llm(sim), content) for content in ASKED[:24]} == codes


def test_half_of_the_internal_errors_come_at_the_handshake(start: Start) -> None:
    sim = start(faults={"5xx": 0.5})
    found = [read(one)[1] for one in ours(sim, [f"{n}号" for n in range(200)])]
    refused, told = found.count("503"), sum(code.startswith("10") for code in found)
    assert 30 <= refused <= 70
    assert 30 <= told <= 70


def test_the_books_balance_when_everything_goes_wrong(start: Start) -> None:
    rates = dict.fromkeys((ABLE | AT_THE_DOOR) - {"slow", "slow_drip"}, 0.04)
    sim = start(faults=rates)
    outcomes = ours(sim, [f"{n}号的问题" for n in range(200)])
    counts = sim.counts()
    assert counts["requests"] == 200 == sum(counts["by_wire"].values()) == sum(counts["by_status"].values())
    assert counts["bought"] == counts["items_served"] + counts["lost_after_billing"]
    good = sum(not isinstance(one, Fault) for one in outcomes)
    harmless = sum(counts["faults"].get(fault, 0) for fault in ("wrong_answer", "refusal", "cut"))
    assert counts["items_served"] <= good <= counts["items_served"] + harmless
    assert sum(counts["faults"].values()) > 40


def test_the_question_decides_its_fault_and_not_the_order() -> None:
    def met(asked: list[str]) -> dict[str, tuple[str, str]]:
        with serve_in_thread(SimulatorOptions(faults={"rate_limited": 0.3, "drop_after": 0.3}, seed=3)) as sim:
            return dict(zip(asked, map(read, ours(sim, asked)), strict=True))

    assert met(ASKED) == met(ASKED[::-1])


def sockets() -> int:
    found = 0
    for file in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += str(file.readlink()).startswith("socket:")
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files as Linux lists them")
def test_no_thread_and_no_socket_is_left() -> None:
    rates = dict.fromkeys(ABLE | AT_THE_DOOR, 0.04)
    with serve_in_thread() as sim:
        ours(sim, ["先加载"])  # what libraries open once and keep
    gc.collect()
    threads, before = threading.active_count(), sockets()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with serve_in_thread(SimulatorOptions(faults=rates, slow_s=0.2, drip_s=0.5)) as sim:
            ours(sim, [f"{n}号" for n in range(120)])
        until = time.monotonic() + 5
        while threading.active_count() > threads and time.monotonic() < until:
            time.sleep(0.02)  # a pool's threads end just after it is closed
        gc.collect()
    assert (threading.active_count(), sockets()) == (threads, before)


def test_ending_in_the_middle_of_answers_leaves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def end_in_the_middle() -> int:
        with ExitStack() as lines:
            async with Simulator(SimulatorOptions(latency_s=60)) as sim:
                for _ in range(5):
                    line = await asyncio.to_thread(lines.enter_context, opened(sim))
                    line.send(json.dumps(question()))
                while sim.counts()["requests"] < 5:
                    await asyncio.sleep(0.01)
        return int(sim.counts()["by_status"]["dropped"])

    assert asyncio.run(end_in_the_middle()) == 5
    assert not caplog.records
