"""Aliyun DashScope's own wire: text generation under ``/api/v1``, answers as message or as text, true HTTP statuses.

Sources: help.aliyun.com/zh/model-studio/error-code and …/rate-limit, help.aliyun.com/zh/dashscope/developer-reference
(statuses, codes, parameters), read 2026-11-21; dashscope 2.0.2 (what it sends, ``v2/errors.py`` for codes).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from augment.simulator._chat import Chat, Said, chat_of, faults_of, is_number
from augment.simulator._vendor import ChatVendor
from augment.simulator._wire import Answer, Request, Window, encoded
from augment.simulator.faults import CHAT_FAULTS, TRANSPORT_FAULTS, Fate, spoil
from augment.simulator.options import DASHSCOPE_API_KEY, VendorLimits

WIRE = "dashscope"
ACCOUNT = "dashscope"
PATH = "/api/v1/services/aigc/text-generation/generation"
ABLE = frozenset({*TRANSPORT_FAULTS, *CHAT_FAULTS, "quota"})
BODY_BYTES = 16 * 1024 * 1024
CONTEXT_TOKENS = 129_024
BAD_JSON = "Required body invalid, please check the request body format."
ROLES = ("system", "user", "assistant", "tool")
THROTTLED = {
    "rpm": ("Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
    "rps": (
        "Throttling.BurstRate",
        "Request rate increased too quickly. Please adjust your client logic to scale requests more smoothly.",
    ),
    "tpm": ("Throttling.AllocationQuota", "Allocated quota exceeded, please increase your quota limit."),
}
USED_UP = (
    (400, "Arrearage", "Access denied, please make sure your account is in good standing."),
    (
        403,
        "AllocationQuota.FreeTierOnly",
        'The free tier of the model has been exhausted: disable the "use free tier only" mode to go on at a price.',
    ),
)
_BROKEN = (
    (500, "InternalError", "An internal error has occured, please try again later or contact service support."),
    (503, "ServiceUnavailable", "The service is temporarily unavailable, please try again later."),
    (504, "GatewayTimeout", "The gateway did not receive a timely response."),
)
# name → lowest, lowest allowed itself, highest, highest allowed itself, whole numbers only
_RANGES: dict[str, tuple[float, bool, float, bool, bool]] = {
    "temperature": (0.0, True, 2.0, False, False),
    "top_p": (0.0, False, 1.0, True, False),
    "top_k": (0, True, 2**31 - 1, True, True),
    "repetition_penalty": (0.0, False, 1e9, True, False),
    "presence_penalty": (-2.0, True, 2.0, True, False),
    "max_tokens": (1, True, 32_768, True, True),
    "seed": (0, True, 2**64 - 1, True, True),
    "n": (1, True, 4, True, True),
}

Over = Literal["rpm", "rps", "tpm"]


class ModelQuota:
    """Requests and tokens a minute of each model of one account, and requests a second where bursts are refused."""

    def __init__(self, limits: VendorLimits) -> None:
        self._limits = limits
        self._windows: dict[str, tuple[Window, Window, Window]] = {}

    def refusal(self, model: str, tokens: int) -> Over | None:
        """Which limit a request of so many tokens breaks, None where it fits."""
        limits = self._limits
        if model not in self._windows:
            windows = (Window(limits.dashscope_rps, 1.0), Window(limits.dashscope_rpm, 60.0))
            self._windows[model] = (*windows, Window(limits.dashscope_tpm, 60.0))
        second, minute, used = self._windows[model]
        if not second.take():
            return "rps"
        if not minute.take():
            return "rpm"
        return None if used.take(tokens) else "tpm"


@dataclass(frozen=True, slots=True)
class _Asked:
    chat: Chat
    as_message: bool


@dataclass
class DashScope(ChatVendor):
    """Answers the requests of one simulator on DashScope's own wire."""

    quota: ModelQuota

    def answer(self, request: Request) -> Answer:
        """The answer to one request, nothing billed yet."""
        if request.bearer() != DASHSCOPE_API_KEY:
            said = "Invalid API-key provided." if request.bearer() else "No API-key provided."
            return _error(401, "InvalidApiKey", said)
        if request.method != "POST":
            return _error(405, "InvalidURL", f"Request method '{request.method}' is not supported.")
        asked = self._read(request)
        if isinstance(asked, Answer):
            return asked
        refused = self._refused(asked.chat)
        if refused:
            return refused
        fate = self.fates.draw(WIRE, request.body, able=faults_of(asked.chat, ABLE))
        return self._told_no(fate) or self._said(asked, fate)

    def _read(self, request: Request) -> _Asked | Answer:
        if not request.is_json():
            return _error(400, "InvalidParameter", "Content-Type must be application/json.")
        if request.header("x-dashscope-async") == "enable":
            return _error(403, "AccessDenied", "current user api does not support asynchronous calls.")
        if request.header("x-dashscope-sse") == "enable" or "event-stream" in request.header("accept"):
            return _error(400, "InvalidParameter", "streaming is not served here")
        if len(request.body) > BODY_BYTES:
            return _error(413, "BadRequest.TooLarge", "Payload Too Large")
        try:
            body = request.decoded()
        except ValueError:
            return _error(400, "InvalidParameter", BAD_JSON)
        wrong = bad_body(body)
        if wrong:
            return _error(400, *wrong)
        if self.accounts.retired(WIRE) or body["model"] in self.options.missing_models:
            return _error(404, "ModelNotFound", "Model can not be found.")
        parameters = body.get("parameters") or {}
        messages = body["input"].get("messages") or [{"role": "user", "content": body["input"]["prompt"]}]
        chat = chat_of(WIRE, body["model"], {**parameters, "messages": messages})
        if chat.input_tokens > CONTEXT_TOKENS:
            return _error(400, "InvalidParameter", f"Range of input length should be [1, {CONTEXT_TOKENS}]")
        return _Asked(chat, parameters.get("result_format", "text") == "message")

    def _refused(self, chat: Chat) -> Answer | None:
        """What the account may not do now."""
        left_s = self.accounts.early_s(ACCOUNT)
        over: Over | None = "rpm" if left_s else self.quota.refusal(chat.model, chat.input_tokens)
        if over:
            return self.accounts.wait(_error(429, *THROTTLED[over]), ACCOUNT, left_s=left_s)
        return _error(*USED_UP[0]) if self.accounts.used_up(ACCOUNT) else None

    def _told_no(self, fate: Fate) -> Answer | None:
        match fate.fault:
            case "rate_limited":
                over = tuple(THROTTLED.values())[int(fate.variant * len(THROTTLED))]
                return self.accounts.wait(_error(429, *over, fault=fate.fault), ACCOUNT)
            case "quota" if fate.variant < 0.3:
                said = "Free allocated quota exceeded."
                return _error(429, "Throttling.AllocationQuota", said, fault=fate.fault)
            case "quota":
                return _error(*USED_UP[fate.variant < 0.65], fault=fate.fault)
            case "rejected":
                which = "Input" if fate.variant < 0.5 else "Output"
                said = f"{which} data may contain inappropriate content."
                return _error(400, "DataInspectionFailed", said, fault=fate.fault)
            case "5xx":
                return _error(*_BROKEN[int(fate.variant * len(_BROKEN))], fault=fate.fault)
            case "unknown_code":
                status = 500 if fate.variant < 0.5 else 409
                return _error(status, "SchedulerDrained.Zone7", "the request met a drained zone", fault=fate.fault)
        return None

    def _said(self, asked: _Asked, fate: Fate) -> Answer:
        chat = asked.chat
        count = chat.parameters.get("n") or 1
        said = [self.speak(chat, fate, choice=choice) for choice in range(count)]
        used = sum(one.output_tokens for one in said)
        body = {
            "output": _messages(said) if asked.as_message else _text(said[0]),
            "usage": {
                "input_tokens": chat.input_tokens,
                "output_tokens": used,
                "total_tokens": chat.input_tokens + used,
            },
            "request_id": _request_id(),
        }
        good = all(one.good for one in said)
        answer = Answer(WIRE, encoded(body), bought=(chat.key,), chat=True, good=good, account=ACCOUNT)
        return spoil(answer, fate, slow_s=self.options.slow_s, mishap=_error(*_BROKEN[0]))


def bad_body(body: Any) -> tuple[str, str] | None:
    """Code and message of the first thing wrong with a body, None where nothing is."""
    if not isinstance(body, dict):
        return "InvalidParameter", BAD_JSON
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "BadRequest.EmptyModel", 'Required parameter "model" missing from request.'
    given = body.get("input")
    if not isinstance(given, dict) or not given:
        return "BadRequest.EmptyInput", "Required input parameter missing from request."
    parameters = body.get("parameters", {})
    if not isinstance(parameters, dict):
        return "BadRequest.EmptyParameters", 'Required parameter "parameters" missing from request.'
    wrong = _bad_input(given) or _bad_parameters(parameters)
    return ("InvalidParameter", wrong) if wrong else None


def _bad_input(given: Mapping[str, Any]) -> str:
    messages = given.get("messages")
    if messages is None:
        prompt = given.get("prompt")
        if prompt is None:
            return 'Either "prompt" or "messages" must exist and cannot both be none'
        return "" if isinstance(prompt, str) and prompt else "Input should be a valid string: input.prompt"
    if not isinstance(messages, list) or not messages:
        return "[] is too short - 'messages'"
    for number, message in enumerate(messages):
        if not isinstance(message, dict):
            return f"Input should be a valid dictionary: input.messages.{number}"
        if message.get("role") not in ROLES:
            return f"Role must be in [{', '.join(ROLES)}]"
        if not isinstance(message.get("content"), str):
            return f"Input should be a valid string: input.messages.{number}.content"
    if messages[-1]["role"] not in ("user", "tool"):
        return "The last message must be of role user"
    return ""


def _bad_parameters(parameters: Mapping[str, Any]) -> str:
    if parameters.get("result_format", "text") not in ("text", "message"):
        return "result_format must be in [text, message]"
    if parameters.get("incremental_output") not in (None, False):
        return "incremental_output is for streaming, which is not served here"
    for name, (low, low_too, high, high_too, whole) in _RANGES.items():
        value = parameters.get(name)
        if value is None:
            continue
        fits = is_number(value) and (low <= value if low_too else low < value)
        fits = fits and (value <= high if high_too else value < high) and (not whole or isinstance(value, int))
        if not fits:
            return f"{name} should be in {'[' if low_too else '('}{low:g}, {high:g}{']' if high_too else ')'}"
    stop = parameters.get("stop")
    if stop is not None and not isinstance(stop, str | list):
        return "stop should be a string or a list"
    return ""


def _messages(said: list[Said]) -> dict[str, Any]:
    choices = [{"finish_reason": _finish(one), "message": {"role": "assistant", "content": one.text}} for one in said]
    return {"text": None, "finish_reason": None, "choices": choices}


def _text(said: Said) -> dict[str, Any]:
    return {"text": said.text, "finish_reason": _finish(said), "choices": None}


def _finish(said: Said) -> str:
    return "length" if said.cut else "stop"


def _error(status: int, code: str, message: str, *, fault: str = "") -> Answer:
    body = {"code": code, "message": message, "request_id": _request_id()}
    return Answer(WIRE, encoded(body), status, fault=fault)


def _request_id() -> str:
    return str(uuid.uuid4())
