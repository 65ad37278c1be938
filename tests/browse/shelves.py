"""Versions to look around in, in memory and as files, and the naive answers to compare with."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from augment.browse import UNDECIDED, Browser, Filter, Shelf, build
from augment.ledger import Ledger
from augment.store import Store
from augment.types import Row
from tests.tables import lineage


def put(store: Store, rows: Sequence[Row], name: str = "d") -> int:
    """The rows as one version."""
    with store.draft(name) as draft:
        draft.write(rows)
        base = store.current(name) if store.has(name) else None
        return store.commit(name, base=base, added=draft, lineage=lineage(), transaction=uuid.uuid4().hex)


class Room:
    """A workspace of one dataset ``d``. filed: the version is opened from files, however small it is."""

    def __init__(self, folder: Path, rows: Sequence[Row], *, filed: bool) -> None:
        self.store = Store(folder / "datasets")
        self.ledger = Ledger(folder / "datasets" / ".augment" / "workbench.sqlite")
        self.version = put(self.store, rows)
        self.shelf = Shelf(self.store, self.ledger, large=1 if filed else 50_000)
        if filed:
            assert build(self.store, "d", self.version)

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *_: object) -> None:
        self.shelf.close()
        self.ledger.close()

    @property
    def browser(self) -> Browser:
        return self.shelf.browser("d", self.version)


def naive(rows: Sequence[Row], wanted: Filter) -> list[str]:
    """The ids of the rows a filter holds for, said again in other words."""
    return [row.row_id for row in rows if all(test(row) for test in tests_of(wanted))]


def tests_of(wanted: Filter) -> list[Callable[[Row], bool]]:
    tests: list[Callable[[Row], bool]] = []
    for name in ("stage", "provider", "label", "kind", "split", "answer"):
        if value := getattr(wanted, name):
            tests.append(lambda row, name=name, value=value: getattr(row, name) == value)  # type: ignore[misc]  # bound now
    if wanted.decision:
        tests.append(lambda row: row.decision == (None if wanted.decision == UNDECIDED else wanted.decision))
    tests += [lambda row, tag=tag: tag in row.tags for tag in wanted.tags]  # type: ignore[misc]  # bound now
    for name, ok in ((wanted.failed, False), (wanted.passed, True)):
        if name:
            tests.append(
                lambda row, name=name, ok=ok: any(c["ok"] is ok and name in ("any", c["name"]) for c in row.checks)  # type: ignore[misc]  # bound now
            )
    if wanted.score_from is not None:
        tests.append(lambda row: row.score is not None and row.score >= wanted.score_from)
    if wanted.score_to is not None:
        tests.append(lambda row: row.score is not None and row.score <= wanted.score_to)
    if wanted.reasoning is not None:
        tests.append(lambda row: (row.reasoning is not None) == wanted.reasoning)
    if wanted.text:
        tests.append(lambda row: any(wanted.text in text for text in texts_of(row)))
    return tests


def texts_of(row: Row) -> list[str]:
    texts = [row.problem, row.question, row.answer, row.reasoning, row.source_id, "\n".join(row.options)]
    return [text for text in texts if text is not None]


def in_order(rows: Sequence[Row], sort: str, *, descending: bool) -> list[str]:
    """The ids of the rows sorted: those without a value last, equals by their place."""
    places = {row.row_id: place for place, row in enumerate(rows)}
    turns = turns_of(rows)

    def value(row: Row) -> float | None:
        if sort == "position":
            return float(places[row.row_id])
        if sort == "length":
            return sum(len(t) for t in (row.problem, row.question, row.reasoning, *row.options) if t is not None)
        if sort == "created_at":
            return None if row.created_at is None else row.created_at.timestamp()
        if sort == "uncertainty":
            return None if row.score is None else abs(row.score - 0.5)
        if sort == "disagreement":
            shares = [one["total"] / one["maximum"] for one in row.verdicts or []]
            return min(shares) - max(shares) if len(shares) > 1 else None
        if sort == "failures":
            return -len({check["name"] for check in row.checks if not check["ok"]}) or None
        if sort == "unseen":
            return float(turns[row.row_id])
        found = getattr(row, sort)
        return None if found is None else float(found)

    def key(row: Row) -> tuple[bool, float, int]:
        found = value(row)
        if found is not None and sort == "unseen" and descending:
            return False, -found, -places[row.row_id]
        if found is None or math.isnan(found):
            return True, 0.0, places[row.row_id]
        return False, -found if descending else found, places[row.row_id]

    return [row.row_id for row in sorted(rows, key=key)]


def turns_of(rows: Sequence[Row]) -> dict[str, int]:
    """Each row's turn among its kin: decided ones first, then the others."""
    there = {row.row_id: row for row in rows}
    kin: dict[str, list[Row]] = {}
    for row in rows:
        root = there.get(row.root_id) if row.root_id is not None else row
        kin.setdefault(f"root {row.root_id}" if root is None else f"stem {root.problem_id}", []).append(row)
    return {
        row.row_id: turn
        for group in kin.values()
        for turn, row in enumerate(sorted(group, key=lambda one: one.decision is None))
    }
