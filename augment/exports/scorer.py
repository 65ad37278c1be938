"""scorer: question, solution, label 1 or 0, of original and augmented rows."""

from __future__ import annotations

from typing import Any

from augment.exports._chat import Example
from augment.exports._format import DRAWN, Format, lines_of


def line(example: Example) -> dict[str, Any]:
    """One solution to be scored. root_id: what must not stand on both sides when some are held out. text: what `augment
    scorer` reads of it, in training and later on."""
    return {
        "id": example.row_id,
        "root_id": example.root_id,
        "split": example.split,
        "source": "augmented" if example.reworded else "original",
        "prompt": example.prompt,
        "reasoning": example.output,
        "text": example.text,
        "label": int(example.label),
        "answer": example.answer,
        "concluded": example.concluded,
    }


FORMAT = Format(
    kinds=("scored",),
    write=lines_of("scored", line, "scorer"),
    takes=DRAWN | {"prompt", "attempts"},
)
