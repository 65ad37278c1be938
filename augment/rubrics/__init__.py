"""Rubrics as TOML files: what a judge is to look at, how many points each criterion has, what its levels mean.

Versioned by the hash of the file, as prompts are. A workspace overrides one, or brings its own, in ``rubrics/``.
"""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from augment.errors import BadInput, NotFound
from augment.texts import shaping

SUFFIX = ".toml"
SHOWABLE = ("problem", "question", "options", "answer", "reasoning")
NAME = re.compile(r"[^\s\d:：/／|｜()（）\[\]【】<>{}*#`“”\"「」]{1,20}")
DEDUCTED = "扣分"  # the line a judge writes deductions on, and their name in a verdict
_KEYS: dict[str, tuple[str, ...]] = {
    "": ("title", "shown", "prompt", "criteria", "deductions"),
    "criteria": ("name", "maximum", "about", "levels"),
    "levels": ("score", "means"),
    "deductions": ("points", "per"),
}


@dataclass(frozen=True, slots=True)
class Level:
    """What a number of points of a criterion means."""

    score: float
    means: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing looked at, with its points from 0 to ``maximum`` and its levels described, best first."""

    name: str
    maximum: float
    about: str
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points taken off, and for what."""

    points: float
    per: str


@dataclass(frozen=True, slots=True)
class Rubric:
    """A rubric. shown: the columns a judge sees, in order. prompt: who the judge is and how to go about it."""

    name: str
    title: str
    shown: tuple[str, ...]
    prompt: str
    criteria: tuple[Criterion, ...]
    deductions: tuple[Deduction, ...]
    text: str

    @property
    def id(self) -> str:
        """What verdicts carry: the name and the first 12 hexadecimal digits of the file's SHA-256."""
        return f"{self.name}@{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"

    @property
    def maximum(self) -> float:
        """The points of all criteria."""
        return sum(one.maximum for one in self.criteria)

    def described(self) -> str:
        """Criteria, levels and deductions as a judge reads them."""
        lines = []
        for one in self.criteria:
            lines.append(f"- {one.name}（满分{one.maximum:g}分）：{one.about}。")
            lines += [f"  · {level.score:g}分：{level.means}" for level in one.levels]
        lines += [f"- {DEDUCTED}：{one.per}，扣{one.points:g}分" for one in self.deductions]
        return "\n".join(lines)

    def form(self) -> str:
        """The lines a verdict has to consist of."""
        lines = [f"{one.name}：得分/{one.maximum:g}，理由" for one in self.criteria]
        lines += [f"{DEDUCTED}：分数，理由（没有就写0）"] if self.deductions else []
        return "\n".join((*lines, "总分：XX分"))


def names(workspace: Path | None = None) -> list[str]:
    """The rubrics that ship, and those of the workspace."""
    shipped = [item.name for item in files("augment").joinpath("rubrics").iterdir()]
    own = [path.name for path in (workspace / "rubrics").glob(f"*{SUFFIX}")] if workspace else []
    return sorted({name.removesuffix(SUFFIX) for name in (*shipped, *own) if name.endswith(SUFFIX)})


def read_rubric(name: str, workspace: Path | None = None) -> Rubric:
    """A rubric by name, the workspace's before the shipped one, or a file by path. Raises NotFound, BadInput."""
    where = name

    def found() -> tuple[str, str]:
        nonlocal where
        own, text, where = _found(name, workspace)
        return own, text

    own, text = shaping(f"rubric {name}", found)
    return parse_rubric(own, text, where)


def _found(name: str, workspace: Path | None) -> tuple[str, str, str]:
    """Name and text of a rubric, and what errors call it."""
    plain = not Path(name).suffix and Path(name).name == name
    if plain and workspace is not None and (own := workspace / "rubrics" / f"{name}{SUFFIX}").is_file():
        return name, _text(own), str(own)
    if plain and name in names():
        return name, files("augment").joinpath("rubrics", f"{name}{SUFFIX}").read_text("utf-8"), name
    path = Path(name)
    if path.suffix and path.is_file():
        return path.stem, _text(path), name
    raise NotFound(f"no rubric {name!r}", hint=f"there are: {', '.join(names(workspace))}; or name a TOML file")


def parse_rubric(name: str, text: str, where: str) -> Rubric:
    """The rubric that a TOML text describes. where: what errors call it. Raises BadInput, with the key at fault."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"rubric {where!r} is no TOML: {error}", hint="mend the file there") from error
    read = _Reader(where)
    read.keys("", table)
    criteria = tuple(_criterion(read, f"criteria[{at}]", one) for at, one in enumerate(read.tables(table, "criteria")))
    if not criteria:
        raise read.wrong("criteria", "is missing", "add [[criteria]] with name, maximum, about and levels")
    named = [one.name for one in criteria]
    if len(set(named)) < len(named) or DEDUCTED in named or any(a in b for a in named for b in named if a is not b):
        raise read.wrong("criteria", "have names that cannot be told apart", "no name may equal or hold another")
    deductions = tuple(
        _deduction(read, f"deductions[{at}]", one) for at, one in enumerate(read.tables(table, "deductions"))
    )
    shown = table.get("shown", ["problem", "question", "options", "answer"])
    if not isinstance(shown, list) or not shown or not set(map(str, shown)) <= set(SHOWABLE):
        raise read.wrong("shown", f"is {shown!r}", f"a list of {', '.join(SHOWABLE)}")
    title = read.words(table, "", "title") if "title" in table else name
    return Rubric(name, title, tuple(shown), read.words(table, "", "prompt"), criteria, deductions, text)


def _criterion(read: _Reader, key: str, table: Mapping[str, Any]) -> Criterion:
    read.keys("criteria", table, key)
    name, maximum = read.words(table, key, "name"), read.points(table, key, "maximum")
    if not NAME.fullmatch(name):
        raise read.wrong(f"{key}.name", f"is {name!r}", "1 to 20 letters or characters, no digits, blanks or marks")
    levels = []
    for at, one in enumerate(read.tables(table, "levels", key)):
        read.keys("levels", one, f"{key}.levels[{at}]")
        score = read.points(one, f"{key}.levels[{at}]", "score", least=0)
        if score > maximum:
            raise read.wrong(f"{key}.levels[{at}].score", f"is {score:g}", f"no more than the maximum {maximum:g}")
        levels.append(Level(score, read.words(one, f"{key}.levels[{at}]", "means")))
    if len(levels) < 2:
        raise read.wrong(f"{key}.levels", "has fewer than two levels", "describe at least the best and the worst")
    about = read.words(table, key, "about")
    return Criterion(name, maximum, about.rstrip("。"), tuple(sorted(levels, key=lambda level: -level.score)))


def _deduction(read: _Reader, key: str, table: Mapping[str, Any]) -> Deduction:
    read.keys("deductions", table, key)
    return Deduction(read.points(table, key, "points"), read.words(table, key, "per"))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{str(path)!r} is not UTF-8 (byte {error.start})", hint="save the rubric as UTF-8") from error


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads values of one file and says, where one is wrong, which and what to do."""

    where: str

    def wrong(self, key: str, said: str, hint: str) -> BadInput:
        return BadInput(f"rubric {self.where!r}: {key} {said}", hint=hint)

    def keys(self, kind: str, table: Mapping[str, Any], key: str = "") -> None:
        unknown = sorted(set(table) - set(_KEYS[kind]))
        if unknown:
            raise self.wrong(
                f"{key}.{unknown[0]}".lstrip("."), "is no key of a rubric", f"keys are: {', '.join(_KEYS[kind])}"
            )

    def tables(self, table: Mapping[str, Any], name: str, key: str = "") -> list[Mapping[str, Any]]:
        found = table.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.wrong(
                f"{key}.{name}".lstrip("."), "is no list of tables", f"write [[{name}]] or a list of {{…}}"
            )
        return found

    def words(self, table: Mapping[str, Any], key: str, name: str) -> str:
        found = table.get(name)
        if not isinstance(found, str) or not found.strip():
            said = "is missing" if found is None else f"is {found!r}"
            raise self.wrong(f"{key}.{name}".lstrip("."), said, "give a text that is not empty")
        return found.strip()

    def points(self, table: Mapping[str, Any], key: str, name: str, least: float = 0.5) -> float:
        found = table.get(name)
        if isinstance(found, bool) or not isinstance(found, (int, float)) or not (least <= found <= 1_000):
            said = "is missing" if found is None else f"is {found!r}"
            raise self.wrong(f"{key}.{name}".lstrip("."), said, f"give a number from {least:g} to 1000")
        if not math.isclose(found * 2, round(found * 2)):
            raise self.wrong(f"{key}.{name}".lstrip("."), f"is {found!r}", "whole or half points")
        return float(found)
