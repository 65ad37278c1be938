"""kto: right and wrong solutions with kto_tag; failed attempts are among the wrong ones."""

from __future__ import annotations

from typing import Any

from augment.exports._chat import Example
from augment.exports._format import DRAWN, SPEAKING, Format, lines_of


def line(example: Example) -> dict[str, Any]:
    """An answer with LLaMA-Factory's tag, a real boolean."""
    return {
        "instruction": example.instruction,
        "input": example.input,
        "output": example.output,
        "system": example.system,
        "history": example.history,
        "kto_tag": example.label,
    }


FORMAT = Format(
    kinds=("labelled",),
    write=lines_of("labelled", line, "kto"),
    takes=SPEAKING | DRAWN | {"attempts"},
)
