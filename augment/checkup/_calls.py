"""One tiny call to a provider through its own connector: nothing is asked again, nothing enters the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from augment.batches import cost_of
from augment.catalog import Catalog
from augment.connectors._faults import redact
from augment.errors import STOPPING, AugmentError, Delivery, Fault, KeyMissing
from augment.hints import Language, hint
from augment.routes import open_route
from augment.settings import Secret, Settings, without_password
from augment.types import Ask, Chat, Connector, Message, NamesModel, Provider, Reply, Route, Translation

QUESTION = (Message("user", "用一个字回答：1+1=？"),)
GREETING = Translation(("你好",), "zh", "ja")
MOST_TOKENS = 64
DEADLINE_S = 30.0
CLOSING_S = 5.0
SHOWN = 40
# It answered, cut before its first word: a model that thinks first has no room for more in so short an answer.
CUT = "length"

Found: TypeAlias = Literal["works", "speechless", "fails", "no key", "not installed"]


@dataclass(frozen=True, slots=True)
class Tried:
    """One route and what one call over it found.

    model: the one asked for, "" where the server chooses. answered_by: the one that answered, as the answer says. sent:
    whether a request left. Counts and cost None: not known.
    """

    route: str
    connector: str
    model: str
    endpoint: str
    found: Found
    retired_on: str = ""
    instead: str = ""
    answered_by: str = ""
    text: str = ""
    seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    characters: int | None = None
    cost_cny: float | None = None
    kind: str = ""
    code: str = ""
    message: str = ""
    hint: str = ""
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Called:
    """What became of the call to one provider: its routes in order, up to the first that works."""

    provider: str
    kind: str
    simulated: bool
    routes: tuple[Tried, ...]

    @property
    def answer(self) -> Tried | None:
        """The route that answered."""
        return next((tried for tried in self.routes if tried.found in ("works", "speechless")), None)

    @property
    def trouble(self) -> Tried:
        """The route that says why nothing answered: one that was stopped before one that failed."""
        asked = [tried for tried in self.routes if tried.found == "fails"]
        stopped = [tried for tried in asked if tried.kind in STOPPING]
        return [*stopped, *asked, *self.routes][0]

    @property
    def exit_code(self) -> int:
        """0 it works · 3 a key or a package is missing · 5 key refused, quota used up, retired · 4 anything else."""
        if self.answer is not None:
            return 0
        if self.trouble.found != "fails":
            return 3
        return 5 if self.trouble.kind in STOPPING else 4


async def call_provider(
    catalog: Catalog, name: str, *, language: Language, deadline_s: float = DEADLINE_S, once: bool = False
) -> Called:
    """Calls a provider over its routes in order until one answers, each route once.

    once: at most one request leaves; the next route is tried only where nothing did. deadline_s: of each route.
    Raises NotFound, BadInput, FixableError for a name that leads to no provider.
    """
    provider = catalog.provider(name)
    tried: list[Tried] = []
    for route in provider.routes:
        found = await _try(catalog, provider, route, language, deadline_s)
        tried.append(found)
        if found.found in ("works", "speechless") or (once and found.sent):
            break
    return Called(provider.name, provider.kind, route.simulated, tuple(tried))


async def _try(catalog: Catalog, provider: Provider, route: Route, language: Language, deadline_s: float) -> Tried:
    blank = Tried(
        route=route.name,
        connector=route.connector,
        model=route.model,
        endpoint=without_password(route.endpoint),
        found="fails",
        retired_on=route.retired_on,
        instead=route.instead,
    )
    secrets: Mapping[str, Secret] = {}
    try:
        secrets = catalog.secrets(route.entry)
        connector = await _open(catalog.settings, replace(route, timeout_s=min(route.timeout_s, deadline_s)), secrets)
    except KeyMissing as error:
        return replace(blank, found="no key", message=error.message, hint=error.hint, sent=False)
    except Fault as fault:
        return _refused(blank, route, fault, secrets, language)
    except AugmentError as error:
        return replace(blank, found="not installed", message=error.message, hint=error.hint, sent=False)
    started = time.monotonic()
    try:
        reply = await _answer(connector, _ask(provider, route), deadline_s)
        seconds = time.monotonic() - started
        mute = not any(map(str.strip, reply.texts))
        return replace(
            blank,
            found="speechless" if mute else "works",
            code=CUT if mute else "",
            message="the answer ended before it began" if mute else "",
            hint=hint("transient", CUT, route.connector, language) if mute else "",
            answered_by=redact(await _answered_by(connector, route, reply), _values(secrets)),
            text=redact(reply.text, _values(secrets))[:SHOWN],
            seconds=round(seconds, 3),
            input_tokens=reply.usage.input_tokens,
            output_tokens=reply.usage.output_tokens,
            characters=reply.usage.characters,
            cost_cny=cost_of(route.price, reply.usage),
        )
    except Fault as fault:
        return _refused(blank, route, fault, secrets, language, round(time.monotonic() - started, 3))
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                await connector.close()


async def _open(settings: Settings, route: Route, secrets: Mapping[str, Secret]) -> Connector:
    """The route's connector. An SDK takes half a second to import, so other providers are called meanwhile."""
    try:
        return await asyncio.to_thread(open_route, settings, route, secrets)
    except AugmentError:
        raise
    except Exception as error:
        fault = _bug(error, "not_sent")
    raise fault


def _ask(provider: Provider, route: Route) -> Ask:
    if provider.kind == "translate":
        return GREETING
    given = dict(route.parameters)
    if not {"max_tokens", "max_completion_tokens"} & given.keys():
        given["max_tokens"] = MOST_TOKENS
    return Chat(QUESTION, tuple(sorted(given.items())))


async def _answer(connector: Connector, ask: Ask, deadline_s: float) -> Reply:
    try:
        async with asyncio.timeout(deadline_s):
            return await connector.send(ask)
    except AugmentError:
        raise
    except TimeoutError:
        fault = Fault("transient", f"no answer within {deadline_s:g} s", code="deadline", delivery="lost")
    except Exception as error:  # a connector's bug is one more thing to be told, here as in a run
        fault = _bug(error, "lost")
    raise fault


def _bug(error: Exception, delivery: Delivery) -> Fault:
    return Fault("transient", f"{type(error).__name__} in the connector", code="connector_bug", delivery=delivery)


def _refused(
    blank: Tried, route: Route, fault: Fault, secrets: Mapping[str, Secret], language: Language, s: float | None = None
) -> Tried:
    return replace(
        blank,
        found="fails",
        seconds=s,
        kind=fault.kind,
        code=fault.code,
        message=redact(fault.message, _values(secrets)),
        hint=hint(fault.kind, fault.code, route.connector, language, dialect=str(route.option("dialect"))),
        sent=fault.delivery != "not_sent",
    )


async def _answered_by(connector: Connector, route: Route, reply: Reply) -> str:
    """The model's name out of the answer, else the one asked for, else the one the connector found."""
    try:
        body = json.loads(reply.raw)
        named = body.get("model") if isinstance(body, dict) else None
    except (ValueError, RecursionError):
        named = None
    if isinstance(named, str) and named:
        return named
    if not route.model and isinstance(connector, NamesModel):
        with contextlib.suppress(Fault):
            return await connector.model_name()
    return route.model


def _values(secrets: Mapping[str, Secret]) -> list[str]:
    return [secret.reveal() for secret in secrets.values()]
