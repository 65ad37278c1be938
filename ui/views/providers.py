"""Providers: who can be asked, what a key is missing for, what it costs, and whether it works."""

from __future__ import annotations

import streamlit as st

from ui import providers_parts, runs_parts, widgets
from ui.state import Workbench, t

GROUPS = ("ready", "open", "missing", "off")


def render(bench: Workbench) -> None:
    """Draws the catalog in three groups, and the simulator."""
    runs_parts.dress()
    found = bench.providers()
    groups = {name: [one for one in found if providers_parts.state_of(one) == name] for name in GROUPS}
    widgets.heading(t("providers.title"), t("providers.counted", ready=len(groups["ready"]), total=len(found)))
    rehearsable = bench.rehearsable()
    st.caption(t("providers.env"))
    widgets.card(t("providers.simulator"), t("providers.simulator_text", count=len(rehearsable)))
    for name in ("ready", "open", "missing"):
        if groups[name]:
            widgets.card(t(f"providers.{name}"), *([] if name == "ready" else [t(f"providers.{name}_note")]))
        for one in groups[name]:
            providers_parts.render(bench, one, rehearsable=one.name in rehearsable)
    if groups["off"]:
        with st.expander(t("providers.off", count=len(groups["off"])), key="off"):
            for one in groups["off"]:
                providers_parts.render(bench, one, rehearsable=one.name in rehearsable)
    widgets.command("providers")
