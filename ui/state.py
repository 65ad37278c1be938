"""What the room remembers: the address bar holds dataset, version, filter, row and language; the session the rest.

Every write happens here, in a callback that runs before the page is drawn again.
"""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from statistics import median

import streamlit as st

from augment.errors import AugmentError, NotFound
from augment.review import REASONS, UNDECIDED, Clash, Filter, Live, Place, by
from augment.store import Version
from augment.types import Row
from augment.workbench import Workbench
from ui.words import LANGUAGES, language, minutes, moment, money, t, word

__all__ = [
    "ANY",
    "LANGUAGES",
    "REASONS",
    "UNDECIDED",
    "AugmentError",
    "Clash",
    "Filter",
    "Live",
    "NotFound",
    "Place",
    "Row",
    "Version",
    "Workbench",
    "language",
    "minutes",
    "moment",
    "money",
    "t",
    "word",
]

PAGES = ("home", "review", "browse")  # in the order of the sidebar; each is a file in ui/views/
WITHOUT_DATASET: tuple[str, ...] = ()  # the pages that have something to show before there is any
PAGE = 50
ANY = "any"
DECISIONS = (UNDECIDED, "accept", "reject", "edit")
FILTERS = tuple(field.name for field in fields(Filter))
PAUSE_S = 300.0  # a longer gap between two decisions was no work


# ── where we are ──────────────────────────────────────────────────────────────────────────────────────────────────────


def got(name: str) -> str:
    """A part of the address."""
    return str(st.query_params.get(name, ""))


def go(**parts: str | int | None) -> None:
    """Changes parts of the address; None and blank remove one."""
    for name, value in parts.items():
        if value in (None, ""):
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = str(value)


@st.cache_resource(
    show_spinner=False,
    hash_funcs={Workbench: lambda bench: str(bench.settings.workspace)},
    on_release=Workbench.close,
)
def _kept(fresh: Workbench) -> Workbench:
    """One for each workspace: it holds the ledger open."""
    return fresh


def workbench() -> Workbench | None:
    """The workspace of AUGMENT_WORKSPACE or the folder the room was opened in; None where there is none."""
    try:
        fresh = Workbench.open()
    except NotFound:
        return None
    return _kept(fresh)


def dataset(bench: Workbench) -> str | None:
    """The dataset in the address, else the one imported last."""
    names = bench.store.datasets()
    if not names:
        return None
    chosen = got("ds") or bench.settings.default("dataset") or bench.recall("last_dataset")
    return chosen if chosen in names else names[0]


def newest(bench: Workbench) -> int:
    """The newest version of the dataset shown."""
    return bench.store.current(str(dataset(bench)))


def version(bench: Workbench) -> int:
    """The version in the address where there is such a one, else the newest."""
    last, text = newest(bench), got("v").removeprefix("v")
    return int(text) if text.isascii() and text.isdigit() and int(text) <= last else last


def versions(bench: Workbench) -> list[Version]:
    """Every version of the dataset shown, oldest first."""
    return bench.versions(str(dataset(bench)))


def live(bench: Workbench) -> Live:
    """The version shown with what was decided so far."""
    shown = bench.live(str(dataset(bench)), version(bench))
    with st.spinner(t("app.loading", name=shown.name, version=shown.version)):
        shown.counts()  # reads the version where this process has not read it yet
    return shown


def wanted() -> Filter:
    """The filter in the address."""
    parts = {name: got(name) for name in FILTERS}
    return Filter(**{**parts, "decision": parts["decision"] if parts["decision"] in DECISIONS else ""})


@st.cache_data(
    show_spinner=False, max_entries=64, hash_funcs={Live: lambda shown: (shown.root, shown.name, shown.version)}
)
def choices(shown: Live) -> dict[str, list[str]]:
    """What the rows of a version can be filtered by; a version never changes."""
    return shown.values()


def page_number(total: int) -> int:
    """The page in the address, from 0, where the list has so many."""
    text = got("page")
    last = max(0, (total - 1) // PAGE)
    return min(last, max(0, int(text) - 1)) if text.isascii() and text.isdigit() else 0


def current_row(shown: Live) -> Row | None:
    """The row in the address, else the next one to decide, else the first of the filter. Raises NotFound."""
    row_id = got("row") or shown.next_undecided(wanted())
    if row_id:
        return shown.row(row_id)
    first = shown.page(wanted(), limit=1).rows
    return first[0] if first else None


def reviewer(bench: Workbench) -> str:
    """Whose decisions these are."""
    return got("by") or bench.reviewer()


# ── moving about ──────────────────────────────────────────────────────────────────────────────────────────────────────


def show(view: str, **parts: str | int | None) -> None:
    """Opens a view."""
    _forget()
    go(view=view, **parts)


def choose_dataset(key: str) -> None:
    """Another dataset: its newest version, without filter or row."""
    _forget()
    go(ds=st.session_state[key], v=None, row=None, page=None, **dict.fromkeys(FILTERS))


def choose_version(key: str, last: int) -> None:
    """Another version; the newest is not pinned, so that the next one is shown when it comes."""
    _forget()
    number = st.session_state[key]
    go(v=None if number == last else number, row=None, page=None)


def choose(name: str, key: str) -> None:
    """A part of the filter, the reviewer or the language."""
    value = st.session_state[key]
    go(**{name: value.strip() if isinstance(value, str) else value})
    if name in FILTERS:
        _forget()
        go(row=None, page=None)


def drop(*names: str) -> None:
    """Parts of the filter, no longer asked for."""
    _forget()
    go(row=None, page=None, **dict.fromkeys(names))


def open_row(row_id: str | None) -> None:
    """A row in the reading panes."""
    _forget()
    go(view="review", row=row_id)


def _forget() -> None:
    for name in ("asking", "reason", "notice"):
        st.session_state.pop(name, None)


# ── deciding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Shown:
    """The row on the screen when a button was drawn: what the button is about, wherever the address is by then."""

    dataset: str
    version: int
    row_id: str


def decide(bench: Workbench, at: Shown, decision: str) -> None:
    """Records the decision and goes on to the next row without one."""
    reason, note = st.session_state.get("reason"), st.session_state.get(f"note-{at.row_id}")
    if decision == "reject" and reason is None:  # the button stays alive, so that a quick Enter after 2 is not lost
        tell("warning", t("act.no_reason"))
        return
    with _told():
        hand = by(reviewer(bench), reason if decision == "reject" else None, note if decision == "reject" else None)
        bench.decide(bench.live(at.dataset, at.version), at.row_id, decision, hand)
        st.session_state.setdefault("times", []).append(time.monotonic())
        skip(bench, at)


def skip(bench: Workbench, at: Shown) -> None:
    """The next row without a decision; where there is none, the row stays."""
    _forget()
    go(row=bench.live(at.dataset, at.version).next_undecided(wanted(), at.row_id) or at.row_id)


def ask_reason(at: Shown) -> None:
    """Reject was chosen: the bar asks why."""
    _forget()
    st.session_state["asking"] = at.row_id


def pick_reason(reason: str) -> None:
    """One of the six."""
    st.session_state["reason"] = reason


def undo(bench: Workbench, at: Shown) -> None:
    """Takes back the reviewer's latest decision and shows its row."""
    with _told():
        undone = bench.undo(bench.live(at.dataset, at.version), by(reviewer(bench)))
        _forget()
        if undone is None:
            tell("info", t("act.nothing_to_undo"))
        else:
            tell("info", t("act.undone", what=word("decision", undone.action)))
            go(row=undone.row_id)


def seal(bench: Workbench, name: str) -> None:
    """Folds what was decided into a new version and shows that."""
    with _told():
        sealed = bench.seal(name)
        _forget()
        done = sealed.version != sealed.from_version
        said = t("act.sealed", version=sealed.version, count=sealed.rows_changed) if done else t("act.sealed_nothing")
        tell("warning" if sealed.clashes else "info", said)
        if sealed.clashes:
            tell("warning", f"{said} · {t('act.clashes', count=len(sealed.clashes))}")
        go(v=None)


def toggle(name: str) -> None:
    """Shows or hides a part of the page."""
    st.session_state[name] = not st.session_state.get(name, False)


def tell(kind: str, text: str, hint: str = "") -> None:
    """A line above the page until the next act."""
    st.session_state["notice"] = (kind, text, hint)


def minutes_left(undecided: int) -> int | None:
    """At the pace of this session; None before it is known."""
    times = st.session_state.get("times", [])[-50:]
    gaps = [later - earlier for earlier, later in pairwise(times) if later - earlier < PAUSE_S]
    return max(1, round(median(gaps) * undecided / 60)) if len(gaps) >= 5 and undecided else None


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except AugmentError as error:
        tell("error", t("app.trouble", message=error.message), error.hint)


# ── the same by command ───────────────────────────────────────────────────────────────────────────────────────────────


def command(*words: str) -> str:
    """A command line that does what the page does."""
    return shlex.join(["augment", *words])


def expression(asked: Filter) -> list[str]:
    """The filter as ``--where`` takes it, as far as an expression over a version can say it."""
    parts = [
        f"stage = {_quoted(asked.stage)}" if asked.stage else "",
        f"list_contains(tags, {_quoted(asked.tag)})" if asked.tag else "",
        f"len(list_filter(checks, lambda c: NOT c.ok{_named(asked.check)})) > 0" if asked.check else "",
        f"contains(concat_ws(' ', problem, question, options, answer, reasoning), {_quoted(asked.text)})"
        if asked.text
        else "",
        {"": "", UNDECIDED: "decision IS NULL"}.get(asked.decision, f"decision = {_quoted(asked.decision)}"),
    ]
    where = " AND ".join(part for part in parts if part)
    return ["--where", where] if where else []


def _named(check: str) -> str:
    return "" if check == ANY else f" AND c.name = {_quoted(check)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
