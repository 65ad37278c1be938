"""Faults on demand: which request gets which one, and what the transport ones do to a good answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from augment.errors import UsageError
from augment.simulator._wire import Answer

# What each fault looks like to a client. The order matters to the draw of several at once: new ones come last.
ABOUT: dict[str, str] = {
    # the wires themselves put these into their vendor's own words
    "rate_limited": "too many requests, in the vendor's words; Retry-After where the vendor sends one",
    "quota": "the account is in arrears or its free amount is used up",
    "rejected": "the content filter stops the request or the answer",
    "5xx": "an internal error or an overload",
    "empty": "a success with nothing, or null, in the place of the answer",
    "wrong_length": "a list with an item too many or too few, or two merged into one",
    "wrong_answer": "a worked solution that concludes something else",
    # these happen on the way and look alike on every wire
    "drop_before": "the connection ends before the request is billed",
    "drop_after": "the connection ends after billing, without an answer",
    "slow": "the answer comes --slow seconds late",
    "truncated": "half of the answer, at half of the cases under its right length",
    "html": "a gateway's web page with status 200",
    "bad_bytes": "bytes that are no UTF-8 inside the text",
    "charset": "the answer, or an internal error, as application/json; charset=utf-8",
    # later ones, of either sort
    "refusal": "a success whose text says no, as models do",
    "cut": "finish reason length: an answer that stops in the middle, or an empty one",
    "shuffled": "a list in which two items have changed places",
    "token_expired": "a token that is still good is refused as expired (qianfan-v1, qianfan-v2)",
    "clock_skew": "a good signature is refused for its time (tencent, qianfan-v1 when signed, spark)",
    "unknown_code": "an error code that no page documents",
    "slow_drip": "a few bytes a second: the answer is not whole within a minute",
    "half_frame": "the connection ends inside the body, or inside a websocket frame",
    "surrogate": "half of a surrogate pair, \\ud83d, inside the text",
    "nul": "a NUL character inside the text",
}
FAULTS = tuple(ABOUT)
# The server or ``spoil`` does these to a good answer; every wire can show them.
TRANSPORT_FAULTS = (
    "drop_before",
    "drop_after",
    "slow",
    "truncated",
    "html",
    "bad_bytes",
    "charset",
    "slow_drip",
    "half_frame",
    "surrogate",
    "nul",
)
VENDOR_FAULTS = tuple(name for name in FAULTS if name not in TRANSPORT_FAULTS)
# Every wire on which a model chats can show these, LIST_FAULTS where the chat asks for several translations.
CHAT_FAULTS = ("empty", "wrong_answer", "refusal", "cut", "unknown_code", "rate_limited", "rejected", "5xx")
LIST_FAULTS = ("wrong_length", "shuffled")

_PAGE = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
_HAN_IN_JSON = re.compile("(?<=[\u4e00-\u9fff])[\u4e00-\u9fff]")
_TEXT_IN_JSON = re.compile(r'"(?:content|result|text|TargetTextList)":\[?"')


@dataclass(frozen=True, slots=True)
class Fate:
    """What one request meets. fault: "" or a name of FAULTS; variant: 0..1, chooses among a fault's forms."""

    fault: str = ""
    variant: float = 0.0


def parse_faults(text: str) -> dict[str, float]:
    """The rates of ``kind=rate,kind=rate``; "" is none. Raises UsageError, which names the known kinds."""
    rates: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        try:
            rates[name.strip()] = float(value)
        except ValueError:
            raise UsageError(
                f"{part!r} is not KIND=RATE", hint="for example --faults rate_limited=0.1,5xx=0.05"
            ) from None
    check_faults(rates)
    return rates


def check_faults(rates: Mapping[str, float]) -> None:
    """Raises UsageError for an unknown kind, a rate outside 0..1, or rates that add up to more than 1."""
    for name, rate in rates.items():
        if name not in FAULTS:
            raise UsageError(f"there is no fault {name!r}", hint=f"known faults: {', '.join(FAULTS)}")
        if not 0 <= rate <= 1:
            raise UsageError(f"the rate of {name!r} is {rate}", hint="a rate lies between 0 and 1")
    if sum(rates.values()) > 1 + 1e-9:
        raise UsageError("the rates of all faults add up to more than 1", hint="one request meets at most one fault")


class Fates:
    """Draws the fate of each request from seed, wire, body and how often that body was seen, never from the order."""

    def __init__(self, rates: Mapping[str, float], seed: int) -> None:
        check_faults(rates)
        self._rates = {name: rates[name] for name in FAULTS if rates.get(name)}
        self._seed = seed
        self._seen: dict[bytes, int] = {}

    def draw(self, wire: str, body: bytes, *, able: frozenset[str]) -> Fate:
        """The fate of this request; a fault the wire is not able to show is none."""
        if not self._rates:
            return Fate()
        key = hashlib.sha256(wire.encode() + b"\0" + body).digest()[:16]
        times = self._seen.get(key, 0)
        self._seen[key] = times + 1
        drawn = hashlib.sha256(f"{self._seed}:{times}:".encode() + key).digest()
        point, variant = (int.from_bytes(part, "big") / 2**64 for part in (drawn[:8], drawn[8:16]))
        for name, rate in self._rates.items():
            point -= rate
            if point < 0:
                return Fate(name, variant) if name in able else Fate()
        return Fate()


_INSIDE = {"bad_bytes": b"\xff\xfe", "surrogate": rb"\ud83d", "nul": rb"\u0000"}


def spoil(answer: Answer, fate: Fate, *, slow_s: float, mishap: Answer) -> Answer:
    """The answer after what happened to it on the way. mishap: the wire's words for an internal error, unbilled."""
    match fate.fault:
        case "drop_before":
            return Answer(answer.wire, b"", breaks="before", fault=fate.fault)
        case "drop_after":
            return replace(answer, breaks="after", good=False, fault=fate.fault)
        case "slow":
            return replace(answer, wait_s=slow_s, fault=fate.fault)
        case "truncated" if fate.variant < 0.5:
            return replace(answer, breaks="half", good=False, fault=fate.fault)
        case "truncated":
            half = answer.body[: len(answer.body) // 2].decode(errors="ignore").encode()  # no character is cut
            return replace(answer, body=half, good=False, fault=fate.fault)
        case "html":
            return Answer(answer.wire, _PAGE.encode(), content_type="text/html", fault=fate.fault)
        case "bad_bytes" | "surrogate" | "nul":
            body = _with_inside(answer.body, _INSIDE[fate.fault])
            return replace(answer, body=body, good=False, fault=fate.fault)
        case "half_frame":
            return replace(answer, breaks="half", good=False, fault=fate.fault)
        case "slow_drip":
            return replace(answer, drips=True, fault=fate.fault)
        case "charset":
            whole = answer if fate.variant < 0.5 else mishap
            return replace(whole, content_type="application/json; charset=utf-8", fault=fate.fault)
    return replace(answer, fault=fate.fault)


def _with_inside(body: bytes, inside: bytes) -> bytes:
    """The same JSON with bytes inside a text of the answer: in a run of Han, or before its first character."""
    text = body.decode()
    found = _HAN_IN_JSON.search(text)
    begins = _TEXT_IN_JSON.search(text)
    at = found.start() if found else begins.end() if begins else text.rindex('"')
    return b"".join((text[:at].encode(), inside, text[at:].encode()))
