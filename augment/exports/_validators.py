"""Files held against the rules of the trainers that will read them, so that no row is dropped where nobody looks.

The rules are the trainers' own, read in their code (LLaMA-Factory 0.9.5, ms-swift 4.6.0; each module of rules names
files and functions) and held to what the trainers did with planted faults: ``tests/exports/verdicts.jsonl``, checked
anew by ``make test-trainers``. Where a rule is stricter than they are, the row would be trained on as something
it does not mean to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from augment.exports import _rules_info as info
from augment.exports import _rules_llamafactory as llamafactory
from augment.exports import _rules_swift as swift
from augment.exports._rules_arrow import Columns
from augment.exports._rules_json import Broken, Place, places
from augment.exports._rules_text import Finding

RowRule: TypeAlias = Callable[[Any], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Offence:
    """What a trainer would refuse, drop or read otherwise. file: its name; line: from 1, 0 for the file as a whole;
    field: where in the row; message: what would happen; hint: what helps; mendable: another format or file name is what
    helps, and no row is at fault."""

    file: str
    line: int
    field: str
    message: str
    hint: str = ""
    mendable: bool = False


_ASKED = {"prompt": "instruction", "query": "input", "system": "system", "history": "history"}
_OPENAI = dict(
    zip(
        ("role_tag", "content_tag", "user_tag", "assistant_tag", "system_tag"),
        ("role", "content", "user", "assistant", "system"),
        strict=True,
    )
)
ENTRIES: Mapping[str, llamafactory.Entry] = {
    "alpaca": llamafactory.Entry(columns=_ASKED | {"response": "output"}),
    "sharegpt": llamafactory.Entry("sharegpt", columns={"messages": "conversations", "system": "system"}),
    "messages": llamafactory.Entry("sharegpt", columns={"messages": "messages"}, tags=_OPENAI),
    "dpo": llamafactory.Entry(ranking=True, columns=_ASKED | {"chosen": "chosen", "rejected": "rejected"}),
    "kto": llamafactory.Entry(columns=_ASKED | {"response": "output", "kto_tag": "kto_tag"}),
}
"""The entry of ``dataset_info.json`` that a file of each format wants (docs/how-to/trainers.md prints them)."""

_BUNDLES = {"llama-factory:sft": "alpaca", "llama-factory:dpo": "dpo", "llama-factory:kto": "kto"}

ROWS: Mapping[str, RowRule] = {
    **{kind: partial(llamafactory.row_findings, entry) for kind, entry in ENTRIES.items()},
    **{kind: partial(llamafactory.row_findings, ENTRIES[form]) for kind, form in _BUNDLES.items()},
    "ms-swift:sft": partial(swift.row_findings, "sft"),
    "ms-swift:dpo": partial(swift.row_findings, "rlhf"),
    "ms-swift:kto": partial(swift.row_findings, "kto"),
}
"""Kind of file → what is wrong with one of its rows."""


def validate(kind: str, path: Path) -> Iterator[Offence]:
    """What a trainer would do to the rows of a file otherwise than they say; nothing where it takes every one.

    kind: of `ROWS`. One row is in memory at a time, but for an array.
    """
    yield from validated(ROWS[kind], path)


def validated(rule: RowRule, path: Path) -> Iterator[Offence]:
    """As `validate`, by any rule."""
    columns = Columns(whole=path.suffix == ".json")
    rows = 0
    for place in places(path):
        if isinstance(place, Broken):
            yield _offence(path, place.line, place.finding)
            continue
        rows += 1
        if not isinstance(place.value, dict):
            yield _offence(path, place.line, Finding("", "is no object: the file is refused", "an object for each row"))
            continue
        for finding in rule(place.value):
            yield _offence(path, place.line, finding)
        for finding in columns.take(place.line, place.size, place.value):
            yield _offence(path, place.line, finding)
    for line, finding in columns.finish():
        yield _offence(path, line, finding)
    if not rows:
        yield _offence(path, 0, Finding("", "has no rows: the loader stops", "leave the file out"))


def validate_folder(folder: Path) -> Iterator[Offence]:
    """What LLaMA-Factory would refuse or read otherwise in a folder with a ``dataset_info.json`` and its files."""
    path = folder / "dataset_info.json"
    for name, field, finding in info.findings(path):
        yield Offence(path.name, 0, f"{name}.{field}" if field else name, finding.message, finding.hint)
    for name, entry, file in info.entries(path):
        first = next((place.value for place in places(file) if isinstance(place, Place)), None)
        for column in _columns_of(first) - set(entry.columns.values()):
            message = f"does not name {column!r}, which is in {file.name} and so not read"
            yield Offence(path.name, 0, f"{name}.columns", message, "name every column")
        yield from validated(partial(llamafactory.row_findings, entry), file)


def _columns_of(row: Any) -> set[str]:
    """The columns of a row that an entry of one of our formats names."""
    known = {column for entry in ENTRIES.values() for column in entry.columns.values()}
    return known & set(row) if isinstance(row, dict) else set()


def _offence(path: Path, line: int, finding: Finding) -> Offence:
    return Offence(path.name, line, finding.field, finding.message, finding.hint, finding.mendable)
