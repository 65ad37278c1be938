"""Does it work here? One tiny call to a provider, and everything around it that is worth a look before a run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from augment.catalog import Catalog
from augment.checkup._calls import Called, Tried, call_provider
from augment.checkup._check import Check, State
from augment.checkup._clock import TIMEOUT_S, clock, origins, skews
from augment.checkup._configuration import configuration
from augment.checkup._machine import machine
from augment.connectors._requests import is_loopback
from augment.errors import AugmentError, KeyMissing
from augment.hints import Language, advice
from augment.settings import Settings, without_password

__all__ = ["Called", "Check", "State", "Tried", "call_provider", "examine", "look_around", "money"]

DEADLINE_S = 20.0
NOT_SET_UP = ("unreachable", "local")  # nothing listens there; the weights are not installed


def look_around(settings: Settings, language: Language, *, is_workspace: bool = True) -> Iterator[Check]:
    """The checks of machine, files and variables; nothing leaves this machine."""
    yield from machine(settings.workspace if is_workspace else None, language)
    yield from configuration(settings, language)


async def examine(
    settings: Settings, language: Language, *, deadline_s: float = DEADLINE_S
) -> tuple[list[Check], list[Called]]:
    """The clock and every provider whose key is set: at most one request to each, all at once."""
    catalog = Catalog(settings)
    idle: dict[str, Check] = {}
    asked: dict[str, asyncio.Task[Called]] = {}
    endpoints: list[str] = []
    for name in catalog.names():
        try:
            provider = catalog.provider(name)
            endpoints += [route.endpoint for route in catalog.keyed(provider).routes]
        except KeyMissing as error:
            idle[name] = Check(name, "none", f"no key: {error.message}")
        except AugmentError as error:
            idle[name] = Check(name, "fail", error.message, error.hint)
    async with asyncio.TaskGroup() as group:
        told = group.create_task(skews(origins(endpoints), min(TIMEOUT_S, deadline_s)))
        for name in catalog.names():
            if name not in idle:
                call = call_provider(catalog, name, language=language, deadline_s=deadline_s, once=True)
                asked[name] = group.create_task(call)
    called = {name: task.result() for name, task in asked.items()}
    found = [clock(told.result(), language)]
    found += [idle[name] if name in idle else _check(settings, called[name], language) for name in catalog.names()]
    return found, list(called.values())


def _check(settings: Settings, called: Called, language: Language) -> Check:
    """A call in one line."""
    answer = called.answer
    if answer is not None:
        over = " · ".join(filter(None, (answer.connector, answer.answered_by or answer.model)))
        failed = len(called.routes) - 1
        skipped = f" · {failed} route{'s' if failed > 1 else ''} before it failed" if failed else ""
        if answer.found == "speechless":
            return Check(called.provider, "warn", f"{over} · it answers, with nothing to read{skipped}", answer.hint)
        return Check(called.provider, "ok", f"{over} · {answer.seconds:.2f} s · {money(answer.cost_cny)}{skipped}")
    trouble = called.trouble
    if _is_idle(settings, called):
        said = f"no server at {trouble.endpoint}" if trouble.code == "unreachable" else trouble.message
        return Check(called.provider, "none", said, advice("no_server", language))
    if trouble.found != "fails":
        idle = trouble.found == "no key" or _needs_no_key(settings, called.provider)
        return Check(called.provider, "none" if idle else "fail", trouble.message, trouble.hint)
    state: State = "warn" if trouble.kind == "rate_limited" else "fail"
    said = f"{trouble.kind}{f' {trouble.code}' if trouble.code else ''}: {trouble.message}"
    remedy = " ".join(part for part in (trouble.hint, trouble.instead if trouble.kind == "retired" else "") if part)
    return Check(called.provider, state, said, remedy)


def _is_idle(settings: Settings, called: Called) -> bool:
    """Whether nobody ever set this server up: no key needed, the shipped address on this machine, nothing there."""
    shipped = Catalog(Settings(settings.workspace))
    trouble = called.trouble
    if called.provider not in shipped.names() or trouble.code not in NOT_SET_UP:
        return False
    if trouble.endpoint and not is_loopback(trouble.endpoint):
        return False
    usual = {without_password(route.endpoint) for route in shipped.provider(called.provider).routes}
    return trouble.endpoint in usual and _needs_no_key(settings, called.provider)


def _needs_no_key(settings: Settings, name: str) -> bool:
    try:
        Catalog(Settings(settings.workspace, toml=settings.toml)).secrets(name)
    except KeyMissing:
        return False
    return True


def money(cost_cny: float | None) -> str:
    """A cost in yuan, small ones too."""
    return "cost unknown" if cost_cny is None else f"¥{cost_cny:.6f}"
