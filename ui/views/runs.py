"""Runs: what goes on, what went before, one of them, and the form that starts one."""

from __future__ import annotations

import streamlit as st

from ui import runs_live, runs_one, runs_parts, runs_start, state, widgets
from ui.state import Workbench, t

LISTED = 20


def render(bench: Workbench) -> None:
    """Draws the run in the address, the form of the stage in it, or the list."""
    runs_parts.dress()
    if name := state.got("run"):
        runs_one.render(bench, name)
    elif state.got("stage") and state.dataset(bench) is not None:
        runs_start.render(bench)
    else:
        _list(bench)


def _list(bench: Workbench) -> None:
    found = bench.runs(None)
    ended = [run for run in found if run["state"] != "running"]
    begun = {run["run_id"] for run in found}
    never = [one for one in bench.started() if one.run_id not in begun and not one.goes_on]
    going = runs_live.going(bench)
    widgets.heading(t("runs.title"), t("runs.going", count=len(going)) if going else "")
    if state.dataset(bench) is None:
        widgets.calm(t("runs.none"), t("runs.no_dataset_next"))
        st.button(t("runs.to_home"), key="to-import", type="primary", on_click=state.show, args=("home",))
        return
    if not (going or ended or never):
        widgets.calm(t("runs.none"), t("runs.none_next"))
    st.button(t("runs.new"), key="new-run", type="primary", on_click=runs_start.begin, args=(runs_start.ORDER[0],))
    runs_live.watched(bench)
    page = _page(len(ended))
    for one in never if page == 0 else []:
        with st.container(horizontal=True, vertical_alignment="center", key=f"never-{one.launch.id}"):
            st.html(runs_parts.never_line(one))
            st.button(t("runs.open"), key=f"look-{one.launch.id}", on_click=runs_live.open_run, args=(one.launch.id,))
    for run in ended[page * LISTED : (page + 1) * LISTED]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"ended-{run['run_id']}"):
            st.html(runs_parts.line_of(run))
            st.button(t("runs.open"), key=f"look-{run['run_id']}", on_click=runs_live.open_run, args=(run["run_id"],))
    with st.container(horizontal=True):
        if page:
            st.button(t("runs.newer"), key="newer", on_click=state.go, kwargs={"page": page})
        if len(ended) > (page + 1) * LISTED:
            st.button(t("runs.older"), key="older", on_click=state.go, kwargs={"page": page + 2})
    widgets.command("runs")


def _page(total: int) -> int:
    """The page in the address, from 0, where the list has so many."""
    text = state.got("page")
    return min((total - 1) // LISTED, max(0, int(text) - 1)) if total and text.isascii() and text.isdigit() else 0
