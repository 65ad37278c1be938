from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.connectors.qianfan import Lease, Qianfan, choose_api, connect, fold, v1_parameters
from augment.errors import Fault, KeyMissing
from augment.settings import Secret
from augment.types import Chat, Message, Reply, Route, Scalar

from .recordings import TOKEN, Answer, Asked, serving

CHAT = Chat((Message("system", "你是老师"), Message("user", "问")), (("temperature", 0.0),))
OAUTH = {"ak": "some-ak", "sk": "some-sk"}
BCE = {"access_key": "some-access", "secret_key": "some-secret"}
BEARER = {"bearer_token": "some-bearer"}


def echoing(asked: Asked) -> Answer:
    """Says its last message back, in the shape of the path it was asked on."""
    text = asked.json()["messages"][-1]["content"]
    body: dict[str, Any] = {"id": "as-1", "result": text, "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    if asked.path.startswith("/v2/"):
        body = {"id": "as-1", "choices": [{"message": {"content": text}, "finish_reason": "stop"}]}
    return Answer(json.dumps(body).encode())


def token_for(asked: Asked) -> Answer:
    """A token that tells for which key it was given."""
    key = asked.path.partition("client_id=")[2].partition("&")[0]
    return Answer(json.dumps({"access_token": f"token-of-{key}", "expires_in": 2592000}).encode())


def made(url: str, keys: dict[str, str], **route: Any) -> Qianfan:
    fields: dict[str, Any] = {"timeout_s": 20, "model": "Yi-34B-Chat", **route}
    secrets = {name: Secret(value) for name, value in keys.items()}
    return connect(Route("q", "qianfan", endpoint=url, **fields), secrets)


def run(url: str, keys: dict[str, str], use: Callable[[Qianfan], Awaitable[Any]], **route: Any) -> Any:
    async def main() -> Any:
        connector = made(url, keys, **route)
        try:
            return await use(connector)
        finally:
            await connector.close()

    return asyncio.run(main())


def send(url: str, keys: dict[str, str], ask: Chat = CHAT, **route: Any) -> Reply:
    reply: Reply = run(url, keys, lambda connector: connector.send(ask), **route)
    return reply


@pytest.mark.parametrize(
    ("wanted", "held", "api"),
    [
        ("", OAUTH, "v1-oauth"),
        ("", BCE, "v1-bce"),
        ("", BEARER, "v2"),
        ("", OAUTH | BCE, "v1-bce"),
        ("", OAUTH | BCE | BEARER, "v2"),
        ("v1-oauth", OAUTH | BCE | BEARER, "v1-oauth"),
        ("v1-bce", OAUTH | BCE | BEARER, "v1-bce"),
        ("v2", BCE, "v2"),
    ],
)
def test_the_keys_choose_the_dialect_unless_the_route_does(wanted: str, held: dict[str, str], api: str) -> None:
    assert choose_api(wanted, {name: Secret(value) for name, value in held.items()}) == api


@pytest.mark.parametrize(
    ("wanted", "held"),
    [("", {}), ("", {"ak": "x"}), ("", {"secret_key": "x"}), ("v1-oauth", BEARER), ("v2", OAUTH), ("v3", BEARER)],
)
def test_an_impossible_choice_of_keys_is_told_at_once(wanted: str, held: dict[str, str]) -> None:
    with pytest.raises(KeyMissing):
        choose_api(wanted, {name: Secret(value) for name, value in held.items()})


@pytest.mark.parametrize(
    ("model", "path"),
    [("Yi-34B-Chat", "yi_34b_chat"), ("Qianfan-Chinese-Llama-2-13B", "qianfan_chinese_llama_2_13b")],
)
def test_v1_reaches_the_endpoint_of_the_model(model: str, path: str) -> None:
    with serving(echoing) as server:
        send(server.url, OAUTH, model=model)
    (asked,) = server.asks
    assert asked.path == f"/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/{path}?access_token={TOKEN}"


def test_v1_signs_with_access_and_secret_key_and_fetches_nothing_else() -> None:
    with serving(echoing) as server:
        send(server.url, BCE)
    assert len(server.asked) == 1
    assert server.asked[0].headers["Authorization"].startswith("bce-auth-v1/some-access/")


def test_v2_sends_the_bearer_token_and_the_system_role() -> None:
    with serving(echoing) as server:
        send(server.url, BEARER, model="ernie-x")
    (asked,) = server.asked
    assert asked.path == "/v2/chat/completions"
    assert asked.headers["Authorization"] == "Bearer some-bearer"
    body = asked.json()
    assert (body["model"], body["messages"][0]["role"], body["temperature"]) == ("ernie-x", "system", 0.0)


def test_v2_changes_access_and_secret_key_for_a_bearer_token_once() -> None:
    async def use(connector: Qianfan) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(connector.send(CHAT))

    with serving(echoing) as server:
        run(server.url, BCE, use, api="v2")
    tokens = [asked for asked in server.asked if asked.is_token]
    assert [asked.method for asked in tokens] == ["GET"]
    assert tokens[0].headers["Authorization"].startswith("bce-auth-v1/some-access/")
    assert {asked.headers["Authorization"] for asked in server.asks} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(("option", "path"), [("my_own", "/chat/my_own"), ("/other/mine", "/other/mine")])
def test_an_endpoint_path_reaches_models_that_the_sdk_does_not_know(option: str, path: str) -> None:
    with serving(echoing) as server:
        send(server.url, OAUTH, model="my-own", options=(("endpoint_path", option),))
    assert server.asks[0].path.startswith(f"/rpc/2.0/ai_custom/v1/wenxinworkshop{path}?")


def test_a_model_without_an_endpoint_is_retired_and_nothing_is_sent() -> None:
    with serving(echoing) as server, pytest.raises(Fault) as caught:
        send(server.url, OAUTH, model="never-heard-of")
    assert (caught.value.kind, caught.value.delivery) == ("retired", "not_sent")
    assert server.asked == []


def test_the_token_is_fetched_once_for_asks_that_race_for_it() -> None:
    async def use(connector: Qianfan) -> list[str]:
        async with asyncio.TaskGroup() as group:
            asks = [Chat((Message("user", f"问{number}"),)) for number in range(40)]
            tasks = [group.create_task(connector.send(ask)) for ask in asks]
        return [task.result().text for task in tasks]

    with serving(echoing) as server:
        assert run(server.url, OAUTH, use) == [f"问{number}" for number in range(40)]
    assert sum(asked.is_token for asked in server.asked) == 1


def test_a_failed_token_is_fetched_again_by_the_next_ask() -> None:
    answers = iter([Answer(b"busy", 503), Answer(json.dumps({"access_token": "token-x"}).encode())])

    async def use(connector: Qianfan) -> Reply:
        with pytest.raises(Fault) as caught:
            await connector.send(CHAT)
        assert (caught.value.kind, caught.value.delivery) == ("transient", "not_sent")
        return await connector.send(CHAT)

    with serving(echoing, lambda _: next(answers)) as server:
        reply: Reply = run(server.url, OAUTH, use)
    assert reply.text.endswith("问")
    assert len(server.asks) == 1


def test_a_bearer_token_that_dies_on_the_way_is_fetched_anew() -> None:
    dead = Answer(json.dumps({"error": {"code": "invalid_iam_token", "message": "x", "type": "y"}}).encode(), 401)
    answers = iter([echoing, lambda _: dead, echoing])

    async def use(connector: Qianfan) -> str:
        await connector.send(CHAT)
        with pytest.raises(Fault) as caught:
            await connector.send(CHAT)
        assert caught.value.kind == "transient"
        return (await connector.send(CHAT)).text

    with serving(lambda asked: next(answers)(asked)) as server:
        run(server.url, BCE, use, api="v2")
    assert sum(asked.is_token for asked in server.asked) == 2


def test_a_bearer_token_of_the_users_own_that_is_refused_stops_the_provider() -> None:
    dead = Answer(json.dumps({"error": {"code": "invalid_iam_token", "message": "x", "type": "y"}}).encode(), 401)
    with serving(dead) as server, pytest.raises(Fault) as caught:
        send(server.url, BEARER)
    assert caught.value.kind == "auth"


@pytest.mark.parametrize(("age_s", "kind"), [(0, "auth"), (7200, "transient")], ids=["young", "old"])
def test_a_refused_token_stops_the_provider_only_while_it_is_young(age_s: float, kind: str) -> None:
    refusal = Answer(json.dumps({"error_code": 111, "error_msg": "Access token expired"}).encode())
    answers = iter([echoing, lambda _: refusal, echoing])

    async def use(connector: Qianfan) -> str:
        await connector.send(CHAT)
        assert connector._lease is not None
        connector._lease = Lease(connector._lease.sdk, time.monotonic() - age_s)
        with pytest.raises(Fault) as caught:
            await connector.send(CHAT)
        await connector.send(CHAT)
        return caught.value.kind

    with serving(lambda asked: next(answers)(asked)) as server:
        assert run(server.url, OAUTH, use) == kind
    assert len(server.asks) == 3
    assert sum(asked.is_token for asked in server.asked) == (2 if kind == "transient" else 1)


def test_two_routes_with_different_keys_and_endpoints_never_mix() -> None:
    async def main(url: str, other: str) -> None:
        first, second = made(url, {"ak": "first", "sk": "x"}), made(other, {"ak": "second", "sk": "y"})
        third, fourth = made(url, BEARER), made(other, {"bearer_token": "other-bearer"})
        async with asyncio.TaskGroup() as group:
            for connector in [first, second, third, fourth] * 10:
                group.create_task(connector.send(CHAT))
        for connector in (first, second, third, fourth):
            await connector.close()

    with serving(echoing, token_for) as server, serving(echoing, token_for) as other:
        asyncio.run(main(server.url, other.url))
    for heard, key, bearer in ((server, "first", "some-bearer"), (other, "second", "other-bearer")):
        v1 = [asked.path for asked in heard.asks if asked.path.startswith("/rpc/")]
        v2 = [asked.headers["Authorization"] for asked in heard.asks if asked.path.startswith("/v2/")]
        assert (len(v1), len(v2)) == (10, 10)
        assert all(path.endswith(f"?access_token=token-of-{key}") for path in v1)
        assert set(v2) == {f"Bearer {bearer}"}


def test_the_sdk_does_not_throttle_itself_by_what_the_headers_say() -> None:
    def limited(asked: Asked) -> Answer:
        headers = {"X-Ratelimit-Limit-Requests": "6", "X-Ratelimit-Limit-Tokens": "6"}
        return Answer(echoing(asked).body, headers={"Content-Type": "application/json", **headers})

    async def use(connector: Qianfan) -> None:
        for _ in range(8):
            await connector.send(CHAT)

    with serving(limited) as server:
        began = time.monotonic()
        run(server.url, OAUTH, use)
    assert time.monotonic() - began < 5
    assert len(server.asks) == 8


def test_the_environment_the_dotenv_file_and_the_home_folder_are_left_alone(tmp_path: Path) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    (here / ".env").write_text("QIANFAN_AK=from-dotenv\nQIANFAN_RPM_LIMIT=not-a-number\n", "utf-8")
    code = """
import asyncio, json, os, sys
from augment.connectors import load
from augment.settings import Secret
from augment.types import Chat, Message, Route
before = dict(os.environ)
async def main():
    for keys in json.loads(sys.argv[2]):
        route = Route("q", "qianfan", "Yi-34B-Chat", sys.argv[1], timeout_s=20)
        connector = load("qianfan").connect(route, {name: Secret(value) for name, value in keys.items()})
        await connector.send(Chat((Message("user", "a"),)))
        await connector.close()
asyncio.run(main())
assert dict(os.environ) == before
"""
    wrong = {"QIANFAN_BASE_URL": "http://127.0.0.1:9", "QIANFAN_CONSOLE_API_BASE_URL": "http://127.0.0.1:9"}
    wrong |= {"QIANFAN_AK": "from-environment", "QIANFAN_ACCESS_KEY": "env", "QIANFAN_SECRET_KEY": "env"}
    wrong |= {"QIANFAN_BEARER_TOKEN": "from-environment", "QIANFAN_PROXY": "http://127.0.0.1:9"}
    environment = {**os.environ, **wrong, "HOME": str(home), "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    with serving(echoing, token_for) as server:
        command = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", code]
        command += [server.url, json.dumps([OAUTH, BCE, BEARER])]
        ended = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert list(home.iterdir()) == []
    assert [path.name for path in here.iterdir()] == [".env"]
    assert server.asks[0].path.endswith("access_token=token-of-some-ak")
    assert server.asks[2].headers["Authorization"] == "Bearer some-bearer"


def test_proxy_variables_do_not_catch_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(echoing) as server:
        assert send(server.url, OAUTH).text.endswith("问")


ROLES = st.sampled_from(["system", "user", "assistant"])
MESSAGES = st.lists(st.builds(Message, ROLES, st.text(min_size=1, max_size=9)), min_size=1, max_size=8)


@given(MESSAGES)
def test_folded_messages_alternate_without_a_system_role_and_lose_no_word(messages: list[Message]) -> None:
    folded = fold(tuple(messages))
    roles = [message["role"] for message in folded]
    assert "system" not in roles
    assert all(left != right for left, right in itertools.pairwise(roles))
    text = "\n\n".join(message["content"] for message in folded)
    assert all(message.content in text for message in messages)


def test_the_system_text_goes_before_the_first_question() -> None:
    assert fold(CHAT.messages) == [{"role": "user", "content": "你是老师\n\n问"}]


@pytest.mark.parametrize(
    ("given_", "sent"),
    [
        ({"temperature": 0}, {"temperature": 0.01}),
        ({"temperature": 1.7}, {"temperature": 1.0}),
        ({"temperature": 0.8}, {"temperature": 0.8}),
        ({"max_tokens": 9}, {"max_output_tokens": 9}),
        ({"stop": "。"}, {"stop": ["。"]}),
        ({"top_p": 0.5, "penalty_score": 1.1}, {"top_p": 0.5, "penalty_score": 1.1}),
        ({}, {}),
    ],
)
def test_parameters_take_the_names_and_ranges_of_v1(given_: dict[str, Scalar], sent: dict[str, Any]) -> None:
    assert v1_parameters(given_) == sent
