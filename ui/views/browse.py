"""Browse: the rows of a version of any size, fifty a page, by any filter and in any order."""

from __future__ import annotations

import streamlit as st

from ui import browse_parts as parts
from ui import state, widgets
from ui.state import Workbench, t


def render(bench: Workbench) -> None:
    """Draws the filter and one page of what it finds."""
    shown = state.browser(bench)
    asked, (sort, down) = state.wanted(), state.order()
    page = max(0, int(text) - 1) if (text := state.got("page")).isascii() and text.isdigit() else 0
    found = shown.page(asked, sort=sort, descending=down, index=page * state.PAGE, eyes=state.reviewer(bench))
    if page and not found.rows:  # the filter has fewer pages by now
        page = max(0, (found.total - 1) // state.PAGE)
        found = shown.page(asked, sort=sort, descending=down, index=page * state.PAGE, eyes=state.reviewer(bench))
    about = t("browse.about" if found.about else "browse.total", total=f"{found.total:,}")
    widgets.heading(t("browse.title"), about, t("browse.of", of=f"{found.of:,}") if asked else "")
    widgets.old_version(bench)
    widgets.building(shown)
    parts.bar(bench, shown)
    if not found.rows:
        _empty(bool(asked))
    else:
        parts.spread(shown, asked)
        parts.listing(found, f"{shown.name}-{shown.version}")
        parts.pager(found, page, max(1, -(-found.total // state.PAGE)))
        st.button(
            t("browse.review_these", total=f"{found.total:,}"),
            key="review-these",
            on_click=state.show,
            args=("review",),
            kwargs={"row": None, "page": None},
        )
    parts.sql_box(bench, shown)
    limits = ["--offset", str(page * state.PAGE), "--limit", str(state.PAGE)]
    widgets.command("show", f"{shown.name}@v{shown.version}", *state.expression(bench, asked), *limits)
    parts.detail(bench, shown)


def _empty(filtered: bool) -> None:
    if filtered:
        widgets.calm(t("empty.no_row"), t("empty.no_row_next"))
        st.button(t("empty.clear"), key="clear", type="primary", on_click=state.drop_all)
    else:
        widgets.calm(t("empty.no_rows"), t("empty.no_rows_next"))
