"""iFlytek Spark over its websocket, through the SDK: the public models, and services tuned on one's own data.

A fresh SDK object for every ask: after one error, or shared by two threads, the same object answers the wrong question
without a word (github.com/iflytek/spark-ai-python/issues/26). Sources: spark-ai-python 0.4.5, sparkai/llm/llm.py;
xfyun.cn/doc/spark/接口说明.html for the codes; xfyun.cn/doc/spark/精调服务API-websocket.html for tuned services.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from augment.connectors._codes import spark_kind
from augment.connectors._faults import excerpt, redact, retry_after_s, transport_fault
from augment.connectors._keys import signed_with
from augment.connectors._replies import spoken, tokens, useless
from augment.connectors._requests import hush
from augment.connectors._threads import Pool, call
from augment.connectors._translating import as_reply, chat_of
from augment.errors import Fault, FaultKind, KeyMissing
from augment.settings import Secret
from augment.types import Ask, Chat, Message, Reply, Route

PACKAGE = (
    "sparkai",
    "spark-ai-python has no release for Python 3.13: use 3.11 or 3.12, or the provider's OpenAI route",
)
PLACES = 8
TUNED = "tuned"
PUBLIC_HOST, TUNED_HOST, TUNED_PATH = (
    "wss://spark-api.xf-yun.com",
    "wss://maas-api.cn-huabei-1.xf-yun.com",
    "/v1.1/chat",
)
PATHS = {
    "4.0Ultra": "/v4.0/chat",
    "generalv3.5": "/v3.5/chat",
    "generalv3": "/v3.1/chat",
    "generalv2": "/v2.1/chat",
    "general": "/v1.1/chat",
    "lite": "/v1.1/chat",
}
CHECKED = {"cert_reqs": ssl.CERT_REQUIRED}
LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.01, 1.0  # the SDK's constructor breaks on 0

SDK_MAX_TOKENS = 2048  # what the SDK asks for where nobody says: sparkai/llm/llm.py
HANDSHAKE: dict[int, FaultKind] = {401: "auth", 403: "auth", 404: "retired", 429: "rate_limited"}


@dataclass(slots=True)
class Line:
    """One connection as it went: what came over it, what broke it."""

    frames: list[str] = field(default_factory=list)
    opened: bool = False
    error: BaseException | None = None
    app: Any = None
    signed: list[str] = field(default_factory=list, repr=False)  # what of the address lets somebody in
    wire: socket.socket | None = None

    def cut(self) -> None:
        """Ends the connection from outside, so that the thread in it ends too."""
        if self.app is not None:
            self.app.keep_running = False
        wire = self.wire or getattr(getattr(self.app, "sock", None), "sock", None)
        if wire is not None:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)


class Spark:
    """A pool of threads; each ask has its own SDK object and connection."""

    def __init__(self, route: Route, secrets: Mapping[str, Secret]) -> None:
        self._tuned = route.api == TUNED or not route.model
        needed = ["app_id", "api_key", "api_secret", *(["resource_id", "service_id"] if self._tuned else [])]
        if missing := [name for name in needed if name not in secrets]:
            raise KeyMissing(f"Spark needs {', '.join(needed)}: {', '.join(missing)} not set")
        self._route = route
        self._keys = {name: secret.reveal() for name, secret in secrets.items()}
        self._secrets = list(self._keys.values())
        self._domain = self._keys["service_id"] if self._tuned else route.model
        self._url = _url(route, self._domain, self._tuned)
        self._pool = Pool(route.limits.in_flight or PLACES, "spark")
        _import()  # here, not inside the deadline of the first ask

    async def send(self, ask: Ask) -> Reply:
        """Asks once. Raises Fault."""
        line, chat = Line(), chat_of(self._route, ask)
        try:
            await call(self._pool, self._speak, chat, line, timeout_s=self._route.timeout_s)
        except (Fault, asyncio.CancelledError):
            threading.Thread(target=line.cut, daemon=True).start()
            raise
        asked = dict(chat.parameters).get("max_tokens")
        secrets = [*self._secrets, *line.signed]
        return as_reply(ask, read(line, secrets, asked if isinstance(asked, int) else 0), secrets)

    def _speak(self, chat: Chat, line: Line) -> None:
        model, message = _import()
        options: dict[str, Any] = dict(chat.parameters)
        named = {name: value for name in ("top_k", "max_tokens") if (value := options.pop(name, None))}
        if "temperature" in options:
            wanted = float(options.pop("temperature"))
            named["temperature"] = min(max(wanted, LOWEST_TEMPERATURE), HIGHEST_TEMPERATURE)
        if self._tuned:
            options["patch_id"] = self._keys["resource_id"]  # a string: the SDK makes the list
        sdk = model(
            spark_api_url=self._url,
            spark_app_id=self._keys["app_id"],
            spark_api_key=self._keys["api_key"],
            spark_api_secret=self._keys["api_secret"],
            spark_llm_domain=self._domain,
            streaming=False,
            request_timeout=1,  # of its queue, which is full before it is read: see below
            model_kwargs=options,
            **named,
        )
        sdk.client.client = _listening(line)
        # The SDK would start a thread that outlives everything; here the connection lives in the pool's own thread.
        sdk.client.arun = sdk.client.run
        messages = [message(role=turn.role, content=turn.content) for turn in system_first(chat.messages)]
        try:
            sdk.generate([messages])
        except Exception as error:
            line.error = line.error or error
        finally:
            if line.wire is not None:
                line.wire.close()  # where the other side closed first, websocket-client leaves it to the collector

    async def close(self) -> None:
        """Ends the threads; connections end with their asks."""
        self._pool.close()


def connect(route: Route, secrets: Mapping[str, Secret]) -> Spark:
    """A connector for Spark. secrets: app_id, api_key, api_secret; resource_id, service_id where the route is tuned.

    A route is tuned when its api is ``tuned`` or its model is empty. Raises KeyMissing.
    """
    return Spark(route, secrets)


def system_first(messages: tuple[Message, ...]) -> list[Message]:
    """The messages with all system texts in one, in first place: elsewhere the SDK sends them as the user's."""
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    rest = [message for message in messages if message.role != "system"]
    return [Message("system", system), *rest] if system else rest


def read(line: Line, secrets: list[str], max_tokens: int = 0) -> Reply:
    """The reply in the frames of a connection. Raises Fault.

    max_tokens: as asked, 0 for the SDK's own. No frame says that an answer was cut; one that used up all it was given
    is taken for cut.
    """
    said, thought, finished, usage, identity = "", "", False, tokens(None), None
    for raw in line.frames:
        try:
            frame = json.loads(raw)
            header = frame["header"]
            code, identity = int(header["code"]), header.get("sid") or identity
            if code == 0:
                payload = frame["payload"]
                text = payload["choices"]["text"][0]
                said += text["content"] or ""
                thought += text.get("reasoning_content") or ""
                finished = payload["choices"]["status"] == 2
                usage = tokens(payload.get("usage", {}).get("text"))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            fault = useless("unreadable", f"an odd frame: {excerpt(raw, secrets)!r}")
            break
        if code != 0:
            shown = redact(header.get("message") or f"code {code}", secrets)
            raise Fault(spark_kind(code, shown), shown, code=str(code))
    else:
        if finished:
            raw_frames = "\n".join(line.frames)
            finish = "length" if (usage.output_tokens or 0) >= (max_tokens or SDK_MAX_TOKENS) else "stop"
            return spoken(said, finish, usage, thought or None, str(identity) if identity else None, raw_frames)
        fault = _broken(line, secrets)
    raise fault


def _broken(line: Line, secrets: list[str]) -> Fault:
    """The fault of a connection that ended before the last frame."""
    error = line.error
    status = getattr(error, "status_code", None)
    if not line.opened and isinstance(status, int):
        kind = HANDSHAKE.get(status, "transient")
        body = getattr(error, "resp_body", None) or f"HTTP {status}"
        headers = {
            str(name).title(): str(value) for name, value in (getattr(error, "resp_headers", None) or {}).items()
        }
        shown = f"handshake refused: {redact(body, secrets)}"
        return Fault(kind, shown, code=str(status), wait_s=retry_after_s(headers))
    fault = transport_fault(error or ConnectionError("closed before the last frame"), secrets)
    if type(error).__name__ == "WebSocketConnectionClosedException":
        fault.code = "dropped"
    if not line.opened:
        fault.delivery = "not_sent"
    return fault


def _url(route: Route, domain: str, tuned: bool) -> str:
    endpoint = route.endpoint.rstrip("/") or (TUNED_HOST if tuned else PUBLIC_HOST)
    if urlsplit(endpoint).path:
        return endpoint
    path = str(route.option("path")) or (TUNED_PATH if tuned else PATHS.get(domain, PATHS["generalv3.5"]))
    return f"{endpoint}{path}"


def _import() -> tuple[Any, Any]:
    hush("SparkPythonSDK", "websocket")  # both put addresses with signatures into their lines
    from sparkai.core.messages import ChatMessage
    from sparkai.llm.llm import ChatSparkLLM

    return ChatSparkLLM, ChatMessage


def _listening(line: Line) -> Any:
    """What the SDK takes for the websocket package: it notes what happens, and checks certificates, which the SDK
    switches off."""
    from websocket import WebSocketApp

    def make(url: str, *, on_message: Any, on_error: Any, on_close: Any, on_open: Any, header: Any) -> Any:
        def opened(app: Any) -> None:
            line.opened = True
            line.wire = app.sock.sock
            on_open(app)

        def heard(app: Any, frame: str) -> None:
            line.frames.append(frame)
            on_message(app, frame)

        def failed(app: Any, error: BaseException) -> None:
            line.error = line.error or error
            on_error(app, error)

        query = parse_qsl(urlsplit(url).query)
        line.signed += [part for name, value in query if name == "authorization" for part in signed_with(value)]
        app = WebSocketApp(url, header=header, on_open=opened, on_message=heard, on_error=failed, on_close=on_close)
        run = app.run_forever
        # On the instance, because the SDK passes its own options.
        app.run_forever = lambda **_: run(sslopt=CHECKED)  # type: ignore[method-assign]
        line.app = app
        return app

    return SimpleNamespace(enableTrace=lambda _: None, WebSocketApp=make)
