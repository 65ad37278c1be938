"""A workspace with one dataset whose rows a test writes down, and what is exported of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.exports import Exported, ExportOptions, Shelf, export
from augment.ledger import Ledger
from augment.store import Store
from augment.types import Row
from tests.tables import lineage

LONG = "先看条件：甲比乙高，乙比丙高。再逐项比较，与条件相符的只有这一项，其余各项都与条件矛盾，可以排除。"


def question(number: int, answer: str | None = "B", **values: Any) -> Row:
    """A question that stands as it was imported."""
    about: dict[str, Any] = {
        "problem": f"甲、乙、丙三人比身高，这是第{number}组。",
        "question": "谁最高？",
        "options": ["甲", "乙", "丙", "丁"],
        "answer": answer,
        "stage": "import",
        "root_id": f"{number:032x}",
    }
    return Row(f"{number:032x}", f"p{number}", **{**about, **values})


def reasoned(number: int, answer: str = "B", **values: Any) -> Row:
    """A question with a right solution."""
    made = {"reasoning": f"{LONG}\n答案是：{answer}", "concluded": answer, "label": "right"}
    return question(number, answer, **{**made, "stage": "reason", "provider": "yi-34b", **values})


def argued(parent: Row, letters: str = "C", text: str = LONG, **values: Any) -> Row:
    """A row that argues for a wrong answer to its parent's question."""
    tag = f"wrong:{letters}:yi-34b"
    about: dict[str, Any] = {
        "row_id": f"{int(parent.row_id, 16) + 0xF000 + ord(letters[0]):032x}",
        "parent_id": parent.row_id,
        "reasoning": f"{text}\n答案是：{letters}",
        "concluded": letters,
        "label": "wrong",
        "stage": "wrong",
        "provider": "yi-34b",
        "tags": [tag],
    }
    return parent.with_(**{**about, **values})


def checked(parent: Row, **values: Any) -> Row:
    """A second agent's check of a solution."""
    about: dict[str, Any] = {
        "row_id": f"{int(parent.row_id, 16) + 0xE0000:032x}",
        "parent_id": parent.row_id,
        "reasoning": f"逐步核对，各步成立。\n答案是：{parent.answer}",
        "concluded": parent.answer,
        "label": None,
        "stage": "evaluate",
        "history": [{"user": parent.problem or "", "assistant": parent.reasoning or ""}],
        "tags": ["evaluate:check:yi-34b"],
        "checks": [{"name": "evaluated", "ok": parent.concluded == parent.answer, "detail": ""}],
    }
    return parent.with_(**{**about, **values})


@dataclass
class Desk:
    """Exports of one dataset. shelf: where it is read from; out: where the files go."""

    shelf: Shelf
    out: Path

    def export(self, form: str, name: str = "", /, **options: Any) -> Exported:
        return export(self.shelf, "d", 0, form, self.out / (name or f"{form}.out"), ExportOptions(**options))

    def lines(self, form: str, /, **options: Any) -> list[Any]:
        return read(self.export(form, **options).path)


def read(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


@contextlib.contextmanager
def desk(folder: Path, rows: Iterable[Row]) -> Iterator[Desk]:
    """A workspace in a folder, with the rows as version 0 of its dataset."""
    store = Store(folder / "datasets")
    with store.draft("d") as draft:
        draft.write(rows)
        store.commit("d", base=None, added=draft, lineage=lineage("import", files=[], sources=[]), transaction="t")
    ledger = Ledger(folder / "datasets" / ".augment" / "workbench.sqlite")
    try:
        yield Desk(Shelf(store, ledger, folder), folder / "out")
    finally:
        ledger.close()
