"""Files of questions as rows: one file of this folder for each format, found by its name.

An importer is a module with ``sniff(text) -> float`` (how sure it is of the format, 0 to 1, from the first records) and
``parse(text)``, which yields a Draft for each row and a BadLine for each that cannot be one. Nothing else lists it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from augment.errors import BadInput
from augment.importers._drafts import BadLine, Draft, Item, to_rows
from augment.importers._reading import read_text
from augment.types import Row

__all__ = ["FORMATS", "BadLine", "Imported", "Importer", "read_rows", "register"]

_SURE_ENOUGH = 0.5


class Importer(Protocol):
    """What a module of this folder offers."""

    def sniff(self, text: str) -> float: ...

    def parse(self, text: str) -> Iterator[Item]: ...


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file gave. bad: what it did not give, each counted once. problems: distinct stems among the rows; lines:
    physical lines of the file."""

    rows: list[Row]
    bad: list[BadLine]
    format: str
    encoding: str
    problems: int
    lines: int


def register(modules: Iterable[tuple[str, object]]) -> dict[str, Importer]:
    """The importers by name, in order of their names. Raises TypeError for a malformed or repeated one."""
    found: dict[str, Importer] = {}
    for name, module in sorted(modules, key=lambda pair: pair[0]):
        if name in found:
            raise TypeError(f"two importers are named {name!r}")
        missing = [part for part in ("sniff", "parse") if not callable(getattr(module, part, None))]
        if missing:
            raise TypeError(f"importer {name!r} lacks {' and '.join(missing)}")
        found[name] = cast(Importer, module)
    return found


_NAMES = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
_IMPORTERS = register((name, importlib.import_module(f"{__name__}.{name}")) for name in _NAMES)
FORMATS: tuple[str, ...] = tuple(_IMPORTERS)


def read_rows(data: bytes, *, name: str, format: str | None = None) -> Imported:  # noqa: A002 - the flag's name
    """The rows of a file and what could not be read in it.

    name: how messages call the file; the format is found from the bytes alone unless it is given. Raises BadInput when
    nothing can be read: an empty file, no text, an unknown format, no good line.
    """
    known = f"known formats: {', '.join(FORMATS)}"
    if format is not None and format not in _IMPORTERS:
        raise BadInput(f"{name!r} cannot be read as {format!r}: there is no such format", hint=known)
    if not data.strip(b"\0 \t\r\n"):
        raise BadInput(f"{name!r} is empty", hint="choose a file with at least one question")
    text, encoding = read_text(data, name=name)
    if format is None:
        format = _detect(text)  # noqa: A001 - as above
    if format is None:
        raise BadInput(f"{name!r} is of no known format, judged by its first records", hint=f"{known}; docs show each")
    drafts: list[Draft] = []
    bad: list[BadLine] = []
    for item in _IMPORTERS[format].parse(text):
        if isinstance(item, BadLine):
            bad.append(item)
        else:
            drafts.append(item)
    if not drafts:
        raise _nothing_good(name, format, bad)
    rows = to_rows(drafts)
    return Imported(
        rows=rows,
        bad=bad,
        format=format,
        encoding=encoding,
        problems=len({row.problem_id for row in rows}),
        lines=text.count("\n") + (not text.endswith("\n")),
    )


def _detect(text: str) -> str | None:
    scores = {name: importer.sniff(text) for name, importer in _IMPORTERS.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= _SURE_ENOUGH else None


def _nothing_good(name: str, format_name: str, bad: list[BadLine]) -> BadInput:
    if not bad:
        return BadInput(f"{name!r} holds no records", hint="choose a file with at least one question")
    first = bad[0]
    field = f", field {first.field!r}" if first.field else ""
    more = f" (and {len(bad) - 1} more like it)" if len(bad) > 1 else ""
    return BadInput(
        f"{name!r} has no good line; line {first.line}{field}: {first.message}{more}",
        hint=f"it was read as {format_name}; known formats: {', '.join(FORMATS)}",
    )
