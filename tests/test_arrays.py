"""Python values as Arrow arrays: what pyarrow itself makes of them, without pandas."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.arrays import to_array, to_values
from augment.rows import SCHEMA
from augment.types import Row
from tests.strategies import rows


@given(st.lists(rows(), min_size=1, max_size=12))
def test_every_column_is_what_pyarrow_makes_of_it(made: list[Row]) -> None:
    for field in SCHEMA:
        values = [getattr(row, field.name) for row in made]
        found = to_array(values, field.type)
        found.validate(full=True)
        assert found.equals(pa.array(values, field.type)), field.name
        assert to_values(found) == values, field.name


@pytest.mark.parametrize(
    ("values", "kind"),
    [([1], pa.string()), ([128], pa.int8()), ([1.5], pa.int64()), (["1"], pa.float64()), ([2**31], pa.int32())],
    ids=["no text", "too large for int8", "no whole number", "no number", "too large for int32"],
)
def test_a_value_of_another_kind_is_refused(values: list[Any], kind: pa.DataType) -> None:
    with pytest.raises((TypeError, OverflowError)):
        to_array(values, kind)


def test_a_field_that_a_struct_lacks_is_unknown() -> None:
    kind = pa.struct([("a", pa.string()), ("b", pa.int32())])
    found = to_array([{"a": "x"}, None, {"b": 1}], kind).to_pylist()
    assert found == [{"a": "x", "b": None}, None, {"a": None, "b": 1}]


def test_rows_go_in_and_out_without_pandas() -> None:
    code = """
import datetime as dt, sys
from augment.rows import from_batch, to_batch
from augment.types import Row
made = [Row("a", "p", created_at=dt.datetime.now(dt.UTC)), Row("b", "p", options=["x"], cost_cny=1.0)]
assert from_batch(to_batch(made)) == made
assert from_batch(to_batch(made), [1]) == made[1:]
sys.exit("pandas" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
