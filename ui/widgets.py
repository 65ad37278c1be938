"""The parts that views are made of. A view says what stands where; how it looks is said here and in ``panes``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from ui import panes, rows, state
from ui.state import Filter, Live, NotFound, Place, Row, Shown, Workbench
from ui.words import moment, remedy, t, word

COLOURS = {
    "light": {"ok": "#2f7d4f", "no": "#b3402f", "hint": "#8a6106", "ground": "#fcfbf8", "on-accent": "#ffffff"},
    "dark": {"ok": "#7cc498", "no": "#ec8d7d", "hint": "#d9ad55", "ground": "#1a1b1d", "on-accent": "#14171c"},
}


def dress() -> None:
    """The room's style, in the colours of the theme the reader has."""
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
            st.button(
                t(f"app.{target}"), key=f"to-{target}", type=kind, width="stretch", on_click=state.show, args=(target,)
            )
        if name is not None:
            st.session_state["reviewer"] = state.reviewer(bench)
            st.text_input(
                t("app.reviewer"),
                key="reviewer",
                help=t("app.reviewer_help"),
                max_chars=100,
                on_change=state.choose,
                args=("by", "reviewer"),
            )
        st.session_state["language"] = state.language()
        st.segmented_control(
            t("app.language"),
            list(state.LANGUAGES),
            key="language",
            format_func=state.LANGUAGES.__getitem__,
            required=True,
            on_change=state.choose,
            args=("lang", "language"),
            label_visibility="collapsed",
        )


def heading(title: str, *details: str) -> None:
    """The page's title with what is counted on it, and under it what the last act did."""
    st.html(
        f'<div class="head"><h1>{panes.shown(title)}</h1>'
        + "".join(f"<span>{panes.shown(detail)}</span>" for detail in details if detail)
        + "</div>"
    )
    if notice := st.session_state.get("notice"):
        kind, text, hint = notice
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


# ── the filter ────────────────────────────────────────────────────────────────────────────────────────────────────────


def filter_bar(shown: Live) -> None:
    """What is asked for now, each part to be dropped, and a place to ask for more."""
    asked = state.wanted()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filter"):
        with st.popover(t("filter.open"), icon=":material/filter_list:"):
            _filter_form(shown, asked)
        for name, value in _parts(asked).items():
            st.button(
                f"{t(f'filter.{name}')} = {panes.label(value, 24)} ×",
                key=f"drop-{name}",
                on_click=state.drop,
                args=(name,),
                help=t("filter.drop"),
            )
        if asked:
            st.button(
                t("filter.clear"), key="drop-all", type="tertiary", on_click=state.drop, args=tuple(state.FILTERS)
            )


def _parts(asked: Filter) -> dict[str, str]:
    values = {name: getattr(asked, name) for name in state.FILTERS if getattr(asked, name)}
    return {name: _value(name, value) for name, value in values.items()}


def _value(name: str, value: str) -> str:
    if not value:
        return t("filter.any")
    if name == "check" and value == state.ANY:
        return t("filter.any_check")
    return word(name, value)


def _filter_form(shown: Live, asked: Filter) -> None:
    found = state.choices(shown)
    lists = {
        "stage": found["stage"],
        "decision": list(state.DECISIONS),
        "check": [state.ANY, *found["check"]] if found["check"] else [],
        "tag": found["tag"],
    }
    for name, values in lists.items():
        chosen: str = getattr(asked, name)
        offered: list[str] = ["", *values, *([chosen] if chosen and chosen not in values else [])]
        st.session_state[f"f-{name}"] = chosen
        st.selectbox(
            t(f"filter.{name}"),
            offered,
            key=f"f-{name}",
            format_func={value: _value(name, value) for value in offered}.__getitem__,
            on_change=state.choose,
            args=(name, f"f-{name}"),
        )
    st.session_state["f-text"] = asked.text
    st.text_input(
        t("filter.text"),
        key="f-text",
        placeholder=t("filter.text_hint"),
        max_chars=200,
        on_change=state.choose,
        args=("text", "f-text"),
    )


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


def found(ask: Callable[[Live], Row | None], shown: Live) -> Row | None:
    """What is asked for, None where the version lacks it."""
    try:
        return ask(shown)
    except NotFound:
        return None


def standing(row: Row, parent: Row | None, place: Place) -> None:
    """Which row of how many this is, what was decided about it, which checks failed, whether its parent is missing."""
    colour, sign = rows.SIGNS.get(row.decision or "none", ("quiet", "·"))
    parts = [("", t("review.position", index=f"{place.index + 1:,}", total=f"{place.total:,}"))] if place.inside else []
    parts.append((colour, f"{sign} {word('decision', row.decision or 'none')}"))
    failed = [word("check", check["name"]) for check in row.checks or [] if not check["ok"]]
    if failed:
        parts.append(("no", f"✗ {'、'.join(failed)}"))
    elif row.checks:
        parts.append(("ok", f"✓ {t('review.passed', count=len(row.checks))}"))
    if row.parent_id and parent is None:
        parts.append(("hint", f"! {t('review.parent_gone')}"))
    st.html(panes.line(parts))


def reading(row: Row, parent: Row | None, shown: Live) -> None:
    """The two panes, and under them reasoning, checks, judges and people."""
    st.html(rows.panes_of(row, parent))
    st.html(rows.beneath(row, shown.clashes(row.row_id), with_reasoning=parent is not None))


def attempts(bench: Workbench, row: Row) -> None:
    """Every ask made for the row, and for its parent by the stage that made it."""
    asks = bench.attempts(row.row_id)
    if row.parent_id:
        asks += [ask for ask in bench.attempts(row.parent_id) if ask["stage"] == row.stage]
    with st.expander(t("review.attempts", count=len(asks)), key=f"attempts-{row.row_id}"):
        if not asks:
            st.caption(t("review.no_attempts"))
        for ask in asks:
            parts = [
                word("stage", ask["stage"]),
                ask["provider"],
                t("review.attempt", number=ask["attempt"] + 1),
                moment(ask["sent_at"]),
            ]
            reply = ask["reply"]
            if reply is None:
                kind = ask["refused"]
                reply = t("review.refused", kind=kind) if kind else t("review.unanswered")
                for fault in ask["faults"][-1:]:
                    reply += f"\n{remedy(fault['kind'], fault['code'])}"
            st.html(panes.block(" · ".join(parts), panes.paragraph(panes.shown(reply))))


# ── the bar ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def actions(bench: Workbench, at: Shown, previous: str | None, following: str | None) -> None:
    """The bar at the bottom: what can be done with the row, each by one key."""
    with st.container(key="actions"):
        if st.session_state.get("asking") == at.row_id:
            _reasons(bench, at)
            return
        with st.container(horizontal=True, gap="small"):
            _act("accept", at, "A", state.decide, (bench, at, "accept"), kind="primary")
            _act("reject", at, "D", state.ask_reason, (at,))
            _act("skip", at, "S", state.skip, (bench, at))
            _act("undo", at, "U", state.undo, (bench, at))
            _act("previous", at, "K", state.open_row, (previous,), disabled=previous is None)
            _act("next", at, "J", state.open_row, (following,), disabled=following is None)
            _act("keys", at, "H", state.toggle, ("keys",), kind="tertiary")
        if st.session_state.get("keys"):
            st.caption(t("keys.text"))


def _act(
    name: str,
    at: Shown,
    shortcut: str,
    act: Any,
    args: tuple[Any, ...],
    *,
    kind: Any = "secondary",
    disabled: bool = False,
) -> None:
    st.button(
        t(f"act.{name}"),
        key=f"{name}-{at.row_id}",
        shortcut=shortcut,
        on_click=act,
        args=args,
        type=kind,
        disabled=disabled,
    )


def _reasons(bench: Workbench, at: Shown) -> None:
    chosen = st.session_state.get("reason")
    st.caption(t("act.why"))
    with st.container(horizontal=True, gap="small"):
        for number, reason in enumerate(state.REASONS, 1):
            st.button(
                word("reason", reason),
                key=f"reason-{number}-{at.row_id}",
                shortcut=str(number),
                type="primary" if reason == chosen else "secondary",
                on_click=state.pick_reason,
                args=(reason,),
            )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.text_input(
            t("act.note"),
            key=f"note-{at.row_id}",
            placeholder=t("act.note"),
            label_visibility="collapsed",
            max_chars=500,
        )
        _act("confirm", at, "Enter", state.decide, (bench, at, "reject"), kind="primary")
        _act("cancel", at, "Esc", state.open_row, (at.row_id,))


# ── figures ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def table(heads: Sequence[tuple[str, bool]], lines: Sequence[Sequence[object]]) -> None:
    """A table; the columns marked hold numbers."""
    st.html(panes.table(heads, lines))
