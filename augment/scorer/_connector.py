"""Texts in, scores out: what is asked at the same time goes through the model together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from augment.errors import AugmentError, Fault
from augment.scorer._provider import BATCH
from augment.types import Ask, Chat, Reply, Usage

GATHER_S = 0.01  # how long a text waits for company


class Scores(Protocol):
    """A model at work, on a thread of its own."""

    def __call__(self, texts: Sequence[str]) -> list[tuple[float, int]]:
        """For each text its score, 0 to 1, and the tokens it was read as."""
        ...


Load: TypeAlias = Callable[[], Scores]
_Waiting: TypeAlias = tuple[str, "asyncio.Future[Reply]"]


class Scoring:
    """Asks one model, loaded with the first ask. load: makes it, on a thread. Raises Fault alone."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._model: Scores | None = None
        self._waiting: list[_Waiting] = []
        self._worker: asyncio.Task[None] | None = None

    async def send(self, ask: Ask) -> Reply:
        """The score of the last message's text, as a number in words. Raises Fault."""
        if not isinstance(ask, Chat):
            raise Fault("bad_request", "a scorer translates nothing", code="scorer", delivery="not_sent")
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask.messages[-1].content, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    async def close(self) -> None:
        """Returns when the model is no longer at work."""
        if self._worker is not None and not self._worker.done():
            for _, future in self._waiting:
                future.cancel()
            await asyncio.wait([self._worker])
        self._model = None

    async def _work(self) -> None:
        batch: list[_Waiting] = []
        try:
            if self._model is None:  # before anything is taken: what comes meanwhile is read together
                self._model = await asyncio.to_thread(self._load)
            while self._waiting:
                if len(self._waiting) < BATCH:
                    await asyncio.sleep(GATHER_S)
                batch = self._take()
                found = await asyncio.to_thread(self._model, [text for text, _ in batch]) if batch else []
                for (_, future), (score, tokens) in zip(batch, found, strict=True):
                    if not future.done():
                        future.set_result(_reply(score, tokens))
        except Exception as error:  # a bug of ours is told to whoever asked; the lane records it
            _fail([*batch, *self._waiting], error)
            self._waiting.clear()

    def _take(self) -> list[_Waiting]:
        """The next batch, the longest together: what is padded least is read fastest. Nobody who has given up."""
        self._waiting.sort(key=lambda one: len(one[0]))
        batch, self._waiting = self._waiting[-BATCH:], self._waiting[:-BATCH]
        return [one for one in batch if not one[1].cancelled()]


def _reply(score: float, tokens: int) -> Reply:
    said = f"{score:.6f}"
    return Reply((said,), Usage(input_tokens=tokens, output_tokens=0), raw=json.dumps({"score": said}))


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    """Tells all who wait. A model that cannot be loaded, or has no room, will not do better in a moment."""
    if isinstance(error, AugmentError):
        error = Fault("retired", error.message, code="scorer", delivery="not_sent", hint=error.hint)
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
            future.exception()  # seen: a row that is cancelled in the same moment will not ask
