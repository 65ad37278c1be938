"""alpaca: instruction, input, output, system, history: a line for each right solution."""

from __future__ import annotations

from augment.exports._alpaca import solution
from augment.exports._format import DRAWN, SPEAKING, Format, lines_of

FORMAT = Format(
    kinds=("solutions",),
    write=lines_of("solutions", solution, "alpaca"),
    takes=SPEAKING | DRAWN,
)
