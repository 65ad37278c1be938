"""Tencent's signature v3, the server's side: does a request carry the signature its owner would have made?

Written from Tencent's page "Signature v3" (tencentcloud.com/document/api/614/42761, read 2026-11-21), whose worked
example is a test; the official SDK's requests are another.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from urllib.parse import quote, urlencode

from augment.simulator._wire import Request

ALGORITHM = "TC3-HMAC-SHA256"
SKEW_S = 300
EXPIRED = "签名过期。Timestamp 和服务器时间相差不得超过五分钟，请检查本地时间是否和标准时间同步。"
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<id>[^/]*)/(?P<date>\d{{4}}-\d\d-\d\d)/(?P<service>[a-z0-9]+)/tc3_request\s*,\s*"
    r"SignedHeaders=(?P<signed>[a-z0-9;\-]+)\s*,\s*Signature=(?P<signature>[0-9a-f]{64})"
)


def tc3_signature(request: Request, *, secret: str, signed: str, timestamp: str, service: str) -> str:
    """The signature of a request under a secret. signed: header names in lower case, joined by semicolons."""
    payload = request.body
    if request.header("x-tc-content-sha256") == "UNSIGNED-PAYLOAD":
        payload = b"UNSIGNED-PAYLOAD"
    canonical = "\n".join(
        (
            request.method,
            quote(request.path, safe="/-_.~"),
            urlencode(request.query, quote_via=quote, safe="-_.~") if request.method == "GET" else "",
            *(f"{name}:{request.header(name).strip().lower()}" for name in signed.split(";")),
            "",
            signed,
            hashlib.sha256(payload).hexdigest(),
        )
    )
    date = _utc_date(timestamp)
    scope = f"{date}/{service}/tc3_request"
    to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"TC3" + secret.encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def tc3_refusal(request: Request, *, keys: dict[str, str], service: str, now: float) -> tuple[str, str] | None:
    """Tencent's code and message for a request that is not signed as it must be; None where it is."""
    timestamp = request.header("x-tc-timestamp")
    if not re.fullmatch(r"\d{1,12}", timestamp):
        return "MissingParameter", "缺少公共参数 X-TC-Timestamp，或它不是 UNIX 时间戳。"
    found = _AUTHORIZATION.fullmatch(request.header("authorization").strip())
    if found is None:
        return "AuthFailure.InvalidAuthorization", "请求头部的 Authorization 不符合腾讯云标准。"
    if abs(now - int(timestamp)) > SKEW_S:
        return "AuthFailure.SignatureExpire", EXPIRED
    secret = keys.get(found["id"])
    if secret is None:
        return "AuthFailure.SecretIdNotFound", "密钥不存在。请在控制台检查密钥是否已被删除或者禁用。"
    names = found["signed"].split(";")
    expected = tc3_signature(request, secret=secret, signed=found["signed"], timestamp=timestamp, service=service)
    if (
        not {"content-type", "host"} <= set(names)
        or names != sorted(names)
        or found["service"] != service
        or found["date"] != _utc_date(timestamp)
        or not hmac.compare_digest(expected, found["signature"])
    ):
        return "AuthFailure.SignatureFailure", "请求签名验证失败，请检查您的签名计算是否正确。"
    return None


def _utc_date(timestamp: str) -> str:
    return dt.datetime.fromtimestamp(int(timestamp), tz=dt.UTC).strftime("%Y-%m-%d")
