"""The data that ships with the project: its format, what its README says of it, and the generator that writes it."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from augment.importers import read_rows

SAMPLES = Path(__file__).resolve().parents[1] / "datasets" / "samples"
README = (SAMPLES / "README.md").read_text(encoding="utf-8")
FILES = ("problems.jsonl", "reading.jsonl")
LETTERS = "ABCDE"


def problems(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / file).read_text(encoding="utf-8").splitlines()]


def questions(file: str) -> list[dict[str, Any]]:
    return [question for problem in problems(file) for question in problem["questions"]]


def named_after(words: str) -> list[str]:
    """The ids the README lists in the entry that begins so."""
    entry = re.search(rf"- {re.escape(words)}.*?(?=\n- |\n\n)", README, re.DOTALL)
    return re.findall(r"sample_\d{3}", entry[0]) if entry else []


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The generator's module of parts, which is no package's."""
    monkeypatch.syspath_prepend(str(SAMPLES))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield importlib.import_module("sample_parts")
    del sys.modules["sample_parts"]


@pytest.mark.parametrize("file", FILES)
def test_every_problem_has_the_keys_of_the_format(file: str) -> None:
    assert {tuple(problem) for problem in problems(file)} == {("problem", "questions", "id")}
    assert {tuple(question) for question in questions(file)} == {("question", "options", "answer")}


@pytest.mark.parametrize(("file", "stem"), [("problems.jsonl", "sample"), ("reading.jsonl", "reading")])
def test_ids_count_up_from_zero(file: str, stem: str) -> None:
    found = problems(file)
    assert [problem["id"] for problem in found] == [f"{stem}_{place:03d}" for place in range(len(found))]


@pytest.mark.parametrize("file", FILES)
def test_every_answer_is_the_letter_of_an_option(file: str) -> None:
    wrong = [each for each in questions(file) if each["answer"] not in [*LETTERS[: len(each["options"])]]]
    assert wrong == []


@pytest.mark.parametrize("file", FILES)
def test_options_are_distinct_and_not_blank(file: str) -> None:
    wrong = [
        each
        for each in questions(file)
        if not all(option.strip() for option in each["options"])
        or len({option.strip().casefold() for option in each["options"]}) < len(each["options"])
    ]
    assert wrong == []


@pytest.mark.parametrize("file", FILES)
def test_every_question_is_numbered_within_its_problem(file: str) -> None:
    for problem in problems(file):
        starts = [re.match(r"选择题 (\d+)(：\n|:\n|：)(?=\S)", each["question"]) for each in problem["questions"]]
        assert [start and int(start[1]) for start in starts] == list(range(1, len(starts) + 1)), problem["id"]


@pytest.mark.parametrize("file", FILES)
def test_no_question_stands_twice_on_one_stem(file: str) -> None:
    asked = Counter(
        (problem["problem"], re.sub(r"^选择题 \d+[：:]\n?", "", each["question"]))
        for problem in problems(file)
        for each in problem["questions"]
    )
    assert [key for key, times in asked.items() if times > 1] == []


@pytest.mark.parametrize("file", FILES)
def test_the_readme_states_the_counts(file: str) -> None:
    counts = Counter(len(each["options"]) for each in questions(file))
    cells = [f"`{file}`", len(problems(file)), counts.total(), *(counts[size] for size in (2, 3, 4, 5))]
    assert f"| {' | '.join(map(str, cells))} |" in README
    assert set(counts) <= {2, 3, 4, 5}


def test_the_readme_states_how_many_problems_are_handwritten() -> None:
    written, all_of_them = len(problems("handwritten.jsonl")), len(problems("problems.jsonl"))
    assert f"{all_of_them - written} problems are computed" in README
    assert f"The other {written}, in `handwritten.jsonl`" in README


def test_the_readme_names_the_problems_that_hold_the_word_translate() -> None:
    listed = named_after("Translation tasks") + named_after("Problems that only mention")
    assert len(listed) == 7
    holding = [each["id"] for each in problems("problems.jsonl") if "译" in json.dumps(each, ensure_ascii=False)]
    assert sorted(listed) == holding


def test_translation_tasks_are_the_ones_that_ask_for_a_translation() -> None:
    asking = [
        each["id"]
        for each in problems("problems.jsonl")
        if re.search(r"译(?:成|为)|完成翻译|之间互相翻译", json.dumps(each, ensure_ascii=False))
    ]
    assert sorted(named_after("Translation tasks")) == asking


def test_the_readme_names_the_stems_that_stand_twice() -> None:
    found = problems("problems.jsonl")
    twice = [one["id"] + other["id"] for one, other in combinations(found, 2) if one["problem"] == other["problem"]]
    listed = named_after("Stems that stand twice")
    assert [one + other for one, other in zip(listed[::2], listed[1::2], strict=True)] == twice


@pytest.mark.parametrize(("file", "most"), [("problems.jsonl", 0.65), ("reading.jsonl", 0.45)])
def test_no_letter_is_right_much_oftener_than_the_others(file: str, most: float) -> None:
    for size in (2, 3, 4, 5):
        letters = Counter(each["answer"] for each in questions(file) if len(each["options"]) == size)
        assert max(letters.values(), default=0) <= most * letters.total(), (size, letters)


@pytest.mark.parametrize(("file", "shortest", "longest"), [("problems.jsonl", 50, 300), ("reading.jsonl", 150, 350)])
def test_stems_are_of_the_usual_length(file: str, shortest: int, longest: int) -> None:
    lengths = {each["id"]: len(each["problem"]) for each in problems(file)}
    assert {name: length for name, length in lengths.items() if not shortest <= length <= longest} == {}


@pytest.mark.parametrize("file", FILES)
def test_the_importer_takes_every_question(file: str) -> None:
    imported = read_rows((SAMPLES / file).read_bytes(), name=file)
    assert (imported.format, imported.bad) == ("competition", [])
    assert [row.answer for row in imported.rows] == [each["answer"] for each in questions(file)]


def test_the_generator_writes_the_file_that_ships_byte_for_byte(tmp_path: Path) -> None:
    command = [sys.executable, "-B", str(SAMPLES / "make_samples.py"), str(tmp_path)]
    subprocess.run(command, check=True, timeout=60)
    assert (tmp_path / "problems.jsonl").read_bytes() == (SAMPLES / "problems.jsonl").read_bytes()


@pytest.mark.parametrize("solutions", [[], [1, 2]], ids=["none", "two"])
def test_the_generator_refuses_a_puzzle_without_exactly_one_solution(parts: ModuleType, solutions: list[int]) -> None:
    with pytest.raises(ValueError, match="one solution is wanted"):
        parts.only(solutions)


def test_the_generator_refuses_a_wrong_option_equal_to_the_right_one(parts: ModuleType) -> None:
    with pytest.raises(ValueError, match="distinct options"):
        parts.pick("几个？", 3, "3", "4")
