"""Who made a row and what it cost, in the columns that say so."""

from __future__ import annotations

from typing import Any

from augment.prompts import Prompt
from augment.types import Asker, Spent


def origin(ask: Asker, provider: str, prompt: Prompt | None = None, since: Spent | None = None) -> dict[str, Any]:
    """Values for provider, model, prompt_id, attempts, tokens and cost. since: what the row had cost before."""
    spent, had = ask.spent, since or Spent()
    return {
        "provider": provider,
        "model": ask.model(provider) or None,
        "prompt_id": prompt.id if prompt else None,
        "attempts": spent.attempts - had.attempts,
        "input_tokens": _less(spent.input_tokens, had.input_tokens),
        "output_tokens": _less(spent.output_tokens, had.output_tokens),
        "cost_cny": _less(spent.cost_cny, had.cost_cny),
    }


def _less(now: Any, before: Any) -> Any:
    return None if now is None else now - (before or 0)
