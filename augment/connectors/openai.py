"""OpenAI's wire over aiohttp: DeepSeek, vLLM, TokenHub and every other server that speaks it.

No SDK: it costs fifteen times the CPU, retries twice by itself, and answers an HTML page with a ``str``.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from augment.connectors._codes import DIALECTS, kinds_of
from augment.connectors._faults import transport_fault
from augment.connectors._keys import without_keys
from augment.connectors._replies import Heard, read_chat, read_json, refusal
from augment.connectors._requests import is_loopback
from augment.connectors._translating import as_reply, chat_of
from augment.errors import Fault, FixableError, KeyMissing
from augment.settings import Secret
from augment.types import Ask, Reply, Route

if TYPE_CHECKING:
    import aiohttp

PACKAGE = ("aiohttp", "install aiohttp")
CONNECT_TIMEOUT_S = 10.0
SPARK = "spark"
HEADER = "header_"  # an option that begins so is a header of every request
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token of RFC 9110


class OpenAI:
    """One session with keep-alive and as many connections as the limits let through."""

    def __init__(self, route: Route, secrets: Mapping[str, Secret]) -> None:
        keys = {name: secret.reveal() for name, secret in secrets.items()}
        if not all(key.isascii() and key.isprintable() for key in keys.values()):
            raise KeyMissing("the key holds characters that no key has", hint="copy it again, without quotes or blanks")
        dialect = str(route.option("dialect"))
        if dialect not in DIALECTS:
            raise FixableError(
                f"no dialect {dialect!r} of OpenAI's wire",
                hint=f"leave it out, or one of {', '.join(filter(None, DIALECTS))}",
            )
        self._route = route
        self._kinds = kinds_of(dialect, quota_is_rate=route.option("quota_words") == "rate")
        self._secrets = [key for key in keys.values() if key]
        self._headers = {"Content-Type": "application/json", "User-Agent": "augment-workbench", **_headers(route, keys)}
        origin = route.endpoint.rstrip("/")
        self._chat_url, self._models_url = f"{origin}/chat/completions", f"{origin}/models"
        self._model = route.model or (keys.get("service_id", "") if dialect == SPARK else "")
        self._model_lock = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def send(self, ask: Ask) -> Reply:
        """Asks once. Raises Fault."""
        chat = chat_of(self._route, ask)
        messages = [{"role": message.role, "content": message.content} for message in chat.messages]
        model = self._model or await self.model_name()
        body = json.dumps({"model": model, "messages": messages, **dict(chat.parameters)})
        heard = await self._exchange("POST", self._chat_url, body.encode())
        return as_reply(ask, read_chat(heard, self._kinds, self._secrets), self._secrets)

    def warm(self) -> None:
        """Loads the HTTP client."""
        if self._session is None:
            self._open()

    async def model_name(self) -> str:
        """The model asked; where the route names none, the first the server lists, looked up once. Raises Fault."""
        async with self._model_lock:
            if not self._model:
                self._model = await self._first_model()
        return self._model

    async def _first_model(self) -> str:
        try:
            heard = await self._exchange("GET", self._models_url, None)
            if not heard.ok:
                raise refusal(heard, self._kinds, self._secrets)
            listing, _ = read_json(heard, self._secrets)
        except Fault as fault:
            fault.delivery = "not_sent"  # the ask itself has not left
            raise
        found = listing.get("data") if isinstance(listing, dict) else None
        first = found[0] if isinstance(found, list) and found else None
        name = first.get("id") if isinstance(first, dict) else None
        if not isinstance(name, str) or not name:
            raise Fault("transient", "the server lists no model", code="no_model", delivery="not_sent")
        return without_keys(name, self._secrets)

    async def _exchange(self, method: str, url: str, body: bytes | None) -> Heard:
        session = self._session or self._open()
        try:
            async with session.request(
                method, url, data=body, headers=self._headers, allow_redirects=False
            ) as response:
                return Heard(response.status, response.headers, await response.read())
        except Exception as error:
            fault = transport_fault(error, self._secrets)
        raise fault

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=self._route.timeout_s, sock_connect=CONNECT_TIMEOUT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=not is_loopback(self._chat_url),
        )
        return self._session

    def __reduce__(self) -> NoReturn:
        raise TypeError("a connector holds keys and is not written anywhere")

    async def close(self) -> None:
        """Frees the sockets."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def connect(route: Route, secrets: Mapping[str, Secret]) -> OpenAI:
    """A connector for one server. secrets: api_key, or none where the server wants none.

    Options of the route: ``dialect``, whose error codes come back; ``quota_words = "rate"`` where
    ``insufficient_quota`` is said of a minute's tokens; ``header_NAME`` for a header of its own. With the dialect
    ``spark``, the secret resource_id goes into the header ``lora_id``, and service_id is the model where the route
    names none (xfyun.cn/doc/spark/精调服务API-http.html). Raises KeyMissing, FixableError.
    """
    return OpenAI(route, secrets)


def _headers(route: Route, keys: Mapping[str, str]) -> dict[str, str]:
    """The headers of a route beside the usual ones. Raises FixableError for what no header can hold."""
    own = {name.removeprefix(HEADER): str(value) for name, value in route.options if name.startswith(HEADER)}
    if route.option("dialect") == SPARK and keys.get("resource_id"):
        own.setdefault("lora_id", keys["resource_id"])
    for name, value in own.items():
        if not HEADER_NAME.fullmatch(name) or not (value.isascii() and value.isprintable()):
            raise FixableError(f"the option {HEADER + name!r} is no header", hint="letters, digits, - and _ alone")
    if keys.get("api_key"):
        own["Authorization"] = f"Bearer {keys['api_key']}"
    return own
