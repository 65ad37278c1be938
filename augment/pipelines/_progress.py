"""How far a pipeline has come on a dataset: each step is known by a hash of all that led to it.

The hash of a step holds the files, every stage before it with its options, and its own: what may change in the file
without anything being done again is what bounds a run and not what it makes (budget, calls, concurrency).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from augment.errors import NotFound
from augment.files import digest, disk_errors
from augment.imports import sources_of
from augment.ledger import Ledger
from augment.pipelines._file import Pipeline, Step, defaults_of
from augment.plans import RunOptions
from augment.store import Store, Version

UNDOING = ("import", "restore")  # by hand: after these the rows are not those that a step has seen


@dataclass(frozen=True, slots=True)
class Made:
    """A step that came to its end: what it printed."""

    summary: Mapping[str, Any]

    @property
    def version(self) -> int:
        """The version that it made or left."""
        return int(self.summary["version"])


def step_keys(pipeline: Pipeline, *, simulate: bool) -> list[str]:
    """What the import (first, there or not) and each step are known by. Raises NotFound, DiskTrouble."""
    shas = [_sha(source.path) for file in pipeline.files for source in sources_of(file)]
    keys = [_hash([pipeline.dataset, pipeline.format, shas, simulate])]
    for step in pipeline.steps:
        keys.append(_hash([keys[-1], step.stage.name, _options(step), asdict(_unbound(step))]))
    return keys


def find_made(store: Store, recall: Callable[[str], str | None], dataset: str, keys: Sequence[str]) -> dict[str, Made]:
    """Those of the steps that were done, by key: noted, or told by the version that one made.

    A step does not count where its version is not there (a dataset made anew), or where rows came in or an old version
    was restored by hand after it.
    """
    try:
        versions = store.versions(dataset)
    except NotFound:
        return {}
    since = max((v.number for v in versions if _undoes(v, keys)), default=-1)
    told = {v.lineage["pipeline"]["key"]: v for v in versions if v.lineage.get("pipeline", {}).get("whole")}
    found: dict[str, Made] = {}
    for key in keys:
        noted = recall(f"pipeline:{key}")
        if noted is not None:
            made = Made(json.loads(noted))
        elif key in told:
            made = Made(_summary_of(dataset, told[key]))
        else:
            continue
        if since <= made.version <= versions[-1].number and (key in told or _is_there(made, versions)):
            found[key] = made
    return found


def spent_cny(ledger: Ledger, key: str) -> float:
    """What the runs of a pipeline have paid so far, in CNY. key: of its last step."""
    found = ledger.query(
        "SELECT sum(a.cost_cny) AS cny FROM asks a JOIN runs r ON r.run_id = a.run_id"
        " WHERE json_extract(r.options, '$.pipeline') = ?",
        (key,),
    )
    return float(found[0]["cny"] or 0.0)


def _undoes(version: Version, keys: Sequence[str]) -> bool:
    return version.lineage.get("stage") in UNDOING and version.lineage.get("pipeline", {}).get("key") not in keys


def _is_there(made: Made, versions: Sequence[Version]) -> bool:
    """Whether the version of a step that was noted is the one that is there: another dataset may have its name now."""
    version = versions[made.version]
    unchanged = made.summary.get("version") == made.summary.get("from_version")
    return unchanged or version.lineage.get("run_id") == made.summary.get("run_id")


def _summary_of(dataset: str, version: Version) -> dict[str, Any]:
    """What a run printed, or would have, had it not been killed before it came to that."""
    lineage = version.lineage
    states = {name: lineage.get(name) or {} for name in ("skipped", "rejected", "failed")}
    return {
        "dataset": dataset,
        "from_version": lineage.get("parent_version"),
        "version": version.number,
        "stage": lineage["stage"],
        "provider": next(iter(lineage.get("providers") or []), None),
        "run_id": lineage["run_id"],
        "rows_in": lineage.get("rows_in", 0),
        "done": lineage.get("done", 0),
        **states,
        **{name: lineage.get(name, 0) for name in ("rows_added", "rows_out", "calls", "from_ledger")},
        "possibly_paid_twice": 0,
        **{name: lineage.get(name) for name in ("input_tokens", "output_tokens", "cost_cny", "seconds")},
    }


def _unbound(step: Step) -> RunOptions:
    return replace(step.run, budget=None, max_calls=None, concurrency=None)


def _options(step: Step) -> dict[str, Any]:
    return {**defaults_of(step.stage.options), **step.options}


def _sha(path: Path) -> str:
    with disk_errors(path):
        return digest(path.read_bytes())


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:32]
