"""``augment doctor`` and ``augment providers check``: does it work here, and if not, what to do."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from augment.checkup import Called, Check, Tried, call_provider, examine, look_around, money
from augment.cli import output
from augment.cli.options import command_parser
from augment.errors import BadInput, KeyMissing, NotFound
from augment.hints import Language, advice
from augment.settings import Settings, find_workspace, read_environment, read_settings
from augment.workbench import Workbench

SHOWN = {"ok": "ok", "warn": "warn", "fail": "fail", "none": "-"}


def doctor(arguments: Sequence[str]) -> int:
    """Looks at everything a run stands on; exit 3 where something failed."""
    parser = command_parser(
        "doctor",
        "Look at everything a run stands on: Python and packages, workspace, disk and ledger, keys and configuration, "
        "the clock, and every provider whose key is set, with one tiny call each. Exit 3 where something failed.",
    )
    parser.add_argument("--offline", action="store_true", help="call nobody")
    parsed = parser.parse_args(list(arguments))
    settings, is_workspace, trouble = _settings(parsed.workspace)
    language = settings.language
    found: list[Check] = []
    calls: list[Called] = []
    quiet = bool(parsed.json)
    _tell(found, look_around(settings, language, is_workspace=is_workspace), quiet=quiet)
    _tell(found, trouble, quiet=quiet)
    if not parsed.offline:
        checks, calls = asyncio.run(examine(settings, language))
        _tell(found, checks, quiet=quiet)
    states = Counter(check.state for check in found)
    counts = {name: states[name] for name in ("ok", "warn", "fail", "none")}
    if quiet:
        shown = [{"check": check.name, **asdict(check)} for check in found]
        for item in shown:
            del item["name"]
        output.items(shown, **counts, calls=[_as_json(called) for called in calls])
    else:
        output.line(
            f"ok {counts['ok']} · warn {counts['warn']} · fail {counts['fail']} · nothing to see {counts['none']}"
        )
    return 3 if counts["fail"] else 0


def check(bench: Workbench, name: str, *, simulate: bool, as_json: bool) -> int:
    """One tiny call to one provider, told in full. Raises KeyMissing, NotFound, FixableError."""
    language = bench.settings.language
    with bench.catalog_for(simulate=simulate) as catalog:
        called = asyncio.run(call_provider(catalog, name, language=language))
    trouble = called.trouble
    if called.exit_code == 3:
        if trouble.found == "no key":
            raise KeyMissing(trouble.message, hint=advice("key_missing", language))
        raise NotFound(trouble.message, hint=trouble.hint)
    if as_json:
        output.result(_as_json(called))
    else:
        _told(called, language)
    if called.exit_code:
        remedy = [trouble.hint, _instead(trouble)]
        output.failure(
            f"{called.provider!r} does not work: {_fault(trouble)}",
            " ".join(part for part in remedy if part),
            called.exit_code,
            as_json=as_json,
        )
    return called.exit_code


def _settings(workspace: str | None) -> tuple[Settings, bool, list[Check]]:
    """What is set, as far as it can be read, and what stands in the way of the rest."""
    try:
        place, found = find_workspace(workspace), True
    except NotFound:
        place, found = find_workspace(workspace, make=True), False  # names a folder and makes nothing
    try:
        return read_settings(place), found, []
    except BadInput as error:
        return read_environment(place), found, [Check("settings", "fail", error.message, error.hint)]
    except OSError as error:
        said = f"{error.filename}: {error.strerror}"
        settings = read_environment(place)
        return settings, found, [Check("settings", "fail", said, advice("env_unreadable", settings.language))]


def _tell(found: list[Check], checks: Iterable[Check], *, quiet: bool) -> None:
    """Prints each check as it comes, and keeps it."""
    for one in checks:
        found.append(one)
        if quiet:
            continue
        output.line(f"{SHOWN[one.state]:<5} {one.name:<16} {one.detail}")
        if one.advice and one.state in ("warn", "fail"):
            output.line(f"      → {one.advice}")


def _told(called: Called, language: Language) -> None:
    answer = called.answer
    works = "does not work" if answer is None else "works" if answer.found == "works" else "answers"
    over = "" if answer is None else f" over route {called.routes.index(answer) + 1} of {len(called.routes)} tried"
    output.line(f"{'sim:' if called.simulated else ''}{called.provider} {works}{over}")
    for number, tried in enumerate(called.routes, 1):
        where = tried.endpoint or "its vendor's own address"
        output.line(f"  {number}. {tried.connector} · {tried.model or 'the first model served'} · {where}")
        if tried.found == "works":
            output.line(
                f"     {tried.answered_by or tried.model or 'its service'} said {tried.text!r} in {tried.seconds:.2f} s"
            )
            output.line(f"     {_counted(tried)} · {money(tried.cost_cny)}")
        else:
            output.line(f"     {tried.found}: {_fault(tried)}")
            if tried.hint and answer is not None:
                remedy = advice("key_missing", language) if tried.found == "no key" else tried.hint
                output.line(f"     → {remedy}")
        if tried.retired_on:
            output.line(f"     off on {tried.retired_on}; {tried.instead}")


def _fault(tried: Tried) -> str:
    return f"{tried.kind}{f' {tried.code}' if tried.code else ''}: {tried.message}" if tried.kind else tried.message


def _instead(tried: Tried) -> str:
    if tried.kind != "retired" or not tried.instead:
        return ""
    return f"({tried.retired_on}) {tried.instead}" if tried.retired_on else tried.instead


def _counted(tried: Tried) -> str:
    if tried.characters is not None:
        return f"{tried.characters} characters"
    if tried.input_tokens is None and tried.output_tokens is None:
        return "no count given"
    return f"tokens {tried.input_tokens} in, {tried.output_tokens} out"


def _as_json(called: Called) -> dict[str, Any]:
    works = called.answer is not None
    return {**asdict(called), "works": works, "exit_code": called.exit_code}
