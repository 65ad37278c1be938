"""alpaca: instruction, input, output, system, history: a line for each right solution."""

from __future__ import annotations

from typing import Any

from augment.exports._chat import Example
from augment.exports._format import DRAWN, SPEAKING, Format, lines_of


def line(example: Example) -> dict[str, Any]:
    """An example as alpaca has it."""
    return {
        "instruction": example.instruction,
        "input": example.input,
        "output": example.output,
        "system": example.system,
        "history": example.history,
    }


FORMAT = Format(
    kinds=("solutions",),
    write=lines_of("solutions", line, "alpaca"),
    takes=SPEAKING | DRAWN,
)
