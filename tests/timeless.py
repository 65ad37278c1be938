"""An event loop whose clock jumps to the next thing that happens: hours of waiting take no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: the time it would have waited is told to the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout > 0:
            self.now += timeout
        return super().select(0)


class TimelessLoop(asyncio.SelectorEventLoop):
    """Only for code that waits for the clock and for itself, never for the world."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def in_no_time(work: Coroutine[Any, Any, T]) -> T:
    """What the coroutine gives."""
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        return runner.run(work)
