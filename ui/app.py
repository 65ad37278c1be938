"""The review room's frame: ``streamlit run ui/app.py``."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import streamlit as st

try:
    from ui import state, widgets
except ModuleNotFoundError as error:
    NOT_INSTALLED = f"'{error.name}' is not installed here: `pip install -e .` in the checkout, then run this again."
    sys.stderr.write(NOT_INSTALLED + "\n")
    st.error(NOT_INSTALLED)
    st.stop()


def main() -> None:
    """Draws the view in the address, or what stands in its way."""
    st.set_page_config(
        page_title=state.t("app.title"), page_icon=str(Path(__file__).with_name("room.svg")), layout="wide"
    )
    widgets.dress()
    try:
        _draw()
    except state.AugmentError as error:
        widgets.calm(state.t("app.trouble", message=error.message), error.hint)
        _refresh()


def _draw() -> None:
    if state.must_log_in():
        widgets.log_in()
        return
    bench = state.workbench()
    if bench is None:
        import_module("ui.views.home").render(None)  # an import makes the workspace
        return
    view = state.got("view")
    view = view if view in state.PAGES else "home"
    widgets.sidebar(bench, view)
    if state.dataset(bench) is None and view not in state.WITHOUT_DATASET:
        widgets.calm(state.t("empty.no_dataset"), state.t("empty.no_dataset_next"), "augment import FILE")
        st.button(state.t("runs.to_home"), key="to-import", type="primary", on_click=state.show, args=("home",))
        return
    import_module(f"ui.views.{view}").render(bench)  # plots and the like are loaded by the page that draws them


def _refresh() -> None:
    st.button(state.t("empty.refresh"), key="refresh", type="primary")


main()
