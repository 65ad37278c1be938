"""Listening to SDKs that speak through ``requests``: the SDK builds, signs and sends, the answer is read by us.

The SDKs lose what a classification needs (status, Retry-After, the vendor's code, the bytes), print keys into their
exception texts, and take some errors for successes. A response hook sees every answer before any of that happens.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from augment.connectors._faults import KEY_SHAPES, transport_fault
from augment.connectors._keys import signed_with
from augment.connectors._replies import Heard

if TYPE_CHECKING:
    import requests


class Listener:
    """Remembers the last answer of each thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    def attach(self, session: requests.Session, *, endpoint: str, places: int) -> None:
        """Listens to a session, lets it hold ``places`` connections to be cut, follow no redirect, and ask no proxy for
        loopback."""
        from augment.connectors._wires import make_cuttable

        session.hooks["response"].append(self._hear)
        make_cuttable(session, places)
        # Neither a key nor a text goes anywhere that nobody chose; the answer that sends us on is read as it is.
        session.get_redirect_target = lambda _: None  # type: ignore[assignment,method-assign]  # on the instance
        if is_loopback(endpoint):
            session.trust_env = False

    def _hear(self, response: requests.Response, *_: object, **__: object) -> None:
        self._local.response = response

    def hear(self, send: Callable[[], object], secrets: Iterable[str]) -> Heard:
        """The answer to the request that ``send`` makes, whatever the SDK thinks of it. Raises Fault without one."""
        self._local.response = None
        failure: Exception | None = None
        try:
            send()
        except Exception as error:
            failure = error
        response: requests.Response | None = self._local.response
        self._local.response = None
        if response is not None:
            try:
                signed = signed_with(str(response.request.headers.get("Authorization") or ""))
                return Heard(response.status_code, response.headers, response.content, tuple(signed))
            except Exception as error:
                failure = failure or error
            finally:
                response.close()
        fault = transport_fault(failure or ConnectionError("the SDK sent nothing"), secrets)
        failure = response = None  # neither may hang on to the traceback: SDK texts hold keys
        raise fault


class WithoutKeys(logging.Filter):
    """Takes keys out of the lines that urllib3 logs about URLs when somebody turns debugging on."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.args:
            record.msg, record.args = record.getMessage(), ()
        if record.exc_info:  # of headers that it could not read: it quotes them, and what was asked
            record.msg, record.exc_info = "the headers of an answer could not be read", None
        record.msg = KEY_SHAPES.sub(lambda found: f"{found['name'] or found['scheme'] or ''}***", str(record.msg))
        return True


def hush(*loggers: str) -> None:
    """Silences an SDK's own loggers for good, and keeps keys out of urllib3's."""
    for name in loggers:
        logging.getLogger(name).disabled = True
    for urls in map(logging.getLogger, ("urllib3.connectionpool", "urllib3.connection")):
        if not any(isinstance(known, WithoutKeys) for known in urls.filters):
            urls.addFilter(WithoutKeys())


def is_loopback(endpoint: str) -> bool:
    """Whether an endpoint is on this machine, where no proxy belongs in between."""
    host = urlsplit(endpoint).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def close_sessions(sessions: Iterable[Any]) -> None:
    """Frees the sockets of ``requests`` sessions."""
    for session in sessions:
        session.close()
