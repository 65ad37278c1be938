"""Home: the datasets with what is next for each, the versions of the one chosen, and the way in for files."""

from __future__ import annotations

import streamlit as st

from ui import home_lineage, home_next, home_upload, runs_parts, state, widgets
from ui.state import Workbench, t


def render(bench: Workbench | None) -> None:
    """Draws what there is; where there is nothing, how to begin. bench: None where there is no workspace yet."""
    runs_parts.dress()
    found = bench.datasets() if bench is not None else []
    if bench is None or not found:
        widgets.heading(t("upload.first"))
        home_upload.render(bench, first=True)
        widgets.command("import", "FILE")
        return
    widgets.heading(t("home.title"), *home_next.spent(bench))
    home_upload.outcome()
    running = bench.runs(None, state="running")
    chosen = str(state.dataset(bench))
    for one in sorted(found, key=lambda one: one["dataset"] != chosen):
        home_next.render(bench, one, [run for run in running if run["dataset"] == one["dataset"]])
    with st.expander(t("upload.title"), key="upload"):
        home_upload.render(bench, first=False)
    home_lineage.render(chosen, state.versions(bench))
    widgets.command("versions", chosen)
