"""Who reviews what: rows dealt out, how far each has come, how far they agree, and what waits for a word."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import streamlit as st

from ui import panes, state, widgets
from ui.review_filter import in_words
from ui.state import Browser, Workbench, t

SHARE = 10  # of a hundred rows that two people read, where nothing else is said


def draw(bench: Workbench, shown: Browser) -> None:
    """Draws the team's page for the version shown."""
    widgets.heading(t("team.title"), f"{shown.name} · v{shown.version}")
    st.button(t("team.back"), key="team-back", icon=":material/arrow_back:", on_click=state.go, kwargs={"team": None})
    _progress(bench, shown)
    _agreement(bench, shown)
    _deals(bench, shown)
    _deal_form(bench, shown)
    widgets.command("review", "progress", f"{shown.name}@v{shown.version}")


def _progress(bench: Workbench, shown: Browser) -> None:
    widgets.card(t("team.progress"))
    found = bench.review_progress(shown)
    if not found:
        st.html(f'<p class="quiet">{panes.shown(t("team.nobody"))}</p>')
        return
    heads = [(t("team.who"), False), *((t(f"team.{name}"), True) for name in ("dealt", "done", "second"))]
    heads += [(t(f"team.{name}"), True) for name in ("decided", "accepted", "rejected", "edited", "conflicts")]
    widgets.table(
        heads,
        [
            [one.reviewer, f"{one.dealt:,}", _share(one.done, one.dealt), f"{one.second:,}"]
            + [f"{number:,}" for number in (one.decided, one.accepted, one.rejected, one.edited, one.conflicts)]
            for one in found
        ],
    )


def _share(done: int, dealt: int) -> str:
    return f"{done:,} · {done / dealt:.0%}" if dealt else "–"


def _agreement(bench: Workbench, shown: Browser) -> None:
    widgets.card(t("team.agreement"))
    found = bench.agreeing(shown)
    if not found.rows:
        st.html(f'<p class="quiet">{panes.shown(t("team.no_doubles"))}</p>')
        return
    lines = [
        [t("team.rows_shared"), f"{found.rows:,}"],
        [t("team.rows_agreed"), f"{found.agree:,} · {found.agree / found.rows:.0%}"],
        [t("team.alpha"), _figure(found.alpha)],
        *([t("team.kappa", pair=pair), _figure(value)] for pair, value in found.kappa.items()),
    ]
    widgets.table([(t("team.figure"), False), (t("team.value"), True)], lines)
    st.button(
        t("team.to_conflicts", count=f"{found.conflicts:,}"),
        key="to-conflicts",
        type="primary" if found.conflicts else "secondary",
        disabled=not found.conflicts,
        on_click=state.narrow,
        kwargs={"conflict": "yes"},
    )


def _figure(value: float | None) -> str:
    return t("team.too_few") if value is None else f"{value:.2f}"


def _deals(bench: Workbench, shown: Browser) -> None:
    widgets.card(t("team.deals"))
    deals = bench.deals(shown.name)
    if not deals:
        st.html(f'<p class="quiet">{panes.shown(t("team.no_deals"))}</p>')
    for one in deals:
        people = "、".join(one.reviewers)
        said = t("team.deal", rows=f"{one.rows:,}", people=people, share=f"{one.share:.0%}", at=state.moment(one.at))
        with st.container(horizontal=True, vertical_alignment="center", key=f"deal-{one.id}"):
            st.html(f'<p class="sure">{panes.shown(said)}</p>')
            st.button(t("team.end"), key=f"end-{one.id}", on_click=state.undeal, args=(bench, shown.name, one.id))
    names = list(dict.fromkeys(name for one in deals for name in one.reviewers))
    for name in names:
        parts = {"view": "review", "ds": shown.name, "by": name, "assigned": name}
        here = (st.context.url or "").partition("?")[0]
        st.code(
            f"{name}  {here}?{'&'.join(f'{key}={_readable(value)}' for key, value in parts.items())}", language=None
        )


def _readable(value: str) -> str:
    """For an address that people read: only what would break it is written otherwise."""
    return "".join(one if not one.isascii() and one.isprintable() else quote(one, safe="") for one in value)


def _deal_form(bench: Workbench, shown: Browser) -> None:
    asked = replace(state.wanted(), assigned="", decision="", conflict=False)
    widgets.card(t("team.new"), t("team.new_about", count=f"{shown.count(asked):,}", filter=in_words(asked)))
    names = state.reviewers(bench, shown.name)
    with st.form("deal", border=True):
        st.multiselect(
            t("team.people"), names, key="deal-people", accept_new_options=True, placeholder=t("team.people_hint")
        )
        st.number_input(t("team.share"), 0, 100, SHARE, 5, key="deal-share", help=t("team.share_help"))
        st.form_submit_button(
            t("team.go"), type="primary", on_click=state.deal, args=(bench, shown.name, shown.version)
        )
