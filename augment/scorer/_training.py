"""The loop: examples in a drawn order, AdamW, a warm-up and a straight line down; what stops it costs little.

The order of each epoch and the dice of each step come from the seed alone, so that a training that was interrupted ends
in the same bytes as one that was not (one machine, the same number of threads).
"""

from __future__ import annotations

import math
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from augment.errors import Interrupted
from augment.scorer._checkpoints import Progress, restore, save
from augment.scorer._examples import Side
from augment.scorer._extra import load
from augment.scorer._model import enough_room, margins, padded, reduced

WARM_UP, DECAY, CLIP = 0.06, 0.01, 1.0
POOL = 16  # batches' worth of examples, within which like lengths go together
TOLD_EVERY_S = 10.0

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How it learns. batch: examples of one step; at_once: of one pass through the model, which memory bounds."""

    epochs: int
    batch: int
    at_once: int
    rate: float
    seed: int
    checkpoint_steps: int


class Halt:
    """Ctrl-C and SIGTERM as a wish, met between two steps; a second one leaves at once."""

    def __init__(self) -> None:
        self.wished = False

    @contextmanager
    def heard(self) -> Iterator[Halt]:
        """While the block runs, where this thread may have signals."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._wish) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _wish(self, _: int, __: FrameType | None) -> None:
        if self.wished:
            raise KeyboardInterrupt
        self.wished = True

    def check(self) -> None:
        """Raises Interrupted where it was wished."""
        if self.wished:
            raise Interrupted("interrupted", hint="type the command again: it goes on from the last checkpoint")


def order(lengths: Sequence[int], recipe: Recipe, epoch: int) -> list[list[int]]:
    """The batches of an epoch, as places; like lengths together, so that little is padded."""
    dice = random.Random(f"{recipe.seed}/{epoch}")
    places = list(range(len(lengths)))
    dice.shuffle(places)
    batches: list[list[int]] = []
    for start in range(0, len(places), POOL * recipe.batch):
        pool = sorted(places[start : start + POOL * recipe.batch], key=lengths.__getitem__)
        batches += [pool[at : at + recipe.batch] for at in range(0, len(pool), recipe.batch)]
    dice.shuffle(batches)
    return batches


def rate_at(step: int, steps: int, top: float) -> float:
    """The learning rate of a step: up over the first 6 %, then straight down to nothing."""
    warm = max(1, math.ceil(WARM_UP * steps))
    return top * min((step + 1) / warm, (steps - step) / max(1, steps - warm + 1))


def learn(
    model: Any,
    train: Side,
    dev: Side | None,
    recipe: Recipe,
    *,
    work: Path,
    asked: Mapping[str, Any],
    halt: Halt,
    told: Told,
) -> Progress:
    """Trains the model where it stands, from the newest checkpoint on; gives what each epoch came to. Raises
    Interrupted, with everything up to then on disk, FixableError where there is no room."""
    torch = load("torch")
    optimizer, names = _optimizer(model, recipe)
    at = restore(work, model, optimizer, names)
    sizes = list(map(len, train.ids))
    each = math.ceil(len(sizes) / recipe.batch)
    steps = each * recipe.epochs
    if at.step:
        told(f"goes on after step {at.step} of {steps}")
    began, first, spoke = time.monotonic(), at.step, 0.0
    while at.step < steps:
        epoch, place = divmod(at.step, each)
        for places in order(sizes, recipe, epoch)[place:]:
            torch.manual_seed((recipe.seed << 32) + at.step)
            for group in optimizer.param_groups:
                group["lr"] = rate_at(at.step, steps, recipe.rate)
            at.loss += _step(model, optimizer, train, places, recipe.at_once)
            at.seen += len(places)
            at.step += 1
            if at.step % each == 0:
                _end_of_epoch(model, dev, recipe, at, told)
            if halt.wished or at.step == steps or at.step % recipe.checkpoint_steps == 0:
                save(work, model, optimizer, names, asked, at)
            halt.check()
            if time.monotonic() - spoke > TOLD_EVERY_S:
                spoke = time.monotonic()
                left = (spoke - began) / (at.step - first) * (steps - at.step)
                told(f"epoch {epoch + 1}/{recipe.epochs} · step {at.step}/{steps} · about {left:.0f} s left")
    return at


def all_margins(model: Any, ids: Sequence[Sequence[int]], at_once: int, halt: Halt) -> list[float]:
    """The margin of each example, those of like length read together. Raises Interrupted."""
    model.eval()
    found = [0.0] * len(ids)
    places = sorted(range(len(ids)), key=lambda place: len(ids[place]))
    for start in range(0, len(places), at_once):
        halt.check()
        part = places[start : start + at_once]
        for place, value in zip(part, margins(model, [ids[place] for place in part]), strict=True):
            found[place] = value
    return found


def _step(model: Any, optimizer: Any, train: Side, places: Sequence[int], at_once: int) -> float:
    """One step over a batch; the sum of its losses."""
    torch = load("torch")
    model.train()
    optimizer.zero_grad(set_to_none=True)
    total = 0.0
    with enough_room():
        for start in range(0, len(places), at_once):
            part = places[start : start + at_once]
            labels = torch.tensor([train.labels[place] for place in part], device=model.device)
            with reduced(model.device):
                logits = model(**padded([train.ids[place] for place in part], model)).logits
            loss = torch.nn.functional.cross_entropy(logits.float(), labels, reduction="sum")
            (loss / len(places)).backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
    return total


def _end_of_epoch(model: Any, dev: Side | None, recipe: Recipe, at: Progress, told: Told) -> None:
    from augment.scorer._metrics import auc

    value = None
    if dev is not None:
        value = auc(all_margins(model, dev.ids, recipe.at_once, Halt()), dev.labels)
    loss = at.loss / at.seen
    at.epochs.append({"loss": round(loss, 4), "dev_auc": None if value is None else round(value, 4)})
    at.loss, at.seen = 0.0, 0
    shown = "" if value is None else f" · AUC on dev {value:.3f}"
    told(f"epoch {len(at.epochs)}/{recipe.epochs} · loss {loss:.4f}{shown}")


def _optimizer(model: Any, recipe: Recipe) -> tuple[Any, dict[Any, str]]:
    """AdamW, and the name of each weight; norms and biases do not decay."""
    names = {weight: name for name, weight in model.named_parameters()}
    groups = [
        {"params": [weight for weight in names if weight.dim() > 1], "weight_decay": DECAY},
        {"params": [weight for weight in names if weight.dim() <= 1], "weight_decay": 0.0},
    ]
    return load("torch").optim.AdamW(groups, lr=recipe.rate), names
