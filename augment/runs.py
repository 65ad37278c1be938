"""One execution of a stage: rows of one version in, one new version out, every row counted."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Protocol

from augment import __version__, loops
from augment.accounts import Accounts
from augment.errors import DiskTrouble, Fault
from augment.hints import hint
from augment.lanes import Purse
from augment.limits import Account
from augment.plans import Plan
from augment.progress import Live, Pulse, published, runs_folder
from augment.quotas import GOES_ON
from augment.recipes import Unanswered, recipe
from augment.records import closed_after_a_bug, note_end, note_start
from augment.runner import Runner
from augment.stages._stage import Stage
from augment.store import Draft, Fill, same
from augment.types import Done, Route, Row


class Watcher(Protocol):
    """Sees a run begin and end; reads ``Live`` in between as it likes."""

    def begin(self, live: Live) -> None: ...
    def end(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Summary:
    """The outcome of a run, as spec §4 prints it."""

    dataset: str
    from_version: int
    version: int
    stage: str
    provider: str | None
    run_id: str
    rows_in: int
    done: int
    skipped: Mapping[str, int]
    rejected: Mapping[str, int]
    failed: Mapping[str, int]
    rows_added: int
    rows_out: int
    calls: int
    from_ledger: int
    possibly_paid_twice: int
    input_tokens: int
    output_tokens: int
    cost_cny: float | None
    seconds: float
    exit_code: int = 0
    message: str = ""
    hint: str = ""
    items: Sequence[Row] | None = None

    def as_json(self) -> dict[str, Any]:
        """The object of spec §4; ``items`` only after ``--preview``."""
        shown = asdict(self)
        for name in ("exit_code", "message", "hint", "items"):
            del shown[name]
        if self.items is not None:
            shown["items"] = [asdict(row) for row in self.items]
        return shown


@dataclass(frozen=True, slots=True)
class Part:
    """A run as a part of something larger. lineage: what its version says of that, under ``pipeline``, with whether the
    run came to its end; key: what the larger thing is known by; commits: the exit codes with which a version is made,
    None for any."""

    lineage: Mapping[str, Any]
    key: str
    commits: frozenset[int] | None = None


def execute(plan: Plan, watcher: Watcher | None = None, part: Part | None = None) -> Summary:
    """Runs the plan and commits one version, or none where nothing changed."""
    run_id = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S") + "-" + uuid.uuid4().hex[:8]
    started = time.monotonic()
    runner = Runner(
        ledger=plan.ledger,
        run_id=run_id,
        stage=plan.stage.name,
        providers=plan.providers,
        others=plan.others,
        connect=plan.connect,
        purse=Purse(plan.run.budget, plan.run.max_calls),
        fresh=plan.run.fresh,
        concurrency=plan.run.concurrency,
        most_rows=plan.run.target,
    )
    live = Live(plan.stage.name, plan.label, runner.tally, plan.count(), plan.limits)
    options = plan.chosen() | ({"pipeline": part.key} if part is not None else {})
    note_start(plan.ledger, run_id, plan.dataset, plan.stage.name, plan.label, options, plan.version)
    with published(runs_folder(plan.store.root), Pulse(live, run_id, plan.dataset), run_id):
        with ExitStack() as stack:
            if (accounts := _accounts(plan)) is not None:
                stack.callback(accounts.close)
                runner.account = partial(_account, plan, accounts)
            stamp: dict[str, Any] = {"run_id": run_id}
            updated = stack.enter_context(plan.store.fill(plan.dataset, plan.version, stamp))
            created_at = dt.datetime.now(dt.UTC)
            stamp = {**stamp, "created_at": created_at}
            added = stack.enter_context(plan.store.draft(plan.dataset, stamp))
            if watcher is not None:
                watcher.begin(live)
                stack.callback(watcher.end)
            stack.enter_context(closed_after_a_bug(plan.ledger, run_id))
            unanswered = Unanswered()
            shown = loops.run(_drive(plan, runner, live, unanswered, updated, added))
            added.close()
            live.committing = True
            version, rows_added = plan.version, 0
            wanted = plan.run.preview is None and (updated.changed or added.rows)
            if wanted and _is_whole(part, _ending(plan, runner, live)[0]):
                kept = _recipe(plan, runner, unanswered, created_at)
                version, rows_added = _commit(plan, runner, live, updated, added, run_id, started, part, kept)
            rows_out = plan.store.count(plan.dataset, version)
            summary = _summary(
                plan, runner, live, run_id, version, rows_out, rows_added, time.monotonic() - started, shown
            )
        note_end(plan.ledger, run_id, version, summary.exit_code, summary.as_json())
    return summary


def _accounts(plan: Plan) -> Accounts | None:
    """What processes with the same keys share; None where nobody is asked, or no place for it can be written."""
    asked = [route for provider in (*plan.providers, *plan.others) for route in provider.routes]
    if all(route.simulated for route in asked):
        return None
    settings = plan.catalog.settings
    for folder in (settings.state_folder, settings.workspace / "datasets" / ".augment"):
        with suppress(DiskTrouble):
            return Accounts(folder / "accounts.sqlite")
    return None


def _account(plan: Plan, accounts: Accounts, route: Route) -> Account | None:
    return accounts.account(route, plan.secrets(route))


async def _drive(
    plan: Plan, runner: Runner, live: Live, unanswered: Unanswered, updated: Fill, added: Draft
) -> list[Row] | None:
    """Takes the results in order and writes what they made."""
    shown: list[Row] | None = None if plan.run.preview is None else []
    results = runner.run(plan.rows(), plan.ready.work)
    unsettled = plan.ledger.unsettled(plan.dataset, plan.stage.name) if shown is None else frozenset()
    settled: list[str] = []
    try:
        async for result in results:
            live.count(result.state, result.reason)
            unanswered.pass_by(result.state, result.reason)
            outcome = result.outcome
            if result.state in ("done", "skipped"):
                if result.row.row_id in unsettled:
                    settled.append(result.row.row_id)
            else:
                plan.ledger.outcome(
                    plan.dataset,
                    result.row.row_id,
                    plan.stage.name,
                    runner.run_id,
                    result.state,
                    result.reason,
                    result.detail,
                )
            if shown is None:
                place(plan.stage, result.row, result.state, result.reason, outcome, updated, added)
            elif isinstance(outcome, Done):
                filled = outcome.updated
                shown += [row.with_(**added.stamp) for row in outcome.added]
                shown += [filled.with_(**updated.stamp)] if filled and not same(filled, result.row) else []
            if result.state == "done" and plan.run.target is not None and live.done >= plan.run.target:
                break
    finally:
        await results.aclose()
    if settled:
        plan.ledger.settled(plan.dataset, plan.stage.name, settled)
    return shown


def place(stage: Stage, row: Row, state: str, reason: str, outcome: object, updated: Fill, added: Draft) -> None:
    """Writes what became of a row into the version to come."""
    if state == "rejected" and stage.leaves_out(reason):
        updated.leave_out(row.row_id)
    if isinstance(outcome, Done):
        if outcome.added:
            added.write(outcome.added)
        if outcome.updated is not None and not same(outcome.updated, row):
            updated.put(outcome.updated)


def _recipe(plan: Plan, runner: Runner, unanswered: Unanswered, created_at: dt.datetime) -> dict[str, Any]:
    """What the version is to keep of how it was made."""

    def order() -> Iterator[str]:
        for batch in plan.store.read(plan.dataset, plan.version, ["row_id"]):
            yield from batch.column(0).to_pylist()

    return recipe(
        plan.options,
        plan.run,
        runner.providers,
        runner.others,
        plan.texts,
        created_at,
        unanswered,
        plan.ids,
        order,
    )


def _is_whole(part: Part | None, exit_code: int) -> bool:
    """Whether what the run has done is to become a version."""
    return part is None or part.commits is None or exit_code in part.commits


def _commit(
    plan: Plan,
    runner: Runner,
    live: Live,
    updated: Fill,
    added: Draft,
    run_id: str,
    started: float,
    part: Part | None,
    kept: Mapping[str, Any],
) -> tuple[int, int]:
    added_rows = [0]  # what a version made meanwhile already had is not added

    def lineage(rows_added: int, rows_out: int) -> dict[str, Any]:
        added_rows.append(rows_added)
        return {
            "stage": plan.stage.name,
            "options": plan.chosen(),
            "run_id": run_id,
            "providers": [provider.label for provider in (*plan.providers, *plan.others)],
            "models": [provider.model or None for provider in (*runner.providers, *runner.others)],
            "prompts": dict(plan.ready.prompts),
            "code_version": __version__,
            "parent_version": plan.version,
            "rows_in": live.rows,
            "done": live.done,
            "skipped": dict(live.skipped),
            "rejected": dict(live.rejected),
            "failed": dict(live.failed),
            "rows_added": rows_added,
            "rows_out": rows_out,
            "calls": runner.tally.calls,
            "from_ledger": runner.tally.from_ledger,
            "input_tokens": runner.tally.input_tokens,
            "output_tokens": runner.tally.output_tokens,
            "cost_cny": runner.tally.cost_cny,
            "seconds": round(time.monotonic() - started, 3),
            "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            **_part_of(part, plan, runner, live),
            "recipe": kept,
        }

    updated.close()  # before the dataset is locked: it reads and writes what no row of the run came to
    version = plan.store.commit(
        plan.dataset,
        base=plan.version,
        whole=updated if updated.changed else None,
        added=added if added.rows else None,
        lineage=lineage,
        transaction=run_id,
    )
    return version, added_rows[-1]


def _part_of(part: Part | None, plan: Plan, runner: Runner, live: Live) -> dict[str, Any]:
    """What the version says of the larger thing that its run was a part of."""
    if part is None:
        return {}
    return {"pipeline": {**part.lineage, "whole": _ending(plan, runner, live)[0] == 0}}


def _summary(
    plan: Plan,
    runner: Runner,
    live: Live,
    run_id: str,
    version: int,
    rows_out: int,
    rows_added: int,
    seconds: float,
    shown: list[Row] | None,
) -> Summary:
    tally = runner.tally
    exit_code, message, hint = _ending(plan, runner, live)
    return Summary(
        dataset=plan.dataset,
        from_version=plan.version,
        version=version,
        stage=plan.stage.name,
        provider=plan.label,
        run_id=run_id,
        rows_in=live.rows,
        done=live.done,
        skipped=dict(sorted(live.skipped.items())),
        rejected=dict(sorted(live.rejected.items())),
        failed=dict(sorted(live.failed.items())),
        rows_added=rows_added,
        rows_out=rows_out,
        calls=tally.calls,
        from_ledger=tally.from_ledger,
        possibly_paid_twice=tally.possibly_paid_twice,
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        cost_cny=None if tally.cost_cny is None else round(tally.cost_cny, 6),
        seconds=round(seconds, 3),
        exit_code=exit_code,
        message=message,
        hint=hint,
        items=shown,
    )


def _ending(plan: Plan, runner: Runner, live: Live) -> tuple[int, str, str]:
    """Exit code, message and hint (spec §4): the first that applies."""
    if runner.stop is not None:
        return runner.stop.exit_code, runner.stop.message, runner.stop.hint
    stopped = runner.stopped_by
    if stopped is not None and live.failed:
        provider, route, fault = stopped
        return 5, f"{provider.name!r} stopped: {fault}", _advice(plan, fault, route, provider.notice)
    if live.failed:
        last, route = runner.tally.last_fault, runner.tally.last_route or (*plan.providers, *plan.others)[0].routes[0]
        if last is None:
            return 4, f"{sum(live.failed.values())} rows got no answer", "type the command again: it asks only those"
        message = f"{sum(live.failed.values())} rows got no answer ({last})"
        if last.code == "unreachable":
            message = f"{plan.label!r} cannot be reached at {route.endpoint or 'its address'}: {last.message}"
        return 4, message, _advice(plan, last, route)
    return 0, "", ""


def _advice(plan: Plan, fault: Fault, route: Route, notice: str = "") -> str:
    """What to do about the fault that ended a run, in the reader's language. notice: what the catalog says instead."""
    language = plan.catalog.settings.language
    if fault.kind == "quota_exhausted" and fault.wait_s and GOES_ON in fault.message:
        return hint(fault.kind, "goes_on_later", language=language)
    words = hint(fault.kind, fault.code, route.connector, language, dialect=str(route.option("dialect")))
    if fault.kind == "retired" and notice:
        return f"{words} {notice}" if language == "zh" else notice
    variables = plan.catalog.variables(route.entry) if fault.kind == "auth" else ()
    if variables and not any(name in words for name in variables):
        words += f" ({', '.join(variables)})"
    return words or fault.hint
