from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from augment.connectors.openai import OpenAI, connect
from augment.errors import Fault, KeyMissing
from augment.settings import Secret
from augment.types import Chat, Message, Reply, Route, Translation

from .recordings import Answer, Asked, serving

CHAT = Chat((Message("system", "你是老师"), Message("user", "问")), (("max_tokens", 5), ("temperature", 0.0)))


def completion(asked: Asked) -> Answer:
    """Says its last message back."""
    if asked.path.endswith("/models"):
        return Answer(b'{"data": [{"id": "first"}, {"id": "second"}]}')
    text = asked.json()["messages"][-1]["content"]
    return Answer(json.dumps({"id": "x", "choices": [{"message": {"content": text}}]}).encode())


def run(
    url: str, use: Callable[[OpenAI], Awaitable[Any]], *, key: str | None = None, model: str = "m", tail: str = "/v1"
) -> Any:
    async def main() -> Any:
        secrets = {} if key is None else {"api_key": Secret(key)}
        connector = connect(Route("o", "openai", model, f"{url}{tail}", timeout_s=10), secrets)
        try:
            return await use(connector)
        finally:
            await connector.close()

    return asyncio.run(main())


def test_the_request_holds_model_messages_and_parameters_as_given() -> None:
    with serving(completion) as server:
        reply: Reply = run(server.url, lambda connector: connector.send(CHAT))
    assert reply.text == "问"
    (asked,) = server.asks
    assert asked.path == "/v1/chat/completions"
    assert asked.json() == {
        "model": "m",
        "messages": [{"role": "system", "content": "你是老师"}, {"role": "user", "content": "问"}],
        "max_tokens": 5,
        "temperature": 0.0,
    }


def test_a_slash_at_the_end_of_the_endpoint_changes_nothing() -> None:
    with serving(completion) as server:
        run(server.url, lambda connector: connector.send(CHAT), tail="/v1/")
    assert server.asks[0].path == "/v1/chat/completions"


@pytest.mark.parametrize(("key", "sent"), [(None, None), ("abc", "Bearer abc")], ids=["keyless", "with a key"])
def test_authorization_goes_out_only_with_a_key(key: str | None, sent: str | None) -> None:
    with serving(completion) as server:
        run(server.url, lambda connector: connector.send(CHAT), key=key)
    assert server.asks[0].headers.get("Authorization") == sent


@pytest.mark.parametrize("key", ["a\nb", "ключ", "a\rX-Other: 1"])
def test_a_key_that_is_none_is_refused_before_anything_is_sent(key: str) -> None:
    with pytest.raises(KeyMissing):
        connect(Route("o", "openai", "m", "http://127.0.0.1:9/v1"), {"api_key": Secret(key)})


def test_a_route_without_a_model_takes_the_first_listed_and_asks_for_it_once() -> None:
    async def use(connector: OpenAI) -> str:
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(connector.send(CHAT))
        return await connector.model_name()

    with serving(completion) as server:
        assert run(server.url, use, model="") == "first"
    assert [asked.path for asked in server.asks].count("/v1/models") == 1
    assert {asked.json()["model"] for asked in server.asks if asked.body} == {"first"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(b'{"data": []}'), "transient"),
        (Answer(b'{"data": [{"id": 7}]}'), "transient"),
        (Answer(b"[]"), "transient"),
        (Answer(b"<html>", 200), "transient"),
        (Answer(b"{}", 401), "auth"),
        (Answer(b"{}", 404), "retired"),
    ],
)
def test_without_a_list_of_models_the_ask_never_left(answer: Answer, kind: str) -> None:
    with serving(answer) as server, pytest.raises(Fault) as caught:
        run(server.url, lambda connector: connector.send(CHAT), model="")
    assert (caught.value.kind, caught.value.delivery) == (kind, "not_sent")
    assert [asked.path for asked in server.asks] == ["/v1/models"]


def test_a_translation_of_one_text_becomes_a_prompt() -> None:
    with serving(completion) as server:
        reply: Reply = run(server.url, lambda connector: connector.send(Translation(("猫",), "zh", "ja")))
    assert reply.text.endswith("\n\n猫")
    assert "日语" in reply.text


def test_a_translation_of_two_texts_is_refused_unsent() -> None:
    with serving(completion) as server, pytest.raises(Fault) as caught:
        run(server.url, lambda connector: connector.send(Translation(("猫", "狗"), "zh", "ja")))
    assert (caught.value.kind, caught.value.delivery) == ("bad_request", "not_sent")
    assert server.asked == []


def test_a_hundred_asks_at_once_each_get_their_own_answer() -> None:
    async def use(connector: OpenAI) -> list[str]:
        async with asyncio.TaskGroup() as group:
            asks = [Chat((Message("user", f"问{number}"),)) for number in range(100)]
            tasks = [group.create_task(connector.send(ask)) for ask in asks]
        return [task.result().text for task in tasks]

    with serving(completion) as server:
        assert run(server.url, use) == [f"问{number}" for number in range(100)]


def test_connections_are_kept_alive() -> None:
    ports: list[str] = []

    async def use(connector: OpenAI) -> None:
        for _ in range(5):
            await connector.send(CHAT)
        session = connector._session
        assert session is not None and session.connector is not None
        ports.extend(str(key) for key in session.connector._conns)  # type: ignore[attr-defined]

    with serving(completion) as server:
        run(server.url, use)
    assert len(ports) == 1


def test_cancelling_an_ask_passes_through() -> None:
    async def use(connector: OpenAI) -> None:
        task = asyncio.create_task(connector.send(CHAT))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with serving(Answer(after_s=0.3)) as server:
        run(server.url, use)


def test_a_redirect_is_not_followed_with_the_key() -> None:
    with serving(completion) as elsewhere:
        moved = Answer(b"", 307, {"Location": f"{elsewhere.url}/v1/chat/completions"})
        with serving(moved) as server, pytest.raises(Fault) as caught:
            run(server.url, lambda connector: connector.send(CHAT), key="abc")
    assert caught.value.kind == "retired"
    assert elsewhere.asked == []


def test_proxy_variables_do_not_catch_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(completion) as server:
        reply: Reply = run(server.url, lambda connector: connector.send(CHAT))
    assert reply.text == "问"
