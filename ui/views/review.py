"""Review: one row at a time, what it was made from beside it, and a key for everything."""

from __future__ import annotations

import streamlit as st

from ui import review_page, review_team, review_top, state, widgets
from ui.state import Workbench


def render(bench: Workbench) -> None:
    """Draws what stands above the row, then the row in the address, or the next one to decide; or the team's page."""
    shown = state.browser(bench)
    if state.got("team"):
        review_team.draw(bench, shown)
        return
    title = st.empty()
    widgets.old_version(bench)
    widgets.building(shown)
    review_top.draw(bench, shown)
    review_page.draw(bench, title)
