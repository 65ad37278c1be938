"""Tencent TMT: a batch of texts translated in one request, through the SDK's ``CommonClient``.

Sources: cloud.tencent.com/document/api/551/40566 (2025-09-12) for the call; for the codes
tmt/v20180321/errorcodes.py of tencentcloud-sdk-python-tmt 3.1.50 and tencentcloud.com/document/product/1140/51177.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from augment.connectors._faults import excerpt, redact, retry_after_s
from augment.connectors._keys import cleaned
from augment.connectors._replies import Heard, count, flaw, read_json, useless, wrong_ask
from augment.connectors._requests import Listener, close_sessions, hush
from augment.connectors._threads import Pool, call
from augment.errors import Delivery, Fault, FaultKind, KeyMissing
from augment.settings import Secret
from augment.types import Ask, Reply, Route, Translation, Usage

if TYPE_CHECKING:
    from augment.connectors._wires import Wire

PACKAGE = ("tencentcloud", "install tencentcloud-sdk-python-tmt==3.1.50")
SERVICE, VERSION, ACTION = "tmt", "2018-03-21", "TextTranslateBatch"
PLACES = 16

# A dotted code that is not listed counts as its longest listed beginning.
KINDS: dict[str, FaultKind] = {
    "RequestLimitExceeded": "rate_limited",
    "RequestLimitExceeded.UinLimitExceeded": "rate_limited",
    "RequestLimitExceeded.GlobalRegionUinLimitExceeded": "rate_limited",
    "LimitExceeded.LimitedAccessFrequency": "rate_limited",
    "LimitExceeded": "quota_exhausted",
    "FailedOperation.NoFreeAmount": "quota_exhausted",
    "FailedOperation.UserHasNoFreeAmount": "quota_exhausted",
    "FailedOperation.ServiceIsolate": "quota_exhausted",
    "FailedOperation.StopUsing": "quota_exhausted",
    "AuthFailure": "auth",
    "AuthFailure.SecretIdNotFound": "auth",
    "AuthFailure.SignatureFailure": "auth",
    "AuthFailure.SignatureExpire": "auth",
    "AuthFailure.InvalidAuthorization": "auth",
    "AuthFailure.UnauthorizedOperation": "auth",
    "FailedOperation.UserNotRegistered": "auth",
    "UnauthorizedOperation": "auth",
    "UnauthorizedOperation.ActionNotFound": "auth",
    "InvalidParameter": "bad_request",
    "InvalidParameterValue": "bad_request",
    "MissingParameter": "bad_request",
    "UnknownParameter": "bad_request",
    "UnsupportedOperation.TextTooLong": "bad_request",
    "UnsupportedOperation.UnsupportedLanguage": "bad_request",
    "UnsupportedOperation.UnsupportedSourceLanguage": "bad_request",
    "UnsupportedOperation.UnSupportedTargetLanguage": "bad_request",
    "InvalidAction": "bad_request",
    "NoSuchVersion": "bad_request",
    "ActionOffline": "retired",
    "UnsupportedOperation": "content_filtered",
    "InternalError": "transient",
    "InternalError.BackendTimeout": "transient",
    "InternalError.ErrorGetRoute": "transient",
    "InternalError.ErrorUnknown": "transient",
    "InternalError.RequestFailed": "transient",
    "FailedOperation.RequestAiLabErr": "transient",
    "FailedOperation": "transient",
}


def kind_of(code: str) -> FaultKind:
    """The kind of fault behind a code; transient where no beginning of it is known."""
    while code not in KINDS and "." in code:
        code = code.rpartition(".")[0]
    return KINDS.get(code, "transient")


class Tencent:
    """One SDK client, shared by the threads of one pool."""

    def __init__(self, route: Route, secrets: Mapping[str, Secret]) -> None:
        if missing := [name for name in ("secret_id", "secret_key") if name not in secrets]:
            raise KeyMissing(f"Tencent TMT needs a secret id and a secret key: {' and '.join(missing)} not set")
        self._route = route
        self._secrets = [secret.reveal() for secret in secrets.values()]
        self._pool = Pool(route.limits.in_flight or PLACES, "tencent")
        self._listener = Listener()
        from augment.connectors._wires import Wire

        self._wire = Wire
        self._client = _client(route, secrets["secret_id"].reveal(), secrets["secret_key"].reveal())
        # The SDK's own reading of NO_PROXY wants host:port; requests reads it as everybody else does.
        self._client.request.conn.proxy = None
        self._session = self._client.request.conn._session
        self._listener.attach(self._session, endpoint=route.endpoint, places=route.limits.in_flight or PLACES)

    async def send(self, ask: Ask) -> Reply:
        """Translates the texts of one request; blank ones stay as they are. Raises Fault."""
        if not isinstance(ask, Translation):
            raise wrong_ask("Tencent TMT translates; it does not chat")
        places = [place for place, text in enumerate(ask.texts) if text and not text.isspace()]
        if not places:
            raise wrong_ask("nothing to translate: every text is blank")
        body = {
            "Source": ask.source,
            "Target": ask.target,
            "ProjectId": int(self._route.option("project_id", 0)),
            "SourceTextList": [ask.texts[place] for place in places],
        }
        wire = self._wire()
        try:
            heard = await call(self._pool, self._translate, body, wire, timeout_s=self._route.timeout_s)
        except (Fault, asyncio.CancelledError):
            wire.cut()
            raise
        secrets = [*self._secrets, *heard.signed]
        reply = cleaned(read(heard, len(places), secrets), secrets)
        texts = list(ask.texts)
        for place, text in zip(places, reply.texts, strict=True):
            texts[place] = text
        return Reply(tuple(texts), reply.usage, vendor_id=reply.vendor_id, raw=reply.raw)

    def _translate(self, body: dict[str, Any], wire: Wire) -> Heard:
        with wire.in_use():
            return self._listener.hear(lambda: self._client.call_json(ACTION, body), self._secrets)

    async def close(self) -> None:
        """Ends the threads and frees the sockets."""
        self._pool.close()
        close_sessions([self._session])


def connect(route: Route, secrets: Mapping[str, Secret]) -> Tencent:
    """A connector for Tencent TMT. secrets: secret_id, secret_key. Raises KeyMissing."""
    return Tencent(route, secrets)


def _client(route: Route, secret_id: str, secret_key: str) -> Any:
    hush("tencentcloud_sdk_common")
    from tencentcloud.common.common_client import CommonClient
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile

    class Client(CommonClient):  # type: ignore[misc]  # the SDK ships no types
        def _check_error(self, resp: Any) -> None:
            """Nothing: the SDK's version misses errors behind a charset, and turns all warnings of the process on."""

    endpoint = urlsplit(route.endpoint)
    http = HttpProfile(
        protocol=endpoint.scheme or "https",
        endpoint=endpoint.netloc or endpoint.path,
        reqTimeout=route.timeout_s,
        keepAlive=True,
    )
    region = str(route.option("region", "ap-guangzhou"))
    try:
        return Client(SERVICE, VERSION, Credential(secret_id, secret_key), region, ClientProfile(httpProfile=http))
    except Exception as error:
        trouble = KeyMissing(f"the Tencent keys cannot be used: {redact(error, (secret_id, secret_key))}")
    raise trouble


def read(heard: Heard, length: int, secrets: list[str]) -> Reply:
    """The translations in an answer, ``length`` in order, "" for a spoilt one among whole ones. Raises Fault."""
    if heard.status != 200:
        kind: FaultKind = "rate_limited" if heard.status == 429 else "transient"
        shown = f"HTTP {heard.status}: {excerpt(heard.body, secrets)}"
        delivery: Delivery = "answered" if heard.status < 500 else "lost"
        wait_s = retry_after_s(heard.headers)
        raise Fault(kind, shown, code="ServerNetworkError", wait_s=wait_s, delivery=delivery)
    body, raw = read_json(heard, secrets)
    answer = body.get("Response") if isinstance(body, dict) else None
    if not isinstance(answer, dict):
        raise useless("unreadable", f"no Response in {excerpt(raw, secrets)!r}")
    if (error := answer.get("Error")) is not None:
        code, message = (error.get("Code"), error.get("Message")) if isinstance(error, dict) else ("", error)
        shown = redact(message or code or "an error without words", secrets)
        raise Fault(kind_of(str(code)), shown, code=redact(code or "", secrets)[:80])
    texts = answer.get("TargetTextList")
    if not isinstance(texts, list) or len(texts) != length:
        found = len(texts) if isinstance(texts, list) else "no"
        raise useless("wrong_length", f"{found} translations for {length} texts")
    flaws = [flaw(text) for text in texts]
    if all(flaws):
        raise useless("bad_text", f"translation 1 of {length} is {flaws[0]}")
    # What came back whole is paid for: one spoilt text must not have the others bought again.
    usable = tuple("" if reason else text for text, reason in zip(texts, flaws, strict=True))
    identity = answer.get("RequestId")
    usage = Usage(characters=count(answer.get("UsedAmount")))
    return Reply(usable, usage, vendor_id=identity if isinstance(identity, str) else None, raw=raw)
