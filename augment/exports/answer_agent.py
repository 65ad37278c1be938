"""answer-agent: the first of two agents: messages, each question with its right solution."""

from __future__ import annotations

from typing import Any

from augment.exports._chat import Example
from augment.exports._format import DRAWN, SPEAKING, Format, lines_of
from augment.exports._turns import conversation


def line(example: Example) -> dict[str, Any]:
    """The question and its solution."""
    return {"messages": conversation(example)}


FORMAT = Format(
    kinds=("answers",),
    write=lines_of("answers", line, "messages"),
    takes=SPEAKING | DRAWN,
)
