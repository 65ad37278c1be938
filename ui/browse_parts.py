"""The parts of the browse page: the filter with its names, how its rows are spread, fifty of them, one opened, SQL."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import panes, plots, rows, state
from ui.review_filter import filter_bar
from ui.state import AugmentError, Browser, Filter, Row, Workbench
from ui.words import t, word

SORTS = ("position", "score", "length", "attempts", "cost_cny", "uncertainty", "disagreement", "failures", "unseen")
SPREAD = ("score", "length", "attempts")
SHOWN_LINES = 200
MOST_SQL = 4_000
NAME_LENGTH = 60


def bar(bench: Workbench, shown: Browser) -> None:
    """The filter's chips, the order, and the filters kept by name."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filter"):
        filter_bar(shown, str(bench.settings.workspace))
        name, down = state.order()
        offered = [one for one in SORTS if one in (name, *SORTS)]
        st.session_state["sort"] = f"-{name}" if down else name
        both = [f"{sign}{one}" for one in offered for sign in (("",) if one == "position" else ("-", ""))]
        st.selectbox(
            t("browse.sort"),
            both,
            key="sort",
            format_func={one: _order(one) for one in both}.__getitem__,
            on_change=_sort,
            label_visibility="collapsed",
            width=210,
        )
        with st.popover(t("browse.kept"), icon=":material/bookmark:", key="kept"):
            _kept(bench, shown.name)


def _order(name: str) -> str:
    said = t(f"browse.by_{name.removeprefix('-')}")
    return said if name == "position" else f"{said} {'↓' if name.startswith('-') else '↑'}"


def _sort() -> None:
    chosen = st.session_state["sort"]
    state.go(order=None if chosen == "position" else chosen, page=None, row=None)


def _kept(bench: Workbench, dataset: str) -> None:
    """Filters by name: open one, forget one, keep the one that is set."""
    found = bench.saved_filters(dataset)
    if not found:
        st.caption(t("browse.none_kept"))
    for number, (name, asked) in enumerate(sorted(found.items())):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(panes.label(name), key=f"kept-{number}", on_click=_use, args=(asked,), width="stretch")
            st.button(
                "×", key=f"forget-{number}", help=t("browse.forget"), on_click=_forget, args=(bench, dataset, name)
            )
    if state.wanted():
        st.text_input(t("browse.keep_as"), key="keep-as", max_chars=NAME_LENGTH)
        st.button(t("browse.keep"), key="keep", on_click=_keep, args=(bench, dataset), type="primary")


def _use(asked: Filter) -> None:
    state.go(**state.address_of(asked), page=None, row=None)


def _forget(bench: Workbench, dataset: str, name: str) -> None:
    try:
        bench.forget_filter(dataset, name)
    except AugmentError as error:  # somebody else has forgotten it meanwhile
        state.tell("info", error.message, error.hint)


def _keep(bench: Workbench, dataset: str) -> None:
    name = str(st.session_state.get("keep-as", "")).strip()
    if not name:
        state.tell("warning", t("browse.no_name"))
        return
    try:
        bench.save_filter(dataset, name, state.wanted())
        state.tell("info", t("browse.kept_as", name=name))
    except AugmentError as error:
        state.tell("error", error.message, error.hint)


def spread(shown: Browser, asked: Filter) -> None:
    """How the rows of the filter are spread, by what is chosen."""
    with st.expander(
        t("browse.spread"), key="spread", expanded=state.got("spread") in SPREAD, on_change="rerun"
    ) as fold:
        pass
    if not st.session_state.get("spread", state.got("spread") in SPREAD):
        return
    with fold:
        column = state.got("spread") if state.got("spread") in SPREAD else "score"
        st.session_state["spread-by"] = column
        st.segmented_control(
            t("browse.spread_by"),
            SPREAD,
            key="spread-by",
            format_func={one: t(f"browse.by_{one}") for one in SPREAD}.__getitem__,
            on_change=_spread_by,
            required=True,
            label_visibility="collapsed",
        )
        found = shown.histogram(asked, column)  # type: ignore[arg-type]  # one of SPREAD
        if not found.counts:
            st.caption(t("browse.no_numbers", what=t(f"browse.by_{column}")))
            return
        plots.spread(
            {"": (found.edges, found.counts)},
            title=t(f"browse.by_{column}"),
            rows_title=t("quality.share_rows"),
            whole=column != "score",
        )
        if found.unknown:
            st.caption(t("browse.unknown", count=f"{found.unknown:,}", what=t(f"browse.by_{column}")))


def _spread_by() -> None:
    state.go(spread=st.session_state["spread-by"])


def listing(found: Any, key: str) -> None:
    """One line a row: what was decided, where it is from, its score, what failed, how it begins. A click opens it."""
    with st.container(key=f"rows-{key}"):
        for row in found.rows:
            st.button(
                _line(row),
                key=f"open-{row.row_id}",
                type="tertiary",
                width="stretch",
                wrap=False,
                on_click=state.go,
                kwargs={"row": row.row_id},
            )


def _line(row: Row) -> str:
    failed = [word("check", check["name"]) for check in row.checks or [] if not check["ok"]]
    begins = " ／ ".join(part for part in (row.question, row.problem) if part)
    parts = [
        rows.SIGNS.get(row.decision or "none", ("", "·"))[1],
        panes.label(word("stage", row.stage or "")),
        "" if row.score is None else f"{row.score:.2f}",
        f"✗ {panes.label('、'.join(failed), 30)}" if failed else "",
        panes.label(begins),
    ]
    return " · ".join(part for part in parts if part)


def detail(bench: Workbench, shown: Browser) -> None:
    """The row in the address over the list, which stays where it is."""
    row_id = state.got("row")
    if not row_id:
        return
    try:
        row = shown.row(row_id, eyes=state.reviewer(bench))
    except AugmentError as error:
        state.go(row=None)
        st.warning(panes.label(error.message, 400))
        return
    title = f"{row.row_id[:8]} · {word('stage', row.stage or '')}"

    @st.dialog(panes.label(title), width="large", on_dismiss=_close)
    def opened() -> None:
        parent = shown.parent(row)
        st.html(rows.panes_of(row, parent))
        st.html(rows.beneath(row, parent, shown.clashes(row.row_id), ""))
        st.button(
            t("browse.review_this"),
            key="review-this",
            type="primary",
            on_click=state.show,
            args=("review",),
            kwargs={"row": row.row_id},
        )

    opened()


def _close() -> None:
    state.go(row=None)


def pager(found: Any, page: int, pages: int) -> None:
    """Earlier and later pages, and one by its number."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        st.button(t("browse.previous"), key="page-back", disabled=page == 0, on_click=state.go, kwargs={"page": page})
        st.caption(t("browse.page", page=f"{page + 1:,}", pages=f"{pages:,}"), width="content")
        st.button(
            t("browse.next"), key="page-on", disabled=not found.after, on_click=state.go, kwargs={"page": page + 2}
        )


def sql_box(bench: Workbench, shown: Browser) -> None:
    """For those who want it: one SELECT over the rows of this version, read only."""
    with st.expander(t("sql.title"), key="sql"):
        st.caption(t("sql.about"))
        st.text_area(
            t("sql.query"),
            key="sql-text",
            max_chars=MOST_SQL,
            placeholder=t("sql.example"),
            label_visibility="collapsed",
        )
        if st.button(t("sql.run"), key="sql-run"):
            st.session_state["sql-asked"] = st.session_state.get("sql-text", "").strip()
        if asked := st.session_state.get("sql-asked"):
            _answer(bench, shown, asked)


def _answer(bench: Workbench, shown: Browser, asked: str) -> None:
    try:
        with st.spinner(t("sql.running")):
            found = bench.ask_rows(shown.name, shown.version, asked)
    except AugmentError as error:
        st.error(f"{panes.label(error.message, 600)}  \n{panes.label(error.hint, 400)}")
        return
    heads = [(str(column), False) for column in found.columns]
    st.html(panes.table(heads, [[_cell(value) for value in line] for line in found.rows[:SHOWN_LINES]]))
    st.caption(t("sql.lines", count=f"{len(found.rows):,}", shown=f"{min(len(found.rows), SHOWN_LINES):,}"))
    if found.cut:
        st.caption(t("sql.cut"))


def _cell(value: Any) -> str:
    text = "NULL" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
