"""The limiter under a clock that only moves when nothing else can happen."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from itertools import count, pairwise
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.errors import BudgetReached, Fault, Interrupted
from augment.limits import Limiter
from augment.types import Limits

T = TypeVar("T")
SETTLING = 12  # turns of the loop after which every callback of one moment has run


class World:
    """A clock, and sleeps on it that may end late. lateness_s: of the nth sleep, cyclically."""

    def __init__(self, lateness_s: tuple[float, ...] = (0.0,)) -> None:
        self.now = 1_000.0
        self._lateness_s = lateness_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        number = next(self._numbers)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        late = self._lateness_s[number % len(self._lateness_s)]
        heapq.heappush(self._sleepers, (self.now + max(0.0, seconds) + late, number, future))
        await future

    async def settle(self) -> None:
        for _ in range(SETTLING):
            await asyncio.sleep(0)

    async def until(self, moment: float) -> None:
        """Lets everything happen that happens up to a moment."""
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= moment:
            at, _, future = heapq.heappop(self._sleepers)
            self.now = max(self.now, at)
            if not future.done():
                future.set_result(None)
            await self.settle()
        self.now = max(self.now, moment)

    async def pass_s(self, seconds: float) -> None:
        await self.until(self.now + seconds)


def living(limits: Limits, scene: Callable[[World, Limiter], Awaitable[T]], *lateness_s: float, most: int = 0) -> T:
    """What a scene with a fresh limiter gives."""

    async def play() -> T:
        world = World(lateness_s or (0.0,))
        return await scene(world, Limiter(limits, world.clock, world.sleep, most=most))

    return asyncio.run(play())


async def send(
    world: World, limiter: Limiter, sent: list[float], *, after_s: float = 0.0, takes_s: float = 0.0
) -> None:
    """One request: arrives, waits for its turn, is under way for a while."""
    if after_s:
        await world.sleep(after_s)
    await limiter.acquire()
    sent.append(world.now)
    try:
        if takes_s:
            await world.sleep(takes_s)
    finally:
        limiter.release()


def most_in_a_window(moments: list[float], window_s: float) -> int:
    """The most moments in any half-open window."""
    most = start = 0
    for end, moment in enumerate(moments):
        while moments[start] <= moment - window_s:
            start += 1
        most = max(most, end - start + 1)
    return most


arrivals = st.lists(st.floats(0, 20, allow_nan=False), min_size=1, max_size=60)
lateness = st.lists(st.floats(0, 0.5), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(rps=st.integers(1, 40), arriving=arrivals, late=lateness)
def test_no_window_of_a_second_holds_more_requests_than_rps(rps: int, arriving: list[float], late: list[float]) -> None:
    async def scene(world: World, limiter: Limiter) -> list[float]:
        sent: list[float] = []
        async with asyncio.TaskGroup() as group:
            for moment in arriving:
                group.create_task(send(world, limiter, sent, after_s=moment))
            await world.pass_s(1_000)
        return sent

    sent = living(Limits(rps=rps), scene, *late)
    assert len(sent) == len(arriving)
    assert most_in_a_window(sent, 1.0) <= rps


@settings(max_examples=40, deadline=None)
@given(rpm=st.integers(1, 90), arriving=arrivals, late=lateness)
def test_no_window_of_a_minute_holds_more_requests_than_rpm(rpm: int, arriving: list[float], late: list[float]) -> None:
    async def scene(world: World, limiter: Limiter) -> list[float]:
        sent: list[float] = []
        async with asyncio.TaskGroup() as group:
            for moment in arriving:
                group.create_task(send(world, limiter, sent, after_s=moment))
            await world.pass_s(10_000)
        return sent

    sent = living(Limits(rpm=rpm), scene, *late)
    assert len(sent) == len(arriving)
    assert most_in_a_window(sent, 60.0) <= rpm


@pytest.mark.parametrize(
    ("limits", "per_s", "late_s"),
    [
        pytest.param(Limits(rps=5), 5.0, (0.0,), id="5-a-second"),
        pytest.param(Limits(rps=5), 5.0, (0.0, 0.004, 0.001), id="5-a-second-late"),
        pytest.param(Limits(rps=50), 50.0, (0.0, 0.002), id="50-a-second-late"),
        pytest.param(Limits(rpm=300), 5.0, (0.0, 0.004, 0.001), id="300-a-minute-late"),
        pytest.param(Limits(rps=5, rpm=60), 1.0, (0.002,), id="60-a-minute-is-the-stricter"),
    ],
)
def test_under_steady_load_98_percent_of_the_limit_is_used(
    limits: Limits, per_s: float, late_s: tuple[float, ...]
) -> None:
    seconds = 600 / per_s

    async def scene(world: World, limiter: Limiter) -> list[float]:
        sent: list[float] = []
        tasks = [asyncio.create_task(send(world, limiter, sent, takes_s=0.2)) for _ in range(720)]
        await world.pass_s(seconds)
        for task in tasks:
            task.cancel()
        return sent

    sent = living(limits, scene, *late_s)
    assert 0.98 <= len(sent) / (per_s * seconds) <= 1.001 + 1 / (per_s * seconds)


def test_sixty_a_minute_is_one_a_second_and_never_sixty_at_once() -> None:
    async def scene(world: World, limiter: Limiter) -> list[float]:
        sent: list[float] = []
        async with asyncio.TaskGroup() as group:
            for _ in range(61):
                group.create_task(send(world, limiter, sent))
            await world.pass_s(100)
        return sent

    sent = living(Limits(rpm=60), scene)
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert len(sent) == 61
    assert all(0.95 <= gap <= 1.06 for gap in gaps[1:])
    assert gaps[0] >= 0.9


def test_who_comes_first_is_served_first() -> None:
    async def scene(world: World, limiter: Limiter) -> list[int]:
        served: list[int] = []

        async def wait(number: int) -> None:
            await limiter.acquire(tokens=1_000 if number % 3 == 0 else 1)
            served.append(number)
            limiter.release()

        async with asyncio.TaskGroup() as group:
            for number in range(30):
                group.create_task(wait(number))
                await asyncio.sleep(0)
            await world.pass_s(10_000)
        return served

    assert living(Limits(rps=10, tpm=60_000, in_flight=2), scene) == list(range(30))


@pytest.mark.parametrize("in_flight", [1, 2, 64], ids=lambda number: f"{number}-in-flight")
def test_a_line_of_waiters_does_not_pass_the_token_limit_at_once(in_flight: int) -> None:
    tokens = 10_000

    async def scene(world: World, limiter: Limiter) -> list[float]:
        sent: list[float] = []

        async def wait() -> None:
            await limiter.acquire(tokens)
            sent.append(world.now)
            limiter.release()

        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(wait())
            await world.pass_s(1_000)
        return sent

    sent = living(Limits(tpm=60_000, in_flight=in_flight), scene)
    assert len(sent) == 20
    assert most_in_a_window(sent, 60.0) * tokens <= 60_000 + tokens  # the last one of a window may reach beyond it


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(1, 9_000), min_size=2, max_size=40))
def test_no_minute_holds_more_tokens_than_tpm_and_one_ask(sizes: list[int]) -> None:
    async def scene(world: World, limiter: Limiter) -> list[tuple[float, int]]:
        sent: list[tuple[float, int]] = []

        async def wait(tokens: int) -> None:
            await limiter.acquire(tokens)
            sent.append((world.now, tokens))
            limiter.release()

        async with asyncio.TaskGroup() as group:
            for tokens in sizes:
                group.create_task(wait(tokens))
            await world.pass_s(100_000)
        return sent

    sent = living(Limits(tpm=10_000), scene)
    assert len(sent) == len(sizes)
    for at, _ in sent:
        inside = [tokens for moment, tokens in sent if at <= moment < at + 60.0]
        assert sum(inside) <= 10_000 + inside[-1]


def test_tokens_used_beyond_what_was_told_are_waited_for() -> None:
    async def scene(world: World, limiter: Limiter) -> float:
        await limiter.acquire(tokens=100)
        limiter.release()
        limiter.spent(5_900)
        start, sent = world.now, list[float]()
        task = asyncio.create_task(send(world, limiter, sent))
        await world.pass_s(300)
        await task
        return sent[0] - start

    assert 59 <= living(Limits(tpm=6_000), scene) <= 61


def test_an_ask_larger_than_the_minute_still_gets_its_turn() -> None:
    async def scene(world: World, limiter: Limiter) -> int:
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(limiter.acquire(tokens=50_000))
            await world.pass_s(1_000)
        return limiter.in_flight

    assert living(Limits(tpm=10_000), scene) == 2


@pytest.mark.parametrize(
    ("limits", "most", "bound"),
    [
        pytest.param(Limits(in_flight=3), 0, 3, id="the-vendors"),
        pytest.param(Limits(in_flight=8), 2, 2, id="the-users"),
        pytest.param(Limits(rpm=600_000), 0, 64, id="ours"),
    ],
)
def test_no_more_than_allowed_are_in_flight(limits: Limits, most: int, bound: int) -> None:
    async def scene(world: World, limiter: Limiter) -> int:
        highest = 0

        async def work() -> None:
            nonlocal highest
            await limiter.acquire()
            highest = max(highest, limiter.in_flight)
            await world.sleep(1.0)
            limiter.release()

        async with asyncio.TaskGroup() as group:
            for _ in range(200):
                group.create_task(work())
            await world.pass_s(1_000)
        assert limiter.in_flight == 0
        return highest

    assert living(limits, scene, most=most) == bound


def test_a_cancelled_waiter_takes_no_turn_and_leaks_no_slot() -> None:
    async def scene(world: World, limiter: Limiter) -> tuple[list[float], int]:
        start, sent = world.now, list[float]()
        await limiter.acquire()
        gone = [asyncio.create_task(limiter.acquire()) for _ in range(20)]
        stays = asyncio.create_task(send(world, limiter, sent))
        await world.settle()
        for task in gone:
            task.cancel()
        limiter.release()
        await world.pass_s(100)
        await stays
        return [moment - start for moment in sent], limiter.in_flight

    sent, in_flight = living(Limits(rps=1, in_flight=1), scene)
    assert sent == [pytest.approx(1.0, abs=0.05)]
    assert in_flight == 0


def test_a_waiter_cancelled_in_the_moment_of_its_turn_gives_the_slot_back() -> None:
    async def scene(world: World, limiter: Limiter) -> tuple[bool, int]:
        await limiter.acquire()
        waiter = asyncio.create_task(limiter.acquire())
        await world.settle()
        limiter.release()
        await asyncio.sleep(0)  # the gate wakes and grants the turn; the waiter has not run yet
        while limiter.in_flight == 0:
            await asyncio.sleep(0)
        waiter.cancel()
        await world.settle()
        following = asyncio.create_task(limiter.acquire())
        await world.pass_s(10)
        return following.done(), limiter.in_flight

    assert living(Limits(tpm=1_000_000, in_flight=1), scene) == (True, 1)


def test_a_rate_limit_of_seven_seconds_holds_everybody_for_seven_seconds() -> None:
    async def scene(world: World, limiter: Limiter) -> list[float]:
        start, sent = world.now, list[float]()
        waiting = [asyncio.create_task(send(world, limiter, sent)) for _ in range(5)]
        await world.pass_s(0.01)  # one has left, the others wait their turn
        assert limiter.rate_limited(7) == 7
        late = [asyncio.create_task(send(world, limiter, sent)) for _ in range(5)]
        await world.pass_s(60)
        for task in (*waiting, *late):
            await task
        return [moment - start for moment in sent]

    sent = living(Limits(rps=20), scene)
    assert len(sent) == 10
    assert sent[0] == 0.0
    assert sent[1] == pytest.approx(7.01, abs=0.05)
    assert sent[1] - 0.01 > 6.999


def test_a_second_shorter_hint_does_not_end_a_longer_pause() -> None:
    async def scene(world: World, limiter: Limiter) -> float:
        limiter.rate_limited(30)
        limiter.rate_limited(1)
        start, sent = world.now, list[float]()
        task = asyncio.create_task(send(world, limiter, sent))
        await world.pass_s(100)
        await task
        return sent[0] - start

    assert living(Limits(), scene) == pytest.approx(30)


@pytest.mark.parametrize("hint", [None, 0.0], ids=["no-hint", "a-hint-of-0"])
def test_without_a_usable_hint_the_pause_grows_and_stays_bounded(hint: float | None) -> None:
    async def scene(world: World, limiter: Limiter) -> list[float]:
        pauses = []
        for _ in range(12):
            pauses.append(limiter.rate_limited(hint))
            await world.pass_s(pauses[-1])
        return pauses

    pauses = living(Limits(), scene)
    assert pauses[0] > 0
    assert pauses == sorted(pauses)
    assert pauses[-1] == max(pauses) == 30.0


def test_pauses_are_short_again_after_a_success() -> None:
    async def scene(world: World, limiter: Limiter) -> tuple[float, float]:
        for _ in range(8):
            long = limiter.rate_limited(None)
            await world.pass_s(long)
        limiter.succeeded()
        return long, limiter.rate_limited(None)

    long, short = living(Limits(), scene)
    assert short <= 1 < long


def test_a_burst_of_rate_limits_halves_what_is_allowed_once_and_it_recovers() -> None:
    async def scene(world: World, limiter: Limiter) -> tuple[float, float, float]:
        limiter.in_flight = 32
        for _ in range(10):
            limiter.rate_limited(0.1)
        once = limiter.allowed
        await world.pass_s(5)
        limiter.in_flight = 16
        limiter.rate_limited(0.1)
        twice = limiter.allowed
        for _ in range(1_000):
            limiter.succeeded()
        return once, twice, limiter.allowed

    assert living(Limits(rps=100, in_flight=32), scene) == (16.0, 8.0, 32.0)


def test_what_is_allowed_never_falls_below_one() -> None:
    async def scene(world: World, limiter: Limiter) -> float:
        for _ in range(20):
            limiter.rate_limited(0.1)
            await world.pass_s(5)
        await limiter.acquire()
        return limiter.allowed

    assert living(Limits(rps=100, in_flight=8), scene) == 1.0


def test_a_probe_goes_alone_until_it_succeeds() -> None:
    async def scene(world: World, limiter: Limiter) -> tuple[int, int]:
        limiter.probe()
        tasks = [asyncio.create_task(limiter.acquire()) for _ in range(10)]
        await world.pass_s(100)
        alone = sum(task.done() for task in tasks)
        for _ in range(4):
            limiter.succeeded()
        await world.pass_s(100)
        after = sum(task.done() for task in tasks)
        limiter.stop(Interrupted("over"))
        await asyncio.wait(tasks)
        for task in tasks:
            task.exception()
        return alone, after

    assert living(Limits(rps=100, in_flight=16), scene) == (1, 5)


@pytest.mark.parametrize(
    "why",
    [BudgetReached("--max-calls 5 reached"), Interrupted("interrupted"), Fault("auth", "wrong key", code="401")],
    ids=lambda why: type(why).__name__,
)
def test_a_stop_turns_away_those_who_wait_and_those_who_come(why: BudgetReached | Interrupted | Fault) -> None:
    async def scene(world: World, limiter: Limiter) -> list[BaseException | None]:
        await limiter.acquire()
        tasks = [asyncio.create_task(limiter.acquire()) for _ in range(3)]
        await world.settle()
        limiter.stop(why)
        await world.settle()
        assert all(task.done() for task in tasks)
        tasks.append(asyncio.create_task(limiter.acquire()))
        await world.settle()
        return [task.exception() for task in tasks]

    errors = living(Limits(in_flight=1), scene)
    assert [(type(error), str(error)) for error in errors] == [(type(why), str(why))] * 4
    assert len({id(error) for error in errors}) == 4, "each caller has an error of its own"


def test_a_stop_ends_a_wait_for_a_pause_at_once() -> None:
    async def scene(world: World, limiter: Limiter) -> bool:
        limiter.rate_limited(3_600)
        task = asyncio.create_task(limiter.acquire())
        await world.pass_s(1)
        limiter.stop(Interrupted("interrupted"))
        await world.settle()
        return isinstance(task.exception(), Interrupted)

    assert living(Limits(), scene)
