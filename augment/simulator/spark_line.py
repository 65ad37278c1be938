"""One websocket connection of Spark's: opened, one question heard, the answer sent, closed."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import WSMsgType, web

from augment.simulator._wire import Answer
from augment.simulator.accounts import Accounts
from augment.simulator.counts import Counts
from augment.simulator.options import SimulatorOptions
from augment.simulator.spark import OPENED, Spark, Speech
from augment.simulator.spark_frames import WIRE

CLOSE_S = 2.0  # for the client's side of the closing handshake
DRIPS = 100


class Line:
    """Carries the conversations of one simulator. closing: set when the simulator ends."""

    def __init__(
        self,
        spark: Spark,
        options: SimulatorOptions,
        counts: Counts,
        accounts: Accounts,
        closing: asyncio.Event,
    ) -> None:
        self._spark = spark
        self._options = options
        self._counts = counts
        self._accounts = accounts
        self._closing = closing

    async def converse(self, incoming: web.BaseRequest, path: str) -> web.StreamResponse:
        """Opens the connection, answers its one question and closes it."""
        line = web.WebSocketResponse(timeout=CLOSE_S, compress=False, autoping=True)
        await line.prepare(incoming)
        raw = await self._question(line)
        if raw is None:
            silent = Answer(WIRE, b"", OPENED)
            self._counts.arrived(WIRE)
            self._counts.leaves(silent, whole=not line.closed)
            await self._close(incoming, line)
            return line
        self._spark.talking += 1
        try:
            speech = self._spark.hear(path, raw)
            self._counts.arrived(speech.answer.wire)
            self._counts.billed(speech.answer)
            self._accounts.billed(speech.answer)
            await self._say(incoming, line, speech)
        finally:
            self._spark.talking -= 1
        return line

    async def _question(self, line: web.WebSocketResponse) -> str | None:
        """The first text that comes; None for a client that is silent for too long, leaves, or sends something else."""
        hears, ends = asyncio.ensure_future(line.receive()), asyncio.ensure_future(self._closing.wait())
        await asyncio.wait({hears, ends}, timeout=self._options.silence_s, return_when=asyncio.FIRST_COMPLETED)
        for waiting in (hears, ends):
            if not waiting.done():
                waiting.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await waiting
        if hears.cancelled():
            return None
        heard = hears.result()
        if heard.type is WSMsgType.TEXT:
            return str(heard.data)
        return "" if heard.type is WSMsgType.BINARY else None  # "" is no JSON, and told so

    async def _say(self, incoming: web.BaseRequest, line: web.WebSocketResponse, speech: Speech) -> None:
        """Sends the frames, or as much of them as the fault allows, and books what became of them."""
        await self._pause(self._options.latency_s)
        left = False
        try:
            for number, frame in enumerate(speech.frames):
                if number == speech.pause_at:
                    await self._pause(speech.answer.wait_s)
                last = number == len(speech.frames) - 1
                if last and speech.ends == "torn":
                    break
                if last and not speech.answer.breaks:
                    if self._gone(incoming):
                        raise ConnectionResetError
                    self._counts.leaves(speech.answer, whole=True)
                    left = True
                if speech.answer.drips:
                    await self._drip(incoming, _as_sent(frame), self._options.drip_s / len(speech.frames))
                else:
                    await line.send_frame(frame, WSMsgType.TEXT)
        except ConnectionError:
            if left:
                self._counts.did_not_leave(speech.answer)
                left = True
        if not left:
            self._counts.leaves(speech.answer, whole=False)
        if speech.ends == "closed":
            await self._close(incoming, line)
        elif incoming.transport is not None:
            if speech.ends == "torn":
                sent = _as_sent(speech.frames[-1])
                incoming.transport.write(sent[: len(sent) // 2])
            incoming.transport.close()

    async def _close(self, incoming: web.BaseRequest, line: web.WebSocketResponse) -> None:
        """Closes as the protocol says, or at once when the simulator ends."""
        if not self._closing.is_set():
            await line.close()
        elif incoming.transport is not None:
            incoming.transport.close()

    async def _drip(self, incoming: web.BaseRequest, sent: bytes, over_s: float) -> None:
        """Sends bytes a few at a time."""
        size = max(1, len(sent) // DRIPS)
        for at in range(0, len(sent), size):
            if self._gone(incoming) or incoming.transport is None:
                raise ConnectionResetError
            incoming.transport.write(sent[at : at + size])
            await self._pause(over_s * size / len(sent))

    async def _pause(self, seconds: float) -> None:
        if seconds:
            with contextlib.suppress(TimeoutError):  # an answer still waited for when all ends is never sent
                await asyncio.wait_for(self._closing.wait(), seconds)

    def _gone(self, incoming: web.BaseRequest) -> bool:
        return self._closing.is_set() or incoming.transport is None or incoming.transport.is_closing()


def _as_sent(frame: bytes) -> bytes:
    """A whole text frame with its head (RFC 6455, section 5.2); servers do not mask."""
    size = len(frame)
    if size < 126:
        return b"\x81" + bytes([size]) + frame
    return (
        b"\x81" + (b"\x7e" + size.to_bytes(2, "big") if size < 1 << 16 else b"\x7f" + size.to_bytes(8, "big")) + frame
    )
