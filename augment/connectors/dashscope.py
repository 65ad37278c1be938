"""Aliyun DashScope (Qwen) through its own SDK: ``Generation.call`` on a session of ours.

The SDK sends a request a second time when its answer is lost, which is paid twice; and every request of it looks into
the environment. ``OnceOnly`` stops both. Sources: dashscope 2.0.2; for the codes
docs.qwencloud.com/api-reference/preparation/error-messages, the English page of
help.aliyun.com/zh/model-studio/error-code (both read 2026-11-21), and dashscope/v2/errors.py.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from augment.connectors._faults import excerpt, redact
from augment.connectors._replies import Heard, count, flaw, read_json, refusal, spoken, useless, wrong_ask
from augment.connectors._requests import Listener, close_sessions, hush
from augment.connectors._threads import Pool, call
from augment.connectors._translating import as_reply, chat_of
from augment.errors import Fault, FaultKind, FixableError, KeyMissing
from augment.settings import Secret
from augment.types import Ask, Chat, Reply, Route, Scalar, Usage

if TYPE_CHECKING:
    from augment.connectors._wires import Wire

PACKAGE = ("dashscope", "install dashscope==2.0.2")
PLACES = 32
HOST, BASE_PATH = "https://dashscope.aliyuncs.com", "/api/v1"
HIGHEST_TEMPERATURE, LOWEST_TOP_P = 1.99, 0.01  # [0, 2) and (0, 1], says the vendor's page

# A dotted code that is not listed counts as its longest listed beginning.
CODES: dict[str, FaultKind] = {
    "Throttling": "rate_limited",
    "Throttling.RateQuota": "rate_limited",
    "Throttling.BurstRate": "rate_limited",
    "Throttling.AllocationQuota": "rate_limited",  # tokens a minute; see WORDS for the other meaning
    "Throttling.Concurrency": "rate_limited",
    "LimitRequests": "rate_limited",
    "limit_requests": "rate_limited",
    "limit_burst_rate": "rate_limited",
    "ResourceExhausted": "rate_limited",
    "insufficient_quota": "rate_limited",  # tokens a minute too, although the same word means no money elsewhere
    "Arrearage": "quota_exhausted",
    "AllocationQuota": "quota_exhausted",
    "AllocationQuota.FreeTierOnly": "quota_exhausted",
    "CommodityNotPurchased": "quota_exhausted",
    "PrepaidBillOverdue": "quota_exhausted",
    "PostpaidBillOverdue": "quota_exhausted",
    "BudgetLimitExceeded": "quota_exhausted",
    "InvalidApiKey": "auth",
    "invalid_api_key": "auth",
    "NOT AUTHORIZED": "auth",
    "AccessDenied": "auth",
    "AccessDenied.Unpurchased": "auth",
    "access_denied": "auth",
    "Model.AccessDenied": "auth",
    "App.AccessDenied": "auth",
    "Workspace.AccessDenied": "auth",
    "WorkSpaceNotFound": "auth",
    "Endpoint.AccessDenied": "retired",  # what a model gives that was taken off, says the page
    "ModelNotFound": "retired",
    "model_not_found": "retired",
    "Model.NotExist": "retired",
    "model_not_supported": "retired",
    "NotFound": "retired",
    "InvalidParameter": "bad_request",
    "InvalidParameter.NotSupportEnableThinking": "bad_request",
    "InternalError.Algo.InvalidParameter": "bad_request",
    "invalid_parameter_error": "bad_request",
    "invalid_request_error": "bad_request",
    "BadRequest": "bad_request",
    "BadRequest.EmptyInput": "bad_request",
    "BadRequest.EmptyModel": "bad_request",
    "BadRequest.EmptyParameters": "bad_request",
    "BadRequest.IllegalInput": "bad_request",
    "BadRequest.TooLarge": "bad_request",
    "InvalidURL": "bad_request",
    "UnsupportedOperation": "bad_request",
    "DataInspectionFailed": "content_filtered",
    "data_inspection_failed": "content_filtered",
    "FaqRuleBlocked": "content_filtered",
    "CustomRoleBlocked": "content_filtered",
    "IPInfringementSuspect": "content_filtered",
    "InternalError": "transient",
    "internal_error": "transient",
    "InternalError.Algo": "transient",
    "InternalError.Timeout": "transient",
    "SystemError": "transient",
    "ModelServiceFailed": "transient",
    "ModelServingError": "transient",
    "ModelUnavailable": "transient",
    "ServiceUnavailable": "transient",
    "GatewayTimeout": "transient",
    "RequestTimeOut": "transient",
    "ResponseTimeout": "transient",
}
# Codes that mean something else with these words beside them.
USED_UP = re.compile(r"\b(free|hour|week|month) allocated quota", re.IGNORECASE)
WORDS: dict[str, tuple[re.Pattern[str], FaultKind]] = {
    "Throttling.AllocationQuota": (USED_UP, "quota_exhausted"),
    "insufficient_quota": (USED_UP, "quota_exhausted"),
    "InvalidParameter": (re.compile(r"\bmodel not exist", re.IGNORECASE), "retired"),
    "ServiceUnavailableError": (re.compile(r"\brole must be\b", re.IGNORECASE), "bad_request"),
    "ModelServingError": (re.compile("too many requests", re.IGNORECASE), "rate_limited"),
}
STATUSES: dict[int, FaultKind] = {
    400: "bad_request",
    401: "auth",
    402: "quota_exhausted",
    403: "auth",
    404: "retired",
    413: "bad_request",
    422: "bad_request",
    429: "rate_limited",
}
# Arguments of ``Generation.call`` that are no parameters of the model; its other ones are read from the SDK.
RESERVED = frozenset(
    {"history", "incremental_output", "messages", "output_format", "plugins", "prompt", "result_format"}
)
# What the SDK adds by what stands in the environment.
UNASKED = frozenset({"x-dashscope-datainspection", "x-dashscope-sdk-client", "x-dashscope-sdk-session-id"})


def kind_of(status: int, code: str, type_: str, message: str) -> FaultKind:
    """The kind of fault behind an error answer: the code decides, with the words beside it; then the status."""
    if 300 <= status < 400:
        return "retired"  # the endpoint moved; a POST is not sent after it
    known = code or type_
    while known not in CODES and "." in known:
        known = known.rpartition(".")[0]
    if known in WORDS and WORDS[known][0].search(message):
        return WORDS[known][1]
    if known in CODES:
        return CODES[known]
    if status == 400 and known and known != "Unknown":
        return "transient"  # debts, filters and throttling come as 400 too: an unknown code with it says nothing
    return STATUSES.get(status, "transient")


def wire_parameters(parameters: Mapping[str, Scalar], reserved: Collection[str] = RESERVED) -> dict[str, Any]:
    """The parameters under the vendor's names and within its ranges. Raises Fault for a name that is reserved."""
    named: dict[str, Any] = {
        ("max_tokens" if name == "max_completion_tokens" else name): value for name, value in parameters.items()
    }
    if taken := sorted(named.keys() & set(reserved)):
        raise wrong_ask(f"DashScope takes no parameter {', '.join(taken)}")
    if "temperature" in named:
        named["temperature"] = min(float(named["temperature"]), HIGHEST_TEMPERATURE)
    if "top_p" in named:
        named["top_p"] = max(float(named["top_p"]), LOWEST_TOP_P)
    return named


def request_of(model: str, chat: Chat, reserved: Collection[str] = RESERVED) -> dict[str, Any]:
    """What the SDK is asked to send. Raises Fault for what cannot be sent."""
    messages = [{"role": message.role, "content": message.content} for message in chat.messages]
    try:
        "".join(message.content for message in chat.messages).encode()
    except UnicodeEncodeError:
        fault = wrong_ask("the ask holds half a character (a lone surrogate)")
    else:
        parameters = wire_parameters(dict(chat.parameters), reserved)
        return {"model": model, "messages": messages, "result_format": "message", **parameters}
    raise fault


def read(heard: Heard, secrets: list[str]) -> Reply:
    """The reply in an answer, whether it came as ``choices`` or, from old models, as ``text``. Raises Fault."""
    if not heard.ok:
        raise refusal(heard, kind_of, secrets)
    body, raw = read_json(heard, secrets)
    if isinstance(body, dict) and (body.get("code") or isinstance(body.get("error"), dict)):
        raise refusal(heard, kind_of, secrets)  # the gateway may say no under a good status: dashscope/v2/errors.py:20
    try:
        output = body["output"]
        choice: Any = output["choices"][0] if output.get("choices") else output
        message = choice["message"] if choice is not output else {"content": output["text"]}
        text, finish, thinking = message.get("content"), choice.get("finish_reason"), message.get("reasoning_content")
        usage, identity = body.get("usage"), body.get("request_id")
    except (TypeError, KeyError, IndexError, AttributeError):
        fault = useless("unreadable", f"neither choices nor text in {excerpt(raw, secrets)!r}")
    else:
        if finish == "content_filter":
            raise Fault("content_filtered", "the vendor's filter stopped the answer", code=finish)
        counted = Usage()
        if isinstance(usage, dict):
            counted = Usage(count(usage.get("input_tokens")), count(usage.get("output_tokens")))
        thought = thinking if isinstance(thinking, str) and not flaw(thinking) else None
        return spoken(text, finish, counted, thought, identity if isinstance(identity, str) else None, raw)
    raise fault


class DashScope:
    """One session, shared by the threads of one pool."""

    def __init__(self, route: Route, secrets: Mapping[str, Secret]) -> None:
        key = secrets["api_key"].reveal() if "api_key" in secrets else ""
        if not key:
            raise KeyMissing("DashScope needs an API key", hint="set DASHSCOPE_API_KEY")
        if not (key.isascii() and key.isprintable()):
            raise KeyMissing("the key holds characters that no key has", hint="copy it again, without quotes or blanks")
        # Here, not inside the deadline of the first ask: it takes a second.
        self._generation, self._reserved = _import()
        from augment.connectors._wires import OnceOnly, Wire

        endpoint = route.endpoint.rstrip("/") or HOST
        self._base = endpoint if urlsplit(endpoint).path else f"{endpoint}{BASE_PATH}"
        self._route = route
        self._key = key
        self._secrets = [key]
        self._wire = Wire
        places = route.limits.in_flight or PLACES
        self._pool = Pool(places, "dashscope")
        self._listener = Listener()
        self._session = OnceOnly(UNASKED)
        self._listener.attach(self._session, endpoint=endpoint, places=places)

    async def send(self, ask: Ask) -> Reply:
        """Asks once. Raises Fault."""
        request = request_of(self._route.model, chat_of(self._route, ask), self._reserved)
        wire = self._wire()
        try:
            heard = await call(self._pool, self._ask, request, wire, timeout_s=self._route.timeout_s)
        except (Fault, asyncio.CancelledError):
            wire.cut()
            raise
        secrets = [*self._secrets, *heard.signed]
        return as_reply(ask, read(heard, secrets), secrets)

    def _ask(self, request: dict[str, Any], wire: Wire) -> Heard:
        with wire.in_use():
            return self._listener.hear(
                lambda: self._generation.call(
                    **request,
                    api_key=self._key,
                    base_address=self._base,
                    session=self._session,
                    request_timeout=self._route.timeout_s,
                ),
                self._secrets,
            )

    async def close(self) -> None:
        """Ends the threads and frees the sockets."""
        self._pool.close()
        close_sessions([self._session])


def connect(route: Route, secrets: Mapping[str, Secret]) -> DashScope:
    """A connector for DashScope. secrets: api_key. Raises KeyMissing, FixableError where the SDK cannot be imported."""
    return DashScope(route, secrets)


def _import() -> tuple[Any, frozenset[str]]:
    """The SDK's class, and the names that no parameter may have: some of them would change how or where it sends.

    It reads the environment while it is imported; nothing it finds there is used here.
    """
    hush("dashscope", "dashscope.v2", "dashscope.v2.transport")
    try:
        from dashscope.aigc.generation import Generation
        from dashscope.api_entities.api_request_factory import _build_api_request
    except ValueError as error:  # it checks DASHSCOPE_WORKSPACE_ID
        trouble = FixableError(f"dashscope cannot be imported: {redact(error)}", hint="unset the variable it names")
    else:
        return Generation, RESERVED | set(inspect.signature(_build_api_request).parameters) | {"workspace"}
    raise trouble
