"""Aliyun DashScope in OpenAI's shape: chat completions under ``/compatible-mode/v1``, with error names of its own.

Sources: help.aliyun.com/zh/model-studio/error-code (codes in lower case stand beside the native ones), read 2026-11-21.
Not on that page, and so not certain: ``limit_requests``, ``limit_burst_rate``, and ``insufficient_quota`` for tokens.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from augment.simulator._chat import Chat, bad_chat, chat_of, completion, faults_of
from augment.simulator._vendor import ChatVendor
from augment.simulator._wire import Answer, Request, encoded
from augment.simulator.dashscope import ACCOUNT, BAD_JSON, CONTEXT_TOKENS, THROTTLED, USED_UP, ModelQuota, Over
from augment.simulator.faults import CHAT_FAULTS, TRANSPORT_FAULTS, Fate, spoil
from augment.simulator.options import DASHSCOPE_API_KEY

WIRE = "dashscope-compatible"
PREFIX = "/compatible-mode/v1"
ABLE = frozenset({*TRANSPORT_FAULTS, *CHAT_FAULTS, "quota"})
_CODES: dict[Over, str] = {"rpm": "limit_requests", "rps": "limit_burst_rate", "tpm": "insufficient_quota"}


@dataclass
class DashScopeCompatible(ChatVendor):
    """Answers the requests of one simulator on DashScope's compatible wire."""

    quota: ModelQuota

    def answer(self, request: Request) -> Answer:
        """The answer to one request, nothing billed yet."""
        if request.bearer() != DASHSCOPE_API_KEY:
            said = "Incorrect API key provided." if request.bearer() else "You didn't provide an API key."
            return _error(401, "invalid_api_key", said)
        if request.method != "POST":
            return _error(405, "method_not_allowed", f"Request method '{request.method}' is not supported.")
        chat = self._read(request)
        if isinstance(chat, Answer):
            return chat
        refused = self._refused(chat)
        if refused:
            return refused
        fate = self.fates.draw(WIRE, request.body, able=faults_of(chat, ABLE))
        return self._told_no(fate) or self._said(chat, fate)

    def _read(self, request: Request) -> Chat | Answer:
        if not request.is_json():
            return _error(400, "invalid_parameter_error", "Content-Type must be application/json.")
        try:
            body = request.decoded()
        except ValueError:
            return _error(400, "invalid_parameter_error", BAD_JSON)
        wrong = bad_chat(body)
        if wrong:
            return _error(400, "invalid_parameter_error", wrong[0])
        if self.accounts.retired(WIRE) or body["model"] in self.options.missing_models:
            said = f"The model `{body['model']}` does not exist or you do not have access to it."
            return _error(404, "model_not_found", said)
        chat = chat_of(WIRE, body["model"], body)
        if chat.input_tokens > CONTEXT_TOKENS:
            return _error(400, "invalid_parameter_error", f"Range of input length should be [1, {CONTEXT_TOKENS}]")
        return chat

    def _refused(self, chat: Chat) -> Answer | None:
        left_s = self.accounts.early_s(ACCOUNT)
        over: Over | None = "rpm" if left_s else self.quota.refusal(chat.model, chat.input_tokens)
        if over:
            return self.accounts.wait(_throttled(over), ACCOUNT, left_s=left_s)
        return _error(*USED_UP[0]) if self.accounts.used_up(ACCOUNT) else None

    def _told_no(self, fate: Fate) -> Answer | None:
        match fate.fault:
            case "rate_limited":
                over = tuple(_CODES)[int(fate.variant * len(_CODES))]
                return self.accounts.wait(_throttled(over, fault=fate.fault), ACCOUNT)
            case "quota":
                return _error(*USED_UP[fate.variant < 0.5], fault=fate.fault)
            case "rejected":
                which = "Input" if fate.variant < 0.5 else "Output"
                said = f"{which} data may contain inappropriate content."
                return _error(400, "data_inspection_failed", said, fault=fate.fault)
            case "5xx":
                return _error(500, "internal_error", "An internal error has occured.", fault=fate.fault)
            case "unknown_code":
                status = 500 if fate.variant < 0.5 else 409
                return _error(status, "zone_drained", "the request met a drained zone", fault=fate.fault)
        return None

    def _said(self, chat: Chat, fate: Fate) -> Answer:
        said = [self.speak(chat, fate, choice=choice) for choice in range(chat.parameters.get("n") or 1)]
        body = completion(f"chatcmpl-{uuid.uuid4()}", int(time.time()), chat, said)
        good = all(one.good for one in said)
        answer = Answer(WIRE, encoded(body), bought=(chat.key,), chat=True, good=good, account=ACCOUNT)
        mishap = _error(500, "internal_error", "An internal error has occured.")
        return spoil(answer, fate, slow_s=self.options.slow_s, mishap=mishap)


def _throttled(over: Over, *, fault: str = "") -> Answer:
    code = _CODES[over]
    return _error(429, code, THROTTLED[over][1], kind=code, fault=fault)


def _error(status: int, code: str, message: str, *, kind: str = "invalid_request_error", fault: str = "") -> Answer:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return Answer(WIRE, encoded({"error": error, "request_id": str(uuid.uuid4())}), status, fault=fault)
