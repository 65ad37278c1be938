"""A scorer made: examples dealt, a base trained, measured on what it never saw, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.errors import BadInput, FixableError, UsageError
from augment.files import lock, make_folder, write_atomic
from augment.scorer._card import FILE, WEIGHTS, Card, check_name, read_card
from augment.scorer._checkpoints import check_same, discard, is_empty, settle, sweep, work_folder, written
from augment.scorer._examples import Side, Source, Surveyed, side, survey
from augment.scorer._extra import require_extra
from augment.scorer._splits import LEAST, PARTS, Dealt, deal
from augment.scorer._texts import template_id

if TYPE_CHECKING:
    from augment.scorer._model import Base
    from augment.scorer._training import Halt, Told

LOCK_WAIT_S = 3.0
READABLE = 0o666


@dataclass(frozen=True, slots=True)
class Training:
    """What a training is asked for. at_once: examples of one pass through the model; precision: of the solutions above
    the threshold to find; device: auto, cpu or cuda."""

    base: str
    output: Path
    revision: str = ""
    epochs: int = 3
    batch: int = 16
    at_once: int = 4
    rate: float = 2e-5
    max_tokens: int = 1024
    seed: int = 0
    precision: float = 0.95
    checkpoint_steps: int = 100
    device: str = "auto"
    restart: bool = False

    def check(self) -> None:
        """Raises UsageError for a number that makes no sense."""
        least = {"epochs": 1, "batch": 1, "at_once": 1, "max_tokens": 8, "checkpoint_steps": 1, "seed": 0}
        for name, bound in least.items():
            if not bound <= getattr(self, name) < 2**31:
                raise UsageError(
                    f"--{name.replace('_', '-')} {getattr(self, name)} makes no sense", hint=f"{bound} or more"
                )
        if not 0 < self.rate < 1:
            raise UsageError(f"--rate {self.rate:g} makes no sense", hint="e.g. 2e-5; a small base bears more")
        if not 0.5 <= self.precision < 1:
            raise UsageError(f"--precision {self.precision:g} makes no sense", hint="from 0.5 to below 1, e.g. 0.95")


def check(options: Training) -> Path:
    """The folder to write, made absolute; what can be told before any row is read. Raises UsageError, NotFound,
    BadInput, FixableError."""
    options.check()
    from augment.scorer._model import find_base

    output = options.output.expanduser().resolve()
    check_name(output)
    find_base(options.base, options.revision)
    require_extra()
    return output


def train(source: Source, data: Mapping[str, Any], options: Training, told: Told = lambda _: None) -> Card:
    """The card of the scorer that is then in ``options.output``; one that is there already, of the same data and
    options, is left as it is. data: where the examples come from, for the card; its ``simulated`` counts those that
    simulated models wrote, whose scorer is a rehearsal. told: hears how far it is.

    Raises UsageError, BadInput, FixableError, Conflict, Interrupted: typed again it goes on from the last checkpoint.
    """
    output = check(options)
    from augment.scorer._model import fetched, find_base, identity_of

    surveyed = survey(source())
    dealt = deal(surveyed.kin, options.seed)
    base, folder = fetched(find_base(options.base, options.revision))
    asked = _asked(identity_of(folder), surveyed, options)
    work = work_folder(output)
    with lock(make_folder(work) / "lock", wait_s=LOCK_WAIT_S):
        try:
            if (there := _finished(output, asked)) is not None:
                discard(work)  # of a process that was killed between the last two steps
                return there
            sweep(work)
            if options.restart:
                discard(work)
            check_same(work, asked)
            from augment.scorer._training import Halt

            with Halt().heard() as halt:
                card = _train(source, data, options, told, base, surveyed, dealt, asked, (work, output), halt)
            discard(work)
        finally:
            if is_empty(work):
                shutil.rmtree(work, ignore_errors=True)
    return card


def _asked(base: str, surveyed: Surveyed, options: Training) -> dict[str, Any]:
    """What the outcome depends on: goes on only where all of it is the same."""
    names = ("epochs", "batch", "at_once", "rate", "max_tokens", "seed", "precision")
    return {
        "data": surveyed.sha256,
        "base": base,
        "template": template_id(),
        **{name: getattr(options, name) for name in names},
    }


def _finished(output: Path, asked: Mapping[str, Any]) -> Card | None:
    """The scorer that is there already, None for none. Raises FixableError where something else is there."""
    if not output.exists():
        return None
    hint = "choose another -o, or move it away"
    if not (output / FILE).is_file():
        raise FixableError(f"{str(output)!r} is there already and is no scorer", hint=hint)
    card = read_card(output)
    if card.training.get("asked") != json.loads(json.dumps(dict(asked))):
        raise FixableError(f"{str(output)!r} holds a scorer of other data or options", hint=hint)
    return card


def _train(
    source: Source,
    data: Mapping[str, Any],
    options: Training,
    told: Told,
    base: Base,
    surveyed: Surveyed,
    dealt: Dealt,
    asked: Mapping[str, Any],
    folders: tuple[Path, Path],
    halt: Halt,
) -> Card:
    from augment.scorer._model import device_of, encode, limit_of, open_base
    from augment.scorer._training import Recipe, learn

    device = device_of(options.device)
    told(f"opens {base.name}")
    model, tokenizer, noted = open_base(base, options.seed)
    most = min(options.max_tokens, limit_of(model) or options.max_tokens)
    model.to(device)
    ids: list[Any] = []
    for one in source():
        halt.check()
        ids.append(encode(tokenizer, one.text, most))
    cut = sum(len(one) == most for one in ids)
    sides = {part: side(part, surveyed, dealt, ids) for part in PARTS}
    held: dict[str, Side] = {name: one for name, one in sides.items() if name != "train" and _can_measure(one)}
    recipe = Recipe(
        options.epochs, options.batch, options.at_once, options.rate, options.seed, options.checkpoint_steps
    )
    told(f"{len(sides['train'].ids)} examples on {device.type}, {noted['parameters'] / 1e6:.1f} M weights")
    work, output = folders
    done = learn(model, sides["train"], held.get("dev"), recipe, work=work, asked=asked, halt=halt, told=told)
    metrics, temperature, threshold = _measured(model, held, options, halt)
    rows = {"rows": dealt.counts(surveyed.kin), "drawn": dealt.drawn, "sha256": surveyed.sha256, "cut": cut}
    return _write(
        model,
        tokenizer,
        (work, output),
        {
            "template": template_id(),
            "max_tokens": most,
            "temperature": temperature,
            "simulated": bool(data.get("simulated")),
            "base": noted,
            "data": {**data, **rows},
            "training": {"asked": dict(asked), "steps": done.step, "epochs": done.epochs, "packages": _packages()},
            "metrics": metrics,
            "threshold": threshold,
        },
    )


def _can_measure(one: Side) -> bool:
    return min(sum(one.labels), len(one.labels) - sum(one.labels)) >= LEAST


def _measured(
    model: Any, held: Mapping[str, Side], options: Training, halt: Halt
) -> tuple[dict[str, Any], float, dict[str, Any] | None]:
    """Metrics by part, the temperature, and the threshold: both found on dev where there is one, reported on test."""
    from augment.scorer._metrics import best_temperature, measure, shares, threshold
    from augment.scorer._training import all_margins

    found = {name: all_margins(model, one.ids, options.at_once, halt) for name, one in held.items()}
    temperature = best_temperature(found["dev"], held["dev"].labels) if "dev" in held else 1.0
    metrics = {
        name: asdict(
            measure(found[name], one.labels, one.roots, one.lengths, temperature=temperature, seed=options.seed)
        )
        for name, one in held.items()
    }
    at, on = ("dev" if "dev" in held else "test"), ("test" if "test" in held else "dev")
    scored = {name: (name, shares(margins, temperature), held[name].labels) for name, margins in found.items()}
    cut = threshold(scored[at], scored[on], options.precision)
    return metrics, temperature, None if cut is None else asdict(cut)


def _write(model: Any, tokenizer: Any, folders: tuple[Path, Path], told: dict[str, Any]) -> Card:
    """Writes model, tokenizer and card beside their place, and gives the folder its name at last."""
    from augment.scorer._model import sha256_of

    work, output = folders
    part = make_folder(work / f".{uuid.uuid4().hex}.part")
    with written(output):
        model.save_pretrained(str(part), max_shard_size="1000GB")
        tokenizer.save_pretrained(str(part))
        names = sorted(path.name for path in part.iterdir())
        for name in names:  # some writers keep a file to its owner; who may read the folder may read all of it
            (part / name).chmod(READABLE & ~_umask())
        if WEIGHTS not in names or "tokenizer.json" not in names:
            raise BadInput(
                f"{told['base']['name']!r} cannot be written as one {WEIGHTS} with tokenizer.json",
                hint="take a base with a fast tokenizer",
            )
        files = {name: sha256_of(part / name) for name in names}
        what = json.dumps([files, told["template"], told["max_tokens"], told["temperature"]], sort_keys=True)
        card = Card(name=output.name, edition=hashlib.sha256(what.encode()).hexdigest()[:12], files=files, **told)
        write_atomic(part / FILE, card.text().encode())
        settle(part, output)
    return read_card(output)


def _umask() -> int:
    """What this process leaves out of a new file's mode."""
    found = os.umask(0o022)
    os.umask(found)
    return found


def _packages() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "transformers", "tokenizers", "safetensors")}
