"""iFlytek Spark's websocket: the signed handshake, one question, an answer in frames.

Sources as in ``spark_keys`` and ``spark_frames``. Faults of the handshake are drawn before the question is known, so
which question meets one depends on the order of connections; all others depend on the question alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from augment.simulator._chat import Said, faults_of
from augment.simulator._vendor import ChatVendor
from augment.simulator._wire import Answer, Request, Window, encoded
from augment.simulator.faults import CHAT_FAULTS, TRANSPORT_FAULTS, Fate
from augment.simulator.options import SPARK_API_KEY, SPARK_API_SECRET, SPARK_SERVICE_ID
from augment.simulator.spark_codes import QUOTAS, RATE_LIMITS, TOLD, pick
from augment.simulator.spark_frames import (
    DOMAINS,
    PATHS,
    TUNED_PATH,
    TUNED_WIRE,
    WIRE,
    Question,
    Refused,
    answer_frames,
    empty_frames,
    error_frame,
    question_of,
)
from augment.simulator.spark_keys import BAD_DATE, spark_refusal

ACCOUNT = "spark"
OPENED = 101
AT_THE_DOOR = frozenset({"html", "5xx", "clock_skew"})
ABLE = frozenset({*TRANSPORT_FAULTS, *CHAT_FAULTS, "quota"}) - {"html"}
BASE_MODEL_SAYS = "（本回答来自基础模型，未加载精调资源。）\n"
_PAGE = b"<!DOCTYPE html><html><head><title>welcome</title></head><body><h1>It works</h1></body></html>"

_INSIDE = {"bad_bytes": b"\xff\xfe", "surrogate": rb"\ud83d", "nul": rb"\u0000"}


@dataclass(frozen=True, slots=True)
class Speech:
    """What leaves after a question. answer: what it means for the bill; its wait_s comes before frame pause_at.

    ends: with a close frame, without one, or inside the last frame. An answer that drips does so over all frames.
    """

    answer: Answer
    frames: tuple[bytes, ...] = field(default=(), repr=False)
    pause_at: int = 0
    ends: Literal["closed", "dropped", "torn"] = "closed"


def as_base(said: Said) -> Said:
    """What the tuned service says without its weights: the same, and that it is the base model."""
    return replace(said, text=BASE_MODEL_SAYS + said.text) if said.text else said


@dataclass
class Spark(ChatVendor):
    """Judges the handshakes and answers the questions of one simulator; ``spark_line`` moves the bytes."""

    now: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._window = Window(self.options.vendor_limits.spark_rps, 1.0)
        self.talking = 0

    def serves(self, path: str) -> bool:
        """Whether a path is one of Spark's websocket addresses."""
        return path in PATHS

    def refusal(self, request: Request) -> Answer | None:
        """The answer to a handshake that is refused; None lets it in."""
        if self._retired(request.path):
            return _at_the_door(404, "no Route matched with those values")
        no = spark_refusal(request, keys={SPARK_API_KEY: SPARK_API_SECRET}, now=self.now())
        if no:
            return _at_the_door(*no)
        if not _upgrades(request):
            return Answer(WIRE, error_frame(10000, "UpgradeError: this address speaks websocket only"), 400)
        fate = self.fates.draw(f"{WIRE}-handshake", request.path.encode(), able=AT_THE_DOOR)
        match fate.fault:
            case "html":
                return Answer(WIRE, _PAGE, content_type="text/html", fault=fate.fault)
            case "clock_skew":
                return replace(_at_the_door(403, BAD_DATE), fault=fate.fault)
            case "5xx" if fate.variant < 0.5:
                return replace(_at_the_door(503, "failure to get a peer from the ring-balancer"), fault=fate.fault)
        return None

    def hear(self, path: str, raw: str) -> Speech:
        """The answer to the one question of a connection, nothing billed yet."""
        try:
            question = question_of(raw, path, not_granted=self._not_granted())
            self._admit()
        except Refused as refused:
            return _told(WIRE, refused.code, refused.message)
        fate = self.fates.draw(WIRE, raw.encode(), able=faults_of(question.chat, ABLE))
        if fate.fault == "5xx":  # the handshake refuses half of the rate; what it lets in makes up the other half
            variant = fate.variant * (2 - self.options.faults["5xx"])
            fate = Fate("5xx", variant) if variant < 1 else Fate()
        if fate.fault in TOLD:
            return self._no(question, fate)
        return self._spoken(question, fate)

    def _retired(self, path: str) -> bool:
        wires = (WIRE, TUNED_WIRE) if path == TUNED_PATH else (WIRE,)
        return all(map(self.accounts.retired, wires))

    def _not_granted(self) -> frozenset[str]:
        gone = set(self.options.missing_models)
        if self.accounts.retired(WIRE):
            gone |= set(DOMAINS)
        if self.accounts.retired(TUNED_WIRE):
            gone.add(SPARK_SERVICE_ID)
        return frozenset(gone)

    def _admit(self) -> None:
        """Raises Refused for what the account may not ask now."""
        at_once = self.options.vendor_limits.spark_at_once
        if at_once and self.talking > at_once:
            raise Refused(*RATE_LIMITS[1])
        if not self._window.take():
            raise Refused(*RATE_LIMITS[0])
        if self.accounts.used_up(ACCOUNT):
            raise Refused(*QUOTAS[1])
        if self.accounts.day_over_s(ACCOUNT):
            raise Refused(*QUOTAS[0])

    def _said(self, question: Question, fate: Fate) -> Said:
        said = self.speak(question.chat, fate)
        if said.cut:  # no frame says so, but for the count
            said = replace(said, output_tokens=question.chat.parameters["max_tokens"])
        return as_base(said) if question.service and not question.patched else said

    def _no(self, question: Question, fate: Fate) -> Speech:
        code, message = pick(TOLD[fate.fault], fate.variant)
        told = _told(question.wire, code, message, fault=fate.fault)
        if code != 10014:
            return told
        frames = answer_frames(question.chat, self._said(question, Fate()))
        return replace(told, frames=(*frames[: len(frames) // 2], *told.frames))  # it is noticed while speaking

    def _spoken(self, question: Question, fate: Fate) -> Speech:
        said = self._said(question, fate)
        frames = answer_frames(question.chat, said)
        if fate.fault == "empty":
            frames = empty_frames(question.chat, fate.variant)
        whole = Answer(
            question.wire,
            b"",
            OPENED,
            bought=(question.chat.key,),
            chat=True,
            good=said.good,
            fault=fate.fault,
            account=ACCOUNT,
        )
        return _spoilt(Speech(whole, tuple(frames)), fate, self.options.slow_s)


def _spoilt(speech: Speech, fate: Fate, slow_s: float) -> Speech:
    """A good answer after what happened to it on the way."""
    answer, frames = speech.answer, speech.frames
    half = len(frames) // 2
    late = fate.variant >= 0.5
    lost = replace(answer, good=False)
    match fate.fault:
        case "drop_before":
            return Speech(replace(lost, bought=(), breaks="before"), ends="dropped")
        case "drop_after":
            return Speech(replace(lost, breaks="after"), frames[: half if late else 0], ends="dropped")
        case "truncated":
            return Speech(replace(lost, breaks="half"), frames[:half], ends="dropped" if late else "closed")
        case "half_frame":
            return Speech(replace(lost, breaks="half"), frames[: half + 1], ends="torn")
        case "slow":
            return replace(speech, answer=replace(answer, wait_s=slow_s), pause_at=half if late else 0)
        case "slow_drip":
            return replace(speech, answer=replace(answer, drips=True))
        case "bad_bytes" | "surrogate" | "nul":
            inside = frames[half].replace(b'"content":"', b'"content":"' + _INSIDE[fate.fault], 1)
            return replace(speech, answer=lost, frames=(*frames[:half], inside, *frames[half + 1 :]))
        case "charset":
            return replace(speech, answer=lost, frames=tuple(one.decode().encode("gb18030") for one in frames))
    return speech


def _told(wire: str, code: int, message: str, *, fault: str = "") -> Speech:
    return Speech(Answer(wire, b"", OPENED, fault=fault, account=ACCOUNT), (error_frame(code, message),))


def _upgrades(request: Request) -> bool:
    """Whether a request opens a websocket as RFC 6455 says."""
    return (
        request.method == "GET"
        and request.header("upgrade").lower() == "websocket"
        and request.header("sec-websocket-version") == "13"
        and len(request.header("sec-websocket-key")) == 24
    )


def _at_the_door(status: int, message: str) -> Answer:
    return Answer(WIRE, encoded({"message": message}), status)
