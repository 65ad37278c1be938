"""Every recorded answer, through the real SDK and over a real socket, becomes the reply or the fault it should."""

from __future__ import annotations

import asyncio
import re

import pytest

from augment.connectors import _codes, dashscope, load, qianfan, tencent
from augment.errors import Fault
from augment.settings import Secret
from augment.types import Ask, Chat, Message, Reply, Route, Translation

from .recordings import HAS_SPARK, Recording, Speech, recordings, serving, speaking

KEYS = {
    "tencent": {"secret_id": "recorded-id", "secret_key": "recorded-key"},
    "openai": {"api_key": "recorded-key"},
    "dashscope": {"api_key": "recorded-key"},
    "spark": {"app_id": "a1b2c3d4", "api_key": "recorded-key", "api_secret": "recorded-secret"},
    "v1-oauth": {"ak": "recorded-ak", "sk": "recorded-sk"},
    "v1-bce": {"access_key": "recorded-access", "secret_key": "recorded-secret"},
    "v2": {"bearer_token": "recorded-bearer", "access_key": "recorded-access", "secret_key": "recorded-secret"},
}
CHAT = Chat((Message("user", "哪个选项是对的？"),), (("temperature", 0.5),))
TEXTS = Translation(("猫", "狗"), "zh", "ja")
REPLAYED = [recording for recording in recordings() if recording.vendor != "spark" or HAS_SPARK]
KEY_SHAPES = re.compile(
    r"AKID[A-Za-z0-9]{8,}|sk-[A-Za-z0-9]{16,}|bce-v3/|24\.[0-9a-f]{16,}|eyJ[A-Za-z0-9_-]{16,}|[0-9a-f]{32,}"
)


async def ask_once(recording: Recording, url: str) -> Reply | Fault:
    """What the vendor's connector makes of the recording."""
    vendor, api = recording.vendor, recording.data.get("api", "")
    keys = KEYS[api or vendor]
    wanted = recording.data.get("keys") or (["bearer_token"] if api == "v2" else list(keys))
    endpoint = f"{url}/v1" if vendor == "openai" else url.replace("http:", "ws:" if vendor == "spark" else "http:")
    model = "Yi-34B-Chat" if vendor == "qianfan" else "some-model"
    options = tuple(recording.data.get("options", {}).items())
    route = Route(vendor, vendor, model, endpoint, api=api, timeout_s=20, options=options)
    connector = load(vendor).connect(route, {name: Secret(keys[name]) for name in wanted})
    ask: Ask = TEXTS if vendor == "tencent" else CHAT
    try:
        return await connector.send(ask)
    except Fault as fault:
        return fault
    finally:
        await connector.close()


def replay(recording: Recording) -> tuple[Reply | Fault, int]:
    """What comes of the recording, and how many asks the server heard."""
    answer = recording.answer
    if answer.status == 101:
        frames = answer.body.decode().split("\n") if answer.body else []
        with speaking(Speech(tuple(frames), drop=answer.cut)) as speaker:
            return asyncio.run(ask_once(recording, speaker.url)), len(speaker.heard)
    is_token = recording.data.get("answers") == "token"
    with serving(*((None, answer) if is_token else (answer,))) as server:
        return asyncio.run(ask_once(recording, server.url)), len(server.asks)


@pytest.mark.parametrize("recording", REPLAYED, ids=lambda recording: f"{recording.vendor}-{recording.name}")
def test_a_recorded_answer_is_read_as_it_should_be(recording: Recording) -> None:
    expect = recording.data["expect"]
    found, asks = replay(recording)
    assert asks == (0 if recording.data.get("answers") == "token" else 1)
    if "reply" in expect:
        assert isinstance(found, Reply), found
        assert list(found.texts) == expect["reply"]
        seen = {
            "finish": found.finish,
            "thinking": found.thinking,
            "vendor_id": found.vendor_id,
            "input_tokens": found.usage.input_tokens,
            "output_tokens": found.usage.output_tokens,
            "characters": found.usage.characters,
        }
        assert found.raw.encode() == recording.answer.body
    else:
        assert isinstance(found, Fault), found
        seen = {"kind": found.kind, "code": found.code, "delivery": found.delivery, "wait_s": found.wait_s}
        assert found.message
    assert {name: seen[name] for name in expect if name != "reply"} == {
        name: value for name, value in expect.items() if name != "reply"
    }


def replayed(vendor: str, api: str = "", dialect: str = "") -> dict[str, set[str]]:
    """The codes of a vendor's recordings with the kinds expected for them."""
    found: dict[str, set[str]] = {}
    for recording in REPLAYED:
        expect = recording.data["expect"]
        if recording.data.get("options", {}) != ({"dialect": dialect} if dialect else {}):
            continue
        if recording.vendor == vendor and recording.data.get("api", "").startswith(api) and "code" in expect:
            found.setdefault(expect["code"], set()).add(expect["kind"])
    return found


@pytest.mark.parametrize(
    ("table", "vendor", "api"),
    [
        (tencent.KINDS, "tencent", ""),
        ({str(code): kind for code, kind in qianfan.V1_KINDS.items()}, "qianfan", "v1"),
        (_codes.V2_CODES, "qianfan", "v2"),
        (_codes.CODES, "openai", ""),
        ({code: kind for code, kind in dashscope.CODES.items() if code not in dashscope.WORDS}, "dashscope", ""),
        ({str(code): kind for code, kind in _codes.SPARK_CODES.items() if code not in _codes.USED_UP}, "spark", ""),
    ],
    ids=["tencent", "qianfan-v1", "qianfan-v2", "openai", "dashscope", "spark"],
)
def test_every_code_of_a_table_is_replayed(table: dict[str, str], vendor: str, api: str) -> None:
    found = replayed(vendor, api)
    assert {code: found.get(code) for code in table} == {code: {kind} for code, kind in table.items()}


@pytest.mark.parametrize(
    ("table", "dialect"),
    [
        (_codes.TOKENHUB_CODES, "tokenhub"),
        (
            {code: kind for code, kind in _codes.DASHSCOPE_CODES.items() if code not in _codes.DASHSCOPE_WORDS},
            "dashscope",
        ),
        ({str(code): kind for code, kind in _codes.SPARK_CODES.items() if code not in _codes.USED_UP}, "spark"),
        (_codes.V2_CODES, "qianfan"),
    ],
    ids=["tokenhub", "dashscope", "spark", "qianfan"],
)
def test_every_code_of_a_dialect_is_replayed_over_openais_wire(table: dict[str, str], dialect: str) -> None:
    found = replayed("openai", dialect=dialect)
    assert {code: found.get(code) for code in table} == {code: {kind} for code, kind in table.items()}


@pytest.mark.parametrize("recording", recordings(), ids=lambda recording: f"{recording.vendor}-{recording.name}")
def test_a_recording_says_where_it_is_from_and_holds_no_key(recording: Recording) -> None:
    assert recording.data["source"]
    held = recording.answer.body.decode("utf-8", "replace") + repr(recording.data["headers"])
    assert not KEY_SHAPES.search(held)
