"""What a version keeps of how it was made, so that it can be made again from the ledger with nothing asked.

Beside the options in full: the routes that asks were keyed by, the templates and rubrics as they read, which rows were
chosen where that is more than the rows can tell, when the rows were made, and which rows had no answer. Which single
asks had none is in the ledger (``misses``). No key and no endpoint is kept.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from augment.texts import Texts
from augment.types import Limits, Provider, Route

# Of a run's options, those that decide which rows it works on and what it asks.
CHOOSING = ("where", "sample", "seed", "limit", "target", "fresh")
# What an expression gives differently each time.
UNSTEADY = re.compile(r"\b(random|uuid|gen_random_uuid|now|today|(get_)?current_\w+|transaction_timestamp)\b", re.I)


@dataclass(slots=True)
class Ranges:
    """Places of rows, in order, as beginnings and lengths: what a stop leaves unreached is one."""

    parts: list[list[int]] = field(default_factory=list)

    def add(self, place: int) -> None:
        """Adds a place behind the last."""
        if self.parts and sum(self.parts[-1]) == place:
            self.parts[-1][1] += 1
        else:
            self.parts.append([place, 1])


@dataclass(slots=True)
class Unanswered:
    """The rows that failed, by reason, as places among those that the run read."""

    by_reason: dict[str, Ranges] = field(default_factory=dict)
    place: int = 0

    def pass_by(self, state: str, reason: str) -> None:
        """Books the next row."""
        if state == "failed":
            self.by_reason.setdefault(reason, Ranges()).add(self.place)
        self.place += 1


def recipe(
    options: Any,
    run: Any,
    providers: Sequence[Provider],
    others: Sequence[Provider],
    texts: Texts,
    created_at: dt.datetime,
    unanswered: Unanswered,
    ids: frozenset[str] | None,
    order: Callable[[], Iterable[str]],
) -> dict[str, Any]:
    """What the version's lineage keeps under ``recipe``. ids: the rows chosen, None for all; order: all rows' ids."""
    return {
        "options": asdict(options),
        "run": {name: getattr(run, name) for name in CHOOSING},
        "providers": [_provider(one) for one in providers],
        "others": [_provider(one) for one in others],
        "texts": {asked: list(found) for asked, found in texts.items()},
        "created_at": created_at.isoformat(),
        "failed": {reason: ranges.parts for reason, ranges in unanswered.by_reason.items()},
        "chosen": None if ids is None else _chosen(ids, str(run.where or ""), order),
    }


def ids_digest(ids: Iterable[str]) -> str:
    """The hash of a set of row ids."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()


def read_providers(kept: Sequence[Mapping[str, Any]]) -> tuple[Provider, ...]:
    """Providers as a recipe keeps them: they can be asked for by key, and reached by nobody."""
    return tuple(
        Provider(
            name=one["name"],
            kind=one["kind"],
            routes=tuple(
                Route(
                    **{
                        **route,
                        "endpoint": "",
                        "limits": Limits(**route["limits"]),
                        "parameters": tuple((name, value) for name, value in route["parameters"]),
                    }
                )
                for route in one["routes"]
            ),
        )
        for one in kept
    )


def read_options(kind: type[Any], kept: Mapping[str, Any]) -> Any:
    """Options as a recipe keeps them; those that are no options any more are left out."""
    known = {one.name for one in fields(kind)}
    return kind(**{n: tuple(v) if isinstance(v, list) else v for n, v in kept.items() if n in known})


def _provider(one: Provider) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "routes": [
            {
                "name": route.name,
                "connector": route.connector,
                "model": route.model,
                "limits": {name: value for name, value in asdict(route.limits).items() if value},
                "parameters": [list(pair) for pair in route.parameters],
                "simulated": route.simulated,
                "protocol": route.protocol,
            }
            for route in one.routes
        ],
    }


def _chosen(ids: frozenset[str], where: str, order: Callable[[], Iterable[str]]) -> dict[str, Any]:
    kept: dict[str, Any] = {"rows": len(ids), "sha256": ids_digest(ids)}
    if UNSTEADY.search(where):
        ranges = Ranges()
        for place, row_id in enumerate(order()):
            if row_id in ids:
                ranges.add(place)
        kept["places"] = ranges.parts
    return kept
