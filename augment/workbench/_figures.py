"""Figures: what a version is made of, and what two of them differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.workbench._datasets import Datasets

if TYPE_CHECKING:
    from augment.differences import Differences
    from augment.disputes import Agreement
    from augment.quality import Quality


class Figures(Datasets):
    """Counts of a version, computed when asked for."""

    def quality(self, name: str, version: int) -> Quality:
        """Pass rates, attempts, votes, lengths, letters, checks. Raises NotFound, DiskTrouble."""
        from augment.quality import quality

        return quality(self.store, name, version)

    def predictions(self, name: str, version: int) -> list[Agreement]:
        """How the predictions of ``answer`` agree with the answers, by the number of options."""
        from augment.disputes import agreement

        return agreement(self.store, name, version)

    def compare(self, name: str, old: int, new: int, *, other: str | None = None) -> Differences:
        """Rows added, removed and changed, by column. other: the dataset of ``new``, where it is another one."""
        from augment.differences import differences

        return differences(self.diff(name, old, new, other=other))
