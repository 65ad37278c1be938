"""A pipeline run from where it stands to its end: each stage one version, none for a stage that was cut short."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from augment.errors import AugmentError, BudgetReached
from augment.exports import Exported, ExportOptions
from augment.imports import ImportSummary
from augment.ledger import Ledger
from augment.pipelines._checking import placed
from augment.pipelines._file import Exporting, Pipeline, Step
from augment.pipelines._progress import Made, find_made, spent_cny, step_keys
from augment.plans import RunOptions
from augment.progress import Live
from augment.runs import Part, Summary, Watcher
from augment.store import Store

ENDED, ENDED_WITH_FAILURES = frozenset({0}), frozenset({0, 4})
SUMS = ("calls", "from_ledger", "possibly_paid_twice", "input_tokens", "output_tokens", "cost_cny", "seconds")
KEPT = "what was answered is kept; the stage makes its version when it comes to its end: type the command again"


class Bench(Protocol):
    """What of the front door a pipeline needs."""

    @property
    def store(self) -> Store: ...
    @property
    def ledger(self) -> Ledger: ...
    def recall(self, name: str) -> str | None: ...
    def remember(self, name: str, value: str) -> None: ...
    def import_files(
        self,
        files: Sequence[Path],
        name: str | None = None,
        format: str | None = None,  # noqa: A002 - the flag's name
        more: Mapping[str, Any] | None = None,
    ) -> ImportSummary: ...
    def run(
        self,
        stage: str,
        dataset: str | None = None,
        *,
        options: Mapping[str, Any] | None = None,
        run: RunOptions | None = None,
        watcher: Watcher | None = None,
        part: Part | None = None,
    ) -> Summary: ...
    def export(
        self,
        dataset: str | None,
        format: str,  # noqa: A002 - the flag's name
        path: Path,
        options: ExportOptions | None = None,
    ) -> Exported: ...


@dataclass(slots=True)
class Report:
    """What a pipeline did. imported: of its files, None where it has none; stages: what each printed, in order;
    ``already_done`` stands in those that an earlier command brought to their end, and their calls are none of this
    one's. total: of all stages."""

    pipeline: str
    sha256: str
    dataset: str
    from_version: int | None = None
    version: int | None = None
    imported: dict[str, Any] | None = None
    stages: list[dict[str, Any]] = field(default_factory=list)
    exports: list[dict[str, Any]] = field(default_factory=list)
    exit_code: int = 0
    message: str = ""
    hint: str = ""

    def as_json(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            "pipeline": self.pipeline,
            "sha256": self.sha256,
            "dataset": self.dataset,
            "from_version": self.from_version,
            "version": self.version,
            "import": self.imported,
            "stages": self.stages,
            "exports": self.exports,
            "total": self.total,
        }

    @property
    def total(self) -> dict[str, Any]:
        """The sums over the stages; a cost that is not known makes the sum unknown."""
        found: dict[str, Any] = {}
        for name in SUMS:
            values = [stage.get(name) for stage in self.stages]
            found[name] = None if None in values else round(sum(values), 6)  # type: ignore[arg-type]  # none is None
        return found

    def ends(self, exit_code: int, message: str, hint: str) -> None:
        """Takes the ending of a stage for that of the whole, where none came before."""
        if not self.exit_code:
            self.exit_code, self.message, self.hint = exit_code, message, hint


Told = Callable[[dict[str, Any]], None]
"""Is given each stage's object when the stage has ended."""


@dataclass(slots=True)
class Running:
    """One run of a pipeline. told: sees each stage's summary as it ends."""

    bench: Bench
    pipeline: Pipeline
    simulate: bool = False
    watcher: Watcher | None = None
    told: Told = lambda _: None
    _keys: list[str] = field(default_factory=list)
    _made: dict[str, Made] = field(default_factory=dict)
    _earlier_cny: float = 0.0
    _billed_cny: float = 0.0

    def run(self) -> Report:
        """Every step that is not done yet, in order. Raises AugmentError where a stage cannot begin."""
        pipeline, bench = self.pipeline, self.bench
        report = Report(str(pipeline.path), pipeline.sha256, pipeline.dataset)
        self._keys = step_keys(pipeline, simulate=self.simulate)
        self._made = find_made(bench.store, bench.recall, pipeline.dataset, self._keys)
        if pipeline.budget is not None:
            self._earlier_cny = spent_cny(bench.ledger, self._keys[-1])
        here = bench.store.has(pipeline.dataset)
        report.from_version = report.version = bench.store.current(pipeline.dataset) if here else None
        try:
            again = self._import(report)
            for number, step in enumerate(pipeline.steps, 1):
                made = None if again else self._made.get(self._keys[number])
                if made is not None:
                    self._tell(report, {**made.summary, **_nothing_asked(), "already_done": True})
                    continue
                summary = self._run(number, step)
                again = again or summary.version != summary.from_version
                report.version = summary.version
                self._tell(report, summary.as_json())
                report.ends(summary.exit_code, summary.message, summary.hint)
                if summary.exit_code not in (ENDED_WITH_FAILURES if pipeline.on_failed == "continue" else ENDED):
                    report.message += f" (stage {number} of {len(pipeline.steps)}, {step.stage.name})"
                    report.hint = f"{report.hint}; {KEPT}" if report.hint else KEPT
                    return report
            for one in pipeline.exports:
                report.exports.append(self._export(one))
        except KeyboardInterrupt:
            report.ends(130, "interrupted", KEPT)
        return report

    def _import(self, report: Report) -> bool:
        """Brings the files in; whether that made a version, so that every stage has new rows to see."""
        pipeline, bench, key = self.pipeline, self.bench, self._keys[0]
        if not pipeline.files:
            bench.store.current(pipeline.dataset)  # raises where there is none
            return False
        if key in self._made:
            report.imported = {**self._made[key].summary, "already_done": True}
            return False
        found = bench.import_files(
            pipeline.files, pipeline.dataset, pipeline.format, {"pipeline": {**self._lineage(0), "whole": True}}
        )
        bench.remember(f"pipeline:{key}", _text(found.as_json()))
        report.imported = found.as_json()
        report.version = found.version
        return found.version != found.from_version

    def _run(self, number: int, step: Step) -> Summary:
        pipeline, key = self.pipeline, self._keys[number]
        run = replace(step.run, simulate=self.simulate, budget=self._budget(step))
        whole = ENDED_WITH_FAILURES if pipeline.on_failed == "continue" else ENDED
        part = Part(self._lineage(number), self._keys[-1], whole)
        spending = _Spending(self.watcher)
        try:
            summary = self.bench.run(
                step.stage.name, pipeline.dataset, options=step.options, run=run, watcher=spending, part=part
            )
        except AugmentError as error:
            placed(error, f"stage {number} of {len(pipeline.steps)} ({step.stage.name})")
            raise
        finally:
            self._billed_cny += spending.billed_cny
        if summary.exit_code == BudgetReached.exit_code and run.budget != step.run.budget:
            message = f"the pipeline's budget of {pipeline.budget:g} CNY is reached"
            summary = replace(summary, message=message, hint="give it more in the file")
        if summary.exit_code == 0:
            self.bench.remember(f"pipeline:{key}", _text(summary.as_json()))
        return summary

    def _export(self, wanted: Exporting) -> dict[str, Any]:
        """What was written. A rehearsal's rows leave with a rehearsal alone."""
        options = wanted.options
        if self.simulate:
            options = replace(options, allow_simulated=True)
        try:
            return self.bench.export(self.pipeline.dataset, wanted.format, wanted.path, options).as_json()
        except AugmentError as error:
            placed(error, f"export {wanted.format} to {str(wanted.path)!r}")
            raise

    def _budget(self, step: Step) -> float | None:
        """What the stage may spend: its own bound, and what the others have left of the pipeline's."""
        if self.pipeline.budget is None:
            return step.run.budget
        left = max(0.0, self.pipeline.budget - self._earlier_cny - self._billed_cny)
        return left if step.run.budget is None else min(left, step.run.budget)

    def _lineage(self, number: int) -> dict[str, Any]:
        """What a version says of the pipeline that it was made by. step: 0 is the import."""
        pipeline = self.pipeline
        return {
            "file": pipeline.path.name,
            "sha256": pipeline.sha256,
            "text": pipeline.text,
            "step": number,
            "steps": len(pipeline.steps),
            "key": self._keys[number],
        }

    def _tell(self, report: Report, summary: dict[str, Any]) -> None:
        report.stages.append(summary)
        self.told(summary)


@dataclass(slots=True)
class _Spending:
    """Sees what a run has spent, for the budget of the whole; hands on to who watches the run."""

    watcher: Watcher | None
    live: Live | None = None

    @property
    def billed_cny(self) -> float:
        return 0.0 if self.live is None else self.live.tally.billed_cny

    def begin(self, live: Live) -> None:
        self.live = live
        if self.watcher is not None:
            self.watcher.begin(live)

    def end(self) -> None:
        if self.watcher is not None:
            self.watcher.end()


def _nothing_asked() -> dict[str, Any]:
    return {**dict.fromkeys(SUMS, 0), "cost_cny": 0.0, "seconds": 0.0}


def _text(summary: Mapping[str, Any]) -> str:
    return json.dumps({**summary, "items": None}, ensure_ascii=False, default=str)
