"""Commands about whole chains of stages: run, replay."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.cli import output
from augment.cli.options import command_parser
from augment.workbench import Workbench

if TYPE_CHECKING:
    from augment.pipelines import Outlook, Report
    from augment.replay import Item

REPLAY = "Make a version again from source bytes, ledger and reviews, asking nobody, and compare it with the kept one."
RUN = "Run the stages of a pipeline file in order; typed again it goes on where it was broken off."

ABOUT = "the lines above name the first version that differs; docs/how-to/replay.md says what each may mean"


def run(arguments: Sequence[str]) -> int:
    """Runs a pipeline file, or says what it would ask."""
    parser = command_parser("run", RUN)
    parser.add_argument("file", metavar="PIPELINE.toml", type=Path, help="stages with their options, in order")
    parser.add_argument("--dataset", metavar="NAME", help="the dataset, in place of the file's")
    parser.add_argument("--budget", type=float, metavar="CNY", help="of all stages together, in place of the file's")
    parser.add_argument("--dry-run", action="store_true", help="say what it would ask and cost; ask nothing")
    parser.add_argument("--simulate", action="store_true", help="ask the vendors' simulator on this machine")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace, make=not parsed.dry_run) as bench:
        pipeline = bench.read_pipeline(parsed.file, dataset=parsed.dataset, budget=parsed.budget)
        if parsed.dry_run:
            return _outlook(bench.foresee_pipeline(pipeline, simulate=parsed.simulate), as_json=parsed.json)
        told = None if parsed.json else _stage
        report = bench.run_pipeline(pipeline, simulate=parsed.simulate, watcher=output.Panel(), told=told)
    return _report(report, as_json=parsed.json)


def replay(arguments: Sequence[str]) -> int:
    """Makes a version again and says whether it is equal."""
    parser = command_parser("replay", REPLAY)
    parser.add_argument("dataset", nargs="?", metavar="DS[@vN]", help="left out: the newest version of the last import")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        reference = bench.resolve(parsed.dataset)
        if reference.guessed:
            output.talk(f"dataset {reference.name!r}")
        found = bench.replay(reference.name, bench.at(reference), None if parsed.json else _item)
    if parsed.json:
        output.result(found.as_json())
    else:
        said = {True: "equal", False: "NOT equal", None: "made again, with nothing kept to compare it with"}[
            found.equal
        ]
        output.line(f"{found.dataset} v{found.version}: {said}; nothing was asked")
    if found.equal is False:
        output.failure("the version is not what its record makes of it", ABOUT, found.exit_code, as_json=parsed.json)
    sys.stdout.flush()
    return found.exit_code


def _item(item: Item) -> None:
    """One version made again."""
    said = {True: "equal", False: "differs", None: "not compared"}[item.equal]
    answered = f" · {item.answered} answers from the ledger" if item.answered else ""
    output.line(f"v{item.version} · {item.stage} · {said} · {item.rows} rows{answered}")
    for name, (made, kept) in item.counts.items():
        output.line(f"  {name}: made again {made}, kept {kept}")
    for one in item.differences:
        output.line(f"  row {one['place']}, {one['row_id'][:12]}" + (f": {one['only']} only" if "only" in one else ""))
        for column, values in one["columns"].items():
            output.line(f"    {column}")
            for side, value in values.items():
                output.line(f"      {side}: {_short(value)}")
    if item.absent:
        output.line(f"  no answer in the ledger to {', '.join(key[:12] for key in item.absent)} …")
    for words in item.missing:
        output.talk(f"  v{item.version} did not keep {words}")
    if item.trouble:
        output.line(f"  {item.trouble}")
        if item.hint:
            output.talk(f"  hint: {item.hint}")


def _short(value: Any) -> str:
    text = "(none)" if value is None else str(value)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"


def _report(report: Report, *, as_json: bool) -> int:
    if as_json:
        output.result(report.as_json())
    else:
        total = report.total
        moved = f"{_version(report.from_version)} → {_version(report.version)}"
        for export in report.exports:
            output.line(f"exported {export.get('path')}")
        output.line(
            f"{report.dataset} {moved} · {len(report.stages)} stages"
            f" · calls {total['calls']} · from the ledger {total['from_ledger']} · {output.money(total['cost_cny'])}"
            f" · {output.duration(total['seconds'])}"
        )
    if report.message:
        output.failure(report.message, report.hint, report.exit_code, as_json=as_json)
    sys.stdout.flush()
    return report.exit_code


def _stage(summary: dict[str, Any]) -> None:
    """One stage that has ended."""
    lost = {state: sum(summary[state].values()) for state in ("skipped", "rejected", "failed")}
    moved = f"v{summary['from_version']} → v{summary['version']}"
    if summary["version"] == summary["from_version"]:
        moved = f"v{summary['version']}, unchanged"
    if summary.get("already_done"):
        output.line(f"{summary['stage']} · done before · v{summary['version']}")
        return
    output.line(f"{summary['stage']}{' · ' + summary['provider'] if summary['provider'] else ''} · {moved}")
    output.line(
        f"  rows in {summary['rows_in']} = done {summary['done']} + skipped {lost['skipped']}"
        f" + rejected {lost['rejected']} + failed {lost['failed']} · added {summary['rows_added']}"
        f" · rows out {summary['rows_out']} · calls {summary['calls']} · {output.money(summary['cost_cny'])}"
    )
    for state in ("rejected", "failed"):
        for reason, count in summary[state].items():
            output.line(f"  {state} {count}: {reason}")


def _outlook(outlook: Outlook, *, as_json: bool) -> int:
    found = outlook.as_json()
    if as_json:
        output.result(found)
        return 0
    output.line(f"{outlook.dataset} {_version(outlook.version)} · {outlook.rows} rows: nothing was asked")
    for stage in found["stages"]:
        who = f" · {stage['provider']}" if stage["provider"] else ""
        if stage["exact"]:
            output.line(f"{stage['stage']}{who} · counted over the rows it will read")
            output.line(
                f"  rows in {stage['rows_in']} · asks {stage['asks']} (likely {stage['likely_asks']}, at most"
                f" {stage['at_most_asks']}) · cost about {output.money(stage['cost_cny'])}"
            )
        else:
            output.line(f"{stage['stage']}{who} · expected, by what the stages before it will yield")
            output.line(
                f"  rows in {_between(stage, 'rows_in')} · likely asks {_between(stage, 'likely_asks')}"
                f" · cost about {output.money(stage['cost_cny'])}{_costs(stage)}"
            )
        output.line(f"  {_passing(stage['passing'])}")
    total = found["total"]
    output.line(
        f"in all: likely asks {total['likely_asks']:g} · cost about {output.money(total['cost_cny'])}{_costs(total)}"
        if total["likely_asks"] is not None
        else "in all: not known"
    )
    return 0


def _between(stage: dict[str, Any], name: str) -> str:
    return f"{stage[name]} ({stage[f'{name}_low']} to {stage[f'{name}_high']})"


def _costs(stage: dict[str, Any]) -> str:
    low, high = stage["cost_low_cny"], stage["cost_high_cny"]
    return "" if low is None or high is None else f", between {output.money(low)} and {output.money(high)}"


def _passing(share: dict[str, Any] | None) -> str:
    """Where the rows of the later stages come from."""
    if share is None:
        return "asks nobody"
    if not share["seen"]:
        return "which of its rows pass was never measured: none to all"
    return (
        f"of its rows {share['likely']:.0%} passed in earlier runs ({share['seen']} rows; between {share['low']:.0%}"
        f" and {share['high']:.0%})"
    )


def _version(number: int | None) -> str:
    return "(new)" if number is None else f"v{number}"
