"""Votes of one model on one question, cast only as long as they can still change who leads.

Self-consistency: Wang et al., Self-Consistency Improves Chain of Thought Reasoning (ICLR 2023), with an early stop.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from augment.errors import REFUSING, AugmentError, Fault
from augment.prompts import Prompt
from augment.stages._conclusions import conclusion
from augment.stages._examples import Examples, solution
from augment.stages._prompting import fields_of
from augment.stages._scores import Sieve
from augment.types import Asker, Message, Row, Scalar, Vote

SEVERAL_POSSIBLE = "正确选项的字母（题目要求多选时写出全部，如 ACD）"
TRAILING = 2  # votes behind another answer at which nobody asks further
T = TypeVar("T")
Voter = Callable[[int], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Poll:
    """How a vote went. counts: answer → votes; abstained: replies that name no answer; asked: replies in all."""

    counts: Mapping[str, int] = field(default_factory=dict)
    abstained: int = 0
    asked: int = 0

    @property
    def ranked(self) -> list[Vote]:
        """The answers, most votes first."""
        order = sorted(self.counts.items(), key=lambda one: (-one[1], one[0]))
        return [Vote(letters=answer, count=count) for answer, count in order]

    @property
    def winner(self) -> str | None:
        """The answer with more votes than any other; None for a tie and where nobody voted."""
        first, second = _leaders(self.counts)
        return self.ranked[0]["letters"] if first > second else None

    @property
    def agreement(self) -> float:
        """The share of the votes cast that the leader has, 0 to 1."""
        cast = sum(self.counts.values())
        return max(self.counts.values()) / cast if cast else 0.0

    @property
    def entropy(self) -> float:
        """Of the votes cast, in bits: 0 where all agree."""
        cast = sum(self.counts.values())
        return sum(count / cast * math.log2(cast / count) for count in self.counts.values())

    @property
    def told(self) -> str:
        """The vote in words."""
        said = "、".join(f"{vote['letters']} {vote['count']} 票" for vote in self.ranked) or "无人投票"
        silent = f"，弃权 {self.abstained}" if self.abstained else ""
        return f"{said}{silent}；一致率 {self.agreement:.2f}，熵 {self.entropy:.2f}，共问 {self.asked} 次"


async def poll(voter: Voter, votes: int, spare: int = 0) -> Poll:
    """Asks until the leader cannot be caught or even equalled, or ``votes`` answers are in.

    Asked together are only as many as it takes at least, so that nothing is paid that asking one by one would save.
    voter: the nth ask → its answer, "" for none; ``spare``: how many of those may be made up for by a further ask.
    A reply refused for good is an abstention; where nobody voted, its fault passes. Raises Fault, Stop.
    """
    counts: Counter[str] = Counter()
    asked = abstained = 0
    refusal: Fault | None = None
    while wanted := _wanted(counts, min(votes - counts.total(), votes + spare - asked)):
        for said in await together([voter(asked + nth) for nth in range(wanted)]):
            if isinstance(said, Fault) and said.kind in REFUSING:
                refusal, said = said, ""
            if isinstance(said, AugmentError):
                raise said
            counts[said] += bool(said)
            abstained += not said
        asked += wanted
    if refusal is not None and not counts.total():
        raise refusal
    return Poll(dict(+counts), abstained, asked)


async def confirm(voter: Voter, answer: str, lead: int) -> Poll:
    """Asks until the answer leads every other by ``lead``, or is behind one by TRAILING, or can lead no more.

    Two are asked together. At most twice ``lead`` and one replies are paid; refused ones are abstentions. A model that
    gives one wrong answer in ten and the right one in seven of ten lets a wrong one pass by 4 once in 2,400 times.
    Raises Fault, Stop.
    """
    counts: Counter[str] = Counter()
    asked = abstained = 0
    refusal: Fault | None = None
    most = most_votes(lead)
    while (margin := ahead(counts, answer)) < lead and margin > -TRAILING and asked + lead - margin <= most:
        for said in await together([voter(asked + nth) for nth in range(min(2, lead - margin))]):
            asked += 1
            if isinstance(said, Fault) and said.kind in REFUSING:
                refusal, said = said, ""
            if isinstance(said, AugmentError):
                raise said
            counts[said] += bool(said)
            abstained += not said
    if refusal is not None and not counts.total():
        raise refusal
    return Poll(dict(+counts), abstained, asked)


def most_votes(lead: int) -> int:
    """How many replies ``confirm`` pays at most."""
    return 2 * lead + 1


def ahead(counts: Mapping[str, int], answer: str) -> int:
    """By how many votes an answer leads the strongest other; below 0 where that one leads."""
    return counts.get(answer, 0) - max((count for other, count in counts.items() if other != answer), default=0)


def ballots(
    row: Row,
    ask: Asker,
    provider: str,
    prompt: Prompt,
    examples: Examples,
    parameters: Mapping[str, Scalar],
    sieve: Sieve | None = None,
) -> Voter:
    """Solves a row without being shown its answer: the nth ask → what it concludes, "" for nothing, and where the sieve
    refuses the solution."""
    blind = row.with_(answer=None)
    messages = examples.turns(row, lambda one: (prompt.fill(unanswered(one)), solution(one)))
    messages.append(Message("user", prompt.fill(unanswered(blind))))

    async def voter(attempt: int) -> str:
        reply = await ask.chat(messages, attempt=attempt, provider=provider, parameters=parameters)
        found = conclusion(reply.text, blind)
        return found if not found or sieve is None or await sieve.passes(blind, reply.text) else ""

    return voter


def unanswered(row: Row) -> dict[str, str]:
    """What a prompt may show of a row to solve; the form of its answer is not told from the answer."""
    form = SEVERAL_POSSIBLE if row.options else "答案本身"
    return {**fields_of(row.with_(answer=None)), "answer_form": form}


def _wanted(counts: Mapping[str, int], left: int) -> int:
    """The fewest further votes after which the leader could be out of reach; 0 where it is, or none are left."""
    first, second = _leaders(counts)
    if left <= 0 or first > second + left:
        return 0
    return min(left, (second + left - first) // 2 + 1)


def _leaders(counts: Mapping[str, int]) -> tuple[int, int]:
    first, second, *_ = [*sorted(counts.values(), reverse=True), 0, 0]
    return first, second


async def together(asks: Sequence[Awaitable[T]]) -> list[T | AugmentError]:
    """What each ask gave, its error too: the others are not broken off, they are paid for."""

    async def one(ask: Awaitable[T]) -> T | AugmentError:
        try:
            return await ask
        except AugmentError as error:
            return error

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(ask)) for ask in asks]
    return [task.result() for task in tasks]
