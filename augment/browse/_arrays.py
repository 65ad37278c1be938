"""Columns as files of arrays: read in milliseconds, without a pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

import numpy as np

WORDS = "_words"  # of a field that holds texts
Kind = TypeVar("Kind")


def save(folder: Path, name: str, value: Any) -> None:
    """Keeps an array, or a named tuple of arrays, numbers and lists of texts."""
    fields = value._asdict() if hasattr(value, "_asdict") else {"": value}
    packed: dict[str, Any] = {}
    for key, one in fields.items():
        if isinstance(one, list):
            packed[f"{key}{WORDS}"] = np.frombuffer(json.dumps(one).encode(), np.uint8)
        else:
            packed[f"{key}_"] = np.asarray(one)
    np.savez(folder / _file(name), **packed)


def load(folder: Path, name: str, kind: type[Kind] | None) -> Kind | None:
    """What was kept under a name: of a kind of named tuple, or an array; None where nothing was, or is whole."""
    try:
        with np.load(folder / _file(name)) as found:
            fields = {key: found[key] for key in found.files}
    except (OSError, ValueError, EOFError, KeyError, BadZipFile):
        return None
    if kind is None:
        return fields["_"]  # type: ignore[no-any-return]  # an array, as it was kept
    return kind(
        **{
            key.removesuffix(WORDS) if key.endswith(WORDS) else key[:-1]: _value(key, one)
            for key, one in fields.items()
        }
    )


def _value(key: str, found: Any) -> Any:
    if key.endswith(WORDS):
        return json.loads(found.tobytes())
    return found if found.ndim else int(found)


def _file(name: str) -> str:
    return f"{name.replace(' ', '-')}.npz"
