"""What the simulator served and billed, so that a test can prove that nothing was bought twice."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from augment.simulator._wire import Answer


class _Pace:
    """The most requests that came within any span of so many seconds."""

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._times: deque[float] = deque()
        self.most = 0

    def came(self, at: float) -> None:
        self._times.append(at)
        while self._times[0] <= at - self._span_s:
            self._times.popleft()
        self.most = max(self.most, len(self._times))


class _Traffic:
    """What one wire took and gave."""

    def __init__(self) -> None:
        self.requests = self.bought = self.served = self.lost = 0
        self.second, self.minute = _Pace(1.0), _Pace(60.0)

    def snapshot(self) -> dict[str, int]:
        return {
            "requests": self.requests,
            "bought": self.bought,
            "served": self.served,
            "lost": self.lost,
            "most_in_1_s": self.second.most,
            "most_in_60_s": self.minute.most,
        }


class Counts:
    """Counters of one simulator. An item is one text (source, target, text) or one chat (model, messages, parameters).

    An item is bought when the vendor bills it, and served when a good, complete answer left for the client. A text
    bought again after it was served was bought twice. A chat may be asked again on purpose, so repeats are told apart.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()  # a thread of the test reads while the server's thread writes
        self._clock = clock
        self._requests = 0
        self._wires: dict[str, _Traffic] = {}
        self._by_status: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._bought = self._bought_twice = self._chat_repeats = self._lost = 0
        self._texts_served: Counter[str] = Counter()
        self._chats_served: Counter[str] = Counter()

    def arrived(self, wire: str) -> None:
        """One request came in."""
        with self._lock:
            self._requests += 1
            known = self._wire(wire)
            known.requests += 1
            now = self._clock()
            known.second.came(now)
            known.minute.came(now)

    def billed(self, answer: Answer) -> None:
        """Books what the answer sells; called once, before the answer leaves."""
        with self._lock:
            served = self._served(answer)
            again = sum(1 for key in answer.bought if served[key])
            self._bought += len(answer.bought)
            self._wire(answer.wire).bought += len(answer.bought)
            if answer.chat:
                self._chat_repeats += again
            else:
                self._bought_twice += again
            if answer.fault:
                self._faults[answer.fault] += 1

    def leaves(self, answer: Answer, *, whole: bool) -> None:
        """Books an answer just before its last byte leaves, so that whoever has read it finds it in the books."""
        with self._lock:
            self._by_status[str(answer.status) if whole or answer.breaks == "half" else "dropped"] += 1
            if answer.good and whole:
                self._served(answer).update(answer.bought)
                self._wire(answer.wire).served += len(answer.bought)
            else:
                self._lost += len(answer.bought)
                self._wire(answer.wire).lost += len(answer.bought)

    def did_not_leave(self, answer: Answer) -> None:
        """Takes back what ``leaves`` booked as whole: the connection broke under it."""
        with self._lock:
            self._by_status[str(answer.status)] -= 1
            self._by_status["dropped"] += 1
            if answer.good:
                self._served(answer).subtract(answer.bought)
                self._lost += len(answer.bought)
                self._wire(answer.wire).served -= len(answer.bought)
                self._wire(answer.wire).lost += len(answer.bought)

    def times_served(self, key: str) -> int:
        """How often this chat got a good answer."""
        with self._lock:
            return self._chats_served[key]

    def _wire(self, name: str) -> _Traffic:
        return self._wires.setdefault(name, _Traffic())

    def _served(self, answer: Answer) -> Counter[str]:
        return self._chats_served if answer.chat else self._texts_served

    def snapshot(self) -> dict[str, Any]:
        """All counts as JSON values."""
        with self._lock:
            return {
                "requests": self._requests,
                "by_wire": {name: wire.requests for name, wire in sorted(self._wires.items()) if wire.requests},
                "by_status": dict(sorted((+self._by_status).items())),
                "faults": dict(sorted(self._faults.items())),
                "bought": self._bought,
                "items_served": self._texts_served.total() + self._chats_served.total(),
                "distinct_items": sum(
                    1 for served in (self._texts_served, self._chats_served) for n in served.values() if n
                ),
                "bought_twice": self._bought_twice,
                "lost_after_billing": self._lost,
                "chat_repeats": self._chat_repeats,
                "chat_most_served": max(self._chats_served.values(), default=0),
                "wires": {name: wire.snapshot() for name, wire in sorted(self._wires.items())},
            }
