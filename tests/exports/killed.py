"""Exports in processes that die at a chosen step of putting a file or folder in its place.

Arguments: folder, format. For each step there is, before and after it, a child is forked that exports over what stands
there and kills itself; then one line of JSON says what is left.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from augment.exports import ExportOptions, Shelf, export
from augment.ledger import Ledger
from augment.store import Store

STEPS = ("rename", "replace", "unlink")


def main(folder: Path, form: str) -> None:
    target = folder / "out" / form
    forked(lambda: one(folder, form, target, "inline"))
    before = state(target)
    number, ended = 0, False
    while not ended:
        for when in ("before", "after"):
            ended = forked(lambda: dying(number, when), lambda: one(folder, form, target, "none")) == 0  # noqa: B023
            left = state(target)
            forked(lambda: one(folder, form, target, "inline"))
            there = sorted(path.name for path in target.parent.iterdir())
            healed = state(target) == before and there == names(target)
            print(json.dumps({"step": number, "when": when, "left": left, "before": before, "healed": healed}))
        number += 1


def forked(*jobs: Callable[[], None]) -> int:
    """How a child ended that did these things. The parent opens no table: the library does not live through a fork."""
    child = os.fork()
    if not child:
        for job in jobs:
            job()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def one(folder: Path, form: str, target: Path, cot: str) -> None:
    ledger = Ledger(folder / "datasets" / ".augment" / "workbench.sqlite")
    export(Shelf(Store(folder / "datasets"), ledger, folder), "d", 0, form, target, ExportOptions(cot=cot))
    ledger.close()


def names(target: Path) -> list[str]:
    return [target.name] if target.is_dir() else sorted([target.name, f"{target.name}.manifest.json"])


def state(target: Path) -> dict[str, Any]:
    """The bytes of what stands there as one hash, and whether the manifest tells of them; None for what does not."""
    manifest = target / "manifest.json" if target.is_dir() else target.with_name(f"{target.name}.manifest.json")
    files = sorted(path for path in target.rglob("*") if path.is_file()) if target.is_dir() else [target]
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}
    told = json.loads(manifest.read_bytes()) if manifest.is_file() else None
    true = told is None or all(hashes.get(file["file"]) == file["sha256"] for file in told["files"])
    return {"hashes": hashes, "true": true, "cot": told and told["options"]["cot"]}


def dying(number: int, when: str) -> None:
    """From now on the process ends itself at the nth step."""
    seen = 0

    def step(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            nonlocal seen
            if len(arguments) < 2 and ".part" in str(arguments[0]):  # tidying up where it is made
                return call(*arguments, **options)
            here, seen = seen == number, seen + 1
            if here and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            done = call(*arguments, **options)
            if here:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return counted

    for name in STEPS:
        setattr(Path, name, step(getattr(Path, name)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
