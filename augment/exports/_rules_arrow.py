"""What the loader below both trainers does with a file of JSON lines: one type a column, guessed from what is there.

Sources: Hugging Face datasets 4.0.0 (with LLaMA-Factory) and 4.8.4 (with ms-swift), packaged_modules/json/json.py
(Json._generate_tables: pieces of 10 MiB, each read by pyarrow.json.read_json), arrow_writer.py
(ArrowWriter.write_table: the first piece decides the schema of all).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from augment.exports._rules_text import Finding, kind_of

PIECE = 10 << 20
"""Bytes read at once; a piece ends with the line that it ends in."""

# pyarrow takes a column of nothing but such texts for points in time.
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d(?::?\d\d(?::?\d\d)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?")


@dataclass(slots=True)
class _Seen:
    """What one place of a row held in a piece. kind: none where only null; times: only texts that look like times."""

    line: int
    kind: str = ""
    times: bool = True


@dataclass(slots=True)
class Columns:
    """Follows the lines of a file. whole: it is read as one piece, as arrays are."""

    whole: bool = False
    _first: dict[str, str] | None = None
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _bytes: int = 0

    def take(self, line: int, size: int, row: Any) -> Iterator[Finding]:
        """What is wrong with a row beside those before it. size: of its line in bytes, with the line break."""
        for place, value in _places("", row):
            yield from self._look(line, place, value)
        self._bytes += size
        if not self.whole and self._bytes >= PIECE:
            self._bytes = 0
            self._first = self._first or {place: seen.kind for place, seen in self._seen.items()}
            for _, finding in self.finish():
                yield finding
            self._seen = {}

    def finish(self) -> Iterator[tuple[int, Finding]]:
        """What is wrong with a piece as a whole, with the line it begins to be so."""
        for place, seen in self._seen.items():
            if seen.kind == "a text" and seen.times:
                yield (
                    seen.line,
                    Finding(
                        place,
                        "holds nothing but dates, which are read as points in time and not as texts",
                        "export messages, whose turns are a column each; or add rows with other texts",
                        mendable=True,
                    ),
                )

    def _look(self, line: int, place: str, value: Any) -> Iterator[Finding]:
        kind = "" if value is None else kind_of(value)
        seen = self._seen.setdefault(place, _Seen(line))
        if kind and not seen.kind:
            seen.kind, seen.line = kind, line
            if self._first is not None and not self._first.get(place):
                yield Finding(
                    place,
                    f"is {kind} for the first time after 10 MiB: the column's type is settled, the file is refused",
                    "export to a file that ends in .json, which is read as a whole; or sharegpt, messages",
                    mendable=True,
                )
            elif self._first is not None and self._first[place] != kind:
                yield Finding(place, f"is {kind} where the first 10 MiB had {self._first[place]}", "one kind a column")
        elif kind and kind != seen.kind:
            yield Finding(place, f"is {kind} where line {seen.line} has {seen.kind}: the file is refused", "one kind")
        if seen.times and isinstance(value, str):
            seen.times = _TIME.fullmatch(value) is not None


def _places(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every part of a value under the name of its column: ``history[][]``, ``messages[].role``."""
    if place:
        yield place, value
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _places(f"{place}.{name}" if place else name, part)
    elif isinstance(value, list):
        for part in value:
            yield from _places(f"{place}[]", part)
