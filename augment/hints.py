"""What to do about a fault, in Chinese or English: one table, ``hints.toml``, for the terminal, the browser and the
documents."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
ANY = "any"


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """The text in one of them."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the table. codes: of one connector, or of ``any``; () where it speaks for whole kinds. kinds: those
    it is meant for, () for every kind a code comes with."""

    connector: str
    codes: tuple[str, ...]
    kinds: tuple[str, ...]
    words: Words


def hint(kind: str, code: str = "", connector: str = "", language: Language = "en", *, dialect: str = "") -> str:
    """What a fault means and what to do about it; "" for a kind that is none.

    The longest known beginning of the code decides, then the words made for this kind, then the connector's own before
    everybody's; a code without words has its kind's. dialect: whose codes a connector of many vendors meets.
    """
    found = find(kind, code, connector, dialect)
    return found.words.in_(language) if found is not None else ""


def find(kind: str, code: str = "", connector: str = "", dialect: str = "") -> Entry | None:
    """The entry that ``hint`` reads from."""
    best: tuple[tuple[int, int, int], Entry] | None = None
    tables = tuple(filter(None, (connector, ANY, dialect, *_table().also.get(connector, ()))))
    for entry in entries():
        if entry.connector not in tables or (entry.kinds and kind not in entry.kinds):
            continue
        length = max((_match(known, code) for known in entry.codes), default=0)
        if length:
            rank = (length, len(entry.kinds) > 0, -tables.index(entry.connector))
            if best is None or rank > best[0]:
                best = (rank, entry)
    if best is not None:
        return best[1]
    return next((entry for entry in entries() if not entry.codes and kind in entry.kinds), None)


def advice(check: str, language: Language = "en", **values: str) -> str:
    """What to do about a check of ``augment doctor``; values fill the places the text leaves open."""
    return _table().checks[check].in_(language).format(**values)


def entries() -> tuple[Entry, ...]:
    """Every entry about faults, in the order of the file."""
    return _table().entries


def checks() -> Mapping[str, Words]:
    """Every advice of the doctor, by its name."""
    return _table().checks


@dataclass(frozen=True, slots=True)
class _Table:
    entries: tuple[Entry, ...]
    also: Mapping[str, tuple[str, ...]]
    checks: Mapping[str, Words]


@cache
def _table() -> _Table:
    found = tomllib.loads(files("augment").joinpath("hints.toml").read_text("utf-8"))
    return _Table(
        tuple(_entries(found["hints"])),
        {connector: tuple(others) for connector, others in found["also"].items()},
        {name: Words(**words) for name, words in found["checks"].items()},
    )


def _entries(found: list[dict[str, object]]) -> Iterator[Entry]:
    for one in found:
        codes, kinds = one.get("codes", []), one.get("kinds", [])
        if not isinstance(codes, list) or not isinstance(kinds, list):
            raise TypeError("codes and kinds are lists")
        words = Words(str(one["zh"]), str(one["en"]))
        yield Entry(str(one.get("connector", "")), tuple(codes), tuple(kinds), words)


def _match(known: str, code: str) -> int:
    """How much of the code is known: its whole length and one more, a beginning's length, 0 for nothing."""
    if known == code:
        return len(code) + 1 if code else 0
    if known.endswith("*") and code.startswith(known[:-1]):
        return len(known) - 1
    return len(known) if code.startswith(f"{known}.") else 0
