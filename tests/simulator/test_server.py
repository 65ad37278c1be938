"""Starting, pointing at, and ending a simulator."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
import warnings

import aiohttp
import pytest

from augment.errors import FixableError
from augment.simulator.options import SimulatorOptions
from augment.simulator.server import Simulator, serve_in_thread
from tests.simulator.sdks import QUESTION, ask_openai


def test_it_listens_on_loopback_only_and_says_where() -> None:
    with serve_in_thread() as sim:
        assert sim.url.startswith("http://127.0.0.1:")
        assert sim.ws == sim.url.replace("http", "ws")


def test_env_points_every_connector_here_with_a_key() -> None:
    with serve_in_thread() as sim:
        env = sim.env
        assert env["AUGMENT_TENCENT_ENDPOINT"] == env["AUGMENT_QIANFAN_ENDPOINT"] == sim.url
        for name in ("OPENAI", "VLLM", "DEEPSEEK", "TOKENHUB"):
            assert env[f"{name}_BASE_URL"].startswith(sim.url)
            assert env[f"{name}_BASE_URL"].endswith("/v1")
        keys = {"TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "QIANFAN_AK", "QIANFAN_SK"}
        assert keys | {"OPENAI_API_KEY", "DEEPSEEK_API_KEY", "TOKENHUB_API_KEY"} <= set(env)


def test_a_port_in_use_is_an_error_the_user_can_mend() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(FixableError, match="cannot be listened on"),
        serve_in_thread(SimulatorOptions(port=taken.getsockname()[1])),
    ):
        pytest.fail("two servers listen on one port")


def test_the_port_is_free_again_afterwards() -> None:
    with serve_in_thread() as sim:
        ask_openai(sim, "你好")
        port = int(sim.url.rsplit(":", 1)[1])
    with serve_in_thread(SimulatorOptions(port=port)) as again:
        assert again.url.endswith(str(port))


def test_nothing_is_left_open_while_clients_hold_on() -> None:
    async def ask_and_leave() -> None:
        faults = {"drop_after": 0.3, "truncated": 0.3}
        async with aiohttp.ClientSession() as session, Simulator(SimulatorOptions(faults=faults)) as sim:
            for number in range(20):
                await ask(session, sim, f"{number}")

    async def ask(session: aiohttp.ClientSession, sim: Simulator, content: str) -> None:
        body = {"model": "sim-chat", "messages": [{"role": "user", "content": content}]}
        headers = {"Authorization": f"Bearer {sim.env['OPENAI_API_KEY']}"}
        try:
            async with session.post(f"{sim.url}/v1/chat/completions", json=body, headers=headers) as answer:
                await answer.read()
        except aiohttp.ClientError:
            return

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        started = time.monotonic()
        asyncio.run(ask_and_leave())
        gc.collect()
    assert time.monotonic() - started < 5


def test_ending_does_not_wait_for_answers_that_are_slow(caplog: pytest.LogCaptureFixture) -> None:
    async def end_in_the_middle() -> Simulator:
        async with aiohttp.ClientSession() as session, Simulator(SimulatorOptions(latency_s=60)) as sim:
            asked = asyncio.create_task(session.get(f"{sim.url}/v1/models"))
            while not sim.counts()["requests"]:
                await asyncio.sleep(0.01)
        with pytest.raises(aiohttp.ClientError):
            await asked
        return sim

    started = time.monotonic()
    asyncio.run(end_in_the_middle())
    assert time.monotonic() - started < 5
    assert not caplog.records


def test_many_asks_at_once_are_all_answered() -> None:
    async def ask_many() -> list[str]:
        async with Simulator() as sim, aiohttp.ClientSession() as session:
            headers = {"Authorization": f"Bearer {sim.env['OPENAI_API_KEY']}"}

            async def one(number: int) -> str:
                body = {"model": "sim-chat", "messages": [{"role": "user", "content": QUESTION + str(number)}]}
                async with session.post(f"{sim.url}/v1/chat/completions", json=body, headers=headers) as answer:
                    text: str = (await answer.json())["choices"][0]["message"]["content"]
                    return text

            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(number)) for number in range(500)]
            assert sim.counts()["items_served"] == 500
            return [task.result() for task in tasks]

    assert all(text.endswith("答案是：B") for text in asyncio.run(ask_many()))
