"""Small weights served on this machine, without a key and without a cloud: a demonstration of the whole way.

``install`` fetches a runtime and weights once for the user; ``serving`` gives an address on OpenAI's wire while a run
needs it. What the weights write shows that everything works; it is no data to train on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from augment.local._install import Installed, Status, home, install, installed_paths, remove, status
from augment.local._packages import Packages, Weights, read_packages, shipped
from augment.local._server import Server, Told
from augment.settings import Settings

__all__ = [
    "MARK",
    "Installed",
    "Packages",
    "Status",
    "Weights",
    "home",
    "install",
    "read_packages",
    "remove",
    "serving",
    "shipped",
    "status",
    "weights_of",
]

MARK = "local:"  # how an endpoint of the catalog says that this room serves it; the weights' name may follow


def weights_of(endpoint: str) -> str | None:
    """The weights that an endpoint of the catalog names after ``local:``, None for the default ones."""
    return endpoint.removeprefix(MARK) or None


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
