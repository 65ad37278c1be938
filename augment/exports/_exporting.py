"""One export: rows gathered, a format's files written, read back, counted, and put in their place."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.errors import FixableError, UsageError
from augment.exports._attempts import Attempts
from augment.exports._chat import Speaker, speaker
from augment.exports._checks import Checks
from augment.exports._files import check_target, manifest_of, publish, workroom
from augment.exports._filled import Filled, source_files
from augment.exports._format import Format, Job, Kind
from augment.exports._gather import Gatherer, Solutions, Source
from augment.exports._labelled import Labelled
from augment.exports._manifest import as_bytes, manifest
from augment.exports._options import ExportOptions
from augment.exports._pairs import Pairs
from augment.exports._reading_back import read_back
from augment.exports._registry import load
from augment.exports._simulated import Simulated
from augment.exports._spool import Spool
from augment.exports._survey import Counts, Survey, choice, refuse_simulated
from augment.exports._table import WholeRows
from augment.files import digest, disk_errors, lock

if TYPE_CHECKING:
    from augment.ledger import Ledger
    from augment.store import Store

COMMON = frozenset({"where", "split", "decision", "allow_simulated", "seed"})


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where an export reads from: the versions, the ledger, and the workspace's own templates."""

    store: Store
    ledger: Ledger
    workspace: Path


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. path: the file or folder; told: the manifest's content."""

    path: Path
    manifest: Path
    told: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The manifest with the paths, as one object."""
        return {"path": str(self.path), "manifest": str(self.manifest), **self.told}


def export(shelf: Shelf, dataset: str, version: int, name: str, path: Path, options: ExportOptions) -> Exported:
    """Writes a version in a format. Raises UsageError, NotFound, BadInput, FixableError, DiskTrouble."""
    form = load(name)
    options = _resolved(form, name, options)
    path = Path(os.path.realpath(path)) if path.is_symlink() else path  # a link stays one
    check_target(path, folder=form.folder)
    as_they_are = {"rows", "filled"}.issuperset(form.kinds)
    speak = None if as_they_are else speaker(options.prompt, options.cot or "inline", shelf.workspace)
    matching = _matching(shelf, dataset, version, options.where)
    with ExitStack() as stack, workroom(path) as room, disk_errors(path):
        gathering = _Gathering(shelf, form, dataset, version, room, stack, speak, options)
        gatherers = {kind: gathering.of(kind) for kind in form.kinds}
        survey = Survey(gatherers, Simulated(findings=form.findings))
        survey.read(shelf.store.rows(dataset, version), choice(options, form, matching))
        apart = form.tested and options.split is None
        survey.settle(balanced=options.balance is not None, apart=apart)
        counts = survey.counts()
        if counts.simulated and not options.allow_simulated:
            refuse_simulated(counts.simulated, counts.rows_out)
        if not counts.rows_out:
            raise _nothing(counts, name)
        facts: dict[str, dict[str, Any]] = {
            kind: {"lines": len(spool), **gatherer.facts()} for kind, (gatherer, spool) in gatherers.items()
        }
        gathered = {kind: gatherer for kind, (gatherer, _) in gatherers.items()}
        spools = {kind: spool for kind, (_, spool) in gatherers.items()}
        out = room / "out"
        out.mkdir()
        made = _steps(shelf, dataset, version)
        job = Job(out, path.name, dataset, version, options, speak, spools, gathered, facts, asdict(counts), made)
        written = form.write(job)
        read_back(out, written)
        told = manifest(job, name, written, form.takes)
        with lock(shelf.store.root / ".augment" / "locks" / f"export.{digest(str(path).encode())[:16]}.lock"):
            publish(out if form.folder else job.path, path, as_bytes(told), folder=form.folder)
    return Exported(path, manifest_of(path, folder=form.folder), told)


@dataclass(frozen=True, slots=True)
class _Gathering:
    """Makes what gathers the rows of each kind."""

    shelf: Shelf
    form: Format
    dataset: str
    version: int
    room: Path
    stack: ExitStack
    speak: Speaker | None
    options: ExportOptions

    def of(self, kind: Kind) -> tuple[Gatherer, Spool]:
        """The gatherer of a kind and where its lines go."""
        spool = self._spool(kind, mixed=kind == "labelled")
        if kind == "rows":
            return WholeRows(spool, self.options.balance), spool
        if kind == "filled":
            return Filled(spool, source_files(self.shelf.store, self.dataset, self.version)), spool
        if self.speak is None:
            raise ValueError(f"{kind} are gathered by nobody")
        source = Source(self.speak, spool, self.options.balance, self._attempts(kind))
        if kind == "pairs":
            return Pairs(source, self._spool("halves")), spool
        if kind in ("labelled", "scored"):
            apart = self.form.tested and self.options.split is None
            return Labelled(source, reasoned=kind == "scored", apart=apart), spool
        if kind == "checks":
            return Checks(source), spool
        return Solutions(source, instructions=kind == "solutions"), spool

    def _spool(self, name: str, *, mixed: bool = False) -> Spool:
        """mixed: lines of one question must not stand together, for KTO's trainers measure how far a model has moved by
        each question with its neighbour's answer."""
        shuffle = 0 if mixed and self.options.shuffle is None else self.options.shuffle
        spool = Spool(self.room / f"{name}.spool", seed=self.options.seed, shuffle=shuffle)
        self.stack.callback(spool.close)
        return spool

    def _attempts(self, kind: Kind) -> Attempts | None:
        taken = ("labelled",) if self.options.attempts == "kto" else ("labelled", "pairs", "scored")
        wanted = self.options.attempts in ("use", "kto") and kind in taken
        return Attempts(self.shelf.ledger, self.options.allow_simulated) if wanted else None


def _resolved(form: Format, name: str, options: ExportOptions) -> ExportOptions:
    """The options with what holds where they were not given. Raises UsageError for one that the format has no use
    for."""
    for field in fields(ExportOptions):
        if field.name in COMMON | form.takes or getattr(options, field.name) == field.default:
            continue
        flags = ", ".join(f"--{one.replace('_', '-')}" for one in sorted(COMMON | form.takes))
        raise UsageError(f"--{field.name.replace('_', '-')} means nothing to {name}", hint=f"{name} takes {flags}")
    if "cot" in form.takes:
        options = replace(options, cot=options.cot or "inline")
    if "attempts" in form.takes:
        options = replace(options, attempts=options.attempts or ("kto" if "labelled" in form.kinds else "leave"))
    return replace(options, decision=options.decision or form.decision)


def _steps(shelf: Shelf, dataset: str, version: int) -> list[dict[str, Any]]:
    """Version, stage and provider of each step that led to a version."""
    return [
        {
            "version": one.number,
            "stage": str(one.lineage.get("stage") or "unknown"),
            "provider": ", ".join(one.lineage.get("providers") or ()),
        }
        for one in shelf.store.versions(dataset)
        if one.number <= version
    ]


def _matching(shelf: Shelf, dataset: str, version: int, where: str | None) -> frozenset[str] | None:
    if where is None:
        return None
    from augment.query import check_expression, select  # DuckDB, which an export without --where needs nowhere

    check_expression(where)
    return select(shelf.store, dataset, version, where=where)


def _nothing(counts: Counts, name: str) -> FixableError:
    told = ", ".join(f"{count} {reason}" for reason, count in counts.left_out.items()) or "the version has no rows"
    hints = {
        "no reasoning": "`augment reason` writes it; or --cot none for the answers alone",
        "no pair": "`augment wrong` adds wrong solutions to pair the right ones with",
        "no answer": "`augment answer` predicts answers; `augment review edit` sets one",
        "split": "dev and test rows are not trained on: --split NAME, where that is meant",
        "a solution, not a check": "`augment evaluate` adds checks",
    }
    most = max(counts.left_out, key=lambda reason: counts.left_out[reason], default="")
    return FixableError(
        f"none of the {counts.rows_in} rows fits {name}: {told}; nothing was written",
        hint=hints.get(most, "docs/how-to/export.md says what each format takes"),
    )
