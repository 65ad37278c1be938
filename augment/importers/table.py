"""A table as CSV: a question column, one column for each option (``A``, ``B``, … or ``选项A``), an answer column.

The delimiter is a comma, semicolon or tab. Columns are known by their names in English or Chinese, in any order; the
others are kept in ``extra``. Without option columns, questions are open ones.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from augment.importers._drafts import (
    MOST_OPTIONS,
    BadField,
    BadLine,
    Draft,
    Item,
    extra_text,
    options_of,
    text_of,
)
from augment.importers._gold import letter, read_gold

DELIMITERS = (",", ";", "\t")
LONGEST_CELL = 10_000_000  # characters

_QUESTION = ("question", "问题", "题干", "input", "题目", "试题", "ask", "query", "prompt")
_READING = ("context", "passage", "article", "阅读文本", "材料", "文章", "短文")
_PROBLEM = ("problem", "instruction", *_READING, "题目")  # 题目 is the stem where another column is the question
_ANSWER = ("answer", "答案", "正确答案", "参考答案", "correct answer", "correct_answer", "output")
_OPTION = re.compile(r"(?:选项|option|choice)?[ _-]?([a-z])|(?:选项|option|choice)[ _-]?([0-9]{1,2})")
_QUOTES = "a quoted cell is not closed, or goes on after its closing quote: double each quote inside a cell"
_LONG = f"a cell is longer than {LONGEST_CELL:,} characters: perhaps its closing quote is missing"
_UNSPLIT = frozenset({"options", "choices", "选项"})


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column is what, by position. names: the header as it will stand in ``extra`` and in messages."""

    names: tuple[str, ...]
    question: int | None
    problem: int | None
    answer: int | None
    source_id: int | None
    options: tuple[int, ...]
    reading: bool

    @property
    def others(self) -> list[int]:
        used = {self.question, self.problem, self.answer, self.source_id, *self.options}
        return [index for index in range(len(self.names)) if index not in used]


def sniff(text: str) -> float:
    """How sure it is that the text is of this format, 0 to 1."""
    head = _head(text.split("\n"))
    return _confidence(head[2]) if head else 0.0


def parse(text: str) -> Iterator[Item]:
    """A draft for each record, a BadLine for each that cannot be used."""
    lines = text.split("\n")
    head = _head(lines)
    if head is None:
        yield BadLine(1, "", f"a header that names a question column is expected, such as {', '.join(_QUESTION[:4])}")
        return
    first, delimiter, columns = head
    for line, cells in _records(lines, first, len(columns.names), delimiter):
        if isinstance(cells, str):
            yield BadLine(line, "", cells)
            continue
        try:
            yield _draft(line, cells, columns)
        except BadField as bad:
            yield BadLine(line, bad.field, bad.message)


# ── the header ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _head(lines: Sequence[str]) -> tuple[int, str, _Columns] | None:
    """Where the records begin, the delimiter and the columns, read so that most columns are known."""
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    delimiters: tuple[str, ...] = DELIMITERS
    if first < len(lines) and (said := re.fullmatch(r"sep=(.)", lines[first].strip("\n "))):  # a line for Excel
        first, delimiters = first + 1, (said[1],)
    csv.field_size_limit(LONGEST_CELL)
    best: tuple[int, str, _Columns] | None = None
    for delimiter in delimiters:
        try:
            reader = csv.reader(_ended(lines, first), delimiter=delimiter, strict=True)
            columns = _columns(next(reader))
        except (csv.Error, StopIteration, TypeError, ValueError):
            continue
        if _confidence(columns) > (_confidence(best[2]) if best else 0.0):
            best = first + reader.line_num, delimiter, columns
    return best


def _columns(header: Sequence[str]) -> _Columns:
    keys = [" ".join(unicodedata.normalize("NFKC", cell).split()).casefold() for cell in header]

    def position(wanted: Sequence[str], taken: int | None = None) -> int | None:
        places = (keys.index(name) for name in wanted if name in keys)
        return next((place for place in places if place != taken), None)

    question = position(_QUESTION)
    problem = position(_PROBLEM, question)
    names: list[str] = []
    for index, cell in enumerate(header):
        name = cell.strip() or ("index" if index == 0 else f"column {index + 1}")
        names.append(f"{name} ({index + 1})" if name in names else name)
    return _Columns(
        names=tuple(names),
        question=question,
        problem=problem,
        answer=position(_ANSWER),
        source_id=position(("id",)),
        options=_option_columns(keys),
        reading=problem is not None and keys[problem] in _READING,
    )


def _option_columns(keys: Sequence[str]) -> tuple[int, ...]:
    """The columns of options A, B, C …, up to the first letter that has none."""
    at: dict[str, int] = {}
    for index, key in enumerate(keys):
        found = _OPTION.fullmatch(key)
        if found and found[1]:
            at.setdefault(found[1].upper(), index)
        elif found and 1 <= int(found[2]) <= MOST_OPTIONS:
            at.setdefault(letter(int(found[2]) - 1), index)
    columns = []
    for index in range(MOST_OPTIONS):
        if letter(index) not in at:
            break
        columns.append(at[letter(index)])
    return tuple(columns)


def _confidence(columns: _Columns) -> float:
    asked = columns.question is not None or (columns.problem is not None and not columns.reading)
    if not asked or (not columns.options and not _UNSPLIT.isdisjoint(map(str.casefold, columns.names))):
        return 0.0
    if len(columns.options) >= 2:
        return 1.0 if columns.answer is not None else 0.9
    return 0.7 if columns.answer is not None else 0.0


# ── the records ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _records(lines: Sequence[str], first: int, width: int, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each record's line and cells, or what is wrong with it. After a stray quote, reading begins anew a line later."""
    start: int | None = first
    while start is not None:
        base, start, read = start, None, 0
        reader = csv.reader(_ended(lines, base), delimiter=delimiter, strict=True)
        while True:
            line, before = base + read + 1, read
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, _LONG if "limit" in str(error) else _QUOTES
                start = line
                break
            read = reader.line_num
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) == width:
                yield line, cells
                continue
            yield line, f"the line has {len(cells)} cells and the header {width}: one cell for each column is expected"
            if read - before > 1:
                start = line
                break


def _ended(lines: Sequence[str], first: int) -> Iterator[str]:
    return (f"{lines[index]}\n" for index in range(first, len(lines)))


def _draft(line: int, cells: Sequence[str], columns: _Columns) -> Draft:
    def cell(index: int | None) -> str | None:
        return None if index is None else text_of(cells[index], columns.names[index])

    question, problem = cell(columns.question), cell(columns.problem)
    if question is None and problem is None:
        raise BadField(columns.names[columns.question or 0], "the question is blank")
    names = [columns.names[index] for index in columns.options]
    options = options_of(
        [cells[index] for index in columns.options], lambda index: names[index], "/".join(names[:1] + names[-1:])
    )
    answer = None
    if columns.answer is not None:
        answer = read_gold(
            cells[columns.answer], options, places=len(columns.options), field=columns.names[columns.answer]
        )
    others: Mapping[str, object] = {
        columns.names[index]: cells[index] for index in columns.others if cells[index].strip()
    }
    return Draft(
        line=line,
        kind="instruction" if not options else "reading" if columns.reading and problem else "choice",
        problem=problem,
        question=question,
        options=options,
        answer=answer,
        source_id=cell(columns.source_id),
        stem=problem if columns.reading else None,
        extra=extra_text(others),
    )
