"""The recorded wire bodies, and a loopback server that answers with one of them whatever it is asked."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HAS_SPARK = importlib.util.find_spec("sparkai") is not None  # it has no release for Python 3.13
WIRE = Path(__file__).resolve().parents[1] / "wire"
TOKEN = "24.0123456789abcdef0123456789abcdef.2592000"


@dataclass(frozen=True)
class Answer:
    """What the server says. cut: it promises more bytes than it sends; after_s: it waits first; silent: it hangs up."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    cut: bool = False
    after_s: float = 0.0
    silent: bool = False


@dataclass(frozen=True)
class Asked:
    """What the server heard."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_token(self) -> bool:
        return self.path.startswith("/oauth/") or "BCE-BEARER" in self.path

    def json(self) -> Any:
        return json.loads(self.body)


class Server(ThreadingHTTPServer):
    """One loopback server. answer: a constant, or what a function makes of the request; token: the same for tokens."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, answer: Any, token: Any = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.token = token or Answer(
            json.dumps({"access_token": TOKEN, "token": TOKEN, "expires_in": 2592000}).encode()
        )
        self.asked: list[Asked] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def asks(self) -> list[Asked]:
        """The requests that were no token requests."""
        return [asked for asked in self.asked if not asked.is_token]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a client that hung up is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, self.path, dict(self.headers), body)
        with self.server.lock:
            self.server.asked.append(asked)
        source = self.server.token if asked.is_token else self.server.answer
        answer: Answer = source(asked) if callable(source) else source
        time.sleep(answer.after_s)
        if answer.silent:
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + (100 if answer.cut else 0)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = self.close_connection or answer.cut

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving(answer: Any, token: Any = None) -> Iterator[Server]:
    """A running server, stopped at the end."""
    server = Server(answer, token)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Speech:
    """What a websocket server does after it heard one message. drop: it hangs up rudely at the end; hang: it waits."""

    frames: tuple[str | bytes, ...] = ()
    drop: bool = False
    hang: bool = False


@dataclass
class Speaker:
    """A running websocket server and the messages it heard, each with the path it came on."""

    url: str
    heard: list[tuple[str, Any]] = field(default_factory=list)


@contextmanager
def speaking(answer: Any) -> Iterator[Speaker]:
    """A websocket server that answers each connection with a Speech, or with what a function makes of its message."""
    from aiohttp import web

    speaker, ready, loop = Speaker(""), threading.Event(), asyncio.new_event_loop()

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        message = json.loads(await socket.receive_str())
        speaker.heard.append((request.path, message))
        speech: Speech = answer(message) if callable(answer) else answer
        for frame in speech.frames:
            await (socket.send_str(frame) if isinstance(frame, str) else socket.send_frame(frame, 1))
        if speech.hang:
            await asyncio.sleep(30)
        if speech.drop:
            assert request.transport is not None
            request.transport.abort()
        else:
            await socket.close()
        return socket

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/{path:.*}", serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        speaker.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    def run() -> None:
        runner = loop.run_until_complete(start())
        ready.set()
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield speaker
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@dataclass(frozen=True)
class Recording:
    """One file of ``tests/wire``."""

    vendor: str
    name: str
    data: Mapping[str, Any] = field(repr=False)

    @property
    def answer(self) -> Answer:
        data = self.data
        body = base64.b64decode(data["body_base64"]) if "body_base64" in data else data["body"].encode()
        return Answer(body, data["status"], data["headers"], cut=data.get("cut", False))


def recordings() -> list[Recording]:
    """Every recording, in the order of its path."""
    return [
        Recording(path.parent.name, path.stem, json.loads(path.read_text("utf-8")))
        for path in sorted(WIRE.glob("*/*.json"))
    ]
