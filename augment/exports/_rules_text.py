"""What holds for every text that a trainer is given, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from augment.exports._chat import CLOSE, OPEN, reserved


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one row. field: where in it, as a path; message: what a trainer would do; hint: what helps.
    mendable: each row is well by itself, and another format or file name helps."""

    field: str
    message: str
    hint: str = ""
    mendable: bool = False


def kind_of(value: Any) -> str:
    """The kind of a JSON value in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"


def asked(field: str, value: Any, *, empty: bool = False) -> Iterator[Finding]:
    """A text that is given to the model. empty: whether it may say nothing, or be null."""
    if value is None and empty:
        return
    if not isinstance(value, str):
        yield Finding(field, f"is {kind_of(value)}, not a text", "write it as a text")
        return
    if not empty and not value.strip():
        yield Finding(field, "is empty: the model would be trained on nothing", "leave the row out")
    if broken := _lone(value):
        yield Finding(field, f"holds {broken}, half of a character: the file is refused", "leave the row out")
    if reserved(value):
        yield Finding(
            field,
            "holds a mark that chat templates and trainers read as their own (<|…|>, <think>, <image>, [INST])",
            "leave the row out, or write the mark in other characters",
        )


def said(field: str, value: Any) -> Iterator[Finding]:
    """A text that the model is to learn: as `asked`, but for one block of reasoning at its beginning.

    LLaMA-Factory 0.9.5 takes reasoning apart where it stands between exactly ``<think>\\n`` and ``\\n</think>\\n\\n``
    (data/template.py, ReasoningTemplate.remove_thought with thought_words); another block stays in the text when it
    should go, and keeps the empty block from being added where one is wanted.
    """
    if isinstance(value, str) and ("<think>" in value or "</think>" in value):
        if not value.startswith(OPEN) or CLOSE not in value:
            yield Finding(field, f"its reasoning does not stand between {OPEN!r} and {CLOSE!r}", "write it so")
            return
        thought, _, value = value.removeprefix(OPEN).partition(CLOSE)
        yield from asked(f"{field} (reasoning)", thought)
    yield from asked(field, value)


def earlier(field: str, value: Any) -> Iterator[Finding]:
    """What the model said in an earlier turn: as `asked`. Reasoning there goes its own way with each trainer.

    LLaMA-Factory 0.9.5 takes it out for pairs and KTO and keeps it for SFT (data/template.py, ReasoningTemplate);
    ms-swift 4.6.0 cuts everything up to ``</think>`` where the template is one that thinks (template/base.py,
    _remove_history_thinking).
    """
    yield from asked(field, value)


def _lone(text: str) -> str:
    """The first lone surrogate of a text, as an escape."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return f"\\u{ord(text[error.start]):04x}"
    return ""
