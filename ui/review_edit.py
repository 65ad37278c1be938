"""A row's fields to be edited, with what the checks would say of them before they are saved."""

from __future__ import annotations

import streamlit as st

from ui import panes, review_bar, rows, state, widgets
from ui.state import At, AugmentError, Row, Workbench, t, word

LETTERS = panes.LETTERS
FIELDS = ("problem", "question")


def draw(bench: Workbench, at: At, row: Row, parent: Row | None) -> None:
    """The row's fields beside what it was made from, and under them what the checks say of the drafts."""
    seen = st.session_state.get(f"seen-{row.row_id}") or {name: getattr(row, name) for name in state.EDITABLE}
    with st.container(horizontal=True, key="editing", gap="medium"):
        with st.container(key="editing-side"):
            st.html(_beside(row, parent))
            checks = st.empty()
        with st.container(key="editing-fields"):
            if st.session_state.get("clashing") == row.row_id:
                _clash(bench, at, row)
            _fields(row, seen)
    checks.html(_checked(bench, row, parent))
    changes = state.drafted(row)
    names = [one for name in changes for one in ("--field", name)]
    widgets.command("review", "edit", f"{at.dataset}@v{at.version}", "--row", at.row_id, *names[:2], "--value", "…")
    with st.container(key="actions"), st.container(horizontal=True, gap="small", key="acts"):
        review_bar.act("save", at, "Ctrl+Enter", state.save_edit, (bench, at, row), kind="primary")
        review_bar.act("leave", at, "Esc", state.open_row, (at.row_id,))
        st.html(f'<p class="asks">{panes.shown(t("edit.help"))}</p>')
    widgets.focus("editing-fields")


def _beside(row: Row, parent: Row | None) -> str:
    if parent is None:
        return panes.pane(t("edit.now"), rows.asked_of(row))
    title = f"{t('review.before')} · {parent.row_id[:8]}"
    return panes.pane(title, rows.asked_of(parent))


def _fields(row: Row, seen: dict[str, object]) -> None:
    for name in FIELDS:
        if seen.get(name) is not None or name == "problem":
            _text(row, name, seen)
    options = seen.get("options")
    if isinstance(options, list) and options:
        for place in range(min(len(options) + 1, len(LETTERS))):
            key = f"draft-{row.row_id}-option-{place}"
            if key not in st.session_state:
                st.session_state[key] = options[place] if place < len(options) else ""
            more = t("edit.add_option") if place == len(options) else ""
            st.text_area(f"{word('field', 'options')} {LETTERS[place]}", key=key, height="content", placeholder=more)
    key = f"draft-{row.row_id}-answer"
    if key not in st.session_state:
        st.session_state[key] = seen.get("answer") or ""
    st.text_input(word("field", "answer"), key=key)
    if seen.get("reasoning") is not None:
        _text(row, "reasoning", seen)


def _text(row: Row, name: str, seen: dict[str, object]) -> None:
    key = f"draft-{row.row_id}-{name}"
    if key not in st.session_state:
        st.session_state[key] = seen.get(name) or ""
    st.text_area(word("field", name), key=key, height="content")


def _checked(bench: Workbench, row: Row, parent: Row | None) -> str:
    """What the checks and the conclusion are now, and what the drafts would make of them."""
    changes = state.drafted(row)
    try:
        draft = bench.redrafted(row, parent, changes)
    except AugmentError as error:
        trouble = [("no", "✗", error.message), ("hint", "!", error.hint or "")]
        return panes.block(t("edit.refused"), panes.facts(trouble))
    title = t("edit.checked", fields=t("edit.between").join(word("field", name) for name in changes))
    lines = []
    if draft.reasoning:
        fits = rows.concludes_right(draft)
        now = t("review.concludes", letters=draft.concluded or t("review.concludes_nothing"))
        turned = f"（{t('edit.was', sign=row.concluded or '–')}）" if draft.concluded != row.concluded else ""
        said = f"{now}{turned} · {t('review.answer', answer=draft.answer or '–')}"
        lines.append(("ok" if fits else "no", "✓" if fits else "✗", said))
    body = panes.facts(lines) + rows.checks_of(draft, row)
    return panes.block(title if changes else t("edit.unchanged"), body)


def _clash(bench: Workbench, at: At, row: Row) -> None:
    """Somebody else was faster: theirs and mine, and which to go on with."""
    seen = st.session_state.get(f"seen-{row.row_id}", {})
    mine = {**seen, **state.drafted(row)}
    parts = []
    for name in state.EDITABLE:
        now = getattr(row, name)
        if now != seen.get(name):
            left, right = panes.difference(_flat(now), _flat(mine.get(name)))
            title = word("field", name)
            parts.append(panes.pane(f"{title} · {t('edit.theirs')}", panes.paragraph(left)))
            parts.append(panes.pane(f"{title} · {t('edit.mine')}", panes.paragraph(right)))
    with st.container(border=True, key="clash"):
        st.html(f'<div class="clash"><p class="no">! {panes.shown(t("edit.clash"))}</p>{"".join(parts)}</div>')
        with st.container(horizontal=True, gap="small"):
            for name, mine_stays in (("take_theirs", False), ("keep_mine", True)):
                st.button(
                    t(f"edit.{name}"),
                    key=name,
                    on_click=state.settle_clash,
                    args=(bench, at),
                    kwargs={"mine": mine_stays},
                )


def _flat(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(f"{letter} {one}" for letter, one in zip(LETTERS, value, strict=False))
    return str(value or "")
