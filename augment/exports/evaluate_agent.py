"""evaluate-agent: the second of two agents: messages, the first one's turn and the check of it."""

from __future__ import annotations

from typing import Any

from augment.exports._chat import Example
from augment.exports._format import DRAWN, Format, lines_of
from augment.exports._turns import conversation


def line(example: Example) -> dict[str, Any]:
    """The first agent's turn is there to be read, not learned: it may be wrong.

    ``loss`` says so to ms-swift, ``weight`` to OpenAI; LLaMA-Factory is told by ``mask_history: true``.
    """
    messages: list[dict[str, Any]] = [*conversation(example)]
    for message in messages:
        if message["role"] == "assistant":
            learned = message is messages[-1]
            message |= {"loss": learned, "weight": int(learned)}
    return {"messages": messages}


FORMAT = Format(
    kinds=("checks",),
    write=lines_of("checks", line, "messages"),
    takes=DRAWN,
)
