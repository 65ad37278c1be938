"""What an export says of itself: where it came from, what was left out and why, and the hash of every file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from augment import __version__
from augment.exports._files import MARK, sha256_of
from augment.exports._format import Job, Written
from augment.exports._options import ExportOptions

_FILTERS = ("where", "split", "decision")


def manifest(job: Job, form: str, written: Sequence[Written], takes: frozenset[str]) -> dict[str, Any]:
    """The manifest's content. No time, no path and no run stands in it."""
    return {
        MARK: 1,
        "dataset": job.dataset,
        "version": job.version,
        "format": form,
        "filter": {name: getattr(job.options, name) for name in _FILTERS},
        "options": _options(job.options, takes),
        "prompt_id": job.speaker.prompt.id if job.speaker is not None else None,
        **job.counts,
        "lines": job.facts,
        "files": [_file(job.room / one.name, one) for one in written],
        "code_version": __version__,
    }


def as_bytes(told: Mapping[str, Any]) -> bytes:
    """The manifest as its file holds it."""
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


def _options(options: ExportOptions, takes: frozenset[str]) -> dict[str, Any]:
    names = sorted(takes | {"allow_simulated"} | ({"seed"} if "balance" in takes else set()))
    return {name: getattr(options, name) for name in names}


def _file(path: Path, one: Written) -> dict[str, Any]:
    return {"file": one.name, "lines": one.lines, "bytes": path.stat().st_size, "sha256": sha256_of(path)}
