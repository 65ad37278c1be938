"""Small weights served on this machine, without a key and without a cloud: a demonstration of the whole way.

``install`` fetches a runtime and weights once for the user; ``serving`` gives an address on OpenAI's wire while a run
needs it. What the weights write shows that everything works; it is no data to train on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from augment.local._connector import Local
from augment.local._install import Installed, Status, home, install, installed_paths, remove, status
from augment.local._packages import Packages, Weights, read_packages, shipped
from augment.local._server import Server, Told
from augment.settings import Settings
from augment.types import Connector, Route

__all__ = [
    "MARK",
    "Installed",
    "Packages",
    "Status",
    "Weights",
    "connector",
    "home",
    "install",
    "is_local",
    "read_packages",
    "remove",
    "serving",
    "shipped",
    "status",
]

MARK = "local:"  # how an endpoint of the catalog says that this room serves it; the weights' name may follow


def is_local(route: Route) -> bool:
    """Whether a route of the catalog is served here: its endpoint is ``local:`` or ``local:WEIGHTS``."""
    return route.endpoint.startswith(MARK)


def connector(
    settings: Settings,
    route: Route,
    connect: Callable[[Route], Connector],
    *,
    told: Told = lambda _: None,
    packages: Packages | None = None,
) -> Connector:
    """The connector of such a route. connect: makes the one that speaks the wire, once the address is known.

    The weights are loaded with the first ask. Raises NotFound, and FixableError where they are not installed.
    """
    packages = packages or shipped()
    weights = packages.named(route.endpoint.removeprefix(MARK) or None)
    installed_paths(settings, weights, packages)
    return Local(route, partial(serving, settings, weights.name, told=told, packages=packages), connect)


@contextmanager
def serving(
    settings: Settings,
    name: str | None = None,
    *,
    port: int = 0,
    told: Told = lambda _: None,
    packages: Packages | None = None,
) -> Iterator[str]:
    """The base address, with ``/v1``, of a server of these weights, for as long as the block lasts.

    One process serves all blocks of this process that want the same weights; it ends with the last of them, or with
    us, however we end. told: hears of a process that died and was started again. Raises NotFound, and FixableError
    where the weights are not installed or do not start.
    """
    packages = packages or shipped()
    weights = packages.named(name)
    runtime, file = installed_paths(settings, weights, packages)
    server = _server(runtime, file, weights.model)
    url = server.hold(settings.environment, told, port)
    try:
        yield url
    finally:
        server.release()


@cache
def _server(runtime: Path, file: Path, model: str) -> Server:
    return Server(runtime, file, model)
