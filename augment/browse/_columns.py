"""The narrow columns of a version as numbers: a million rows take megabytes and are compared in a millisecond."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.browse._arrays import load, save
from augment.browse._filter import ANY, CODED, LISTED, QUEUES, UNDECIDED, Filter, Sort
from augment.browse._paging import Kin, Mask, Numbers, Order, Places, by_kin, by_position, ordered
from augment.browse._said import Said, read_said
from augment.browse._source import Wide
from augment.events import Keys, keys_of

Codes = np.ndarray[Any, np.dtype[np.integer[Any]]]
DECISIONS = ("accept", "reject", "edit")


FIXED: tuple[Sort, ...] = ("score", "length", "attempts", "output_tokens", "cost_cny", "created_at", *QUEUES[:3])


class Coded(NamedTuple):
    """A text column. codes: for each row an index into words; words: the first stands for null."""

    codes: Codes
    words: list[str]


class Listed(NamedTuple):
    """A list column, each text once a row. codes: of all elements; parents: the row of each; words as in Coded."""

    codes: Codes
    parents: Places
    words: list[str]


class ByKey(NamedTuple):
    """The rows by key. keys: sorted; rows: where each one's row stands."""

    keys: Keys
    rows: Places


class Columns:
    """Each is read when it is first asked for, and kept. Those that a folder holds are not worked out anew."""

    def __init__(self, source: Wide, folder: Path | None = None) -> None:
        self._source = source
        self._folder = folder
        self._kept: dict[str, Any] = {}
        self._reading = threading.RLock()

    def coded(self, name: str) -> Coded:
        """One of CODED."""
        return self._keep(name, self._coded, Coded)  # type: ignore[no-any-return]  # what is kept under a name is its reader's

    def listed(self, name: str) -> Listed:
        """One of LISTED."""
        return self._keep(name, self._listed, Listed)  # type: ignore[no-any-return]  # as above

    def numbers(self, name: str) -> Numbers:
        """A column of numbers or times, or what a queue goes by, least first; NaN for null."""
        return self._keep(name, self._numbers)  # type: ignore[no-any-return]  # as above

    def said(self) -> Said:
        """Who decided what, as the version holds it."""
        return self._keep("decisions", lambda name: read_said(self._source.column(name)), Said)  # type: ignore[no-any-return]  # as above

    def keys(self) -> Keys:
        """The key of each row."""
        return self._keep("row_id", self._keys)  # type: ignore[no-any-return]  # as above

    def holding(self, keys: Keys) -> Mask:
        """For each row whether its key is one of these."""
        found = np.zeros(self._source.count, np.bool_)
        places = self.places(keys)
        found[places[places >= 0]] = True
        return found

    def places(self, keys: Keys) -> Places:
        """Where the rows of these keys stand, -1 for those that are not here."""
        ordered, order = self._keep("by key", self._by_key, ByKey)
        if not len(ordered):
            return np.full(len(keys), -1, np.int32)
        at = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
        return np.where(ordered[at] == keys, order[at], np.int32(-1))

    def rows_of(self, row_ids: Sequence[str]) -> dict[str, int]:
        """The positions of those ids that are here."""
        places = self.places(keys_of(row_ids)).tolist()
        return {row_id: place for row_id, place in zip(row_ids, places, strict=True) if place >= 0}

    def kin(self) -> Places:
        """For each row the number of its kin: the rows of one root, and of one stem with it."""
        return self._keep("kin", self._kin)  # type: ignore[no-any-return]  # as above

    def by_kin(self) -> Kin:
        """The rows put together with their kin."""
        return self._keep("by kin", lambda _: by_kin(self.kin()), Kin)  # type: ignore[no-any-return]  # as above

    def order(self, name: Sort, *, descending: bool) -> Order:
        """All rows by a column of ``numbers``, or by position."""
        return self._keep(f"{name} {'down' if descending else 'up'}", self._order, Order)  # type: ignore[no-any-return]  # as above

    def mask(self, wanted: Filter) -> Mask:
        """For each row whether the parts of a filter hold that neither text, expression nor decision asks for."""
        found = np.ones(self._source.count, np.bool_)
        for name in CODED:
            if name != "decision" and (word := getattr(wanted, name)):
                coded = self.coded(name)
                found &= coded.codes == (coded.words.index(word, 1) if word in coded.words[1:] else -1)
        for tag in wanted.tags:
            found &= self._holding("tags", tag)
        for name in ("failed", "passed"):
            if word := getattr(wanted, name):
                found &= self._holding(name, None if word == ANY else word)
        if wanted.score_from is not None:
            found &= self.numbers("score") >= wanted.score_from
        if wanted.score_to is not None:
            found &= self.numbers("score") <= wanted.score_to
        if wanted.reasoning is not None:
            found &= self._keep("has_reasoning", self._flags) == wanted.reasoning
        return found

    def _holding(self, name: str, word: str | None) -> Mask:
        listed = self.listed(name)
        found = np.zeros(self._source.count, np.bool_)
        if word is None:
            found[listed.parents] = True
        elif word in listed.words[1:]:
            found[listed.parents[listed.codes == listed.words.index(word, 1)]] = True
        return found

    def save(self, folder: Path) -> None:
        """Works all of them out and keeps them in a folder."""
        for name in CODED:
            self.coded(name)
        for name in LISTED:
            self.listed(name)
        for column in FIXED:
            for descending in (False, True):
                self.order(column, descending=descending)
        self._keep("has_reasoning", self._flags)
        self.said()
        self.by_kin()
        self.places(self.keys()[:1])
        for name, value in self._kept.items():
            save(folder, name, value)

    def _keep(self, name: str, read: Any, kind: type[Any] | None = None) -> Any:
        if name not in self._kept:
            with self._reading:
                if name not in self._kept:
                    found = None if self._folder is None else load(self._folder, name, kind)
                    self._kept[name] = read(name) if found is None else found
        return self._kept[name]

    def _coded(self, name: str) -> Coded:
        column = self._source.column(name)
        first = [UNDECIDED if name == "decision" else ""]
        if name == "decision":
            first += DECISIONS
        found = [word for word in column.unique().to_pylist() if word is not None and word not in first[1:]]
        words = [*first, *found]
        codes = pc.index_in(column, value_set=pa.array(words[1:], pa.string()))
        return Coded(_small(pc.fill_null(codes, -1).to_numpy().astype(np.int64) + 1, len(words)), words)

    def _listed(self, name: str) -> Listed:
        codes, parents, start = [], [], 0
        words: dict[str, int] = {"": 0}
        for chunk in self._source.column(name).chunks:
            encoded = pc.dictionary_encode(pc.list_flatten(chunk))
            there = [
                words.setdefault(f"={word}", len(words)) if word is not None else 0
                for word in encoded.dictionary.to_pylist()
            ]
            lookup = np.array([*there, 0], np.int64)
            codes.append(lookup[pc.fill_null(encoded.indices, len(there)).to_numpy(zero_copy_only=False)])
            parents.append(pc.list_parent_indices(chunk).to_numpy(zero_copy_only=False).astype(np.int64) + start)
            start += len(chunk)
        pairs = np.unique(
            np.concatenate([np.zeros(0, np.int64), *parents]) * len(words)
            + np.concatenate([np.zeros(0, np.int64), *codes])
        )
        spelled = ["", *(word[1:] for word in list(words)[1:])]
        return Listed(_small(pairs % len(words), len(words)), (pairs // len(words)).astype(np.int32), spelled)

    def _numbers(self, name: str) -> Numbers:
        if name == "uncertainty":
            return np.abs(self.numbers("score") - 0.5)
        if name == "failures":
            failed = np.bincount(self.listed("failed").parents, minlength=self._source.count)
            return np.where(failed > 0, -failed.astype(np.float64), np.nan)
        if name == "disagreement":
            return -self.numbers("spread")
        column = self._source.column(name)
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())
        return pc.fill_null(column.cast(pa.float64(), safe=False), float("nan")).to_numpy()  # type: ignore[no-any-return]  # pyarrow is untyped

    def _keys(self, name: str) -> Keys:
        return keys_of(one for chunk in self._source.column(name).chunks for one in chunk.to_pylist())

    def _by_key(self, _: str) -> ByKey:
        keys = self.keys()
        order = np.argsort(keys, kind="stable").astype(np.int32)
        return ByKey(keys[order], order)

    def _kin(self, _: str) -> Places:
        stems, roots = (
            keys_of(one or "" for chunk in self._source.column(name).chunks for one in chunk.to_pylist())
            for name in ("problem_id", "root_id")
        )
        at = self.places(roots)
        # A row goes with the stem of its root, with its root's name where that is elsewhere, else with its own stem.
        kin = np.where(at >= 0, stems[at], np.where(roots == keys_of([""])[0], stems, roots))
        return np.unique(kin, return_inverse=True)[1].astype(np.int32)

    def _order(self, name: str) -> Order:
        column, _, way = name.partition(" ")
        if column == "position":
            return by_position(self._source.count, descending=way == "down")
        return ordered(self.numbers(column), descending=way == "down")

    def _flags(self, name: str) -> Mask:
        return self._source.column(name).to_numpy()  # type: ignore[no-any-return]  # pyarrow is untyped


def _small(codes: Any, words: int) -> Codes:
    """The codes in as few bytes as so many words allow."""
    return codes.astype(np.int8 if words < 2**7 else np.int16 if words < 2**15 else np.int32)  # type: ignore[no-any-return]  # numpy says Any


__all__ = ["LISTED", "Coded", "Codes", "Columns", "Listed", "Mask", "Numbers", "Places"]
