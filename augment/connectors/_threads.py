"""Calls of synchronous SDKs from async code: bounded, with our own deadline, never in the way of the process's end.

The standard library's pool joins its threads at exit, so one hung SDK call would keep the program alive. These threads
are daemons; a call that outlives its deadline loses its place, and what it brings later is dropped.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Literal, TypeVar, TypeVarTuple

from augment.errors import Fault

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

STUCK_PER_PLACE = 4


class Job:
    """One call on its way: waiting, running, done, or given up by whoever waited for it."""

    __slots__ = ("_call", "_future", "_loop", "started_at", "state")

    def __init__(self, call: Callable[[], Any], future: asyncio.Future[Any], loop: asyncio.AbstractEventLoop) -> None:
        self._call = call
        self._future = future
        self._loop = loop
        self.state: Literal["waiting", "running", "done", "given up"] = "waiting"
        self.started_at: float | None = None

    def work(self) -> Callable[[], None]:
        """Makes the call here and now; the result is what tells the waiting task, to be run in its loop."""
        future = self._future
        try:
            result = self._call()
        except Exception as error:
            trouble = error  # the connector classifies it where it awaits the call
            return lambda: None if future.done() else future.set_exception(trouble)
        return lambda: None if future.done() else future.set_result(result)

    def tell(self, news: Callable[[], None]) -> None:
        """Hands the news to the loop; a loop that is closed by now needs none."""
        try:
            self._loop.call_soon_threadsafe(news)
        except RuntimeError:
            return


class Pool:
    """At most ``size`` calls at once; threads start when needed and wait for more work until ``close``."""

    def __init__(self, size: int, name: str) -> None:
        self._size = max(1, size)
        self._name = name
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._live = self._idle = self._queued = self._stuck = 0
        self._closed = False

    def submit(self, job: Job) -> None:
        """Queues a job. Raises Fault when the pool is closed or too many earlier calls hang."""
        with self._lock:
            if self._closed:
                raise Fault("transient", "the connector is closed", code="closed", delivery="not_sent")
            if self._stuck >= STUCK_PER_PLACE * self._size:
                message = f"{self._stuck} earlier calls passed their deadline and still hang"
                raise Fault("transient", message, code="stuck", delivery="not_sent")
            self._queued += 1
            self._jobs.put(job)
            self._grow()

    def give_up(self, job: Job) -> bool:
        """Whether the job was still open; its place goes to another call at once."""
        with self._lock:
            if job.state == "done":
                return False
            if job.state == "running":
                self._live -= 1
                self._stuck += 1
                self._grow()
            job.state = "given up"
            return True

    def close(self) -> None:
        """Lets every thread end after the call it is in; nothing is waited for."""
        with self._lock:
            self._closed = True
            for _ in range(self._live):
                self._jobs.put(None)

    def _grow(self) -> None:
        if self._queued > self._idle and self._live < self._size and not self._closed:
            self._live += 1
            self._idle += 1
            threading.Thread(target=self._serve, name=f"augment-{self._name}", daemon=True).start()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            with self._lock:
                self._idle -= 1
                self._queued -= 1
                wanted = job.state == "waiting"
                if wanted:
                    job.state = "running"
                    job.started_at = time.monotonic()
            news = job.work() if wanted else None
            with self._lock:
                if wanted and job.state == "given up":
                    self._stuck -= 1
                    return
                job.state = "done"
                self._idle += 1
            if news is not None:
                job.tell(news)
            del job, news


async def call(pool: Pool, function: Callable[[*Ts], T], *args: *Ts, timeout_s: float) -> T:
    """What ``function(*args)`` returns or raises, run in a thread of the pool.

    timeout_s counts from the moment the call starts, not while it waits for a place. Raises Fault (transient,
    ``deadline``, lost) when it passes; cancelling passes through and gives the call up.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    job = Job(lambda: function(*args), future, loop)
    pool.submit(job)
    left_s = timeout_s
    try:
        while not (await asyncio.wait((future,), timeout=left_s))[0]:
            started_at = job.started_at
            left_s = timeout_s if started_at is None else started_at + timeout_s - time.monotonic()
            if left_s <= 0:
                if pool.give_up(job):
                    raise Fault("transient", f"no answer within {timeout_s:g} s", code="deadline", delivery="lost")
                left_s = 1.0
        return future.result()
    finally:
        if not future.done():
            future.cancel()
            pool.give_up(job)
