from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.connectors._replies import Heard
from augment.connectors.dashscope import WORDS, DashScope, connect, kind_of, read, wire_parameters
from augment.errors import Fault, FixableError, KeyMissing
from augment.settings import Secret
from augment.types import Chat, Message, Reply, Route, Scalar, Translation

from .recordings import Answer, Asked, serving
from .test_wire import replayed

KEY = "some-dashscope-key"
CHAT = Chat((Message("system", "你是老师"), Message("user", "问")))
PATH = "/api/v1/services/aigc/text-generation/generation"


def echoing(asked: Asked) -> Answer:
    """Says its last message back, with the key it was asked with as its id."""
    text = asked.json()["input"]["messages"][-1]["content"]
    choices = [{"finish_reason": "stop", "message": {"role": "assistant", "content": text}}]
    body = {"output": {"choices": choices}, "request_id": asked.headers["Authorization"]}
    return Answer(json.dumps(body).encode())


def made(url: str, key: str = KEY, **route: Any) -> DashScope:
    fields: dict[str, Any] = {"timeout_s": 20, "model": "qwen-plus", **route}
    return connect(Route("d", "dashscope", endpoint=url, **fields), {"api_key": Secret(key)})


def run(url: str, use: Callable[[DashScope], Awaitable[Any]], **route: Any) -> Any:
    async def main() -> Any:
        connector = made(url, **route)
        try:
            return await use(connector)
        finally:
            await connector.close()

    return asyncio.run(main())


def send(url: str, ask: Any = CHAT, **route: Any) -> Reply:
    reply: Reply = run(url, lambda connector: connector.send(ask), **route)
    return reply


def fault_of(url: str, ask: Any = CHAT, **route: Any) -> Fault:
    with pytest.raises(Fault) as caught:
        send(url, ask, **route)
    return caught.value


def asking(*parameters: tuple[str, Scalar]) -> Chat:
    return Chat(CHAT.messages, parameters)


def test_the_request_says_what_the_vendor_wants_to_know() -> None:
    with serving(echoing) as server:
        send(server.url, asking(("max_tokens", 9), ("seed", 7), ("temperature", 0.0)))
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", PATH)
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.json() == {
        "model": "qwen-plus",
        "input": {"messages": [{"role": "system", "content": "你是老师"}, {"role": "user", "content": "问"}]},
        "parameters": {"max_tokens": 9, "seed": 7, "temperature": 0.0, "result_format": "message"},
    }


@pytest.mark.parametrize(
    ("suffix", "path"), [("", PATH), ("/", PATH), ("/proxy/v9", PATH.replace("/api/v1", "/proxy/v9"))]
)
def test_an_endpoint_is_an_origin_or_a_base_with_its_own_path(suffix: str, path: str) -> None:
    with serving(echoing) as server:
        send(f"{server.url}{suffix}")
    assert server.asked[0].path == path


@pytest.mark.parametrize(
    ("given_", "sent"),
    [
        ({"temperature": 2}, {"temperature": 1.99}),
        ({"temperature": 0}, {"temperature": 0.0}),
        ({"top_p": 0}, {"top_p": 0.01}),
        ({"max_completion_tokens": 9}, {"max_tokens": 9}),
        ({"stop": "。", "presence_penalty": 0.5}, {"stop": "。", "presence_penalty": 0.5}),
        ({"enable_thinking": False, "thinking_budget": 50}, {"enable_thinking": False, "thinking_budget": 50}),
        ({"a_parameter_of_tomorrow": 1}, {"a_parameter_of_tomorrow": 1}),
        ({}, {}),
    ],
)
def test_parameters_take_the_names_and_ranges_of_the_vendor(given_: dict[str, Scalar], sent: dict[str, Any]) -> None:
    assert wire_parameters(given_) == sent


@pytest.mark.parametrize(
    "name",
    ["stream", "session", "base_address", "api_key", "model", "messages", "headers", "enable_encryption", "workspace"],
)
def test_no_parameter_of_an_ask_changes_how_or_where_it_is_sent(name: str) -> None:
    with serving(echoing) as server:
        fault = fault_of(server.url, asking((name, "x")))
    assert (fault.kind, fault.code, fault.delivery) == ("bad_request", "wrong_ask", "not_sent")
    assert server.asked == []


def test_half_a_character_in_an_ask_is_refused_unsent() -> None:
    with serving(echoing) as server:
        fault = fault_of(server.url, Chat((Message("user", "问\ud83d"),)))
    assert (fault.kind, fault.delivery) == ("bad_request", "not_sent")
    assert server.asked == []


def test_a_text_is_translated_by_asking_for_it() -> None:
    with serving(echoing) as server:
        reply = send(server.url, Translation(("猫",), "zh", "ja"))
    assert "猫" in reply.text


@pytest.mark.parametrize("secrets", [{}, {"api_key": ""}, {"api_key": "a\nkey"}, {"api_key": "“key”"}])
def test_a_key_that_is_missing_or_impossible_is_told_at_once(secrets: dict[str, str]) -> None:
    with pytest.raises(KeyMissing):
        connect(Route("d", "dashscope", "m", ""), {name: Secret(value) for name, value in secrets.items()})


LOST = {
    "silent": Answer(silent=True),
    "hung up in the body": Answer(b"{", cut=True),
    "slow": Answer(after_s=2.0),
}


@pytest.mark.parametrize("way", LOST)
def test_an_ask_whose_answer_is_lost_is_sent_exactly_once(way: str) -> None:
    with serving(LOST[way]) as server:
        fault = fault_of(server.url, timeout_s=0.6)
        time.sleep(0.3)
    assert fault.delivery == "lost"
    assert len(server.asked) == 1


def test_the_sdk_left_alone_sends_it_twice() -> None:
    import requests
    from dashscope import Generation

    with serving(Answer(silent=True)) as server, requests.Session() as session, pytest.raises(requests.ConnectionError):
        Generation.call("qwen-plus", "问", api_key=KEY, base_address=f"{server.url}/api/v1", session=session)
    assert len(server.asked) == 2


@contextmanager
def dripping(head: bytes, drop: bytes, count: int = 100) -> Iterator[tuple[str, list[float]]]:
    """A server that answers with a byte now and then, and notes how long each of its connections lived (seconds)."""
    lives: list[float] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            wire, _ = listening.accept()
        except OSError:
            return
        began = time.monotonic()
        with wire:
            try:
                wire.recv(65536)
                wire.sendall(head)
                for _ in range(count):
                    wire.sendall(drop)
                    time.sleep(0.1)
            except OSError:
                lives.append(time.monotonic() - began)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", lives
    finally:
        thread.join(5)
        listening.close()


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"],
    ids=["in the headers", "in the body"],
)
def test_an_answer_that_drips_is_cut_off_at_the_deadline_and_holds_no_thread(head: bytes) -> None:
    with dripping(head, b"a") as (url, lives):
        fault = fault_of(url, timeout_s=0.5)
    assert (fault.kind, fault.code, fault.delivery) == ("transient", "deadline", "lost")
    assert len(lives) == 1
    assert lives[0] < 3
    until = time.monotonic() + 3
    while any(thread.name == "augment-dashscope" for thread in threading.enumerate()):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_deadline_cuts_no_connection_but_its_own() -> None:
    def answer(asked: Asked) -> Answer:
        slow = "慢" in asked.json()["input"]["messages"][-1]["content"]
        return Answer(echoing(asked).body, after_s=6.0 if slow else 0.2)

    async def use(connector: DashScope) -> list[str]:
        async def one(number: int) -> str:
            ask = Chat((Message("user", f"{'慢' if number % 4 == 0 else '快'}{number}"),))
            try:
                return (await connector.send(ask)).text[:1]
            except Fault as fault:
                return fault.code

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(number)) for number in range(24)]
        return [task.result() for task in tasks]

    with serving(answer) as server:
        found = run(server.url, use, timeout_s=2.0)
    assert found == ["deadline" if number % 4 == 0 else "快" for number in range(24)]
    assert len(server.asked) == 24


def test_a_redirect_takes_neither_the_key_nor_the_text_anywhere() -> None:
    with serving(echoing) as other, serving(Answer(b"", 307, {"Location": f"{other.url}/x"})) as server:
        fault = fault_of(server.url)
    assert (fault.kind, fault.code) == ("retired", "307")
    assert other.asked == []


def test_two_routes_with_different_keys_and_endpoints_never_mix() -> None:
    async def main(url: str, other: str) -> set[str]:
        connectors = [made(url, "first-key"), made(other, "second-key")]
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(connector.send(Chat((Message("user", f"{place}"),))))
                for place, connector in enumerate(connectors)
                for _ in range(40)
            ]
        for connector in connectors:
            await connector.close()
        return {task.result().text for task in tasks}

    with serving(echoing) as server, serving(echoing) as other:
        found = asyncio.run(main(server.url, other.url))
    assert found == {"0", "1"}
    for place, (heard, key) in enumerate([(server.asked, "first-key"), (other.asked, "second-key")]):
        said = [(asked.headers["Authorization"], asked.json()["input"]["messages"][0]["content"]) for asked in heard]
        assert said == [(f"Bearer {key}", f"{place}")] * 40


def test_asks_in_flight_stay_within_the_limits_of_the_route() -> None:
    from augment.types import Limits

    lock, flying, most = threading.Lock(), 0, 0

    def answer(asked: Asked) -> Answer:
        nonlocal flying, most
        with lock:
            flying += 1
            most = max(most, flying)
        time.sleep(0.02)
        with lock:
            flying -= 1
        return echoing(asked)

    async def use(connector: DashScope) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(15):
                group.create_task(connector.send(CHAT))

    with serving(answer) as server:
        run(server.url, use, limits=Limits(in_flight=3))
    assert most <= 3


def test_proxy_variables_do_not_catch_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(echoing) as server:
        assert send(server.url).text == "问"


def test_a_password_file_does_not_replace_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n", "utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    async def use(connector: DashScope) -> Reply:
        connector._session.trust_env = True  # as it is for every endpoint but loopback
        return await connector.send(CHAT)

    with serving(echoing) as server:
        run(server.url, use)
    assert server.asked[0].headers["Authorization"] == f"Bearer {KEY}"


def test_closing_frees_the_sockets() -> None:
    def held() -> int:
        return sum("process_request_thread" in thread.name for thread in threading.enumerate())

    async def use(connector: DashScope) -> int:
        async with asyncio.TaskGroup() as group:
            for _ in range(6):
                group.create_task(connector.send(CHAT))
        return held()

    before = held()
    with serving(echoing) as server:
        assert run(server.url, use) > before  # kept alive for the next ask
        until = time.monotonic() + 3
        while held() > before:
            assert time.monotonic() < until
            time.sleep(0.01)


def spawn(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).resolve().parents[2])
    variables = {**os.environ, "PYTHONPATH": root, **environment}
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)


ASKING = """
import asyncio, os, sys
from augment.connectors import load
from augment.errors import Fault
from augment.settings import Secret
from augment.types import Chat, Message, Route
before = dict(os.environ)
async def main():
    route = Route("d", "dashscope", "qwen-plus", sys.argv[1], timeout_s=float(sys.argv[2]))
    connector = load("dashscope").connect(route, {"api_key": Secret("some-dashscope-key")})
    for _ in range(2):
        try:
            await connector.send(Chat((Message("user", "a"),)))
        except Fault as fault:
            print(fault.code)
    await connector.close()
asyncio.run(main())
assert dict(os.environ) == before
"""


def test_the_environment_and_the_home_folder_change_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".dashscope").mkdir(parents=True)
    (home / ".dashscope" / "api_key").write_text("from-home", "utf-8")
    wrong = {
        "HOME": str(home),
        "DASHSCOPE_API_KEY": "from-environment",
        "DASHSCOPE_API_KEY_FILE_PATH": str(home / ".dashscope" / "api_key"),
        "DASHSCOPE_HTTP_BASE_URL": "http://127.0.0.1:9/api/v1",
        "DASHSCOPE_API_REGION": "ap-southeast-1",
        "DASHSCOPE_WORKSPACE_ID": "from-environment",
        "DASHSCOPE_LOGGING_LEVEL": "debug",
        "DASHSCOPE_LOG": "debug",
        "DASHSCOPE_DISABLE_DATA_INSPECTION": "false",
        "DASHSCOPE_DISABLE_SDK_HEADERS": "1",
    }
    with serving(echoing) as server:
        send(server.url, Chat((Message("user", "a"),)))
        ended = spawn(ASKING, server.url, "20", **wrong)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert [path.name for path in home.rglob("*")] == [".dashscope", "api_key"]
    first, second, _ = server.asked
    assert (first.path, first.body, first.headers) == (second.path, second.body, second.headers)
    assert not any(name.lower().startswith("x-dashscope") for name in second.headers)


def test_a_variable_that_the_sdk_chokes_on_is_named(tmp_path: Path) -> None:
    code = ASKING.replace(
        "asyncio.run(main())",
        """
try:
    asyncio.run(main())
except Exception as error:
    print(type(error).__name__, error)
""",
    )
    ended = spawn(code, "", "1", DASHSCOPE_API_REGION="us-east-1", DASHSCOPE_WORKSPACE_ID="../x", HOME=str(tmp_path))
    assert ended.stdout.startswith(f"{FixableError.__name__} dashscope cannot be imported: Invalid workspace_id")


def test_a_hung_vendor_does_not_keep_the_process_alive() -> None:
    with serving(Answer(after_s=40)) as server:
        began = time.monotonic()
        ended = spawn(ASKING, server.url, "1")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "deadline\ndeadline\n", "")
    assert time.monotonic() - began < 38


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (429, "Throttling.ServiceOverloaded.Deeper", "", "rate_limited"),
        (403, "AllocationQuota.New", "", "quota_exhausted"),
        (403, "AccessDenied.New", "", "auth"),
        (500, "InternalError.New", "", "transient"),
        (400, "InternalError.Algo.InvalidParameter.New", "", "bad_request"),
        (400, "InvalidParameterNew", "", "transient"),
        (429, "Throttling.RateQuota", "Free allocated quota exceeded.", "rate_limited"),
        (429, "Throttling.AllocationQuota", "FREE ALLOCATED QUOTA exceeded", "quota_exhausted"),
        (400, "InvalidParameter", "the text says: allocated quota exceeded", "bad_request"),
        (400, "", "", "bad_request"),
        (402, "", "", "quota_exhausted"),
        (418, "", "", "transient"),
        (301, "Throttling", "", "retired"),
    ],
)
def test_the_code_decides_with_the_words_beside_it_and_then_the_status(
    status: int, code: str, message: str, kind: str
) -> None:
    assert kind_of(status, code, "", message) == kind


def test_every_code_with_two_meanings_is_replayed_in_both() -> None:
    found = replayed("dashscope")
    for code, (_, kind) in WORDS.items():
        assert found[code] == {kind, kind_of(503, code, "", "")} | found[code]
        assert len(found[code]) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["output", "choices", "message", "content", "text", "usage", "code", "error", "finish_reason"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(body=JSON, status=st.sampled_from([200, 201, 302, 400, 404, 429, 500]))
def test_any_json_is_a_reply_with_a_usable_text_or_a_fault(body: object, status: int) -> None:
    try:
        reply = read(Heard(status, {}, json.dumps(body).encode()), [KEY])
    except Fault:
        return
    assert reply.text.strip()
    reply.text.encode()


@given(st.binary(max_size=60), st.sampled_from([200, 500]))
def test_any_bytes_are_a_reply_or_a_fault(body: bytes, status: int) -> None:
    with pytest.raises(Fault):
        read(Heard(status, {}, body), [KEY])
