"""messages: OpenAI's messages: a line for each right solution."""

from __future__ import annotations

from typing import Any

from augment.exports._chat import Example
from augment.exports._format import DRAWN, SPEAKING, Format, lines_of
from augment.exports._turns import conversation


def line(example: Example) -> dict[str, Any]:
    """An example as OpenAI has it."""
    return {"messages": conversation(example)}


FORMAT = Format(
    kinds=("solutions",),
    write=lines_of("solutions", line, "messages"),
    takes=SPEAKING | DRAWN,
)
