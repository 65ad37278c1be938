"""The bar at the bottom of the review page: what can be done with the row, each by one key."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import panes, state, widgets
from ui.state import At, Row, Spot, Workbench, t, word

NOTE_LENGTH = 500


def draw(bench: Workbench, at: At, row: Row, spot: Spot) -> None:
    """The bar for this row; it keeps its place whatever it asks."""
    with st.container(key="actions"):
        if st.session_state.get("noting") == at.row_id:
            _note(bench, at)
            return
        asking = st.session_state.get("asking") == at.row_id
        _reasons(bench, at, asking=asking)
        if not asking:
            _acts(bench, at, row, spot)


def act(
    name: str,
    at: At,
    shortcut: str,
    call: Any,
    args: tuple[Any, ...],
    *,
    kind: Any = "secondary",
    disabled: bool = False,
) -> None:
    """A button with its key. It is about the row it was drawn for: another row's is another button."""
    st.button(
        t(f"act.{name}"),
        key=f"{name}-{at.row_id}",
        shortcut=shortcut,
        on_click=call,
        args=args,
        type=kind,
        disabled=disabled,
    )


def _acts(bench: Workbench, at: At, row: Row, spot: Spot) -> None:
    with st.container(horizontal=True, gap="small", key="acts"):
        act("accept", at, "A", state.decide, (bench, at, "accept"), kind="primary")
        act("reject", at, "D", state.ask_reason, (at,))
        act("edit", at, "E", state.begin_edit, (row,))
        act("note", at, "N", state.ask_note, (at,))
        act("skip", at, "S", state.skip, (bench, at))
        act("undo", at, "U", state.undo, (bench, at))
        if row.decision == "reject":
            act("repair", at, "M", state.repair, (bench, at))
        with st.container(horizontal=True, gap="small", key="moves", width="content"):
            act("previous", at, "K", state.open_row, (spot.previous,), disabled=spot.previous is None)
            act("next", at, "J", state.open_row, (spot.next,), disabled=spot.next is None)
            act("keys", at, "H", state.toggle, ("keys",), kind="tertiary")
    if st.session_state.get("keys"):
        st.html(f'<p class="keys">{panes.shown(t("keys.text"))}</p>')


def _reasons(bench: Workbench, at: At, *, asking: bool) -> None:
    """The six reasons. Their keys are there before they are seen, so that D and 2 may follow at once."""
    chosen = st.session_state.get("reason") if asking else None
    with st.container(key="asked" if asking else "unasked"):
        st.html(f'<p class="asks">{panes.shown(t("act.why"))}</p>')
        with st.container(horizontal=True, gap="small"):
            for number, reason in enumerate(state.REASONS, 1):
                st.button(
                    word("reason", reason),
                    key=f"reason-{number}-{at.row_id}",
                    shortcut=str(number),
                    type="primary" if reason == chosen else "secondary",
                    on_click=state.pick_reason,
                    args=(at, reason),
                )
        if asking:
            with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
                st.text_input(
                    t("act.more"),
                    key=f"why-{at.row_id}",
                    placeholder=t("act.more"),
                    label_visibility="collapsed",
                    max_chars=NOTE_LENGTH,
                )
                act("confirm", at, "Enter", state.decide, (bench, at, "reject"), kind="primary")
                act("cancel", at, "Esc", state.open_row, (at.row_id,))


def _note(bench: Workbench, at: At) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="note-field"):
        st.text_area(
            t("act.note_help"),
            key=f"note-{at.row_id}",
            placeholder=t("act.note_help"),
            label_visibility="collapsed",
            max_chars=NOTE_LENGTH,
            height=80,
        )
        act("keep", at, "Ctrl+Enter", state.save_note, (bench, at), kind="primary")
        act("back", at, "Esc", state.open_row, (at.row_id,))
    widgets.focus("note-field")
