"""Sessions of ``requests`` that send once and can be cut off. Imports ``requests``: load it inside functions.

A timeout of ``requests`` starts anew with every byte, so a vendor that drips one byte at a time would hold a thread for
ever after everybody stopped waiting for it. Here whoever waits can end the connection under the thread.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from collections.abc import Collection, Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter

_LOCK = threading.Lock()
_CURRENT = threading.local()


class Wire:
    """The connection that one ask is on."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._was_cut = False

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Everything this thread sends meanwhile goes over this wire."""
        _CURRENT.wire = self
        try:
            yield
        finally:
            _CURRENT.wire = None

    def take(self, connection: Any) -> None:
        """Notes the connection; one that was kept alive belongs to whoever used it last.

        Raises ConnectionAbortedError where nobody waits any more: a thread that was held up sends nothing late.
        """
        with _LOCK:
            if self._was_cut:
                raise ConnectionAbortedError("given up before it was sent")
            connection.wire = self
            self._connection = connection

    def cut(self) -> None:
        """Ends the connection, unless another ask has it by now."""
        with _LOCK:
            self._was_cut = True
            connection = self._connection
            sock = getattr(connection, "sock", None)
            if connection is not None and connection.wire is self and isinstance(sock, socket.socket):
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)  # TLS would want to say goodbye first


def _take(connection: Any) -> None:
    wire: Wire | None = getattr(_CURRENT, "wire", None)
    if wire is not None:
        wire.take(connection)


@functools.cache
def _cuttable(pool: Any) -> Any:
    """The same class of pools, with connections that note who uses them: plain ones, TLS, SOCKS."""
    base = pool.ConnectionCls

    def request(self: Any, *args: Any, **options: Any) -> None:
        _take(self)
        base.request(self, *args, **options)

    def connect(self: Any) -> None:
        base.connect(self)
        _take(self)  # it may have been cut while it had no socket yet

    connections = type(f"Cuttable{base.__name__}", (base,), {"request": request, "connect": connect})
    return type(f"Cuttable{pool.__name__}", (pool,), {"ConnectionCls": connections})


def _make_cuttable(manager: Any) -> None:
    manager.pool_classes_by_scheme = {
        scheme: _cuttable(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _make_cuttable(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options)
        if not known:
            _make_cuttable(manager)
        return manager


def make_cuttable(session: requests.Session, places: int) -> None:
    """Lets a session hold ``places`` connections, each of which can be cut."""
    session.mount("https://", _Adapter(pool_maxsize=places))
    session.mount("http://", _Adapter(pool_maxsize=places))


class Unanswered(Exception):
    """A request without an answer, as no ``ConnectionError``: that is what an SDK takes for leave to send again."""


class OnceOnly(requests.Session):
    """Sends each request once, to where it was meant to go, with the key it was given.

    unasked: lower-case names of headers that are left out. Raises Unanswered for requests' ConnectionError.
    """

    def __init__(self, unasked: Collection[str] = ()) -> None:
        super().__init__()
        self._unasked = unasked
        self.auth = lambda request: request  # without any, requests would put a password of ~/.netrc over the key

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        headers = options.get("headers") or {}
        options["headers"] = {name: value for name, value in headers.items() if name.lower() not in self._unasked}
        options["allow_redirects"] = False  # neither the key nor the text goes anywhere else
        try:
            return super().request(method, url, *args, **options)
        except requests.ConnectionError as error:
            raise Unanswered(str(error)) from error
