"""Review: one row at a time, what it was made from beside it, and six keys."""

from __future__ import annotations

import streamlit as st

from ui import state, widgets
from ui.state import Live, Shown, Workbench, t


def render(bench: Workbench) -> None:
    """Draws the row in the address, or the next one to decide."""
    shown = state.live(bench)
    counts = shown.counts()
    total, undecided = sum(counts.values()), counts[state.UNDECIDED]
    left = state.minutes_left(undecided)
    widgets.heading(
        t("review.title"),
        t("review.progress", decided=f"{total - undecided:,}", total=f"{total:,}"),
        t("review.rejected", count=f"{counts['reject']:,}"),
        t("review.pace", time=state.minutes(left)) if left else "",
    )
    widgets.old_version(bench)
    widgets.filter_bar(shown)
    row = widgets.found(state.current_row, shown)
    if row is None:
        _empty(bool(state.wanted()), gone=bool(state.got("row")))
        return
    if not undecided:
        _done(bench, shown, total)
    place = shown.place(state.wanted(), row.row_id)
    family = shown.family([row.parent_id]) if row.parent_id else {}
    parent = family.get(row.parent_id or "")
    widgets.standing(row, parent, place)
    widgets.reading(row, parent, shown)
    widgets.attempts(bench, row)
    who = state.reviewer(bench)
    widgets.command("review", "accept", f"{shown.name}@v{shown.version}", "--row", row.row_id, "--reviewer", who)
    at = Shown(shown.name, shown.version, row.row_id)
    widgets.actions(bench, at, place.previous, place.next)


def _empty(filtered: bool, *, gone: bool) -> None:
    if gone:
        widgets.calm(t("empty.gone", row=state.got("row")[:12]), t("empty.gone_next"))
        st.button(t("empty.first"), key="first", type="primary", on_click=state.go, kwargs={"row": None})
    elif filtered:
        widgets.calm(t("empty.no_row"), t("empty.no_row_next"))
        st.button(t("empty.clear"), key="clear", type="primary", on_click=state.drop, args=tuple(state.FILTERS))
    else:
        widgets.calm(t("empty.no_rows"), t("empty.no_rows_next"))


def _done(bench: Workbench, shown: Live, total: int) -> None:
    waiting = shown.waiting()
    said = t("empty.done_next", decided=f"{total:,}") if waiting else t("empty.done_sealed", decided=f"{total:,}")
    with st.container(border=True, key="done"):
        widgets.card(t("empty.done"), said)
        if waiting:
            widgets.seal_button(bench, shown.name, waiting, "seal")
