"""Which formats there are: one file of this folder each, found by its name."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

from augment.errors import UsageError
from augment.exports._format import Format

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Every format, by the files of this folder; none is imported."""
    found = (module.name for module in pkgutil.iter_modules([str(FOLDER)]) if not module.name.startswith("_"))
    return sorted(name.removesuffix("_").replace("_", "-") for name in found)


def abouts() -> dict[str, str]:
    """Every format with the first line of its file; none is imported."""
    return {name: (_docstring(name).partition("\n")[0]).partition(": ")[2].rstrip(".") for name in names()}


def load(name: str) -> Format:
    """A format by name. Raises UsageError."""
    if name not in names():
        raise UsageError(f"there is no format {name!r}", hint=f"formats: {', '.join(names())}")
    found: Format = importlib.import_module(f"augment.exports.{_path(name).stem}").FORMAT
    return found


def _docstring(name: str) -> str:
    return ast.get_docstring(ast.parse(_path(name).read_text("utf-8"))) or ""


def _path(name: str) -> Path:
    """The format's file; with an underscore behind where its name is that of another module."""
    plain = FOLDER / f"{name.replace('-', '_')}.py"
    return plain if plain.is_file() else plain.with_name(f"{plain.stem}_.py")
