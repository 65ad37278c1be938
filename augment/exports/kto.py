"""kto: right and wrong solutions with kto_tag; failed attempts are among the wrong ones."""

from __future__ import annotations

from augment.exports._alpaca import labelled
from augment.exports._format import DRAWN, SPEAKING, Format, lines_of

FORMAT = Format(
    kinds=("labelled",),
    write=lines_of("labelled", labelled, "kto"),
    takes=SPEAKING | DRAWN | {"attempts"},
)
