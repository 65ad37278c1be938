"""Which rows a reviewer wants to see, asked of a whole version at once or of one row in memory."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.rows import SCHEMA
from augment.store import Store
from augment.types import Row

UNDECIDED = "none"
ANY = "any"
WORDS = (UNDECIDED, "accept", "reject", "edit")
SEARCHED = ("problem", "question", "answer", "reasoning", "source_id")
KEPT_VERSIONS = 3
KEPT_MASKS = 64


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows to show; an empty part asks nothing.

    decision: accept, reject, edit, or ``none`` for rows without one. check: the name of a check that failed, or
    ``any``. text: a piece of the problem, question, options, answer, reasoning or source id.
    """

    stage: str = ""
    tag: str = ""
    decision: str = ""
    check: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))

    def undecided(self) -> Filter:
        """The same for rows without a decision."""
        return replace(self, decision=UNDECIDED)

    def holds(self, row: Row) -> bool:
        """Whether the row is one of them."""
        searched = (*(getattr(row, name) for name in SEARCHED), "\n".join(row.options or []))
        return (
            (not self.stage or row.stage == self.stage)
            and (not self.tag or self.tag in (row.tags or []))
            and (not self.decision or (row.decision or UNDECIDED) == self.decision)
            and (not self.check or any(not c["ok"] and self.check in (ANY, c["name"]) for c in row.checks or []))
            and (not self.text or any(self.text in text for text in searched if text))
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """One version in memory. places: row_id → position; decisions: for each row an index into WORDS."""

    table: pa.Table
    places: dict[str, int]
    decisions: np.ndarray[Any, np.dtype[np.int8]]


@lru_cache(maxsize=KEPT_VERSIONS)
def keep(root: str, name: str, version: int) -> Kept:
    """A version never changes, so it is read once."""
    table = pa.Table.from_batches(Store(Path(root)).read(name, version), schema=SCHEMA)
    codes = pc.index_in(table["decision"], value_set=pa.array(WORDS)).fill_null(0)
    ids = table["row_id"].to_pylist()
    decisions = codes.to_numpy().astype(np.int8)
    return Kept(table, {row_id: position for position, row_id in enumerate(ids)}, decisions)


@lru_cache(maxsize=KEPT_MASKS)
def mask(root: str, name: str, version: int, wanted: Filter) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For each row of a version whether the filter, its decision left aside, holds. Not to be written to."""
    table = keep(root, name, version).table
    found = np.ones(table.num_rows, np.bool_)
    if wanted.stage:
        found &= _true(pc.equal(table["stage"], wanted.stage))
    if wanted.tag:
        found &= _holding(table["tags"], lambda tags: pc.equal(tags, wanted.tag))
    if wanted.check:
        found &= _holding(table["checks"], lambda checks: _failing(checks, wanted.check))
    if wanted.text:
        texts = [table[name] for name in SEARCHED] + [pc.binary_join(table["options"], "\n")]
        found &= np.logical_or.reduce([_true(pc.match_substring(text, wanted.text)) for text in texts])
    found.flags.writeable = False
    return found


def _failing(checks: Any, name: str) -> Any:
    failing = pc.invert(pc.struct_field(checks, "ok"))
    return failing if name == ANY else pc.and_(failing, pc.equal(pc.struct_field(checks, "name"), name))


def _holding(lists: Any, question: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For each list whether the question holds for one of its elements."""
    found = np.zeros(len(lists), np.bool_)
    start = 0
    for chunk in lists.chunks:
        answers = _true(question(pc.list_flatten(chunk)))
        found[start + pc.list_parent_indices(chunk).to_numpy()[answers]] = True
        start += len(chunk)
    return found


def _true(answers: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    found: np.ndarray[Any, np.dtype[np.bool_]] = answers.fill_null(False).to_numpy(zero_copy_only=False)
    return found
