"""The parts that views are made of. A view says what stands where; how it looks is said here and in ``panes``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

from ui import panes, rows, runs_live, state, words
from ui.review_filter import filter_bar
from ui.state import Browser, NotFound, Row, Workbench
from ui.words import t, word

__all__ = ["filter_bar"]

COLOURS = {
    "light": {
        "ok": "#2f7d4f",
        "no": "#b3402f",
        "hint": "#8a6106",
        "ground": "#fcfbf8",
        "on-accent": "#ffffff",
        "accent": "#37598c",
    },
    "dark": {
        "ok": "#7cc498",
        "no": "#ec8d7d",
        "hint": "#d9ad55",
        "ground": "#1a1b1d",
        "on-accent": "#14171c",
        "accent": "#8fb2e3",
    },
}


def dress() -> None:
    """The room's style, in the colours of the theme the reader has, and its language."""
    words.settle()
    colours = COLOURS["dark" if st.context.theme.type == "dark" else "light"]
    own = "".join(f"--{name}: {value};" for name, value in colours.items())
    css = (Path(__file__).parent / "room.css").read_text("utf-8")
    st.html(f"<style>:root {{ {own} }}\n{css}</style>")


def sidebar(bench: Workbench, view: str) -> None:
    """Where we are and who we are."""
    name = state.dataset(bench)
    with st.sidebar:
        if name is not None:
            names, last = bench.store.datasets(), state.newest(bench)
            newest = t("app.newest", number=last)
            st.session_state["dataset"] = name
            st.selectbox(
                t("app.dataset"),
                names,
                key="dataset",
                on_change=state.choose_dataset,
                args=("dataset",),
                disabled=len(names) < 2,
            )
            st.session_state["version"] = state.version(bench)
            st.selectbox(
                t("app.version"),
                range(last, -1, -1),
                key="version",
                on_change=state.choose_version,
                format_func={n: f"v{n}" if n < last else newest for n in range(last + 1)}.__getitem__,
                args=("version", last),
            )
        for target in state.PAGES:
            kind: Literal["secondary", "tertiary"] = "secondary" if target == view else "tertiary"
            count = len(runs_live.going(bench)) if target == "runs" else 0
            label = t(f"app.{target}") + (f" ●{count}" if count else "")
            st.button(label, key=f"to-{target}", type=kind, width="stretch", on_click=state.show, args=(target,))
            if target == "review":
                with st.container(key="waiting"):
                    st.session_state["waiting_place"] = st.empty()
        if name is not None:
            _reviewer(bench, name)
        st.session_state["language"] = state.language()
        st.segmented_control(
            t("app.language"),
            list(state.LANGUAGES),
            key="language",
            format_func=state.LANGUAGES.__getitem__,
            required=True,
            on_change=state.choose_language,
            args=(bench, "language"),
            label_visibility="collapsed",
        )


def _reviewer(bench: Workbench, name: str) -> None:
    """Who decides: chosen from those known or typed; whoever is logged in where the room asks for that."""
    if who := state.logged_in():
        st.html(f'<p class="asks">{panes.shown(t("app.reviewer"))}<br><strong>{panes.shown(who)}</strong></p>')
        st.button(t("app.log_out"), key="log-out", type="tertiary", on_click=st.logout)
        return
    st.session_state["reviewer"] = state.reviewer(bench)
    st.selectbox(
        t("app.reviewer"),
        state.reviewers(bench, name),
        key="reviewer",
        help=t("app.reviewer_help"),
        accept_new_options=True,
        on_change=state.choose_reviewer,
        args=(bench, "reviewer"),
    )


def log_in() -> None:
    """The door, where the room has an identity provider."""
    calm(t("app.log_in_first"), t("app.log_in_why"))
    st.button(t("app.log_in"), key="log-in", type="primary", on_click=st.login)


def waiting_count(count: int) -> None:
    """How many rows wait for a decision, beside the page's name in the sidebar."""
    if place := st.session_state.get("waiting_place"):
        place.html(f'<span class="waiting">{count:,}</span>')


def heading(title: str, *details: str) -> None:
    """The page's title with what is counted on it, and under it what the last act did."""
    st.html(
        f'<div class="head"><h1>{panes.shown(title)}</h1>'
        + "".join(f"<span>{panes.shown(detail)}</span>" for detail in details if detail)
        + "</div>"
    )
    notice()


def notice() -> None:
    """What the last act did, and a word about it that comes and goes."""
    if said := st.session_state.pop("whisper", ""):
        st.toast(panes.label(said, 400))
    if told := st.session_state.get("notice"):
        kind, text, hint = told
        say = {"error": st.error, "warning": st.warning}.get(kind, st.info)
        say(panes.label(text, 400) + (f"  \n{panes.label(hint, 400)}" if hint else ""))


def calm(title: str, next_step: str, *commands: str) -> None:
    """An empty page that says what to do."""
    st.html(f'<div class="calm" lang="zh-CN"><h2>{panes.shown(title)}</h2><p>{panes.shown(next_step)}</p></div>')
    for command in commands:
        st.code(command, language=None)


def command(*words: str) -> None:
    """The command that would do the same."""
    st.html(
        f'<p class="command">{panes.shown(t("app.command"))}：<code>{panes.shown(state.command(*words))}</code></p>'
    )


def old_version(bench: Workbench) -> None:
    """Says so when the version shown is not the newest."""
    number, last = state.version(bench), state.newest(bench)
    if number != last:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(t("app.old_version", number=number, newest=last))
            st.button(t("app.to_newest"), key="to-newest", on_click=state.go, kwargs={"v": None}, type="tertiary")


def seal_button(bench: Workbench, name: str, waiting: int, key: str) -> None:
    """Folds what was decided into a version."""
    st.button(
        t("act.seal", count=waiting),
        key=f"{key}-{name}",
        on_click=state.seal,
        args=(bench, name),
        disabled=not waiting,
        help=t("act.seal_help"),
    )


def card(title: str, *details: str) -> None:
    """A title with a line under it."""
    under = f"<p>{panes.shown(' · '.join(details))}</p>" if details else ""
    st.html(f'<div class="card"><h2>{panes.shown(title)}</h2>{under}</div>')


# ── the list ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def row_list(listed: Sequence[Row], key: str) -> None:
    """One line a row: what was decided, where it is from, what failed, how it begins. A click opens it."""
    with st.container(key=f"rows-{key}"):
        for row in listed:
            failed = [word("check", check["name"]) for check in row.checks or [] if not check["ok"]]
            begins = " ／ ".join(part for part in (row.question, row.problem) if part)
            parts = [
                rows.SIGNS.get(row.decision or "none", ("", "·"))[1],
                panes.label(word("stage", row.stage or "")),
                f"✗ {panes.label('、'.join(failed), 30)}" if failed else "",
                panes.label(begins),
            ]
            st.button(
                " · ".join(part for part in parts if part),
                key=f"open-{row.row_id}",
                type="tertiary",
                width="stretch",
                wrap=False,
                on_click=state.open_row,
                args=(row.row_id,),
            )


def pager(page: int, total: int) -> None:
    """Earlier and later pages."""
    pages = max(1, -(-total // state.PAGE))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        st.button(t("browse.previous"), key="page-back", disabled=page == 0, on_click=state.go, kwargs={"page": page})
        st.caption(t("browse.page", page=page + 1, pages=pages), width="content")
        st.button(
            t("browse.next"), key="page-on", disabled=page + 1 >= pages, on_click=state.go, kwargs={"page": page + 2}
        )


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def found(ask: Callable[[Browser, str], Row | None], shown: Browser, eyes: str) -> Row | None:
    """What is asked for, None where the version lacks it. eyes: of that reviewer."""
    try:
        return ask(shown, eyes)
    except NotFound:
        return None


def building(shown: Browser) -> None:
    """How far a large version is that is opened for the first time; its first rows can be read meanwhile."""
    if shown.trouble:
        st.warning(panes.label(shown.trouble, 400))
    elif not shown.whole and shown.building is not None:
        rows_here = f"{shown.building.done:,}", f"{shown.of:,}"
        st.caption(t("app.building", done=rows_here[0], of=rows_here[1]))


def focus(key: str) -> None:
    """Puts the cursor into the first field of a container once it is there. key: ours, no text of a row.

    The script has no "<": what is between that and a letter would be taken for a tag, and the script away.
    """
    code = (
        "{let n=0;const go=()=>{const f=document.querySelector('.st-key-KEY textarea, .st-key-KEY input');"
        "if(f){f.focus();f.setSelectionRange?.(f.value.length,f.value.length)}"
        "else if(60>n++)requestAnimationFrame(go)};go()}"
    )
    with st.container(key="to-field"):
        st.html(f"<script>{code.replace('KEY', key)}</script>", unsafe_allow_javascript=True)


# ── figures ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def table(heads: Sequence[tuple[str, bool]], lines: Sequence[Sequence[object]]) -> None:
    """A table; the columns marked hold numbers."""
    st.html(panes.table(heads, lines))
