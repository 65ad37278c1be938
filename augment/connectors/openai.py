"""OpenAI's wire over aiohttp: DeepSeek, vLLM, TokenHub and every other server that speaks it.

No SDK: it costs fifteen times the CPU, retries twice by itself, and answers an HTML page with a ``str``. Sources for
the codes: ``_make_status_error`` of openai 3.54.0 (_client.py) and api-docs.deepseek.com/quick_start/error_codes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from augment.connectors._faults import transport_fault
from augment.connectors._replies import Heard, as_chat, read_chat, read_json, refusal
from augment.connectors._requests import is_loopback
from augment.errors import Fault, FaultKind, KeyMissing
from augment.settings import Secret
from augment.types import Ask, Reply, Route

if TYPE_CHECKING:
    import aiohttp

PACKAGE = ("aiohttp", "install aiohttp")
CONNECT_TIMEOUT_S = 10.0

CODES: dict[str, FaultKind] = {
    "insufficient_quota": "quota_exhausted",
    "content_filter": "content_filtered",
    "model_not_found": "retired",
}
STATUSES: dict[int, FaultKind] = {
    400: "bad_request",
    401: "auth",
    402: "quota_exhausted",
    403: "auth",
    404: "retired",
    413: "bad_request",
    422: "bad_request",
    429: "rate_limited",
}
PHRASES: dict[str, FaultKind] = {
    "content exists risk": "content_filtered",  # DeepSeek, as a 400 without a code of its own
}


def kind_of(status: int, code: str, type_: str, message: str) -> FaultKind:
    """The kind of fault behind an error answer: the code decides, then the words, then the status."""
    if 300 <= status < 400:
        return "retired"  # the endpoint moved; a POST is not sent after it
    for word in (code, type_):
        if word in CODES:
            return CODES[word]
    if status == 400:
        for phrase, kind in PHRASES.items():
            if phrase in message.lower():
                return kind
    return STATUSES.get(status, "transient")


class OpenAI:
    """One session with keep-alive and as many connections as the limits let through."""

    def __init__(self, route: Route, secrets: Mapping[str, Secret]) -> None:
        key = secrets["api_key"].reveal() if "api_key" in secrets else ""
        if not (key.isascii() and key.isprintable()):
            raise KeyMissing("the key holds characters that no key has", hint="copy it again, without quotes or blanks")
        self._route = route
        self._secrets = (key,) if key else ()
        self._headers = {"Content-Type": "application/json", "User-Agent": "augment-workbench"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        origin = route.endpoint.rstrip("/")
        self._chat_url, self._models_url = f"{origin}/chat/completions", f"{origin}/models"
        self._model = route.model
        self._model_lock = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def send(self, ask: Ask) -> Reply:
        """Asks once. Raises Fault."""
        chat = as_chat(ask)
        messages = [{"role": message.role, "content": message.content} for message in chat.messages]
        model = self._model or await self.model_name()
        body = json.dumps({"model": model, "messages": messages, **dict(chat.parameters)})
        heard = await self._exchange("POST", self._chat_url, body.encode())
        return read_chat(heard, kind_of, self._secrets)

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
                raise refusal(heard, kind_of, self._secrets)
            listing, _ = read_json(heard)
        except Fault as fault:
            fault.delivery = "not_sent"  # the ask itself has not left
            raise
        found = listing.get("data") if isinstance(listing, dict) else None
        first = found[0] if isinstance(found, list) and found else None
        name = first.get("id") if isinstance(first, dict) else None
        if not isinstance(name, str) or not name:
            raise Fault("transient", "the server lists no model", code="no_model", delivery="not_sent")
        return name

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

    async def close(self) -> None:
        """Frees the sockets."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def connect(route: Route, secrets: Mapping[str, Secret]) -> OpenAI:
    """A connector for one server. secrets: api_key, or none where the server wants none. Raises KeyMissing."""
    return OpenAI(route, secrets)
