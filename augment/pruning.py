"""Space given back: what no version that is kept needs. Versions are never lost from the record, only their rows.

Which versions are given up is on disk before the first of their files goes, so that a kill at any moment leaves every
other version whole and the next prune goes on. Their log entries stay: lineage, history and Delta readers need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from augment import delta
from augment.errors import UsageError
from augment.files import disk_errors, sync_folder
from augment.ledger import Ledger
from augment.processes import goes_on, is_alive
from augment.store import Store


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was freed, or would be. given_up: versions that lose their rows now; kept: those whose rows stay; held: why
    a version that was to be given up stays."""

    dataset: str
    dry_run: bool
    bytes: int
    files: Sequence[str]
    given_up: Sequence[int]
    kept: Sequence[int]
    held: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """One object."""
        return asdict(self)


def prune(
    store: Store,
    ledger: Ledger,
    name: str,
    *,
    keep: int | None = None,
    before: int | None = None,
    dry_run: bool = False,
) -> Pruned:
    """Removes the data files that no kept version names, and the drafts of processes that are gone.

    keep: the newest so many versions stay; before: those from this one on stay; neither: all of them. The newest stays
    always, and what a run that goes on reads. Raises NotFound, UsageError, Conflict, DiskTrouble.
    """
    if keep is not None and before is not None:
        raise UsageError("--keep and --before are two ways to say the same", hint="give one of them")
    if keep is not None and keep < 1:
        raise UsageError(f"--keep {keep} makes no sense", hint="1 or more: the newest version always stays")
    with store.still(name) as folder:
        newest = store.current(name)
        if before is not None and before > newest:
            raise UsageError(f"there is no v{before} to keep from on", hint=f"the newest is v{newest}")
        first = before if before is not None else newest + 1 - keep if keep is not None else 0
        live = list(delta.live_files(folder, newest))
        gone = delta.pruned(folder)
        wanted = {number for number in range(newest) if number < first} - gone
        read = _being_read(ledger, name) & wanted
        kept = [number for number in range(newest + 1) if number not in (wanted - read) and number not in gone]
        needed = frozenset().union(*(live[number] for number in kept))
        # Where all of its files are another's too, giving a version up frees nothing: it stays.
        given_up = sorted(number for number in wanted - read if not live[number] <= needed)
        kept = sorted({*kept, *(wanted - set(given_up))})
        files = [*_unneeded(folder, needed), *_left_behind(folder)]
        size = sum(path.stat().st_size for path in files)
        if not dry_run:
            if given_up:
                delta.note_pruned(folder, frozenset(given_up))
            _remove(folder, files)
    held = [f"v{number} stays: a run that goes on reads it" for number in sorted(read)]
    return Pruned(name, dry_run, size, [path.name for path in files], given_up, kept, held)


def _being_read(ledger: Ledger, name: str) -> frozenset[int]:
    """The versions that runs of living processes read."""
    found = ledger.query(
        "SELECT from_version, pid, started_at FROM runs WHERE dataset = ? AND state = 'running'", (name,)
    )
    return frozenset(one["from_version"] for one in found if goes_on(one["pid"], one["started_at"]))


def _unneeded(folder: Path, needed: frozenset[str]) -> list[Path]:
    """The data files that no kept version names, those included that no entry ever named: nobody commits now."""
    with disk_errors(folder):
        return sorted(path for path in folder.glob("part-*.parquet") if path.name not in needed)


def _left_behind(folder: Path) -> list[Path]:
    """The drafts of processes that are gone."""
    with disk_errors(folder):
        drafts = [(path, path.name.split(".")[1]) for path in folder.glob(".*.draft")]
    return sorted(path for path, owner in drafts if owner.isdigit() and not is_alive(int(owner)))


def _remove(folder: Path, files: Sequence[Path]) -> None:
    with disk_errors(folder):
        for path in files:
            path.unlink(missing_ok=True)
        if files:
            sync_folder(folder)
