"""What is worked out when it is asked for: how far the judges can be trusted, what leaks, what stands elsewhere."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from augment.workbench import Workbench
from ui import panes, plots
from ui.words import t

LISTED = 20
MOST_BYTES = 200_000_000  # of files to hold a version against


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


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
