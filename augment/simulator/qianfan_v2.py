"""Baidu Qianfan's V2 wire: OpenAI's shape under ``/v2``, Baidu's errors, a bearer token that lasts or one from IAM.

Sources: cloud.baidu.com/doc/qianfan-api/s/Om9b4yj3w (error codes, read 2026-11-21), qianfan 0.4.12.3
(``QfAPIV2Requestor``, ``resources/console/iam.py``).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from augment.simulator._chat import Chat, Said, bad_chat, chat_of, completion, say
from augment.simulator._wire import Answer, Request, encoded
from augment.simulator.faults import TRANSPORT_FAULTS, Fate, Fates, spoil
from augment.simulator.options import SimulatorOptions
from augment.simulator.qianfan_keys import Keyring, Quota

WIRE = "qianfan-v2"
# No "quota": V2's code for an account in arrears is on no page we know, and inventing one would teach a wrong one.
ABLE = frozenset({*TRANSPORT_FAULTS, "rate_limited", "rejected", "5xx", "empty", "wrong_answer"})


class QianfanV2:
    """Answers the requests of one simulator on Qianfan's V2 wire."""

    def __init__(
        self,
        options: SimulatorOptions,
        fates: Fates,
        keyring: Keyring,
        quota: Quota,
        times_served: Callable[[str], int],
    ) -> None:
        self._options = options
        self._fates = fates
        self._keyring = keyring
        self._quota = quota
        self._times_served = times_served

    def answer(self, request: Request) -> Answer:
        """The answer to one request, nothing billed yet."""
        if not self._keyring.knows_bearer(request.bearer()):
            return _error(401, "invalid_iam_token", "IAM Certification failed", kind="invalid_request_error")
        if WIRE in self._options.retired:
            return _error(404, "model_not_found", "the requested model has been taken offline")
        if request.method != "POST":
            return _error(405, "invalid_method", f"{request.method} is not supported")
        try:
            body = request.decoded()
        except ValueError:
            return _error(400, "malformed_json", "Invalid JSON")
        wrong = bad_chat(body)
        if wrong:
            return _error(400, "invalid_model" if wrong[1] == "model" else "invalid_argument", wrong[0])
        if body["model"] in self._options.missing_models:
            return _error(401, "invalid_model", "No permission to use the model")
        chat = chat_of(WIRE, body["model"], body)
        refused = self._quota.refusal(chat.input_tokens)
        if refused:
            return _rate_limited(refused)
        fate = self._fates.draw(WIRE, request.body, able=ABLE)
        return _told_no(fate, chat) or self._said(chat, fate)

    def _said(self, chat: Chat, fate: Fate) -> Answer:
        wrong, empty = fate.fault == "wrong_answer", fate.fault == "empty"
        said = say(chat, seed=self._options.seed, times_served=self._times_served, wrong=wrong)
        body = completion(_identity(), int(time.time()), chat, [Said("", 0) if empty else said])
        body["choices"][0]["flag"] = 0
        answer = Answer(WIRE, encoded(body), bought=(chat.key,), chat=True, good=not wrong and not empty)
        mishap = _error(500, "internal_error", "Internal error", kind="internal_error")
        return spoil(answer, fate, slow_s=self._options.slow_s, mishap=mishap)


def _told_no(fate: Fate, chat: Chat) -> Answer | None:
    match fate.fault:
        case "rate_limited":
            return _rate_limited("rpm" if fate.variant < 0.5 else "tpm", fault=fate.fault)
        case "rejected" if fate.variant < 0.5:
            return _error(403, "system_unsafe", "the content is unsafe", kind="unsafe_request", fault=fate.fault)
        case "rejected":
            body = completion(_identity(), int(time.time()), chat, [Said("", 0)], filtered=True)
            body["choices"][0]["flag"] = 1
            return Answer(WIRE, encoded(body), fault=fate.fault)
        case "5xx":
            code = "internal_error" if fate.variant < 0.5 else "dispatch_internal_error"
            return _error(500, code, "Internal error", kind="internal_error", fault=fate.fault)
    return None


def _rate_limited(which: str, *, fault: str = "") -> Answer:
    said = "Rate limit reached for " + ("RPM" if which == "rpm" else "TPM")
    return _error(429, f"{which}_rate_limit_exceeded", said, kind="rate_limit_exceeded", fault=fault)


def _error(status: int, code: str, message: str, *, kind: str = "invalid_request_error", fault: str = "") -> Answer:
    error = {"code": code, "message": message, "type": kind}
    return Answer(WIRE, encoded({"error": error, "id": _identity()}), status, fault=fault)


def _identity() -> str:
    return f"as-{uuid.uuid4().hex[:10]}"
