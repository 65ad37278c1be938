"""What a notebook can do is what the command line does: the same rows, the same counts, the same answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import augment
from augment.cli.app import run
from augment.errors import NotFound, UsageError
from augment.rows import SCHEMA

PROBLEM = {
    "id": "p1",
    "problem": "甲、乙、丙三人排队，甲在乙前面，乙在丙前面。",
    "questions": [
        {"question": "谁在最前面？", "options": ["甲", "乙", "丙"], "answer": "A"},
        {"question": "谁在最后面？", "options": ["甲", "乙", "丙"], "answer": "C"},
    ],
}


@pytest.fixture
def train(workspace: Path) -> str:
    (workspace / "train.jsonl").write_text(json.dumps(PROBLEM, ensure_ascii=False), "utf-8")
    assert run(["import", "train.jsonl"]) == 0
    return "train"


def test_run_gives_the_counts_that_the_command_prints(train: str) -> None:
    counts = augment.run("reason", dataset=train, provider="yi-34b", retries=3, simulate=True)
    assert (counts["done"], counts["rows_in"], counts["version"], counts["provider"]) == (2, 2, 1, "sim:yi-34b")


def test_a_notebook_s_own_loop_is_in_nobody_s_way(train: str) -> None:
    async def cell() -> dict[str, Any]:
        return augment.run("reason", dataset=train, provider="yi-34b", simulate=True)

    assert asyncio.run(cell())["done"] == 2


def test_load_gives_a_version_as_a_table_with_the_columns_of_the_contract(train: str) -> None:
    augment.run("reason", dataset=train, provider="yi-34b", simulate=True)
    newest, first = augment.load(train), augment.load(train, version=0)
    assert newest.schema == first.schema == SCHEMA
    assert newest.column("concluded").to_pylist() == ["A", "C"]
    assert first.column("concluded").to_pylist() == [None, None]
    assert list(augment.load(train, where="answer = 'C'").to_pandas()["question"]) == ["谁在最后面？"]


def test_a_mistake_is_an_error_with_a_hint(train: str) -> None:
    with pytest.raises(UsageError) as unknown:
        augment.run("reason", dataset=train, provder="yi-34b")
    assert "provider" in unknown.value.hint
    with pytest.raises(NotFound):
        augment.load("nothing")
    with pytest.raises(UsageError):
        augment.load(train, where="1; drop table rows")


def test_read_answer_gives_letters_and_where_they_stand() -> None:
    text = "所以甲在最前面。\n答案是：A"
    answer = augment.read_answer(text, options=3)
    assert answer.letters == ("A",)
    assert answer.span is not None
    assert text[slice(*answer.span)] == "A"
    assert augment.read_answer("无法判断。", options=3).letters == ()
