"""Commands about what was done and spent: runs, cost, ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from augment.backups import backup
from augment.cli import output
from augment.cli.options import command_parser
from augment.errors import UsageError
from augment.records import STATES, one_run
from augment.spending import BYS, totals
from augment.workbench import Workbench

NAMES = ("run_id", "dataset", "stage", "provider", "model", "day")


def runs(arguments: Sequence[str]) -> int:
    """Lists the runs, or shows one with its counts and what it bought."""
    parser = command_parser(
        "runs",
        "List the runs, newest first, or show one: its id may be cut short. A run that was killed says so. `watch` "
        "follows the one that goes on, in whichever process, to its end; `stop` asks it to end as Ctrl-C does.",
    )
    parser.add_argument("what", nargs="*", metavar="show|watch|stop ID")
    parser.add_argument("--dataset", metavar="DS", help="only runs over this dataset")
    parser.add_argument("--stage", metavar="STAGE", help="only runs of this stage")
    parser.add_argument("--state", choices=STATES, help="only runs that ended so, or have not")
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="at most N (default: 100)")
    parsed = parser.parse_args(list(arguments))
    if parsed.what[:1] in (["watch"], ["stop"]) and len(parsed.what) <= 2:
        from augment.cli.watching import stop, watch

        with Workbench.open(parsed.workspace) as bench:
            act = watch if parsed.what[0] == "watch" else stop
            return act(bench, parsed.what[1] if len(parsed.what) == 2 else None, as_json=parsed.json)
    wanted = parsed.what[1:] if parsed.what[:1] == ["show"] else parsed.what
    if len(wanted) > 1 or (parsed.what and not wanted):
        raise UsageError(f"{' '.join(parsed.what)!r} is not understood", hint="`augment runs show ID`")
    if parsed.limit < 0:
        raise UsageError(f"--limit {parsed.limit} makes no sense", hint="give a positive number")
    with Workbench.open(parsed.workspace) as bench:
        if wanted:
            run = one_run(bench.ledger, wanted[0])
            return _run(run, bench.cost(run_id=run["run_id"]), as_json=parsed.json)
        found = bench.runs(parsed.limit, dataset=parsed.dataset, stage=parsed.stage, state=parsed.state)
    if parsed.json:
        output.items(found)
        return 0
    heads = ["run", "began", "dataset", "stage", "provider", "state", "rows", "done", "calls", "cost"]
    output.table(heads, [_line(run) for run in found])
    return 0


def _line(run: Mapping[str, Any]) -> list[Any]:
    summary = run["summary"] or {}
    began = output.moment(run["started_at"])
    cost = ""
    if run["provider"] is not None and (summary or run["bought"]):
        cost = output.money((summary or run["bought"]).get("cost_cny"))
    told = [summary.get(name) for name in ("rows_in", "done", "calls")]
    return [run["run_id"], began, run["dataset"], run["stage"], run["provider"], run["state"], *told, cost]


def _run(run: Mapping[str, Any], cost: list[dict[str, Any]], *, as_json: bool) -> int:
    if as_json:
        output.items([run], cost=cost)
        return 0
    shown = {name: run[name] for name in ("run_id", "state", "dataset", "stage", "provider")}
    shown["began"] = output.moment(run["started_at"])
    if run["ended_at"] is not None:
        shown["ended"] = output.moment(run["ended_at"])
    shown |= {"options": run["options"], **(run["summary"] or {})}
    if not run["summary"]:
        shown |= {"from_version": run["from_version"], **(run["bought"] or {})}
    for name, value in shown.items():
        if value is not None:
            output.line(f"{name:<20} {value}")
    if cost:
        output.line()
        _table(cost)
    return 0


def cost(arguments: Sequence[str]) -> int:
    """Shows what was spent, and on what."""
    parser = command_parser(
        "cost",
        "Show what was spent. An ask that several rows, stages or runs used counts once, for the run that bought it;"
        " a cost is unknown where some price is. again: answers to a further attempt, a retry or a further vote. in"
        " vain: answers that only rejected rows used. lost: requests whose answer never came, perhaps billed.",
    )
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        choices=BYS,
        help="one line for each; may be given again (default: provider, with its models)",
    )
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        found = bench.cost(parsed.by or ["provider"])
    sums = totals(found)
    if parsed.json:
        output.items(found, total=sums)
        return 0
    _table(found)
    for name, told in sums.items():
        if told["asks"]:
            output.line(
                f"{name} {output.money(told['cost_cny']) if told['answered'] else '¥0'} · {told['answered']} answers"
                f" · again {_part(told, 'again')} · in vain {_part(told, 'in_vain')} · lost {told['lost']}"
            )
    return 0


def _table(items: list[dict[str, Any]]) -> None:
    names = [name for name in NAMES if items and name in items[0]]
    counts = ("asks", "answered", "sends", "input_tokens", "output_tokens", "characters")
    heads = [*names, "asks", "answered", "sends", "tokens in", "tokens out", "characters", "cost", "again", "in vain"]
    rows = [
        [
            *(item[name] for name in names),
            *(item[name] for name in counts),
            output.money(item["cost_cny"]) if item["answered"] else "",
            _part(item, "again"),
            _part(item, "in_vain"),
            item["lost"],
        ]
        for item in items
    ]
    output.table([*heads, "lost"], rows)


def _part(item: Mapping[str, Any], name: str) -> str:
    """A count with its cost; nothing else where nothing was spent in that way."""
    return f"{item[name]} ({output.money(item[f'{name}_cny'])})" if item[name] else "0"


def ledger(arguments: Sequence[str]) -> int:
    """Backs up the ledger, also while a run goes on."""
    parser = command_parser("ledger", "Back up the ledger, consistent even while a run goes on.")
    parser.add_argument("what", choices=["backup"])
    parser.add_argument("path", type=Path, metavar="PATH", help="a file that is not there yet")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        size = backup(bench.ledger, parsed.path)
    if parsed.json:
        output.result({"path": str(parsed.path), "bytes": size})
    else:
        output.line(f"{parsed.path}: {size} bytes")
    return 0
