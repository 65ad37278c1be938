"""What a pipeline would ask and cost: its next stage to the ask, the later ones between bounds.

What a stage will yield is not known before it is asked, so every later stage is counted twice in a scratch workspace:
over the rows as they are where none of the earlier asks brings a row, and as they are where each does, with stand-ins
of the length that answers have. Between the two lies the share of rows that passed in earlier runs of those stages with
those providers, as the ledger knows it; a share that was never measured leaves the bounds where they are.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from augment import loops
from augment.askers import Answer, RowAsker
from augment.catalog import Catalog
from augment.errors import Fault
from augment.forecast import NOT_ASKED, Forecast, forecast
from augment.imports import import_files
from augment.ledger import Ledger
from augment.pipelines._file import Pipeline, Step
from augment.plans import Plan, plan
from augment.rows import derive, derived_id
from augment.runs import execute
from augment.store import Store
from augment.types import Ask, Provider, Row, Skip

RUNS = 100
Z_90 = 1.6449
LEAST_SAID, USUAL_SAID = 60, 400  # characters of a stand-in, where no answer was measured
COUNTS = ("rows_in", "asks", "likely_asks", "at_most_asks", "requests", "characters", "input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the rows worked on pass a stage. seen: rows that it was measured on, 0 where it never was."""

    low: float = 0.0
    likely: float = 1.0
    high: float = 1.0
    seen: int = 0

    def times(self, other: Share) -> Share:
        """Of those that pass one, those that pass the other too."""
        return Share(self.low * other.low, self.likely * other.likely, self.high * other.high)


@dataclass(frozen=True, slots=True)
class Expected:
    """A stage to come. exact: counted over the rows that it will read; otherwise ``low`` and ``high`` are its
    forecasts where no earlier ask brings a row and where each does, and ``arriving`` is the share that is expected."""

    stage: str
    provider: str | None
    exact: bool
    low: Forecast
    high: Forecast
    arriving: Share
    passing: Share | None

    def as_json(self) -> dict[str, Any]:
        """As ``--dry-run --json`` prints it: a forecast, or each number with the bounds it is expected between."""
        passing = None if self.passing is None else asdict(self.passing)
        if self.exact:
            return {"exact": True, **asdict(self.low), "passing": passing}
        found: dict[str, Any] = {"exact": False, "stage": self.stage, "provider": self.provider}
        for name in COUNTS:
            found |= self._between(name, name, whole=True)
        found |= self._between("cost_cny", "cost_cny", "cost_low_cny", "cost_high_cny")
        found |= self._between("seconds_at_limit", "seconds_at_limit")
        return {**found, "arriving": asdict(self.arriving), "passing": passing}

    def _between(self, name: str, middle: str, low: str = "", high: str = "", *, whole: bool = False) -> dict[str, Any]:
        """A number as it is likely, with the least and the most that it is expected to be; None where not known."""
        values = {}
        for end, share, inside in (
            (low or f"{name}_low", self.arriving.low, low),
            (name, self.arriving.likely, ""),
            (high or f"{name}_high", self.arriving.high, high),
        ):
            least, most = ((_of(one, inside) if inside else None) for one in (self.low, self.high))
            least = _of(self.low, middle) if least is None else least
            most = _of(self.high, middle) if most is None else most
            at = None if least is None or most is None else least + share * (most - least)
            values[end] = at if at is None else round(at) if whole else round(at, 4)
        return values


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a whole pipeline is expected to ask and cost."""

    pipeline: str
    dataset: str
    version: int | None
    rows: int
    stages: Sequence[Expected]

    def as_json(self) -> dict[str, Any]:
        """As ``--dry-run --json`` prints it."""
        stages = [one.as_json() for one in self.stages]
        total = {}
        for name in ("likely_asks", "cost_cny", "cost_low_cny", "cost_high_cny"):
            values = [stage.get(name) for stage in stages]
            total[name] = None if None in values else round(math.fsum(values), 4)  # type: ignore[arg-type]  # none is None
        return {
            "dry_run": True,
            "pipeline": self.pipeline,
            "dataset": self.dataset,
            "version": self.version,
            "rows": self.rows,
            "stages": stages,
            "total": total,
        }


def foresee(
    pipeline: Pipeline, steps: Sequence[Step], store: Store, ledger: Ledger, catalog: Catalog, *, imported: bool
) -> Outlook:
    """The outlook of a pipeline's steps that are still to be done. imported: its files are in the dataset already.
    Asks nobody, writes nothing but in a scratch folder. Raises AugmentError."""
    with _scratch(catalog, ledger) as scratch:
        if imported or not pipeline.files:
            version: int | None = store.current(pipeline.dataset)
            scratch.take(store, pipeline.dataset)
        else:
            version = store.current(pipeline.dataset) if store.has(pipeline.dataset) else None
            if version is not None:
                scratch.take(store, pipeline.dataset)
            for one in scratch.stores:
                import_files(one, pipeline.files, pipeline.dataset, pipeline.format)
        rows = scratch.least.count(pipeline.dataset)
        found = list(_expected(pipeline.dataset, steps, scratch))
    return Outlook(str(pipeline.path), pipeline.dataset, version, rows, found)


@dataclass(slots=True)
class _Scratch:
    """Two workspaces that are thrown away: in ``least`` no ask brings a row, in ``most`` each does."""

    least: Store
    most: Store
    aside: Ledger  # of what is run here for good, as offline stages are
    ledger: Ledger
    catalog: Catalog

    @property
    def stores(self) -> tuple[Store, Store]:
        return self.least, self.most

    def take(self, store: Store, dataset: str) -> None:
        """Brings in the rows of a dataset as they are."""
        for one in self.stores:
            with one.draft(dataset) as draft:
                draft.write(store.rows(dataset))
                one.commit(dataset, base=None, added=draft, lineage=_no_lineage, transaction="taken")

    def plan(self, store: Store, dataset: str, step: Step, *, aside: bool = False) -> Plan:
        run = replace(step.run, dry_run=True, budget=None)
        options = step.stage.options(**step.options)
        return plan(store, self.aside if aside else self.ledger, self.catalog, step.stage, dataset, options, run)


@contextmanager
def _scratch(catalog: Catalog, ledger: Ledger) -> Iterator[_Scratch]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="augment-")))
        aside = Ledger(folder / "aside.sqlite")
        stack.callback(aside.close)
        yield _Scratch(Store(folder / "least"), Store(folder / "most"), aside, ledger, catalog)


def _expected(dataset: str, steps: Sequence[Step], scratch: _Scratch) -> Iterator[Expected]:
    arriving, exact = Share(1.0, 1.0, 1.0), True
    for step in steps:
        low = forecast(scratch.plan(scratch.least, dataset, step))
        high = low if exact else forecast(scratch.plan(scratch.most, dataset, step))
        asks = low.provider is not None
        passing = passed(scratch.ledger, step.stage.name, low.provider) if asks or step.stage.drops else None
        yield Expected(step.stage.name, low.provider, exact, low, high, arriving, passing)
        if not asks and not step.stage.drops:
            for store in scratch.stores:
                execute(scratch.plan(store, dataset, step, aside=True))
            continue
        if asks:
            _stand_in(scratch.plan(scratch.most, dataset, step), high)
        # What a stage leaves out depends on texts that are not written yet: its share alone is taken along.
        arriving = arriving.times(passing or Share())
        exact = False


def passed(ledger: Ledger, stage: str, provider: str | None) -> Share:
    """The share of a stage's rows that were done, of those neither skipped nor failed, in its newest runs."""
    found = ledger.query(
        "SELECT summary FROM runs WHERE stage = ? AND provider IS ? AND summary IS NOT NULL"
        " ORDER BY started_at DESC LIMIT ?",
        (stage, provider, RUNS),
    )
    done = refused = 0
    for run in found:
        summary: Mapping[str, Any] = json.loads(run["summary"])
        done += summary.get("done", 0)
        refused += sum((summary.get("rejected") or {}).values())
    seen = done + refused
    if not seen:
        return Share()
    # Wilson's interval of 90 %, which holds for few rows too (Wilson, JASA 22, 1927).
    share, square = done / seen, Z_90**2
    middle = (share + square / (2 * seen)) / (1 + square / seen)
    wide = Z_90 / (1 + square / seen) * math.sqrt(share * (1 - share) / seen + square / (4 * seen**2))
    return Share(max(0.0, middle - wide), share, min(1.0, middle + wide), seen)


@dataclass(slots=True)
class _Silent:
    """Answers nothing."""

    providers: Sequence[Provider]
    others: Sequence[Provider]

    async def ask(self, provider: Provider, ask: Ask, attempt: int, row_id: str) -> Answer:  # noqa: ARG002 - the runner's
        """Raises Fault."""
        raise Fault("transient", "not asked", code=NOT_ASKED, delivery="not_sent")


def _stand_in(chosen: Plan, seen: Forecast) -> None:
    """Makes the version that there would be if each row that is asked about brought what the stage makes."""
    said = _said(seen)
    wanted: set[str] = set()

    async def look() -> None:
        for row in chosen.rows():
            try:
                outcome: object = await chosen.ready.work(row, RowAsker(_Silent(chosen.providers, chosen.others), row))
            except Fault:
                outcome = None
            if not isinstance(outcome, Skip):
                wanted.add(row.row_id)

    loops.run(look())
    if not wanted:
        return
    store, name = chosen.store, chosen.dataset
    with store.draft(name) as whole, store.draft(name) as added:
        for row in store.rows(name):
            whole.write([_filled(chosen, row, said) if row.row_id in wanted else row])
            if row.row_id in wanted and chosen.stage.adds:
                added.write(_made(chosen, row, said))
        store.commit(
            name,
            base=store.current(name),
            whole=whole,
            added=added,
            changed=frozenset(),
            lineage=_no_lineage,
            transaction=derived_id(name, str(store.current(name))),
        )


def _no_lineage(*_: int) -> dict[str, Any]:
    return {}


def _said(seen: Forecast) -> str:
    """A text as long as the stage's answers are."""
    length = USUAL_SAID
    if seen.output_tokens and seen.likely_asks:
        length = round(seen.output_tokens / seen.likely_asks * (seen.characters_per_token or 1.0))
    return "预" * max(LEAST_SAID, length)


def _filled(chosen: Plan, row: Row, said: str) -> Row:
    if chosen.stage.name == "reason":
        return row.with_(reasoning=f"{said}\n答案是：{row.answer}", concluded=row.answer)
    if chosen.stage.name == "answer":
        return row.with_(predicted=row.answer)
    return row


def _made(chosen: Plan, row: Row, said: str) -> Iterator[Row]:
    """What the stage makes of a row: as many rows as it may, with its parent's texts, or texts as long."""
    stage = chosen.stage.name
    number = int(getattr(chosen.options, "questions", 1))
    if stage == "wrong" and chosen.options.option == "all":
        number = max(1, len(row.options) - 1)
    for ordinal in range(number):
        made_by = f"{stage}:{chosen.label}:{ordinal}"
        # In other words than its parent's, as it will be: a row of the same words would ask for the same.
        changes: dict[str, Any] = {"question": f"{row.question or ''}〔{stage} {ordinal}〕"}
        if stage in ("wrong", "evaluate"):
            changes["reasoning"] = said
        if stage == "wrong":
            changes["label"] = "wrong"
        if stage in ("expand", "rebuild"):
            changes |= {"reasoning": None, "question": said[:LEAST_SAID]}
        yield derive(row, derived_id(row.row_id, made_by, ordinal), made_by, **changes)


def _of(seen: Forecast, name: str) -> float | None:
    value = getattr(seen, name)
    return None if value is None else float(value)
