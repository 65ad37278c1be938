"""Looking around in a version of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augment.workbench._desk import Desk

if TYPE_CHECKING:
    from augment.browse import Answer, Browser, Filter


class Looking(Desk):
    """Browsing, with filters kept by name."""

    def browse(self, name: str, version: int) -> Browser:
        """A version of any size to look around in and to review, with what was decided; ask anew for each page, since a
        large one is another when its files are made. Raises NotFound, DiskTrouble."""
        return self.shelf.browser(name, version)

    def browse_whole(self, name: str, version: int) -> Browser:
        """The same, waited for until all rows are here: minutes, for a large version opened for the first time."""
        return self.shelf.whole(name, version)

    def ask_rows(self, name: str, version: int, sql: str) -> Answer:
        """What one SELECT over the view ``rows`` gives, or an expression: the rows that it holds for. At most 1,000
        lines; reads this version, with what was decided, and nothing else. Raises UsageError."""
        return self.browse(name, version).query(sql)

    def expression(self, wanted: Filter) -> str:
        """A filter as ``--where`` takes it; blank where it asks nothing that a version's columns say."""
        from augment.browse import expression

        return expression(wanted)

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
