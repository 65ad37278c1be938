"""``DS`` and ``DS@vN``."""

from __future__ import annotations

import re
from dataclasses import dataclass

REFERENCE = re.compile(r"(?P<name>[^@]+)(?:@v?(?P<version>\d+))?")
VERSION = re.compile(r"v?(\d+)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A dataset, perhaps at a version. guessed: it was not named, but is the default or the one imported last."""

    name: str
    version: int | None
    guessed: bool = False
