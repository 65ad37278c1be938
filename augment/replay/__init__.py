"""A version made again from the kept source bytes, the ledger and the review record, and held against what is there.

Nothing is asked: the one who answers has no connector. Every version up to the one wanted is made in a scratch
workspace, each from those made before it, and compared with the kept one row by row.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from augment.asks import unpack
from augment.errors import AugmentError, NotFound
from augment.ledger import Ledger
from augment.replay._comparing import SHOWN, check_files, differences, files_of
from augment.replay._steps import COUNTED, Bench, CannotRepeat, Made
from augment.settings import Settings
from augment.store import Store, Version

__all__ = ["CannotRepeat", "Item", "Replayed", "replay"]

DIFFERS = 7
PRUNED = "pruned"
DAMAGED = "the ledger holds an answer of this run that can no longer be read"


@dataclass(frozen=True, slots=True)
class Item:
    """One version. equal: None where it could not be made again, or nothing is kept to compare it with; ``trouble``
    says which. differences: the first rows that differ; counts: what was counted otherwise than the version says, (made
    again, kept); absent: keys of asks that the ledger has no answer to; missing: what an older version did not keep."""

    version: int
    stage: str
    equal: bool | None
    rows: int = 0
    answered: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    trouble: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it: one item for each version, in order, up to the first that could not be made again."""

    dataset: str
    version: int
    items: list[Item]

    @property
    def equal(self) -> bool | None:
        """Whether the version wanted, and every one that it came from, is what its record makes of it; those pruned
        aside. None where the one wanted is pruned itself, and the others are equal."""
        compared = [item for item in self.items if not item.trouble.startswith(PRUNED)]
        if len(self.items) <= self.version or not all(item.equal for item in compared):
            return False
        return None if self.items[-1].trouble.startswith(PRUNED) else True

    @property
    def exit_code(self) -> int:
        """0 where nothing differs."""
        return DIFFERS if self.equal is False else 0

    def as_json(self) -> dict[str, Any]:
        """One object."""
        return {
            "dataset": self.dataset,
            "version": self.version,
            "equal": self.equal,
            "calls": 0,
            "items": [asdict(item) for item in self.items],
        }


def replay(
    store: Store,
    ledger: Ledger,
    settings: Settings,
    name: str,
    version: int,
    told: Callable[[Item], None] = lambda _: None,
) -> Replayed:
    """Makes a version again with all it came from. told: sees each item as it is ready. Raises NotFound,
    DiskTrouble."""
    versions = store.versions(name)
    if version > versions[-1].number:
        raise NotFound(f"{name!r} has no version v{version}", hint=f"the newest is v{versions[-1].number}")
    items: list[Item] = []
    known: set[Path] = set()
    with _bench(store, ledger, settings) as bench:
        for one in versions[: version + 1]:
            item = _item(bench, name, one, known)
            items.append(item)
            told(item)
            if item.equal is None and not item.trouble.startswith(PRUNED):
                break
    runs = {str(one.lineage.get("run_id")): one.number for one in versions[: len(items)]}
    for number in damaged(ledger, runs):
        if not items[number].trouble:
            items[number] = replace(items[number], equal=False, trouble=DAMAGED)
    return Replayed(name, version, items)


def damaged(ledger: Ledger, runs: Mapping[str, int]) -> set[int]:
    """The versions whose runs bought an answer that can no longer be read. runs: run id → version."""
    found: set[int] = set()
    last = 0
    while True:
        asks = ledger.query(
            "SELECT id, run_id, reply FROM asks WHERE id > ? AND reply IS NOT NULL"
            " AND run_id IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT 500",
            (last, json.dumps(list(runs))),
        )
        if not asks:
            return found
        for ask in asks:
            last = ask["id"]
            try:
                unpack(ask["reply"])
            except (zlib.error, ValueError):
                found.add(runs[ask["run_id"]])


def _item(bench: Bench, name: str, version: Version, known: set[Path]) -> Item:
    stage = str(version.lineage.get("stage"))
    try:
        made = bench.make(name, version)
        if bench.scratch.current(name) != version.number:
            raise CannotRepeat("made again it changes nothing, so that no version comes of it")
    except AugmentError as error:
        return Item(version.number, stage, None, trouble=error.message, hint=error.hint)
    counts = _otherwise(made, version.lineage)
    found = Item(
        version.number,
        stage,
        None,
        rows=bench.scratch.count(name, version.number),
        answered=made.answered,
        counts=counts,
        absent=made.absent[:SHOWN],
        missing=made.missing,
    )
    kept = bench.store
    if version.number in kept.pruned(name):
        return replace(found, trouble=f"{PRUNED}: made again, with nothing kept to compare it with")
    try:
        check_files(files_of(kept, name, version.number, known))
        rows = (bench.scratch.rows(name, version.number), kept.rows(name, version.number))
        differing = list(islice(differences(*rows), SHOWN))
    except AugmentError as error:
        return replace(found, equal=False, trouble=error.message, hint=error.hint)
    return replace(found, equal=not (differing or counts), differences=differing)


def _otherwise(made: Made, lineage: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What was counted otherwise than the version says."""
    if not made.counts:
        return {}
    return {
        name: (made.counts[name], lineage[name])
        for name in COUNTED
        if name in lineage and made.counts[name] != lineage[name]
    }


@contextmanager
def _bench(store: Store, ledger: Ledger, settings: Settings) -> Iterator[Bench]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="augment-replay-")))
        events = Ledger(folder / "events.sqlite")
        stack.callback(events.close)
        yield Bench(store, ledger, settings, Store(folder / "datasets"), events)
