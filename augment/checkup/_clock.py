"""How far this machine's clock is off, by the Date that the endpoints put on any answer."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from augment.checkup._check import Check
from augment.connectors._requests import is_loopback
from augment.hints import Language, advice

TIMEOUT_S = 5.0
NOTICED_S, REFUSED_S = 60, 240  # vendors void a signature at 300 s
PAGE = "robots.txt"
SCHEMES = {"ws": "http", "wss": "https"}


def origins(endpoints: Iterable[str]) -> list[str]:
    """The addresses to ask for the time: each server once, without path, user or password."""
    found = set()
    for endpoint in endpoints:
        parts = urlsplit(endpoint)
        scheme = SCHEMES.get(parts.scheme, parts.scheme)
        if scheme in ("http", "https") and parts.hostname:
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            found.add(f"{scheme}://{host}{f':{parts.port}' if parts.port else ''}/")
    return sorted(found)


async def skews(addresses: Iterable[str], timeout_s: float = TIMEOUT_S) -> list[float]:
    """Seconds by which each server that told the time is ahead of this machine.

    One GET each of a page that costs nothing anywhere, without a key; only its head is read. Not HEAD, which some
    gateways answer with a body.
    """
    import aiohttp

    async def look(address: str) -> None:
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=timeout_s), trust_env=not is_loopback(address)
        ) as session:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError, ValueError, TypeError):
                began = time.time()
                async with session.get(f"{address}{PAGE}", allow_redirects=False) as answer:
                    told = parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
                found.append(told + 0.5 - (began + time.time()) / 2)  # a Date is cut to whole seconds

    found: list[float] = []
    async with asyncio.TaskGroup() as group:
        for address in addresses:
            group.create_task(look(address))
    return found


def clock(found: list[float], language: Language) -> Check:
    """The check: by the middle one of the servers, so that one with a wrong clock of its own decides nothing."""
    if not found:
        return Check("clock", "none", "not compared: no endpoint told the time")
    off_s = statistics.median(found)
    shown = f"{abs(off_s):.0f} s {'behind' if off_s > 0 else 'ahead of'} the endpoints"
    if abs(off_s) < NOTICED_S:
        return Check("clock", "ok", f"within {max(1, round(abs(off_s)))} s of the endpoints")
    return Check("clock", "fail" if abs(off_s) > REFUSED_S else "warn", shown, advice("clock", language))
