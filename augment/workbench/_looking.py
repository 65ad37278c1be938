"""Looking around in a version of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.workbench._desk import Desk

if TYPE_CHECKING:
    from augment.browse import Browser, Filter


class Looking(Desk):
    """Browsing, with filters kept by name."""

    def browse(self, name: str, version: int) -> Browser:
        """A version of any size to look around in, with what was decided; ask anew for each page, since a large one is
        another when its files are made. Raises NotFound, DiskTrouble."""
        return self.shelf.browser(name, version)

    def save_filter(self, dataset: str, name: str, wanted: Filter) -> None:
        """Keeps a filter of a dataset under a name. Raises UsageError."""
        from augment.browse import save_filter

        save_filter(self.ledger, dataset, name, wanted)

    def saved_filters(self, dataset: str) -> dict[str, Filter]:
        """The filters of a dataset by name. Raises BadInput."""
        from augment.browse import saved_filters

        return saved_filters(self.ledger, dataset)

    def forget_filter(self, dataset: str, name: str) -> None:
        """Removes a saved filter. Raises NotFound."""
        from augment.browse import forget_filter

        forget_filter(self.ledger, dataset, name)
