"""What an edit makes stale: the answer the reasoning concludes, and the checks of a rewrite against its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

from augment.events._fold import Event, Folded, fold
from augment.types import Check, Row

Wording: TypeAlias = tuple[str | None, str | None, tuple[str, ...]]
REMEMBERED = 4096


def fold_all(
    events: Mapping[str, Sequence[Event]], version: int, fetch: Callable[[Sequence[str]], Mapping[str, Row]]
) -> dict[str, Folded]:
    """Every row that has events, with them laid over it and its edited text read again.

    fetch: those of some rows that the version holds, by id; a row that it lacks is left out.
    """
    rows = fetch(list(events)) if events else {}
    folded = {row_id: fold(rows[row_id], events[row_id], version) for row_id in events if row_id in rows}
    reworded = [one.row for one in folded.values() if one.edited & {"problem", "question", "options"}]
    parents = {row.parent_id for row in reworded if row.parent_id is not None and row.parent_id not in folded}
    others = fetch(sorted(parents)) if parents else {}
    for row_id, one in folded.items():
        if one.edited:
            above = one.row.parent_id
            parent = None if above is None else folded[above].row if above in folded else others.get(above)
            folded[row_id] = replace(one, row=reread(one.row, one.edited, parent))
    return folded


def reread(row: Row, edited: frozenset[str], parent: Row | None) -> Row:
    """The row with ``concluded`` and its fidelity checks made anew, as far as the edited fields bear on them."""
    if edited & {"reasoning", "options"}:
        row = row.with_(concluded=_concluded(row.reasoning, tuple(row.options or [])) if row.reasoning else None)
    if edited & {"problem", "question", "options"} and parent is not None:
        # Reasoning is left out: parent and child may each have been reasoned about on their own.
        fresh = {name: Check(name=name, ok=ok, detail=detail) for name, ok, detail in _checked(_of(parent), _of(row))}
        if any(check["name"] in fresh for check in row.checks or []):  # it was held to its parent's meaning before
            row = row.with_(checks=[fresh.get(check["name"], check) for check in row.checks])
    return row


@lru_cache(maxsize=REMEMBERED)
def _concluded(reasoning: str, options: tuple[str, ...]) -> str | None:
    from augment.answers import read_answer

    return read_answer(reasoning, options=options or 26).joined or None


@lru_cache(maxsize=REMEMBERED)
def _checked(before: Wording, after: Wording) -> tuple[tuple[str, bool, str], ...]:
    from augment.fidelity import check_row

    return tuple((c["name"], c["ok"], c["detail"]) for c in check_row(_row(before), _row(after)))


def _of(row: Row) -> Wording:
    return row.problem, row.question, tuple(row.options or [])


def _row(wording: Wording) -> Row:
    problem, question, options = wording
    return Row("", "", problem=problem, question=question, options=list(options))
