"""How fast requests may leave: evenly where the limit is known, by what the vendor refuses where it is not.

Vendors count in windows whose edges we do not see, so 60 a minute is one a second, never sixty at once. Where no limit
is known, what was accepted just before a refusal tells it: a server that takes requests again within a second counts
seconds or refills a bucket; one that stays shut counts minutes. (docs/decisions/0010-adaptive-pace.md)
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

SLACK_SHARE = 0.003  # of a window, left unused: the vendor's clock is not ours
SLACK_S = 0.02  # at least this much of a window, against jitter on the way

RESTED_S = 1.0  # without a request
LAG_S = 0.002  # of a learned pace: a late wake-up is made good up to here
STEP_S = 0.05  # what left is counted in steps of this length
MINUTE_S = 60.0
SECOND_S = 1.006  # a learned second, with its slack
FULL_MINUTE_S = 60.3
LONGEST_PAUSE_S = 30.0
FIRST_PAUSE_S = 1.0  # a window of a second is empty again
PROBE_S = 8.0  # between two looks whether a clock's minute is over
BRIEF_PAUSE_S = 0.25  # at a pace nearly right only the last few were too many
LONG_HINT_S = 2.0  # whoever asks for more does not count seconds
TRUSTED_HINTS = 2  # hints in a row that turned out too short
ALONE_S = 0.2  # the first after a pause goes alone for this long, or until it would have been refused
CATCH_UP = 1.25  # of a minute's even pace, while the minute has room
MARGIN = 0.995  # of a pace that was just too fast
FIRST_HOLD_S, HINTED_HOLD_S, LONGEST_HOLD_S, MINUTE_HOLD_S = 15.0, 240.0, 300.0, 300.0
RAISE_EVERY_S = 5.0
FIRST_STEP, LARGEST_STEP = 0.005, 0.1
HUNT_EVERY_S, HUNT_STEP, LARGEST_HUNT = 1.0, 0.02, 0.25  # a first guess from less than a second
BOLD = 2.0  # times what was accepted in less than a second, at most
SOON_S, WINDOW_LOWERINGS = 10.0, 2  # too fast again; so often while a window is found
FEW = 5  # requests that a count should hold
COARSE = 1.03  # a raise larger than this leaves something to find
UNKNOWN_SPREAD_S = 0.04  # between the first requests, while nobody has answered


def schedule(due: float, now: float, lag_s: float) -> float:
    """When the next slot begins: a little late is made good, after a rest the schedule begins anew. What leaves first
    travels longest, with a connection to make, so it is given no lead."""
    return max(due, now - lag_s) if due >= now - RESTED_S else now


@dataclass(slots=True)
class Pace:
    """A schedule that allows ``amount`` units in any window of ``window_s`` seconds. amount 0: no limit. share: of the
    amount, used at present; interval_s: between two units; lag_s: how far the schedule may run behind the clock, for
    late wake-ups."""

    amount: float
    window_s: float
    due: float = -math.inf
    share: float = 1.0
    interval_s: float = field(init=False)
    lag_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.lag_s = self.slack_s / 2
        self.use(self.share)

    @property
    def slack_s(self) -> float:
        """What is left unused of a window."""
        return max(SLACK_SHARE * self.window_s, SLACK_S)

    def use(self, share: float) -> None:
        """Uses this share of the amount from now on."""
        self.share = share
        self.interval_s = (self.window_s + self.slack_s) / (self.amount * share) if self.amount else 0.0

    def take(self, now: float, units: float) -> None:
        """Books units."""
        if self.amount:
            self.due = schedule(self.due, now, self.lag_s) + units * self.interval_s


@dataclass(slots=True)
class Left:
    """What left in the last minute and was not refused, in steps of 50 ms. ever: the same since the beginning."""

    ever: int = 0
    inside: int = 0
    steps: deque[list[float]] = field(default_factory=deque)

    def add(self, at: float) -> None:
        """Counts one."""
        self.ever += 1
        self.inside += 1
        if self.steps and at - self.steps[-1][0] < STEP_S:
            self.steps[-1][1] += 1
        else:
            self.steps.append([at, 1])

    def take_back(self, at: float) -> None:
        """One that left at that time was refused."""
        for step in reversed(self.steps):
            if step[0] <= at and step[1]:
                step[1] -= 1
                self.inside -= 1
                self.ever -= 1
                return

    def forget_before(self, moment: float) -> None:
        """Drops what left earlier."""
        while self.steps and (self.steps[0][0] < moment or not self.steps[0][1]):
            self.inside -= int(self.steps.popleft()[1])

    @property
    def newest(self) -> float:
        """When the last one left."""
        return next((at for at, number in reversed(self.steps) if number), -math.inf)

    def oldest_since(self, moment: float) -> float:
        """When the first one after that moment left."""
        return next((at for at, number in self.steps if number and at >= moment), math.inf)

    def since(self, moment: float) -> int:
        """How many left at that moment or later."""
        found = 0
        for at, number in reversed(self.steps):
            if at < moment:
                break
            found += int(number)
        return found


@dataclass(slots=True)
class Learned:
    """The pace of a vendor whose limit nobody knows. Times are seconds of one clock.

    pace: requests a second, 0 until the first refusal. minute: what any minute may hold, 0 where no minute is counted.
    until: nothing leaves before. provoked: the last refusal followed a raise of ours.
    """

    pace: float = 0.0
    minute: float = 0.0
    until: float = -math.inf
    due: float = -math.inf
    provoked: bool = False
    refusal_s: float = 0.0
    left: Left = field(default_factory=Left)
    _began: float = -math.inf  # the present episode of refusals
    _since: float = -math.inf  # the first refusal since anything was accepted
    _strikes: int = 0
    _hint_s: float = 0.0
    _unsettled: bool = False
    _first: float = -math.inf  # when something left after the last pause
    _resumed: bool = False
    _alone: bool = False
    _early: bool = False
    _hunting: bool = False
    _lowerings: int = 0
    _lowered: float = -math.inf  # when it was too fast by itself
    _good: float = 0.0  # the pace before the last raise
    _raises: int = 0
    _hold_s: float = FIRST_HOLD_S
    _next_raise: float = math.inf
    _anchor: float = -math.inf  # a refusal, and what had left by then
    _ever_at_anchor: int = 0

    def wait_s(self, now: float) -> float:
        """Seconds until the next may leave."""
        if now < self.until:
            return self.until - now
        if self._unsettled:
            self._settle(now)
        wait_s = self.due - now
        if self.minute and not self._alone:
            self.left.forget_before(now - FULL_MINUTE_S)
            if self.left.inside >= self.minute:
                wait_s = max(wait_s, self.left.steps[0][0] + FULL_MINUTE_S - now)
        return max(0.0, wait_s)

    def book(self, now: float, spread_s: float, *, pressed: bool) -> None:
        """One leaves now. spread_s: the distance to the next while no pace is known. pressed: others wait."""
        if self.left.steps and now - self.left.steps[0][0] > 2 * MINUTE_S:
            self.left.forget_before(now - FULL_MINUTE_S)
        self.left.add(now)
        if self._resumed:
            self._first, self._resumed = now, False
        if self._alone:
            self._alone = False
            self.due = now + min(2.0, max(ALONE_S, 2.5 * self.refusal_s))
            return
        interval_s = 1 / self.pace if self.pace else spread_s
        binding = now - self.due < interval_s  # it was this that made the request wait
        self.due = max(self.due, now - LAG_S) + interval_s
        if pressed and binding and now >= self._next_raise:
            self._raise(now)

    def answered(self, left_at: float | None) -> None:
        """One was accepted."""
        if left_at is None or left_at >= self._began:
            self._strikes = 0

    def refused(self, now: float, left_at: float | None, hint_s: float | None) -> bool:
        """Notes a refusal and pauses; whether a new burst of them begins with it."""
        if left_at is not None:
            self.left.take_back(left_at)
            self.refusal_s = max(now - left_at, self.refusal_s / 2)
            if left_at < self._began:  # it left before we knew
                if hint_s:
                    self.until = max(self.until, now + hint_s)
                    self._hint_s = max(self._hint_s, hint_s)
                return False
        shut = self._strikes > 0 and (left_at is None or left_at <= self._first)  # the very first after the pause
        self._strikes = self._strikes + 1 if shut else 1
        if self._strikes == 1:
            self._since = now
        self._began, self._hint_s, self._unsettled = now, hint_s or 0.0, True
        pause_s = hint_s or 0.0
        if not hint_s or self._strikes > TRUSTED_HINTS:
            pause_s = max(pause_s, self._pause_s(now))
        self.until = max(self.until, now + pause_s)
        return True

    def _pause_s(self, now: float) -> float:
        """Seconds to wait where the vendor does not say."""
        if self._strikes == 1:
            return BRIEF_PAUSE_S if self.pace else FIRST_PAUSE_S
        if now - self._since < FIRST_PAUSE_S:
            return max(BRIEF_PAUSE_S, self._since + FIRST_PAUSE_S - now)
        pause_s: float = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self._strikes - 1, 8))
        if not self.left.inside:
            return pause_s
        opens_s = self.left.oldest_since(self.left.newest - MINUTE_S) + FULL_MINUTE_S - now
        if 0 < opens_s < 2 * pause_s:
            return opens_s  # a full minute gives way exactly then
        return min(pause_s, PROBE_S) if now < self._since + FULL_MINUTE_S else pause_s

    def _settle(self, now: float) -> None:
        """The pause is over and all refusals of the burst are in: what do they say?"""
        self._unsettled, self._resumed = False, True
        newest = self.left.newest
        self.provoked = False
        if self._began - self._since >= FIRST_PAUSE_S or self._hint_s > LONG_HINT_S:
            self._settle_minute(now, newest)
        elif self.pace:
            self._lower()
        else:
            number = max(1, self.left.since(newest - 1.0))
            span_s = newest - self.left.oldest_since(newest - 1.0)
            bold = min(BOLD, 1 / max(span_s, 0.1)) if span_s < 1 - STEP_S else 1.0
            self.pace = bold * number / SECOND_S
            self._alone, self._hunting = not self._hint_s, True
        self._good, self._raises = 0.0, 0
        self._next_raise = now + (2 * self._hunt_s if self._hunting else self._hold_s)
        if self._since - self._anchor >= RAISE_EVERY_S:
            self._anchor, self._ever_at_anchor = self._since, self.left.ever

    def _settle_minute(self, now: float, newest: float) -> None:
        number = max(1, self.left.since(newest - MINUTE_S))
        self._alone, self._hunting = True, False
        if now >= self.left.oldest_since(newest - MINUTE_S) + MINUTE_S - 1.0:
            self.minute, self.pace, self._hold_s = float(number), CATCH_UP * number / MINUTE_S, MINUTE_HOLD_S
        else:  # it may open before our minute is over: a clock's minute, or a slow bucket
            even = number / MINUTE_S
            self.minute = 0.0
            self.pace = min(even, self._measured()) * MARGIN if self._early else CATCH_UP * even
            self.pace = max(self.pace, 1 / max(1.0, now - self._since))
            self._hunting = not self._early
            self._early = now - self._since > FIRST_PAUSE_S * 2
            self._hold_s = min(LONGEST_HOLD_S, self._hold_s * 2) if self._early else self._hold_s

    def _lower(self) -> None:
        """A pace nearly right was a little too fast, or one that was guessed much too fast."""
        if self.minute:  # if it stays shut, the minute is counted anew
            self.minute = max(1.0, self.minute * 0.98)
            self.pace = max(self.minute / MINUTE_S, self.pace * 0.95)
        elif self._good:
            self.provoked, coarse = True, self.pace > COARSE * self._good
            self.pace = self._good * MARGIN
            self._hunting = self._hunting and coarse
            if not self._hunting:  # what a vendor makes wait for costs more to find
                self._hold_s = min(LONGEST_HOLD_S, max(self._hold_s * 2, HINTED_HOLD_S if self._hint_s else 0.0))
        else:
            # A pause empties a window and not a bucket: what was accepted just now counts in both.
            span_s = max(1.0, FEW / self.pace)
            just_now = self.left.since(self.left.newest - span_s) / (span_s * SECOND_S)
            pace, measured = min(self.pace, just_now), self._measured()
            self._lowerings = self._lowerings + 1 if self._since - self._lowered < SOON_S else 1
            if measured < pace and self._lowerings > WINDOW_LOWERINGS:  # a bucket, then: its burst counts for less
                pace = (pace + measured) / 2
            self.pace, self._hunting, self._lowered = max(pace, min(self.pace, measured)) * MARGIN, False, self._since

    @property
    def _hunt_s(self) -> float:
        return max(HUNT_EVERY_S, FEW / self.pace)

    def _measured(self) -> float:
        """What was accepted a second between two refusals: exact for a bucket, empty at both."""
        base_s = self._since - self._anchor
        if not 1.5 <= base_s < math.inf:
            return self.pace or math.inf
        return max(1, self.left.ever - self._ever_at_anchor) / base_s

    def _raise(self, now: float) -> None:
        """A little more, slowly where it was once too much, faster further away."""
        self._good = self.pace
        step = min(LARGEST_STEP, FIRST_STEP * 2 ** (self._raises // 2))
        if self._hunting:
            step = min(LARGEST_HUNT, HUNT_STEP * 2**self._raises)
        self._raises += 1
        self.pace *= 1 + step
        self.minute *= 1 + step
        self._next_raise = now + (MINUTE_S if self.minute else self._hunt_s if self._hunting else RAISE_EVERY_S)
