"""Baidu's signature bce-auth-v1, the server's side.

Written from Baidu's page "生成认证字符串" (cloud.baidu.com/doc/Reference/s/njwvz1yfu, read 2026-11-21), whose worked
example is a test; the signer of bce-python-sdk, which qianfan uses, is another.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from typing import Literal
from urllib.parse import quote

from augment.simulator._wire import Request

_DEFAULT_SIGNED = ("host", "content-length", "content-type", "content-md5")
_AUTHORIZATION = re.compile(
    r"(?P<prefix>bce-auth-v1/(?P<id>[^/]+)/(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)/(?P<life>\d{1,9}))"
    r"/(?P<signed>[A-Za-z0-9_;\-]*)/(?P<signature>[0-9a-f]{64})"
)
_EARLY_S = 300

Refusal = Literal["unreadable", "unknown key", "expired", "mismatch"]


def bce_signature(request: Request, *, secret: str, prefix: str, signed: str) -> str:
    """The signature of a request. prefix: ``bce-auth-v1/KEY/TIME/SECONDS``; signed: names joined by semicolons."""
    names = set(signed.lower().split(";")) if signed else set(_DEFAULT_SIGNED)
    headers = sorted(
        f"{_escaped(name.strip().lower())}:{_escaped(value.strip())}"
        for name, value in request.headers.items()
        if value.strip() and (name in names or name.startswith("x-bce-"))  # listed or not, as Baidu's own signer does
    )
    query = sorted(f"{_escaped(k)}={_escaped(v)}" for k, v in request.query if k.lower() != "authorization")
    canonical = "\n".join((request.method, quote(request.path, safe="/-_.~"), "&".join(query), "\n".join(headers)))
    key = hmac.new(secret.encode(), prefix.encode(), hashlib.sha256).hexdigest()
    return hmac.new(key.encode(), canonical.encode(), hashlib.sha256).hexdigest()


def bce_refusal(request: Request, *, keys: dict[str, str], now: float) -> Refusal | None:
    """What is wrong with the signature of a request, None where it holds."""
    found = _AUTHORIZATION.fullmatch(request.header("authorization").strip())
    if found is None:
        return "unreadable"
    secret = keys.get(found["id"])
    if secret is None:
        return "unknown key"
    try:
        made = dt.datetime.strptime(found["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC).timestamp()
    except ValueError:
        return "unreadable"
    if not made - _EARLY_S <= now <= made + int(found["life"]):
        return "expired"
    signed = found["signed"].lower().split(";") if found["signed"] else list(_DEFAULT_SIGNED)
    expected = bce_signature(request, secret=secret, prefix=found["prefix"], signed=found["signed"])
    if "host" not in signed or not hmac.compare_digest(expected, found["signature"]):
        return "mismatch"
    return None


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")
