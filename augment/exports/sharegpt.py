"""sharegpt: conversations of human and gpt turns, system: a line for each right solution."""

from __future__ import annotations

from typing import Any

from augment.exports._chat import Example
from augment.exports._format import DRAWN, SPEAKING, Format, lines_of


def line(example: Example) -> dict[str, Any]:
    """An example as ShareGPT has it: turns that alternate, from a human's to the answer."""
    turns = [*example.history, [example.prompt, example.output]]
    said = [{"from": who, "value": text} for turn in turns for who, text in zip(("human", "gpt"), turn, strict=True)]
    return {"conversations": said, "system": example.system}


FORMAT = Format(
    kinds=("solutions",),
    write=lines_of("solutions", line, "sharegpt"),
    takes=SPEAKING | DRAWN,
)
