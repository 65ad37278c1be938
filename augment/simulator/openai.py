"""OpenAI's wire, as OpenAI, DeepSeek, TokenHub and vLLM speak it: chat completions without streaming, and models.

Under ``/v1`` a bearer key is asked for; under ``/vllm/v1`` none is, as a vLLM of one's own asks for none. Sources:
openai 3.54 (``_exceptions.py``), platform.openai.com/docs/guides/error-codes, read 2026-11-21.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from augment.simulator._chat import Chat, Said, bad_chat, chat_of, completion, say
from augment.simulator._wire import Answer, Request, Window, encoded
from augment.simulator.faults import TRANSPORT_FAULTS, Fate, Fates, spoil
from augment.simulator.options import OPENAI_KEYS, SimulatorOptions

WIRE = "openai"
MODELS = ("sim-chat", "sim-small")
ABLE = frozenset({*TRANSPORT_FAULTS, "rate_limited", "quota", "rejected", "5xx", "empty", "wrong_answer"})
RETRY_AFTER_S = 1
CONTEXT_TOKENS = 128_000


class OpenAI:
    """Answers the requests of one simulator on OpenAI's wire."""

    def __init__(self, options: SimulatorOptions, fates: Fates, times_served: Callable[[str], int]) -> None:
        self._options = options
        self._fates = fates
        self._times_served = times_served
        self._window = Window(options.vendor_limits.openai_rpm, 60.0)

    def answer(self, request: Request, *, keyless: bool = False) -> Answer:
        """The answer to one request, nothing billed yet."""
        if not keyless and request.bearer() not in OPENAI_KEYS.values():
            said = "Incorrect API key provided." if request.bearer() else "You didn't provide an API key."
            return _error(401, said, code="invalid_api_key" if request.bearer() else None)
        if WIRE in self._options.retired:
            return _error(404, "The model does not exist or has been retired.", code="model_not_found")
        if request.path.endswith("/models"):
            return self._models(request)
        if request.method != "POST":
            return _error(405, f"Not allowed to {request.method} on {request.path}.")
        if not self._window.take():
            return _rate_limited()
        return self._chat(request)

    def _models(self, request: Request) -> Answer:
        if request.method != "GET":
            return _error(405, f"Not allowed to {request.method} on {request.path}.")
        models = [{"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "sim"} for name in MODELS]
        return Answer(WIRE, encoded({"object": "list", "data": models}))

    def _chat(self, request: Request) -> Answer:
        if request.header("content-type").split(";")[0].strip() != "application/json":
            return _error(400, "We could not parse the JSON body of your request: send application/json.")
        try:
            body = request.decoded()
        except ValueError:
            return _error(400, "We could not parse the JSON body of your request.")
        wrong = bad_chat(body)
        if wrong:
            return _error(400, wrong[0], param=wrong[1])
        if body["model"] in self._options.missing_models:
            return _error(404, f"The model `{body['model']}` does not exist.", code="model_not_found")
        chat = chat_of(WIRE, body["model"], body)
        if chat.input_tokens > CONTEXT_TOKENS:
            said = f"This model's maximum context length is {CONTEXT_TOKENS} tokens."
            return _error(400, said, code="context_length_exceeded", param="messages")
        fate = self._fates.draw(WIRE, request.body, able=ABLE)
        return _told_no(fate, chat) or self._said(chat, fate)

    def _said(self, chat: Chat, fate: Fate) -> Answer:
        wrong, empty = fate.fault == "wrong_answer", fate.fault == "empty"
        choices = [
            say(chat, seed=self._options.seed, times_served=self._times_served, wrong=wrong, choice=choice)
            for choice in range(chat.parameters.get("n") or 1)
        ]
        body = completion(_identity(), int(time.time()), chat, choices)
        if empty:
            body["choices"][0]["message"]["content"] = "" if fate.variant < 0.5 else None
        answer = Answer(WIRE, encoded(body), bought=(chat.key,), chat=True, good=not wrong and not empty)
        mishap = _error(500, "The server had an error while processing your request.", kind="server_error")
        return spoil(answer, fate, slow_s=self._options.slow_s, mishap=mishap)


def _told_no(fate: Fate, chat: Chat) -> Answer | None:
    match fate.fault:
        case "rate_limited":
            return _rate_limited(fate.fault)
        case "quota" if fate.variant < 0.5:
            said = "You exceeded your current quota, please check your plan and billing details."
            return _error(429, said, kind="insufficient_quota", code="insufficient_quota", fault=fate.fault)
        case "quota":
            return _error(402, "Insufficient Balance", kind="unknown_error", fault=fate.fault)
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
    refused = _error(429, "Rate limit reached for requests.", kind="requests", code="rate_limit_exceeded", fault=fault)
    return Answer(WIRE, refused.body, 429, headers=(("Retry-After", str(RETRY_AFTER_S)),), fault=fault)


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
