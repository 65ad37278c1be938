"""What a button of the review page does: it runs before the page is drawn again, and writes through the front door."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Any

import streamlit as st

from augment.browse import Filter, to_json
from augment.errors import AugmentError, Conflict
from augment.review import EDITABLE, by
from augment.types import Row
from augment.workbench import Workbench
from ui.address import address_of, go, order, reviewer, wanted
from ui.words import t, word

PAUSE_S = 300.0  # a longer gap between two decisions was no work
MODES = ("asking", "reason", "notice", "editing", "noting", "bulk", "clashing")


@dataclass(frozen=True, slots=True)
class At:
    """The row on the screen when a button was drawn: what the button is about, wherever the address is by then."""

    dataset: str
    version: int
    row_id: str


def tell(kind: str, text: str, hint: str = "") -> None:
    """A line above the page until the next act."""
    st.session_state["notice"] = (kind, text, hint)


def whisper(text: str) -> None:
    """A line that comes and goes and moves nothing."""
    st.session_state["whisper"] = text


def redraw() -> None:
    """Has the whole page drawn, where an act of the row alone changes more than the row."""
    st.session_state["redraw"] = True


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Shows what went wrong, with its hint, in place of a traceback."""
    try:
        yield
    except AugmentError as error:
        tell("error", t("app.trouble", message=error.message), error.hint)


def forget() -> None:
    """Leaves whatever the bar was asking."""
    for name in MODES:
        st.session_state.pop(name, None)


def stay(row_id: str) -> None:
    """Begins something about a row, which stays on the screen even if somebody else decides about it meanwhile."""
    forget()
    go(row=row_id)


def toggle(name: str) -> None:
    """Shows or hides a part of the page."""
    st.session_state[name] = not st.session_state.get(name, False)


# ── one row ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def decide(bench: Workbench, at: At, decision: str) -> None:
    """Records the decision and goes on to the next row without one."""
    reason, note = st.session_state.get("reason"), st.session_state.get(f"why-{at.row_id}")
    if decision == "reject" and reason is None:  # the button stays alive, so that a quick Enter after 2 is not lost
        st.session_state["asking"] = at.row_id
        tell("warning", t("act.no_reason"))
        return
    with told():
        hand = by(reviewer(bench), reason if decision == "reject" else None, note if decision == "reject" else None)
        bench.decide(bench.browse(at.dataset, at.version), at.row_id, decision, hand)
        st.session_state.setdefault("times", []).append(time.monotonic())
        skip(bench, at)


def skip(bench: Workbench, at: At) -> None:
    """The next row without a decision; where there is none, the row stays."""
    forget()
    sort, down = order()
    shown = bench.browse(at.dataset, at.version)
    with told():
        go(row=shown.next_undecided(wanted(), at.row_id, sort=sort, descending=down) or at.row_id)


def ask_reason(at: At) -> None:
    """Reject was chosen: the bar asks why."""
    chosen = st.session_state.get("reason") if st.session_state.get("asking") == at.row_id else None
    stay(at.row_id)
    st.session_state["asking"] = at.row_id
    if chosen is not None:
        st.session_state["reason"] = chosen


def pick_reason(at: At, reason: str) -> None:
    """One of the six; it asks for Enter, whether the bar was asking yet or not."""
    stay(at.row_id)
    st.session_state["asking"], st.session_state["reason"] = at.row_id, reason


def undo(bench: Workbench, at: At) -> None:
    """Takes back the reviewer's latest decision, edit or note and shows its row."""
    with told():
        undone = bench.undo(bench.browse(at.dataset, at.version), by(reviewer(bench)))
        forget()
        if undone is None:
            whisper(t("act.nothing_to_undo"))
            return
        whisper(t("act.undone", what=word("decision", undone.action)))
        if undone.row_id:
            go(row=undone.row_id)


def open_row(row_id: str | None) -> None:
    """A row in the reading panes."""
    forget()
    go(view="review", row=row_id)


def ask_note(at: At) -> None:
    """The bar asks for a note."""
    stay(at.row_id)
    st.session_state["noting"] = at.row_id


def save_note(bench: Workbench, at: At) -> None:
    """Records a note about the row, no decision."""
    text = str(st.session_state.get(f"note-{at.row_id}") or "").strip()
    with told():
        if text:
            bench.note(bench.browse(at.dataset, at.version), at.row_id, by(reviewer(bench), note=text))
            whisper(t("act.noted"))
        forget()


# ── editing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def begin_edit(row: Row) -> None:
    """The row's fields as drafts, and what they held."""
    stay(row.row_id)
    st.session_state["editing"] = row.row_id
    seen = {name: getattr(row, name) for name in EDITABLE}
    st.session_state[f"seen-{row.row_id}"] = seen
    for key in [key for key in st.session_state if str(key).startswith("draft-")]:
        del st.session_state[key]


def drafted(row: Row) -> dict[str, Any]:
    """The fields whose drafts differ from what they held when editing began."""
    seen = st.session_state.get(f"seen-{row.row_id}", {})
    return {name: value for name in EDITABLE if (value := _draft(row.row_id, name, seen)) != seen.get(name)}


def _draft(row_id: str, name: str, seen: dict[str, Any]) -> Any:
    if name == "options":
        count = len(seen.get("options") or []) + 1  # one more than there are, to add one
        kept = [_typed(f"draft-{row_id}-option-{place}") for place in range(count)]
        if all(one is None for one in kept):
            return seen.get("options")
        found = [one for one in kept if one and one.strip()]
        return found or (None if seen.get("options") is None else [])
    typed = _typed(f"draft-{row_id}-{name}")
    if typed is None:
        return seen.get(name)
    typed = typed if typed.strip() else None
    if name == "answer" and typed is not None and seen.get("options"):
        return "".join(sorted(set(typed.upper().replace(" ", ""))))
    return typed


def _typed(key: str) -> str | None:
    found = st.session_state.get(key)
    return None if found is None else str(found).encode("utf-8", "replace").decode("utf-8")


def save_edit(bench: Workbench, at: At, row: Row) -> None:
    """Records one edit for each field that differs, all or none; where somebody else changed one, nothing."""
    changes, seen = drafted(row), st.session_state.get(f"seen-{at.row_id}", {})
    if not changes:
        forget()
        whisper(t("edit.nothing"))
        return
    try:
        made = bench.edit(bench.browse(at.dataset, at.version), at.row_id, changes, by(reviewer(bench)), seen)
    except Conflict:
        st.session_state["clashing"] = at.row_id
        return
    except AugmentError as error:
        tell("error", t("app.trouble", message=error.message), error.hint)
        return
    st.session_state.setdefault("times", []).append(time.monotonic())
    forget()
    whisper(t("edit.saved", fields=t("edit.between").join(word("field", event.field or "") for event in made)))


def settle_clash(bench: Workbench, at: At, *, mine: bool) -> None:
    """What others changed meanwhile is what was seen from now on; my drafts of those fields stay, or give way."""
    row = bench.browse(at.dataset, at.version).row(at.row_id)
    seen = st.session_state.get(f"seen-{at.row_id}", {})
    now = {name: getattr(row, name) for name in EDITABLE}
    if not mine:
        for name in [name for name in EDITABLE if now[name] != seen.get(name)]:
            for key in [k for k in st.session_state if str(k).startswith(_draft_keys(at.row_id, name))]:
                del st.session_state[key]
    st.session_state[f"seen-{at.row_id}"] = now
    st.session_state.pop("clashing", None)


def _draft_keys(row_id: str, name: str) -> str:
    return f"draft-{row_id}-{'option-' if name == 'options' else name}"


# ── many rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def ask_bulk(decision: str, rows: int) -> None:
    """All rows of the filter: the page asks once more, with the number it showed."""
    forget()
    st.session_state["bulk"] = (decision, rows)


def decide_all(bench: Workbench, name: str, number: int) -> None:
    """Records one decision about every row of the filter, as many as were agreed to."""
    decision, rows = st.session_state.get("bulk", ("", 0))
    reason = st.session_state.get("bulk-reason") if decision == "reject" else None
    if decision == "reject" and not reason:
        return
    asked = wanted()
    forget()
    with told():
        hand = by(reviewer(bench), reason)
        made = bench.decide_all(bench.browse(name, number), asked, decision, hand, rows=rows)
        st.session_state["bulk_made"] = (made.event, name, number, decision, made.rows, to_json(asked))


def undo_all(bench: Workbench) -> None:
    """Takes the last decision about many rows back for all of them."""
    event, name, number, decision, rows, _ = st.session_state.pop("bulk_made", (0, "", 0, "", 0, ""))
    if event:
        with told():
            bench.undo(bench.browse(name, number), by(reviewer(bench)), event=event)
            whisper(t("bulk.undone", what=word("decision", decision), count=f"{rows:,}"))


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def deal(bench: Workbench, name: str, number: int) -> None:
    """Deals the rows of the filter out to the people named."""
    people = [one.strip() for one in st.session_state.get("deal-people") or [] if one.strip()]
    share = (st.session_state.get("deal-share") or 0) / 100
    with told():
        asked = replace(wanted(), assigned="", decision="", conflict=False)
        made = bench.deal(bench.browse(name, number), asked, people, by(reviewer(bench)), share=share)
        tell("info", t("team.dealt_done", rows=f"{made.rows:,}", people=len(made.reviewers)))


def undeal(bench: Workbench, name: str, number: int) -> None:
    """Ends a deal; what was decided stays."""
    with told():
        bench.undeal(name, number)


def repair(bench: Workbench, at: At) -> None:
    """Seals what was decided and opens Runs with ``repair`` for this row, filled in."""
    with told():
        _, where = bench.to_repair(at.dataset, [at.row_id])
        forget()
        go(**{**address_of(Filter()), "row": None, "v": None, "order": None})
        go(view="runs", ds=at.dataset, stage="repair", where=where)
        redraw()


def seal(bench: Workbench, name: str) -> None:
    """Folds what was decided into a new version and shows that."""
    with told():
        sealed = bench.seal(name)
        forget()
        done = sealed.version != sealed.from_version
        said = t("act.sealed", version=sealed.version, count=sealed.rows_changed) if done else t("act.sealed_nothing")
        tell("warning" if sealed.clashes else "info", said)
        if sealed.clashes:
            tell("warning", f"{said} · {t('act.clashes', count=len(sealed.clashes))}")
        go(v=None)


def minutes_left(undecided: int) -> int | None:
    """At the pace of this session; None before it is known."""
    times = st.session_state.get("times", [])[-50:]
    gaps = [later - earlier for earlier, later in pairwise(times) if later - earlier < PAUSE_S]
    return max(1, round(median(gaps) * undecided / 60)) if len(gaps) >= 5 and undecided else None
