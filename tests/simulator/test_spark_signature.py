"""Spark's signature in a handshake, against the vendor's worked example and the SDK's own signer."""

from __future__ import annotations

import base64
import datetime as dt
import http.client
import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

pytest.importorskip("sparkai", reason="spark-ai-python has no release for this Python")

from hypothesis import given
from hypothesis import strategies as st
from sparkai.llm.llm import _SparkLLMClient

from augment.simulator._wire import Request
from augment.simulator.server import Simulator
from augment.simulator.spark_keys import BAD_DATE, MISMATCH, UNKNOWN_KEY, UNREADABLE, spark_refusal, spark_signature
from tests.simulator.conftest import Start
from tests.simulator.spark_calls import signed

WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"'), min_size=1, max_size=40)


def as_received(url: str) -> Request:
    """A handshake as the server sees it."""
    parts = urlsplit(url)
    return Request(
        "GET", parts.path, tuple(parse_qsl(parts.query)), {"host": parts.netloc, "upgrade": "websocket"}, b""
    )


def test_the_vendors_worked_example_verifies() -> None:
    # The voiceprint page of xfyun.cn/doc, which signs in the same way, read 2026-11-21.
    made = spark_signature(
        secret="apisecretXXXXXXXXXXXXXXXXXXXXXXX",
        host="api.xf-yun.com",
        date="Fri, 23 Apr 2021 02:35:47 GMT",
        request_line="POST /v1/private/s782b4996 HTTP/1.1",
    )
    assert made == "1jwQbIAKmQE7JwIH0IDxiC1pejrlN+VpHXDWOFVy5NM="


@given(WORD, WORD, st.sampled_from(["/v1.1/chat", "/v3.5/chat", "/chat/pro-128k"]), st.sampled_from(["a.cn", "h:81"]))
def test_what_the_sdk_signs_verifies(key: str, secret: str, path: str, host: str) -> None:
    asked = as_received(_SparkLLMClient._create_url(f"ws://{host}{path}", key, secret))
    assert spark_refusal(asked, keys={key: secret}, now=time.time()) is None


@given(WORD, WORD)
def test_what_the_sdk_signs_with_another_secret_does_not(secret: str, other: str) -> None:
    asked = as_received(_SparkLLMClient._create_url("ws://a.cn/v3.5/chat", "key", secret))
    expected = None if secret == other else (401, MISMATCH)
    assert spark_refusal(asked, keys={"key": other}, now=time.time()) == expected


@pytest.mark.parametrize(("late_s", "status"), [(-302, 403), (-298, None), (0, None), (298, None), (302, 403)], ids=str)
def test_the_clock_may_be_five_minutes_off(late_s: float, status: int | None) -> None:
    asked = as_received(_SparkLLMClient._create_url("ws://a.cn/v3.5/chat", "key", "secret"))
    refused = spark_refusal(asked, keys={"key": "secret"}, now=time.time() + late_s)
    assert (refused and refused[0]) == status


def shaken(sim: Simulator, url: str, **headers: str) -> tuple[int, str]:
    """Status and body of a handshake."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(urlsplit(sim.url).netloc, timeout=5)
    try:
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": base64.b64encode(b"0" * 16).decode()}
        connection.request("GET", f"{parts.path}?{parts.query}", headers={**upgrade, **key, **headers})
        answer = connection.getresponse()
        return answer.status, "" if answer.status == 101 else answer.read().decode()
    finally:
        connection.close()


def changed(url: str, **values: str | None) -> str:
    """The address with parameters replaced, or left out where None."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), **values}
    return parts._replace(query=urlencode({name: value for name, value in query.items() if value is not None})).geturl()


def resigned(url: str, old: str, new: str) -> str:
    """The address with a word replaced inside its authorization."""
    packed = dict(parse_qsl(urlsplit(url).query))["authorization"]
    inside = base64.b64decode(packed).decode()
    assert old in inside
    return changed(url, authorization=base64.b64encode(inside.replace(old, new).encode()).decode())


def test_a_signed_handshake_is_let_in(start: Start) -> None:
    sim = start()
    assert shaken(sim, signed(sim))[0] == 101


@pytest.mark.parametrize(
    ("tamper", "status", "message"),
    [
        (lambda url: changed(url, authorization=None), 401, "Unauthorized"),
        (lambda url: changed(url, authorization="not base64!"), 401, UNREADABLE),
        (lambda url: changed(url, authorization=base64.b64encode(b"words").decode()), 401, UNREADABLE),
        (lambda url: resigned(url, "hmac-sha256", "hmac-sha1"), 401, UNREADABLE),
        (lambda url: resigned(url, "host date", "date"), 401, f"{UNREADABLE}:enforced header 'host' not used"),
        (lambda url: resigned(url, 'signature="', 'signature="x'), 401, MISMATCH),
        (lambda url: resigned(url, "sim-spark-key", "another-key"), 401, UNKNOWN_KEY),
        (lambda url: changed(url, host="spark-api.xf-yun.com"), 401, MISMATCH),
        (lambda url: url.replace("/v3.5/chat", "/v4.0/chat"), 401, MISMATCH),
        (lambda url: changed(url, date=None), 403, BAD_DATE),
        (lambda url: changed(url, date=str(int(time.time()))), 403, BAD_DATE),
    ],
    ids=["none", "no base64", "no fields", "algorithm", "host left out", "signature", "key", "host", "path", "no date",
         "a number for a date"],
)  # fmt: skip
def test_a_handshake_that_was_tampered_with_is_refused(start: Start, tamper: Any, status: int, message: str) -> None:
    sim = start()
    got, body = shaken(sim, tamper(signed(sim)))
    assert got == status
    assert message in body
    assert sim.counts()["by_status"] == {str(status): 1}


def test_a_date_moved_inside_the_window_breaks_the_signature(start: Start) -> None:
    sim = start()
    moved = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=60)
    assert shaken(sim, changed(signed(sim), date=moved.strftime("%a, %d %b %Y %H:%M:%S GMT")))[0] == 401


def test_a_clock_that_is_off_is_refused_before_anything_else(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Late:
            return super().now(tz) - dt.timedelta(seconds=400)

    monkeypatch.setattr("sparkai.llm.llm.datetime", Late)
    sim = start()
    assert shaken(sim, signed(sim)) == (403, f'{{"message":"{BAD_DATE}"}}')


@pytest.mark.parametrize(
    ("name", "value"),
    [("Upgrade", "h2c"), ("Sec-WebSocket-Version", "8"), ("Sec-WebSocket-Key", "short")],
    ids=["no websocket", "old version", "short key"],
)
def test_a_request_that_opens_no_websocket_is_refused(start: Start, name: str, value: str) -> None:
    sim = start()
    assert shaken(sim, signed(sim), **{name: value})[0] == 400
    assert sim.counts()["by_status"] == {"400": 1}


def test_an_address_that_is_switched_off_is_not_found(start: Start) -> None:
    sim = start(retired=frozenset({"spark"}))
    assert shaken(sim, signed(sim))[0] == 404
    assert shaken(sim, signed(sim, "/v1.1/chat"))[0] == 101  # the tuned service lives there too
