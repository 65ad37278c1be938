"""Spark's official SDK, a bare websocket and our own connector, pointed at a simulator."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("sparkai", reason="spark-ai-python has no release for this Python")

import websocket
from sparkai.core.messages import ChatMessage
from sparkai.llm.llm import ChatSparkLLM, _SparkLLMClient

from augment.errors import Fault
from augment.settings import Secret
from augment.simulator.options import SPARK_APP_ID, SPARK_RESOURCE_ID, SPARK_SERVICE_ID
from augment.simulator.server import Simulator
from augment.types import Chat, Limits, Message, Reply, Route

logging.getLogger("SparkPythonSDK").disabled = True
MAX, MAX_PATH, TUNED_PATH = "generalv3.5", "/v3.5/chat", "/v1.1/chat"


def llm(sim: Simulator, *, path: str = MAX_PATH, domain: str = MAX, patch: str = "", **options: Any) -> Any:
    """A fresh object of the SDK; several asks of one go wrong."""
    env = sim.env
    keys = {"app_id": "SPARKAI_APP_ID", "api_key": "SPARKAI_API_KEY", "api_secret": "SPARKAI_API_SECRET"}
    return ChatSparkLLM(
        spark_api_url=env["AUGMENT_SPARK_ENDPOINT"] + path,
        spark_llm_domain=domain,
        request_timeout=5,
        model_kwargs={"patch_id": patch} if patch else {},
        **{f"spark_{name}": env[key] for name, key in keys.items()},
        **options,
    )


def tuned(sim: Simulator, **options: Any) -> Any:
    """The same for the tuned service, with its patch."""
    return llm(sim, path=TUNED_PATH, domain=SPARK_SERVICE_ID, patch=SPARK_RESOURCE_ID, **options)


def ask(model: Any, content: str) -> str:
    """What the SDK hands over. Raises SparkAIConnectionError.

    Its connection lives in this thread and its socket is closed at the end: the SDK leaves both behind.
    """
    wires = []

    def listening(*arguments: Any, on_open: Any, **options: Any) -> Any:
        def noted(app: Any) -> None:
            wires.append(app.sock.sock)
            on_open(app)

        app: Any = websocket.WebSocketApp
        return app(*arguments, on_open=noted, **options)

    model.client.client = SimpleNamespace(enableTrace=lambda _: None, WebSocketApp=listening)
    model.client.arun = model.client.run
    try:
        return str(model.generate([[ChatMessage(role="user", content=content)]]).generations[0][0].text)
    finally:
        for wire in wires:
            wire.close()


def code_of(model: Any, content: str = "你好") -> int:
    """The code of the SDK's exception."""
    from sparkai.errors import SparkAIConnectionError

    with pytest.raises(SparkAIConnectionError) as caught:
        ask(model, content)
    return int(caught.value.error_code)


def signed(sim: Simulator, path: str = MAX_PATH, *, key: str = "", secret: str = "") -> str:
    """An address signed by the SDK."""
    env = sim.env
    url: str = _SparkLLMClient._create_url(
        env["AUGMENT_SPARK_ENDPOINT"] + path, key or env["SPARKAI_API_KEY"], secret or env["SPARKAI_API_SECRET"]
    )
    return url


def question(content: str = "你好", domain: str = MAX, **changes: Any) -> dict[str, Any]:
    """A right request. changes: parts of header, chat or text to replace, by a name with the part in front."""
    asked: dict[str, Any] = {
        "header": {"app_id": SPARK_APP_ID, "uid": "u1"},
        "parameter": {"chat": {"domain": domain, "temperature": 0.5, "top_k": 4, "max_tokens": 2048}},
        "payload": {"message": {"text": [{"role": "user", "content": content}]}},
    }
    parts = {"header": asked["header"], "chat": asked["parameter"]["chat"], "message": asked["payload"]["message"]}
    for name, value in changes.items():
        part, _, field = name.partition("_")
        parts[part][field] = value
    return asked


@contextmanager
def opened(sim: Simulator, path: str = MAX_PATH) -> Iterator[Any]:
    """A bare websocket behind its handshake."""
    line: Any = websocket.create_connection(signed(sim, path), timeout=10)
    try:
        yield line
    finally:
        line.shutdown()


def frames(sim: Simulator, asked: Any, path: str = MAX_PATH) -> list[dict[str, Any]]:
    """The frames that come back, until the server closes."""
    with opened(sim, path) as line:
        line.send(asked if isinstance(asked, str) else json.dumps(asked))
        heard = []
        while text := line.recv():
            heard.append(json.loads(text))
        return heard


def refused(sim: Simulator, asked: Any, path: str = MAX_PATH) -> int:
    """The code of the only frame."""
    (frame,) = frames(sim, asked, path)
    assert set(frame) == {"header"}
    return int(frame["header"]["code"])


def route(sim: Simulator, **fields: Any) -> Route:
    """A route of ours to the simulator."""
    chosen = {"model": MAX, "timeout_s": 10.0, "limits": Limits(in_flight=8), **fields}
    return Route("spark-max", "spark", endpoint=sim.env["AUGMENT_SPARK_ENDPOINT"], **chosen)


def ours(sim: Simulator, contents: Iterable[str], **fields: Any) -> list[Reply | Fault]:
    """What one connector of ours makes of many asks at once."""
    from augment.connectors.spark import connect

    names = ("app_id", "api_key", "api_secret", "resource_id", "service_id")

    async def one(connector: Any, content: str) -> Reply | Fault:
        try:
            reply: Reply = await connector.send(Chat((Message("user", content),)))
        except Fault as fault:
            return fault
        return reply

    async def main() -> list[Reply | Fault]:
        connector = connect(route(sim, **fields), {name: Secret(sim.env[f"SPARKAI_{name.upper()}"]) for name in names})
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(connector, content)) for content in contents]
        finally:
            await connector.close()
        return [task.result() for task in tasks]

    return asyncio.run(main())
