"""Home: the datasets, and the versions of the one chosen."""

from __future__ import annotations

import streamlit as st

from ui import state, widgets
from ui.state import Version, Workbench, t, word


def render(bench: Workbench) -> None:
    """Draws the datasets with what is left to review, then the chosen one's versions, newest first."""
    widgets.heading(t("home.title"))
    for found in bench.datasets():
        _card(bench, found["dataset"], found["version"], found["at"])
    name = str(state.dataset(bench))
    versions = state.versions(bench)
    widgets.card(t("home.versions", name=name))
    heads = [
        (t("home.version"), False),
        (t("home.at"), False),
        (t("home.stage"), False),
        (t("home.provider"), False),
        (t("home.rows_head"), True),
        (t("home.done"), True),
        (t("home.lost"), True),
        (t("home.calls"), True),
        (t("home.cost"), True),
    ]
    widgets.table(heads, [_line(version) for version in reversed(versions)])
    widgets.command("versions", name)


def _card(bench: Workbench, name: str, version: int, at: float) -> None:
    shown = bench.live(name, version)
    counts = shown.counts()
    total = sum(counts.values())
    with st.container(border=True, key=f"card-{name}"):
        widgets.card(
            f"{name} · v{version}",
            t("home.rows", rows=f"{total:,}"),
            t("home.undecided", count=f"{counts[state.UNDECIDED]:,}"),
            t("home.made", at=state.moment(at)),
        )
        fresh = {"ds": name, "v": None, "row": None, "page": None, **dict.fromkeys(state.FILTERS)}
        with st.container(horizontal=True):
            st.button(
                t("home.start"),
                key=f"review-{name}",
                type="primary",
                on_click=state.show,
                args=("review",),
                kwargs=fresh,
            )
            st.button(t("home.browse"), key=f"browse-{name}", on_click=state.show, args=("browse",), kwargs=fresh)
            widgets.seal_button(bench, name, shown.waiting(), "seal")


def _line(version: Version) -> list[object]:
    lineage = version.lineage
    lost = sum(sum((lineage.get(kind) or {}).values()) for kind in ("rejected", "failed"))
    return [
        f"v{version.number}",
        state.moment(version.at),
        word("stage", str(lineage.get("stage", ""))),
        "、".join(lineage.get("providers") or []),
        f"{version.rows:,}",
        lineage.get("done"),
        lost,
        lineage.get("calls"),
        state.money(lineage["cost_cny"]) if "cost_cny" in lineage else None,
    ]
