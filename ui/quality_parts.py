"""The parts of the quality page: a question, the plot that answers it, the numbers behind it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from augment.workbench import Workbench
from ui import panes, plots, state
from ui.words import t, word

LISTED = 20
MOST_BYTES = 200_000_000  # of files to hold a version against
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


def people(bench: Workbench, name: str, version: int) -> None:
    """What the judges are worth, by what people decided."""
    found = bench.calibrate(name, version)
    if not found.judges:
        return
    plots.titled(
        t("quality.judges"),
        t("quality.judges_note", reviewed=f"{found.reviewed:,}", accepted=f"{found.accepted:,}", at=f"{found.at:.2f}"),
    )
    heads = [
        (t("quality.judge"), False),
        (t("quality.rows"), True),
        (t("quality.mean"), True),
        (t("quality.kept_accepted"), True),
        (t("quality.kept_rejected"), True),
        (t("quality.dropped_accepted"), True),
        (t("quality.dropped_rejected"), True),
        ("κ", True),
        (t("quality.length_rho"), True),
    ]
    lines = []
    for one in found.judges:
        seen = one.confusion
        counts = [seen.kept_accepted, seen.kept_rejected, seen.dropped_accepted, seen.dropped_rejected]
        lines.append(
            [
                f"{one.judge} · {one.rubric}",
                f"{one.rows:,}",
                f"{one.mean:.3f}",
                *(f"{count:,}" if one.reviewed else "–" for count in counts),
                _figure(one.kappa),
                _figure(one.length),
            ]
        )
    st.html(panes.table(heads, lines))
    sure = found.assured or found.threshold
    if sure is None:
        said = t("quality.no_threshold", precision=f"{found.precision:.0%}", needed=found.needed, had=found.reviewed)
    else:
        key = "quality.threshold_sure" if found.assured else "quality.threshold"
        low, high = sure.interval
        said = t(
            key,
            score=f"{sure.score:.2f}",
            precision=f"{sure.precision:.1%}",
            low=f"{low:.1%}",
            high=f"{high:.1%}",
            kept=f"{sure.kept:,}",
            recall=f"{sure.recall:.0%}",
        )
    st.html(f'<p class="quiet">{panes.shown(said)}</p>')
    facts = [
        t("quality.alpha_judges", rubric=rubric, alpha=_figure(value))
        for rubric, value in found.judges_alpha.items()
        if value is not None
    ]
    if found.people > 1:
        facts.append(t("quality.alpha_people", count=found.people, alpha=_figure(found.people_alpha)))
        facts += [
            t("quality.kappa_people", pair=pair, kappa=_figure(value)) for pair, value in found.people_kappa.items()
        ]
    facts += [
        t(
            "quality.flips",
            judge=one.judge,
            flips=one.flips,
            pairs=one.pairs,
            low=f"{one.low:.1%}",
            high=f"{one.high:.1%}",
        )
        for one in found.places
    ]
    st.html(panes.facts([("quiet", "·", fact) for fact in facts]))


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


def leaks(bench: Workbench, name: str, version: int) -> None:
    """What stands in two splits; looked for when asked, since it reads every text."""
    plots.titled(t("quality.leaks"), t("quality.leaks_note"))
    key = f"leaks-{name}-{version}"
    if st.button(t("quality.look"), key=f"look-{key}"):
        with st.spinner(t("quality.looking")):
            st.session_state[key] = bench.leaks(name, version)
    if (found := st.session_state.get(key)) is None:
        return
    if not found:
        st.html(panes.facts([("ok", "✓", t("quality.no_leaks"))]))
        return
    heads = [(t("quality.leak_kind"), False), (t("quality.row"), False), (t("quality.split"), False)]
    heads += [(t("quality.other_row"), False), (t("quality.split"), False), (t("quality.alike"), True)]
    st.html(
        panes.facts([("no", "✗", t("quality.leaks_found", count=f"{len(found):,}"))])
        + panes.table(
            heads,
            [
                [
                    t(f"quality.leak_{one.kind}"),
                    one.row_id[:8],
                    one.split,
                    one.other_id[:8],
                    one.other_split,
                    f"{one.similarity:.2f}",
                ]
                for one in found[:LISTED]
            ],
        )
    )


def contamination(bench: Workbench, name: str, version: int) -> None:
    """How much of the version stands in files somebody gives, such as a benchmark's test set."""
    plots.titled(t("quality.contamination"), t("quality.contamination_note"))
    given = st.file_uploader(
        t("quality.files"), accept_multiple_files=True, key=f"against-{name}-{version}", label_visibility="collapsed"
    )
    if not given:
        return
    if sum(file.size for file in given) > MOST_BYTES:
        st.error(t("quality.too_large", most=f"{MOST_BYTES // 1_000_000} MB"))
        return
    with st.spinner(t("quality.looking")), _on_disk(given) as paths:
        found = bench.contamination(name, version, paths)
    sign = ("no", "✗") if found.items else ("ok", "✓")
    said = t("quality.touched", rows=f"{found.rows:,}", touched=f"{found.touched:,}", over=f"{len(found.items):,}")
    heads = [
        (t("quality.row"), False),
        (t("quality.split"), False),
        (t("quality.alike"), True),
        (t("quality.stands"), False),
        (t("quality.common"), False),
    ]
    st.html(
        panes.facts([(*sign, said)])
        + panes.table(
            heads,
            [
                [
                    one.row_id[:8],
                    one.split or "",
                    f"{one.share:.0%}",
                    f"{Path(one.file).name}:{one.line}",
                    one.text[:40],
                ]
                for one in found.items[:LISTED]
            ],
        )
    )


@contextlib.contextmanager
def _on_disk(given: Sequence[Any]) -> Iterator[list[Path]]:
    """The uploads as files of their names, for as long as they are read. A name is a name only: no path in it."""
    with tempfile.TemporaryDirectory(prefix="augment-") as folder:
        paths = []
        for number, file in enumerate(given):
            path = Path(folder) / str(number) / (Path(file.name.replace("\\", "/")).name or "file")
            path.parent.mkdir()
            path.write_bytes(file.getbuffer())
            paths.append(path)
        yield paths


def _maker(stage: str, provider: str) -> str:
    return plots.plain(" · ".join(part for part in (word("stage", stage), provider) if part))


def _reason(reason: str) -> str:
    kind, _, name = reason.partition(":")
    return word("check", name) if kind == "check" and name else word("outcome", reason)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
