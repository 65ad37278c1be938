"""Commands about what was asked and with what: runs, attempts, cost, ledger, providers, settings, prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from augment.catalog import Listed
from augment.cli import output
from augment.cli.options import command_parser
from augment.errors import FixableError, NotFound, UsageError
from augment.workbench import Workbench


def runs(arguments: Sequence[str]) -> int:
    """Lists the runs, or shows one with its counts."""
    parser = command_parser("runs", "List the runs, newest first, or show one.")
    parser.add_argument("what", nargs="*", metavar="show ID")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        found = bench.runs()
    if parsed.what:
        wanted = parsed.what[-1]
        found = [run for run in found if run["run_id"].startswith(wanted)]
        if not found:
            raise NotFound(f"no run {wanted!r}", hint="`augment runs` lists them")
        if len(found) > 1 and not parsed.json:
            raise UsageError(f"{len(found)} runs begin with {wanted!r}", hint="give more of the id")
    if parsed.json:
        output.items(found)
        return 0
    if parsed.what:
        for name, value in (found[0]["summary"] or found[0]).items():
            if value is not None:
                output.line(f"{name:<20} {value}")
        return 0
    rows = []
    for run in found:
        summary = run["summary"] or {}
        rows.append(
            [
                run["run_id"],
                run["dataset"],
                run["stage"],
                run["provider"],
                run["state"],
                summary.get("rows_in"),
                summary.get("done"),
                summary.get("calls"),
                output.money(summary.get("cost_cny")) if summary else "",
            ]
        )
    output.table(["run", "dataset", "stage", "provider", "state", "rows", "done", "calls", "cost"], rows)
    return 0


def attempts(arguments: Sequence[str]) -> int:
    """Shows every ask made for one row: prompt, answer, faults, cost."""
    parser = command_parser("attempts", "Show every ask made for one row.")
    parser.add_argument("dataset", nargs="?", metavar="DS[@vN]")
    parser.add_argument("--row", required=True, metavar="ID", help="the row's id or the beginning of it")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        reference = bench.resolve(parsed.dataset)
        row = bench.row(reference.name, bench.at(reference), parsed.row)
        found = bench.attempts(row.row_id)
        outcomes = bench.outcomes(reference.name, row.row_id)
    if parsed.json:
        output.items(found, outcomes=outcomes)
        return 0
    for ask in found:
        output.line(f"── {ask['stage']} · {ask['provider']} · {ask['model']} · attempt {ask['attempt']} ──")
        request = ask["request"]
        for role, content in request.get("messages", []):
            output.line(f"[{role}]\n{content}")
        if "text" in request:
            output.line(f"[{request['source']} → {request['target']}]\n{request['text']}")
        output.line(f"[reply]\n{ask['reply'] if ask['reply'] is not None else '(none)'}")
        tokens = f"{ask['input_tokens']} in, {ask['output_tokens']} out" if ask["input_tokens"] is not None else ""
        output.line(f"sent {ask['sends']} × · {tokens} · {output.money(ask['cost_cny'])}")
        for fault in ask["faults"]:
            output.line(f"  {output.moment(fault['at'])} {fault['kind']} {fault['code']} {fault['message']}")
        output.line()
    for outcome in outcomes:
        output.line(f"{outcome['stage']}: {outcome['state']}, {outcome['reason']} {outcome['detail']}")
    output.talk(f"asks for row {row.row_id}: {len(found)}")
    return 0


def cost(arguments: Sequence[str]) -> int:
    """Shows what was spent, by provider and model."""
    parsed = command_parser("cost", "Show what was spent, by provider and model.").parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        found = bench.cost()
    if parsed.json:
        output.items(found)
        return 0
    names = ("provider", "model", "asks", "sends", "input_tokens", "output_tokens", "characters")
    output.table([*names, "cost"], [[*(line[n] for n in names), output.money(line["cost_cny"])] for line in found])
    return 0


def ledger(arguments: Sequence[str]) -> int:
    """Backs up the ledger, also while a run goes on."""
    parser = command_parser("ledger", "Back up the ledger, consistent even while a run goes on.")
    parser.add_argument("what", choices=["backup"])
    parser.add_argument("path", type=Path, metavar="PATH")
    parsed = parser.parse_args(list(arguments))
    if parsed.path.exists():
        raise FixableError(f"{str(parsed.path)!r} is there already", hint="name a file that does not exist")
    with Workbench.open(parsed.workspace) as bench:
        bench.ledger.backup(parsed.path)
    size = parsed.path.stat().st_size
    if parsed.json:
        output.result({"path": str(parsed.path), "bytes": size})
    else:
        output.line(f"{parsed.path}: {size} bytes")
    return 0


def providers(arguments: Sequence[str]) -> int:
    """Lists the providers."""
    parser = command_parser(
        "providers",
        "List the providers: model, limits, price, key set or not. `check NAME` makes one tiny call to one of them and "
        "says what it found: exit 0 it works, 3 key missing or no such name, 5 the provider stopped, 4 anything else.",
    )
    parser.add_argument("what", nargs="*", metavar="check NAME")
    parser.add_argument("--simulate", action="store_true", help="check: call the simulator on this machine instead")
    parsed = parser.parse_args(list(arguments))
    if parsed.what and (parsed.what[0] != "check" or len(parsed.what) != 2):
        raise UsageError(f"{' '.join(parsed.what)!r} is not understood", hint="`augment providers check NAME`")
    try:
        bench = Workbench.open(parsed.workspace)
    except NotFound:  # the catalog is worth seeing before there is anything to work on
        bench = Workbench.open(parsed.workspace, make=True)
    with bench:
        if parsed.what:
            from augment.cli.doctor import check

            return check(bench, parsed.what[1], simulate=parsed.simulate, as_json=parsed.json)
        found = bench.providers()
    if parsed.json:
        output.items(asdict(provider) for provider in found)
        return 0
    rows: list[list[Any]] = []
    for provider in found:
        limits, price = provider.limits, provider.price
        paces = [(limits.rps, "/s"), (limits.rpm, "/min"), (limits.in_flight, " at once")]
        limit = " ".join(f"{value:g}{unit}" for value, unit in paces if value)
        cost_of = (
            f"¥{price.characters_1m:g} per 1M characters"
            if price.characters_1m is not None
            else f"¥{price.input_1k:g}/{price.output_1k:g} per 1k tokens"
            if price.input_1k is not None and price.output_1k is not None
            else "unknown"
        )
        retired = f"{'off' if provider.retired_on <= _today() else 'ends'} {provider.retired_on}"
        rows.append(
            [
                provider.name,
                provider.kind,
                provider.connector,
                provider.model or f"({provider.asks_for})",
                limit or "none known",
                cost_of,
                _key(provider),
                retired if provider.retired_on else "",
            ]
        )
    output.table(["provider", "kind", "connector", "model", "limit", "price", "key", "retired"], rows)
    return 0


def _key(provider: Listed) -> str:
    if provider.needs_key:
        return "set" if provider.key else "missing"
    return f"if any: {provider.variables[0]}" if provider.variables else "not needed"


def settings(arguments: Sequence[str]) -> int:
    """Shows every setting in force with its origin."""
    parsed = command_parser("settings", "Show every setting with its origin.").parse_args(list(arguments))
    with Workbench.open(parsed.workspace, make=True) as bench:
        found = bench.shown_settings()
    if parsed.json:
        output.items(asdict(setting) for setting in found)
    else:
        output.table(["setting", "value", "origin"], [[s.name, s.value, s.origin] for s in found])
    return 0


def prompts(arguments: Sequence[str]) -> int:
    """Shows the templates of a stage, or one of them."""
    from augment.prompts import names, read_prompt

    parser = command_parser("prompts", "Show the prompt templates of a stage, or the text of one.")
    parser.add_argument("stage", metavar="STAGE")
    parser.add_argument("template", nargs="?", metavar="NAME")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace, make=True) as bench:
        workspace = bench.settings.workspace
    wanted = [parsed.template] if parsed.template else names(parsed.stage)
    if not wanted:
        raise NotFound(f"stage {parsed.stage!r} has no templates", hint="try `augment prompts reason`")
    found = [read_prompt(parsed.stage, name, workspace) for name in wanted]
    if parsed.json:
        output.items({"name": prompt.name, "prompt_id": prompt.id, "text": prompt.text} for prompt in found)
    elif parsed.template:
        output.line(found[0].text)
    else:
        output.table(["template", "prompt_id", "begins"], [[p.name, p.id, p.text[:40] + "…"] for p in found])
    return 0


def _today() -> str:
    import datetime as dt

    return dt.datetime.now(dt.UTC).date().isoformat()
