"""A training on its way: weights, the optimizer's moments and where it stands, on disk whole or not at all.

    .NAME.training/lock
    .NAME.training/step-00000100/model.safetensors  optimizer.safetensors  checkpoint.json

Safetensors and JSON: nothing is unpickled, not even what we wrote ourselves.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from augment.errors import BadInput, FixableError
from augment.files import disk_errors, disk_trouble, make_folder, sync_file, sync_folder
from augment.scorer._extra import load

STATE, MODEL, MOMENTS = "checkpoint.json", "model.safetensors", "optimizer.safetensors"


@dataclass(slots=True)
class Progress:
    """Where a training stands. step: steps done; loss, seen: summed over the epoch under way; epochs: what each whole
    one came to."""

    step: int = 0
    loss: float = 0.0
    seen: int = 0
    epochs: list[dict[str, float | None]] = field(default_factory=list)


def work_folder(output: Path) -> Path:
    """Where a training towards this folder keeps what it has."""
    return output.parent / f".{output.name}.training"


def save(
    work: Path, model: Any, optimizer: Any, names: Mapping[Any, str], asked: Mapping[str, Any], at: Progress
) -> None:
    """Returns when the checkpoint is on disk; the one before it is removed then. names: of the optimizer's weights."""
    tensors = load("safetensors.torch")
    part = make_folder(work / f".{uuid.uuid4().hex}.part")
    moments = {
        f"{kind}.{names[weight]}": value.contiguous()
        for weight, known in optimizer.state.items()
        for kind, value in known.items()
    }
    with written(work):
        tensors.save_model(model, str(part / MODEL))
        tensors.save_file(moments, str(part / MOMENTS))
        told = {"asked": dict(asked), "progress": asdict(at)}
        (part / STATE).write_text(json.dumps(told, ensure_ascii=False, sort_keys=True), "utf-8")
        settle(part, work / f"step-{at.step:08d}")
        for older in _all(work)[:-1]:
            shutil.rmtree(older)


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Turns what the disk says inside the block into DiskTrouble, also where safetensors wraps it."""
    with disk_errors(path):
        try:
            yield
        except load("safetensors").SafetensorError as error:
            trouble = disk_trouble(error, path)
            if trouble is None:
                raise
            raise trouble from error


def settle(part: Path, final: Path) -> None:
    """Gives a folder its name, once every byte in it is on disk."""
    with disk_errors(final):
        for path in sorted(part.iterdir()):
            sync_file(path)
        sync_folder(part)
        part.rename(final)
        sync_folder(final.parent)


def restore(work: Path, model: Any, optimizer: Any, names: Mapping[Any, str]) -> Progress:
    """Puts the newest checkpoint into model and optimizer; gives where it stands. Raises BadInput."""
    found = _all(work)
    if not found:
        return Progress()
    tensors, newest = load("safetensors.torch"), found[-1]
    by_name = {name: weight for weight, name in names.items()}
    try:
        told = _told(newest)
        tensors.load_model(model, str(newest / MODEL), strict=True)
        for key, value in tensors.load_file(str(newest / MOMENTS)).items():
            kind, _, name = key.partition(".")
            weight = by_name[name]
            # A count of steps stays where the optimizer keeps it, whatever the weights are on.
            optimizer.state[weight][kind] = value if value.dim() == 0 else value.to(weight.device)
        return Progress(**told["progress"])
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, load("safetensors").SafetensorError) as error:
        raise BadInput(
            f"the checkpoint {str(newest)!r} cannot be read", hint="--restart begins anew, or remove that folder"
        ) from error


def check_same(work: Path, asked: Mapping[str, Any]) -> None:
    """Raises FixableError where an interrupted training there was another one, saying what differs."""
    found = _all(work)
    if not found:
        return
    try:
        before = _told(found[-1])["asked"]
    except (OSError, ValueError, KeyError, TypeError):
        before = {}
    wanted = json.loads(json.dumps(dict(asked)))
    other = sorted(name for name in {*before, *wanted} if before.get(name) != wanted.get(name))
    if other:
        told = ", ".join(f"{name} {before.get(name)!r} → {wanted.get(name)!r}" for name in other[:3])
        raise FixableError(
            f"an interrupted training in {str(work)!r} was another one: {told}",
            hint="type it as it was, choose another -o, or begin anew with --restart",
        )


def sweep(work: Path) -> None:
    """Removes what a killed process left half written."""
    for path in work.glob(".*.part"):
        shutil.rmtree(path, ignore_errors=True)


def discard(work: Path) -> None:
    """Removes every checkpoint."""
    sweep(work)
    for path in _all(work):
        shutil.rmtree(path)


def is_empty(work: Path) -> bool:
    """Whether nothing is kept there to go on from."""
    return not _all(work)


def _all(work: Path) -> list[Path]:
    return sorted(path for path in work.glob("step-*") if (path / STATE).is_file())


def _told(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / STATE).read_text("utf-8"))
    return told
