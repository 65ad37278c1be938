"""OpenAI's wire, as OpenAI, DeepSeek, TokenHub and vLLM speak it: chat completions without streaming, and models.

Under ``/v1`` a bearer key is asked for, and says whose account it is; under ``/vllm/v1`` none is, as a vLLM of one's
own asks for none. Sources: openai 3.54 (``_exceptions.py``), platform.openai.com/docs/guides/error-codes, TokenHub's
models: intl.cloud.tencent.com/document/product/1300/80695; read 2026-11-21.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from augment.simulator._chat import Chat, Said, bad_chat, chat_of, completion, faults_of
from augment.simulator._vendor import ChatVendor
from augment.simulator._wire import Answer, Request, Window, encoded
from augment.simulator.faults import CHAT_FAULTS, TRANSPORT_FAULTS, Fate, spoil
from augment.simulator.options import OPENAI_KEYS

WIRE = "openai"
TOKENHUB, DEEPSEEK = OPENAI_KEYS["TOKENHUB_API_KEY"], OPENAI_KEYS["DEEPSEEK_API_KEY"]
MODELS = ("sim-chat", "sim-small")
TOKENHUB_MODELS = ("hy-mt2-plus", "hy-mt2-pro", "hy-mt2-lite")
ABLE = frozenset({*TRANSPORT_FAULTS, *CHAT_FAULTS, "quota"})
RETRY_AFTER_S = 1
CONTEXT_TOKENS = 128_000
TOKENHUB_INPUT_TOKENS = 4096


@dataclass
class OpenAI(ChatVendor):
    """Answers the requests of one simulator on OpenAI's wire."""

    def __post_init__(self) -> None:
        self._window = Window(self.options.vendor_limits.openai_rpm, 60.0)

    def answer(self, request: Request, *, keyless: bool = False) -> Answer:
        """The answer to one request, nothing billed yet."""
        if not keyless and request.bearer() not in OPENAI_KEYS.values():
            said = "Incorrect API key provided." if request.bearer() else "You didn't provide an API key."
            return _error(401, said, code="invalid_api_key" if request.bearer() else None)
        account = "" if keyless else request.bearer()
        if self.accounts.retired(WIRE):
            return _error(404, "The model does not exist or has been retired.", code="model_not_found")
        if request.path.endswith("/models"):
            return _models(request, account)
        if request.method != "POST":
            return _error(405, f"Not allowed to {request.method} on {request.path}.")
        left_s = self.accounts.early_s(account)
        if left_s or not self._window.take():
            return self._wait(_rate_limited(), account, left_s)
        chat = self._read(request, account)
        if isinstance(chat, Answer):
            return chat
        return self._refused(account) or self._chat(request, chat, account)

    def _read(self, request: Request, account: str) -> Chat | Answer:
        if not request.is_json():
            return _error(400, "We could not parse the JSON body of your request: send application/json.")
        try:
            body = request.decoded()
        except ValueError:
            return _error(400, "We could not parse the JSON body of your request.")
        wrong = bad_chat(body)
        if wrong:
            return _error(400, wrong[0], param=wrong[1])
        translates = body["model"] in TOKENHUB_MODELS
        if body["model"] in self.options.missing_models or (translates and account != TOKENHUB):
            return _error(404, f"The model `{body['model']}` does not exist.", code="model_not_found")
        chat = chat_of(WIRE, body["model"], body)
        allowed = TOKENHUB_INPUT_TOKENS if translates else CONTEXT_TOKENS
        if chat.input_tokens > allowed:
            said = f"This model's maximum context length is {allowed} tokens."
            return _error(400, said, code="context_length_exceeded", param="messages")
        return chat

    def _refused(self, account: str) -> Answer | None:
        """What the account may not do any more; a server of one's own asks for no account."""
        if not account:
            return None
        if self.accounts.used_up(account):
            return _no_money() if account == DEEPSEEK else _no_quota()
        left_s = self.accounts.day_over_s(account)
        if left_s:
            said = f"Rate limit reached on requests per day (RPD): Limit {self.options.rpd}, Used {self.options.rpd}."
            refused = _error(429, said, kind="requests", code="rate_limit_exceeded")
            return self.accounts.wait(refused, account, left_s=left_s)
        return None

    def _chat(self, request: Request, chat: Chat, account: str) -> Answer:
        fate = self.fates.draw(WIRE, request.body, able=faults_of(chat, ABLE))
        if fate.fault == "rate_limited":
            return self._wait(_rate_limited(fate.fault), account)
        return _told_no(fate, chat) or self._said(chat, fate, account)

    def _wait(self, refused: Answer, account: str, left_s: float = 0.0) -> Answer:
        return self.accounts.wait(refused, account, by_default_s=RETRY_AFTER_S, left_s=left_s)

    def _said(self, chat: Chat, fate: Fate, account: str) -> Answer:
        choices = [self.speak(chat, fate, choice=choice) for choice in range(chat.parameters.get("n") or 1)]
        body = completion(_identity(), int(time.time()), chat, choices)
        if fate.fault == "empty" and fate.variant >= 0.5:
            body["choices"][0]["message"]["content"] = None
        good = all(said.good for said in choices)
        answer = Answer(WIRE, encoded(body), bought=(chat.key,), chat=True, good=good, account=account)
        mishap = _error(500, "The server had an error while processing your request.", kind="server_error")
        return spoil(answer, fate, slow_s=self.options.slow_s, mishap=mishap)


def _models(request: Request, account: str) -> Answer:
    if request.method != "GET":
        return _error(405, f"Not allowed to {request.method} on {request.path}.")
    served = (*MODELS, *TOKENHUB_MODELS) if account == TOKENHUB else MODELS
    models = [{"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "sim"} for name in served]
    return Answer(WIRE, encoded({"object": "list", "data": models}))


def _told_no(fate: Fate, chat: Chat) -> Answer | None:
    match fate.fault:
        case "quota":
            return _no_quota(fate.fault) if fate.variant < 0.5 else _no_money(fate.fault)
        case "unknown_code":
            status = 500 if fate.variant < 0.5 else 409
            said = "The request met a drained zone."
            return _error(status, said, kind="zone_error", code="zone_drained", fault=fate.fault)
        case "rejected" if fate.variant < 0.5:
            return _error(
                400, "The request was stopped by the content filter.", code="content_filter", fault=fate.fault
            )
        case "rejected":
            body = completion(_identity(), int(time.time()), chat, [Said("", 0)], filtered=True)
            return Answer(WIRE, encoded(body), fault=fate.fault)
        case "5xx":
            status = (500, 502, 503)[int(fate.variant * 3)]
            return _error(status, "The server is overloaded or not ready yet.", kind="server_error", fault=fate.fault)
    return None


def _rate_limited(fault: str = "") -> Answer:
    return _error(429, "Rate limit reached for requests.", kind="requests", code="rate_limit_exceeded", fault=fault)


def _no_quota(fault: str = "") -> Answer:
    said = "You exceeded your current quota, please check your plan and billing details."
    return _error(429, said, kind="insufficient_quota", code="insufficient_quota", fault=fault)


def _no_money(fault: str = "") -> Answer:
    return _error(402, "Insufficient Balance", kind="unknown_error", fault=fault)


def _error(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    code: str | None = None,
    param: str | None = None,
    fault: str = "",
) -> Answer:
    error = {"message": message, "type": kind, "param": param or None, "code": code}
    return Answer(WIRE, encoded({"error": error}), status, fault=fault)


def _identity() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"
