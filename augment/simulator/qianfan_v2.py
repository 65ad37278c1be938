"""Baidu Qianfan's V2 wire: OpenAI's shape under ``/v2``, Baidu's errors, a bearer token that lasts or one from IAM.

Sources: cloud.baidu.com/doc/qianfan-api/s/Om9b4yj3w (error codes, read 2026-11-21), qianfan 0.4.12.3
(``QfAPIV2Requestor``, ``resources/console/iam.py``).
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from augment.simulator._chat import Chat, Said, bad_chat, chat_of, completion, faults_of
from augment.simulator._vendor import ChatVendor
from augment.simulator._wire import Answer, Request, encoded
from augment.simulator.faults import CHAT_FAULTS, TRANSPORT_FAULTS, Fate, spoil
from augment.simulator.qianfan_keys import ACCOUNT, Keyring, Quota

WIRE = "qianfan-v2"
ABLE = frozenset({*TRANSPORT_FAULTS, *CHAT_FAULTS, "quota", "token_expired"})
# The model service's page has no code for an account in arrears or a day's end; these are what the same platform's
# search says, on the page that lists both: cloud.baidu.com/doc/qianfan/s/Qmh4su56e, read 2026-11-21.
USED_UP = ("BILLING_INSUFFICIENT_BALANCE", "Your account has insufficient balance")
DAY_OVER = ("QUOTA_USER_DAILY_REQUEST", "Daily request quota per user exceeded")


@dataclass
class QianfanV2(ChatVendor):
    """Answers the requests of one simulator on Qianfan's V2 wire."""

    keyring: Keyring
    quota: Quota

    def answer(self, request: Request) -> Answer:
        """The answer to one request, nothing billed yet."""
        if not self.keyring.knows_bearer(request.bearer()):
            return _error(401, "invalid_iam_token", "IAM Certification failed", kind="invalid_request_error")
        if self.accounts.retired(WIRE):
            return _error(404, "model_not_found", "the requested model has been taken offline")
        if request.method != "POST":
            return _error(405, "invalid_method", f"{request.method} is not supported")
        if not request.is_json():
            return _error(400, "malformed_json", "Content-Type must be application/json")
        try:
            body = request.decoded()
        except ValueError:
            return _error(400, "malformed_json", "Invalid JSON")
        wrong = bad_chat(body)
        if wrong:
            return _error(400, "invalid_model" if wrong[1] == "model" else "invalid_argument", wrong[0])
        if body["model"] in self.options.missing_models:
            return _error(401, "invalid_model", "No permission to use the model")
        chat = chat_of(WIRE, body["model"], body)
        refused = self._refused(chat)
        if refused:
            return refused
        fate = self.fates.draw(WIRE, request.body, able=faults_of(chat, ABLE))
        if fate.fault == "rate_limited":
            limited = _rate_limited("rpm" if fate.variant < 0.5 else "tpm", fault=fate.fault)
            return self.accounts.wait(limited, ACCOUNT)
        return _told_no(fate, chat) or self._said(chat, fate)

    def _refused(self, chat: Chat) -> Answer | None:
        """What the account may not do now."""
        left_s = self.accounts.early_s(ACCOUNT)
        over = "rpm" if left_s else self.quota.refusal(chat.input_tokens)
        if over:
            return self.accounts.wait(_rate_limited(over), ACCOUNT, left_s=left_s)
        if self.accounts.used_up(ACCOUNT):
            return _error(429, *USED_UP, kind="insufficient_balance")
        if self.accounts.day_over_s(ACCOUNT):
            return _error(429, *DAY_OVER, kind="quota_exceeded")
        return None

    def _said(self, chat: Chat, fate: Fate) -> Answer:
        said = self.speak(chat, fate)
        body = completion(_identity(), int(time.time()), chat, [said])
        body["choices"][0]["flag"] = 0
        answer = Answer(WIRE, encoded(body), bought=(chat.key,), chat=True, good=said.good, account=ACCOUNT)
        mishap = _error(500, "internal_error", "Internal error", kind="internal_error")
        return spoil(answer, fate, slow_s=self.options.slow_s, mishap=mishap)


def _told_no(fate: Fate, chat: Chat) -> Answer | None:
    match fate.fault:
        case "quota":
            return _error(429, *USED_UP, kind="insufficient_balance", fault=fate.fault)
        case "token_expired":
            return _error(401, "invalid_iam_token", "IAM Certification failed", fault=fate.fault)
        case "unknown_code":
            status = 500 if fate.variant < 0.5 else 409
            return _error(status, "zone_drained", "the request met a drained zone", fault=fate.fault)
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
