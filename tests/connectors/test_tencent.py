from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.connectors._replies import Heard
from augment.connectors.tencent import connect, read
from augment.errors import Fault, KeyMissing
from augment.settings import Secret
from augment.types import Chat, Message, Reply, Route, Translation

from .recordings import Answer, Asked, serving

SECRETS = {"secret_id": Secret("some-id"), "secret_key": Secret("some-key")}


def translated(asked: Asked) -> Answer:
    """Every text with its target before it, in order."""
    body = asked.json()
    texts = [f"{body['Target']}:{text}" for text in body["SourceTextList"]]
    return Answer(json.dumps({"Response": {"TargetTextList": texts, "UsedAmount": 1, "RequestId": "r"}}).encode())


def translate(url: str, *asks: Translation, options: tuple[tuple[str, str], ...] = ()) -> list[Reply]:
    async def main() -> list[Reply]:
        connector = connect(Route("t", "tencent", "m", url, timeout_s=20, options=options), SECRETS)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(connector.send(ask)) for ask in asks]
            return [task.result() for task in tasks]
        finally:
            await connector.close()

    return asyncio.run(main())


def test_the_request_says_what_the_vendor_wants_to_know() -> None:
    with serving(translated) as server:
        translate(server.url, Translation(("猫", "狗"), "zh", "ja"))
    (asked,) = server.asks
    assert asked.json() == {"Source": "zh", "Target": "ja", "ProjectId": 0, "SourceTextList": ["猫", "狗"]}
    assert asked.headers["X-TC-Action"] == "TextTranslateBatch"
    assert asked.headers["X-TC-Version"] == "2018-03-21"
    assert asked.headers["X-TC-Region"] == "ap-guangzhou"
    assert asked.headers["Host"] == server.url.removeprefix("http://")
    assert asked.headers["Authorization"].startswith("TC3-HMAC-SHA256 Credential=some-id/")


def test_the_region_is_an_option() -> None:
    with serving(translated) as server:
        translate(server.url, Translation(("猫",), "zh", "ja"), options=(("region", "ap-beijing"),))
    assert server.asks[0].headers["X-TC-Region"] == "ap-beijing"


def test_blank_texts_stay_in_their_places_and_are_not_sent() -> None:
    with serving(translated) as server:
        (reply,) = translate(server.url, Translation(("", "猫", " \n", "狗"), "zh", "ja"))
    assert reply.texts == ("", "ja:猫", " \n", "ja:狗")
    assert server.asks[0].json()["SourceTextList"] == ["猫", "狗"]


@pytest.mark.parametrize("ask", [Chat((Message("user", "猫"),)), Translation(("", " "), "zh", "ja")])
def test_an_ask_that_is_no_translation_is_refused_unsent(ask: Any) -> None:
    with serving(translated) as server, pytest.raises(ExceptionGroup) as caught:
        translate(server.url, ask)
    fault = caught.value.exceptions[0]
    assert isinstance(fault, Fault)
    assert (fault.kind, fault.delivery) == ("bad_request", "not_sent")
    assert server.asked == []


def test_many_batches_at_once_each_get_their_own_answer() -> None:
    asks = [Translation(tuple(f"{batch}-{text}" for text in range(batch % 5 + 1)), "zh", "ja") for batch in range(60)]
    with serving(translated) as server:
        replies = translate(server.url, *asks)
    assert [reply.texts for reply in replies] == [tuple(f"ja:{text}" for text in ask.texts) for ask in asks]


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(max_size=8), min_size=1, max_size=6), asked=st.integers(1, 6), seed=st.integers(0, 9))
def test_a_list_is_taken_in_order_and_only_what_is_spoilt_is_left_out(texts: list[str], asked: int, seed: int) -> None:
    random.Random(seed).shuffle(texts)
    body = json.dumps({"Response": {"TargetTextList": texts, "RequestId": "r"}}).encode()
    whole = [text if text.strip() and not {"\ufffd", "\0"} & {*text} else "" for text in texts]
    if len(texts) == asked and any(whole):
        assert list(read(Heard(200, {}, body), asked, []).texts) == whole
    else:
        with pytest.raises(Fault) as caught:
            read(Heard(200, {}, body), asked, [])
        assert caught.value.kind == "transient"


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    with pytest.raises(Fault):
        read(Heard(200, {}, body), 1, [])


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["Response", "Error", "Code", "Message", "TargetTextList"]), inner)
        ),
    )
)
def test_no_shape_breaks_the_reading(body: Any) -> None:
    try:
        reply = read(Heard(200, {}, json.dumps(body).encode()), 1, [])
    except Fault:
        return
    assert len(reply.texts) == 1


@pytest.mark.parametrize(
    "held", [{}, {"secret_id": Secret("x")}, {"secret_id": Secret(" x"), "secret_key": Secret("y")}]
)
def test_keys_that_lack_or_cannot_be_used_are_named_before_anything_is_sent(held: dict[str, Secret]) -> None:
    with pytest.raises(KeyMissing):
        connect(Route("t", "tencent", "m", "http://127.0.0.1:9"), held)


@pytest.mark.parametrize("excluded", [None, "127.0.0.1"], ids=["no NO_PROXY", "NO_PROXY without a port"])
def test_proxy_variables_do_not_catch_loopback(monkeypatch: pytest.MonkeyPatch, excluded: str | None) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        if excluded:
            monkeypatch.setenv(name, excluded)
    with serving(translated) as server:
        (reply,) = translate(server.url, Translation(("猫",), "zh", "ja"))
    assert reply.texts == ("ja:猫",)


def test_a_deprecation_in_the_answer_leaves_the_warnings_of_the_process_alone() -> None:
    body = {"Response": {"TargetTextList": ["猫"], "RequestId": "r", "DeprecatedWarning": "offline soon"}}
    with serving(Answer(json.dumps(body).encode())) as server, warnings.catch_warnings():
        before = list(warnings.filters)
        translate(server.url, Translation(("猫",), "zh", "ja"))
        assert [kept for kept in warnings.filters if kept in before] == before


def test_a_hung_vendor_does_not_keep_the_process_alive() -> None:
    code = """
import asyncio, sys
from augment.connectors.tencent import connect
from augment.settings import Secret
from augment.types import Route, Translation
async def main():
    keys = {"secret_id": Secret("i"), "secret_key": Secret("k")}
    connector = connect(Route("t", "tencent", "m", sys.argv[1], timeout_s=0.2), keys)
    try:
        await connector.send(Translation(("a",), "zh", "ja"))
    except Exception as fault:
        print(fault.code)
    await connector.close()
asyncio.run(main())
"""
    with serving(Answer(after_s=15)) as server:
        command = [sys.executable, "-W", "error", "-c", code, server.url]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=10)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "deadline\n", "")
