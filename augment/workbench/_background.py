"""Runs as processes of their own: started, watched, stopped and gone on with, from the browser or a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augment import launch, loops, progress
from augment.errors import AugmentError, Conflict, FixableError, NotFound
from augment.files import lock, make_folder
from augment.launch import Launch
from augment.progress import runs_folder
from augment.workbench._stages import Stages

if TYPE_CHECKING:
    from augment.checkup import Called
    from augment.plans import RunOptions
    from augment.progress import Progress
    from augment.workbench._forms import Form

WORKSPACE, AS_JSON = "--workspace", "--json"


@dataclass(frozen=True, slots=True)
class Started:
    """A process that was started. run_id: of its run, None where it has not come to one; goes_on: whether it lives;
    exit_code, message, hint, rest: what it has said (``launch.Told``)."""

    launch: Launch
    run_id: str | None
    goes_on: bool
    exit_code: int | None
    message: str
    hint: str
    rest: str


class Background(Stages):
    """Runs that survive whoever started them."""

    def stages(self) -> list[str]:
        """The names of the stages, sorted."""
        from augment.stages import names

        return names()

    def form(self, stage: str) -> Form:
        """What a stage takes, field by field. Raises NotFound."""
        from augment.workbench._forms import form

        return form(stage)

    def words(
        self, stage: str, dataset: str, *, options: Mapping[str, Any] | None = None, run: RunOptions | None = None
    ) -> list[str]:
        """The command line of a run, without ``augment``. Raises UsageError, NotFound."""
        from augment.plans import RunOptions
        from augment.workbench._forms import words

        return words(stage, dataset, options or {}, run or RunOptions())

    def start(
        self, stage: str, dataset: str, *, options: Mapping[str, Any] | None = None, run: RunOptions | None = None
    ) -> Launch:
        """Starts a run as a process of its own, checked before: names, key, expressions. Raises AugmentError; Conflict
        where the same stage is at work on the dataset."""
        said = self.words(stage, dataset, options=options, run=run)
        with self._plan(stage, dataset, options or {}, run):
            pass  # whatever is wrong with it is said here and now
        folder = make_folder(runs_folder(self.root))
        with lock(folder / ".starting", wait_s=10.0):
            if (other := self._at_work(stage, dataset)) is not None:
                raise Conflict(
                    f"{stage!r} is already at work on {dataset!r}: run {other}",
                    hint="wait until it has ended, or stop it: what it has asked is kept",
                )
            where = [WORKSPACE, str(self.settings.workspace), AS_JSON]
            return launch.start(folder, [*said, *where], stage=stage, dataset=dataset, within=self.settings.workspace)

    def _at_work(self, stage: str, dataset: str) -> str | None:
        """The run of a stage that goes on over a dataset, or is about to."""
        found = self.runs(1, dataset=dataset, stage=stage, state="running")
        if found:
            return str(found[0]["run_id"])
        begun = launch.launches(runs_folder(self.root))
        return next((one.id for one in begun if (one.stage, one.dataset) == (stage, dataset) and one.goes_on), None)

    def again(self, run_id: str) -> Launch:
        """Starts the same command again: what is answered is in the ledger, so it goes on where the run ended.
        Raises AugmentError."""
        from augment.records import one_run
        from augment.workbench._forms import recorded

        run = one_run(self.ledger, run_id)
        if "pipeline" in run["options"]:
            raise FixableError(
                f"run {run['run_id']} is a part of a pipeline", hint="start that again: `augment run FILE.toml`"
            )
        options, common = recorded(run["stage"], run["options"])
        return self.start(run["stage"], run["dataset"], options=options, run=common)

    def words_of(self, run: Mapping[str, Any]) -> list[str]:
        """The command line of a run that was made, as ``runs`` has it. Raises NotFound."""
        from augment.workbench._forms import recorded

        options, common = recorded(run["stage"], run["options"])
        return self.words(run["stage"], run["dataset"], options=options, run=common)

    def started(self, newest: int = 50, *, alive: bool = False) -> list[Started]:
        """The processes that were started here, newest first. alive: only those that go on."""
        found = launch.launches(runs_folder(self.root), newest)
        found = [one for one in found if not alive or one.goes_on]
        if not found:
            return []
        oldest = min(one.at for one in found) - 1
        begun = self.ledger.query("SELECT run_id, pid, started_at FROM runs WHERE started_at >= ?", (oldest,))
        return [self._started(one, begun) for one in found]

    def _started(self, one: Launch, begun: list[dict[str, Any]]) -> Started:
        run_id = next(
            (run["run_id"] for run in begun if run["pid"] == one.pid and run["started_at"] >= one.at - 1), None
        )
        goes_on = one.goes_on
        told = launch.Told() if goes_on else launch.told(runs_folder(self.root), one)
        return Started(one, run_id, goes_on, told.exit_code, told.message, told.hint, told.rest)

    def progress(self, run_id: str) -> Progress | None:
        """The figures of a run that goes on, in whichever process, or the last ones of one that was killed; None where
        it has said nothing yet, or has ended."""
        return progress.read(runs_folder(self.root), run_id)

    def stop(self, name: str) -> None:
        """Asks a run to end as Ctrl-C does: what is in flight may arrive, what is done becomes a version. name: of the
        run or of its process. Raises NotFound, FixableError."""
        from augment.processes import interrupt

        found = self.progress(name)
        process = found.process if found is not None else self._process(name)
        try:
            if process and interrupt(process):
                return
        except PermissionError as error:
            raise FixableError(
                f"run {name} is another user's process", hint="they can stop it with Ctrl-C where it was started"
            ) from error
        raise NotFound(
            f"run {name} has no process on this machine",
            hint="it has ended, or goes on elsewhere: Ctrl-C stops it there",
        )

    def _process(self, name: str) -> str:
        return next((one.launch.process for one in self.started() if name in (one.launch.id, one.run_id)), "")

    # ── what became of it ─────────────────────────────────────────────────────────────────────────────────────────────

    def faults(self, run_id: str) -> list[dict[str, Any]]:
        """What vendors answered in place of a reply during a run: provider, kind, code, how often, when last, the last
        message; the latest first."""
        from augment.records import faults

        return faults(self.ledger, run_id)

    def lost(self, run_id: str, limit: int = 50) -> list[dict[str, Any]]:
        """The rows that a run rejected or failed and that no later run has settled: row_id, state, reason, detail."""
        from augment.records import lost

        return lost(self.ledger, run_id, limit)

    def rehearsable(self) -> frozenset[str]:
        """The providers that the simulator speaks for."""
        from augment.catalog import Catalog

        rehearsed, found = Catalog(self.settings, simulated=True), set()
        for name in rehearsed.names():
            with suppress(AugmentError):
                rehearsed.provider(name)
                found.add(name)
        return frozenset(found)

    def check(self, provider: str, *, simulate: bool = False) -> Called:
        """One tiny call to a provider, over its routes until one answers. Raises KeyMissing, NotFound, FixableError."""

        from augment.checkup import call_provider

        with self.catalog_for(simulate=simulate) as catalog:
            return loops.run(call_provider(catalog, provider, language=self.settings.language))
