"""What was written, read back by the rules of those who will read it: a line they would skip is an error of ours."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from augment.errors import AugmentError
from augment.exports._format import Written
from augment.exports._lines import read_lines

RULES = "validators"
"""The module of this folder that holds them; it is no format."""


class Offence(Protocol):
    """One thing a consumer would refuse or skip. line: from 1; field: which part of it; message: which rule."""

    @property
    def line(self) -> int: ...
    @property
    def field(self) -> str: ...
    @property
    def message(self) -> str: ...


Validator = Callable[[Iterable[Any]], Iterator[Offence]]


def rules() -> Mapping[str, Validator]:
    """The validators by the kind of file they read."""
    name = f"augment.exports.{RULES}"
    if importlib.util.find_spec(name) is None:
        return {}
    found: Mapping[str, Validator] = importlib.import_module(name).validators
    return found


def read_back(room: Path, files: Sequence[Written]) -> list[str]:
    """The kinds whose files were read back. Raises AugmentError, naming file, line and field, for what would be
    skipped."""
    known = rules()
    read: list[str] = []
    for file in files:
        if file.kind not in known:
            continue
        path = room / file.name
        for offence in known[file.kind](read_lines(path, array=path.suffix == ".json")):
            raise AugmentError(
                f"{file.name}, line {offence.line}, {offence.field}: {offence.message}; nothing was exported",
                hint="this is a mistake of ours: please report it with the row's shape",
            )
        read.append(file.kind)
    return read
