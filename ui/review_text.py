"""Worked solutions as people read them: Markdown's plain means and formulas as HTML.

Only what is made here becomes markup: a fixed few tags with fixed classes. A link, an image, a tag or a directive in
the text stands there as it was written, and every other character of it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ui import panes
from ui.review_math import SPAN, with_math

FENCE = re.compile(r"[ \t]{0,3}(```+|~~~+)[^`\n]*$")
HEADING = re.compile(r"[ \t]{0,3}(#{1,6})[ \t]+(?P<text>.+?)[ \t]*#*$")
RULE = re.compile(r"[ \t]{0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
ITEM = re.compile(
    r"(?P<indent>[ \t]*)(?P<mark>[-*+](?=[ \t])|•|\(?\d{1,3}[.)](?=[ \t])|\d{1,3}、)[ \t]*(?P<text>\S.*)$"
)
BULLETS = "-*+•"
TABLE = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*$")
QUOTE = re.compile(r"[ \t]{0,3}>[ \t]?(?P<text>.*)$")
STRONG = re.compile(r"\*\*(?=\S)(?P<a>[^*\n]+?)(?<=\S)\*\*|(?<![\w_])__(?=\S)(?P<b>[^_\n]+?)(?<=\S)__(?![\w_])")
CODE = re.compile(r"(?<!`)(?P<ticks>`{1,2})(?!`)(?P<code>[^\n]+?)(?<!`)(?P=ticks)(?!`)")
EMPHASIS = re.compile(r"(?<![\w*\\])\*(?=[^\s*])(?P<a>[^*\n]+?)(?<=[^\s*])\*(?![\w*])")
DEEP = 4
COLUMNS = 20


@lru_cache(maxsize=panes.KEPT)
def worked(text: str) -> str:
    """A worked solution as HTML blocks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f'<div class="text worked">{"".join(_blocks(lines))}</div>'


def inline(text: str) -> str:
    """One paragraph's text as HTML: code, formulas, strong and slanted text."""
    parts, at = [], 0
    formulas = [one.span() for one in SPAN.finditer(text)] if "`" in text else []
    for found in CODE.finditer(text):
        if any(start < found.end() and found.start() < end for start, end in formulas):
            continue
        parts += [with_math(text[at : found.start()], _strong), f"<code>{panes.shown(found['code'])}</code>"]
        at = found.end()
    return "".join([*parts, with_math(text[at:], _strong)])


def _strong(text: str) -> str:
    parts, at = [], 0
    for found in STRONG.finditer(text):
        parts += [_slanted(text[at : found.start()]), f"<strong>{_slanted(found['a'] or found['b'])}</strong>"]
        at = found.end()
    return "".join([*parts, _slanted(text[at:])])


def _slanted(text: str) -> str:
    parts, at = [], 0
    for found in EMPHASIS.finditer(text):
        parts += [panes.shown(text[at : found.start()]), f"<em>{panes.shown(found['a'])}</em>"]
        at = found.end()
    return "".join([*parts, panes.shown(text[at:])])


def _blocks(lines: Sequence[str]) -> Iterator[str]:
    at = 0
    paragraph: list[str] = []
    while at < len(lines):
        line = lines[at]
        made, used = _block(lines, at)
        if used or not line.strip():
            if paragraph:
                yield f"<p>{inline(chr(10).join(paragraph))}</p>"
                paragraph = []
            yield made
            at += max(used, 1)
            continue
        paragraph.append(line)
        at += 1
        if (opened := _opened(line)) and (end := _closing(lines, at, opened)) is not None:
            paragraph += lines[at : end + 1]  # a formula set over several lines is one with what stands around it
            at = end + 1
    if paragraph:
        yield f"<p>{inline(chr(10).join(paragraph))}</p>"


def _block(lines: Sequence[str], at: int) -> tuple[str, int]:
    """A block that begins in a line as HTML and how many lines it takes; 0 where none begins."""
    line = lines[at]
    if fence := FENCE.match(line):
        end = next((i for i in range(at + 1, len(lines)) if lines[i].strip().startswith(fence[1])), None)
        if end is not None:
            label = line.strip().strip("`~").strip()
            tongue = f'<span class="quiet">{panes.shown(label)}</span>\n' if label else ""
            return f"<pre>{tongue}<code>{panes.shown(chr(10).join(lines[at + 1 : end]))}</code></pre>", end - at + 1
    if heading := HEADING.match(line):
        return f'<p class="title t{min(len(heading[1]), 4)}">{inline(heading["text"])}</p>', 1
    if RULE.match(line):
        return "<hr>", 1
    if item := ITEM.match(line):
        return _item(item), 1
    if "|" in line and at + 1 < len(lines) and TABLE.match(lines[at + 1]):
        return _table(lines, at)
    if QUOTE.match(line):
        end = next((i for i in range(at, len(lines)) if not QUOTE.match(lines[i])), len(lines))
        quoted = "\n".join(QUOTE.sub(r"\g<text>", one) for one in lines[at:end])
        return f"<blockquote>{inline(quoted)}</blockquote>", end - at
    return "", 0


def _item(item: re.Match[str]) -> str:
    """An item with the sign its writer gave it: a number is never counted anew."""
    deep = min(DEEP, len(item["indent"].expandtabs(4)) // 2)
    mark = "•" if item["mark"] in BULLETS else item["mark"]
    return f'<div class="item d{deep}"><span>{panes.shown(mark)}</span><div>{inline(item["text"])}</div></div>'


def _table(lines: Sequence[str], at: int) -> tuple[str, int]:
    end = next((i for i in range(at + 2, len(lines)) if "|" not in lines[i]), len(lines))
    rows = [_cells(line) for line in (lines[at], *lines[at + 2 : end])]
    if any(len(row) > COLUMNS for row in rows):
        return "", 0
    head = "".join(f"<th>{inline(cell)}</th>" for cell in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{inline(cell)}</td>' for cell in row)}</tr>" for row in rows[1:])
    table = f'<table class="drawn"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="scroll">{table}</div>', end - at


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _opened(line: str) -> str:
    """The sign that would end a set formula which the line begins, blank where none stays open."""
    if line.count("$$") % 2:
        return "$$"
    return "\\]" if line.count("\\[") > line.count("\\]") else ""


def _closing(lines: Sequence[str], at: int, sign: str) -> int | None:
    return next((i for i in range(at, min(len(lines), at + 40)) if sign in lines[i]), None)
