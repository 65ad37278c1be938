"""Writes problems.jsonl: the computed problems and the handwritten ones, mixed, numbered and with their letters dealt.

python datasets/samples/make_samples.py [FOLDER]: the folder is the one of this file when left out. The same code gives
the same bytes.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import arithmetic
import searched
import structures
from sample_parts import Problem, Question, among, problem

HERE = Path(__file__).resolve().parent
SEED = 20240726
LETTERS = "ABCDE"
PREFIXES = ("选择题 {}：\n",) * 8 + ("选择题 {}:\n",) * 3 + ("选择题 {}：",)  # the usual one most often


def main(folder: Path) -> None:
    problems = [*searched.problems(), *arithmetic.problems(), *structures.problems(), *handwritten()]
    chance = random.Random(SEED)
    chance.shuffle(problems)
    prefixes = _dealt(chance, PREFIXES)
    letters = {count: _dealt(chance, LETTERS[:count]) for count in range(2, 6)}
    lines = (
        json.dumps(_record(chance, each, next(prefixes), letters, f"sample_{place:03d}"), ensure_ascii=False) + "\n"
        for place, each in enumerate(problems)
    )
    (folder / "problems.jsonl").write_bytes("".join(lines).encode())


def handwritten() -> Iterator[Problem]:
    """The problems of handwritten.jsonl, whose options stay in the order they were written in."""
    for line in (HERE / "handwritten.jsonl").read_text(encoding="utf-8").splitlines():
        written = json.loads(line)
        questions = (
            among(each["question"], each["options"][LETTERS.index(each["answer"])], each["options"])
            for each in written["questions"]
        )
        yield problem(written["problem"], *questions)


def _dealt(chance: random.Random, cards: str | tuple[str, ...]) -> Iterator[str]:
    """The cards over and over, shuffled anew each time round: none comes much oftener than another."""
    while True:
        yield from chance.sample(cards, len(cards))


def _record(
    chance: random.Random, each: Problem, prefix: str, letters: dict[int, Iterator[str]], name: str
) -> dict[str, object]:
    questions = []
    for place, question in enumerate(each.questions, start=1):
        options = _options(chance, question, letters)
        answer = LETTERS[options.index(question.right)]
        questions.append({"question": prefix.format(place) + question.text, "options": options, "answer": answer})
    return {"problem": each.stem, "questions": questions, "id": name}


def _options(chance: random.Random, question: Question, letters: dict[int, Iterator[str]]) -> list[str]:
    if not question.dealt:
        return list(question.options)
    others = [option for option in question.options if option != question.right]
    chance.shuffle(others)
    others.insert(LETTERS.index(next(letters[len(question.options)])), question.right)
    return others


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
