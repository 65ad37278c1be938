"""Provider names and what stands behind them: connector, model, endpoint, keys, limits, prices.

``catalog.toml`` ships with the program; ``[providers.NAME]`` of ``augment.toml`` adds to it or overrides it, field by
field. Endpoints move by the environment first, then ``augment.toml``, then the catalog.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from augment.errors import BadInput, FixableError, KeyMissing, NotFound
from augment.provider_fields import check_fields
from augment.settings import Secret, Settings, without_password
from augment.types import Limits, Price, Provider, Route

SIMULATED_RPS = 100
SCHEMES = ("http://", "https://", "ws://", "wss://", "local:")
STAND_IN = "OPENAI_BASE_URL"  # where a rehearsed server of OpenAI's wire is, unless it has a wire of its own:
# Variables that the simulator sets beside OpenAI's own: what ships under them is rehearsed on its own wire.
SIMULATED_WIRES = frozenset(
    {"DEEPSEEK_BASE_URL", "TOKENHUB_BASE_URL", "VLLM_BASE_URL", "SPARK_BASE_URL", "SPARK_TUNED_BASE_URL"}
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of ``augment providers``. model "": ``asks_for`` says where the name comes from."""

    name: str
    kind: str
    connector: str
    model: str
    asks_for: str
    endpoint: str
    limits: Limits
    price: Price
    key: bool
    needs_key: bool
    variables: tuple[str, ...]
    retired_on: str
    instead: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """The providers of one workspace. simulated: every route is marked, and points where ``settings`` says."""

    settings: Settings
    simulated: bool = False

    def names(self) -> list[str]:
        """Every provider's name, sorted."""
        return sorted({*_shipped()["providers"], *self.settings.toml.get("providers", {})})

    def provider(self, name: str, *, model: str | None = None) -> Provider:
        """The provider of that name, or of that model's name, its routes in order. model: asked in place of its own.

        Raises NotFound, BadInput, FixableError.
        """
        name = self.known_as(name)
        found = self._entry(name)
        if self.simulated and not found.get("simulated", False):
            raise FixableError(
                f"the simulator does not speak the wire of {name!r}", hint="with --simulate use another provider"
            )
        routes = [self._route(name, found, model)]
        for place in found.get("routes", []):
            other, _, its_model = place.partition(":")
            entry = self._entry(other)
            if not self.simulated or entry.get("endpoint_env") != STAND_IN:
                same = its_model.casefold() == str(found.get("model", "")).casefold()  # another way to the same model
                routes.append(self._route(other, entry, (model if same else None) or its_model or None))
        return Provider(
            name=name,
            kind=found.get("kind", "chat"),
            routes=tuple(routes),
            probe_first=bool(found.get("probe_first", False)),
            notice=str(found.get("instead", "")),
        )

    def known_as(self, name: str) -> str:
        """The provider's own name, where it was called by its model's name or another of its names."""
        if name in self.names():
            return name
        for known in [*self.settings.toml.get("providers", {}), *_shipped()["providers"]]:
            entry = self._entry(known)
            if name.casefold() in {str(other).casefold() for other in (entry.get("model"), *entry.get("names", []))}:
                return str(known)
        return name

    def variables(self, name: str) -> tuple[str, ...]:
        """The variables that the keys of a provider are read from, the usual one of each."""
        return tuple(names[0] for names in self._entry(name).get("keys", {}).values() if names)

    def keyed(self, provider: Provider) -> Provider:
        """The provider with those of its routes whose keys are set. Raises KeyMissing where none has, for the first."""
        missing: list[KeyMissing] = []
        routes = []
        for route in provider.routes:
            try:
                self.secrets(route.entry)
                routes.append(route)
            except KeyMissing as error:
                missing.append(error)
        if not routes:
            raise missing[0]
        return replace(provider, routes=tuple(routes))

    def secrets(self, name: str) -> dict[str, Secret]:
        """The keys of a provider that are set, by the names its connector knows. Raises KeyMissing where some lack."""
        found = self._entry(name)
        keys: Mapping[str, list[str]] = found.get("keys", {})
        secrets = {key: secret for key, names in keys.items() if (secret := self.settings.secret(names)) is not None}
        needs: list[list[str]] = found.get("needs", [[]])
        if any(all(key in secrets for key in group) for group in needs):
            return secrets
        # Name what is missing of the group the user has begun, else of the first.
        group = max(needs, key=lambda group: sum(key in secrets for key in group))
        missing = [keys[key][0] for key in group if key not in secrets]
        verb = "is" if len(missing) == 1 else "are"
        raise KeyMissing(
            f"{name!r} needs a key and {' and '.join(missing)} {verb} not set",
            hint=f"add {' and '.join(f'{variable}=…' for variable in missing)} to .env"
            + (", or try `--simulate`, which needs none" if found.get("simulated") else ""),
        )

    def listed(self) -> list[Listed]:
        """Every provider with whether its key is set."""
        lines = []
        for name in self.names():
            provider = self.provider(name)
            route = provider.routes[0]
            try:
                self.keyed(provider)
                key = True
            except KeyMissing:
                key = False
            lines.append(
                Listed(
                    name,
                    provider.kind,
                    route.connector,
                    route.model,
                    route.model
                    or ("your service" if "service_id" in self._entry(name)["keys"] else "the first served"),
                    without_password(route.endpoint),
                    route.limits,
                    route.price,
                    key,
                    [] not in self._entry(name).get("needs", [[]]),
                    self.variables(name),
                    route.retired_on,
                    route.instead,
                )
            )
        return lines

    @staticmethod
    def is_translator(connector: str) -> bool:
        """Whether a connector's wire knows translation, so that a chat model need not be asked for it in words."""
        return bool(_shipped()["connectors"].get(connector, {}).get("kind") == "translate")

    def _entry(self, name: str) -> dict[str, Any]:
        """The provider's fields over its connector's, the user's over both."""
        shipped = _shipped()["providers"].get(name)
        own = self.settings.toml.get("providers", {}).get(name)
        if shipped is None and own is None:
            raise NotFound(f"no provider {name!r}", hint=f"there are: {', '.join(self.names())}")
        own = own or {}
        check_fields(name, own)
        connector = own.get("connector") or (shipped or {}).get("connector")
        if not connector:
            raise BadInput(
                f"augment.toml [providers.{name}] names no connector",
                hint='add connector = "openai" for a server that speaks OpenAI\'s wire',
            )
        if find_spec(f"augment.connectors.{connector}") is None:
            raise BadInput(
                f"augment.toml [providers.{name}] connector = {connector!r}: there is none of that name",
                hint=f"there are: {', '.join(sorted(_shipped()['connectors']))}",
            )
        entry = _merged(_shipped()["connectors"].get(connector, {}), shipped or {})
        entry = _merged(entry, own)
        if connector == "openai" and self.simulated and (own or entry.get("endpoint_env") not in SIMULATED_WIRES):
            entry["keys"], entry["endpoint_env"] = {"api_key": ["OPENAI_API_KEY"]}, STAND_IN
            entry["needs"], entry["endpoint_path"] = [["api_key"]], ""
        elif connector == "openai" and shipped is None:  # a server of the user's: its variables carry its name
            upper = name.upper().replace("-", "_").replace(".", "_")
            entry["keys"] = own.get("keys") or {"api_key": [f"{upper}_API_KEY"]}
            entry["endpoint_env"] = own.get("endpoint_env", f"{upper}_BASE_URL")
        if "key" in own and not self.simulated:
            entry["keys"] = {**entry.get("keys", {}), "api_key": [own["key"]]}
            entry["needs"] = own.get("needs") or entry.get("needs") or [["api_key"]]
        elif connector == "openai" and shipped is None:
            entry["needs"] = own.get("needs", [[]])
        return entry

    def _route(self, name: str, found: Mapping[str, Any], model: str | None) -> Route:
        connector = str(found["connector"])
        return Route(
            # The vendor's own wire is one route whatever the provider is called; another's server is another route.
            name=(connector if name in _shipped()["providers"] and connector != "openai" else name)
            + self._service(found),
            entry=name,
            connector=connector,
            model=model or str(found.get("model", "")),
            endpoint=self._endpoint(name, found),
            api=str(found.get("api", "")),
            limits=self._limits(name, found),
            price=_values(Price, found.get("price", {}), f"[providers.{name}.price]"),
            parameters=tuple(sorted(found.get("parameters", {}).items())),
            options=tuple(sorted(found.get("options", {}).items())),
            timeout_s=float(found.get("timeout_s", 60)),
            retired_on=str(found.get("retired_on", "")),
            instead=str(found.get("instead", "")),
            simulated=self.simulated,
        )

    def _endpoint(self, name: str, found: Mapping[str, Any]) -> str:
        """Where a provider is, without a slash at the end. Raises BadInput for what is no address."""
        moved = self.settings.get(found.get("endpoint_env", ""))
        address = moved or str(found.get("endpoint", ""))
        if address and not address.startswith(SCHEMES):
            raise BadInput(
                f"the endpoint of {name!r} is {without_password(address)!r}",
                hint="write it with its beginning, e.g. http://127.0.0.1:8000/v1",
            )
        if found["connector"] == "openai" and not address:
            raise BadInput(
                f"[providers.{name}] names no endpoint",
                hint=f'add endpoint = "https://…/v1" to it, or {found["endpoint_env"]}=… to .env',
            )
        return (address.rstrip("/") + found.get("endpoint_path", "") if moved else address).rstrip("/")

    def _service(self, found: Mapping[str, Any]) -> str:
        """What tells a service tuned on one's own data from another in the ledger; "" where there is none."""
        service = self.settings.secret(found.get("keys", {}).get("service_id", []))
        return f".{hashlib.sha256(service.reveal().encode()).hexdigest()[:8]}" if service is not None else ""

    def _limits(self, name: str, found: Mapping[str, Any]) -> Limits:
        limits: Limits = _values(Limits, found.get("limits", {}), f"[providers.{name}.limits]")
        if self.simulated:  # a rehearsal need not take the real thing's hours; what shapes a request stays
            return replace(limits, rps=SIMULATED_RPS, rpm=0, tpm=0, rpd=0)
        return limits


@cache
def _shipped() -> dict[str, Any]:
    return tomllib.loads(files("augment").joinpath("catalog.toml").read_text("utf-8"))


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for name, value in over.items():
        merged[name] = {**under.get(name, {}), **value} if isinstance(value, dict) else value
    return merged


def _values(kind: type[Any], given: Mapping[str, Any], where: str) -> Any:
    known = {field.name for field in fields(kind)}
    unknown = sorted(set(given) - known)
    if unknown:
        raise BadInput(f"augment.toml {where} has no field {unknown[0]!r}", hint=f"fields: {', '.join(sorted(known))}")
    for field in fields(kind):
        value = given.get(field.name, 0)
        whole = isinstance(value, int) and not isinstance(value, bool)
        number = whole or (isinstance(value, float) and field.type != "int")
        if field.name not in {"on", "source"} and not (number and value >= 0):
            wanted = "a whole number, 0 or more" if field.type == "int" else "a number, 0 or more"
            raise BadInput(f"augment.toml {where} {field.name} = {value!r}", hint=wanted)
    return kind(**given)
