"""Rows in, outcomes out: every row of a run through a stage's coroutine, in a bounded window, in order.

Every row ends in exactly one state with its reason. The ledger answers before anybody pays; equal asks in flight share
one call; an interrupt lets what is in flight arrive and keeps it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from augment.askers import Answer, RowAsker
from augment.asks import Use, ask_key
from augment.batches import Flight, Item, Paid, check_length
from augment.errors import (
    REFUSING,
    STOPPING,
    AugmentError,
    Fault,
    FixableError,
    Interrupted,
    ProviderStopped,
    Stop,
)
from augment.lanes import Lane, Purse, Tally, now_s
from augment.ledger import Ledger
from augment.limits import Account, Limiter, is_loopback, most_in_flight
from augment.signals import Signals
from augment.types import (
    Ask,
    Connector,
    Limits,
    NamesModel,
    Outcome,
    Provider,
    Reject,
    Route,
    Row,
    Skip,
    State,
)

GRACE_S = 30.0
LEAST_WINDOW = 256
BROKEN_OFF, LATER_ROUTE = "broken_off", "later_route"  # why an ask is noted as missed that met no fault itself
KEYS_OWN = frozenset({"auth", "quota_exhausted"})  # another route is for what is gone, not for what is not allowed


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row."""

    row: Row
    state: State
    reason: str = ""
    detail: str = ""
    outcome: Outcome | None = None


Work = Callable[[Row, RowAsker], Awaitable[Outcome]]


class _Refused(Exception):
    """The ledger has the ask as refused for good."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(slots=True)
class Runner:
    """One run of one stage. connect: makes the connector of a route. account: the vendor key that other
    processes share, None where there is none. most_rows: how many rows may be worked on at once,
    where fewer are wanted than fit the window. others: providers that the stage's own options name."""

    ledger: Ledger
    run_id: str
    stage: str
    providers: Sequence[Provider]
    connect: Callable[[Route], Connector]
    others: Sequence[Provider] = ()
    account: Callable[[Route], Account | None] = lambda _: None
    purse: Purse = field(default_factory=Purse)
    fresh: str = ""
    concurrency: int | None = None
    most_rows: int | None = None
    tally: Tally = field(default_factory=Tally)
    dice: random.Random = field(default_factory=random.Random)
    stop: Stop | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _abandoned: bool = False
    _lanes: dict[tuple[str, int], Lane] = field(default_factory=dict)
    _flying: dict[bytes, Flight] = field(default_factory=dict)
    _waiting: deque[tuple[Row, asyncio.Task[Result] | Result]] = field(default_factory=deque)

    async def run(self, rows: Iterable[Row], work: Work) -> AsyncGenerator[Result, None]:
        """The results in the order of the rows. Rows not reached after a stop are failed with its reason."""
        first = self.providers[0].routes[0].limits if self.providers else Limits()
        window = max(LEAST_WINDOW, 4 * most_in_flight(first, self.concurrency or 0))
        if self.most_rows is not None:
            window = min(window, max(4, self.most_rows))
        waiting = self._waiting
        source = iter(rows)
        exhausted = False
        try:
            with Signals(self.interrupt):
                self.providers = [await self._named(provider) for provider in self.providers]
                self.others = [await self._named(provider) for provider in self.others]
                while True:
                    while not exhausted and len(waiting) < window:
                        row = next(source, None)
                        if row is None:
                            exhausted = True
                        elif self.stop is not None:
                            waiting.append((row, Result(row, "failed", self.stop.reason)))
                        else:
                            waiting.append((row, asyncio.create_task(self._one(row, work))))
                    if not waiting:
                        return
                    row, result = waiting[0]
                    yield result if isinstance(result, Result) else await self._arrived(row, result)
                    waiting.popleft()
        except asyncio.CancelledError:
            self._abandoned = True
            raise
        finally:
            await self._wind_up()

    async def _wind_up(self) -> None:
        """Ends what still goes on. Asks already sent may arrive for a while: they are paid for, so they are kept."""
        tasks = [result for _, result in self._waiting if isinstance(result, asyncio.Task)]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.exception()  # seen: the first error is told, the others say the same
        self._stopping.set()
        for lane in self._lanes.values():
            lane.limiter.stop(self.stop or Interrupted("the run is over"))
        try:
            under_way = [worker for lane in self._lanes.values() for worker in lane.workers]
            if under_way and not self._abandoned:
                await asyncio.wait(under_way, timeout=GRACE_S)
        finally:
            for lane in self._lanes.values():
                await lane.close()

    def interrupt(self) -> None:
        """No further ask leaves; what is in flight may arrive for a while. A second time: leave at once."""
        again = isinstance(self.stop, Interrupted)
        self.stop = Interrupted("interrupted", hint="type the command again: it goes on where it stopped")
        self._halt(self.stop)
        if again:
            self._abandon()
        else:
            asyncio.get_running_loop().call_later(GRACE_S, self._abandon)

    def _abandon(self) -> None:
        self._abandoned = True
        for _, result in self._waiting:
            if isinstance(result, asyncio.Task):
                result.cancel()

    def _lane(self, provider: Provider, index: int) -> Lane:
        """One of the provider's routes at work, opened when it is first needed. Raises KeyMissing."""
        lane = self._lanes.get((provider.name, index))
        if lane is None:
            route = provider.routes[index]
            limiter = Limiter(
                route.limits,
                now_s,
                most=self.concurrency or 0,
                local=is_loopback(route.endpoint),
                account=self.account(route),
            )
            if provider.probe_first:
                limiter.probe()
            lane = Lane(
                provider=provider.label,
                route=route,
                connector=self.connect(route),
                limiter=limiter,
                ledger=self.ledger,
                run_id=self.run_id,
                tally=self.tally,
                purse=self.purse,
                stopping=self._stopping,
                on_stop=self._halt,
                dice=self.dice,
            )
            if self.stop is not None:
                limiter.stop(self.stop)
            self._lanes[provider.name, index] = lane
        return lane

    async def _named(self, provider: Provider) -> Provider:
        """The provider with the models its servers name where the catalog does not, so that rows say who answered."""
        routes = list(provider.routes)
        for index, route in enumerate(routes):
            if route.model:
                continue
            with contextlib.suppress(Fault, FixableError):  # the first ask meets the same trouble and tells it
                lane = self._lane(provider, index)
                if isinstance(lane.connector, NamesModel):
                    routes[index] = lane.route = replace(route, model=await lane.connector.model_name())
        return replace(provider, routes=tuple(routes))

    def _halt(self, why: Stop) -> None:
        if self.stop is None:
            self.stop = why
        self.tally.stopping = self.stop.reason
        self._stopping.set()
        for lane in self._lanes.values():
            lane.limiter.stop(why)

    async def _arrived(self, row: Row, task: asyncio.Task[Result]) -> Result:
        """The row's result; what was abandoned after an interrupt counts under it."""
        try:
            return await task
        except asyncio.CancelledError:
            if self.stop is None or not task.cancelled():
                raise
            return Result(row, "failed", self.stop.reason)

    async def _one(self, row: Row, work: Work) -> Result:
        try:
            return await self._worked(row, work)
        finally:
            self.tally.rows += 1

    async def _worked(self, row: Row, work: Work) -> Result:
        try:
            outcome = await work(row, RowAsker(self, row))
        except Fault as fault:
            state: State = "rejected" if fault.kind in REFUSING else "failed"
            return Result(row, state, fault.kind, str(fault))
        except Stop as stop:
            return Result(row, "failed", stop.reason, stop.message)
        if isinstance(outcome, Skip):
            return Result(row, "skipped", outcome.reason, outcome=outcome)
        if isinstance(outcome, Reject):
            return Result(row, "rejected", outcome.reason, outcome.detail, outcome)
        return Result(row, "done", outcome=outcome)

    async def ask(self, provider: Provider, ask: Ask, attempt: int, row_id: str) -> Answer:
        """The answer to one ask: from the ledger, from an equal ask in flight, or paid for."""
        keys = [ask_key(route, ask, attempt=attempt, fresh=self.fresh) for route in provider.routes]
        try:
            index, answer = await self._answer(provider, ask, attempt, row_id, keys)
        except _Refused as refused:
            raise refused.fault.again() from None  # the ledger says so itself
        except Fault as fault:
            self.ledger.missed(self.run_id, row_id, keys[0], fault)
            raise
        except asyncio.CancelledError:  # others of the row were asked with it, and one of them had no answer
            with contextlib.suppress(AugmentError):
                self.ledger.missed(self.run_id, row_id, keys[0], Fault("transient", "broken off", code=BROKEN_OFF))
            raise
        passed_by = Fault("retired", "answered by a later route", code=LATER_ROUTE)
        for key in keys[:index]:
            self.ledger.missed(self.run_id, row_id, key, passed_by)
        return answer

    async def _answer(
        self, provider: Provider, ask: Ask, attempt: int, row_id: str, keys: list[bytes]
    ) -> tuple[int, Answer]:
        """The answer, and which of the provider's routes it came by. Raises _Refused, Fault, Stop."""
        unknown = False
        for index, key in enumerate(keys):
            entry = self.ledger.find(key)
            if entry is not None and (entry.reply is not None or entry.refusal is not None):
                self.tally.from_ledger += 1
                self.ledger.use(row_id, key, self.stage)
                if entry.reply is None:
                    raise _Refused(entry.refusal or Fault("bad_request", "refused earlier"))
                return index, Answer(entry.reply, entry.cost_cny, provider.routes[index].model)
            unknown = unknown or (entry is not None and entry.unknown)
        trouble: Fault | None = None
        for index, key in enumerate(keys):
            try:
                lane = self._lane(provider, index)
            except FixableError as error:  # no key, or no SDK for this Python
                trouble = Fault("auth", error.message, hint=error.hint, delivery="not_sent")
                continue
            if (dead := lane.dead) is not None:
                trouble = dead
                if dead.kind in KEYS_OWN:
                    break
                continue
            check_length(lane.route, ask)
            try:
                paid = await self._shared(lane, key, ask, attempt, (row_id, key, self.stage), unknown=unknown)
                return index, Answer(*paid, lane.route.model)
            except Fault as fault:
                if lane.dead is None or lane.dead.kind in KEYS_OWN or fault.kind in REFUSING:
                    raise
                trouble = fault
        if trouble is None:
            raise ProviderStopped(f"{provider.name!r} has no route", kind="retired")
        raise trouble.again()

    async def _shared(self, lane: Lane, key: bytes, ask: Ask, attempt: int, use: Use, *, unknown: bool) -> Paid:
        flight = self._flying.get(key)
        if flight is None:
            if self.stop is not None:
                raise self.stop.again()
            flight = self._flying[key] = Flight(partial(self._flying.pop, key, None))
            lane.submit(Item(key, ask, attempt, flight, use, known_unknown=unknown))
        else:
            self.ledger.use(*use)
        return await flight.answer()

    @property
    def stopped_by(self) -> tuple[Provider, Route, Fault] | None:
        """The first provider that ended in this run with all its routes, the route and the fault that ended it."""
        for provider in (*self.providers, *self.others):
            lanes = [lane for (name, _), lane in self._lanes.items() if name == provider.name]
            ends = [(lane.route, lane.dead) for lane in lanes if lane.dead is not None]
            enough = KEYS_OWN if len(ends) < len(lanes) else STOPPING  # no other route is tried for a key's own sake
            for route, fault in ends:
                if fault.kind in enough:
                    return provider, route, fault
        return None
