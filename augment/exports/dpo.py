"""dpo: pairs of a right and a really wrong solution to the same prompt."""

from __future__ import annotations

from typing import Any

from augment.exports._chat import Example
from augment.exports._format import DRAWN, SPEAKING, Format, lines_of


def line(example: Example) -> dict[str, Any]:
    """A pair: two texts, not turns."""
    return {
        "instruction": example.instruction,
        "input": example.input,
        "chosen": example.output,
        "rejected": example.rejected,
        "system": example.system,
        "history": example.history,
    }


FORMAT = Format(
    kinds=("pairs",),
    write=lines_of("pairs", line, "dpo"),
    takes=SPEAKING | DRAWN | {"attempts"},
)
