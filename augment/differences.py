"""Two versions held against each other: how many rows came, went and changed, and in which columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from augment.query import Change

LISTED = 10_000  # changes of each kind that are kept by name; the rest is counted


@dataclass(frozen=True, slots=True)
class Listed:
    """One row that differs. columns: those that changed; none for a row that is in one version only."""

    row_id: str
    change: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Differences:
    """counts: added, removed, changed → rows. columns: column → rows that changed in it. listed: the first
    LISTED of each kind."""

    counts: Mapping[str, int]
    columns: Mapping[str, int]
    listed: Sequence[Listed]

    @property
    def total(self) -> int:
        """Rows that differ."""
        return sum(self.counts.values())


def differences(changes: Iterable[Change]) -> Differences:
    """The changes added up."""
    counts = Counter({"added": 0, "removed": 0, "changed": 0})
    columns: Counter[str] = Counter()
    kept: dict[str, list[Listed]] = {"changed": [], "added": [], "removed": []}
    for one in changes:
        counts[one.change] += 1
        columns.update(list(one.fields))
        if len(kept[one.change]) < LISTED:
            kept[one.change].append(Listed(one.row_id, one.change, tuple(one.fields)))
    return Differences(dict(counts), dict(columns.most_common()), [one for group in kept.values() for one in group])
