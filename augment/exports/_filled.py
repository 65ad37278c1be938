"""The file that rows came from, given back with its answers filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from augment.errors import BadInput, DiskTrouble, FixableError
from augment.exports._spool import Spool
from augment.files import disk_errors
from augment.importers import competition
from augment.importers._drafts import BadField, Births, Draft
from augment.importers._reading import read_text
from augment.importers._records import records
from augment.stages._examples import is_whole
from augment.store import Store
from augment.types import Row

FORMAT = "competition"


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a source file. row_id: None where it could not be imported; name: how people find it."""

    row_id: str | None
    name: str
    answered: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a source file, as it stands there. value: None where it is none."""

    value: dict[str, Any] | None
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file whose bytes were kept. name: as it was called when it was imported."""

    sha256: str
    name: str
    data: bytes

    def lines(self) -> Iterator[Line]:
        """Its records in order, each question with the id its row was born with."""
        text, _ = read_text(self.data, name=self.name)
        births = Births()
        for record in records(text):
            where = f"line {record.line}"
            if record.trouble or not isinstance(record.value, dict):
                yield Line(None, (Question(None, where, False),))
                continue
            value = dict(record.value)
            yield Line(value, tuple(_questions(record.line, value, births)))


def _questions(line: int, value: dict[str, Any], births: Births) -> Iterator[Question]:
    where = str(value.get("id") or f"line {line}")
    try:
        found = list(competition.build(line, value))
    except BadField:
        yield Question(None, where, False)
        return
    for number, item in enumerate(found, 1):
        name = where if len(found) == 1 else f"{where} question {number}"
        if isinstance(item, Draft):
            yield Question(births.row(item).row_id, name, item.answer is not None)
        else:
            yield Question(None, name, False)


def source_files(store: Store, dataset: str, version: int) -> list[SourceFile]:
    """The files to answer: those with a question that has no answer; where all have one, the one imported last.

    Raises FixableError where the dataset came from none of the format, DiskTrouble where the bytes kept are gone.
    """
    named: dict[str, str] = {}
    for one in store.versions(dataset):
        if one.number <= version and one.lineage.get("stage") == "import":
            for file, sha in zip(one.lineage["files"], one.lineage["sources"], strict=True):
                if file["format"] == FORMAT:
                    named.setdefault(str(sha), str(file["file"]).replace("\\", "/").rpartition("/")[2])
    if not named:
        raise FixableError(
            f"{dataset!r} was not imported from a competition file, so there is nothing to answer",
            hint="its lines are {id, problem, questions}: docs/reference/formats.md",
        )
    files = [_read(store, sha, name) for sha, name in named.items()]
    asking = [file for file in files if not all(one.answered for line in file.lines() for one in line.questions)]
    return asking or files[-1:]


def _read(store: Store, sha: str, name: str) -> SourceFile:
    path = store.root / ".augment" / "sources" / sha
    try:
        with disk_errors(path):
            return SourceFile(sha, name, path.read_bytes())
    except FileNotFoundError:
        raise DiskTrouble(
            f"the bytes kept of {name!r} are gone from {str(path)!r}", hint="import the file again: it adds no rows"
        ) from None


@dataclass(slots=True)
class Filled:
    """The answers to the questions of source files: what `answer` predicted, else the answer that was decided."""

    spool: Spool
    files: list[SourceFile]
    _wanted: frozenset[str] = frozenset()
    _counts: dict[str, int] = field(default_factory=lambda: {"predicted": 0, "decided": 0})

    def __post_init__(self) -> None:
        """Knows the questions before the first row comes."""
        asked = (one.row_id for file in self.files for line in file.lines() for one in line.questions)
        self._wanted = frozenset(row_id for row_id in asked if row_id is not None)

    def take(self, place: int, row: Row) -> str:
        """See Gatherer."""
        if row.row_id not in self._wanted:
            return "another source"
        letters = row.predicted or row.answer
        if not is_whole(letters, row.options):
            return "no answer"
        self._counts["predicted" if row.predicted else "decided"] += 1
        self.spool.add([row.row_id, letters], places=(place, place), name=row.row_id)
        return ""

    def finish(self) -> Iterator[tuple[int, str]]:
        """See Gatherer."""
        yield from ()

    def facts(self) -> Mapping[str, int]:
        """How many answers were predicted, and how many were decided before."""
        return self._counts


def filled(line: Line, answers: Mapping[str, str]) -> dict[str, Any] | None:
    """The record with its answers, its fields and their order as they were; null where there is none."""
    if line.value is None:
        return None
    found = [answers.get(one.row_id or "") for one in line.questions]
    if "questions" not in line.value:
        return {**line.value, "answer": found[0]}
    asked = line.value["questions"]
    one_alone = isinstance(asked, dict)
    asked = [asked] if one_alone else asked
    if not isinstance(asked, list | tuple):
        return dict(line.value)
    known = [*found, *[None] * (len(asked) - len(found))]
    made = [
        {**one, "answer": letters} if isinstance(one, dict) else one for one, letters in zip(asked, known, strict=False)
    ]
    return {**line.value, "questions": made[0] if one_alone else made}


def check_all_answered(missing: list[str], total: int) -> None:
    """Raises BadInput that names the questions without an answer."""
    if missing:
        shown = ", ".join(missing[:20]) + (f" and {len(missing) - 20} more" if len(missing) > 20 else "")
        raise BadInput(
            f"{len(missing)} of {total} questions have no answer: {shown}; nothing was written",
            hint="`augment answer` solves them (more --votes where they tie); --allow-missing leaves them null",
        )
