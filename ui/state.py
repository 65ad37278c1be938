"""The room's state under one roof: what the address holds (``address``), what buttons do (``deciding``), the words."""

from __future__ import annotations

import shlex
from dataclasses import replace

import streamlit as st

from augment.browse import UNDECIDED, Browser, Filter, Spot
from augment.errors import AugmentError, NotFound
from augment.events import EDITABLE, Clash
from augment.review import REASONS
from augment.store import Version
from augment.types import Row
from augment.workbench import Workbench
from ui.address import (
    ANY,
    DECISIONS,
    FILTERS,
    ORDERS,
    PAGE,
    PAGES,
    WITHOUT_DATASET,
    address_of,
    browser,
    choices,
    current_row,
    dataset,
    go,
    got,
    logged_in,
    must_log_in,
    newest,
    note_reviewer,
    order,
    page_number,
    reviewer,
    reviewers,
    version,
    versions,
    wanted,
    workbench,
)
from ui.deciding import (
    At,
    ask_bulk,
    ask_note,
    ask_reason,
    begin_edit,
    deal,
    decide,
    decide_all,
    drafted,
    forget,
    minutes_left,
    open_row,
    pick_reason,
    redraw,
    repair,
    save_edit,
    save_note,
    seal,
    settle_clash,
    skip,
    tell,
    toggle,
    undeal,
    undo,
    undo_all,
    whisper,
)
from ui.words import LANGUAGES, language, minutes, moment, money, t, word

__all__ = [
    "ANY",
    "DECISIONS",
    "EDITABLE",
    "FILTERS",
    "LANGUAGES",
    "ORDERS",
    "PAGE",
    "PAGES",
    "REASONS",
    "UNDECIDED",
    "WITHOUT_DATASET",
    "At",
    "AugmentError",
    "Browser",
    "Clash",
    "Filter",
    "NotFound",
    "Row",
    "Spot",
    "Version",
    "Workbench",
    "address_of",
    "ask_bulk",
    "ask_note",
    "ask_reason",
    "begin_edit",
    "browser",
    "choices",
    "current_row",
    "dataset",
    "deal",
    "decide",
    "decide_all",
    "drafted",
    "forget",
    "go",
    "got",
    "language",
    "logged_in",
    "minutes",
    "minutes_left",
    "moment",
    "money",
    "must_log_in",
    "newest",
    "open_row",
    "order",
    "page_number",
    "pick_reason",
    "redraw",
    "repair",
    "reviewer",
    "reviewers",
    "save_edit",
    "save_note",
    "seal",
    "settle_clash",
    "skip",
    "t",
    "tell",
    "toggle",
    "undeal",
    "undo",
    "undo_all",
    "version",
    "versions",
    "wanted",
    "whisper",
    "word",
    "workbench",
]


# ── moving about ──────────────────────────────────────────────────────────────────────────────────────────────────────


def show(view: str, **parts: str | int | None) -> None:
    """Opens a view."""
    forget()
    if "runs" in (view, got("view")):  # there these name a stage to run, and for which rows
        go(stage=None, where=None, run=None)
    go(**{"view": view, "team": None, **parts})


def choose_dataset(key: str) -> None:
    """Another dataset: its newest version, without filter or row."""
    forget()
    go(**{**dict.fromkeys(FILTERS), "ds": st.session_state[key], "v": None, "row": None, "page": None})


def choose_version(key: str, last: int) -> None:
    """Another version; the newest is not pinned, so that the next one is shown when it comes."""
    forget()
    number = st.session_state[key]
    go(v=None if number == last else number, row=None, page=None)


def choose(name: str, key: str) -> None:
    """A part of the filter, or the order."""
    value = st.session_state[key]
    forget()
    go(**{name: value.strip() if isinstance(value, str) else value, "row": None, "page": None})


def choose_tags(key: str) -> None:
    """The tags of the filter."""
    forget()
    go(**{**address_of(replace(wanted(), tags=tuple(st.session_state[key]))), "row": None, "page": None})


def choose_score(key: str) -> None:
    """The range of scores in the filter; the whole range asks nothing."""
    low, high = st.session_state[key]
    asked = replace(wanted(), score_from=low if low > 0 else None, score_to=high if high < 1 else None)
    forget()
    go(**{**address_of(asked), "row": None, "page": None})


def choose_language(bench: Workbench | None, key: str) -> None:
    """The language, remembered for whoever looks."""
    go(lang=st.session_state[key])
    st.session_state["language_kept"] = st.session_state[key]
    if bench is not None:
        bench.remember(f"ui/language/{reviewer(bench)}", st.session_state[key])


def choose_reviewer(bench: Workbench, key: str) -> None:
    """Who decides from now on; where rows were dealt to them, these are shown."""
    name = str(st.session_state[key] or "").strip()
    forget()
    if not name:
        return
    mine = any(name in one.reviewers for one in bench.deals(str(dataset(bench))))
    go(by=name, row=None, assigned=name if mine else None)
    if name.isprintable():
        note_reviewer(bench, name)
    if not got("lang"):
        st.session_state["language_kept"] = bench.recall(f"ui/language/{name}") or ""


def drop_all() -> None:
    """No filter at all."""
    drop(*FILTERS)


def narrow(**parts: str) -> None:
    """The filter with one more part, from its first row on."""
    forget()
    go(view="review", team=None, row=None, page=None, **parts)


def drop(*names: str) -> None:
    """Parts of the filter, no longer asked for."""
    forget()
    go(**{**dict.fromkeys(names), "row": None, "page": None})


# ── the same by command ───────────────────────────────────────────────────────────────────────────────────────────────


def command(*words: str) -> str:
    """A command line that does what the page does."""
    return shlex.join(["augment", *words])


def expression(bench: Workbench, asked: Filter) -> list[str]:
    """The filter as ``--where`` takes it, as far as an expression over a version can say it."""
    where = bench.expression(asked)
    return ["--where", where] if where else []
