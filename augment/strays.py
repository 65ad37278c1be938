"""Refusals that come at any pace: an overloaded vendor says "too many requests" now and then, whoever asks.

A slower pace does not prevent those, and a pace that is cut for each of them falls without end. A limit shows in the
pace: where several are accepted between two refusals, the pace is nearly right, and a little less ends them. Where they
go on at half of it, they are no limit's.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

SEVERAL = 5  # accepted between two bursts of refusals: no more than a fifth too fast
FALLEN = 0.5  # of the highest pace at which that was so
TIMES = 3  # that it went on down there
MORE, MANY = 4, 100  # times as many accepted as at that pace, and more than this: the lower pace did help
RECENT = 40  # answers and refusals
TOO_MANY = 0.35  # of those refused: it is a limit after all


@dataclass(slots=True)
class Strays:
    """Tells such refusals from those of a limit. sure: they are strays at present. best: the highest pace, requests a
    second, at which several were accepted between two bursts. accepted: since the last burst."""

    sure: bool = False
    best: float = 0.0
    accepted: int = 0
    _most: int = 0  # of those, at a high pace
    _times: int = 0
    _recent: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))

    def answered(self) -> None:
        """Something was accepted."""
        self.accepted += 1
        self._recent.append(True)

    def refused(self, pace: float, *, first: bool, provoked: bool) -> bool:
        """Something was refused at this pace (0: none is kept). first: of its burst; provoked: a raise of ours came
        before it. Gives whether no slower pace would have helped."""
        self._recent.append(False)
        if self.sure:
            if len(self._recent) == RECENT and self._recent.count(False) > TOO_MANY * RECENT:
                self.sure, self.best, self._most, self._times = False, 0.0, 0, 0
        elif first:
            accepted, self.accepted = self.accepted, 0
            if not accepted or accepted > max(MORE * self._most, MANY):
                self._times = 0  # it stays shut, or less was better
            elif accepted >= SEVERAL and pace and not provoked:
                self._compare(pace, accepted)
        return self.sure

    def _compare(self, pace: float, accepted: int) -> None:
        self.best = max(self.best, pace)
        if pace > FALLEN * self.best:
            self._most = max(self._most, accepted)
        else:
            self._times += 1
            self.sure = self._times >= TIMES
