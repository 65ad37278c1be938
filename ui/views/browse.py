"""Browse: the rows of a version, fifty a page, by any filter."""

from __future__ import annotations

import streamlit as st

from ui import state, widgets
from ui.state import Workbench, t


def render(bench: Workbench) -> None:
    """Draws the filter and one page of what it finds."""
    shown = state.live(bench)
    asked = state.wanted()
    total = shown.page(asked, limit=0).total
    page = state.page_number(total)
    widgets.heading(t("browse.title"), t("browse.total", total=f"{total:,}"))
    widgets.old_version(bench)
    widgets.filter_bar(shown)
    if not total:
        _empty(bool(asked))
        return
    widgets.row_list(
        shown.page(asked, offset=page * state.PAGE, limit=state.PAGE).rows, f"{shown.name}-{shown.version}"
    )
    widgets.pager(page, total)
    limits = ["--offset", str(page * state.PAGE), "--limit", str(state.PAGE)]
    widgets.command("show", f"{shown.name}@v{shown.version}", *state.expression(asked), *limits)


def _empty(filtered: bool) -> None:
    if filtered:
        widgets.calm(t("empty.no_row"), t("empty.no_row_next"))
        st.button(t("empty.clear"), key="clear", type="primary", on_click=state.drop, args=tuple(state.FILTERS))
    else:
        widgets.calm(t("empty.no_rows"), t("empty.no_rows_next"))
