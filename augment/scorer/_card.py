"""``scorer.json``: what a trained scorer is, what it learned from, and what it is worth."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from augment.errors import BadInput, NotFound, UsageError
from augment.scorer._texts import template_id

FILE = "scorer.json"
WEIGHTS = "model.safetensors"
NEEDED = ("config.json", WEIGHTS, "tokenizer.json")
FORMAT = 1
NAME = re.compile(r"[^\W_][\w.-]{0,99}")
AGAIN = "`augment scorer train` makes a whole one"


@dataclass(frozen=True, slots=True)
class Card:
    """One trained scorer. edition: what its scores depend on, hashed: weights, tokenizer, template, temperature.

    simulated: it learned from rehearsed rows. files: name → SHA-256. base, data, training, metrics: as they were told.
    threshold: from which score on solutions are right with a wanted precision; None where no score was.
    """

    name: str
    edition: str
    template: str
    max_tokens: int
    temperature: float
    simulated: bool
    files: Mapping[str, str]
    base: Mapping[str, Any]
    data: Mapping[str, Any]
    training: Mapping[str, Any]
    metrics: Mapping[str, Any]
    threshold: Mapping[str, Any] | None = None
    format: int = FORMAT
    labels: tuple[str, ...] = field(default=("wrong", "right"))

    def text(self) -> str:
        """The file's text; the same card gives the same bytes."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    def cut(self, wanted: float | None, folder: Path) -> float:
        """The threshold to go by: the one wanted, else the card's own. Raises UsageError."""
        if wanted is not None:
            if not 0 <= wanted <= 1:
                raise UsageError(f"--scorer-threshold {wanted:g} makes no sense", hint="a score from 0 to 1")
            return wanted
        own = (self.threshold or {}).get("score")
        if not isinstance(own, int | float):
            raise UsageError(
                f"no threshold of {str(folder)!r} reached the precision it was trained for",
                hint=f"--scorer-threshold T names one, 0 to 1; its measurements stand in {FILE}",
            )
        return float(own)


def check_name(folder: Path) -> str:
    """The name a scorer in this folder has: the folder's own. Raises UsageError."""
    name = folder.name
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a scorer",
            hint="name a folder with letters, digits, '.', '-' and '_', beginning with a letter or digit",
        )
    return name


def read_card(folder: Path) -> Card:
    """The card of a trained scorer, its files there. Raises NotFound, BadInput."""
    folder = folder.expanduser()
    path = folder / FILE
    if not path.is_file():
        raise NotFound(
            f"{str(folder)!r} holds no trained scorer: there is no {FILE}",
            hint="name the folder that `augment scorer train -o` wrote",
        )
    try:
        found = json.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadInput(f"{path} is no JSON: {error}", hint=AGAIN) from error
    card = _checked(found, path)
    for name in card.files:
        if Path(name).name != name or not (folder / name).is_file():
            raise BadInput(f"{path} names {name!r}, which is not there", hint=f"copy the whole folder, or {AGAIN}")
    if card.template != template_id():
        raise BadInput(
            f"{path}: 'template' is {card.template!r}, and texts are put together as {template_id()!r} now",
            hint="train it again: a score of another text would mean nothing",
        )
    return card


def _checked(found: Any, path: Path) -> Card:
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        told = found.get("format") if isinstance(found, dict) else type(found).__name__
        raise BadInput(f"{path}: 'format' is {told!r}, not {FORMAT}", hint=AGAIN)
    known = {one.name: one for one in fields(Card)}
    kinds: Mapping[str, type[Any]] = {
        **dict.fromkeys(["name", "edition", "template"], str),
        **dict.fromkeys(["files", "base", "data", "training", "metrics"], dict),
        "max_tokens": int,
        "temperature": float,
        "simulated": bool,
        "labels": list,
    }
    for name, kind in kinds.items():
        value = found.get(name)
        whole = kind is float and isinstance(value, int)
        if (not isinstance(value, kind) and not whole) or (kind is not bool and isinstance(value, bool)):
            raise BadInput(f"{path}: {name!r} is {value!r}, which is no {kind.__name__}", hint=AGAIN)
    for name in ("max_tokens", "temperature"):
        if not 0 < found[name] < math.inf:
            raise BadInput(f"{path}: {name!r} is {found[name]!r}, which is out of range", hint=AGAIN)
    if not NAME.fullmatch(found["name"]):
        raise BadInput(f"{path}: 'name' is {found['name']!r}, which cannot name a scorer", hint=AGAIN)
    if found["labels"] != ["wrong", "right"]:
        raise BadInput(f"{path}: 'labels' is {found['labels']!r}, not wrong and right", hint=AGAIN)
    missing = [name for name in NEEDED if name not in found["files"]]
    if missing:
        raise BadInput(f"{path}: 'files' does not name {missing[0]!r}", hint=AGAIN)
    threshold = found.get("threshold")
    if threshold is not None and not (isinstance(threshold, dict) and _is_share(threshold.get("score"))):
        raise BadInput(f"{path}: 'threshold' names no score from 0 to 1", hint=AGAIN)
    given = {name: value for name, value in found.items() if name in known}
    return Card(**{**given, "labels": tuple(found["labels"]), "temperature": float(found["temperature"])})


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
