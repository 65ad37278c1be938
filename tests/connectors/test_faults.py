from __future__ import annotations

import json
import logging
import socket
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.connectors._faults import LONGEST_MESSAGE, excerpt, redact, retry_after_s, transport_fault
from augment.connectors._requests import hush, is_loopback
from augment.connectors.tencent import kind_of

KEY = "zK9planted7Qw"
PLANTED = [
    f"http://h/x?access_token={KEY}&b=1",
    f"POST /oauth/2.0/token?grant_type=g&client_id=abc&client_secret={KEY} HTTP/1.1",
    f"{{'Authorization': 'Bearer {KEY}'}}",
    f"Authorization: Bearer {KEY}",
    f'{{"access_token": "{KEY}", "x": 1}}',
    f"TC3-HMAC-SHA256 Credential={KEY}/2026-11-21/tmt/tc3_request, Signature={KEY}",
    f"bce-v3/ALTAK-{KEY}/0123",
    f"bce-auth-v1/{KEY}/2026-11-21T00:00:00Z/300/host/0123",
    f"Incorrect API key provided: sk-{KEY}",
    f"AKID{KEY}",
    f"wss://h/v3.5/chat?authorization={KEY}%3D&date=x",
    f'api_key="{KEY}", algorithm="hmac-sha256"',
]


@pytest.mark.parametrize("text", PLANTED)
def test_what_is_shaped_like_a_key_is_taken_out_although_nobody_named_it(text: str) -> None:
    assert KEY not in redact(text)


@given(before=st.text(max_size=300), key=st.text(min_size=4, max_size=40), after=st.text(max_size=300))
def test_a_known_key_never_stands_in_a_message(before: str, key: str, after: str) -> None:
    shown = redact(f"{before}{key}{after}", [key])
    assert len(shown) <= LONGEST_MESSAGE
    assert key not in shown or key in "***" or key in redact(f"{before}***{after}")


@pytest.mark.parametrize("before", range(180, 202))
def test_an_excerpt_is_cut_after_the_keys_are_out_so_that_no_half_of_one_stands(before: int) -> None:
    shown = excerpt("x" * before + f" token {KEY}-{KEY} and so on", [f"{KEY}-{KEY}"])
    assert KEY[:3] not in shown


def test_a_key_is_known_as_an_address_and_as_a_page_carry_it() -> None:
    key = "YXBp+X2tleT0i/Q=="
    for carried in (key, "YXBp%2BX2tleT0i%2FQ%3D%3D"):
        assert "X2tleT0i" not in redact(f"GET /v3.5/chat?x={carried} HTTP/1.1", [key])
    assert "b&amp;c" not in redact("<p>a&lt;b&amp;c</p>", ["a<b&c"])


@given(st.text(max_size=2000))
def test_a_message_is_one_printable_line_that_can_be_written(text: str) -> None:
    shown = redact(text)
    assert len(shown) <= LONGEST_MESSAGE
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 0.5 "}, 0.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": ""}, None),
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        ({"retry-after-ms": "x", "Retry-After": "9"}, 9.0),
        ({"Retry-After": "Sat, 21 Nov 2026 08:00:09 GMT", "Date": "Sat, 21 Nov 2026 08:00:00 GMT"}, 9.0),
        ({"Retry-After": "Sat, 21 Nov 2026 08:00:09 GMT", "Date": "yesterday"}, None),
    ],
)
def test_the_wait_a_server_asks_for_is_read(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(headers) == wait_s


@given(st.dictionaries(st.sampled_from(["Retry-After", "retry-after-ms", "Date"]), st.text(max_size=30)))
def test_no_header_breaks_the_reading_of_the_wait(headers: dict[str, str]) -> None:
    wait_s = retry_after_s(headers)
    assert wait_s is None or wait_s >= 0


@pytest.mark.parametrize(
    ("error", "code", "delivery"),
    [
        (ConnectionRefusedError(111, "refused"), "unreachable", "not_sent"),
        (socket.gaierror(-2, "unknown host"), "unreachable", "not_sent"),
        (ssl.SSLCertVerificationError(1, "bad certificate"), "unreachable", "not_sent"),
        (TimeoutError(), "deadline", "lost"),
        (ConnectionResetError(104, "reset"), "dropped", "lost"),
        (BrokenPipeError(32, "pipe"), "dropped", "lost"),
        (json.JSONDecodeError("no", "", 0), "unreadable", "lost"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), "unreadable", "lost"),
        (KeyError("Response"), "unreadable", "lost"),
        (ValueError("odd"), "ValueError", "lost"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_an_exception_tells_whether_the_ask_left(error: Exception, code: str, delivery: str) -> None:
    fault = transport_fault(error)
    assert (fault.kind, fault.code, fault.delivery) == ("transient", code, delivery)


def test_a_refusal_deep_in_the_chain_is_found() -> None:
    outer = OSError("outer")
    outer.args = (RuntimeError("middle"),)
    outer.args[0].__context__ = ConnectionRefusedError("inner")
    assert transport_fault(outer).delivery == "not_sent"


def test_an_exception_that_is_its_own_cause_ends_the_search() -> None:
    error = OSError("round")
    error.__context__ = OSError("and")
    error.__context__.__context__ = error
    assert transport_fault(error).code == "dropped"


def test_urllib3_logs_no_keys_even_when_debugging(caplog: pytest.LogCaptureFixture) -> None:
    hush()
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3.connectionpool").debug('%s "%s"', "http://h", f"POST /t?client_secret={KEY} HTTP/1.1")
    assert "client_secret=***" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("endpoint", "local"),
    [
        ("http://127.0.0.1:80", True),
        ("http://localhost:8000/v1", True),
        ("http://[::1]:8000", True),
        ("https://api.openai.com/v1", False),
        ("", False),
    ],
)
def test_loopback_is_recognised(endpoint: str, local: bool) -> None:
    assert is_loopback(endpoint) is local


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("LimitExceeded.Other.Deeper", "quota_exhausted"),
        ("RequestLimitExceeded.New", "rate_limited"),
        ("FailedOperation.New", "transient"),
        ("FailedOperationNew", "transient"),
        ("AuthFailure.New.Deeper", "auth"),
        ("UnsupportedOperation.TextTooLong.Much", "bad_request"),
        ("", "transient"),
    ],
)
def test_a_dotted_code_counts_as_its_longest_known_beginning(code: str, kind: str) -> None:
    assert kind_of(code) == kind
