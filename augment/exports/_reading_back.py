"""What was written, read back by the rules of those who will read it: a line they would skip is an error of ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from augment.errors import AugmentError, FixableError
from augment.exports._format import Written


def read_back(room: Path, files: Sequence[Written]) -> None:
    """Raises AugmentError, naming file, line and field, for a line that a trainer would refuse, skip or read
    otherwise; FixableError where the same rows in another file would do."""
    from augment.exports._validators import ROWS, validate

    for file in files:
        if file.kind not in ROWS:
            continue
        for found in validate(file.kind, room / file.name):
            place = f"{file.name}, line {found.line}, {found.field or 'as a whole'}"
            message = f"{place}: {found.message}; nothing was exported"
            if found.mendable:
                raise FixableError(message, hint=found.hint)
            raise AugmentError(message, hint=f"{found.hint}. No export of ours should hold this: please report it")
