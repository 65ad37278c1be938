"""Pipelines: several stages from one file. Replays: versions made again from what was kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.workbench._exports import Exports
from augment.workbench._stages import Stages

if TYPE_CHECKING:
    from augment.pipelines import Outlook, Pipeline, Report
    from augment.pruning import Pruned
    from augment.replay import Item, Replayed
    from augment.runs import Watcher


class Pipelines(Stages, Exports):
    """A pipeline run, and foreseen; a version made again."""

    def read_pipeline(self, path: Path, *, dataset: str | None = None, budget: float | None = None) -> Pipeline:
        """The pipeline in a file; dataset, budget: in place of its own. Raises NotFound, BadInput."""
        from augment.pipelines import read_pipeline

        found = read_pipeline(path)
        if dataset is not None:
            found = replace(found, dataset=dataset)
        return found if budget is None else replace(found, budget=budget)

    def run_pipeline(
        self,
        pipeline: Pipeline,
        *,
        simulate: bool = False,
        watcher: Watcher | None = None,
        told: Callable[[dict[str, Any]], None] | None = None,
    ) -> Report:
        """Runs what of a pipeline is not done yet; all of it is checked before the first ask. told: sees each stage's
        object as the stage ends. Raises AugmentError."""
        from augment.pipelines import Running, check_pipeline

        with self.catalog_for(simulate=simulate) as catalog:
            check_pipeline(pipeline, catalog, self.settings.workspace)
        running = Running(self, pipeline, simulate, watcher, told or (lambda _: None))
        report = running.run()
        self.remember("last_dataset", pipeline.dataset)
        return report

    def foresee_pipeline(self, pipeline: Pipeline, *, simulate: bool = False) -> Outlook:
        """What of a pipeline that is not done yet would ask and cost; nothing is asked. Raises AugmentError."""
        from augment.pipelines import check_pipeline, find_made, foresee, step_keys

        keys = step_keys(pipeline, simulate=simulate)
        made = find_made(self.store, self.recall, pipeline.dataset, keys)
        done = next((n for n, key in enumerate(keys[1:]) if key not in made), len(pipeline.steps))
        with self.catalog_for(simulate=simulate) as catalog:
            check_pipeline(pipeline, catalog, self.settings.workspace, dry_run=True)
            imported = not pipeline.files or keys[0] in made
            return foresee(pipeline, pipeline.steps[done:], self.store, self.ledger, catalog, imported=imported)

    def prune(self, name: str, *, keep: int | None = None, before: int | None = None, dry_run: bool = False) -> Pruned:
        """Frees what no version kept needs. keep: give up all but the newest so many versions; before: those before
        this one; neither: none, only what killed processes left. Raises NotFound, UsageError, Conflict, DiskTrouble."""
        from augment.pruning import prune

        return prune(self.store, self.ledger, name, keep=keep, before=before, dry_run=dry_run)

    def replay(self, name: str, version: int, told: Callable[[Item], None] | None = None) -> Replayed:
        """Makes a version again from source bytes, ledger and review record, and compares it with the kept one; asks
        nobody. told: sees each version's item as it is ready. Raises NotFound, DiskTrouble."""
        from augment.replay import replay

        return replay(self.store, self.ledger, self.settings, name, version, told or (lambda _: None))
