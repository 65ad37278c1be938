"""A small classifier that tells right reasoning from wrong: trained here, asked like any other provider.

torch, transformers and safetensors are an extra of their own, and loaded only where a model is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from augment.scorer._card import Card, read_card
from augment.scorer._connector import Scoring
from augment.scorer._examples import Example
from augment.scorer._extra import require_extra
from augment.scorer._provider import MARK, is_scorer, provider, provider_name
from augment.scorer._splits import Kin
from augment.scorer._texts import text_of
from augment.scorer._train import Training, check, train
from augment.types import Connector, Route

if TYPE_CHECKING:
    from augment.scorer._connector import Scores

__all__ = [
    "MARK",
    "RUBRIC",
    "Card",
    "Example",
    "Kin",
    "Training",
    "check",
    "connector",
    "is_scorer",
    "provider",
    "provider_name",
    "read_card",
    "require_extra",
    "text_of",
    "train",
]

RUBRIC = "scorer"  # what its verdicts stand under


def connector(route: Route) -> Connector:
    """The connector of a scorer's route; the model is opened with the first ask."""
    folder = Path(route.endpoint.removeprefix(MARK))

    def load() -> Scores:
        from augment.scorer._model import open_scorer

        return open_scorer(folder)

    return Scoring(load)
