"""Where the reader is: the address bar holds dataset, version, filter, order, row, reviewer and language.

Whoever gets the address sees the same; reloading it, or going back, loses nothing.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import get_args

import streamlit as st

from augment.browse import QUEUES, SORTS, UNDECIDED, Browser, Filter, Sort, from_address, to_address
from augment.errors import NotFound
from augment.store import Version
from augment.types import Row
from augment.workbench import Workbench
from ui import words

PAGES = (  # in the order of the sidebar; each is a file in ui/views/
    "home",
    "review",
    "browse",
    "compare",
    "quality",
    "runs",
    "export",
    "providers",
)
WITHOUT_DATASET = ("home", "runs", "providers")  # the pages that have something to show before there is any
PAGE = 50
ANY = "any"
DECISIONS = (UNDECIDED, "accept", "reject", "edit")
FILTERS = tuple(field.name for field in fields(Filter))
ORDERS = ("position", *QUEUES)
NAMES = 30  # of reviewers that are remembered


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


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────────────


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
    bench = _kept(fresh)
    if "language_kept" not in st.session_state:
        st.session_state["language_kept"] = bench.recall(f"ui/language/{reviewer(bench)}") or ""
    return bench


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


def browser(bench: Workbench) -> Browser:
    """The version shown, as it is by now with what was decided."""
    name, number = str(dataset(bench)), version(bench)
    if st.session_state.get("opened") == (name, number):
        return bench.browse(name, number)
    with st.spinner(words.t("app.loading", name=name, version=number)):
        found = bench.browse(name, number)
    st.session_state["opened"] = (name, number)
    return found


def wanted() -> Filter:
    """The filter in the address."""
    found = from_address({name: got(name) for name in FILTERS})
    return found if found.decision in ("", *DECISIONS) else replace(found, decision="")


def address_of(asked: Filter) -> dict[str, str | int | None]:
    """Every part of a filter for the address; None for those that ask nothing."""
    return {**dict.fromkeys(FILTERS), **to_address(asked)}


def order() -> tuple[Sort, bool]:
    """The order in the address, and whether it goes down."""
    text = got("order")
    name = text.removeprefix("-")
    if name not in SORTS or name not in get_args(Sort):
        return "position", False
    return name, text.startswith("-")  # type: ignore[return-value]  # it is one of them, as asked just now


def page_number(total: int) -> int:
    """The page in the address, from 0, where the list has so many."""
    text = got("page")
    last = max(0, (total - 1) // PAGE)
    return min(last, max(0, int(text) - 1)) if text.isascii() and text.isdigit() else 0


def current_row(shown: Browser, eyes: str) -> Row | None:
    """The row in the address, else the next one to decide, else the first of the filter. Raises NotFound."""
    asked, (sort, down) = wanted(), order()
    row_id = got("row") or shown.next_undecided(asked, sort=sort, descending=down)
    if row_id:
        return shown.row(row_id, eyes=eyes)
    first = shown.page(asked, sort=sort, descending=down, limit=1, eyes=eyes).rows
    return first[0] if first else None


@st.cache_data(
    show_spinner=False, max_entries=64, hash_funcs={Browser: lambda shown: (shown.name, shown.version, shown.of)}
)
def choices(shown: Browser, column: str, folder: str) -> list[str]:
    """The values of a column of a version, most common first; a version never changes. folder: the workspace's, for two
    of them may have versions of one name."""
    del folder
    return [value for value, _ in shown.values(Filter(), column)]


# ── who looks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def reviewer(bench: Workbench) -> str:
    """Whose decisions these are: whoever is logged in where the room asks for that, else the name in the address, else
    the default one."""
    return logged_in() or got("by") or bench.reviewer()


def logged_in() -> str:
    """The name of whoever is logged in by the room's identity provider; blank where it has none."""
    if not st.user.get("is_logged_in"):
        return ""
    return str(st.user.get("name") or st.user.get("email") or st.user.get("sub") or "")


def must_log_in() -> bool:
    """Whether the room has an identity provider and nobody is logged in."""
    return st.user.get("is_logged_in") is False


def reviewers(bench: Workbench, shown: str) -> list[str]:
    """Names to choose from: whom rows of the dataset were dealt to, and who reviewed here lately."""
    dealt = [name for deal in bench.deals(shown) for name in deal.reviewers]
    return list(dict.fromkeys([reviewer(bench), *dealt, *_lately(bench)]))


def note_reviewer(bench: Workbench, name: str) -> None:
    """Remembers a name for the list."""
    names = [name, *(other for other in _lately(bench) if other != name)]
    bench.remember("ui/reviewers", json.dumps(names[:NAMES], ensure_ascii=False))


def _lately(bench: Workbench) -> list[str]:
    try:
        found = json.loads(bench.recall("ui/reviewers") or "[]")
    except ValueError:
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
