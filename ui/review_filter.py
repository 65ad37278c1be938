"""What is asked for now, each part a chip to be dropped, and a place to ask for more."""

from __future__ import annotations

import streamlit as st

from ui import panes, state
from ui.state import Browser, Filter
from ui.words import t, word

CHIP_LENGTH = 24
TEXTS = ("text", "where")
LISTS = ("decision", "stage", "provider", "label", "split", "failed")
SCORES = (0.0, 1.0)


def filter_bar(shown: Browser, folder: str) -> None:
    """The chips and the form of the filter. folder: of the workspace, so that what is kept of one is not shown of
    another."""
    asked = state.wanted()
    with st.popover(t("filter.open"), icon=":material/filter_list:", key="filter-open"):
        _form(shown, asked, folder)
    for names, text in _parts(asked):
        st.button(
            f"{panes.label(text, CHIP_LENGTH + 20)} ×",
            key=f"drop-{names[0]}",
            on_click=state.drop,
            args=names,
            help=t("filter.drop"),
        )
    if asked:
        st.button(t("filter.clear"), key="drop-all", type="tertiary", on_click=state.drop_all)


def in_words(asked: Filter) -> str:
    """The whole filter on one line."""
    return " · ".join(text for _, text in _parts(asked)) or t("filter.none")


def _parts(asked: Filter) -> list[tuple[tuple[str, ...], str]]:
    """The address parts of each thing asked for, and how it reads."""
    found: list[tuple[tuple[str, ...], str]] = []
    for name in (*LISTS, "kind", "answer", "passed", "assigned", *TEXTS):
        if value := getattr(asked, name):
            found.append(((name,), f"{t(f'filter.{name}')} = {value_of(name, value)}"))
    found += [(("tags",), f"{t('filter.tags')} = {'、'.join(asked.tags)}")] if asked.tags else []
    if asked.score_from is not None or asked.score_to is not None:
        low, high = asked.score_from or 0.0, 1.0 if asked.score_to is None else asked.score_to
        found.append((("score_from", "score_to"), f"{t('filter.score')} {low:.2f}–{high:.2f}"))
    if asked.reasoning is not None:
        found.append((("reasoning",), t("filter.with_reasoning" if asked.reasoning else "filter.without_reasoning")))
    if asked.conflict:
        found.append((("conflict",), t("filter.conflict")))
    return found


def value_of(name: str, value: str) -> str:
    """A value of a part in the reader's words."""
    if not value:
        return t("filter.any")
    if name in ("failed", "passed"):
        return t("filter.any_check") if value == state.ANY else word("check", value)
    return word(name, value)


def _form(shown: Browser, asked: Filter, folder: str) -> None:
    for name in LISTS:
        values = list(state.DECISIONS) if name == "decision" else sorted(state.choices(shown, name, folder))
        if name == "failed" and values:
            values = [state.ANY, *values]
        chosen: str = getattr(asked, name)
        if len(values) < 2 and not chosen and name in ("label", "split"):
            continue
        offered: list[str] = ["", *values, *([chosen] if chosen and chosen not in values else [])]
        st.session_state[f"f-{name}"] = chosen
        st.selectbox(
            t(f"filter.{name}"),
            offered,
            key=f"f-{name}",
            format_func={value: value_of(name, value) for value in offered}.__getitem__,
            on_change=state.choose,
            args=(name, f"f-{name}"),
        )
    tags = state.choices(shown, "tags", folder)
    if tags or asked.tags:
        st.session_state["f-tags"] = list(asked.tags)
        st.multiselect(
            t("filter.tags"),
            list(dict.fromkeys([*tags, *asked.tags])),
            key="f-tags",
            placeholder=t("filter.any"),
            on_change=state.choose_tags,
            args=("f-tags",),
        )
    low, high = asked.score_from or SCORES[0], SCORES[1] if asked.score_to is None else asked.score_to
    st.session_state["f-score"] = (min(max(low, 0.0), 1.0), min(max(high, 0.0), 1.0))
    st.slider(t("filter.score"), *SCORES, key="f-score", step=0.01, on_change=state.choose_score, args=("f-score",))
    for name in TEXTS:
        st.session_state[f"f-{name}"] = getattr(asked, name)
        st.text_input(
            t(f"filter.{name}"),
            key=f"f-{name}",
            placeholder=t(f"filter.{name}_hint"),
            max_chars=400,
            on_change=state.choose,
            args=(name, f"f-{name}"),
        )
