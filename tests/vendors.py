"""Servers with limits of their own, under a clock that jumps, and a program that asks them through a limiter."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from augment.limits import Limiter
from augment.types import Limits


class Gate(Protocol):
    """What a vendor lets through."""

    def admits(self, now: float) -> float:
        """0 where the request is let through, else the seconds until one would be."""
        ...


@dataclass
class Sliding:
    """At most ``number`` in any window."""

    number: int
    window_s: float
    seen: deque[float] = field(default_factory=deque)

    def admits(self, now: float) -> float:
        while self.seen and self.seen[0] <= now - self.window_s:
            self.seen.popleft()
        if len(self.seen) >= self.number:
            return self.seen[0] + self.window_s - now
        self.seen.append(now)
        return 0.0


@dataclass
class Fixed:
    """At most ``number`` in each window of the vendor's clock. edge_s: where those begin."""

    number: int
    window_s: float
    edge_s: float = 0.0
    window: int = -1
    used: int = 0

    def admits(self, now: float) -> float:
        window = int((now - self.edge_s) // self.window_s)
        if window != self.window:
            self.window, self.used = window, 0
        if self.used >= self.number:
            return (window + 1) * self.window_s + self.edge_s - now
        self.used += 1
        return 0.0


@dataclass
class Bucket:
    """``per_s`` tokens a second, at most ``size`` kept."""

    per_s: float
    size: float
    tokens: float = -1.0
    at: float = 0.0

    def admits(self, now: float) -> float:
        self.tokens = self.size if self.tokens < 0 else min(self.size, self.tokens + (now - self.at) * self.per_s)
        self.at = now
        if self.tokens < 1:
            return (1 - self.tokens) / self.per_s
        self.tokens -= 1
        return 0.0


@dataclass
class Whimsical:
    """Lets everything through but a share of what comes, drawn at random, whatever the pace."""

    share: float
    gate: Gate | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def admits(self, now: float) -> float:
        if self._dice.random() < self.share:
            return 0.01
        return self.gate.admits(now) if self.gate is not None else 0.0


@dataclass
class Asked:
    """What became of a program's asking. moments: when each good answer was let through."""

    moments: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    limiter: Limiter | None = None


async def ask_all(
    gate: Gate,
    seconds: float,
    *,
    latency_s: float,
    hints: bool,
    limits: Limits | None = None,
    refusal_s: float = 0.1,
    local: bool = False,
    jitter: float = 0.2,
    seed: int = 1,
    rows: int = 400,
) -> Asked:
    """Asks without end for a while: ``rows`` workers, each row again and again until it is answered."""
    loop = asyncio.get_running_loop()
    limiter = Limiter(limits or Limits(), loop.time, local=local)
    asked = Asked(limiter=limiter)
    dice = random.Random(seed)
    ends = loop.time() + seconds

    async def work() -> None:
        while True:
            left_at = await limiter.acquire()
            now = loop.time()
            opens_s = gate.admits(now)
            if opens_s:
                if now < ends:
                    asked.refused.append(now)
                await asyncio.sleep(min(refusal_s, latency_s))
                limiter.release()
                limiter.rate_limited(max(1.0, float(int(opens_s + 1))) if hints else None, left_at)
                continue
            if now < ends:
                asked.moments.append(now)
            await asyncio.sleep(latency_s * (1 + jitter * (2 * dice.random() - 1)))
            limiter.release()
            limiter.succeeded(left_at)

    workers = [asyncio.create_task(work()) for _ in range(rows)]
    await asyncio.sleep(seconds)
    for worker in workers:
        worker.cancel()
    await asyncio.wait(workers)
    return asked


@dataclass
class Slots:
    """A server that works on ``slots`` requests at once and lets the others wait. spread: of the time each takes."""

    slots: int
    work_s: float
    spread: float = 0.0
    seed: int = 1
    served: int = 0

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.slots)
        self._dice = random.Random(self.seed)

    async def serve(self) -> None:
        async with self._free:
            await asyncio.sleep(self.work_s * (1 + self.spread * (2 * self._dice.random() - 1)))
            self.served += 1
