"""Baidu Qianfan's V1 wire: chat under ``/rpc/2.0/…/wenxinworkshop/chat/``, errors as codes inside HTTP 200.

Sources: ai.baidu.com/ai-doc/WENXINWORKSHOP/tlmyncueh (error codes) and …/vlpteyv3c (Yi-34B-Chat), read 2026-11-21;
code 336006 for the order of messages: github.com/baidubce/bce-qianfan-sdk/issues/866.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from augment.simulator._chat import Chat, Said, chat_of, faults_of, is_number
from augment.simulator._vendor import ChatVendor
from augment.simulator._wire import Answer, Request, encoded
from augment.simulator.faults import CHAT_FAULTS, TRANSPORT_FAULTS, Fate, spoil
from augment.simulator.qianfan_keys import ACCOUNT, V1_PREFIX, Keyring, Quota, has_endpoint

WIRE = "qianfan-v1"
CHARACTERS = 8000  # of all messages of Yi-34B-Chat
ABLE = frozenset({*TRANSPORT_FAULTS, *CHAT_FAULTS, "quota"})
_REFUSAL = "您的问题我暂时无法回答，让我们换个话题再聊聊吧。"
# name → lowest, lowest allowed itself, highest
_RANGES = {"temperature": (0.0, False, 1.0), "top_p": (0.0, True, 1.0), "penalty_score": (1.0, True, 2.0)}


@dataclass
class QianfanV1(ChatVendor):
    """Answers the requests of one simulator on Qianfan's V1 wire."""

    keyring: Keyring
    quota: Quota

    def answer(self, request: Request) -> Answer:
        """The answer to one request, nothing billed yet."""
        endpoint = request.path.removeprefix(V1_PREFIX)
        gone = self.accounts.retired(WIRE) or endpoint in self.options.missing_models
        if gone or not has_endpoint(endpoint) or request.method != "POST":
            return _error(3, "Unsupported openapi method")
        refused = self._auth_refusal(request)
        if refused:
            return refused
        if not request.is_json():
            return _error(336002, "Invalid JSON: Content-Type must be application/json")
        try:
            body = request.decoded()
        except ValueError:
            return _error(336002, "Invalid JSON")
        wrong = _bad_body(body)
        if wrong:
            return _error(*wrong)
        chat = chat_of(WIRE, endpoint, body)
        over = self.quota.refusal(chat.input_tokens)
        if over:
            return (
                _error(336501, "Rate limit reached for RPM")
                if over == "rpm"
                else _error(336502, "Rate limit reached for TPM")
            )
        if self.accounts.used_up(ACCOUNT):
            return _error(19, "Open api total request limit reached")
        if self.accounts.day_over_s(ACCOUNT):
            return _error(17, "Open api daily request limit reached")
        able = ABLE | {"token_expired" if request.parameter("access_token") else "clock_skew"}
        fate = self.fates.draw(WIRE, request.path.encode() + request.body, able=faults_of(chat, able))
        return _told_no(fate, chat) or self._said(chat, fate)

    def _auth_refusal(self, request: Request) -> Answer | None:
        token = request.parameter("access_token")
        if token:
            match self.keyring.access_token_state(token):
                case "invalid":
                    return _error(110, "Access token invalid or no longer valid")
                case "expired":
                    return _error(111, "Access token expired")
            return None
        if not request.header("authorization"):
            return _error(100, "Invalid parameter: no access_token and no signature")
        return _error(14, "IAM Certification failed") if self.keyring.signature_refusal(request) else None

    def _said(self, chat: Chat, fate: Fate) -> Answer:
        said = self.speak(chat, fate)
        body = _body(chat, said)
        answer = Answer(WIRE, encoded(body), bought=(chat.key,), chat=True, good=said.good, account=ACCOUNT)
        mishap = _error(336000, "Internal error")
        return spoil(answer, fate, slow_s=self.options.slow_s, mishap=mishap)


def _bad_body(body: Any) -> tuple[int, str] | None:
    """Code and message of the first thing wrong with a body, None where nothing is."""
    if not isinstance(body, dict):
        return 336001, "Invalid Argument"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return 336003, "messages must not be empty"
    if len(messages) % 2 == 0:
        return 336006, "the length of messages must be an odd number"
    for number, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if number % 2 == 0 and role not in ("user", "function"):
            return 336006, "the role of message with even index in the messages must be user or function"
        if number % 2 == 1 and role != "assistant":
            return 336006, "the role of message with odd index in the messages must be assistant"
        if not isinstance(message.get("content"), str) or not message["content"].strip():
            return 336003, f"the content of messages[{number}] must not be empty"
    if body.get("stream"):
        return 336003, "stream is not served here"
    for name, (low, closed, high) in _RANGES.items():
        value = body.get(name)
        if value is not None and not (is_number(value) and (low <= value if closed else low < value) and value <= high):
            return 336003, f"{name} must be in {'[' if closed else '('}{low:g}, {high:.1f}]"
    stop = body.get("stop")
    if stop is not None and not (
        isinstance(stop, list) and len(stop) <= 4 and all(isinstance(word, str) for word in stop)
    ):
        return 336003, "stop must be a list of at most 4 strings"
    if sum(len(message["content"]) for message in messages) > CHARACTERS:
        return 336007, f"the max length of messages is {CHARACTERS} characters"
    return None


def _told_no(fate: Fate, chat: Chat) -> Answer | None:
    match fate.fault:
        case "rate_limited" if fate.variant < 0.5:
            return _error(18, "Open api qps request limit reached", fault=fate.fault)
        case "rate_limited":
            return _error(336501, "Rate limit reached for RPM", fault=fate.fault)
        case "quota":
            return _error(17, "Open api daily request limit reached", fault=fate.fault)
        case "rejected":
            body = _body(chat, Said(_REFUSAL, 0)) | {
                "need_clear_history": True,
                "ban_round": -1,
                "finish_reason": "content_filter",
            }
            return Answer(WIRE, encoded(body), fault=fate.fault)
        case "token_expired" if fate.variant < 0.5:
            return _error(110, "Access token invalid or no longer valid", fault=fate.fault)
        case "token_expired":
            return _error(111, "Access token expired", fault=fate.fault)
        case "clock_skew":
            return _error(14, "IAM Certification failed", fault=fate.fault)
        case "unknown_code":
            return _error(337_431, "the request met a drained zone", fault=fate.fault)
        case "5xx" if fate.variant < 0.35:
            return _error(2, "Service temporarily unavailable", fault=fate.fault)
        case "5xx" if fate.variant < 0.7:
            return _error(336100, "Service is under high load, please try again", fault=fate.fault)
        case "5xx":
            return Answer(WIRE, b"upstream unavailable", 503, "text/plain", fault=fate.fault)
    return None


def _body(chat: Chat, said: Said) -> dict[str, Any]:
    return {
        "id": _identity(),
        "object": "chat.completion",
        "created": int(time.time()),
        "result": said.text,
        "is_truncated": said.cut,
        "need_clear_history": False,
        "finish_reason": "length" if said.cut else "normal",
        "usage": {
            "prompt_tokens": chat.input_tokens,
            "completion_tokens": said.output_tokens,
            "total_tokens": chat.input_tokens + said.output_tokens,
        },
    }


def _error(code: int, message: str, *, fault: str = "") -> Answer:
    return Answer(WIRE, encoded({"error_code": code, "error_msg": message, "id": _identity()}), fault=fault)


def _identity() -> str:
    return f"as-{uuid.uuid4().hex[:10]}"
