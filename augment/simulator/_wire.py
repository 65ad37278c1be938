"""What travels between the server and the wires: a request as received, an answer as it is to leave."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. headers: names in lower case; query: decoded, in order."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """A header's value, "" where it is missing."""
        return self.headers.get(name, "")

    def parameter(self, name: str) -> str:
        """The first value of a query parameter, "" where it is missing."""
        return next((value for key, value in self.query if key == name), "")

    def bearer(self) -> str:
        """The bearer token, "" where there is none."""
        scheme, _, token = self.header("authorization").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def is_json(self) -> bool:
        """Whether the body says that it is JSON; parameters such as a charset may follow."""
        return self.header("content-type").split(";")[0].strip().lower() == JSON

    def decoded(self) -> Any:
        """The JSON body. Raises ValueError."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer and what it means for the bill.

    bought: keys of the items billed; chat: they are prompts, not texts. good: complete and right once it is delivered.
    breaks: the connection ends before or after billing, or after half the body. wait_s: before the first byte.
    drips: the body leaves in small pieces, over the options' drip_s. account: who pays, the wire's only one if "";
    retry_after_s: how long a refusal asks that account to wait.
    """

    wire: str
    body: bytes = field(repr=False)
    status: int = 200
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    bought: tuple[str, ...] = ()
    chat: bool = False
    good: bool = False
    breaks: Literal["", "before", "after", "half"] = ""
    wait_s: float = 0.0
    fault: str = ""
    drips: bool = False
    account: str = ""
    retry_after_s: float = 0.0


def encoded(value: Any) -> bytes:
    """The value as JSON in UTF-8, Han characters unescaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def key_of(*parts: Any) -> str:
    """A short name for one item: equal parts, equal name."""
    text = json.dumps(parts, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


class Window:
    """Allows so much per second or minute, first come, first served, over a sliding window.

    The window is 5 % short: the vendor's clock and ours tick apart, and a client that keeps the rate is not to blame.
    """

    def __init__(self, allowed: float, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed = allowed
        self._span_s = per_s * 0.95
        self._clock = clock
        self._taken: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def take(self, amount: float = 1.0) -> bool:
        """Whether the amount still fits; if so it is taken."""
        if not self._allowed:
            return True
        now = self._clock()
        while self._taken and self._taken[0][0] <= now - self._span_s:
            self._sum -= self._taken.popleft()[1]
        if self._sum + amount > self._allowed and self._taken:
            return False
        self._taken.append((now, amount))
        self._sum += amount
        return True
