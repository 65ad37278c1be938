"""Asks to a scorer: gathered, answered each with its own, told where the model cannot be opened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from augment.errors import BadInput, Fault
from augment.scorer._connector import Scoring
from augment.scorer._provider import BATCH
from augment.types import Chat, Message, Translation


@dataclass
class Lengths:
    """A model whose score of a text is a thousandth of its length."""

    batches: list[list[str]] = field(default_factory=list)
    opened: int = 0

    def open(self) -> Lengths:
        self.opened += 1
        return self

    def __call__(self, texts: Sequence[str]) -> list[tuple[float, int]]:
        self.batches.append(list(texts))
        return [(len(text) / 1000, len(text)) for text in texts]


def ask(text: str) -> Chat:
    return Chat((Message("user", text),))


def said(connector: Scoring, texts: Sequence[str]) -> list[str]:
    async def all_of_them() -> list[str]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(connector.send(ask(text))) for text in texts]
        await connector.close()
        return [task.result().text for task in tasks]

    return asyncio.run(all_of_them())


def test_every_text_gets_its_own_score() -> None:
    texts = ["字" * (1 + number * 7 % 90) for number in range(70)]
    assert said(Scoring(Lengths().open), texts) == [f"{len(text) / 1000:.6f}" for text in texts]


def test_what_is_asked_together_is_read_together() -> None:
    model = Lengths()
    said(Scoring(model.open), ["字" * number for number in range(1, 2 * BATCH + 1)])
    assert sorted(map(len, model.batches)) == [BATCH, BATCH]


def test_like_lengths_are_read_together() -> None:
    model = Lengths()
    said(Scoring(model.open), ["字" * (1 + number % 2 * 99) for number in range(2 * BATCH)])
    assert all(len({len(text) for text in batch}) == 1 for batch in model.batches)


def test_the_model_is_opened_once() -> None:
    model = Lengths()
    said(Scoring(model.open), ["字"] * 50)
    assert model.opened == 1


def test_a_model_that_cannot_be_opened_ends_the_provider_with_the_reason() -> None:
    def broken() -> Lengths:
        raise BadInput("weights are torn", hint="copy them again")

    async def one() -> Fault:
        connector = Scoring(broken)
        with pytest.raises(Fault) as met:
            await connector.send(ask("字"))
        await connector.close()
        return met.value

    fault = asyncio.run(one())
    assert (fault.kind, fault.code, fault.message, fault.delivery) == (
        "retired",
        "scorer",
        "weights are torn",
        "not_sent",
    )


def test_a_bug_of_the_model_is_told_to_everybody_who_asked() -> None:
    def wrong(_: Sequence[str]) -> list[tuple[float, int]]:
        raise ZeroDivisionError

    async def some() -> list[object]:
        connector = Scoring(lambda: wrong)
        found = await asyncio.gather(*(connector.send(ask(str(n))) for n in range(20)), return_exceptions=True)
        await connector.close()
        return list(found)

    assert {type(one) for one in asyncio.run(some())} == {ZeroDivisionError}


def test_whoever_gives_up_leaves_the_others_their_answers() -> None:
    async def some() -> str:
        connector = Scoring(Lengths().open)
        gone = asyncio.create_task(connector.send(ask("字")))
        stays = asyncio.create_task(connector.send(ask("字字")))
        await asyncio.sleep(0)
        gone.cancel()
        return (await stays).text

    assert asyncio.run(some()) == "0.002000"


def test_a_translation_is_refused() -> None:
    with pytest.raises(Fault, match="translates nothing"):
        asyncio.run(Scoring(Lengths().open).send(Translation(("字",), "zh", "ja")))
