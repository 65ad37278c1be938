"""Whole rows for people: no cell runs, nothing is loaded, and what is there is there whole."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook

from augment.exports.markdown import plain
from augment.exports.xlsx import MOST_CHARACTERS, fitted
from tests.exports.desk import argued, desk, reasoned

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "\u200b=1", "＝1", "\n=1", "\ufeff=cmd|' /C calc'!A0"]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sheet(path: Path) -> list[dict[str, Any]]:
    heads, *rows = load_workbook(str(path)).get_sheet_by_index(0).to_python()
    return [dict(zip(heads, row, strict=True)) for row in rows]


def test_each_option_has_a_column_under_its_letter(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1), reasoned(2, "A", options=["对", "错"])]) as at:
        first, second = table(at.export("csv").path)
    assert [first[letter] for letter in "ABCD"] == ["甲", "乙", "丙", "丁"]
    assert [second[letter] for letter in "ABCD"] == ["对", "错", "", ""]
    assert "run_id" not in first


def test_a_table_begins_with_the_mark_that_excel_needs(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1)]) as at:
        assert at.export("csv").path.read_bytes().startswith(b"\xef\xbb\xbfrow_id,")


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_no_cell_is_a_formula(tmp_path: Path, form: str, text: str) -> None:
    with desk(tmp_path, [reasoned(1, problem=text, options=[text, "乙", "丙", "丁"], tags=[text])]) as at:
        path = at.export(form).path
        (row,) = table(path) if form == "csv" else sheet(path)
    for column in ("problem", "A", "tags"):
        assert row[column] == f"'{text}"


def test_what_no_workbook_may_hold_is_replaced_and_the_file_opens(tmp_path: Path) -> None:
    with desk(
        tmp_path, [reasoned(1, problem="甲\x01乙\x0b\x1f丙\ufffe", question="_x0041_", reasoning="一\n二")]
    ) as at:
        (row,) = sheet(at.export("xlsx").path)
    assert row["problem"] == "甲\ufffd乙\ufffd\ufffd丙\ufffd"
    assert row["question"] == "_x0041_"
    assert row["reasoning"] == "一\n二"


@pytest.mark.parametrize("char", ["长", "\U0001f600"], ids=["one unit", "two units"])
def test_a_cell_too_long_for_excel_is_cut_and_counted(tmp_path: Path, char: str) -> None:
    text = char * MOST_CHARACTERS
    with desk(tmp_path, [reasoned(1, problem=text + char), reasoned(2)]) as at:
        done = at.export("xlsx")
        first, _ = sheet(done.path)
    assert first["problem"].endswith("…（已截断）")
    assert len(first["problem"].encode("utf-16-le")) // 2 <= MOST_CHARACTERS
    assert done.told["lines"]["rows"]["cells_cut"] == 1


def test_a_cell_that_fits_is_not_cut() -> None:
    text = "长" * MOST_CHARACTERS
    assert fitted(text) == text


def test_a_workbook_tells_no_time_of_its_making(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1)]) as at, zipfile.ZipFile(at.export("xlsx").path) as book:
        assert {one.date_time[0] for one in book.infolist()} == {1980}
        assert b"2000-01-01T00:00:00Z</dcterms:created>" in book.read("docProps/core.xml")


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://example.org/x.png)",
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "[点这里](javascript:alert(1))",
        "```\n</details>\n```",
        "https://example.org/x",
        "# 标题",
        "    code",
        "| a | b |\n| - | - |",
        "$\\href{x}{y}$",
        "&lt;b&gt;",
        "标题\n===",
        "[x]: https://example.org",
        "1. 一\n2) 二",
        "- [ ] 做",
    ],
    ids=ascii,
)
def test_markup_in_a_text_is_shown_as_text(text: str) -> None:
    shown = plain(text)
    for mark in ("![", "](", "<", "```", "://", "|", "$", "&"):
        assert mark not in shown.replace(f"\\{mark}", ""), shown
    assert not any(line.startswith(("#", " ", "\t", "-", "+", "=", "1.", "2)", ">")) for line in shown.split("\n")), (
        shown
    )


def test_what_cannot_be_seen_cannot_turn_the_text(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1, problem="甲\u202e乙\x1b[31m")]) as at:
        text = at.export("markdown").path.read_text("utf-8")
    assert "甲\ufffd乙\ufffd" in text


def test_a_reader_sees_question_options_answer_and_reasoning(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1), argued(reasoned(1))]) as at:
        text = at.export("markdown").path.read_text("utf-8")
    for part in ("谁最高？", "- A\\. 甲", "**答案** B", "结论 C", "2 rows"):
        assert part in text
