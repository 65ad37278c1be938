"""Which rows a run reads, what differs between versions, pages; and what a user's expression must not reach."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.errors import NotFound, UsageError
from augment.query import Change, check_expression, diff, distinct, page, select
from augment.rows import COLUMNS, VOLATILE
from augment.store import ROW_GROUP, Store
from augment.types import Row
from tests.strategies import rows
from tests.tables import add, fill, lineage, row


def put(store: Store, made: Sequence[Row], base: int | None, *, whole: bool = False) -> int:
    with store.draft("d") as draft:
        draft.write(made)
        return store.commit(
            "d",
            base=base,
            whole=draft if whole else None,
            added=None if whole else draft,
            changed=frozenset(one.row_id for one in made) if whole else frozenset(),
            lineage=lineage(),
            transaction=f"{base}/{whole}/{len(made)}/{id(made)}",
        )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Rows 0 to 49 in two files, scores 0.00 to 0.49, every fifth one tagged."""
    store = Store(tmp_path / "datasets")
    made = [
        row(n, score=n / 100, tags=["五"] if n % 5 == 0 else [], stage="it's" if n % 2 else None) for n in range(50)
    ]
    put(store, made[:30], None)
    put(store, made[30:], 0)
    return store


def chosen(store: Store, **which: Any) -> list[int]:
    ids = select(store, "d", 1, **which)
    assert ids is not None
    return sorted(int(one, 16) for one in ids)


# ── select ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_asked_is_all_rows(store: Store) -> None:
    assert select(store, "d", 1) is None


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("score >= 0.45", [45, 46, 47, 48, 49]),
        ("list_contains(tags, '五') and score < 0.11", [0, 5, 10]),
        ("stage = 'it''s' and score < 0.04", [1, 3]),
        ("stage is null and score < 0.03", [0, 2]),
        ("question = '第7题'", [7]),
        ("question like '%9题' -- the nines", [9, 19, 29, 39, 49]),
        ("score > 5", []),
        ("score = (select max(score) from rows)", [49]),
        ("score < (SELECT avg(score) FROM rows) and score > 0.22", [23, 24]),
        ("(score = 0.01) or (score = 0.02)", [1, 2]),
        ("reasoning = 'x'", []),
    ],
)
def test_where_chooses_the_rows_of_the_whole_version(store: Store, where: str, expected: list[int]) -> None:
    check_expression(where)
    assert chosen(store, where=where) == expected
    assert sorted(int(one.row_id, 16) for one in page(store, "d", 1, where=where).rows) == expected


def test_an_expression_over_all_rows_sees_them_beyond_one_row_group(tmp_path: Path) -> None:
    store = Store(tmp_path)
    put(store, [row(n, score=float(n)) for n in range(ROW_GROUP + 5)], None)
    found = select(store, "d", 0, where="score = (select max(score) from rows)")
    assert found == frozenset({row(ROW_GROUP + 4).row_id})


def test_limit_takes_the_first_in_the_versions_order(store: Store) -> None:
    assert chosen(store, limit=3) == [0, 1, 2]
    assert chosen(store, where="score >= 0.28", limit=4) == [28, 29, 30, 31]
    assert chosen(store, limit=0) == []
    assert chosen(store, limit=99) == list(range(50))


def test_where_comes_before_sample_and_sample_before_limit(store: Store) -> None:
    drawn = chosen(store, where="score >= 0.2", sample=10)
    assert len(drawn) == 10
    assert min(drawn) >= 20
    assert chosen(store, where="score >= 0.2", sample=10, limit=3) == drawn[:3]


def test_a_sample_depends_on_the_seed_alone_and_grows_by_adding(store: Store) -> None:
    ten, twenty = chosen(store, sample=10, seed=7), chosen(store, sample=20, seed=7)
    assert chosen(store, sample=10, seed=7) == ten
    assert set(ten) < set(twenty)
    assert chosen(store, sample=10, seed=8) != ten
    assert chosen(store, sample=500) == list(range(50))


def test_a_sample_draws_rows_alike(store: Store) -> None:
    drawn = [number for seed in range(200) for number in chosen(store, sample=5, seed=seed)]
    counts = [drawn.count(number) for number in range(50)]
    assert sum(counts) == 1000
    assert min(counts) > 5
    assert max(counts) < 45


# ── what an expression must not do ────────────────────────────────────────────────────────────────────────────────────

HOSTILE = {
    "empty": "",
    "blank": " \n\t",
    "a comment alone": "-- nothing",
    "two statements": "true; select 1",
    "drop": "true); DROP TABLE rows; SELECT (1",
    "read a text": "(SELECT count(*) FROM read_text('{file}')) > 0",
    "read a csv": "(SELECT count(*) FROM read_csv('{file}')) > 0",
    "a file as a table": "(SELECT count(*) FROM '{file}') > 0",
    "list a folder": "(SELECT count(*) FROM glob('{folder}/*')) > 0",
    "write a file": "true) TO '{folder}/out'; SELECT (true",
    "copy": "true); COPY rows TO '{folder}/out.csv'; SELECT (true",
    "attach": "true); ATTACH '{folder}/out.db'; SELECT (true",
    "settings": "true); SET enable_external_access = true; SELECT (true",
    "extension": "true); INSTALL httpfs; LOAD httpfs; SELECT (true",
    "environment": "getenv('HOME') <> ''",
    "python": "(SELECT count(*) FROM SECRET_TABLE) >= 0",
    "a query through text": "(SELECT count(*) FROM query('SELECT * FROM read_text(''{file}'')')) > 0",
    "union": "true) UNION ALL SELECT row_id FROM (SELECT 'made up' AS row_id",
    "another order": "true) ORDER BY row_id LIMIT (1",
    "grouping": "true) GROUP BY row_id HAVING (true",
    "an open comment": "true /*",
    "an open text": "stage = 'x",
    "an unknown column": "no_such_column = 1",
    "an aggregate": "count(*) > 0",
    "a parameter": "score > ?",
    "a named parameter": "score > $x",
    "half a character": "stage = '\ud800'",
    "a byte of the shell": "\udcff",
    "nul": "true\0) or (1",
    "too deep": "(" * 5000 + "true" + ")" * 5000,
    "words": "rows where the score is good",
}
SECRET_TABLE = [1]


@pytest.mark.parametrize("name", HOSTILE)
def test_anything_but_one_expression_over_a_row_is_refused_with_an_example(
    store: Store, tmp_path: Path, name: str
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("key\nsk-secret\n")
    where = HOSTILE[name].replace("{file}", str(secret)).replace("{folder}", str(tmp_path))
    before = sorted(tmp_path.rglob("*"))
    asks: list[Callable[[str], object]] = [check_expression, lambda where: select(store, "d", 1, where=where)]
    if where:  # an empty filter of a page is none
        asks.append(lambda where: page(store, "d", 1, where=where))
    for ask in asks:
        with pytest.raises(UsageError) as caught:
            ask(where)
        assert "score" in caught.value.hint
        assert "sk-secret" not in caught.value.message
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("answer ==", "it ends before it is complete"),
        ("score > 1 and (label = 'wrong'", "it ends before it is complete"),
        ("options[1", "it ends before it is complete"),
        ("answer = ]", """at or near "]", character 10"""),
        ("the score > 1", """at or near "score", character 5"""),
        ("answer = 'A'\n  and bad score", """at or near "score", character 24"""),
    ],
    ids=ascii,
)
def test_a_slip_is_shown_where_it_stands_in_the_expression(where: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_expression(where)
    assert repr(where) in caught.value.message
    assert told in caught.value.message


def test_what_is_no_truth_value_is_refused_when_it_meets_a_row(store: Store) -> None:
    with pytest.raises(UsageError):
        select(store, "d", 1, where="question")


def test_values_are_bound_and_never_read_as_sql(store: Store) -> None:
    found = page(store, "d", 1, where="stage = ?", values=["it's"], limit=2)
    assert (found.total, [int(one.row_id, 16) for one in found.rows]) == (25, [1, 3])
    assert page(store, "d", 1, where="stage = ?", values=["x' or 'a'='a"]).total == 0


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [7, 50, 80])
@pytest.mark.parametrize("where", [None, "score >= 0.2", "score > 5"], ids=["all", "some", "none"])
def test_pages_hold_every_row_once_in_order_and_the_total(store: Store, size: int, where: str | None) -> None:
    expected = [] if where == "score > 5" else list(range(20 if where else 0, 50))
    seen: list[int] = []
    for offset in range(0, 50, size):
        found = page(store, "d", 1, where=where, offset=offset, limit=size)
        assert found.total == len(expected)
        assert len(found.rows) <= size
        seen += [int(one.row_id, 16) for one in found.rows]
    assert seen == expected
    assert page(store, "d", 1, where=where, offset=1000).rows == []


def test_a_page_holds_whole_rows(store: Store) -> None:
    assert page(store, "d", 1, limit=50).rows == list(store.rows("d", 1))


def test_a_page_of_an_older_version_shows_that_one(store: Store) -> None:
    fill(store, {1: "因为"}, 1)
    assert page(store, "d", 0).total == 30
    assert page(store, "d", 2, where="reasoning is not null").total == 1
    assert page(store, "d", 1, where="reasoning is not null").total == 0


def test_distinct_values_are_sorted_and_hold_no_null(store: Store) -> None:
    assert distinct(store, "d", 1, "stage") == ["it's"]
    assert distinct(store, "d", 1, "tags") == ["五"]


# ── diff ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def expected_changes(old: Sequence[Row], new: Sequence[Row]) -> list[Change]:
    """The same by comparing every field of every row."""
    before, after = ({one.row_id: one for one in made} for made in (old, new))
    changes = []
    for row_id, one in before.items():
        if row_id not in after:
            changes.append(Change(row_id, "removed", {}))
            continue
        pairs = {name: (getattr(one, name), getattr(after[row_id], name)) for name in COLUMNS if name not in VOLATILE}
        fields = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        if fields:
            changes.append(Change(row_id, "changed", fields))
    return changes + [Change(row_id, "added", {}) for row_id in after if row_id not in before]


@settings(max_examples=8)
@given(
    st.lists(
        st.tuples(rows(), rows(), st.sampled_from(["kept", "changed", "removed", "added"])), min_size=1, max_size=5
    )
)
def test_a_diff_finds_what_comparing_every_field_finds(drawn: list[tuple[Row, Row, str]]) -> None:
    old, new = [row(0)], [row(0)]
    for number, (one, other, fate) in enumerate(drawn, 1):
        row_id = row(number).row_id
        if fate != "added":
            old.append(one.with_(row_id=row_id))
        if fate != "removed":
            new.append((other if fate in ("changed", "added") else one).with_(row_id=row_id))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        put(store, old, None)
        put(store, new, 0, whole=True)
        assert list(diff(store, "d", 0, 1)) == expected_changes(old, new)
        assert list(diff(store, "d", 1, 0)) == expected_changes(new, old)
        assert list(diff(store, "d", 1, 1)) == []


def test_a_diff_leaves_out_what_may_differ_between_equal_versions(store: Store) -> None:
    again = [one.with_(run_id="r", cost_cny=1.5, attempts=2) for one in store.rows("d", 1)]
    put(store, again, 1, whole=True)
    assert list(diff(store, "d", 1, 2)) == []


def test_a_diff_over_appends_and_a_restore_is_what_the_rows_say(store: Store) -> None:
    add(store, [100, 101], 1)
    fill(store, {3: "因为", 100: "所以"}, 2)
    store.restore("d", 0, lineage())
    versions = [list(store.rows("d", version)) for version in range(5)]
    for old in range(5):
        for new in (0, 3, 4):
            assert list(diff(store, "d", old, new)) == expected_changes(versions[old], versions[new])


def test_a_diff_of_versions_in_another_order_is_what_the_rows_say(store: Store) -> None:
    old = list(store.rows("d", 1))
    new = [one.with_(answer="A") if n % 3 else one for n, one in enumerate(reversed(old[5:]))] + [row(200)]
    put(store, new, 1, whole=True)
    assert list(diff(store, "d", 1, 2)) == expected_changes(old, new)
    assert list(diff(store, "d", 2, 1)) == expected_changes(new, old)


def test_a_diff_holds_a_few_row_groups_however_many_rows_differ(store: Store) -> None:
    text = "甲比乙高，乙比丙高。" * 40
    many = [row(n, problem=f"{n}{text}") for n in range(1_000, 1_000 + 8 * ROW_GROUP)]
    put(store, many, 1)
    whole = [one.with_(reasoning="因为") for one in store.rows("d", 2)]
    put(store, whole, 2, whole=True)
    size = sum(batch.nbytes for batch in store.read("d", 3))
    before, held = pa.total_allocated_bytes(), 0
    for found, change in enumerate(diff(store, "d", 2, 3), 1):
        assert change.fields == {"reasoning": (None, "因为")}
        held = max(held, pa.total_allocated_bytes() - before) if found % 500 == 0 else held
    assert found == len(whole)
    assert 0 < held < size * 5 / 8


@pytest.mark.parametrize("folder", ["[1]", "a*b?", "中 文 100%"])
def test_a_workspace_whose_name_looks_like_a_pattern_is_read_as_any_other(tmp_path: Path, folder: str) -> None:
    store = Store(tmp_path / folder)
    add(store, [1], None)
    fill(store, {1: "因为"}, 0)
    assert [change.change for change in diff(store, "d", 0, 1)] == ["changed"]
    assert page(store, "d", 1, where="reasoning is not null").total == 1


def test_a_diff_with_a_version_that_is_not_there_says_so(store: Store) -> None:
    with pytest.raises(NotFound):
        list(diff(store, "d", 0, 9))
