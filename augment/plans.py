"""What a run would do, checked before the first ask: names, keys, expressions, rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from augment import scorer
from augment.catalog import Catalog
from augment.connectors import TRANSLATION_PROTOCOL
from augment.errors import FixableError, UsageError
from augment.ledger import Ledger
from augment.query import check_expression, select, values
from augment.routes import open_route
from augment.rows import from_batch, places
from augment.settings import Secret
from augment.stages._stage import Context, Ready, Stage, option
from augment.store import Store
from augment.texts import Texts, noted
from augment.types import Connector, Provider, Route, Row

# Of one request to a chat model: more, and small models begin to lose count.
CHAT_BATCH_ITEMS = 10
CHAT_BATCH_CHARACTERS = 1_500


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What every stage takes beside its own options."""

    provider: str | None = option(None, "who is asked", metavar="NAME")
    fallback: tuple[str, ...] = option((), "who is asked next, may be given again", metavar="NAME")
    model: str | None = option(None, "a model in place of the provider's", metavar="NAME")
    where: str | None = option(None, "only rows for which this SQL expression holds", metavar="SQL")
    sample: int | None = option(None, "only N rows drawn at random", metavar="N")
    seed: int = option(0, "of the sample", metavar="N")
    limit: int | None = option(None, "only the first N rows of what is left", metavar="N")
    target: int | None = option(None, "stop when N rows are accepted", metavar="N")
    preview: int | None = option(None, "run N rows, show them, commit nothing", metavar="N")
    budget: float | None = option(None, "stop before this many CNY are spent", metavar="CNY")
    max_calls: int | None = option(None, "stop after N requests", metavar="N")
    concurrency: int | None = option(None, "at most N requests in flight", metavar="N")
    fresh: str = option("", "ask anew under this tag, e.g. after a model changed behind its name", metavar="TAG")
    dry_run: bool = option(False, "say what it would ask and cost; ask nothing")
    simulate: bool = option(False, "ask the vendors' simulator on this machine; needs no key and costs nothing")


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run needs, checked before the first ask."""

    store: Store
    ledger: Ledger
    catalog: Catalog
    stage: Stage
    ready: Ready
    dataset: str
    version: int
    providers: tuple[Provider, ...]
    others: tuple[Provider, ...]
    options: Any
    run: RunOptions
    ids: frozenset[str] | None
    texts: Texts = field(default_factory=dict)  # the templates and rubrics that the stage reads

    def rows(self) -> Iterator[Row]:
        """The rows the stage reads, in order."""
        left = None if self.ids is None else len(self.ids)
        for batch in self.store.read(self.dataset, self.version):
            taken = places(batch, self.stage.looks_at, self.stage.takes)
            if self.ids is not None and left is not None:
                known = [row_id in self.ids for row_id in batch.column("row_id").to_pylist()]
                left -= sum(known)
                taken = [place for place in taken if known[place]]
            yield from from_batch(batch, taken)
            if left == 0:
                return

    def count(self) -> int:
        """How many rows the stage reads, from the few columns that decide it."""
        ids, found = self.ids, 0
        for batch in self.store.read(self.dataset, self.version, ("row_id", *self.stage.looks_at)):
            taken = places(batch, self.stage.looks_at, self.stage.takes)
            row_ids = [] if ids is None else batch.column("row_id").to_pylist()
            found += len(taken) if ids is None else sum(row_ids[place] in ids for place in taken)
        return found

    @property
    def label(self) -> str | None:
        """The provider as rows carry it; None for an offline stage."""
        return self.providers[0].label if self.providers else None

    @property
    def limits(self) -> str:
        """The provider's request limits, as a person reads them."""
        if not self.providers:
            return ""
        limits = self.providers[0].routes[0].limits
        shown = [f"{value:g} {words}" for value, words in ((limits.rps, "req/s"), (limits.rpm, "req/min")) if value]
        return ", ".join(shown)

    def chosen(self) -> dict[str, Any]:
        """The options that say something, for lineage and the record of runs; a zero does where it is no default."""
        given = {**asdict(self.run), **asdict(self.options)}
        usual = {field.name: field.default for field in (*fields(self.run), *fields(self.options))}
        zeros = {name for name, value in given.items() if type(value) in (int, float) and value != usual[name]}
        return {name: value for name, value in given.items() if value or name in zeros}

    def connect(self, route: Route) -> Connector:
        """The connector of a route, with its keys. Raises KeyMissing, FixableError."""
        return open_route(self.catalog.settings, route, self.secrets(route))

    def secrets(self, route: Route) -> Mapping[str, Secret]:
        """The keys of a route; a scorer of this machine has none. Raises KeyMissing."""
        return {} if scorer.is_scorer(route.endpoint) else self.catalog.secrets(route.entry)


def plan(
    store: Store,
    ledger: Ledger,
    catalog: Catalog,
    stage: Stage,
    dataset: str,
    options: Any,
    run: RunOptions,
) -> Plan:
    """Checks names, keys and expressions and chooses the rows. Raises UsageError, NotFound, KeyMissing."""
    version = store.current(dataset)
    providers, others = check(catalog, stage, options, run)
    return prepared(store, ledger, catalog, stage, dataset, version, options, run, providers, others)


def check(
    catalog: Catalog, stage: Stage, options: Any, run: RunOptions
) -> tuple[tuple[Provider, ...], tuple[Provider, ...]]:
    """Checks what every stage takes, and gives the provider with its fallbacks, and those that the stage's own options
    name. Raises UsageError, NotFound, FixableError, KeyMissing."""
    providers = _providers(catalog, stage, run)
    others = _others(catalog, stage, options, run)
    if run.where is not None:
        check_expression(run.where)
    for name in ("sample", "limit", "target", "preview", "max_calls", "concurrency"):
        value = getattr(run, name)
        if value is not None and value < (1 if name in {"target", "preview", "concurrency"} else 0):
            raise UsageError(f"--{name.replace('_', '-')} {value} makes no sense", hint="give a positive number")
    if run.budget is not None and run.budget < 0:
        raise UsageError(f"--budget {run.budget:g} makes no sense", hint="give a positive number of CNY")
    if run.budget is not None and any(
        _unpriced(route) for provider in (*providers, *others) for route in provider.routes
    ):
        raise FixableError(
            f"--budget needs a price, and that of {providers[0].name!r} is unknown",
            hint=f"add price = {{ input_1k = …, output_1k = … }} to [providers.{providers[0].name}] in augment.toml,"
            " or use --max-calls",
        )
    return providers, others


def prepared(
    store: Store,
    ledger: Ledger,
    catalog: Catalog,
    stage: Stage,
    dataset: str,
    version: int,
    options: Any,
    run: RunOptions,
    providers: tuple[Provider, ...],
    others: tuple[Provider, ...],
) -> Plan:
    """The plan of a checked run over a version: its rows chosen, its stage ready. Raises UsageError, NotFound."""
    least = [bound for bound in (run.limit, run.preview) if bound is not None]
    ids = select(
        store,
        dataset,
        version,
        where=run.where,
        sample=run.sample,
        seed=run.seed,
        limit=min(least) if least else None,
    )
    derived: frozenset[str] = frozenset()
    if stage.adds:
        batches = store.read(dataset, version, ["row_id", "parent_id"])
        derived = frozenset(
            row_id
            for batch in batches
            for row_id, parent in zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)
            if parent is not None
        )

    def matching(expression: str) -> frozenset[str]:
        check_expression(expression)
        return select(store, dataset, version, where=expression) or frozenset()

    read = partial(values, store, dataset, version)
    with noted() as texts:
        ready = stage.prepare(options, Context(catalog.settings.workspace, derived, read, ids, matching))
    return Plan(store, ledger, catalog, stage, ready, dataset, version, providers, others, options, run, ids, texts)


def check_options(workspace: Path, stage: Stage, options: Any) -> None:
    """Has a stage read its own options, over no rows. Raises UsageError, NotFound, BadInput."""

    def matching(expression: str) -> frozenset[str]:
        check_expression(expression)
        return frozenset()

    stage.prepare(options, Context(workspace, ids=frozenset(), matching=matching))


def _providers(catalog: Catalog, stage: Stage, run: RunOptions) -> tuple[Provider, ...]:
    if stage.asks is None or (stage.optional and run.provider is None and not run.fallback):
        return ()
    settings = catalog.settings
    name = run.provider or settings.default("translator" if stage.asks == "translate" else "provider")
    if name is None:
        if stage.asks != "translate":
            raise UsageError(
                f"{stage.name!r} needs a provider", hint="add --provider yi-34b, or see `augment providers`"
            )
        name = "tencent"
    found = [catalog.provider(name, model=run.model)]
    found += [catalog.provider(other) for other in run.fallback]
    for provider in found:
        if provider.kind == "translate" and stage.asks == "chat":
            raise FixableError(f"{provider.name!r} is no chat model", hint="`augment providers` lists them by kind")
    if stage.asks == "translate":
        found = [_as_translator(catalog, provider) for provider in found]
    if not run.dry_run:  # a forecast asks nothing and needs no key
        found = [catalog.keyed(provider) for provider in found]
    return tuple(found)


def _others(catalog: Catalog, stage: Stage, options: Any, run: RunOptions) -> tuple[Provider, ...]:
    """The providers that the stage's own options name. Raises NotFound, FixableError, KeyMissing."""
    found = []
    for name in stage.others(options):
        if scorer.is_scorer(name):
            found.append(scorer.provider(name))
            continue
        provider = catalog.provider(name)
        if provider.kind == "translate":
            raise FixableError(f"{provider.name!r} is no chat model", hint="`augment providers` lists them by kind")
        found.append(provider if run.dry_run else catalog.keyed(provider))
    return tuple(found)


def _as_translator(catalog: Catalog, provider: Provider) -> Provider:
    """The provider with its chat models told how to translate, several texts a request."""
    routes = []
    for route in provider.routes:
        if not catalog.is_translator(route.connector):
            limits = route.limits
            batch = {
                "batch_items": limits.batch_items or CHAT_BATCH_ITEMS,
                "batch_characters": limits.batch_characters or CHAT_BATCH_CHARACTERS,
            }
            route = replace(route, protocol=TRANSLATION_PROTOCOL, limits=replace(limits, **batch))
        routes.append(route)
    return replace(provider, kind="translate", routes=tuple(routes))


def _unpriced(route: Route) -> bool:
    return route.price.characters_1m is None and (route.price.input_1k is None or route.price.output_1k is None)
