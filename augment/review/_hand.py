"""Who decides and why, and the values that a person may give a row's fields."""

from __future__ import annotations

import getpass
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from augment.errors import UsageError
from augment.events import EDITABLE
from augment.settings import Settings
from augment.types import Row

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NAME_LENGTH = 100


def default_reviewer(settings: Settings) -> str:
    """``reviewer`` of ``augment.toml``'s defaults, else the name one is logged in under."""
    if named := settings.default("reviewer"):
        return named
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return "reviewer"


@dataclass(frozen=True, slots=True)
class By:
    """Who decides, and why. Made by ``by``."""

    reviewer: str
    reason: str | None = None
    note: str | None = None


def by(reviewer: str, reason: str | None = None, note: str | None = None) -> By:
    """A reviewer's hand, blanks made null. Raises UsageError for what is no name."""
    name = _clean(reviewer).strip()
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        raise UsageError(f"{reviewer!r} is no name of a reviewer", hint=f"1 to {NAME_LENGTH} visible characters")
    return By(name, _blank_to_none(reason), _blank_to_none(note))


def read_field(name: str, text: str) -> Any:
    """A field's value from what a person typed: options are a JSON list of texts, an empty text is null.

    Raises UsageError.
    """
    check_field(name)
    if name != "options":
        return _blank_to_none(text)
    try:
        options = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"options must be a JSON list: {error}", hint='for example ["3", "6", "9", "12"]') from error
    if not isinstance(options, list) or not all(isinstance(o, str) and o.strip() for o in options):
        raise UsageError("options must be a list of texts, none of them blank", hint='for example ["3", "6", "9"]')
    if len(options) == 1 or len(options) > len(LETTERS):
        raise UsageError(f"{len(options)} options", hint="none, or 2 to 26")
    return [str(_clean(option)) for option in options]


def check_field(name: str) -> None:
    if name not in EDITABLE:
        raise UsageError(f"{name!r} cannot be edited", hint=f"one of {', '.join(EDITABLE)}")


def check_choice(row: Row) -> None:
    """Refuses a gold answer that names no option."""
    if not row.options or row.answer is None:
        return
    letters = LETTERS[: len(row.options)]
    if "".join(sorted(set(row.answer))) != row.answer or not set(row.answer) <= set(letters):
        raise UsageError(
            f"the answer {row.answer!r} names no options of this row", hint=f"letters of {letters}, sorted, e.g. AC"
        )


def _blank_to_none(text: str | None) -> str | None:
    return _clean(text) if text is not None and text.strip() else None


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate can be neither stored nor shown
