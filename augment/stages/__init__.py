"""The stages, one file each; the file's name is the command's."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from augment.errors import NotFound
from augment.stages._stage import Stage


def names() -> list[str]:
    """Every stage's name, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def load(name: str) -> Stage:
    """The stage of that name. Raises NotFound."""
    if name not in names():
        raise NotFound(f"no stage {name!r}", hint=f"there are: {', '.join(names())}")
    stage: Stage = import_module(f"augment.stages.{name}").STAGE
    if stage.name != name:
        raise TypeError(f"stages/{name}.py calls its stage {stage.name!r}")
    return stage
