"""Files of questions as rows: one file of this folder for each format, found by its name.

An importer is a module with ``sniff(text) -> float`` (how sure it is of the format, 0 to 1, from the first records) and
``parse(text)``, which yields a Draft for each row and a BadLine for each that cannot be one. An importer of files that
are no text offers ``sniff_bytes(data)`` and ``parse_bytes(data)`` instead. Nothing else lists it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias, cast

from augment.errors import BadInput
from augment.importers._drafts import BadLine, Draft, Item, to_rows
from augment.importers._reading import read_text
from augment.types import Row

__all__ = ["FORMATS", "BadLine", "Imported", "read_rows", "register"]

_SURE_ENOUGH = 0.5


class TextImporter(Protocol):
    """What a module of this folder offers for a text format."""

    def sniff(self, text: str) -> float: ...

    def parse(self, text: str) -> Iterator[Item]: ...


class BytesImporter(Protocol):
    """What a module of this folder offers for any other format."""

    def sniff_bytes(self, data: bytes) -> float: ...

    def parse_bytes(self, data: bytes) -> Iterator[Item]: ...


Importers: TypeAlias = tuple[dict[str, TextImporter], dict[str, BytesImporter]]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file gave. bad: what it did not give, each counted once. problems: distinct stems among the rows; lines:
    physical lines of the file, 0 where it is no text."""

    rows: list[Row]
    bad: list[BadLine]
    format: str
    encoding: str
    problems: int
    lines: int


def register(modules: Iterable[tuple[str, object]]) -> Importers:
    """The importers of text and of bytes, by name. Raises TypeError for a malformed or repeated one."""
    texts: dict[str, TextImporter] = {}
    others: dict[str, BytesImporter] = {}
    for name, module in modules:
        if name in texts or name in others:
            raise TypeError(f"two importers are named {name!r}")
        if _offers(module, "sniff", "parse"):
            texts[name] = cast(TextImporter, module)
        elif _offers(module, "sniff_bytes", "parse_bytes"):
            others[name] = cast(BytesImporter, module)
        else:
            raise TypeError(f"importer {name!r} must offer sniff and parse, or sniff_bytes and parse_bytes")
    return texts, others


def _offers(module: object, *functions: str) -> bool:
    return all(callable(getattr(module, name, None)) for name in functions)


_NAMES = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
_TEXTS, _OTHERS = register((name, importlib.import_module(f"{__name__}.{name}")) for name in _NAMES)
FORMATS: tuple[str, ...] = tuple(sorted([*_TEXTS, *_OTHERS]))


def read_rows(data: bytes, *, name: str, format: str | None = None) -> Imported:  # noqa: A002 - the flag's name
    """The rows of a file and what could not be read in it.

    name: how messages call the file; the format is found from the bytes alone unless it is given. Raises BadInput when
    nothing can be read: an empty file, no text, an unknown format, no good line.
    """
    known = f"known formats: {', '.join(FORMATS)}"
    if format is not None and format not in FORMATS:
        raise BadInput(f"{name!r} cannot be read as {format!r}: there is no such format", hint=known)
    if not data.strip(b"\0 \t\r\n"):
        raise BadInput(f"{name!r} is empty", hint="choose a file with at least one question")
    chosen = format or _surest({other: _OTHERS[other].sniff_bytes(data) for other in _OTHERS})
    if chosen in _OTHERS:
        return _gathered(_OTHERS[chosen].parse_bytes(data), name, chosen, encoding="binary", lines=0)
    text, encoding = read_text(data, name=name)
    chosen = format or _surest({each: _TEXTS[each].sniff(text) for each in _TEXTS})
    if chosen is None:
        raise BadInput(
            f"{name!r} is of no known format, judged by its first records",
            hint=f"{known}; convert it to one of them; docs/how-to/bad-input.md shows each",
        )
    lines = text.count("\n") + (not text.endswith("\n"))
    return _gathered(_TEXTS[chosen].parse(text), name, chosen, encoding=encoding, lines=lines)


def _surest(scores: dict[str, float]) -> str | None:
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best is not None and scores[best] >= _SURE_ENOUGH else None


def _gathered(items: Iterable[Item], name: str, chosen: str, *, encoding: str, lines: int) -> Imported:
    drafts: list[Draft] = []
    bad: list[BadLine] = []
    for item in items:
        if isinstance(item, BadLine):
            bad.append(item)
        else:
            drafts.append(item)
    if not drafts:
        raise _nothing_good(name, chosen, bad)
    rows = to_rows(drafts)
    return Imported(rows, bad, chosen, encoding, len({row.problem_id for row in rows}), lines)


def _nothing_good(name: str, chosen: str, bad: list[BadLine]) -> BadInput:
    if not bad:
        return BadInput(f"{name!r} holds no records", hint="choose a file with at least one question")
    first = bad[0]
    field = f", field {first.field!r}" if first.field else ""
    more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
    return BadInput(
        f"{name!r} has no good line: line {first.line}{field}: {first.message}{more}",
        hint=f"it was read as {chosen}; known formats: {', '.join(FORMATS)}",
    )
