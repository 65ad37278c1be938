"""A trained scorer as a provider: what a stage asks is its text, the reply its score; the ledger keeps both."""

from __future__ import annotations

from pathlib import Path

from augment.scorer._card import Card, read_card
from augment.scorer._extra import require_extra
from augment.types import Limits, Price, Provider, Route

MARK = "scorer:"  # how a provider's name, and the endpoint of its route, say that a folder scores here
CONNECTOR = "scorer"
BATCH = 16  # texts of one pass through the model
TIMEOUT_S = 900.0  # two batches of long texts on a slow processor


def is_scorer(name: str) -> bool:
    """Whether a provider's name or a route's endpoint stands for a trained scorer: ``scorer:FOLDER``."""
    return name.startswith(MARK)


def provider_name(folder: str) -> str:
    """How a stage's option that holds a folder names the provider."""
    return f"{MARK}{folder}"


def provider(name: str) -> Provider:
    """The scorer of ``scorer:FOLDER``; rows carry it as ``scorer:NAME``. Raises NotFound, BadInput, FixableError."""
    folder = Path(name.removeprefix(MARK)).expanduser()
    card = read_card(folder)
    require_extra()
    return Provider(f"{MARK}{card.name}", "chat", (_route(card, folder.resolve()),))


def _route(card: Card, folder: Path) -> Route:
    return Route(
        name=CONNECTOR,
        connector=CONNECTOR,
        model=f"{card.name}@{card.edition}",  # into the ledger's key: another edition is asked anew
        endpoint=f"{MARK}{folder}",
        limits=Limits(in_flight=2 * BATCH),  # one batch at work, the next one gathered
        price=Price(input_1k=0.0, output_1k=0.0, source="this machine"),
        timeout_s=TIMEOUT_S,
        simulated=card.simulated,
    )
