from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("sparkai", reason="spark-ai-python has no release for this Python")

from augment.connectors.spark import Spark, connect, system_first
from augment.errors import Fault, KeyMissing
from augment.settings import Secret
from augment.types import Chat, Message, Reply, Route

from .recordings import Speech, speaking

KEYS = {"app_id": "app", "api_key": "some-key", "api_secret": "some-secret"}
TUNED = {**KEYS, "resource_id": "some-resource", "service_id": "some-service"}
CHAT = Chat((Message("user", "问"),))


def echoing(message: Any) -> Speech:
    """Says the last message back in two frames."""
    text = message["payload"]["message"]["text"][-1]["content"]

    def frame(part: str, status: int) -> str:
        choices = {"status": status, "seq": 0, "text": [{"content": part, "role": "assistant", "index": 0}]}
        return json.dumps({"header": {"code": 0, "sid": "s"}, "payload": {"choices": choices}})

    return Speech((frame(text[:1], 0), frame(text[1:] + "。", 2)))


def run(url: str, keys: dict[str, str], use: Callable[[Spark], Awaitable[Any]], **route: Any) -> Any:
    async def main() -> Any:
        fields: dict[str, Any] = {"timeout_s": 20, "model": "generalv3.5", **route}
        secrets = {name: Secret(value) for name, value in keys.items()}
        connector = connect(Route("s", "spark", endpoint=url, **fields), secrets)
        try:
            return await use(connector)
        finally:
            await connector.close()

    return asyncio.run(main())


def heard(ask: Chat = CHAT, keys: dict[str, str] = KEYS, **route: Any) -> tuple[str, Any]:
    """The path and the message of one ask."""
    with speaking(echoing) as speaker:
        run(speaker.url, keys, lambda connector: connector.send(ask), **route)
    ((path, message),) = speaker.heard
    return urlsplit(path).path, message


def test_the_request_names_the_domain_and_no_patch() -> None:
    path, message = heard()
    assert path == "/v3.5/chat"
    assert message["header"] == {"app_id": "app", "uid": "spark_sdk_user"}
    assert message["parameter"]["chat"]["domain"] == "generalv3.5"
    assert message["payload"]["message"]["text"] == [{"role": "user", "content": "问"}]


@pytest.mark.parametrize("route", [{"api": "tuned"}, {"model": ""}], ids=["api", "no model"])
def test_a_tuned_service_is_named_by_its_service_and_resource(route: dict[str, str]) -> None:
    path, message = heard(keys=TUNED, **route)
    assert path == "/v1.1/chat"
    assert message["header"]["patch_id"] == ["some-resource"]
    assert message["parameter"]["chat"]["domain"] == "some-service"


def test_every_ask_of_a_tuned_service_carries_the_patch() -> None:
    async def use(connector: Spark) -> None:
        for _ in range(3):
            await connector.send(CHAT)

    with speaking(echoing) as speaker:
        run(speaker.url, TUNED, use, api="tuned")
    assert [message["header"]["patch_id"] for _, message in speaker.heard] == [["some-resource"]] * 3


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        ({"temperature": 0}, {"temperature": 0.01}),
        ({"temperature": 1.5}, {"temperature": 1.0}),
        ({"max_tokens": 9, "top_k": 2}, {"max_tokens": 9, "top_k": 2}),
        ({"max_tokens": 0}, {"max_tokens": 2048}),
    ],
)
def test_parameters_stay_where_the_sdk_survives_them(parameters: dict[str, Any], sent: dict[str, Any]) -> None:
    chat = heard(Chat(CHAT.messages, tuple(parameters.items())))[1]["parameter"]["chat"]
    assert {name: chat[name] for name in sent} == sent


def test_system_texts_go_first_where_they_stay_system_texts() -> None:
    messages = (Message("user", "a"), Message("system", "x"), Message("assistant", "b"), Message("system", "y"))
    assert system_first(messages) == [Message("system", "x\n\ny"), Message("user", "a"), Message("assistant", "b")]


def test_forty_asks_at_once_each_get_their_own_answer() -> None:
    async def use(connector: Spark) -> list[str]:
        async with asyncio.TaskGroup() as group:
            asks = [Chat((Message("user", f"问{number}"),)) for number in range(40)]
            tasks = [group.create_task(connector.send(ask)) for ask in asks]
        return [task.result().text for task in tasks]

    with speaking(echoing) as speaker:
        assert run(speaker.url, KEYS, use) == [f"问{number}。" for number in range(40)]


def test_the_ask_after_an_error_gets_its_own_answer() -> None:
    refusal = Speech((json.dumps({"header": {"code": 10013, "message": "no", "sid": "s"}}),))

    async def use(connector: Spark) -> str:
        with pytest.raises(Fault):
            await connector.send(Chat((Message("user", "坏"),)))
        reply: Reply = await connector.send(CHAT)
        return reply.text

    def answer(message: Any) -> Speech:
        return refusal if message["payload"]["message"]["text"][-1]["content"] == "坏" else echoing(message)

    with speaking(answer) as speaker:
        assert run(speaker.url, KEYS, use) == "问。"


def test_a_silent_server_costs_one_deadline_and_its_thread_ends() -> None:
    async def use(connector: Spark) -> None:
        began = time.monotonic()
        with pytest.raises(Fault) as caught:
            await connector.send(CHAT)
        assert (caught.value.code, caught.value.delivery) == ("deadline", "lost")
        assert time.monotonic() - began < 15  # the SDK alone waits until the server hangs up: 30 s

    with speaking(Speech(hang=True)) as speaker:
        run(speaker.url, KEYS, use, timeout_s=0.4)
        until = time.monotonic() + 15
        while any(thread.name == "augment-spark" for thread in threading.enumerate()):
            assert time.monotonic() < until
            time.sleep(0.02)
    assert len(speaker.heard) == 1


def test_cancelling_an_ask_passes_through() -> None:
    async def use(connector: Spark) -> None:
        task = asyncio.create_task(connector.send(CHAT))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with speaking(Speech(hang=True)) as speaker:
        run(speaker.url, KEYS, use)


@pytest.mark.parametrize(("held", "api"), [({}, ""), ({"app_id": "x"}, ""), (KEYS, "tuned")])
def test_keys_that_lack_are_named_before_anything_is_sent(held: dict[str, str], api: str) -> None:
    secrets = {name: Secret(value) for name, value in held.items()}
    with pytest.raises(KeyMissing):
        connect(Route("s", "spark", "generalv3.5", "ws://127.0.0.1:9", api=api), secrets)


def test_a_silent_server_does_not_keep_the_process_alive() -> None:
    code = """
import asyncio, sys
from augment.connectors.spark import connect
from augment.settings import Secret
from augment.types import Chat, Message, Route
async def main():
    keys = {name: Secret("abcdef") for name in ("app_id", "api_key", "api_secret")}
    connector = connect(Route("s", "spark", "generalv3.5", sys.argv[1], timeout_s=0.3), keys)
    try:
        await connector.send(Chat((Message("user", "a"),)))
    except Exception as fault:
        print(fault.code)
    await connector.close()
asyncio.run(main())
"""
    with speaking(Speech(hang=True)) as speaker:
        command = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", code, speaker.url]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=25)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "deadline\n", "")
