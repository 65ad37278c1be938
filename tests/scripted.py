"""A connector that answers as its test says, rows to ask about, and a run over both with a ledger on disk."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from augment.askers import RowAsker
from augment.lanes import Purse
from augment.ledger import Ledger
from augment.runner import Result, Runner
from augment.types import Ask, Chat, Done, Limits, Message, Outcome, Price, Provider, Reply, Route, Row, Usage

Said: TypeAlias = Reply | BaseException
Script: TypeAlias = Callable[[Ask, int], Said | Awaitable[Said]]
DEADLINE_S = 30.0


def text_of(ask: Ask) -> str:
    """What a chat's last message says, or all texts of a translation."""
    return ask.messages[-1].content if isinstance(ask, Chat) else "|".join(ask.texts)


def echo(ask: Ask, _: int = 0) -> Reply:
    """An answer that names what was asked, with the vendor's counts."""
    if isinstance(ask, Chat):
        return Reply((f"答：{text_of(ask)}",), Usage(100, 50), raw="{}")
    texts = tuple(f"{ask.target}<{text}>" for text in ask.texts)
    return Reply(texts, Usage(characters=sum(map(len, ask.texts))), raw="{}")


@dataclass
class Scripted:
    """Speaks no wire: the script is asked with the ask and how often it came before."""

    script: Script = echo
    asks: list[Ask] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    closed: bool = False
    _seen: Counter[Ask] = field(default_factory=Counter)

    async def send(self, ask: Ask) -> Reply:
        if self.closed:
            raise AssertionError("asked after it was closed")
        times = self._seen[ask]
        self._seen[ask] += 1
        self.asks.append(ask)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            said = self.script(ask, times)
            if inspect.isawaitable(said):
                said = await said
            else:
                await asyncio.sleep(0)
        finally:
            self.in_flight -= 1
        if isinstance(said, BaseException):
            raise said
        return said

    async def close(self) -> None:
        self.closed = True

    @property
    def sizes(self) -> list[int]:
        """How many texts each translation request held."""
        return [len(ask.texts) for ask in self.asks if not isinstance(ask, Chat)]


def route(name: str = "scripted", *, model: str = "m1", price: Price | None = None, **limits: float) -> Route:
    """A route whose connector the test brings."""
    return Route(
        name=name,
        connector="scripted",
        model=model,
        endpoint="",
        limits=Limits(**limits),  # type: ignore[arg-type]  # in_flight and the like are whole numbers in the tests
        price=price or Price(),
    )


def chatter(*routes: Route, name: str = "chatter", probe_first: bool = False) -> Provider:
    """A chat provider."""
    return Provider(name, "chat", routes or (route(),), probe_first=probe_first)


def translator(*, name: str = "translator", probe_first: bool = False, **limits: float) -> Provider:
    """A translation provider with one route."""
    one = route(name, **limits)  # type: ignore[arg-type]  # the rest are numbers
    return Provider(name, "translate", (one,), probe_first=probe_first)


def some_rows(number: int, start: int = 0) -> list[Row]:
    """Rows that differ in everything that is asked about."""
    return [
        Row(f"row{n}", f"problem{n}", problem=f"第{n}题。", question="是哪个？", options=["甲", "乙"], answer="A")
        for n in range(start, start + number)
    ]


async def chat_once(row: Row, ask: RowAsker) -> Outcome:
    """A stage of one question a row."""
    reply = await ask.chat([Message("user", row.problem or "")])
    return Done(updated=row.with_(reasoning=reply.text))


async def translate_once(row: Row, ask: RowAsker) -> Outcome:
    """A stage of one translation a row."""
    (text,) = await ask.translate([row.problem or ""], source="zh", target="ja")
    return Done(updated=row.with_(reasoning=text))


Work: TypeAlias = Callable[[Row, RowAsker], Awaitable[Outcome]]


@dataclass
class Played:
    """What a run gave. results: in the order they came."""

    results: list[Result]
    runner: Runner
    connectors: Mapping[str, Scripted]

    @property
    def states(self) -> list[str]:
        """Each row's state with its reason."""
        return [f"{one.state} {one.reason}".strip() for one in self.results]

    @property
    def calls(self) -> int:
        return self.runner.tally.calls

    @property
    def sent(self) -> list[Ask]:
        """Everything that any connector was asked."""
        return [ask for connector in self.connectors.values() for ask in connector.asks]


def play(
    path: Path,
    rows: Iterable[Row],
    *,
    work: Work = chat_once,
    script: Script | Mapping[str, Script] = echo,
    providers: Sequence[Provider] | None = None,
    purse: Purse | None = None,
    during: Callable[[Runner, Mapping[str, Scripted]], Awaitable[None]] | None = None,
    **options: Any,
) -> Played:
    """Runs a stage over rows. script: for every route, or by the route's model. during: goes on beside the run."""
    connectors: dict[str, Scripted] = {}

    def connect(one: Route) -> Scripted:
        found = script.get(one.model, echo) if isinstance(script, Mapping) else script
        return connectors.setdefault(one.model, Scripted(found))

    async def drive(ledger: Ledger) -> Played:
        runner = Runner(
            ledger=ledger,
            run_id="run",
            stage="test",
            providers=providers if providers is not None else (chatter(),),
            connect=connect,
            purse=purse or Purse(),
            **options,
        )
        beside = asyncio.create_task(_beside(during, runner, connectors)) if during else None
        results = runner.run(rows, work)
        try:
            played = Played([result async for result in results], runner, connectors)
        finally:
            await results.aclose()
        if beside:
            await beside
        return played

    ledger = Ledger(path)
    try:
        return asyncio.run(_in_time(drive(ledger)))
    finally:
        ledger.close()


async def _beside(
    during: Callable[[Runner, Mapping[str, Scripted]], Awaitable[None]],
    runner: Runner,
    connectors: Mapping[str, Scripted],
) -> None:
    await during(runner, connectors)


async def _in_time(work: Awaitable[Played]) -> Played:
    async with asyncio.timeout(DEADLINE_S):
        return await work
