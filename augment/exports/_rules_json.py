"""A file of JSON, line by line or as one array, as strictly as the trainers' loader reads it.

Source: Hugging Face datasets 4.0.0 and 4.8.4, packaged_modules/json/json.py (Json._generate_tables), which gives lines
to pyarrow.json.read_json and arrays to ujson. Stricter than it in one thing: each line is one object, as other readers
of JSON Lines want it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from augment.exports._rules_text import Finding


@dataclass(frozen=True, slots=True)
class Place:
    """A value of a file. line: from 1, in an array the number of the value; size: bytes it takes."""

    line: int
    size: int
    value: Any


@dataclass(frozen=True, slots=True)
class Broken:
    """A place that is no value."""

    line: int
    finding: Finding


def places(path: Path) -> Iterator[Place | Broken]:
    """The values of a file; an array where its name ends in ``.json``, one a line elsewhere."""
    if path.suffix == ".json":
        yield from _array(path.read_bytes())
        return
    with path.open("rb") as file:
        for line, text in enumerate(file, 1):
            yield from _line(line, text)


def _line(line: int, text: bytes) -> Iterator[Place | Broken]:
    if text.startswith(b"\xef\xbb\xbf"):
        yield Broken(line, Finding("", "begins with a byte order mark", "write UTF-8 without one"))
        text = text[3:]
    if not text.strip():
        return  # the loader skips blank lines
    try:
        yield Place(line, len(text), _loads(text.decode("utf-8")))
    except ValueError as error:
        yield Broken(line, Finding("", f"is not a line of JSON ({_words(error)})", "one JSON object a line"))


def _array(data: bytes) -> Iterator[Place | Broken]:
    try:
        values = _loads(data.decode("utf-8"))
    except ValueError as error:
        yield Broken(1, Finding("", f"is not JSON ({_words(error)})", "one array of objects"))
        return
    if not isinstance(values, list):
        yield Broken(1, Finding("", "is no array", "one array of objects, or lines in a file that ends in .jsonl"))
        return
    for number, value in enumerate(values, 1):
        yield Place(number, 0, value)


def _loads(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different; raises ValueError otherwise."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _words(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, character {error.pos + 1}"
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
