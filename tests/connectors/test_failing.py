"""Bad lines and bad answers, the same for every connector: the fault is right, and no key is ever shown."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from augment.connectors import load
from augment.errors import Fault
from augment.settings import Secret
from augment.types import Ask, Chat, Message, Reply, Route, Translation

from .recordings import HAS_SPARK, Answer, Asked, serving

CHAT = Chat((Message("user", "哪个选项是对的？"),))
TEXTS = Translation(("猫", "狗"), "zh", "ja")


@dataclass(frozen=True)
class Vendor:
    """One way to speak to a vendor, its keys marked so that a leak is found."""

    name: str
    connector: str
    keys: tuple[str, ...]
    ask: Ask = CHAT
    api: str = ""

    @property
    def secrets(self) -> dict[str, str]:
        return {name: f"zQ9planted-{self.name}-{name}-7xW" for name in self.keys}

    def route(self, url: str, timeout_s: float) -> Route:
        endpoint = f"{url}/v1" if self.connector == "openai" else url
        if self.connector == "spark":
            endpoint = url.replace("http://", "ws://")
        return Route(self.name, self.connector, "Yi-34B-Chat", endpoint, api=self.api, timeout_s=timeout_s)


SPARKS = [
    Vendor("spark", "spark", ("app_id", "api_key", "api_secret")),
    Vendor("spark-tuned", "spark", ("app_id", "api_key", "api_secret", "resource_id", "service_id"), api="tuned"),
]
VENDORS = [
    Vendor("tencent", "tencent", ("secret_id", "secret_key"), TEXTS),
    Vendor("openai", "openai", ("api_key",)),
    Vendor("dashscope", "dashscope", ("api_key",)),
    Vendor("qianfan-oauth", "qianfan", ("ak", "sk"), api="v1-oauth"),
    Vendor("qianfan-bce", "qianfan", ("access_key", "secret_key"), api="v1-bce"),
    Vendor("qianfan-v2", "qianfan", ("bearer_token",), api="v2"),
    Vendor("qianfan-v2-iam", "qianfan", ("access_key", "secret_key"), api="v2"),
    *(SPARKS if HAS_SPARK else []),
]


def ask_once(vendor: Vendor, url: str, timeout_s: float = 10) -> Reply | Fault:
    """What comes of one ask."""

    async def main() -> Reply | Fault:
        secrets = {name: Secret(value) for name, value in vendor.secrets.items()}
        connector = load(vendor.connector).connect(vendor.route(url, timeout_s), secrets)
        shown = repr(connector) + str(connector)
        assert not any(value in shown for value in vendor.secrets.values())
        try:
            return await connector.send(vendor.ask)
        except Fault as fault:
            return fault
        finally:
            await connector.close()

    return asyncio.run(main())


def closed_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


by_http_vendor = pytest.mark.parametrize(
    "vendor", [vendor for vendor in VENDORS if vendor.connector != "spark"], ids=lambda vendor: vendor.name
)
by_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)


@by_vendor
def test_a_refused_connection_was_not_sent(vendor: Vendor) -> None:
    found = ask_once(vendor, closed_port())
    assert isinstance(found, Fault)
    assert (found.kind, found.code, found.delivery) == ("transient", "unreachable", "not_sent")


@by_vendor
def test_an_unknown_host_was_not_sent(vendor: Vendor) -> None:
    found = ask_once(vendor, "http://no-such-host.invalid")
    assert isinstance(found, Fault)
    assert (found.kind, found.code, found.delivery) == ("transient", "unreachable", "not_sent")


@by_http_vendor
def test_a_connection_dropped_without_an_answer_is_lost_and_sent_once(vendor: Vendor) -> None:
    with serving(Answer(silent=True)) as server:
        found = ask_once(vendor, server.url)
    assert isinstance(found, Fault)
    assert (found.kind, found.code, found.delivery) == ("transient", "dropped", "lost")
    assert len(server.asks) == 1


@by_http_vendor
def test_a_slow_answer_ends_at_our_deadline_and_is_sent_once(vendor: Vendor) -> None:
    with serving(Answer(after_s=3.0)) as server:
        found = ask_once(vendor, server.url, timeout_s=1.5)  # enough for an SDK to wake up and fetch its token
    assert isinstance(found, Fault)
    assert (found.kind, found.code, found.delivery) == ("transient", "deadline", "lost")
    assert len(server.asks) == 1


@by_http_vendor
def test_a_server_error_is_sent_once(vendor: Vendor) -> None:
    with serving(Answer(b"busy", 503, {"Content-Type": "text/plain"})) as server:
        found = ask_once(vendor, server.url)
    assert isinstance(found, Fault)
    assert (found.kind, found.delivery) == ("transient", "lost")
    assert len(server.asks) == 1


def echo(status: int, wrap: Callable[[str], object]) -> Callable[[Asked], Answer]:
    """A server that says everything it heard, the keys too."""

    def answer(asked: Asked) -> Answer:
        heard = f"{asked.method} {asked.path} {dict(asked.headers)} {asked.body!r}"
        body = wrap(heard)
        text = body if isinstance(body, str) else json.dumps(body)
        return Answer(text.encode(), status)

    return answer


WAYS: dict[str, Callable[[Asked], Answer] | Answer] = {
    "500 plain": echo(500, lambda heard: heard),
    "400 openai": echo(400, lambda heard: {"error": {"message": heard, "code": heard, "type": heard}}),
    "401 openai": echo(401, lambda heard: {"error": heard}),
    "200 plain": echo(200, lambda heard: heard),
    "200 other": echo(200, lambda heard: {"said": heard}),
    "200 v1": echo(200, lambda heard: {"error_code": 14, "error_msg": heard}),
    "200 token trouble": echo(200, lambda heard: {"error_code": 110, "error_msg": heard}),
    "200 filtered": echo(200, lambda heard: {"result": heard, "need_clear_history": True}),
    "400 dashscope": echo(400, lambda heard: {"code": heard, "message": heard, "request_id": heard}),
    "200 dashscope": echo(200, lambda heard: {"code": heard, "message": heard, "output": {"text": heard}}),
    "200 tencent": echo(200, lambda heard: {"Response": {"Error": {"Code": heard, "Message": heard}}}),
    "cut": Answer(b"{", cut=True),
    "silent": Answer(silent=True),
    "slow": Answer(after_s=0.6),
    "closed": Answer(),
}


WITH_TOKENS = ("qianfan-oauth", "qianfan-v2-iam")
FAILING = [(vendor, False) for vendor in VENDORS] + [(vendor, True) for vendor in VENDORS if vendor.name in WITH_TOKENS]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("vendor", "tokens_fail"), FAILING, ids=[f"{vendor.name}-{'token' if fail else 'ask'}" for vendor, fail in FAILING]
)
def test_no_failure_shows_a_key(
    vendor: Vendor,
    way: str,
    tokens_fail: bool,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    planted = "24.9f8e7d6c5b4a39281706f5e4d3c2b1a0-zQ9planted-token"
    token = Answer(json.dumps({"access_token": planted, "token": planted}).encode())
    with serving(WAYS[way], WAYS[way] if tokens_fail else token) as server:
        url = closed_port() if way == "closed" else server.url
        found = ask_once(vendor, url, timeout_s=0.3 if way == "slow" else 10)
    assert isinstance(found, Fault)
    shown = [str(found), repr(found), repr(vars(found)), "".join(traceback.format_exception(found)), caplog.text]
    shown += [str(link) for link in (found.__cause__, found.__context__) if link is not None]
    shown += capfd.readouterr()
    for value in [*vendor.secrets.values(), planted]:
        assert not any(value in text for text in shown)
