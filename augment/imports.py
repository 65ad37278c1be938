"""Files in, one version out: sources kept, rows tagged, what is already there left out, bad lines written down."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from augment import __version__
from augment.errors import NotFound
from augment.files import digest, disk_errors, write_atomic
from augment.importers import Imported, read_rows
from augment.store import Store
from augment.tasks import kinds_of
from augment.types import Row

SHOWN_ERRORS = 20
SHARED = "translation-task"  # what one sub-question is, its stem and so its siblings are


@dataclass(frozen=True, slots=True)
class FileCount:
    """What one file gave. errors: line, field and message of each thing not imported."""

    file: str
    format: str
    encoding: str
    problems: int
    rows: int
    added: int
    already: int
    rejected: int
    errors: list[dict[str, Any]]
    error_file: str | None


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """The outcome of an import, as spec §4 prints it."""

    dataset: str
    from_version: int | None
    version: int
    stage: str
    provider: None
    run_id: str
    rows_in: int
    done: int
    skipped: dict[str, int]
    rejected: dict[str, int]
    failed: dict[str, int]
    rows_added: int
    rows_out: int
    files: list[FileCount]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """One object for all files."""
        return asdict(self)


def import_files(store: Store, files: Sequence[Path], name: str | None) -> ImportSummary:
    """Reads every file before anything is written. Raises NotFound, BadInput, DiskTrouble."""
    started = time.monotonic()
    read = [(path, _bytes(path)) for path in files]
    imported = [(path, data, read_rows(data, name=str(path))) for path, data in read]
    dataset = name or dataset_name(files[0])
    base = store.current(dataset) if store.has(dataset) else None
    known: set[str] = set()
    if base is not None:
        known = {row_id for batch in store.read(dataset, base, ["row_id"]) for row_id in batch.column(0).to_pylist()}
    run_id = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S") + "-" + uuid.uuid4().hex[:8]
    stamp: dict[str, Any] = {"stage": "import", "run_id": run_id, "created_at": dt.datetime.now(dt.UTC)}
    counts = []
    with store.draft(dataset) as draft:
        for path, data, found in imported:
            new = [row for row in found.rows if row.row_id not in known]
            known.update(row.row_id for row in new)
            draft.write(row.with_(**stamp) for row in _tagged(new))
            counts.append(_kept(store, dataset, path, data, found, added=len(new)))
        draft.close()
        rows_added = draft.rows
        version, rows_out, late = base, len(known), 0
        if rows_added or base is None:
            summary_counts = [asdict(count) | {"errors": None} for count in counts]

            really_added = [0]  # another import may have brought the same rows meanwhile

            def lineage(added: int, rows: int) -> dict[str, Any]:
                really_added.append(added)
                return {
                    "stage": "import",
                    "run_id": run_id,
                    "files": summary_counts,
                    "sources": [digest(data) for _, data in read],
                    "code_version": __version__,
                    "parent_version": base,
                    "rows_added": added,
                    "rows_out": rows,
                    "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                }

            version = store.commit(dataset, base=base, added=draft, lineage=lineage, transaction=run_id)
            rows_out = store.count(dataset, version)
            late, rows_added = rows_added - really_added[-1], really_added[-1]
    already = sum(count.already for count in counts) + late
    bad = sum(count.rejected for count in counts)
    return ImportSummary(
        dataset=dataset,
        from_version=base,
        version=version if version is not None else 0,
        stage="import",
        provider=None,
        run_id=run_id,
        rows_in=rows_added + already + bad,
        done=rows_added,
        skipped={"already done": already} if already else {},
        rejected={"unreadable": bad} if bad else {},
        failed={},
        rows_added=rows_added,
        rows_out=rows_out,
        files=counts,
        seconds=round(time.monotonic() - started, 3),
    )


def dataset_name(path: Path) -> str:
    """A name for the dataset of a file: its stem, with what a name cannot hold turned into ``-``."""
    name = re.sub(r"[^\w.-]+", "-", path.stem).strip("-._")
    return name[:100] or "dataset"


def _bytes(path: Path) -> bytes:
    if not path.exists():
        raise NotFound(f"no file {str(path)!r}", hint="check the path")
    if path.is_dir():
        raise NotFound(f"{str(path)!r} is a folder", hint="name the files in it")
    with disk_errors(path):
        return path.read_bytes()


def _tagged(rows: list[Row]) -> list[Row]:
    """The rows with the kinds of task they are; a translation task marks its whole problem."""
    kinds = [set(kinds_of(row)) for row in rows]
    shared = {row.problem_id for row, own in zip(rows, kinds, strict=True) if SHARED in own}
    return [
        row.with_(tags=sorted({*row.tags, *own, *({SHARED} if row.problem_id in shared else ())}))
        for row, own in zip(rows, kinds, strict=True)
    ]


def _kept(store: Store, dataset: str, path: Path, data: bytes, found: Imported, *, added: int) -> FileCount:
    """Keeps the source bytes and the bad lines, and counts the file."""
    sha = digest(data)
    source = store.root / ".augment" / "sources" / sha
    if not source.exists():
        write_atomic(source, data)
    errors = [{"line": bad.line, "field": bad.field, "message": bad.message} for bad in found.bad]
    error_file = None
    if errors:
        target = store.root / dataset / "import-errors" / f"{dataset_name(path)}.{sha[:12]}.jsonl"
        lines = (json.dumps({"file": str(path), "sha256": sha, **error}, ensure_ascii=False) for error in errors)
        write_atomic(target, ("\n".join(lines) + "\n").encode("utf-8", "replace"))
        error_file = str(target)
    return FileCount(
        file=str(path),
        format=found.format,
        encoding=found.encoding,
        problems=found.problems,
        rows=len(found.rows),
        added=added,
        already=len(found.rows) - added,
        rejected=len(found.bad),
        errors=errors[:SHOWN_ERRORS],
        error_file=error_file,
    )
