"""The competition's file, given back with every question answered, or each that is not by its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from augment.errors import DiskTrouble, FixableError
from augment.exports import Exported, ExportOptions
from augment.settings import Settings
from augment.types import Row
from augment.workbench import Workbench
from tests.exports.desk import desk, read, reasoned
from tests.tables import lineage

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
OPTIONS = ["甲", "乙", "丙"]
RECORDS: list[dict[str, Any]] = [
    {
        "problem": "一",
        "source": {"page": 3},
        "questions": [{"options": OPTIONS, "question": "谁？", "mark": 1}],
        "id": "t1",
    },
    {"id": "t2", "problem": "二", "questions": [{"question": q, "options": OPTIONS} for q in ("谁？", "何？", "谁？")]},
    {"id": "t3", "problem": "三", "question": "谁？", "options": OPTIONS, "answer": ""},
]

Answering = Callable[[Row], str | None]


def imported(folder: Path, *files: str) -> Workbench:
    """A workspace with these files as its dataset."""
    bench = Workbench(Settings(folder))
    paths = []
    for number, text in enumerate(files):
        paths.append(folder / f"test{number}.jsonl")
        paths[-1].write_text(text, "utf-8")
    bench.import_files(paths, "d")
    return bench


def lines_of(records: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def answered(bench: Workbench, letters: Answering) -> int:
    """A version in which rows have predictions."""
    base = bench.store.current("d")
    with bench.store.draft("d") as draft:
        draft.write(row.with_(predicted=letters(row)) for row in bench.store.rows("d", base))
        return bench.store.commit("d", base=base, whole=draft, lineage=lineage("answer"), transaction=f"a{base}")


def submit(bench: Workbench, **options: Any) -> Exported:
    path = bench.settings.workspace / "out" / "upload.jsonl"
    return bench.export("d", "submission", path, ExportOptions(**options))


def test_the_lines_come_back_as_they_were_with_their_answers(tmp_path: Path) -> None:
    with imported(tmp_path, lines_of(RECORDS)) as bench:
        answered(bench, lambda row: "C" if row.question == "何？" else "B")
        done = submit(bench)
    lines = read(done.path)
    assert [list(line) for line in lines] == [list(record) for record in RECORDS]
    assert lines[0]["source"] == {"page": 3}
    assert lines[0]["questions"] == [{**RECORDS[0]["questions"][0], "answer": "B"}]
    assert [one["answer"] for one in lines[1]["questions"]] == ["B", "C", "B"]
    assert lines[2]["answer"] == "B"
    assert done.told["lines"]["filled"]["questions"] == 5
    assert done.told["lines"]["filled"]["sources"][0]["file"] == "test0.jsonl"


def test_every_question_without_an_answer_is_named(tmp_path: Path) -> None:
    with imported(tmp_path, lines_of(RECORDS)) as bench:
        answered(bench, lambda row: None if row.question == "何？" or row.problem == "一" else "A")
        with pytest.raises(FixableError, match="2 of 5 questions have no answer: t1, t2 question 2"):
            submit(bench)
        assert not (tmp_path / "out" / "upload.jsonl").exists()
        done = submit(bench, allow_missing=True)
    assert [one["answer"] for one in read(done.path)[1]["questions"]] == ["A", None, "A"]
    assert done.told["lines"]["filled"]["missing"] == ["t1", "t2 question 2"]
    assert done.told["left_out"] == {"no answer": 2}


def test_a_letter_that_no_option_has_answers_nothing(tmp_path: Path) -> None:
    with imported(tmp_path, lines_of(RECORDS[:1])) as bench:
        answered(bench, lambda _: "D")
        with pytest.raises(FixableError, match="1 no answer"):
            submit(bench)


def test_a_line_that_could_not_be_imported_is_named_too(tmp_path: Path) -> None:
    broken = {
        "id": "t9",
        "problem": "九",
        "questions": [{"question": "？", "options": ["只有一个"]}, {"question": "谁？", "options": OPTIONS}],
    }
    with imported(tmp_path, lines_of([*RECORDS[:1], broken]) + "{不是\n") as bench:
        answered(bench, lambda _: "A")
        with pytest.raises(FixableError, match="2 of 4 questions have no answer: t9 question 1, line 3"):
            submit(bench)
        lines = read(submit(bench, allow_missing=True).path)
    assert [one["answer"] for one in lines[1]["questions"]] == [None, "A"]


def test_equal_questions_are_told_apart(tmp_path: Path) -> None:
    record = {"problem": "一", "questions": [{"question": "谁？", "options": OPTIONS}] * 2}
    seen: list[str] = []

    def letters(row: Row) -> str:
        seen.append(row.row_id)
        return "AB"[len(seen) - 1]

    with imported(tmp_path, lines_of([record])) as bench:
        answered(bench, letters)
        (line,) = read(submit(bench).path)
    assert [one["answer"] for one in line["questions"]] == ["A", "B"]


def test_the_file_without_answers_is_the_one_that_is_answered(tmp_path: Path) -> None:
    solved = [{"id": "s1", "problem": "零", "questions": [{"question": "谁？", "options": OPTIONS, "answer": "A"}]}]
    with imported(tmp_path, lines_of(RECORDS), lines_of(solved)) as bench:
        answered(bench, lambda _: "B")
        done = submit(bench)
    assert [line["id"] for line in read(done.path)] == ["t1", "t2", "t3"]
    assert done.told["left_out"] == {"another source": 1}


def test_python_s_literals_and_a_mark_in_front_are_read_as_at_import(tmp_path: Path) -> None:
    text = "\ufeff{'id': 't1', 'problem': '一', 'questions': [{'question': '谁？', 'options': ('甲', '乙')}]}\r\n"
    with imported(tmp_path, text) as bench:
        answered(bench, lambda _: "A")
        (line,) = read(submit(bench).path)
    assert line["questions"] == [{"question": "谁？", "options": ["甲", "乙"], "answer": "A"}]


def test_rows_of_another_format_cannot_be_submitted(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1)]) as at, pytest.raises(FixableError, match="competition file"):
        at.export("submission")


def test_bytes_that_are_gone_are_told(tmp_path: Path) -> None:
    with imported(tmp_path, lines_of(RECORDS)) as bench:
        answered(bench, lambda _: "A")
        for kept in (tmp_path / "datasets" / ".augment" / "sources").iterdir():
            kept.unlink()
        with pytest.raises(DiskTrouble, match="gone"):
            submit(bench)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize("name", ["round1_test_data_000-249.jsonl", "round1_train_data_000-299.jsonl"])
def test_real_files_come_back_in_every_other_field(tmp_path: Path, name: str) -> None:
    text = (DATA / name).read_text("utf-8")
    with imported(tmp_path, text) as bench:
        answered(bench, lambda row: "A")
        lines = read(submit(bench).path)
    for line, record in zip(lines, map(json.loads, text.splitlines()), strict=True):
        assert list(line) == list(record)
        assert {**line, "questions": None} == {**record, "questions": None}
        for one, asked in zip(line["questions"], record["questions"], strict=True):
            assert one == {**asked, "answer": "A"}
