"""Answers from the ledger and from nowhere else: there is no connector here, and so no way out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from augment.askers import Answer
from augment.asks import ask_key
from augment.errors import Fault
from augment.ledger import Ledger
from augment.runner import BROKEN_OFF, LATER_ROUTE
from augment.types import Ask, Provider

NOT_THERE = "not_in_ledger"
WAITS = 1_000  # turns of the loop that an ask waits which was broken off: others of its row end first


@dataclass(slots=True)
class Recorded:
    """What a run was answered, ask by ask, as often as it is asked. misses: the asks of that run that had no answer,
    whatever has been answered since. answered: how many the ledger had; absent: the keys of those that it lacks."""

    ledger: Ledger
    providers: Sequence[Provider]
    others: Sequence[Provider]
    fresh: str
    misses: Mapping[tuple[str, bytes], Fault]
    answered: int = 0
    absent: list[str] = field(default_factory=list)

    async def ask(self, provider: Provider, ask: Ask, attempt: int, row_id: str) -> Answer:
        """The kept answer. Raises the Fault that the ask ended with then, or one for an answer that is gone;
        DiskTrouble for one that cannot be read."""
        keys = [ask_key(route, ask, attempt=attempt, fresh=self.fresh) for route in provider.routes]
        for index, key in enumerate(keys):
            missed = self.misses.get((row_id, key))
            if missed is not None and missed.code == LATER_ROUTE:
                continue
            if missed is not None:
                if missed.code == BROKEN_OFF:
                    for _ in range(WAITS):
                        await asyncio.sleep(0)
                raise missed.again()
            entry = self.ledger.find(key)
            if entry is not None and entry.reply is not None:
                self.answered += 1
                return Answer(entry.reply, entry.cost_cny, provider.routes[index].model)
            if entry is not None and entry.refusal is not None:
                raise entry.refusal
        self.absent.append(keys[0].hex())
        raise Fault("transient", "the ledger has no answer to this ask", code=NOT_THERE, delivery="not_sent")
