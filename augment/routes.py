"""From a route of the catalog to the connector that speaks its wire, wherever the server is."""

from __future__ import annotations

from collections.abc import Mapping

from augment import local
from augment.connectors import load
from augment.settings import Secret, Settings
from augment.types import Connector, Route


def open_route(settings: Settings, route: Route, secrets: Mapping[str, Secret]) -> Connector:
    """A connector with its keys. Weights of this machine are served from the first ask until it is closed.

    Raises KeyMissing, NotFound, FixableError where an SDK or the weights are not installed, Fault.
    """

    def speaking(found: Route) -> Connector:
        return load(found.connector).connect(found, secrets)

    return local.connector(settings, route, speaking) if local.is_local(route) else speaking(route)
