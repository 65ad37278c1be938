"""Alpaca instructions: what each field becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from augment.importers import Imported, read_rows


def imported(*records: Any) -> Imported:
    return read_rows("\n".join(json.dumps(record) for record in records).encode(), name="some.jsonl")


def test_the_fields_go_to_their_columns() -> None:
    row = imported(
        {
            "instruction": "翻译",
            "input": "你好",
            "output": "hello",
            "system": "你是译员",
            "history": [["问", "答"], ["再问", ""]],
            "id": 3,
            "source": {"page": 1},
        }
    ).rows[0]
    assert (row.kind, row.problem, row.question, row.answer) == ("instruction", "翻译", "你好", "hello")
    assert (row.system, row.source_id, row.extra) == ("你是译员", "3", '{"source": {"page": 1}}')
    assert row.history == [{"user": "问", "assistant": "答"}, {"user": "再问", "assistant": ""}]


@pytest.mark.parametrize("blank", ["", "  \n", None], ids=["empty", "blank", "null"])
def test_a_blank_field_is_unknown(blank: str | None) -> None:
    row = imported({"instruction": "说", "input": blank, "output": blank, "system": blank, "history": []}).rows[0]
    assert (row.question, row.answer, row.system, row.history, row.extra) == (None, None, None, None, None)


def test_a_preference_pair_is_kept_in_extra() -> None:
    row = imported({"instruction": "说", "input": "", "chosen": "好", "rejected": "坏"}).rows[0]
    assert (row.answer, row.extra) == (None, '{"chosen": "好", "rejected": "坏"}')


def test_every_instruction_is_its_own_problem() -> None:
    result = imported(*[{"instruction": "说", "input": "", "output": "好"}] * 3)
    assert result.problems == 3
    assert len({row.row_id for row in result.rows}) == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"instruction": "", "input": None}, "instruction", id="nothing asked"),
        pytest.param({"output": ["好"]}, "output", id="output as list"),
        pytest.param({"output": "坏\ud83d"}, "output", id="half a character"),
        pytest.param({"history": "问"}, "history", id="history as text"),
        pytest.param({"history": [["问", "答"], ["问"]]}, "history[1]", id="half a turn"),
        pytest.param({"history": [["问", None]]}, "history[0][1]", id="null in a turn"),
        pytest.param({"history": [["问", "\0\ud800"]]}, "history[0][1]", id="broken text in a turn"),
    ],
)
def test_a_bad_field_is_named(changes: dict[str, object], field: str) -> None:
    good = {"instruction": "说", "input": "", "output": "好"}
    result = imported(good, good | changes, good)
    assert len(result.rows) == 2
    assert [(bad.line, bad.field) for bad in result.bad] == [(2, field)]


def test_lines_and_an_array_give_the_same_rows() -> None:
    records = [{"instruction": f"说{n}", "input": "", "output": "好"} for n in range(5)]
    array = read_rows(json.dumps(records, indent=2).encode(), name="a.json")
    assert (array.rows, array.format) == (imported(*records).rows, "alpaca")
