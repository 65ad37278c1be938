"""What one look found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "warn", "fail", "none"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``augment doctor``. state none: there is nothing to look at. advice: what to do, "" for nothing."""

    name: str
    state: State
    detail: str
    advice: str = ""
