"""dpo: pairs of a right and a really wrong solution to the same prompt."""

from __future__ import annotations

from augment.exports._alpaca import pair
from augment.exports._format import DRAWN, SPEAKING, Format, lines_of

FORMAT = Format(
    kinds=("pairs",),
    write=lines_of("pairs", pair, "dpo"),
    takes=SPEAKING | DRAWN | {"attempts"},
)
