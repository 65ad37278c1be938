"""What each account has used, and for how long it was told to wait."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from augment.simulator._wire import Answer
from augment.simulator.options import SimulatorOptions

IN_FLIGHT_S = 0.25  # a request that arrives so soon after the refusal was under way before it


@dataclass(frozen=True, slots=True)
class _Hold:
    since: float
    until: float


class Accounts:
    """The accounts of one simulator. An account is a vendor's name, or the key's on a wire that several share."""

    def __init__(self, options: SimulatorOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self._options = options
        self._clock = clock
        self._billed: Counter[str] = Counter()
        self._billed_by_wire: Counter[str] = Counter()
        self._days: dict[str, tuple[float, int]] = {}
        self._holds: dict[str, _Hold] = {}
        self.too_early = 0

    def retired(self, wire: str) -> bool:
        """Whether a wire is switched off, from the start or by now."""
        after = self._options.retire_after
        return wire in self._options.retired or 0 < after <= self._billed_by_wire[wire]

    def used_up(self, account: str) -> bool:
        """Whether an account has no quota left."""
        return 0 < self._options.quota_after <= self._billed[account]

    def day_over_s(self, account: str) -> float:
        """Seconds until the account may send again, 0 where this request still fits into its day; if so it is taken."""
        if not self._options.rpd:
            return 0.0
        now = self._clock()
        began, sent = self._days.get(account, (now, 0))
        if now >= began + self._options.reset_s:
            began, sent = now, 0
        if sent >= self._options.rpd:
            return began + self._options.reset_s - now
        self._days[account] = (began, sent + 1)
        return 0.0

    def early_s(self, account: str) -> float:
        """Seconds an account still has to wait after a refusal; 0 where none is asked of it. Counts who comes early."""
        hold = self._holds.get(account)
        now = self._clock()
        if hold is None or now >= hold.until:
            return 0.0
        if now > hold.since + IN_FLIGHT_S:
            self.too_early += 1
        return hold.until - now if self._options.retry_after_s else 0.0

    def wait(self, refused: Answer, account: str, *, by_default_s: float = 0.0, left_s: float = 0.0) -> Answer:
        """A refusal with its Retry-After, in whole seconds. by_default_s: of a vendor that always says one.

        left_s: what is left of an earlier refusal's; the wait is not made longer by it.
        """
        seconds = left_s or self._options.retry_after_s or by_default_s
        if not seconds:
            return replace(refused, account=account)
        headers = (*refused.headers, ("Retry-After", str(math.ceil(seconds))))
        return replace(refused, account=account, headers=headers, retry_after_s=0.0 if left_s else seconds)

    def billed(self, answer: Answer) -> None:
        """Books an answer that is about to leave: what it sold, and to whom."""
        if answer.bought:
            self._billed[answer.account or answer.wire] += 1
            self._billed_by_wire[answer.wire] += 1

    def leaves(self, answer: Answer) -> None:
        """From now on the account keeps to what this refusal says."""
        if answer.retry_after_s:
            now = self._clock()
            held = self._holds.get(answer.account)
            until = now + answer.retry_after_s
            self._holds[answer.account] = _Hold(now, max(until, held.until if held else until))
