"""Vendors that never finish: fifty asks end at our deadline, and neither a thread nor a socket of theirs is left."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from augment.connectors import load
from augment.errors import Fault
from augment.settings import Secret
from augment.types import Ask, Chat, Limits, Message, Route, Translation

from .recordings import HAS_SPARK, TOKEN

DESCRIPTORS = Path("/proc/self/fd")
pytestmark = pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="counts sockets in /proc")

ASKS, PLACES, DEADLINE_S, PATIENCE_S = 50, 50, 0.4, 30.0
CHAT: Ask = Chat((Message("user", "问"),))
TEXT: Ask = Translation(("猫",), "zh", "ja")
VENDORS: dict[str, tuple[str, str, tuple[str, ...], Ask]] = {
    "tencent": ("tencent", "", ("secret_id", "secret_key"), TEXT),
    "qianfan-oauth": ("qianfan", "v1-oauth", ("ak", "sk"), CHAT),
    "qianfan-v2": ("qianfan", "v2", ("bearer_token",), CHAT),
    "dashscope": ("dashscope", "", ("api_key",), CHAT),
    "openai": ("openai", "", ("api_key",), CHAT),
    **({"spark": ("spark", "", ("app_id", "api_key", "api_secret"), CHAT)} if HAS_SPARK else {}),
}
Talk = Callable[[socket.socket, bytes], None]


def silent(wire: socket.socket, request: bytes) -> None:
    """Says nothing."""


def dripping(wire: socket.socket, request: bytes) -> None:
    """Sends a header that never ends, a byte at a time: no timeout between two bytes ever passes."""
    wire.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        wire.sendall(b"a")
        time.sleep(0.1)


def dripping_body(wire: socket.socket, request: bytes) -> None:
    """The same, in the body."""
    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while True:
        wire.sendall(b" ")
        time.sleep(0.1)


def welcoming(wire: socket.socket, request: bytes) -> None:
    """Opens the websocket, then sends a ping now and then and nothing else."""
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", request, re.IGNORECASE)
    assert key is not None
    accept = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    wire.sendall(head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    while True:
        time.sleep(0.2)
        wire.sendall(b"\x89\x00")


class Vendor:
    """A server that holds every connection open for as long as it lives. tokens: it hands those out at once."""

    def __init__(self, talk: Talk, *, tokens: bool = True) -> None:
        self._talk, self._tokens = talk, tokens
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.accepted: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                wire, _ = self._listening.accept()
                self.accepted.append(wire)
                threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire: socket.socket) -> None:
        with contextlib.suppress(OSError):
            request = wire.recv(65536)
            if self._tokens and request.startswith(b"POST /oauth/"):
                body = json.dumps({"access_token": TOKEN, "expires_in": 2592000}).encode()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                wire.sendall(head.encode() + body)
                request = wire.recv(65536)
            self._talk(wire, request)

    def close(self) -> None:
        for wire in [self._listening, *self.accepted]:
            wire.close()


@contextlib.contextmanager
def hanging(talk: Talk, *, tokens: bool = True) -> Iterator[Vendor]:
    vendor = Vendor(talk, tokens=tokens)
    try:
        yield vendor
    finally:
        vendor.close()


def sockets() -> int:
    """The sockets this process holds."""
    found = 0
    for descriptor in DESCRIPTORS.iterdir():
        with contextlib.suppress(OSError):
            found += str(descriptor.readlink()).startswith("socket:")
    return found


def workers() -> int:
    return sum(thread.name.startswith("augment-") for thread in threading.enumerate())


async def asked(name: str, port: int) -> list[Fault]:
    """What comes of the asks, all at once."""
    connector, api, keys, ask = VENDORS[name]
    scheme, tail = ("ws", "") if connector == "spark" else ("http", "/v1" if connector == "openai" else "")
    route = Route(
        name,
        connector,
        "Yi-34B-Chat",
        f"{scheme}://127.0.0.1:{port}{tail}",
        api=api,
        timeout_s=DEADLINE_S,
        limits=Limits(in_flight=PLACES),
    )
    vendor = load(connector).connect(route, {key: Secret(f"some-{key}") for key in keys})

    async def once() -> Fault:
        with pytest.raises(Fault) as caught:
            await vendor.send(ask)
        return caught.value

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(once()) for _ in range(ASKS)]
    await vendor.close()
    return [task.result() for task in tasks]


WAYS = [
    *((name, talk) for name in VENDORS if name != "spark" for talk in (silent, dripping, dripping_body)),
    *((name, talk) for name in VENDORS if name == "spark" for talk in (silent, dripping, welcoming)),
]


@pytest.mark.parametrize(("name", "talk"), WAYS, ids=[f"{name}-{talk.__name__}" for name, talk in WAYS])
def test_fifty_hung_asks_leave_nothing_behind(name: str, talk: Talk) -> None:
    leave_nothing(name, talk)


@pytest.mark.parametrize("talk", [silent, dripping])
def test_a_token_that_never_comes_leaves_nothing_behind(talk: Talk) -> None:
    leave_nothing("qianfan-oauth", talk, tokens=False)


def leave_nothing(name: str, talk: Talk, *, tokens: bool = True) -> None:
    with hanging(talk, tokens=tokens) as vendor:
        threads, before = workers(), sockets()
        began = time.monotonic()
        faults = asyncio.run(asked(name, vendor.port))
        assert time.monotonic() - began < PATIENCE_S
        assert {(fault.kind, fault.code) for fault in faults} <= {("transient", "deadline"), ("transient", "stuck")}
        until = time.monotonic() + PATIENCE_S
        # The vendor still holds its ends: nothing but our own cut can have ended these threads.
        while workers() > threads or sockets() - len(vendor.accepted) > before:
            assert time.monotonic() < until, (workers() - threads, sockets() - len(vendor.accepted) - before)
            time.sleep(0.05)
