"""What the importers make of real files, read from the share beside the checkout."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from augment.importers import Imported, read_rows

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
TRAIN = "round1_train_data_000-299.jsonl"


def imported(name: str) -> Imported:
    return read_rows((DATA / name).read_bytes(), name=name)


@pytest.mark.parametrize(
    ("name", "format_name", "encoding", "rows", "problems"),
    [
        (TRAIN, "competition", "utf-8", 833, 300),
        ("round1_test_data_000-249.jsonl", "competition", "utf-8", 660, 250),
        ("round1_format_page_sample.txt", "competition", "utf-8", 2, 1),
        ("derived_bom_crlf_round1_20.jsonl", "competition", "utf-8-sig", 52, 20),
        ("alpaca_zh_demo.json", "alpaca", "utf-8", 1000, 1000),
        ("identity.json", "alpaca", "utf-8", 91, 91),
        ("new_gpt4_data_first250.jsonl", "alpaca", "utf-8", 250, 250),
        ("qwen2_72b_reasoning_560.json", "alpaca", "utf-8", 560, 560),
        ("cmmlu_logical_test.csv", "table", "utf-8", 123, 123),
        ("cmmlu_civil_service_dev.csv", "table", "utf-8", 5, 5),
        ("derived_gb18030_cmmlu_logical.csv", "table", "gb18030", 123, 123),
        ("disc_law_mcq_mult_pae.csv", "table", "utf-8", 276, 276),
        ("disc_law_mcq_sing_lbk.csv", "table", "utf-8", 275, 275),
        ("medical_qa_gb18030.csv", "table", "gb18030", 400, 400),
        ("bio_olympiad_2003_test.csv", "table", "utf-8", 130, 130),
        ("bio_olympiad_2009_test.csv", "table", "utf-8", 114, 114),
    ],
)
def test_a_real_file_gives_all_its_rows(name: str, format_name: str, encoding: str, rows: int, problems: int) -> None:
    result = imported(name)
    assert (result.format, result.encoding, len(result.rows), result.problems) == (
        format_name,
        encoding,
        rows,
        problems,
    )
    assert result.bad == []


@pytest.mark.parametrize(
    ("name", "rows", "bad_lines"),
    [
        ("bio_olympiad_2001_test.csv", 93, [79, 82]),  # ACE of four options, twice
        ("bio_olympiad_2005_test.csv", 108, [76, 98, 102, 103, 109]),  # no options but an A; letters beyond the last
        ("bio_olympiad_2007_test.csv", 114, [111]),  # the options were pictures
    ],
)
def test_answers_that_no_option_has_are_named_by_line(name: str, rows: int, bad_lines: list[int]) -> None:
    result = imported(name)
    assert (len(result.rows), [bad.line for bad in result.bad]) == (rows, bad_lines)
    assert {bad.field for bad in result.bad} == {"Answer"}


def test_byte_order_mark_and_crlf_change_no_row() -> None:
    marked = imported("derived_bom_crlf_round1_20.jsonl").rows
    assert marked == imported(TRAIN).rows[: len(marked)]


def test_gb18030_changes_no_row() -> None:
    assert imported("derived_gb18030_cmmlu_logical.csv").rows == imported("cmmlu_logical_test.csv").rows


def test_three_broken_lines_are_named_and_the_rest_is_imported() -> None:
    lines = (DATA / TRAIN).read_text("utf-8").split("\n")
    whole = imported(TRAIN).rows
    cut = {9: lines[9][:-30], 10: "not JSON at all", 199: lines[199].replace('"answer"', '"answer', 1)}
    lost = sum(len(json.loads(lines[index])["questions"]) for index in cut)
    broken = "\n".join(cut.get(index, line) for index, line in enumerate(lines))
    result = read_rows(broken.encode(), name="broken.jsonl")
    assert [bad.line for bad in result.bad] == [10, 11, 200]
    assert len(result.rows) == len(whole) - lost
    assert {row.row_id for row in result.rows} < {row.row_id for row in whole}


def test_the_competition_answers_keep_their_distribution() -> None:
    answers = Counter(row.answer for row in imported(TRAIN).rows)
    assert answers == {"A": 295, "B": 346, "C": 130, "D": 59, "E": 3}


def test_the_test_file_has_no_answers() -> None:
    assert {row.answer for row in imported("round1_test_data_000-249.jsonl").rows} == {None}


def test_every_row_id_of_a_file_is_its_own() -> None:
    for name in (TRAIN, "alpaca_zh_demo.json"):  # both hold repeated questions
        rows = imported(name).rows
        assert len({row.row_id for row in rows}) == len(rows)


def test_the_format_page_sample_reads_like_json() -> None:
    first = imported("round1_format_page_sample.txt").rows[0]
    assert first.source_id == "round_train_data_001"
    assert (first.options, first.answer, first.kind) == (["3", "6", "9", "12"], "B", "choice")
    assert first.question is not None and first.question.startswith("选择题 1:\n")


def test_letters_as_alpaca_output_stay_instructions() -> None:
    rows = imported("new_gpt4_data_first250.jsonl").rows
    assert {row.kind for row in rows} == {"instruction"}
    assert Counter(row.answer for row in rows) == {"A": 74, "B": 82, "C": 51, "D": 40, "E": 3}


def test_an_empty_alpaca_input_is_unknown() -> None:
    assert sum(row.question is None for row in imported("alpaca_zh_demo.json").rows) == 861


def test_several_letters_and_unknown_columns_of_a_table_are_kept() -> None:
    row = imported("disc_law_mcq_mult_pae.csv").rows[0]
    assert (row.answer, len(row.options), row.kind) == ("AD", 4, "choice")
    extra = {"source": "2015 national patent agent examination-patent law", "multichoice": "True"}
    assert row.extra is not None and json.loads(row.extra) == extra


def test_a_pandas_index_is_kept_but_is_no_id() -> None:
    row = imported("cmmlu_logical_test.csv").rows[3]
    assert (row.source_id, row.extra) == (None, '{"index": "3"}')
