"""The parts of the quality page: a question, the plot that answers it, the numbers behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from augment.workbench import Workbench
from ui import panes, plots, state
from ui.words import t, word

KEY: dict[str | type[Any], Callable[[Any], Any]] = {Workbench: lambda bench: str(bench.settings.workspace)}


@st.cache_data(show_spinner=False, max_entries=32, hash_funcs=KEY)
def _figures(bench: Workbench, name: str, version: int, made_at: float) -> Any:  # noqa: ARG001 - see below
    """A version never changes; when it was made tells it from one of a dataset that had its name before."""
    return bench.quality(name, version)


def figures(bench: Workbench, name: str, version: int) -> Any:
    """The figures of a version, computed once."""
    with st.spinner(t("quality.counting", name=name, version=version)):
        return _figures(bench, name, version, bench.versions(name)[version].at)


def passed(found: Any) -> None:
    """Which stage loses most rows."""
    tried = [one for one in found.passed if one.rate is not None and (one.provider or one.rejected)]
    if not tried:
        return
    kept, lost = sum(one.done for one in tried), sum(one.rejected + one.failed for one in tried)
    plots.titled(t("quality.passed"), t("quality.passed_note", kept=f"{kept:,}", lost=f"{lost:,}"))
    plots.bars(
        (
            {"what": _maker(one.stage, one.provider), "kept": one.rate, "low": one.interval[0], "high": one.interval[1]}
            for one in sorted(tried, key=lambda one: one.rate)
        ),
        name="what",
        value="kept",
        low="low",
        high="high",
        title=t("quality.kept_share"),
        share=True,
    )
    heads = [
        (t("quality.stage"), False),
        (t("quality.provider"), False),
        *((t(f"quality.{state_}"), True) for state_ in ("rows_in", "done", "skipped", "rejected", "failed")),
        (t("quality.kept_share"), True),
        (t("quality.why_rejected"), False),
    ]
    plots.numbers(
        heads,
        [
            [
                word("stage", one.stage),
                one.provider,
                *(f"{count:,}" for count in (one.rows_in, one.done, one.skipped, one.rejected, one.failed)),
                "" if one.rate is None else f"{one.rate:.1%}",
                "、".join(f"{_reason(reason)} {rows:,}" for reason, rows in one.reasons.items()),
            ]
            for one in found.passed
        ],
        "numbers-passed",
    )


def attempts(found: Any) -> None:
    """How often a model has to be asked until its text can be kept."""
    if not found.attempts:
        return
    plots.titled(t("quality.attempts"), t("quality.attempts_note"))
    lines = [
        (_maker(stage, provider), count, rows) for (stage, provider, count), rows in sorted(found.attempts.items())
    ]
    plots.bars(
        ({"what": f"{maker} · {t('quality.times', count=count)}", "rows": rows} for maker, count, rows in lines),
        name="what",
        value="rows",
        title=t("quality.rows"),
    )
    heads = [(t("quality.stage"), False), (t("quality.attempts_head"), True), (t("quality.rows"), True)]
    plots.numbers(heads, [[maker, count, f"{rows:,}"] for maker, count, rows in lines], "numbers-attempts")


def broken(found: Any) -> None:
    """Which checks rows failed and are still there."""
    _counted(t("quality.broken"), t("quality.broken_note"), found.broken, "check", "failed")


def tags(found: Any) -> None:
    """What kinds of rows there are: translation tasks and others."""
    tasks = found.tags.get("translation-task", 0)
    _counted(t("quality.tags"), t("quality.tags_note", count=f"{tasks:,}"), found.tags, "tag", "tags")


def _counted(question: str, note: str, counts: dict[str, int], group: str, filtered: str) -> None:
    """Counts by name; a name opens its rows."""
    if not counts:
        return
    plots.titled(question, note)
    plots.bars(
        ({"what": plots.plain(word(group, name)), "rows": rows} for name, rows in counts.items()),
        name="what",
        value="rows",
        title=t("quality.rows"),
    )
    with st.container(horizontal=True):
        for name, rows in list(counts.items())[:6]:
            st.button(
                t("quality.open", name=panes.label(word(group, name), 24), rows=f"{rows:,}"),
                key=f"open-{group}-{name}",
                type="tertiary",
                on_click=state.show,
                args=("browse",),
                kwargs={"row": None, "page": None, filtered: name},
            )


def votes(bench: Workbench, found: Any) -> None:
    """How sure the votes are, and how often they say what the answer is."""
    if found.lead is None:
        return
    plots.titled(t("quality.votes"), t("quality.votes_note", median=f"{found.lead.median:.0%}"))
    plots.spread(
        {t("quality.lead"): (found.lead.edges, found.lead.counts)},
        title=t("quality.lead"),
        rows_title=t("quality.share_rows"),
        whole=False,
    )
    lines = [one for one in bench.predictions(found.dataset, found.version) if one.known]
    if lines:
        plots.titled(t("quality.agree"))
        plots.bars(
            (
                {
                    "what": t("quality.options", count=one.options),
                    "share": one.agree / one.known,
                    "low": one.low,
                    "high": one.high,
                }
                for one in lines
            ),
            name="what",
            value="share",
            low="low",
            high="high",
            title=t("quality.agree_share"),
            share=True,
        )
        heads = [(t("quality.options_head"), True), (t("quality.predicted"), True), (t("quality.agreed"), True)]
        plots.numbers(heads, [[one.options, f"{one.known:,}", f"{one.agree:,}"] for one in lines], "numbers-agree")


def letters(found: Any) -> None:
    """Whether the answer stands at one letter more often than at others."""
    if not found.letters:
        return
    sums: dict[int, int] = {}
    for (options, _), rows in found.letters.items():
        sums[options] = sums.get(options, 0) + rows
    plots.titled(t("quality.letters"), t("quality.by_chance"))
    lines = [(options, letter, rows, rows / sums[options]) for (options, letter), rows in found.letters.items()]
    plots.bars(
        (
            {"what": t("quality.letter_of", letter=letter, options=options), "share": share, "chance": 1 / options}
            for options, letter, _, share in lines
            if sums[options] >= max(sums.values()) / 50
        ),
        name="what",
        value="share",
        expected="chance",
        title=t("quality.share_rows"),
        share=True,
    )
    heads = [
        (t("quality.options_head"), True),
        (t("quality.letter"), False),
        (t("quality.rows"), True),
        (t("quality.share_rows"), True),
        (t("quality.chance"), True),
    ]
    plots.numbers(
        heads,
        [
            [options, letter, f"{rows:,}", f"{share:.1%}", f"{1 / options:.1%}"]
            for options, letter, rows, share in lines
        ],
        "numbers-letters",
    )


def longest(found: Any) -> None:
    """Whether the right option gives itself away by being the longest."""
    if not found.longest:
        return
    plots.titled(t("quality.longest"), t("quality.by_chance"))
    most = max(rows for rows, _ in found.longest.values())
    plots.bars(
        (
            {"what": t("quality.options", count=options), "share": longer / rows, "chance": 1 / options}
            for options, (rows, longer) in found.longest.items()
            if rows >= most / 50
        ),
        name="what",
        value="share",
        expected="chance",
        title=t("quality.share_rows"),
        share=True,
    )
    heads = [
        (t("quality.options_head"), True),
        (t("quality.rows"), True),
        (t("quality.longest_head"), True),
        (t("quality.chance"), True),
    ]
    plots.numbers(
        heads,
        [
            [options, f"{rows:,}", f"{longer / rows:.1%}", f"{1 / options:.1%}"]
            for options, (rows, longer) in found.longest.items()
        ],
        "numbers-longest",
    )


def lengths(found: Any) -> None:
    """Whether what was made is as long as what was imported."""
    for column in ("asked", "reasoned"):
        series = {
            f"{t(f'quality.{whose}')}（{t('quality.median', count=round(one.median))}）": one
            for whose in ("imported", "derived")
            if (one := found.lengths.get((column, whose))) is not None
        }
        if not series:
            continue
        plots.titled(t(f"quality.{column}"))
        plots.spread(
            {name: (one.edges, one.counts) for name, one in series.items()},
            title=t("quality.characters"),
            rows_title=t("quality.share_rows"),
            whole=True,
        )


def _maker(stage: str, provider: str) -> str:
    return plots.plain(" · ".join(part for part in (word("stage", stage), provider) if part))


def _reason(reason: str) -> str:
    kind, _, name = reason.partition(":")
    return word("check", name) if kind == "check" and name else word("outcome", reason)
