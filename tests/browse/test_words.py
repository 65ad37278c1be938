"""A filter in an address and as an expression; the SQL box."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.browse import MOST_ROWS, Filter, expression, from_address, rows_expression, to_address
from augment.errors import NotFound, UsageError
from augment.query import select
from augment.review import by, decide
from augment.types import Row
from tests.browse.shelves import Room, naive
from tests.browse.test_filters import FILTERS, datasets, filters

ROWS = [Row(f"{n:032x}", f"p{n}", question=f"第{n}题", stage="abc"[n % 3], score=n / 10) for n in range(30)]


@given(
    wanted=FILTERS,
    assigned=st.sampled_from(["", "林,王"]),
    conflict=st.booleans(),
    where=st.sampled_from(["", "a = 1"]),
)
def test_an_address_says_the_whole_filter(wanted: Filter, assigned: str, conflict: bool, where: str) -> None:
    from dataclasses import replace

    wanted = replace(wanted, assigned=assigned, conflict=conflict, where=where)
    assert from_address(to_address(wanted)) == wanted


@pytest.mark.parametrize(
    "parts",
    [
        {"score_from": "nan"},
        {"score_to": "1e999"},
        {"score_from": "a"},
        {"reasoning": "perhaps"},
        {"conflict": "1"},
        {"tags": ","},
        {"row": "x", "page": "3"},
    ],
    ids=lambda parts: next(iter(parts)),
)
def test_what_an_address_says_wrongly_is_left_out(parts: dict[str, str]) -> None:
    assert from_address(parts) == Filter()


@given(rows=datasets(), wanted=st.lists(filters(), min_size=1, max_size=6))
@settings(max_examples=8)
def test_the_expression_of_a_filter_finds_what_the_filter_finds(rows: list[Row], wanted: list[Filter]) -> None:
    with tempfile.TemporaryDirectory() as folder, Room(Path(folder), rows, filed=False) as room:
        for one in wanted:
            found = select(room.store, "d", 0, where=expression(one) or "true")
            assert sorted(found or []) == sorted(naive(rows, one)), expression(one)


def test_rows_are_named_in_an_expression(tmp_path: Path) -> None:
    with Room(tmp_path, [*ROWS, Row("it's", "p")], filed=False) as room:
        chosen = [ROWS[3].row_id, "it's"]
        assert list(room.browser.ids(Filter(where=rows_expression(chosen)))) == chosen


@pytest.mark.parametrize("filed", [False, True], ids=["memory", "files"])
def test_the_sql_box_sees_what_was_decided_a_moment_ago(tmp_path: Path, filed: bool) -> None:
    with Room(tmp_path, ROWS, filed=filed) as room:
        for number in (1, 4, 6):
            decide(room.browser, room.ledger, ROWS[number].row_id, "reject", by("林"))
        found = room.browser.query(
            "SELECT stage, count(*) AS n FROM rows WHERE decision = 'reject' GROUP BY 1 ORDER BY 1"
        )
        assert (found.columns, list(found.rows), found.cut) == (("stage", "n"), [("a", 1), ("b", 2)], False)
        assert [row[0] for row in room.browser.query("decision = 'reject'").rows] == [ROWS[n].row_id for n in (1, 4, 6)]
        said = room.browser.query("SELECT decisions[1].reviewer FROM rows WHERE len(decisions) > 0").rows
        assert said == [("林",)] * 3
        assert room.browser.query("SELECT rows.decision FROM rows WHERE score = 0.1").rows == [("reject",)]
        whole = "SELECT contains(CAST(rows AS VARCHAR), 'reject') FROM rows WHERE score = 0.1"
        assert room.browser.query(whole).rows == [(True,)]


def test_the_sql_box_gives_no_more_than_a_page_of_a_thousand(tmp_path: Path) -> None:
    with Room(tmp_path, ROWS, filed=False) as room:
        found = room.browser.query("SELECT a.row_id FROM rows a, rows b, rows c")
        assert (len(found.rows), found.cut) == (MOST_ROWS, True)
        assert len(room.browser.query("SELECT repeat('长', 100000)").rows[0][0]) < 1_000


@pytest.mark.parametrize(
    "sql",
    [
        "DROP VIEW rows",
        "SELECT 1; SELECT 2",
        "SELECT 1) ; DROP VIEW rows; SELECT * FROM (SELECT 1",
        "CREATE TABLE x AS SELECT 1",
        "COPY rows TO '/tmp/x.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_text('/etc/hostname')",
        "ATTACH '/tmp/other.duckdb'",
        "SET memory_limit = '100GB'",
        "PRAGMA database_list",
        "INSTALL httpfs",
        "WITH x AS (DELETE FROM rows RETURNING *) SELECT * FROM x",
        "SELECT \ud800",
        "select",
    ],
)
@pytest.mark.parametrize("filed", [False, True], ids=["memory", "files"])
def test_the_sql_box_reads_nothing_else_and_changes_nothing(tmp_path: Path, sql: str, filed: bool) -> None:
    with Room(tmp_path, ROWS, filed=filed) as room:
        with pytest.raises(UsageError):
            room.browser.query(sql)
        assert room.browser.query("SELECT count(*) FROM rows").rows == [(30,)]


def test_a_row_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    with Room(tmp_path, [Row("ab1", "p"), Row("ab2", "p"), Row("b", "p"), Row("bc", "p")], filed=True) as room:
        assert [room.browser.find(one) for one in ("ab1", "ab2", "b", "bc")] == ["ab1", "ab2", "b", "bc"]
        for beginning in ("c", "", "' OR true --", "\ud800"):
            with pytest.raises(NotFound):
                room.browser.find(beginning)
        with pytest.raises(UsageError):
            room.browser.find("ab")
