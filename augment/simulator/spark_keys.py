"""iFlytek's signature in the address of a handshake, the server's side.

Written from xfyun.cn/doc/spark/general_url_authentication.html and the worked example of the same scheme on iFlytek's
voiceprint page, both read 2026-11-21; the example is a test, the signer of sparkai is another. Words that no page has
were seen in reports: github.com/fruitbars/simple-one-api/issues/99, github.com/AstrBotDevs/AstrBot/issues/3090.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re

from augment.simulator._wire import Request

SKEW_S = 300
UNREADABLE = "HMAC signature cannot be verified"
UNKNOWN_KEY = f"{UNREADABLE}: fail to retrieve credential"
MISMATCH = "HMAC signature does not match"
BAD_DATE = f"{UNREADABLE}, a valid date or x-date header is required for HMAC Authentication"
_FIELD = re.compile(r'([a-z_]+)="([^"]*)"')
_SIGNED = "host date request-line"


def spark_signature(*, secret: str, host: str, date: str, request_line: str) -> str:
    """The signature of a handshake. date: as in RFC 1123; request_line: as sent, without the query."""
    signed = f"host: {host}\ndate: {date}\n{request_line}"
    return base64.b64encode(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()).decode()


def spark_refusal(request: Request, *, keys: dict[str, str], now: float) -> tuple[int, str] | None:
    """Status and message for a handshake that is not signed as it must be; None where it is. The clock comes first."""
    packed = request.parameter("authorization")
    if not packed:
        return 401, "Unauthorized"
    date = request.parameter("date")
    if abs(now - _seconds(date)) > SKEW_S:
        return 403, BAD_DATE
    try:
        fields = dict(_FIELD.findall(base64.b64decode(packed, validate=True).decode("ascii")))
    except (binascii.Error, UnicodeDecodeError):
        return 401, UNREADABLE
    signed = fields.get("headers", "").split()
    for name in _SIGNED.split():
        if fields.get("headers") and name not in signed:
            return 401, f"{UNREADABLE}:enforced header '{name}' not used for signature creation"
    if fields.get("algorithm") != "hmac-sha256" or not {"api_key", "headers", "signature"} <= fields.keys():
        return 401, UNREADABLE
    secret = keys.get(fields["api_key"])
    if secret is None:
        return 401, UNKNOWN_KEY
    host = request.parameter("host")
    expected = spark_signature(
        secret=secret, host=host, date=date, request_line=f"{request.method} {request.path} HTTP/1.1"
    )
    if (
        fields["headers"] != _SIGNED
        or host.lower() != request.header("host").lower()
        or not hmac.compare_digest(expected.encode(), fields["signature"].encode())
    ):
        return 401, MISMATCH
    return None


def _seconds(date: str) -> float:
    """The time of an RFC 1123 date; minus infinity for anything else."""
    for zone in ("GMT", "UTC"):
        try:
            return dt.datetime.strptime(date, f"%a, %d %b %Y %H:%M:%S {zone}").replace(tzinfo=dt.UTC).timestamp()
        except ValueError:
            continue
    return float("-inf")
