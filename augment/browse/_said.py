"""Who said what of which row: the decisions that a version holds, and one array of words a reviewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.browse._paging import Places
from augment.events import Event

WORDS = ("", "accept", "reject", "edit")  # the first for nothing said
ACCEPT, REJECT, EDIT = 1, 2, 3
Bytes = np.ndarray[Any, np.dtype[np.int8]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


class Voices:
    """For each reviewer an index into WORDS a row."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.of: dict[str, Bytes] = {}

    def reviewer(self, name: str) -> Bytes:
        """What one says, also where that is nothing yet."""
        return self.of[name] if name in self.of else np.zeros(self.rows, np.int8)

    def copy(self) -> Voices:
        """To be changed apart."""
        made = Voices(self.rows)
        made.of = {name: words.copy() for name, words in self.of.items()}
        return made

    def put(self, name: str, places: Any, word: str) -> None:
        """Lets a reviewer say a word of some rows."""
        if name not in self.of:
            self.of[name] = np.zeros(self.rows, np.int8)
        self.of[name][places] = WORDS.index(word) if word in WORDS else 0

    def reset(self, position: int, base: Voices) -> None:
        """Everyone says of a row again what they said in another."""
        for name, words in self.of.items():
            words[position] = base.of[name][position] if name in base.of else 0

    def clear(self, position: int) -> None:
        """Nobody says anything of a row."""
        for words in self.of.values():
            words[position] = 0

    def conflicts(self, stands: Any) -> Any:
        """Rows that somebody would keep and somebody not, unless what stands is what most of them say. An edit keeps.

        stands: the decision of each row as an index into WORDS.
        """
        keep = np.zeros(self.rows, np.int16)
        drop = np.zeros(self.rows, np.int16)
        for words in self.of.values():
            keep += (words == ACCEPT) | (words == EDIT)
            drop += words == REJECT
        kept = (stands == ACCEPT) | (stands == EDIT)
        settled = np.where(kept, keep > drop, (stands == REJECT) & (drop > keep))
        return (keep > 0) & (drop > 0) & ~settled


class Said(NamedTuple):
    """The decisions that a version's rows hold, one after another. parents: the row of each, ascending; reviewers,
    words: indices into names and WORDS; at: microseconds since 1970."""

    rows: int
    names: list[str]
    parents: Places
    reviewers: Any
    words: Bytes
    at: Ints

    def stands(self, gone: Sequence[Event]) -> Bytes:
        """The decision of each row when these are taken out."""
        left = self._left(gone)
        made = np.zeros(self.rows, np.int8)
        made[self.parents[left]] = self.words[left]  # of several, numpy keeps the last
        return made

    def voices(self, gone: Sequence[Event]) -> Voices:
        """What each reviewer says when these are taken out."""
        left = self._left(gone)
        made = Voices(self.rows)
        for code, name in enumerate(self.names):
            mine = left & (self.reviewers == code)
            words = np.zeros(self.rows, np.int8)
            words[self.parents[mine]] = self.words[mine]
            made.of[name] = words
        return made

    def _left(self, gone: Sequence[Event]) -> Any:
        left = np.ones(len(self.parents), np.bool_)
        for event in gone:
            said = event.decision()
            if said["reviewer"] in self.names and said["decision"] in WORDS:
                at = round(said["at"].timestamp() * 1_000_000)
                left &= ~(
                    (self.at == at)
                    & (self.reviewers == self.names.index(said["reviewer"]))
                    & (self.words == WORDS.index(said["decision"]))
                )
        return left


def read_said(column: pa.ChunkedArray) -> Said:
    """From the column ``decisions``."""
    parents, reviewers, words, at, start = [], [], [], [], 0
    names: dict[str, int] = {}
    for chunk in column.chunks:
        inner = pc.list_flatten(chunk)
        parents.append(pc.list_parent_indices(chunk).to_numpy(zero_copy_only=False).astype(np.int64) + start)
        encoded = pc.dictionary_encode(pc.fill_null(pc.struct_field(inner, "reviewer"), ""))
        lookup = np.array([names.setdefault(name, len(names)) for name in encoded.dictionary.to_pylist()], np.int64)
        reviewers.append(
            lookup[encoded.indices.to_numpy(zero_copy_only=False)] if len(inner) else np.zeros(0, np.int64)
        )
        said = pc.index_in(pc.struct_field(inner, "decision"), value_set=pa.array(WORDS))
        words.append(pc.fill_null(said, 0).to_numpy(zero_copy_only=False).astype(np.int8))
        at.append(pc.fill_null(pc.struct_field(inner, "at").cast(pa.int64()), 0).to_numpy(zero_copy_only=False))
        start += len(chunk)
    none = np.zeros(0, np.int64)
    return Said(
        start,
        list(names),
        np.concatenate([none, *parents]).astype(np.int32),
        np.concatenate([none, *reviewers]).astype(np.int16 if len(names) < 2**15 else np.int32),
        np.concatenate([np.zeros(0, np.int8), *words]),
        np.concatenate([none, *at]),
    )
