"""When the next request of one provider may leave: first come, first served.

Requests are spaced evenly, since vendors count in windows whose edges we do not see: 60 a minute is one a second, never
sixty at once. On a rate-limit answer the whole provider waits, and fewer requests are in flight; both recover slowly
(additive increase, multiplicative decrease).
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from augment.errors import AugmentError
from augment.types import Limits

SLACK_SHARE = 0.003  # of a window, left unused: the vendor's clock is not ours
SLACK_S = 0.02  # at least this much of a window, against jitter on the way
DEFAULT_IN_FLIGHT = 64
RECOVERY = 0.5  # more in flight for each success


@dataclass(slots=True)
class _Pace:
    """A schedule that allows ``amount`` units in any window of ``window_s`` seconds. amount 0: no limit."""

    amount: float
    window_s: float
    due: float = -math.inf

    def interval_s(self) -> float:
        slack = max(SLACK_SHARE * self.window_s, SLACK_S)
        return (self.window_s + slack) / self.amount if self.amount else 0.0

    def take(self, now: float, units: float) -> None:
        """Books units; the schedule may run behind the clock by half the slack (a late wake-up is made good)."""
        if self.amount:
            lag = max(SLACK_SHARE * self.window_s, SLACK_S) / 2
            self.due = max(self.due, now - lag) + units * self.interval_s()

    def wait_s(self, now: float) -> float:
        return max(0.0, self.due - now) if self.amount else 0.0


@dataclass(slots=True)
class Limiter:
    """One provider's gate. Times are seconds of ``clock``; ``sleep`` may be a fake in tests. most: the user's own bound
    on requests in flight."""

    limits: Limits
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    most: int = 0
    in_flight: int = 0
    allowed: float = 0
    paused_until: float = -math.inf
    stopped: AugmentError | None = None
    _strikes: int = 0
    _last_cut: float = -math.inf
    _line: deque[tuple[asyncio.Future[bool], float]] = field(default_factory=deque)
    _paces: list[_Pace] = field(default_factory=list)
    _tokens: _Pace = field(default_factory=lambda: _Pace(0, 60))
    _gate: asyncio.Task[None] | None = None
    _freed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.allowed = self.ceiling
        self._paces = [_Pace(self.limits.rps, 1.0), _Pace(self.limits.rpm, 60.0)]
        self._tokens = _Pace(self.limits.tpm, 60.0)

    @property
    def ceiling(self) -> int:
        """How many requests may be in flight when all goes well."""
        return self.most or self.limits.in_flight or DEFAULT_IN_FLIGHT

    async def acquire(self, tokens: float = 0) -> None:
        """Returns when it is this caller's turn to send; ``release`` must follow. Once stopped, raises why."""
        if self.stopped is not None:
            raise self.stopped.again()
        if not self._line and self._wait_s() <= 0 and self.in_flight < max(1, int(self.allowed)):
            self._book(tokens)
            return
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._line.append((turn, tokens))
        if self._gate is None or self._gate.done():
            self._gate = asyncio.create_task(self._open())
        try:
            granted = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self.spent(-tokens)
                self.release()
            raise
        if not granted:
            raise (self.stopped or AugmentError("the limiter was stopped")).again()

    def release(self) -> None:
        """The request has ended, whichever way."""
        self.in_flight -= 1
        self._freed.set()

    def spent(self, tokens: float) -> None:
        """Books tokens that a request used beyond what ``acquire`` was told (negative: fewer)."""
        if self.limits.tpm:
            self._tokens.due += tokens * self._tokens.interval_s()

    def succeeded(self) -> None:
        """Raises the number allowed in flight a little."""
        self._strikes = 0
        if self.allowed < self.ceiling:
            self.allowed = min(self.ceiling, self.allowed + RECOVERY)
            self._freed.set()

    def probe(self) -> None:
        """Lets one request go alone; each success lets more."""
        self.allowed = 1.0

    def rate_limited(self, wait_s: float | None) -> float:
        """Pauses the whole provider and gives the seconds: what the vendor asked, else growing with each strike.

        A vendor that asks for 0 seconds has not said when.
        """
        now = self.clock()
        self._strikes += 1
        pause = wait_s or min(30.0, 0.25 * 2 ** min(self._strikes, 8))
        self.paused_until = max(self.paused_until, now + pause)
        if now - self._last_cut > 1.0:  # answers to one burst count once
            self._last_cut = now
            self.allowed = max(1.0, min(self.allowed, float(self.in_flight or 1)) / 2)
        return pause

    def stop(self, why: AugmentError) -> None:
        """Turns away everybody who waits and everybody who comes."""
        self.stopped = why
        while self._line:
            turn, _ = self._line.popleft()
            if not turn.done():
                turn.set_result(False)
        self._freed.set()

    def _wait_s(self) -> float:
        now = self.clock()
        waits = (pace.wait_s(now) for pace in (*self._paces, self._tokens))
        return max(self.paused_until - now, *waits)

    def _book(self, tokens: float) -> None:
        now = self.clock()
        for pace in self._paces:
            pace.take(now, 1)
        self._tokens.take(now, tokens)
        self.in_flight += 1

    async def _open(self) -> None:
        """Lets the line pass one by one."""
        while self._line and self.stopped is None:
            if (wait := self._wait_s()) > 0:
                await self.sleep(wait)
            elif self.in_flight >= max(1, int(self.allowed)):
                self._freed.clear()
                await self._freed.wait()
            else:
                turn, tokens = self._line.popleft()
                if not turn.done():  # a cancelled waiter takes nothing
                    self._book(tokens)
                    turn.set_result(True)
