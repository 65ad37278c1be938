"""From a route of the catalog to the connector that speaks its wire, wherever the server is."""

from __future__ import annotations

from collections.abc import Mapping

from augment import scorer
from augment.connectors import load
from augment.settings import Secret, Settings
from augment.types import Connector, Route

LOCAL = "local:"  # how an endpoint says that this machine serves it (augment/local)


def open_route(settings: Settings, route: Route, secrets: Mapping[str, Secret]) -> Connector:
    """A connector with its keys. Weights of this machine are served from the first ask until it is closed.

    Raises KeyMissing, NotFound, FixableError where an SDK or the weights are not installed, Fault.
    """

    def speaking(found: Route) -> Connector:
        return load(found.connector).connect(found, secrets)

    if scorer.is_scorer(route.endpoint):
        return scorer.connector(route)
    if not route.endpoint.startswith(LOCAL):
        return speaking(route)
    from augment import local  # seldom, and slow to load

    return local.connector(settings, route, speaking)
