"""Rows through Arrow and Parquet and back, and the ids they are born with."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from augment.rows import COLUMNS, SCHEMA, VOLATILE, birth_ids, derived_id, from_batch, to_batch
from augment.types import Row
from tests.strategies import MAYBE, TEXTS, rows

Born: TypeAlias = tuple[str | None, str | None, str | None, Sequence[str], str | None]
BORN = st.tuples(MAYBE, MAYBE, MAYBE, st.lists(TEXTS, max_size=3), MAYBE)


@given(st.lists(rows(), max_size=3))
@example([Row("a", "p", question=None), Row("b", "p", question=""), Row("c", "p", options=[], verdicts=[], votes=None)])
@example([Row("a", "p", options=[f"选项{n}" for n in range(26)], permutation=list(range(26)))])
def test_what_goes_into_a_batch_comes_out_of_parquet(made: list[Row]) -> None:
    batch = to_batch(made)
    assert batch.schema.equals(SCHEMA)
    assert from_batch(batch) == made
    file = io.BytesIO()
    pq.write_table(pa.Table.from_batches([batch]), file, store_schema=True)
    read = pq.read_table(file)
    assert read.schema.equals(SCHEMA)
    assert from_batch(read) == made


def test_a_batch_of_no_rows_keeps_every_column() -> None:
    batch = to_batch([])
    assert batch.schema.names == list(COLUMNS)
    assert from_batch(batch) == []


def test_unknown_and_empty_stay_apart() -> None:
    (row,) = from_batch(to_batch([Row("a", "p", problem=None, question="", votes=None, history=[])]))
    assert (row.problem, row.question, row.votes, row.history) == (None, "", None, [])


def test_the_columns_two_equal_versions_may_differ_in_are_those_of_the_contract() -> None:
    assert set(COLUMNS) >= VOLATILE
    assert sorted(VOLATILE) == ["attempts", "cost_cny", "created_at", "input_tokens", "output_tokens", "run_id"]


@given(st.lists(BORN, max_size=6))
def test_no_two_rows_of_a_file_share_an_id_and_the_file_again_gives_the_same(born: list[Born]) -> None:
    ids = birth_ids(born)
    assert len(set(ids)) == len(born)
    assert birth_ids(born) == ids
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in ids)


@given(BORN, BORN)
@example(("1", "p", "q", ["x"], None), ("1", "p", "q", [], "x"))
@example((None, "p", "q", [], ""), (None, "p", "q", [], None))
@example(("", "p", "q", ["a", "b"], "c"), ("", "p", "q", ["a"], "b"))
@example((None, 'a","b', "q", [], None), (None, "a", 'b","q', [], None))
def test_rows_of_different_content_have_different_ids(one: Born, other: Born) -> None:
    def plain(text: str | None) -> str | None:
        return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")

    def content(born: Born) -> tuple[object, ...]:
        return (*map(plain, born[:3]), [plain(text) for text in born[3]], plain(born[4]))

    assert (birth_ids([one]) == birth_ids([other])) == (content(one) == content(other))


@given(BORN, st.integers(2, 5))
def test_equal_rows_are_told_apart_by_their_order_alone(born: Born, times: int) -> None:
    other: Born = ("别的", None, None, [], None)
    together = birth_ids([born] * times)
    between = birth_ids([part for _ in range(times) for part in (born, other)])
    assert between[::2] == together
    assert birth_ids([born]) == together[:1]


@pytest.mark.parametrize("newline", ["\r\n", "\r"], ids=["crlf", "cr"])
def test_the_newline_of_the_file_makes_no_other_row(newline: str) -> None:
    plain: Born = ("1", "甲\n乙", "问\n", ["是\n", "否"], "A\n")
    changed: Born = ("1", f"甲{newline}乙", f"问{newline}", [f"是{newline}", "否"], f"A{newline}")
    assert birth_ids([plain, changed]) == birth_ids([plain, plain])


def test_an_id_is_the_same_in_another_process() -> None:
    code = "from augment.rows import birth_ids; print(birth_ids([('1', '题', None, ['甲', '乙'], 'A')])[0])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert done.stdout.strip() == birth_ids([("1", "题", None, ["甲", "乙"], "A")])[0]


def test_a_derived_id_depends_on_parent_maker_and_ordinal() -> None:
    ids = {derived_id(parent, maker, n) for parent in ("a", "b") for maker in ("x", "y:ja") for n in (0, 1)}
    assert len(ids) == 8
    assert derived_id("a", "x", 1) in ids


def test_a_changed_row_is_a_copy_and_knows_no_other_columns() -> None:
    row = Row("a", "b", problem="甲", tags=["x"])
    changed = row.with_(problem="乙", label="right")
    assert (changed, row.problem) == (replace(row, problem="乙", label="right"), "甲")
    assert isinstance(changed, Row) and hash(changed.row_id) == hash(row.row_id)
    with pytest.raises(TypeError, match="no column 'nothing'"):
        row.with_(nothing=1)
