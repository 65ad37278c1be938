"""``augment quality``: what a version is made of and where rows were lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from augment.cli import output
from augment.cli.options import command_parser
from augment.workbench import Workbench

if TYPE_CHECKING:
    from augment.quality import Quality, Spread


def quality(arguments: Sequence[str]) -> int:
    """Shows the figures of a version."""
    parser = command_parser(
        "quality",
        "Show what a version is made of: what each stage kept and why it lost rows, attempts until a text was kept,"
        " answers by letter, lengths, votes, failed checks. Asks nobody.",
    )
    parser.add_argument("dataset", nargs="?", metavar="DS[@vN]")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        reference = bench.resolve(parsed.dataset)
        if reference.guessed:
            output.talk(f"dataset {reference.name!r}")
        found = bench.quality(reference.name, bench.at(reference))
    if parsed.json:
        output.result(_as_json(found))
    else:
        _print(found)
    return 0


def _as_json(found: Quality) -> dict[str, Any]:
    def spread(one: Spread | None) -> dict[str, Any] | None:
        return asdict(one) if one is not None else None

    return {
        "dataset": found.dataset,
        "version": found.version,
        "rows": found.rows,
        "kinds": found.kinds,
        "passed": [
            {**asdict(one), "rate": one.rate, "low": one.interval[0], "high": one.interval[1]} for one in found.passed
        ],
        "attempts": [
            {"stage": stage, "provider": provider, "attempts": attempts, "rows": rows}
            for (stage, provider, attempts), rows in found.attempts.items()
        ],
        "letters": [
            {"options": options, "letter": letter, "rows": rows} for (options, letter), rows in found.letters.items()
        ],
        "longest": [
            {"options": options, "rows": rows, "longest": longest} for options, (rows, longest) in found.longest.items()
        ],
        "lengths": [{"text": column, "rows": whose, **asdict(one)} for (column, whose), one in found.lengths.items()],
        "votes": spread(found.lead),
        "score": spread(found.score),
        "tags": found.tags,
        "broken": found.broken,
    }


def _print(found: Quality) -> None:
    output.line(f"{found.dataset} v{found.version} · {found.rows} rows")
    if found.passed:
        output.line()
        heads = ["stage", "provider", "rows in", "done", "skipped", "rejected", "failed", "kept", "most often"]
        output.table(
            heads,
            [
                [
                    one.stage,
                    one.provider,
                    one.rows_in,
                    one.done,
                    one.skipped,
                    one.rejected,
                    one.failed,
                    "" if one.rate is None else f"{one.rate:.3f}",
                    next((f"{reason} {rows}" for reason, rows in one.reasons.items()), ""),
                ]
                for one in found.passed
            ],
        )
    if found.attempts:
        output.line()
        output.table(["stage", "provider", "attempts", "rows"], [[*key, rows] for key, rows in found.attempts.items()])
    if found.letters:
        output.line()
        sums: dict[int, int] = {}
        for (options, _), rows in found.letters.items():
            sums[options] = sums.get(options, 0) + rows
        output.table(
            ["options", "answer", "rows", "share", "by chance"],
            [
                [options, letter, rows, f"{rows / sums[options]:.3f}", f"{1 / options:.3f}"]
                for (options, letter), rows in found.letters.items()
            ],
        )
        output.table(
            ["options", "rows", "answer the longest", "share", "by chance"],
            [
                [options, rows, f"{longest:.1f}", f"{longest / rows:.3f}", f"{1 / options:.3f}"]
                for options, (rows, longest) in found.longest.items()
            ],
        )
    for title, counts in (("check failed and kept", found.broken), ("tag", found.tags)):
        if counts:
            output.line()
            output.table([title, "rows"], list(counts.items()))
