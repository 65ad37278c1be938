"""Spark over HTTP in OpenAI's shape: the public models, and the tuned service with the header ``lora_id``.

Sources, read 2026-11-21: xfyun.cn/doc/spark/HTTP调用文档.html (address, password), …/精调服务API-http.html (lora_id).
No page shows an error; these shapes were seen in public reports: HTTP 500 with ``{"error":{"message":"AppIdNoAuthError
(sid: …)","type":"api_error","code":"11200"}}`` and ``invalid_request_error`` 10005 for an unknown model from the public
address, a number for the code and "Xunfei request failed with Sid: …" from the tuned one, and 401 with Kong's words
for a wrong key from both. That every other code comes with status 500, and 10005 with 400, is our inference. The public
address names neither model nor finish reason in a success.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from augment.simulator._chat import Chat, Said, bad_chat, chat_of, completion, faults_of
from augment.simulator._vendor import ChatVendor
from augment.simulator._wire import Answer, Request, Window, encoded
from augment.simulator.faults import CHAT_FAULTS, TRANSPORT_FAULTS, spoil
from augment.simulator.options import (
    SPARK_API_PASSWORD,
    SPARK_RESOURCE_ID,
    SPARK_SERVICE_ID,
    SPARK_TUNED_API_KEY,
)
from augment.simulator.spark import ACCOUNT, as_base
from augment.simulator.spark_codes import QUOTAS, RATE_LIMITS, TOLD, Told, pick
from augment.simulator.spark_frames import DOMAINS, TUNED, session_id
from augment.simulator.spark_keys import UNREADABLE

WIRE, TUNED_WIRE = "spark-http", "spark-http-tuned"
PREFIX, TUNED_PREFIX = "/spark/v1", "/spark-maas/v2"  # the vendor has a host for each; here they share one port
ABLE = frozenset({*TRANSPORT_FAULTS, *CHAT_FAULTS, "quota"})
NOT_GRANTED: Told = (11200, "AppIdNoAuthError")
_PASSWORDS = (SPARK_API_PASSWORD, SPARK_TUNED_API_KEY)


@dataclass
class SparkHTTP(ChatVendor):
    """Answers the requests of one simulator on Spark's two HTTP addresses."""

    def __post_init__(self) -> None:
        self._window = Window(self.options.vendor_limits.spark_rps, 1.0)

    def serves(self, path: str) -> bool:
        """Whether a path lies under one of the two addresses."""
        return path in (f"{PREFIX}/chat/completions", f"{TUNED_PREFIX}/chat/completions")

    def answer(self, request: Request) -> Answer:
        """The answer to one request, nothing billed yet."""
        tuned = request.path.startswith(TUNED_PREFIX)
        wire = TUNED_WIRE if tuned else WIRE
        if self.accounts.retired(wire):
            return _by_the_gateway(wire, 404, "no Route matched with those values")
        no = _unauthorised(request.bearer(), (SPARK_TUNED_API_KEY,) if tuned else _PASSWORDS)
        if no:
            return _by_the_gateway(wire, 401, no)
        if request.method != "POST":
            return _by_the_gateway(wire, 405, "Method not allowed")
        try:
            body = request.decoded()
        except ValueError:
            return _error(wire, (10003, "invalid request body: not JSON"), status=400)
        wrong = _wrong_tuned(body) if tuned else _wrong_public(body)
        if wrong:
            return _error(wire, (10005, wrong), status=400)
        lora = request.header("lora_id")
        if body["model"] in self.options.missing_models or (tuned and lora not in ("", "0", SPARK_RESOURCE_ID)):
            return _error(wire, NOT_GRANTED)
        return self._chat(wire, body, request.body, patched=lora == SPARK_RESOURCE_ID)

    def _chat(self, wire: str, body: dict[str, Any], raw: bytes, *, patched: bool) -> Answer:
        chat = chat_of(f"{wire}{'+' if patched else ''}", body["model"], body)
        domain = DOMAINS.get(chat.model, TUNED)
        if chat.input_tokens > domain.input_tokens:
            return _error(wire, (10907, f"{chat.input_tokens} tokens are more than {domain.input_tokens}"), status=400)
        if not self._window.take():
            return _error(wire, RATE_LIMITS[0])
        if self.accounts.used_up(ACCOUNT):
            return _error(wire, QUOTAS[1])
        if self.accounts.day_over_s(ACCOUNT):
            return _error(wire, QUOTAS[0])
        fate = self.fates.draw(wire, raw, able=faults_of(chat, ABLE))
        if fate.fault == "5xx" and fate.variant < 0.5:
            return replace(_by_the_gateway(wire, 503, "failure to get a peer from the ring-balancer"), fault=fate.fault)
        if fate.fault in TOLD:
            return _error(wire, pick(TOLD[fate.fault], fate.variant), fault=fate.fault)
        said = self.speak(chat, fate)
        if wire == TUNED_WIRE and not patched:
            said = as_base(said)
            wire = WIRE  # counted with the base model's, as on the websocket
        answer = Answer(
            wire, encoded(_body(wire, chat, said)), bought=(chat.key,), chat=True, good=said.good, account=ACCOUNT
        )
        return spoil(answer, fate, slow_s=self.options.slow_s, mishap=_error(wire, (10012, "EngineInternalError")))


def _unauthorised(bearer: str, accepted: tuple[str, ...]) -> str:
    """What the gateway says of a bearer; "" where it lets it in."""
    if not bearer:
        return "Unauthorized"
    if bearer in accepted:
        return ""
    known = {password.partition(":")[0] for password in accepted}
    return "HMAC secret key does not match" if bearer.partition(":")[0] in known else f"{UNREADABLE}: apikey not found"


def _wrong_public(body: Any) -> str:
    """What is wrong with a request for a public model; "" where nothing is."""
    wrong = bad_chat(body, top_temperature=2.0)
    if wrong:
        return f"invalid param {wrong[1]}: {wrong[0]}"
    domain = DOMAINS.get(body["model"])
    if domain is None:
        return f"invalid param model:{body['model']}"
    return _out_of_range(body, domain.output_tokens)


def _wrong_tuned(body: Any) -> str:
    """What is wrong with a request for the tuned service; "" where nothing is."""
    wrong = bad_chat(body, top_temperature=1.0)
    if wrong:
        return f"invalid param {wrong[1]}: {wrong[0]}"
    if body["model"] != SPARK_SERVICE_ID:
        return f"invalid param model:{body['model']}"
    return _out_of_range(body, TUNED.output_tokens)


def _out_of_range(body: dict[str, Any], output_tokens: int) -> str:
    for name, highest in (("top_k", 6), ("max_tokens", output_tokens)):
        value = body.get(name)
        if value is not None and not (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= highest):
            return f"invalid param {name}: must be an integer from 1 to {highest}"
    return ""


def _body(wire: str, chat: Chat, said: Said) -> dict[str, Any]:
    sid = session_id("cha")
    whole = completion(sid, int(time.time()), chat, [said])
    if wire == TUNED_WIRE or chat.model == SPARK_SERVICE_ID:
        return whole
    choice = {"message": whole["choices"][0]["message"], "index": 0}
    return {"code": 0, "message": "Success", "sid": sid, "choices": [choice], "usage": whole["usage"]}


def _error(wire: str, told: Told, *, status: int = 500, fault: str = "") -> Answer:
    code, message = told
    if wire == TUNED_WIRE:
        shown = f"Xunfei request failed with Sid: {session_id()} code: {code}, msg: {message}"
        return Answer(wire, encoded({"error": {"code": code, "message": shown}}), status, fault=fault)
    kind = "invalid_request_error" if status == 400 else "api_error"
    error = {"message": f"{message} (sid: {session_id('cha')})", "type": kind, "param": None, "code": str(code)}
    return Answer(wire, encoded({"error": error}), status, fault=fault)


def _by_the_gateway(wire: str, status: int, message: str) -> Answer:
    return Answer(wire, encoded({"message": message}), status)
