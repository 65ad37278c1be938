"""What a sample problem is made of: a stem and questions whose right option is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """dealt: the options stand in no order of their own, so that any letter may become the right one."""

    text: str
    right: str
    options: tuple[str, ...]
    dealt: bool


@dataclass(frozen=True, slots=True)
class Problem:
    stem: str
    questions: tuple[Question, ...]


def problem(stem: str, *questions: Question) -> Problem:
    return Problem(stem, questions)


def pick(text: str, right: object, *wrong: object) -> Question:
    """A question whose options may stand in any order. Raises ValueError where two are equal."""
    return _question(text, str(right), [str(option) for option in (right, *wrong)], dealt=True)


def among(text: str, right: object, options: Iterable[object]) -> Question:
    """A question whose options keep their order. Raises ValueError where the right one is not among them."""
    return _question(text, str(right), [str(option) for option in options], dealt=False)


def judge(text: str, truth: bool, labels: str = "是 否") -> Question:
    """A question of two options, the first for what is so."""
    yes, no = labels.split()
    return among(text, yes if truth else no, (yes, no))


def only(solutions: Iterable[T]) -> T:
    """The one solution. Raises ValueError where there is none or another: the puzzle would have no right answer."""
    found = list(solutions)
    if len(found) != 1:
        raise ValueError(f"one solution is wanted, {len(found)} were found: {found[:4]!r}")
    return found[0]


def numbered(lines: Iterable[str]) -> str:
    return "\n".join(f"{place}. {line}。" for place, line in enumerate(lines, start=1))


def neighbours(order: Sequence[str], count: int = 3) -> list[tuple[str, ...]]:
    """Wrong orders: two that stand side by side in the right one have changed places."""
    swapped = []
    for left in range(min(count, len(order) - 1)):
        other = list(order)
        other[left : left + 2] = reversed(other[left : left + 2])
        swapped.append(tuple(other))
    return swapped


def _question(text: str, right: str, options: list[str], *, dealt: bool) -> Question:
    if len(set(options)) != len(options) or right not in options:
        raise ValueError(f"{text!r}: {right!r} and distinct options are wanted, not {options!r}")
    return Question(text, right, tuple(options), dealt)
