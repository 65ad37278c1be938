"""The reading panes as HTML. Every text of a row passes ``shown``: nothing in it loads, links or runs."""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
CELLS = 4_000_000
LABEL_LENGTH = 80
KEPT = 256  # a row is drawn again for each key pressed on it

Piece: TypeAlias = tuple[bool, str, str]


def shown(text: object) -> str:
    """A text as HTML that shows it as it is; characters that hide or turn text are named."""
    parts, at = [], 0
    raw = str(text).replace("\r\n", "\n")
    for found in UNSEEN.finditer(raw):
        parts += [html.escape(raw[at : found.start()]), f'<span class="unseen">U+{ord(found[0]):04X}</span>']
        at = found.end()
    return "".join([*parts, html.escape(raw[at:])])


def label(text: str, length: int = LABEL_LENGTH) -> str:
    """A text on one line for a widget's label, which is Markdown: every sign that means something there is escaped."""
    line = UNSEEN.sub("\ufffd", " ".join(text.split()))
    line = line if len(line) <= length else f"{line[:length]}…"
    # A directive, an icon or an emoji begins with a colon before a letter: the word joiner parts them.
    return re.sub(r"(?<=:)(?=\w)", "\u2060", re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", line))


@lru_cache(maxsize=KEPT)
def difference(before: str, after: str) -> tuple[str, str]:
    """Both texts as HTML, what only the first has in <del>, what only the second has in <ins>."""
    left, right = [], []
    for same, old, new in _pieces(before, after):
        if same:
            left.append(shown(old))
            right.append(shown(new))
            continue
        if old:
            left.append(f"<del>{shown(old)}</del>")
        if new:
            right.append(f"<ins>{shown(new)}</ins>")
    return "".join(left), "".join(right)


def _pieces(before: str, after: str) -> Iterator[Piece]:
    start = _shared(before, after)
    end = _shared(before[start:][::-1], after[start:][::-1])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if start:
        yield True, before[:start], after[:start]
    if len(old) * len(new) > CELLS:  # too long to compare by character
        yield False, old, new
    else:
        yield from _joined(old, new)
    if end:
        yield True, before[len(before) - end :], after[len(after) - end :]


def _joined(old: str, new: str) -> Iterator[Piece]:
    """The changes, those with a single shared character between them made one: so they read as words."""
    gone = come = ""
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for index, (kind, a, b, c, d) in enumerate(codes):
        alone = kind == "equal" and b - a == 1 and 0 < index < len(codes) - 1
        if kind != "equal" or alone:
            gone, come = gone + old[a:b], come + new[c:d]
            continue
        if gone or come:
            yield False, gone, come
            gone = come = ""
        yield True, old[a:b], new[c:d]
    if gone or come:
        yield False, gone, come


def _shared(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def pane(title: str, body: str, foot: str = "") -> str:
    """A reading pane; body and foot, which stays at its end, are HTML."""
    end = f"<footer>{foot}</footer>" if foot else ""
    return f'<article class="pane" lang="zh-CN"><h3>{shown(title)}</h3>{body}{end}</article>'


def paragraph(body: str) -> str:
    """Running text; body is HTML."""
    return f'<div class="text">{body}</div>' if body else ""


def options(bodies: Sequence[str], answer: str | None) -> str:
    """The options, the right ones marked with a sign; bodies are HTML."""
    lines = []
    for letter, body in zip(LETTERS, bodies, strict=False):
        right = bool(answer) and letter in str(answer)
        sign = '<span class="gold">✓</span>' if right else "<span></span>"
        lines.append(
            f'<li>{sign}<span class="letter">{letter}</span><span{" class=right" if right else ""}>{body}</span></li>'
        )
    return f'<ul class="options">{"".join(lines)}</ul>' if lines else ""


def block(title: str, body: str) -> str:
    """A titled part below the panes; body is HTML."""
    return f'<section class="block" lang="zh-CN"><h3>{shown(title)}</h3>{body}</section>'


def facts(lines: Iterable[tuple[str, str, str]]) -> str:
    """Short lines with a sign in front: colour class, sign, text. The texts are shown as they are."""
    items = "".join(f'<li><span class="{colour}">{sign}</span> {shown(text)}</li>' for colour, sign, text in lines)
    return f'<ul class="facts">{items}</ul>'


def marks(lines: Iterable[tuple[str, str, str]]) -> str:
    """The same beside each other, as many as fit in a line."""
    items = "".join(f'<li><span class="{colour}">{sign}</span> {shown(text)}</li>' for colour, sign, text in lines)
    return f'<ul class="facts marks">{items}</ul>' if items else ""


def fold(title: str, body: str, number: str = "") -> str:
    """Something folded away under its title, with a number that stands right; body is HTML."""
    figure = f'<span class="num">{shown(number)}</span>' if number else ""
    return f'<details class="fold"><summary><span>{shown(title)}</span>{figure}</summary>{body}</details>'


def line(parts: Iterable[tuple[str, str]]) -> str:
    """Short parts on one line, each with its colour class."""
    spans = "".join(f'<span class="{colour or "quiet"}">{shown(text)}</span>' for colour, text in parts)
    return f'<div class="head">{spans}</div>'


def table(heads: Sequence[tuple[str, bool]], rows: Iterable[Sequence[object]]) -> str:
    """A table. heads: title and whether the column holds numbers, which stand right."""
    kinds = [' class="num"' if number else "" for _, number in heads]
    top = "".join(f"<th{kind}>{shown(head)}</th>" for kind, (head, _) in zip(kinds, heads, strict=True))
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{'' if cell is None else shown(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table class="plain"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
