"""What a run has asked and spent so far, and what it may spend."""

from __future__ import annotations

from dataclasses import dataclass, field

from augment.errors import BudgetReached, Fault
from augment.types import Route, Usage


@dataclass(slots=True)
class Tally:
    """What a run has asked and spent so far; shared by all its lanes. cost_cny None: some price is not known.

    billed_cny: what a budget is held to; every answer enters it at once, one without the vendor's count by its length,
    one that was lost or useless by what others cost.
    """

    calls: int = 0
    rows: int = 0  # finished, in whatever order
    in_flight: int = 0
    from_ledger: int = 0
    possibly_paid_twice: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    characters: int = 0
    cost_cny: float | None = 0.0
    billed_cny: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    last_fault: Fault | None = None
    last_route: Route | None = None
    stopping: str = ""  # the reason for which no further ask leaves

    def met(self, fault: Fault, route: Route) -> None:
        """Books a fault, and the route it came by."""
        self.last_fault, self.last_route = fault, route

    def add(self, usage: Usage, cost_cny: float | None) -> None:
        """Books one paid answer."""
        self.input_tokens += usage.input_tokens or 0
        self.output_tokens += usage.output_tokens or 0
        self.characters += usage.characters or 0
        self.cost_cny = None if self.cost_cny is None or cost_cny is None else self.cost_cny + cost_cny


@dataclass(slots=True)
class Bills:
    """What the answers of one route came to, in CNY: what one is likely to have cost that nobody has read."""

    total_cny: float = 0.0
    number: int = 0

    def add(self, cny: float) -> float:
        """Books one answer and gives its cost."""
        self.total_cny += cny
        self.number += 1
        return cny

    def usual(self, least_cny: float) -> float:
        """The mean; before the first answer the cost of what was asked alone."""
        return self.total_cny / self.number if self.number else least_cny


@dataclass(frozen=True, slots=True)
class Purse:
    """What a run may spend; None = no bound."""

    budget_cny: float | None = None
    max_calls: int | None = None

    def check(self, tally: Tally) -> None:
        """Raises BudgetReached where the next request is one too many."""
        if self.max_calls is not None and tally.calls >= self.max_calls:
            raise BudgetReached(
                f"--max-calls {self.max_calls} reached",
                hint="type the command again: it goes on with a --max-calls of its own, and what is answered is free",
            )
        if self.budget_cny is not None and tally.billed_cny >= self.budget_cny:
            raise BudgetReached(
                f"--budget {self.budget_cny:g} CNY reached",
                hint="type the command again: it goes on with a --budget of its own, and what is answered is free",
            )
