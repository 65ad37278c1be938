"""Baidu's side doors: OAuth tokens, IAM bearer tokens, the console's model list, and the limits V1 and V2 share."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Literal
from urllib.parse import parse_qsl

from augment.simulator._wire import Answer, Request, Window, encoded
from augment.simulator.bce import Refusal, bce_refusal
from augment.simulator.options import (
    QIANFAN_ACCESS_KEY,
    QIANFAN_AK,
    QIANFAN_BEARER_TOKEN,
    QIANFAN_SECRET_KEY,
    QIANFAN_SK,
    SimulatorOptions,
    VendorLimits,
)

WIRE = "qianfan-auth"
ACCOUNT = "qianfan"  # of V1 and V2 together
V1_PREFIX = "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/"
# Names as the console lists them, endpoints as qianfan 0.4.12.3 has them (chat_completion.py).
ENDPOINTS = {
    "Yi-34B-Chat": "yi_34b_chat",
    "Qianfan-Chinese-Llama-2-13B": "qianfan_chinese_llama_2_13b",
    "Qianfan-Chinese-Llama-2-7B": "qianfan_chinese_llama_2_7b",
    "ERNIE-4.0-8K": "completions_pro",
    "ERNIE-3.5-8K": "completions",
    "ERNIE-Speed-8K": "ernie_speed",
    "ERNIE-Speed-128K": "ernie-speed-128k",
    "ERNIE-Lite-8K": "ernie-lite-8k",
    "ERNIE-Tiny-8K": "ernie-tiny-8k",
}
_FAMILIES = re.compile(
    "(?:ernie|eb|completions|ai_apaas|yi|llama|qianfan|chatglm|mixtral|gemma|bloomz|aquilachat|xuanyuan|chatlaw)[a-z0-9_.-]*"
)
# The texts qianfan looks for to tell a wrong key from a wrong secret (requestor/base.py).
_SAID: dict[Refusal, str] = {
    "unreadable": "InvalidHTTPAuthHeader, cause: Fail to parse the authorization.",
    "unknown key": "NotFound, cause: Could not find credential.",
    "expired": "RequestExpired, cause: Fail to authn user: Request has expired.",
    "mismatch": "SignatureDoesNotMatch, cause: Fail to authn user: Signature does not match",
}


def has_endpoint(name: str) -> bool:
    """Whether V1 serves a model under this name; families are known, so a new size of one is."""
    return _FAMILIES.fullmatch(name) is not None


class Quota:
    """Requests and tokens a minute of one Qianfan account."""

    def __init__(self, limits: VendorLimits) -> None:
        self._requests = Window(limits.qianfan_rpm, 60.0)
        self._tokens = Window(limits.qianfan_tpm, 60.0)

    def refusal(self, tokens: int) -> Literal["rpm", "tpm"] | None:
        """Which limit a request of so many tokens breaks, None where it fits."""
        if not self._requests.take():
            return "rpm"
        return None if self._tokens.take(tokens) else "tpm"


class Keyring:
    """Issues tokens and knows which are good."""

    def __init__(self, options: SimulatorOptions, now: Callable[[], float] = time.time) -> None:
        self._life_s = options.token_life_s
        self._now = now
        self._expires: dict[str, float] = {}

    def knows_bearer(self, token: str) -> bool:
        """Whether a bearer token opens V2."""
        return token == QIANFAN_BEARER_TOKEN or self._expires.get(token, 0.0) > self._now()

    def access_token_state(self, token: str) -> Literal["good", "invalid", "expired"]:
        """What V1 makes of an OAuth access token."""
        expires = self._expires.get(token)
        if expires is None:
            return "invalid"
        return "good" if expires > self._now() else "expired"

    def signature_refusal(self, request: Request) -> Refusal | None:
        """What is wrong with a bce-auth-v1 signature, None where it holds."""
        return bce_refusal(request, keys={QIANFAN_ACCESS_KEY: QIANFAN_SECRET_KEY}, now=self._now())

    def oauth(self, request: Request) -> Answer:
        """``/oauth/2.0/token``: a token for AK and SK, by query or by form."""
        given = {**dict(parse_qsl(request.body.decode("utf-8", "replace"))), **dict(request.query)}
        if given.get("grant_type") != "client_credentials":
            return _oauth_error("unsupported_grant_type", "The authorization grant type is not supported")
        if given.get("client_id") != QIANFAN_AK:
            return _oauth_error("invalid_client", "unknown client id")
        if given.get("client_secret") != QIANFAN_SK:
            return _oauth_error("invalid_client", "Client authentication failed")
        expires = self._now() + self._life_s
        token = f"24.{secrets.token_hex(16)}.{self._life_s}.{int(expires)}.sim"
        self._expires[token] = expires
        body = {
            "access_token": token,
            "expires_in": self._life_s,
            "scope": "public ai_custom_yiyan_com",
            "session_key": "",
        }
        return Answer(WIRE, encoded(body))

    def iam_token(self, request: Request) -> Answer:
        """``/v1/BCE-BEARER/token``: a bearer token for a signed request."""
        refusal = self.signature_refusal(request)
        if refusal or request.method != "GET":
            return _iam_error(refusal or "unreadable")
        asked = request.parameter("expireInSeconds")
        life_s = min(int(asked), self._life_s) if asked.isdecimal() and len(asked) < 10 else self._life_s
        made = self._now()
        token = f"bce-v3/{secrets.token_hex(24)}"
        self._expires[token] = made + life_s
        body = {
            "userId": "sim",
            "token": token,
            "status": "enable",
            "createTime": _iso(made),
            "expireTime": _iso(made + life_s),
        }
        return Answer(WIRE, encoded(body))

    def service_list(self, request: Request) -> Answer:
        """``/wenxinworkshop/service/list``: the models of V1 with their addresses."""
        refusal = self.signature_refusal(request)
        if refusal or request.method != "POST":
            return _iam_error(refusal or "unreadable")
        listed = [
            {
                "name": name,
                "url": f"https://aip.baidubce.com{V1_PREFIX}{endpoint}",
                "apiType": "chat",
                "chargeStatus": "OPENED",
            }
            for name, endpoint in ENDPOINTS.items()
        ]
        return Answer(WIRE, encoded({"log_id": str(uuid.uuid4().int)[:10], "result": {"common": listed, "custom": []}}))


def _oauth_error(error: str, description: str) -> Answer:
    return Answer(WIRE, encoded({"error": error, "error_description": description}), 401)


def _iam_error(refusal: Refusal) -> Answer:
    said = _SAID[refusal]
    body = {"requestId": str(uuid.uuid4()), "code": said.partition(",")[0], "message": said}
    headers = (("X-Bce-Error-Code", "AccessDenied"), ("X-Bce-Error-Message", said))
    return Answer(WIRE, encoded(body), 403, headers=headers)


def _iso(at: float) -> str:
    return dt.datetime.fromtimestamp(at, tz=dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
