"""Commands about judges: what they go by, how far they agree, and what their scores are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from augment.cli import output
from augment.cli.options import command_parser
from augment.workbench import Reference, Workbench

if TYPE_CHECKING:
    from augment.agreement import Cut
    from augment.calibration import Calibration

PRECISION = 0.95


def rubrics(arguments: Sequence[str]) -> int:
    """Shows the rubrics, or the text of one."""
    from augment.rubrics import names, read_rubric

    parser = command_parser("rubrics", "Show the rubrics that `augment judge` goes by, or the text of one.")
    parser.add_argument("rubric", nargs="?", metavar="NAME")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace, make=True) as bench:
        workspace = bench.settings.workspace
    found = [read_rubric(name, workspace) for name in ([parsed.rubric] if parsed.rubric else names(workspace))]
    if parsed.json:
        output.items(
            {
                "name": one.name,
                "rubric_id": one.id,
                "maximum": one.maximum,
                "criteria": {part.name: part.maximum for part in one.criteria},
                "text": one.text,
            }
            for one in found
        )
    elif parsed.rubric:
        output.line(found[0].text.rstrip())
    else:
        rows = [
            [one.name, one.id, f"{one.maximum:g}", " + ".join(f"{part.name} {part.maximum:g}" for part in one.criteria)]
            for one in found
        ]
        output.table(["rubric", "rubric_id", "points", "criteria"], rows)
    return 0


def agreement(arguments: Sequence[str]) -> int:
    """Shows how far judges agree, with each other and with people, and how much place and length sway them."""
    parser = command_parser(
        "agreement",
        "Show how far judges agree among themselves and with the people who reviewed rows, and what sways them: the"
        " length of a text, and its place (once `augment compare` has asked in both orders). Asks nobody.",
    )
    parser.add_argument("dataset", nargs="?", metavar="DS[@vN]")
    parser.add_argument("--at", type=float, metavar="SCORE", help="the score from which on a judge is taken to accept")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        reference = bench.resolve(parsed.dataset)
        if reference.guessed:
            output.talk(f"dataset {reference.name!r}")
        found = bench.calibrate(reference.name, bench.at(reference), at=parsed.at)
    if parsed.json:
        output.result(report(found))
        return 0
    _judges(found)
    return 0


def calibration(bench: Workbench, reference: Reference, precision: float | None, *, as_json: bool) -> int:
    """Shows the threshold for a precision, and the agreement it rests on."""
    wanted = PRECISION if precision is None else precision
    found = bench.calibrate(reference.name, bench.at(reference), precision=wanted)
    if as_json:
        output.result(report(found))
        return 0
    output.line(
        f"{found.dataset} v{found.version} · {found.reviewed} judged rows reviewed, {found.accepted} accepted by people"
    )
    for title, cut in (("reaches", found.threshold), ("is sure of", found.assured)):
        if cut is None:
            output.line(f"  no threshold {title} {wanted:g}: {_why(found, title)}")
            continue
        low, high = cut.interval
        output.line(
            f'  --where "{cut.where}" {title} {wanted:g}: {cut.accepted} of {cut.kept} kept rows accepted,'
            f" {cut.precision:.3f} (95 %: {low:.3f} to {high:.3f}), {cut.recall:.0%} of the accepted kept"
        )
    output.line("  It holds for rows like those reviewed: review a random sample, not the worst ones first.")
    output.line()
    _judges(found)
    return 0


def report(found: Calibration) -> dict[str, Any]:
    """The report as one object."""
    return {**asdict(found), "threshold": _cut(found.threshold), "assured": _cut(found.assured)}


def _cut(cut: Cut | None) -> dict[str, Any] | None:
    if cut is None:
        return None
    low, high = cut.interval
    told = {"precision": round(cut.precision, 4), "low": round(low, 4), "high": round(high, 4), "where": cut.where}
    return {**asdict(cut), "recall": round(cut.recall, 4), **told}


def _why(found: Calibration, title: str) -> str:
    if title == "reaches" and found.reviewed:
        return "at no score are that many of at least 10 kept rows accepted"
    more = max(0, found.needed - found.reviewed)
    missing = f": review {more} more" if more else ""
    return (
        f"it needs at least {found.needed} reviewed rows above it, nearly all accepted; "
        f"{found.reviewed} are reviewed{missing}"
    )


def _judges(found: Calibration) -> None:
    heads = [
        "judge",
        "rubric",
        "rows",
        "mean",
        "reviewed",
        "kappa",
        "both keep",
        "judge keeps",
        "people keep",
        "neither",
    ]
    rows: list[list[Any]] = []
    for one in found.judges:
        told = one.confusion
        confusion = [told.kept_accepted, told.kept_rejected, told.dropped_accepted, told.dropped_rejected]
        mean = f"{one.mean:.3f}"
        rows.append([one.judge, one.rubric, one.rows, mean, one.reviewed, _number(one.kappa), *confusion])
    output.line(f"judges against people, a judge keeping rows from {found.at:g} on")
    output.table(heads, rows)
    for rubric, value in found.judges_alpha.items():
        output.line(f"judges among themselves by {rubric}: Krippendorff's alpha {_number(value) or 'not known'}")
    output.line(f"people among themselves ({found.people}): alpha {_number(found.people_alpha) or 'not known'}")
    for pair, value in found.people_kappa.items():
        output.line(f"  {pair}: kappa {_number(value) or 'not known'}")
    for one in found.judges:
        if one.length is not None:
            output.line(f"length: {one.judge} by {one.rubric}: points and length, Spearman's rho {one.length:+.2f}")
    for place in found.places:
        output.line(
            f"place: {place.judge}: {place.flips} of {place.pairs} choices turn with the order"
            f" (95 %: {place.low:.0%} to {place.high:.0%}); what stands first is chosen {place.first:.0%} of the time"
        )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
