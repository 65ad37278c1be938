"""The connector of a route that this machine serves: weights loaded with the first ask, let go when closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace

from augment.errors import Fault, FixableError
from augment.types import Ask, Connector, Reply, Route

Serve = Callable[[], AbstractContextManager[str]]


class Local:
    """Asks a server of this machine through the connector that ``connect`` makes for its address."""

    def __init__(self, route: Route, serve: Serve, connect: Callable[[Route], Connector]) -> None:
        self._route = route
        self._serve = serve
        self._connect = connect
        self._stack = ExitStack()
        self._starting: asyncio.Task[str] | None = None
        self._inner: Connector | None = None

    async def send(self, ask: Ask) -> Reply:
        """Asks once; the first ask waits until the weights are loaded. Raises Fault."""
        if self._starting is None:
            self._starting = asyncio.create_task(asyncio.to_thread(self._start))
        try:
            url = await asyncio.shield(self._starting)  # an ask that is given up leaves the others their start
        except FixableError as error:
            raise Fault("retired", error.message, code="local", delivery="not_sent", hint=error.hint) from error
        if self._inner is None:
            self._inner = self._connect(replace(self._route, endpoint=url))
        return await self._inner.send(ask)

    async def close(self) -> None:
        """Frees the sockets; the process ends where nobody else in this program asks it."""
        if self._inner is not None:
            await self._inner.close()
        if self._starting is not None:
            with suppress(FixableError):  # told to whoever asked
                await self._starting
        await asyncio.to_thread(self._stack.close)

    def _start(self) -> str:
        return self._stack.enter_context(self._serve())
