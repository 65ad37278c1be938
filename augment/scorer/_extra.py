"""What only a scorer needs, loaded when it is needed: torch, transformers, safetensors."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from augment.errors import FixableError

PACKAGES = ("torch", "transformers", "safetensors")
HINT = "pip install 'augment-workbench[train]'   (in a checkout: pip install -e '.[train]')"


def require_extra() -> None:
    """Raises FixableError where a package of the extra is missing; imports none."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise FixableError(f"a scorer needs {', '.join(missing)}, which {_is_not(missing)} installed", hint=HINT)


def load(name: str) -> Any:
    """A module of these packages. Raises FixableError."""
    try:
        return import_module(name)
    except ImportError as error:
        raise FixableError(f"a scorer needs {name}, which cannot be loaded: {error}", hint=HINT) from error


def _is_not(names: list[str]) -> str:
    return "is not" if len(names) == 1 else "are not"
