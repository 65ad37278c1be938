"""One file a vendor's wire; a file's name is the connector's name in the catalog.

Each offers ``connect(route, secrets) -> Connector``. ``send`` puts exactly one request on the wire and ends in a Reply
or a Fault; limits, retries and the ledger stand around it. Files with a leading underscore are shared machinery.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

from augment.connectors._translating import TRANSLATION_PROTOCOL as TRANSLATION_PROTOCOL
from augment.errors import FixableError, NotFound
from augment.settings import Secret
from augment.types import Connector, Route


class Module(Protocol):
    """What every file of this folder offers. PACKAGE: what it imports, and what to do where that is not installed."""

    PACKAGE: tuple[str, str]

    def connect(self, route: Route, secrets: Mapping[str, Secret]) -> Connector:
        """A connector for one route. Raises KeyMissing."""
        ...


def names() -> list[str]:
    """Every connector there is, by name."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))


def load(name: str) -> Module:
    """The connector's module. Raises NotFound for a name that is none, FixableError where its SDK is not installed."""
    if name not in names():
        raise NotFound(f"no connector {name!r}", hint=f"connectors: {', '.join(names())}")
    module = cast(Module, importlib.import_module(f"{__name__}.{name}"))
    package, remedy = module.PACKAGE
    if importlib.util.find_spec(package) is None:
        raise FixableError(f"the connector {name!r} needs the package {package!r}, which is not installed", hint=remedy)
    return module
