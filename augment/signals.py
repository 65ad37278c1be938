"""Ctrl-C and SIGTERM as a call, while a run goes on."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable


class Signals:
    """Ctrl-C and SIGTERM call ``handle`` while the block runs, where this thread may have signals."""

    def __init__(self, handle: Callable[[], None]) -> None:
        self.handle = handle
        self.set: list[signal.Signals] = []

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self.handle)
            except (ValueError, RuntimeError):  # not the main thread: whoever started us stops us
                return
            self.set.append(number)

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in self.set:
            loop.remove_signal_handler(number)
