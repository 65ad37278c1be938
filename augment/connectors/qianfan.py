"""Baidu Qianfan through its SDK: V1 with an OAuth token or a signed request, V2 with a bearer token.

The SDK is configured by one process-wide object. Every connector here has its own copy instead, so two routes with
different keys never mix; nothing is read from the environment or ``.env``, nothing is printed, nothing is cached on
disk. Sources: qianfan 0.4.12.3 (the last release), ai.baidu.com/ai-doc/WENXINWORKSHOP/tlmyncueh (V1 codes, 2025-09-05),
qianfan/consts.py:29-57 and github.com/baidubce/bce-qianfan-sdk/issues/866 (336006); V2's codes stand in _codes.py.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from augment.connectors._codes import QIANFAN_V2
from augment.connectors._faults import excerpt, redact
from augment.connectors._qianfan_sdk import Api, Sdk, import_sdk, open_sdk
from augment.connectors._replies import Heard, read_chat, read_json, refusal, spoken, tokens, useless
from augment.connectors._requests import Listener, close_sessions
from augment.connectors._threads import Pool, call
from augment.connectors._translating import as_reply, chat_of
from augment.errors import Fault, FaultKind, KeyMissing
from augment.settings import Secret
from augment.types import Ask, Chat, Message, Reply, Route, Scalar

if TYPE_CHECKING:
    from augment.connectors._wires import Wire

PACKAGE = ("qianfan", "install qianfan==0.4.12.3; it pins tenacity below 9")
PLACES = 32
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.01, 1.0  # V1 takes (0, 1]
LEASE_S = 10 * 3600.0  # an IAM token lives 12 hours, an OAuth token 30 days
YOUNG_S = 3600.0

V1_KINDS: dict[int, FaultKind] = {
    3: "retired",
    4: "rate_limited",
    18: "rate_limited",
    336501: "rate_limited",
    336502: "rate_limited",
    17: "quota_exhausted",
    19: "quota_exhausted",
    6: "auth",
    13: "auth",
    14: "auth",
    336004: "auth",
    100: "auth",
    110: "auth",
    111: "auth",
    336001: "bad_request",
    336002: "bad_request",
    336003: "bad_request",
    336005: "bad_request",
    336006: "bad_request",
    336007: "bad_request",
    336101: "bad_request",
    336103: "bad_request",
    336104: "content_filtered",
    336105: "content_filtered",
    1: "transient",
    2: "transient",
    15: "transient",
    336000: "transient",
    336100: "transient",
    500000: "transient",
}
TOKEN_CODES = frozenset({"100", "110", "111", "invalid_iam_token"})


def choose_api(wanted: str, secrets: Mapping[str, Secret]) -> Api:
    """Which dialect a route speaks: the one it names, else by the keys that are set. Raises KeyMissing."""
    held: dict[Api, bool] = {
        "v2": "bearer_token" in secrets,
        "v1-bce": "access_key" in secrets and "secret_key" in secrets,
        "v1-oauth": "ak" in secrets and "sk" in secrets,
    }
    if wanted and wanted not in get_args(Api):
        raise KeyMissing(f"Qianfan has no api {wanted!r}", hint=f"one of {', '.join(get_args(Api))}")
    for api, there in held.items():
        if (not wanted and there) or (wanted == api and (there or (api == "v2" and held["v1-bce"]))):
            return api
    needed = {
        "v2": "a bearer token or access and secret key",
        "v1-bce": "access and secret key",
        "v1-oauth": "AK and SK",
    }
    raise KeyMissing(
        f"Qianfan needs {needed.get(wanted, 'AK and SK, access and secret key, or a bearer token')}",
        hint="set QIANFAN_BEARER_TOKEN, QIANFAN_ACCESS_KEY with QIANFAN_SECRET_KEY, or QIANFAN_AK with QIANFAN_SK",
    )


def fold(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """The messages as V1 takes them: no system role (it goes into the first question), user and assistant in turn."""
    system = [message.content for message in messages if message.role == "system"]
    folded: list[dict[str, str]] = []
    for message in messages:
        if message.role == "system":
            continue
        if folded and folded[-1]["role"] == message.role:
            folded[-1]["content"] += f"\n\n{message.content}"
        else:
            folded.append({"role": message.role, "content": message.content})
    if system:
        if not folded or folded[0]["role"] != "user":
            folded.insert(0, {"role": "user", "content": ""})
        question = folded[0]["content"]
        folded[0]["content"] = "\n\n".join([*system, question] if question else system)
    return folded


def v1_parameters(parameters: Mapping[str, Scalar]) -> dict[str, Any]:
    """The parameters under V1's names and within its ranges."""
    named: dict[str, Any] = {
        ("max_output_tokens" if name == "max_tokens" else name): value for name, value in parameters.items()
    }
    if "temperature" in named:
        named["temperature"] = min(max(float(named["temperature"]), LOWEST_TEMPERATURE), HIGHEST_TEMPERATURE)
    if isinstance(named.get("stop"), str):
        named["stop"] = [named["stop"]]
    return named


def read_v1(heard: Heard, secrets: list[str]) -> Reply:
    """The reply in a V1 answer. Raises Fault; V1 puts its errors into answers with status 200."""
    try:
        body, raw = read_json(heard, secrets)
    except Fault:
        if heard.ok:
            raise
        body, raw = None, ""
    if isinstance(body, dict) and "error_code" in body:
        code = str(body["error_code"])
        kind = V1_KINDS.get(int(code), "transient") if code.isdecimal() else "transient"
        raise Fault(kind, redact(body.get("error_msg") or f"code {code}", secrets), code=redact(code, secrets)[:80])
    if not heard.ok:
        raise refusal(heard, QIANFAN_V2.kind, secrets)
    if not isinstance(body, dict) or "result" not in body:
        raise useless("unreadable", f"no result in {excerpt(raw, secrets)!r}")
    finish, identity = body.get("finish_reason"), body.get("id")
    if body.get("need_clear_history") or finish == "content_filter":
        raise Fault(
            "content_filtered",
            redact(body["result"] or "the vendor's filter stopped the answer", secrets),
            code=redact(finish or "need_clear_history", secrets)[:80],
        )
    why = "length" if body.get("is_truncated") else finish
    return spoken(
        body["result"], why, tokens(body.get("usage")), None, identity if isinstance(identity, str) else None, raw
    )


def read_token_refusal(heard: Heard, secrets: list[str]) -> Fault:
    """The fault in an answer that should have held a token."""
    if not heard.ok:
        return refusal(heard, QIANFAN_V2.kind, secrets)
    try:
        body, _ = read_json(heard, secrets)
    except Fault as fault:
        return fault
    if isinstance(body, dict) and (code := body.get("error")):
        kind: FaultKind = "auth" if code == "invalid_client" else "transient"
        return Fault(kind, redact(body.get("error_description") or code, secrets), code=redact(code, secrets)[:80])
    return useless("no_token", "the answer to the token request holds no token")


@dataclass(slots=True)
class Lease:
    """An SDK object and when its token was fetched (monotonic seconds). worked: an ask with it was let in."""

    sdk: Sdk
    made_at: float
    worked: bool = False


class Qianfan:
    """One SDK object, shared by the threads of one pool."""

    def __init__(self, route: Route, secrets: Mapping[str, Secret]) -> None:
        self.api = choose_api(route.api, secrets)
        self._route = route
        self._keys = {name: secret.reveal() for name, secret in secrets.items()}
        self._secrets = list(self._keys.values())
        self._places = route.limits.in_flight or PLACES
        self._pool = Pool(self._places, "qianfan")
        self._listener = Listener()
        self._lock = threading.Lock()
        self._lease: Lease | None = None
        self._spent: list[Lease] = []
        import_sdk()  # here, not inside the deadline of the first ask
        from augment.connectors._wires import Wire

        self._wire = Wire

    async def send(self, ask: Ask) -> Reply:
        """Asks once. Raises Fault."""
        chat, wire = chat_of(self._route, ask), self._wire()
        try:
            heard, lease = await call(self._pool, self._ask, chat, wire, timeout_s=self._route.timeout_s)
        except (Fault, asyncio.CancelledError):
            wire.cut()
            raise
        return as_reply(ask, self._read(heard, lease), [*self._secrets, *heard.signed])

    def _read(self, heard: Heard, lease: Lease) -> Reply:
        secrets = [*self._secrets, *heard.signed]
        try:
            reply = read_chat(heard, QIANFAN_V2.kind, secrets) if self.api == "v2" else read_v1(heard, secrets)
        except Fault as fault:
            if lease.sdk.fetch_token is not None and fault.code in TOKEN_CODES and self._drop(lease):
                fault.kind = "transient"  # it ran out on the way; the next ask fetches another
            raise
        lease.worked = True
        return reply

    def _ask(self, chat: Chat, wire: Wire) -> tuple[Heard, Lease]:
        with wire.in_use():
            return self._asked(chat)

    def _asked(self, chat: Chat) -> tuple[Heard, Lease]:
        lease = self._ready()
        sdk = lease.sdk
        parameters: dict[str, Any] = dict(chat.parameters)
        if self.api == "v2":
            messages = [{"role": message.role, "content": message.content} for message in chat.messages]
        else:
            messages, parameters = fold(chat.messages), v1_parameters(parameters)
        timeout_s = self._route.timeout_s
        return self._listener.hear(lambda: sdk.ask(messages, parameters, timeout_s), self._secrets), lease

    def _ready(self) -> Lease:
        """The SDK with a token in it. Raises Fault; the ask has not left then."""
        with self._lock:
            if self._lease is not None and time.monotonic() - self._lease.made_at < LEASE_S:
                return self._lease
            try:
                sdk = open_sdk(self._route, self.api, self._keys, self._listener, self._places)
                self._fetch_token(sdk)
            except Fault as fault:
                fault.delivery = "not_sent"
                raise
            self._lease = Lease(sdk, time.monotonic())
            return self._lease

    def _fetch_token(self, sdk: Sdk) -> None:
        # Done before the first ask and under our lock: threads that race for it inside the SDK get none.
        if (fetch := sdk.fetch_token) is None:
            return
        fetched: list[str] = []
        heard = self._listener.hear(lambda: fetched.append(fetch()), self._secrets)
        if not fetched or not fetched[0]:
            raise read_token_refusal(heard, [*self._secrets, *heard.signed])
        self._secrets.append(fetched[0])

    def _drop(self, lease: Lease) -> bool:
        """Whether another token may help: this one was good once, or has been replaced already."""
        with self._lock:
            if self._lease is not lease:
                return True
            if not lease.worked and time.monotonic() - lease.made_at < YOUNG_S:
                return False
            self._spent.append(lease)  # another thread may still be asking with it
            self._lease = None
            return True

    async def close(self) -> None:
        """Ends the threads and frees the sockets."""
        self._pool.close()
        with self._lock:
            leases = [*self._spent, *([self._lease] if self._lease is not None else [])]
            self._spent, self._lease = [], None
        for lease in leases:
            close_sessions(lease.sdk.sessions)


def connect(route: Route, secrets: Mapping[str, Secret]) -> Qianfan:
    """A connector for Qianfan. secrets: ak, sk, access_key, secret_key, bearer_token, those set. Raises KeyMissing."""
    return Qianfan(route, secrets)
