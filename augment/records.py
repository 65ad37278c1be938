"""What was done: the runs of a workspace, noted and read, and every ask made for a row."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from augment.asks import unpack
from augment.errors import AugmentError, NotFound, UsageError
from augment.ledger import Ledger
from augment.processes import goes_on

ENDS = {0: "done", 130: "interrupted", 6: "budget_reached"}
STATES = ("running", "done", "stopped", "budget_reached", "interrupted", "broken", "killed")


def note_start(
    ledger: Ledger,
    run_id: str,
    dataset: str,
    stage: str,
    provider: str | None,
    options: Mapping[str, Any],
    version: int,
) -> None:
    """Records that a run has begun."""
    given = json.dumps(options, ensure_ascii=False)
    values = (run_id, dataset, stage, provider, given, version, time.time(), os.getpid())

    def job(db: sqlite3.Connection) -> None:
        db.execute(
            "INSERT INTO runs (run_id, dataset, stage, provider, options, from_version, started_at, pid, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'running')",
            values,
        )

    ledger.write(job)


@contextmanager
def closed_after_a_bug(ledger: Ledger, run_id: str) -> Iterator[None]:
    """A run that ends without a summary is not left as running."""
    try:
        yield
    except BaseException:
        with suppress(AugmentError):  # the disk may be what failed; the first error is the one to tell
            ledger.write(lambda db: db.execute("UPDATE runs SET state = 'broken' WHERE run_id = ?", (run_id,)))
        raise


def note_end(ledger: Ledger, run_id: str, version: int, exit_code: int, summary: Mapping[str, Any]) -> None:
    """Records how a run ended."""
    text = json.dumps({**summary, "items": None}, ensure_ascii=False, default=str)
    values = (version, time.time(), ENDS.get(exit_code, "stopped"), text, run_id)

    def job(db: sqlite3.Connection) -> None:
        db.execute("UPDATE runs SET version = ?, ended_at = ?, state = ?, summary = ? WHERE run_id = ?", values)

    ledger.write(job)


def runs(
    ledger: Ledger,
    *,
    dataset: str | None = None,
    stage: str | None = None,
    state: str | None = None,
    limit: int | None = 100,
) -> list[dict[str, Any]]:
    """The runs, newest first, each with its summary; one that ended without has what the ledger knows it bought.

    state: as in ``STATES``; ``killed`` is a run that never said how it ended and whose process is gone.
    """
    if state is not None and state not in STATES:
        raise UsageError(f"no run can be {state!r}", hint=f"states: {', '.join(STATES)}")
    found = ledger.query(
        "SELECT * FROM runs WHERE (? IS NULL OR dataset = ?) AND (? IS NULL OR stage = ?)"
        " AND (? IS NULL OR state = ?) ORDER BY started_at DESC, run_id DESC",
        (dataset, dataset, stage, stage, *([state if state != "killed" else "running"] * 2)),
    )
    for run in found:
        if run["state"] == "running" and not goes_on(run["pid"], run["started_at"]):
            run["state"] = "killed"
    found = [run for run in found if state in (None, run["state"])][:limit]
    bought = _bought(ledger, [run["run_id"] for run in found if not run["summary"]])
    for run in found:
        run["options"] = json.loads(run["options"])
        run["summary"] = json.loads(run["summary"]) if run["summary"] else None
        run["bought"] = bought.get(run["run_id"])
    return found


def one_run(ledger: Ledger, beginning: str) -> dict[str, Any]:
    """The run whose id begins so. Raises NotFound, UsageError where several do."""
    found = [run for run in runs(ledger, limit=None) if run["run_id"].startswith(beginning)] if beginning else []
    exact = [run for run in found if run["run_id"] == beginning]
    if not found:
        raise NotFound(f"no run {beginning!r}", hint="`augment runs` lists them")
    if len(found) > 1 and not exact:
        newest = ", ".join(run["run_id"] for run in found[:5])
        raise UsageError(f"{len(found)} runs begin with {beginning!r}", hint=f"give more of the id: {newest}")
    return (exact or found)[0]


def attempts(ledger: Ledger, row_id: str) -> list[dict[str, Any]]:
    """Every ask made for a row, oldest first: stage, provider, attempt, request, reply, faults, cost, and the run that
    bought it."""
    asked = ledger.query(
        "SELECT u.stage, a.* FROM uses u JOIN asks a ON a.key = u.key WHERE u.row_id = ? ORDER BY a.id", (row_id,)
    )
    found = []
    for ask in asked:
        faults = ledger.query(
            "SELECT at, run_id, kind, code, message, delivery FROM faults WHERE key = ? ORDER BY id", (ask["key"],)
        )
        reply = unpack(ask["reply"]) if ask["reply"] is not None else {}
        found.append(
            {
                "row_id": row_id,
                "key": ask["key"].hex(),
                "run_id": ask["run_id"],
                "sent_at": ask["sent_at"],
                "answered_at": ask["answered_at"],
                **{name: ask[name] for name in ("stage", "provider", "model", "attempt", "sends")},
                "request": unpack(ask["request"]),
                "reply": reply.get("text"),
                "thinking": reply.get("thinking"),
                "finish": reply.get("finish"),
                "refused": ask["refused_kind"],
                "refused_message": ask["refused_message"],
                **{name: ask[name] for name in ("input_tokens", "output_tokens", "characters", "cost_cny")},
                "faults": faults,
            }
        )
    return found


def outcomes(ledger: Ledger, dataset: str, row_id: str) -> list[dict[str, Any]]:
    """What became of a row in the stages that rejected or failed it."""
    return ledger.query(
        "SELECT stage, run_id, at, state, reason, detail FROM outcomes WHERE dataset = ? AND row_id = ? ORDER BY at",
        (dataset, row_id),
    )


def faults(ledger: Ledger, run_id: str) -> list[dict[str, Any]]:
    """The faults of a run by provider, kind and code, the latest first: number, when last, its message."""
    return ledger.query(
        "SELECT provider, kind, code, count(*) AS number, max(at) AS at, message FROM faults WHERE run_id = ?"
        " GROUP BY provider, kind, code ORDER BY at DESC",
        (run_id,),
    )


def lost(ledger: Ledger, run_id: str, limit: int) -> list[dict[str, Any]]:
    """The rows that a run rejected or failed, where no later run of the stage has settled them."""
    return ledger.query(
        "SELECT o.row_id, o.state, o.reason, o.detail FROM outcomes o JOIN runs r ON r.run_id = ?"
        " WHERE o.dataset = r.dataset AND o.run_id = r.run_id ORDER BY o.state, o.reason, o.row_id LIMIT ?",
        (run_id, limit),
    )


def _bought(ledger: Ledger, run_ids: list[str]) -> dict[str, dict[str, Any]]:
    """What the ledger knows of runs that left no summary."""
    if not run_ids:
        return {}
    found = ledger.query(
        "SELECT run_id, count(*) AS asks, count(reply) AS answered, sum(input_tokens) AS input_tokens,"
        " sum(output_tokens) AS output_tokens,"
        " CASE WHEN count(cost_cny) = count(reply) THEN sum(cost_cny) END AS cost_cny"
        " FROM asks WHERE run_id IN (SELECT value FROM json_each(?)) GROUP BY run_id",
        (json.dumps(run_ids),),
    )
    nothing = {"asks": 0, "answered": 0, "input_tokens": None, "output_tokens": None, "cost_cny": None}
    return dict.fromkeys(run_ids, nothing) | {one.pop("run_id"): one for one in found}
