"""Plots that answer the question standing over them: Altair, one accent colour, readable in print; numbers below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import streamlit as st

from ui import panes
from ui.words import t

ACCENT, SECOND, RULE = "#3d6ea8", "#c08a2b", "#8a8a8a"
FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif'
STEP = 26  # pixels a bar
MOST_BARS = 30


def titled(question: str, note: str = "") -> None:
    """The question a plot answers, and in one line what the answer rests on."""
    st.html(
        f'<div class="card"><h2>{panes.shown(question)}</h2>'
        + (f"<p>{panes.shown(note)}</p>" if note else "")
        + "</div>"
    )


def plain(text: str, length: int = 60) -> str:
    """A text on one line for a plot, where nothing is markup; characters that hide or turn text are replaced."""
    line = panes.UNSEEN.sub("\ufffd", " ".join(text.split()))
    return line if len(line) <= length else f"{line[:length]}…"


def numbers(heads: Sequence[tuple[str, bool]], lines: Sequence[Sequence[object]], key: str) -> None:
    """The numbers behind a plot, one click away."""
    with st.expander(t("plot.numbers"), key=key):
        st.html(panes.table(heads, lines))


def bars(
    rows: Iterable[Mapping[str, Any]],
    *,
    name: str,
    value: str,
    title: str,
    share: bool = False,
    low: str = "",
    high: str = "",
    expected: str = "",
) -> None:
    """Horizontal bars in the order given. low, high: columns of an interval; expected: of a tick to compare with."""
    data = [dict(row) for row in rows][:MOST_BARS]
    axis = alt.Axis(format="%", tickCount=5) if share else alt.Axis(tickMinStep=1, format=",d", tickCount=5)
    scale = alt.Scale(domain=[0, 1]) if share else alt.Scale(domainMin=0)
    y = alt.Y(f"{name}:N", sort=None, title=None, axis=alt.Axis(labelLimit=260))
    base = alt.Chart({"values": data}).encode(y=y)
    layers = [
        base.mark_bar(color=ACCENT, height={"band": 0.62}).encode(
            x=alt.X(f"{value}:Q", title=title, axis=axis, scale=scale)
        )
    ]
    if low and high:
        layers.append(base.mark_rule(color=RULE, strokeWidth=2).encode(x=f"{low}:Q", x2=f"{high}:Q"))
    if expected:
        layers.append(base.mark_tick(color=SECOND, thickness=3, height=18).encode(x=f"{expected}:Q"))
    _draw(alt.layer(*layers).properties(height=alt.Step(STEP)))


def spread(
    series: Mapping[str, tuple[Sequence[float], Sequence[int]]], *, title: str, rows_title: str, whole: bool
) -> None:
    """Histograms laid over one another as lines with points, one a series. series: name → edges and counts; counts are
    drawn as shares of the series, so that a large one does not bury a small one."""
    data = [
        {"series": name, "from": at, "share": count / (sum(counts) or 1), "rows": count}
        for name, (edges, counts) in series.items()
        for at, count in zip(edges, (*counts, counts[-1]), strict=True)  # the last step ends at the last edge
    ]
    names = list(series)
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=names, range=[ACCENT, SECOND, RULE][: len(names)]),
        legend=alt.Legend(title=None, orient="top", labelLimit=300) if len(names) > 1 else None,
    )
    dash = alt.StrokeDash("series:N", legend=None, scale=alt.Scale(domain=names))
    axis = alt.Axis(format=",d" if whole else ".2f", tickCount=8)
    chart = alt.Chart({"values": data}).encode(
        x=alt.X("from:Q", title=title, axis=axis),
        y=alt.Y("share:Q", title=rows_title, axis=alt.Axis(format="%", tickCount=4), scale=alt.Scale(domainMin=0)),
        color=colour,
        tooltip=[
            alt.Tooltip("series:N"),
            alt.Tooltip("from:Q"),
            alt.Tooltip("rows:Q", format=",d"),
        ],
    )
    line = chart.mark_line(interpolate="step-after", strokeWidth=2).encode(strokeDash=dash)
    _draw(line.properties(height=220))


def _draw(chart: Any) -> None:
    styled = (
        chart.configure(font=FONT, background="transparent")
        .configure_axis(labelFontSize=13, titleFontSize=13, titleFontWeight="normal", gridOpacity=0.35)
        .configure_legend(labelFontSize=13)
        .configure_view(strokeWidth=0)
    )
    st.altair_chart(styled, width="stretch")
