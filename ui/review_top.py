"""What stands above the row: the filter, the order, one decision about all rows of the filter, the way to the team."""

from __future__ import annotations

import streamlit as st

from ui import panes, state, widgets
from ui.review_filter import filter_bar, in_words
from ui.state import Browser, Workbench, t, word


def draw(bench: Workbench, shown: Browser) -> None:
    """Draws the line of chips with the order at its end, and what became of the last decision about many rows."""
    folder = str(bench.settings.workspace)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filter"):
        filter_bar(shown, folder)
        with st.container(horizontal=True, gap="small", width="content", key="queue"):
            sort, down = state.order()
            chosen = f"{'-' if down else ''}{sort}"
            orders = [*state.ORDERS, *([chosen] if chosen not in state.ORDERS else [])]
            st.session_state["order"] = chosen
            st.selectbox(
                t("queue.order"),
                orders,
                key="order",
                format_func={name: _order(name) for name in orders}.__getitem__,
                on_change=state.choose,
                args=("order", "order"),
                label_visibility="collapsed",
                width=190,
            )
            with st.popover(t("queue.more"), key="queue-more"):
                _more(bench, shown)
    if "bulk" in st.session_state:
        _confirm(bench, shown)
    if st.session_state.get("bulk_made"):
        _made(bench)


def _order(name: str) -> str:
    if name in state.ORDERS:
        return t(f"queue.{name}")
    return f"{t('browse.by_' + name.removeprefix('-'))} {'↓' if name.startswith('-') else '↑'}"


def _more(bench: Workbench, shown: Browser) -> None:
    asked = state.wanted()
    count = shown.count(asked)
    st.html(f'<p class="asks">{panes.shown(t("bulk.about", count=f"{count:,}"))}<br>{panes.shown(in_words(asked))}</p>')
    for decision in ("accept", "reject"):
        st.button(
            t(f"bulk.{decision}", count=f"{count:,}"),
            key=f"bulk-{decision}",
            on_click=state.ask_bulk,
            args=(decision, count),
            disabled=not count or not shown.whole,
            width="stretch",
        )
    mine = state.reviewer(bench)
    waiting = shown.waiting()
    st.button(
        t("act.seal", count=waiting),
        key="seal-more",
        on_click=state.seal,
        args=(bench, shown.name),
        disabled=not waiting,
        help=t("act.seal_help"),
        width="stretch",
    )
    st.button(
        t("queue.mine"),
        key="mine-only",
        on_click=state.narrow,
        kwargs={"assigned": mine},
        disabled=mine not in shown.owners().names,
        width="stretch",
    )
    st.button(t("queue.conflicts"), key="conflicts", on_click=state.narrow, kwargs={"conflict": "yes"}, width="stretch")
    st.button(t("queue.team"), key="team", on_click=state.go, kwargs={"team": "yes"}, width="stretch")


def _confirm(bench: Workbench, shown: Browser) -> None:
    """The question that names count and filter; nothing is written before it is answered."""
    decision, rows = st.session_state["bulk"]
    with st.container(border=True, key="bulk-ask"):
        question = t("bulk.sure", what=word("act", decision), count=f"{rows:,}")
        st.html(
            f'<p class="sure"><strong>{panes.shown(question)}</strong><br>'
            f"{panes.shown(t('bulk.filter', filter=in_words(state.wanted())))}<br>"
            f'<span class="quiet">{panes.shown(t("bulk.one_undo"))}</span></p>'
        )
        if decision == "reject":
            st.session_state.setdefault("bulk-reason", state.REASONS[0])
            st.selectbox(
                t("bulk.reason"),
                state.REASONS,
                key="bulk-reason",
                format_func={reason: word("reason", reason) for reason in state.REASONS}.__getitem__,
            )
        with st.container(horizontal=True, gap="small"):
            st.button(
                t(f"bulk.yes_{decision}", count=f"{rows:,}"),
                key="bulk-yes",
                type="primary",
                on_click=state.decide_all,
                args=(bench, shown.name, shown.version),
            )
            st.button(t("bulk.no"), key="bulk-no", on_click=state.forget)
        typed = ["review", decision, f"{shown.name}@v{shown.version}", *state.expression(bench, state.wanted())]
        widgets.command(*typed, "--reviewer", state.reviewer(bench))


def _made(bench: Workbench) -> None:
    """What was decided about many rows last, and the way back for all of them."""
    _, name, number, decision, rows, _ = st.session_state["bulk_made"]
    said = t("bulk.made", name=name, version=number, what=word("decision", decision), count=f"{rows:,}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="bulk-done"):
        st.html(f'<p class="sure"><span class="ok">✓</span> {panes.shown(said)}</p>')
        st.button(t("bulk.undo", count=f"{rows:,}"), key="bulk-undo", on_click=state.undo_all, args=(bench,))
        st.button(t("bulk.close"), key="bulk-close", type="tertiary", on_click=state.toggle, args=("bulk_made",))
