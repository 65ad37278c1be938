"""Faults on demand: which request gets which one, and what the transport ones do to a good answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from augment.errors import UsageError
from augment.simulator._wire import Answer

# The wires themselves put these into their vendor's own words.
VENDOR_FAULTS = ("rate_limited", "quota", "rejected", "5xx", "empty", "wrong_length", "wrong_answer")
# These happen on the way and look alike on every wire.
TRANSPORT_FAULTS = ("drop_before", "drop_after", "slow", "truncated", "html", "bad_bytes", "charset")
FAULTS = (*VENDOR_FAULTS, *TRANSPORT_FAULTS)

_PAGE = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
_HAN_IN_JSON = re.compile("(?<=[\u4e00-\u9fff])[\u4e00-\u9fff]")


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
        case "bad_bytes":
            return replace(answer, body=_with_bad_bytes(answer.body), good=False, fault=fate.fault)
        case "charset":
            whole = answer if fate.variant < 0.5 else mishap
            return replace(whole, content_type="application/json; charset=utf-8", fault=fate.fault)
    return replace(answer, fault=fate.fault)


def _with_bad_bytes(body: bytes) -> bytes:
    """The same JSON with bytes in a text that are no UTF-8: the inside of a run of Han, or before the last quote."""
    text = body.decode()
    found = _HAN_IN_JSON.search(text)
    at = len(text[: found.start()].encode()) if found else body.rindex(b'"')
    return body[:at] + b"\xff\xfe" + body[at:]
