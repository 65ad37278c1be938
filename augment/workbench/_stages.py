"""Stages: run, foreseen, and what they asked and cost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from augment.catalog import Catalog
from augment.errors import UsageError
from augment.workbench._datasets import Datasets

if TYPE_CHECKING:
    from augment.forecast import Forecast
    from augment.plans import RunOptions
    from augment.runs import Part, Summary, Watcher


class Stages(Datasets):
    """Runs and their records."""

    def run(
        self,
        stage: str,
        dataset: str | None = None,
        *,
        options: Mapping[str, Any] | None = None,
        run: RunOptions | None = None,
        watcher: Watcher | None = None,
        part: Part | None = None,
    ) -> Summary:
        """Runs a stage and commits one version. options: the stage's own, by name; part: of a pipeline.
        Raises AugmentError."""
        from augment.runs import execute

        with self._plan(stage, dataset, options or {}, run) as plan:
            return execute(plan, watcher, part)

    def forecast(
        self,
        stage: str,
        dataset: str | None = None,
        *,
        options: Mapping[str, Any] | None = None,
        run: RunOptions | None = None,
    ) -> Forecast:
        """What the run would ask and cost; nothing is asked."""
        from augment.forecast import forecast

        with self._plan(stage, dataset, options or {}, run) as plan:
            return forecast(plan)

    @contextlib.contextmanager
    def _plan(
        self, name: str, dataset: str | None, options: Mapping[str, Any], run: RunOptions | None
    ) -> Iterator[Any]:
        from augment.plans import RunOptions, plan
        from augment.stages import load

        stage = load(name)
        run = run or RunOptions()
        reference = self.resolve(dataset)
        if reference.version is not None and reference.version != self.at(reference):
            raise UsageError(
                f"a stage reads the newest version, not v{reference.version}",
                hint=f"`augment restore v{reference.version} --dataset {reference.name}` makes it the newest",
            )
        with self.catalog_for(simulate=run.simulate) as catalog:
            yield plan(self.store, self.ledger, catalog, stage, reference.name, stage.options(**options), run)

    @contextlib.contextmanager
    def catalog_for(self, *, simulate: bool) -> Iterator[Catalog]:
        """The catalog; simulated, over a simulator in this process, with no key of the user's in reach."""
        if not simulate:
            yield self.catalog
            return
        from augment.simulator.options import SimulatorOptions
        from augment.simulator.server import serve_in_thread

        with serve_in_thread(self.simulator_options or SimulatorOptions()) as simulator:
            yield Catalog(replace(self.settings, environment=simulator.env, dotenv={}), simulated=True)

    # ── what was asked and spent ──────────────────────────────────────────────────────────────────────────────────────

    def attempts(self, row_id: str) -> list[dict[str, Any]]:
        """Every ask made for a row, oldest first: stage, provider, attempt, request, reply, faults, cost."""
        from augment.records import attempts

        return attempts(self.ledger, row_id)

    def outcomes(self, name: str, row_id: str) -> list[dict[str, Any]]:
        """What became of a row in the stages that rejected or failed it."""
        from augment.records import outcomes

        return outcomes(self.ledger, name, row_id)

    def runs(
        self,
        limit: int | None = 100,
        *,
        dataset: str | None = None,
        stage: str | None = None,
        state: str | None = None,
    ) -> list[dict[str, Any]]:
        """The runs of this workspace, newest first, each with its summary. Raises UsageError."""
        from augment.records import runs

        return runs(self.ledger, dataset=dataset, stage=stage, state=state, limit=limit)

    def cost(self, by: Sequence[str] = ("provider",), *, run_id: str | None = None) -> list[dict[str, Any]]:
        """What was spent, by run, stage, provider, dataset, day, or several (``spending.spent``). Raises UsageError."""
        from augment.spending import spent

        return spent(self.ledger, by, run_id=run_id)
