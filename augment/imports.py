"""Files in, one version out: sources kept, rows tagged, what is already there left out, bad lines written down."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from augment import __version__
from augment.errors import NotFound, UsageError
from augment.files import digest, disk_errors, write_atomic
from augment.importers import FORMATS, BadLine, Opened, open_rows
from augment.store import Draft, Store
from augment.tasks import kinds_of
from augment.types import Row

SHOWN_ERRORS = 20
SHARED = "translation-task"  # what one sub-question is, its stem and so its siblings are
_ABOUT = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"})
_SPLITS = {"train": "train", "dev": "dev", "validation": "dev", "valid": "dev", "val": "dev", "test": "test"}
_PLACEHOLDER = re.compile(r"\{\{\s*(\w{1,40})\s*\}\}")


@dataclass(frozen=True, slots=True)
class FileCount:
    """What one file gave. errors: line, field and message of each thing not imported; notes: how it was read."""

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
    notes: list[str]


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


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read. split: of its rows, where the folder it was found in is divided into train, dev and test. data:
    its bytes where they are no file of this machine; the path is then only what it is called."""

    path: Path
    split: str | None = None
    data: bytes | None = field(default=None, repr=False)


def import_files(
    store: Store,
    files: Sequence[Path | Source],
    name: str | None,
    format: str | None = None,  # noqa: A002 - the flag's name
    more: Mapping[str, Any] | None = None,
    at: dt.datetime | None = None,
) -> ImportSummary:
    """Reads every file before anything is kept; a folder stands for the files in it. more: what the version's lineage
    is to say beside; at: when its rows were made, where that was not now. Raises NotFound, BadInput, DiskTrouble,
    UsageError."""
    if format is not None and format not in FORMATS:
        raise UsageError(f"there is no format {format!r}", hint=f"known formats: {', '.join(FORMATS)}")
    started = time.monotonic()
    sources = [source for file in files for source in ([file] if isinstance(file, Source) else sources_of(file))]
    dataset = name or dataset_name(sources[0].path if isinstance(files[0], Source) else files[0])
    base = store.current(dataset) if store.has(dataset) else None
    known: set[str] = set()
    if base is not None:
        known = {row_id for batch in store.read(dataset, base, ["row_id"]) for row_id in batch.column(0).to_pylist()}
    run_id = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S") + "-" + uuid.uuid4().hex[:8]
    created_at = at or dt.datetime.now(dt.UTC)
    intake = _Intake(known, {"stage": "import", "run_id": run_id, "created_at": created_at})
    with _no_empty_folder(store.root / dataset), store.draft(dataset) as draft, store.draft(dataset) as marked:
        read = [intake.take(source, draft, format) for source in sources]
        draft.close()
        if intake.late:
            marked.write(intake.with_late_tags(draft))
            marked.close()
            draft = marked
        counts = [_kept(store, dataset, file) for file in read]
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
                    "sources": [file.sha for file in read],
                    "recipe": {
                        "format": format,
                        "names": [str(source.path) for source in sources],
                        "splits": [source.split for source in sources],
                        "created_at": created_at.isoformat(),
                    },
                    "code_version": __version__,
                    "parent_version": base,
                    "rows_added": added,
                    "rows_out": rows,
                    "rejected": {"unreadable": bad} if (bad := sum(len(file.bad) for file in read)) else {},
                    "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                    **(more or {}),
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


@contextlib.contextmanager
def _no_empty_folder(dataset: Path) -> Iterator[None]:
    """Takes away the folder of a dataset that never came to be."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # not empty, as a rule
            (dataset / "rows").rmdir()
            dataset.rmdir()


def dataset_name(path: Path) -> str:
    """A name for the dataset of a file: its stem, with what a name cannot hold turned into ``-``."""
    name = re.sub(r"[^\w.-]+", "-", path.stem).strip("-._")
    return name[:100] or "dataset"


# ── which files ───────────────────────────────────────────────────────────────────────────────────────────────────────


def sources_of(path: Path) -> Iterator[Source]:
    """The file, or the files of a folder in the order of their names: all but hidden ones and those that only describe
    the others, as Hugging Face lays folders out."""
    if not path.exists():
        raise NotFound(f"no file {str(path)!r}", hint="check the path")
    if not path.is_dir():
        yield Source(path)
        return
    found = False
    for file in sorted(path.rglob("*")):
        inside = file.relative_to(path)
        if not file.is_file() or any(part.startswith(".") for part in inside.parts):
            continue
        if file.name in _ABOUT or file.suffix.lower() == ".md" or file.name.upper().startswith("LICENSE"):
            continue
        found = True
        yield Source(file, _split_of(inside))
    if not found:
        raise NotFound(
            f"{str(path)!r} is a folder without data files", hint="name the files, or a folder that has some"
        )


def _split_of(inside: Path) -> str | None:
    """The split that a folder's layout names: ``train/…``, ``data/train-00000-of-00002.parquet``, ``test.jsonl``."""
    named = [*inside.parts[:-1], re.split(r"[-.]", inside.name)[0]]
    return next((_SPLITS[part.casefold()] for part in named if part.casefold() in _SPLITS), None)


def _bytes(path: Path) -> bytes:
    with disk_errors(path):
        return path.read_bytes()


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Read:
    """What one file gave, before anything is kept of it."""

    path: Path
    data: bytes
    sha: str
    opened: Opened
    rows: int = 0
    added: int = 0
    problems: set[str] = field(default_factory=set)
    bad: list[BadLine] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    placeholders: dict[str, int] = field(default_factory=dict)


class _Intake:
    """Takes the rows of files, one after the other, into a draft: new ones alone, with the kinds of task they are.

    A translation task marks its whole problem. late: the problems of which some rows were already in the draft when it
    showed.
    """

    def __init__(self, known: set[str], stamp: dict[str, Any]) -> None:
        self.known = known
        self.late: set[str] = set()
        self._stamp = stamp
        self._unmarked: set[str] = set()
        self._marked: set[str] = set()

    def take(self, source: Source, draft: Draft, format: str | None) -> _Read:  # noqa: A002 - the flag's name
        """Reads a file. Raises BadInput."""
        data = _bytes(source.path) if source.data is None else source.data
        opened = open_rows(data, name=str(source.path), format=format)
        read = _Read(source.path, data, digest(data), opened)
        draft.write(self._new(read, source.split))
        read.notes += [
            f"the placeholder {{{{{name}}}}} stands in {count} rows: replace it before training on them"
            for name, count in sorted(read.placeholders.items())
        ]
        return read

    def with_late_tags(self, draft: Draft) -> Iterator[Row]:
        """The rows of the draft, those of late problems tagged."""
        for row in draft.read():
            yield row.with_(tags=sorted({*row.tags, SHARED})) if row.problem_id in self.late else row

    def _new(self, read: _Read, split: str | None) -> Iterator[Row]:
        for item in read.opened.items:
            if isinstance(item, BadLine):
                read.bad.append(item)
            elif isinstance(item, Row):
                read.rows += 1
                read.problems.add(item.problem_id)
                _note_placeholders(item, read.placeholders)
                if item.row_id not in self.known:
                    self.known.add(item.row_id)
                    read.added += 1
                    yield self._tagged(item, split)
            else:
                read.notes.append(item.text)

    def _tagged(self, row: Row, split: str | None) -> Row:
        kinds = set(kinds_of(row))
        if SHARED in kinds and row.problem_id not in self._marked:
            self._marked.add(row.problem_id)
            if row.problem_id in self._unmarked:
                self.late.add(row.problem_id)
        elif row.problem_id in self._marked:
            kinds.add(SHARED)
        else:
            self._unmarked.add(row.problem_id)
        made = {} if row.stage is not None else self._stamp  # what this workbench made keeps who made it
        return row.with_(tags=sorted({*row.tags, *kinds}), split=row.split or split, **made)


def _note_placeholders(row: Row, found: dict[str, int]) -> None:
    text = "\n".join(part for part in (row.problem, row.question, row.answer, row.system) if part and "{{" in part)
    for name in set(_PLACEHOLDER.findall(text)) if text else ():
        found[name] = found.get(name, 0) + 1


def _kept(store: Store, dataset: str, read: _Read) -> FileCount:
    """Keeps the source bytes and the bad lines, and counts the file."""
    source = store.root / ".augment" / "sources" / read.sha
    if not source.exists():
        write_atomic(source, read.data)
    errors = [{"line": bad.line, "field": bad.field, "message": bad.message} for bad in read.bad]
    error_file = None
    if errors:
        target = store.root / dataset / "import-errors" / f"{dataset_name(read.path)}.{read.sha[:12]}.jsonl"
        about = {"file": str(read.path), "sha256": read.sha}
        lines = (json.dumps({**about, **error}, ensure_ascii=False) for error in errors)
        write_atomic(target, ("\n".join(lines) + "\n").encode("utf-8", "replace"))
        error_file = str(target)
    return FileCount(
        file=str(read.path),
        format=read.opened.format,
        encoding=read.opened.encoding,
        problems=len(read.problems),
        rows=read.rows,
        added=read.added,
        already=read.rows - read.added,
        rejected=len(read.bad),
        errors=errors[:SHOWN_ERRORS],
        error_file=error_file,
        notes=read.notes,
    )
