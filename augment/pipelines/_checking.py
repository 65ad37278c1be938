"""A pipeline looked through whole before its first ask: what the last stage cannot do is not found after the first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from augment.catalog import Catalog
from augment.errors import AugmentError
from augment.pipelines._file import Pipeline
from augment.plans import check, check_options


def check_pipeline(pipeline: Pipeline, catalog: Catalog, workspace: Path, *, dry_run: bool = False) -> None:
    """Raises what the first stage that cannot run would raise, its place in the file named: UsageError, NotFound,
    FixableError, KeyMissing, BadInput."""
    for number, step in enumerate(pipeline.steps, 1):
        run = replace(step.run, dry_run=dry_run)
        if pipeline.budget is not None and run.budget is None:
            run = replace(run, budget=pipeline.budget)
        try:
            options = step.stage.options(**step.options)
            check(catalog, step.stage, options, run)
            check_options(workspace, step.stage, options)
        except AugmentError as error:
            line = f", line {step.line}" if step.line else ""
            placed(error, f"{pipeline.path}{line}: [[stages]] {number} ({step.stage.name})")
            raise


def placed(error: AugmentError, where: str) -> None:
    """Has the error say first where it was met."""
    error.message = f"{where}: {error.message}"
    error.args = (error.message,)
