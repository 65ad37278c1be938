"""One version made again in a scratch workspace: from source bytes, ledger, review record and its lineage."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from augment import loops, recipes, texts
from augment.askers import RowAsker
from augment.catalog import Catalog
from augment.errors import REFUSING, AugmentError, Fault
from augment.files import digest, disk_errors
from augment.imports import Source, import_files
from augment.ledger import Ledger
from augment.plans import Plan, RunOptions, check, prepared
from augment.replay._asker import Recorded
from augment.review import seal
from augment.runs import place
from augment.settings import Settings
from augment.stages import load
from augment.store import Store, Version
from augment.types import Provider, Reject, Skip

COPY = "a copy of the imported file there"
COUNTED = ("rows_in", "done", "skipped", "rejected", "failed")


class CannotRepeat(AugmentError):
    """What a version keeps is not enough to make it again."""

    exit_code = 3


@dataclass(slots=True)
class Made:
    """A version made again. counts: rows by what became of them, {} where a step counts none; answered: asks that the
    ledger answered; absent: asks it has no answer to; missing: what an older version did not keep."""

    counts: dict[str, Any] = field(default_factory=dict)
    answered: int = 0
    absent: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where versions are made again: ``scratch`` and ``events`` are thrown away; ``store`` and ``ledger`` are read."""

    store: Store
    ledger: Ledger
    settings: Settings
    scratch: Store
    events: Ledger

    def make(self, name: str, version: Version) -> Made:
        """Makes the version after those made so far. Raises CannotRepeat, and what reading the kept raises."""
        stage = version.lineage.get("stage")
        if stage == "import":
            return self._import(name, version)
        if stage == "review":
            return self._seal(name, version)
        if stage == "restore":
            return self._restore(name, version)
        try:
            load(str(stage))
        except AugmentError as error:
            raise CannotRepeat(f"a version made by {stage!r} cannot be made again", hint=error.hint) from error
        return self._run(name, version)

    # ── imports ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _import(self, name: str, version: Version) -> Made:
        lineage, made = version.lineage, Made()
        kept = lineage.get("recipe") or {}
        shas, files = lineage.get("sources") or [], lineage.get("files") or []
        paths = kept.get("names") or [one["file"] for one in files]
        splits = kept.get("splits") or [None] * len(shas)
        if not kept:
            made.missing.append("the splits that a folder's layout named, and --format")
        sources = [
            Source(Path(path), split, self._source(sha)) for path, split, sha in zip(paths, splits, shas, strict=True)
        ]
        at = dt.datetime.fromisoformat(str(kept.get("created_at") or lineage["at"]))
        import_files(self.scratch, sources, name, kept.get("format"), at=at)
        return made

    def _source(self, sha: str) -> bytes:
        path = self.store.root / ".augment" / "sources" / sha
        try:
            with disk_errors(path):
                data = path.read_bytes()
        except FileNotFoundError as error:
            raise CannotRepeat(f"the source {str(path)!r} is gone", hint=f"put {COPY}") from error
        if digest(data) != sha:
            raise CannotRepeat(
                f"the source {str(path)!r} holds other bytes than were imported",
                hint=f"put {COPY}; its SHA-256 is its name",
            )
        return data

    # ── stages ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self, name: str, version: Version) -> Made:
        lineage, made = version.lineage, Made()
        chosen, kept = self._plan(name, lineage, made)
        failed = {
            at: reason
            for reason, parts in (kept.get("failed") or {}).items()
            for start, number in parts
            for at in range(start, start + number)
        }
        if not kept and any((lineage.get("failed") or {}).values()):
            made.missing.append("which rows had no answer")
        run_id = str(lineage["run_id"])
        recorded = Recorded(self.ledger, chosen.providers, chosen.others, chosen.run.fresh, self.ledger.misses(run_id))
        created_at = dt.datetime.fromisoformat(str(kept.get("created_at") or lineage["at"]))
        stamp: dict[str, Any] = {"run_id": run_id}
        with (
            self.scratch.fill(name, chosen.version, stamp) as updated,
            self.scratch.draft(name, {**stamp, "created_at": created_at}) as added,
        ):
            made.counts = loops.run(_work(chosen, recorded, failed, updated, added))
            made.answered, made.absent = recorded.answered, recorded.absent
            added.close()
            updated.close()
            self.scratch.commit(
                name,
                base=chosen.version,
                whole=updated if updated.changed else None,
                added=added if added.rows else None,
                lineage=_no_lineage,
                transaction=run_id,
            )
        return made

    def _plan(self, name: str, lineage: Mapping[str, Any], made: Made) -> tuple[Plan, Mapping[str, Any]]:
        """The run as it was planned, its providers such that nobody is reached by them."""
        stage = load(str(lineage["stage"]))
        kept: Mapping[str, Any] = lineage.get("recipe") or {}
        given = lineage.get("options") or {}
        options = recipes.read_options(stage.options, kept.get("options", given))
        run: RunOptions = recipes.read_options(RunOptions, kept.get("run", given))
        run = replace(run, dry_run=True, preview=None, budget=None)  # what bounded it shows in what failed
        catalog = Catalog(replace(self.settings, environment={}, dotenv={}), simulated=_is_simulated(lineage))
        if kept:
            providers, others = (recipes.read_providers(kept[key]) for key in ("providers", "others"))
        else:
            made.missing.append("the routes it asked, options that were 0, and its templates: today's stand in")
            providers, others = _todays(lineage, *check(catalog, stage, options, run))
        try:
            with texts.given(_texts(kept)):
                chosen = prepared(
                    self.scratch,
                    self.ledger,
                    catalog,
                    stage,
                    name,
                    int(lineage["parent_version"]),
                    options,
                    run,
                    providers,
                    others,
                )
        except LookupError as error:
            raise CannotRepeat(str(error), hint="it was made by another version of this program") from error
        return self._chosen(chosen, kept), kept

    def _chosen(self, chosen: Plan, kept: Mapping[str, Any]) -> Plan:
        """The plan over the rows that were chosen then. Raises CannotRepeat where that cannot be told."""
        told = kept.get("chosen")
        if not told:
            return chosen
        if "places" in told:
            wanted = {at for start, number in told["places"] for at in range(start, start + number)}
            batches = self.scratch.read(chosen.dataset, chosen.version, ["row_id"])
            ids = (row_id for batch in batches for row_id in batch.column(0).to_pylist())
            chosen = replace(chosen, ids=frozenset(row_id for at, row_id in enumerate(ids) if at in wanted))
        if recipes.ids_digest(chosen.ids or ()) != told["sha256"]:
            raise CannotRepeat(
                f"--where, --sample and --limit choose other rows than the {told['rows']} they chose then",
                hint="the versions before this one, or how an expression is read, are not what they were",
            )
        return chosen

    # ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _seal(self, name: str, version: Version) -> Made:
        """Folds the events that waited then, out of a copy of the record as it was then."""
        base, made = int(version.lineage["parent_version"]), Made()
        last = version.lineage.get("last_event")
        if last is None:
            made.missing.append("the newest event that it saw")
            found = self.ledger.query(
                "SELECT max(id) AS id FROM events WHERE dataset = ? AND sealed = ?", (name, version.number)
            )
            last = found[0]["id"] or 0
        events = self.ledger.query("SELECT * FROM events WHERE dataset = ? AND id <= ? ORDER BY id", (name, last))
        rows = self.ledger.query(
            "SELECT p.* FROM event_rows p JOIN events e ON e.id = p.event WHERE e.dataset = ? AND e.id <= ?",
            (name, last),
        )
        for event in events:
            if event["sealed"] is not None and event["sealed"] > base:
                event["sealed"] = None

        def job(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM events")
            db.execute("DELETE FROM event_rows")
            for table, found in (("events", events), ("event_rows", rows)):
                for one in found:
                    names, marks = ", ".join(one), ", ".join("?" for _ in one)
                    db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(one.values()))

        self.events.write(job)
        if base != self.scratch.current(name):
            raise CannotRepeat(
                f"v{version.number} was sealed over v{base} while v{version.number - 1} was made",
                hint="versions made side by side cannot be sealed again",
            )
        seal(self.scratch, self.events, name)
        return made

    def _restore(self, name: str, version: Version) -> Made:
        number = (version.lineage.get("options") or {}).get("version")
        if number is None:
            raise CannotRepeat("it does not say which version it restored", hint="it was made by an older program")
        self.scratch.restore(name, int(number), _no_lineage)
        return Made()


async def _work(
    chosen: Plan, recorded: Recorded, failed: Mapping[int, str], updated: Any, added: Any
) -> dict[str, Any]:
    """Takes the rows through the stage one by one, and counts them as the run did."""
    counts: dict[str, Counter[str]] = {state: Counter() for state in ("skipped", "rejected", "failed")}
    done = rows = 0
    for at, row in enumerate(chosen.rows()):
        rows += 1
        state, reason, outcome = "done", "", None
        if at in failed:
            state, reason = "failed", failed[at]
        else:
            try:
                outcome = await chosen.ready.work(row, RowAsker(recorded, row))
            except Fault as fault:
                state, reason = "rejected" if fault.kind in REFUSING else "failed", fault.kind
            if isinstance(outcome, Skip):
                state, reason = "skipped", outcome.reason
            elif isinstance(outcome, Reject):
                state, reason = "rejected", outcome.reason
        if state == "done":
            done += 1
        else:
            counts[state][reason] += 1
        place(chosen.stage, row, state, reason, outcome, updated, added)
        if state == "done" and chosen.run.target is not None and done >= chosen.run.target:
            break
    return {"rows_in": rows, "done": done, **{state: dict(found) for state, found in counts.items()}}


def _todays(
    lineage: Mapping[str, Any], providers: tuple[Provider, ...], others: tuple[Provider, ...]
) -> tuple[tuple[Provider, ...], tuple[Provider, ...]]:
    """Providers as the catalog has them today, with the models that the version names where it names them."""
    models = list(lineage.get("models") or [])
    everybody = []
    for one in (*providers, *others):
        model = models.pop(0) if models else None
        first = one.routes[0]
        routes = (replace(first, model=first.model or model or ""), *one.routes[1:])
        everybody.append(replace(one, routes=routes))
    return tuple(everybody[: len(providers)]), tuple(everybody[len(providers) :])


def _is_simulated(lineage: Mapping[str, Any]) -> bool:
    return any(str(label).startswith("sim:") for label in lineage.get("providers") or [])


def _texts(kept: Mapping[str, Any]) -> texts.Texts | None:
    if "texts" not in kept:
        return None
    return {asked: (str(found[0]), str(found[1])) for asked, found in kept["texts"].items()}


def _no_lineage(*_: int) -> dict[str, Any]:
    return {}
