"""What a run would ask and cost, from the same stage code, with nothing asked."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from augment import loops
from augment.askers import Answer, RowAsker
from augment.asks import ask_key
from augment.batches import ask_characters, check_length
from augment.errors import Fault
from augment.estimates import Bill, chat_bill, translation_bill
from augment.ledger import Ledger
from augment.measures import Kinship, kin
from augment.plans import Plan
from augment.stages._stage import Foreseen
from augment.types import Ask, Limits, Provider, Reject, Reply, Row, Skip, Translation

NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to come.

    asks: distinct ones not in the ledger that are surely made; likely_asks: with the further ones that earlier rows
    needed, or that follow where nothing goes wrong; at_most_asks: with every retry, vote and fallback there may be.
    requests: the likely ones in vendor requests. characters and tokens: of the likely asks. seconds_at_limit: at the
    pace of ``limited_by``, None where no pace is known. cost_cny: None where a price is not known. cost_low_cny to
    cost_high_cny: 90 % of what may come, None where too few rows were seen under these options. cost_covers: whose asks
    are in it. measured_on: what the tokens of an answer and the asks of a row were learned from (``measured_asks`` of
    them); characters_per_token_from: the same of the tokens of a text, where ``nothing`` means a constant.
    """

    dataset: str
    version: int
    stage: str
    provider: str | None
    rows_in: int
    skipped: Mapping[str, int]
    asks: int
    likely_asks: int
    at_most_asks: int
    requests: int
    from_ledger: int
    characters: int
    input_tokens: int | None
    output_tokens: int | None
    characters_per_token: float | None
    characters_per_token_from: Kinship | None
    measured_on: Kinship | None
    measured_asks: int
    seconds_at_limit: float | None
    limited_by: str | None
    cost_cny: float | None
    cost_low_cny: float | None
    cost_high_cny: float | None
    cost_covers: Sequence[str]


@dataclass(slots=True)
class _Counted:
    """Answers from the ledger alone, and counts the rest. A translation not bought yet stands in for itself, so that
    the way back counts too; where a chat is not, a fault stands in, so that a row which asks others whatever one says
    goes on to those. open: who has been asked for the row at hand and has not answered: none of their fallbacks is sure
    to be asked. lengths: the characters of each ask counted, by provider. stands: texts that stand in for a
    translation, with its language; backs: such asks, by the direction that the text stands in for."""

    providers: Sequence[Provider]
    others: Sequence[Provider]
    ledger: Ledger
    fresh: str
    keys: set[bytes] = field(default_factory=set)
    from_ledger: int = 0
    open: set[str] = field(default_factory=set)
    own: int = 0  # of the row at hand, counted for the provider and its fallbacks; beside: for the others
    beside: int = 0
    lengths: dict[str, list[int]] = field(default_factory=dict)
    by_direction: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    stands: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    backs: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    async def ask(self, provider: Provider, ask: Ask, attempt: int, row_id: str) -> Answer:  # noqa: ARG002 — the runner's
        """The ledger's answer; else counts the ask, once for all rows that share it. Raises Fault."""
        keys = [ask_key(route, ask, attempt=attempt, fresh=self.fresh) for route in provider.routes]
        for key in keys:
            entry = self.ledger.find(key)
            if entry is not None and entry.refusal is not None:
                raise entry.refusal
            if entry is not None and entry.reply is not None:
                self.from_ledger += 1
                return Answer(entry.reply, entry.cost_cny, provider.model)
        check_length(provider.routes[0], ask)
        if keys[0] not in self.keys and self._is_sure(provider):
            self.keys.add(keys[0])
            self._count(provider.label, ask)
        if isinstance(ask, Translation):
            self.stands.setdefault((ask.texts[0], ask.target), (ask.source, ask.target))
            return Answer(Reply(ask.texts), None, provider.model)
        await asyncio.sleep(0)  # what the stage asks together with this is as sure
        self.open.add(provider.label)
        raise Fault("transient", "not asked yet", code=NOT_ASKED, delivery="not_sent")

    def next_row(self) -> None:
        """Nothing has been asked for the row at hand."""
        self.open.clear()
        self.own = self.beside = 0

    def _is_sure(self, provider: Provider) -> bool:
        """Whether it is asked whatever those say that have not answered."""
        labels = [one.label for one in self.providers]
        if provider.label not in labels or any(provider.label == one.label for one in self.others):
            return True
        return self.open.isdisjoint(labels[: labels.index(provider.label)])

    def _count(self, label: str, ask: Ask) -> None:
        length = ask_characters(ask)
        is_own = any(label == one.label for one in self.providers)
        self.own, self.beside = self.own + is_own, self.beside + (not is_own)
        self.lengths.setdefault(label, []).append(length)
        if isinstance(ask, Translation):
            self.by_direction.setdefault((ask.source, ask.target), []).append(length)
            there = self.stands.get((ask.texts[0], ask.source))
            if there is not None:
                self.backs.setdefault(there, []).append(length)


def forecast(plan: Plan) -> Forecast:
    """Counts what the run would ask. Pays nothing, writes nothing."""
    counted = _Counted(plan.providers, plan.others, plan.ledger, plan.run.fresh)
    rows_in = rows_asking = at_most = 0
    skipped: dict[str, int] = {}
    later: dict[str, list[int]] = {}

    async def count() -> None:
        nonlocal rows_in, rows_asking, at_most
        for row in plan.rows():
            rows_in += 1
            counted.next_row()
            outcome = await _outcome(plan, row, counted)
            if first := counted.own + counted.beside:
                rows_asking += 1
                foreseen = Foreseen(counted.own, counted.beside, len(plan.providers))
                at_most += max(first, plan.stage.most_asks(plan.options, foreseen))
                _follow(plan, counted, later)
            if isinstance(outcome, Skip) and not counted.open:
                skipped[outcome.reason] = skipped.get(outcome.reason, 0) + 1

    loops.run(count())
    bill = _bill(plan, counted, rows_asking, later)
    asks = len(counted.keys)
    requests = _requests(plan, counted, bill)
    seconds, limited_by = _time(plan, requests, bill)
    return Forecast(
        dataset=plan.dataset,
        version=plan.version,
        stage=plan.stage.name,
        provider=plan.label,
        rows_in=rows_in,
        skipped=dict(sorted(skipped.items())),
        asks=asks,
        likely_asks=bill.asks,
        at_most_asks=max(bill.asks, at_most),
        requests=sum(requests.values()),
        from_ledger=counted.from_ledger,
        characters=bill.characters,
        input_tokens=bill.input_tokens,
        output_tokens=bill.output_tokens,
        characters_per_token=bill.characters_per_token,
        characters_per_token_from=bill.per_token_from,
        measured_on=bill.measured_on,
        measured_asks=bill.measured_asks,
        seconds_at_limit=seconds,
        limited_by=limited_by,
        cost_cny=_yuan(bill.cost_cny),
        cost_low_cny=_yuan(bill.low_cny),
        cost_high_cny=_yuan(bill.high_cny),
        cost_covers=tuple(bill.covers),
    )


async def _outcome(plan: Plan, row: Row, counted: _Counted) -> object:
    try:
        return await plan.ready.work(row, RowAsker(counted, row))
    except Fault:
        return Reject("")


def _follow(plan: Plan, counted: _Counted, later: dict[str, list[int]]) -> None:
    """Adds the lengths of the asks that follow those of the row at hand: as long as its last one is."""
    number = plan.stage.further_asks(plan.options)
    if number and (lengths := counted.lengths.get(plan.providers[0].label)):
        label = (*plan.others, plan.providers[0])[0].label
        later.setdefault(label, []).extend([lengths[-1]] * number)


def _bill(plan: Plan, counted: _Counted, rows_asking: int, later: Mapping[str, Sequence[int]]) -> Bill:
    """Tokens and money, by what the ledger has seen."""
    everybody = (*plan.providers, *plan.others)
    if not everybody:
        return Bill(cost_cny=0.0, low_cny=0.0, high_cny=0.0)  # an offline stage
    options = {
        **asdict(plan.options),
        "model": plan.run.model,
        "fallback": plan.run.fallback,
    }
    near = kin(plan.ledger, plan.stage.name, plan.label, options)
    if plan.stage.asks == "translate":
        return translation_bill(plan.ledger, plan.providers[0], near, counted.by_direction, counted.backs)
    return chat_bill(plan.ledger, plan.stage.name, everybody, near, counted.lengths, rows_asking, later)


def _requests(plan: Plan, counted: _Counted, bill: Bill) -> dict[str, int]:
    """Vendor requests by provider: translations travel together, a chat alone."""
    if plan.stage.asks != "translate":
        return dict(bill.asks_by_provider)
    limits = plan.providers[0].routes[0].limits
    room, most = limits.batch_characters or 2_000, limits.batch_items or 50
    found = sum(
        max(math.ceil(sum(lengths) / room), math.ceil(len(lengths) / most)) for lengths in counted.by_direction.values()
    )
    return {plan.providers[0].label: found}


def _time(plan: Plan, requests: Mapping[str, int], bill: Bill) -> tuple[float | None, str | None]:
    """The longest that a known pace makes any of the providers take, and which pace it is. They are asked side by
    side."""
    bounds: list[tuple[float, str]] = []
    for provider in (*plan.providers, *plan.others):
        asked = requests.get(provider.label, 0)
        tokens = bill.tokens_by_provider.get(provider.label, 0)
        bounds += _paces(provider.routes[0].limits, asked, tokens)
    if not bounds:
        return None, None
    seconds, name = max(bounds)
    return round(seconds, 1), name


def _paces(limits: Limits, requests: int, tokens: int) -> list[tuple[float, str]]:
    found = [
        (requests / limits.rps if limits.rps else None, f"{limits.rps:g} requests a second"),
        (requests * 60 / limits.rpm if limits.rpm else None, f"{limits.rpm:g} requests a minute"),
        (tokens * 60 / limits.tpm if limits.tpm else None, f"{limits.tpm:g} tokens a minute"),
    ]
    if limits.rpd and requests > limits.rpd:  # a day's quota may be sent at once; the rest waits for the next days
        found.append((86_400.0 * (math.ceil(requests / limits.rpd) - 1), f"{limits.rpd:g} requests a day"))
    return [(seconds, name) for seconds, name in found if seconds is not None]


def _yuan(cost: float | None) -> float | None:
    return None if cost is None else round(cost, 4)
