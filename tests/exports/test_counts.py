"""Every row in exactly one state, whatever the format and its options; the same export twice is the same bytes."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.errors import FixableError, UsageError
from augment.exports import REASONS, names
from augment.types import Row
from tests import strategies
from tests.exports.desk import Desk, argued, checked, desk, question, reasoned

FORMS = [name for name in names() if name != "submission"]  # which has a source file: test_submission.py
ALL = {"allow_simulated": True, "decision": "any"}
ROWS = [
    question(1), question(2, None), reasoned(3), argued(reasoned(3)), argued(reasoned(3), "D"), checked(reasoned(3)),
    reasoned(4, decision="reject"), reasoned(5, "A", split="dev"), argued(reasoned(5, "A", split="dev")),
    reasoned(6, "A", split="test"), reasoned(7, decision="accept"), argued(reasoned(7)), reasoned(8, "D"),
    reasoned(9, provider="sim:yi-34b"), Row("a" * 32, "p", kind="instruction", problem="写诗", answer="好。"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _own_time() -> Iterator[None]:
    yield
    time.tzset()  # a test may have left the machine's time zone for another


def files(at: Desk) -> dict[str, bytes]:
    return {str(path.relative_to(at.out)): path.read_bytes() for path in sorted(at.out.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("form", FORMS)
def test_rows_in_are_rows_out_and_rows_left_out(tmp_path: Path, form: str) -> None:
    with desk(tmp_path, ROWS) as at:
        done = at.export(form, **ALL)
    told = done.told
    assert told["rows_in"] == told["rows_out"] + sum(told["left_out"].values()) == len(ROWS)
    assert set(told["left_out"]) <= set(REASONS)
    assert json.loads(done.manifest.read_bytes()) == told


@pytest.mark.parametrize("form", FORMS)
def test_the_manifest_has_the_hash_and_size_of_every_file(tmp_path: Path, form: str) -> None:
    with desk(tmp_path, ROWS) as at:
        done = at.export(form, **ALL)
    folder = done.path if done.path.is_dir() else done.path.parent
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path != done.manifest}
    assert there == {file["file"] for file in done.told["files"]}
    for file in done.told["files"]:
        data = (folder / file["file"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("form", FORMS)
def test_the_same_export_on_another_day_is_the_same_bytes(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path, ROWS) as at:
        at.export(form, **ALL)
        first = files(at)
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + 86_400 * 400)
        monkeypatch.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        at.export(form, **ALL)
        assert files(at) == first


@settings(max_examples=30)
@given(rows=st.lists(strategies.rows(), max_size=6, unique_by=lambda row: row.row_id), form=st.sampled_from(FORMS))
def test_counts_add_up_for_rows_of_any_content(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], form: str
) -> None:
    with desk(tmp_path_factory.mktemp("desk"), [*ROWS, *rows]) as at:
        told = at.export(form, **ALL).told
    assert told["rows_in"] == told["rows_out"] + sum(told["left_out"].values()) == len(ROWS) + len(rows)


@pytest.mark.parametrize(
    ("options", "left_out"),
    [
        ({"where": "answer = 'A'"}, {"where": 12}),
        ({"split": "dev"}, {"split": 13}),
        ({"split": "dev", "where": "label = 'wrong'"}, {"where": 11, "split": 3}),
        ({"decision": "accepted"}, {"decision": 14}),
        ({"decision": "rejected"}, {"decision": 14}),
        ({"decision": "undecided"}, {"decision": 2}),
        ({"decision": "kept"}, {"decision": 1}),
    ],
    ids=str,
)
def test_a_filter_s_rows_are_counted_as_left_out(
    tmp_path: Path, options: dict[str, Any], left_out: dict[str, int]
) -> None:
    with desk(tmp_path, ROWS) as at:
        told = at.export("csv", allow_simulated=True, **options).told
    assert told["left_out"] == left_out


def test_what_people_rejected_is_not_trained_on_unless_asked_for(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1), reasoned(2, decision="reject")]) as at:
        assert at.export("alpaca").told["left_out"] == {"decision": 1}
        assert at.export("alpaca", decision="any").told["left_out"] == {}
        assert at.export("csv").told["left_out"] == {}


def test_a_broken_expression_is_the_user_s(tmp_path: Path) -> None:
    with desk(tmp_path, ROWS) as at, pytest.raises(UsageError):
        at.export("alpaca", where="answer ==")


@pytest.mark.parametrize("balance", ["answer", "option-count"])
def test_balance_leaves_as_many_of_each_as_the_rarest_has(tmp_path: Path, balance: str) -> None:
    rows = [reasoned(number, "ABBCCC"[number % 6]) for number in range(1, 61)]
    rows += [reasoned(number, "A", options=["甲", "乙"]) for number in range(61, 65)]
    with desk(tmp_path, rows) as at:
        done = at.export("scorer" if balance == "x" else "alpaca", balance=balance)
        lines = at.lines("alpaca", balance=balance)
        other = at.lines("alpaca", balance=balance, seed=1)
    kinds = Counter(line["output"][-1] if balance == "answer" else line["instruction"].count("\n") for line in lines)
    assert len(set(kinds.values())) == 1
    assert done.told["left_out"] == {"balance": 64 - len(lines)}
    assert [line["instruction"] for line in lines] != [line["instruction"] for line in other]


def test_shuffle_changes_the_order_and_nothing_else(tmp_path: Path) -> None:
    rows = [reasoned(number) for number in range(1, 30)]
    with desk(tmp_path, rows) as at:
        plain, mixed, again = (at.lines("alpaca", shuffle=seed) for seed in (None, 7, 7))
    assert mixed == again != plain
    assert sorted(map(str, mixed)) == sorted(map(str, plain))


@pytest.mark.parametrize("form", ["alpaca", "kto", "dpo"])
def test_a_line_with_earlier_turns_leads_so_that_no_loader_takes_the_column_for_empty(
    tmp_path: Path, form: str
) -> None:
    turns = [{"user": "你好", "assistant": "你好！"}]
    rows = [reasoned(number, history=turns if number in (7, 9) else None) for number in range(1, 12)]
    with desk(tmp_path, [*rows, *map(argued, rows)]) as at:
        plain = [bool(line["history"]) for line in at.lines(form, shuffle=None if form != "kto" else 1)]
    assert plain[0] and sum(plain) == (4 if form == "kto" else 2)


def test_a_single_file_named_json_is_one_array(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1), reasoned(2)]) as at:
        lines = at.lines("alpaca")
        assert json.loads(at.export("alpaca", "all.json").path.read_text("utf-8")) == lines


def test_no_reader_sees_a_line_end_inside_a_line(tmp_path: Path) -> None:
    row = reasoned(1, problem="一\u2028二\u2029三\x85四")
    with desk(tmp_path, [row]) as at:
        text = at.export("messages").path.read_text("utf-8")
    assert len(text.splitlines()) == 1
    assert "一\u2028二\u2029三\x85四" in json.loads(text)["messages"][0]["content"]


def test_nothing_is_written_where_nothing_is_left(tmp_path: Path) -> None:
    with desk(tmp_path, ROWS) as at:
        with pytest.raises(FixableError, match="15 where"):
            at.export("alpaca", where="false")
        assert files(at) == {}


def test_the_manifest_tells_the_splits_of_what_goes_out(tmp_path: Path) -> None:
    with desk(tmp_path, ROWS) as at:
        assert at.export("csv", **ALL).told["splits"] == {"none": 12, "dev": 2, "test": 1}
