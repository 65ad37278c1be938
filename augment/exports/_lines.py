"""Files of JSON: one object a line, or one array where the file's name ends in ``.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# What some readers take for the end of a line though JSON leaves it as it is.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")


def write_lines(path: Path, values: Iterable[Mapping[str, Any]], *, array: bool = False) -> int:
    """Writes the values and gives how many they were."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        if array:
            file.write("[")
        for value in values:
            text = _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
            file.write((",\n" if count else "\n") + text if array else f"{text}\n")
            count += 1
        if array:
            file.write("\n]\n")
    return count


def read_lines(path: Path, *, array: bool = False) -> Iterable[Any]:
    """The values of such a file, one in memory at a time."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for text in file:
            line = text.strip().removesuffix(",") if array else text
            if not array or line not in ("[", "]", ""):
                yield json.loads(line)
