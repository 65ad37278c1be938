"""The text that a scorer reads of a row: the same for its training file, its training and its use."""

from __future__ import annotations

import hashlib
import string

from augment.fence import visible
from augment.types import Row

LONGEST = 32_000  # characters, the last ones: a model reads far fewer
TITLES = ("题目", "问题", "选项", "解答")
_FORM = "{title}：\n{text}"


def text_of(row: Row) -> str | None:
    """Stem, question, options and reasoning, each under its title; None without reasoning.

    The row's own answer is not in it: whoever scores a new solution does not know it.
    """
    reasoning = visible(row.reasoning or "").strip()
    if not reasoning:
        return None
    options = "\n".join(
        f"{letter}. {' '.join(visible(text).split())}"
        for letter, text in zip(string.ascii_uppercase, row.options, strict=False)
    )
    parts = (visible(row.problem or "").strip(), visible(row.question or "").strip(), options, reasoning)
    shown = [_FORM.format(title=title, text=text) for title, text in zip(TITLES, parts, strict=True) if text]
    return "\n\n".join(shown)[-LONGEST:]


def template_id() -> str:
    """What changes when a text would be put together in another way."""
    said = "\n\n".join(_FORM.format(title=title, text="{}") for title in TITLES)
    return f"scorer@{hashlib.sha256(f'{said}/{LONGEST}'.encode()).hexdigest()[:12]}"
