"""``augment review assign``, ``progress`` and ``conflicts``: several reviewers of one dataset."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict, astuple

from augment.browse import Browser, Filter
from augment.cli import output
from augment.errors import UsageError
from augment.review import By
from augment.types import Decision, Row
from augment.workbench import Workbench

HEADS = ("reviewer", "assigned", "as second", "done", "decided", "accepted", "rejected", "edited", "conflicts")


def assign(bench: Workbench, shown: Browser, wanted: Filter, hand: By, parsed: Namespace) -> int:
    """Deals rows out to reviewers, or ends such a deal."""
    if parsed.end is not None:
        bench.undeal(shown.name, parsed.end)
        if parsed.json:
            output.result({"dataset": shown.name, "ended": parsed.end})
        else:
            output.line(f"assignment {parsed.end} of {shown.name} ended; what was decided stays")
        return 0
    if not parsed.to:
        raise UsageError("nobody to assign rows to", hint="--to NAME, once for each reviewer")
    deal = bench.deal(shown, wanted, parsed.to, hand, share=parsed.second)
    if parsed.json:
        output.result({"dataset": shown.name, **asdict(deal)})
        return 0
    output.line(f"assignment {deal.id}: {deal.rows} rows of {shown.name} to {', '.join(deal.reviewers)}")
    if deal.share:
        output.line(f"{deal.share:.0%} of them to a second one too")
    output.talk(f"`augment review progress {shown.name}` shows how far they are")
    return 0


def progress(bench: Workbench, shown: Browser, *, as_json: bool) -> int:
    """How far each reviewer has come, and how they agree."""
    people, agreeing, deals = bench.review_progress(shown), bench.agreeing(shown), bench.deals(shown.name)
    if as_json:
        output.items(
            [asdict(one) for one in people],
            dataset=shown.name,
            version=shown.version,
            agreement=asdict(agreeing),
            assignments=[asdict(deal) for deal in deals],
        )
        return 0
    output.table(HEADS, [astuple(one) for one in people])
    for deal in deals:
        second = f", {deal.share:.0%} twice" if deal.share else ""
        output.line(f"assignment {deal.id}: {deal.rows} rows to {', '.join(deal.reviewers)}{second}")
    output.line(f"{agreeing.rows} rows decided by several, {agreeing.agree} alike, {agreeing.conflicts} to settle")
    for pair, value in agreeing.kappa.items():
        output.line(f"kappa {pair}: {_figure(value)}")
    if agreeing.rows:
        output.line(f"alpha: {_figure(agreeing.alpha)}")
    return 0


def conflicts(shown: Browser, wanted: Filter, *, as_json: bool) -> int:
    """The rows that reviewers do not agree on."""
    ids = list(shown.ids(wanted))
    if as_json:
        rows = ({"row_id": row_id, "decisions": shown.row(row_id).decisions} for row_id in ids)
        output.items(rows, dataset=shown.name, version=shown.version)
        return 0
    for row in shown.page(wanted).rows:
        output.line(f"{row.row_id[:12]}  {_said(row)}")
    output.talk(f"{len(ids)} rows to settle; a decision that most of a row's reviewers share settles it")
    return 0


def _said(row: Row) -> str:
    last: dict[str, Decision] = {one["reviewer"]: one for one in row.decisions or []}
    return " · ".join(
        " ".join(filter(None, (f"{name}: {one['decision']}", one["reason"] and f"({one['reason']})")))
        for name, one in last.items()
    )


def _figure(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.2f}"
