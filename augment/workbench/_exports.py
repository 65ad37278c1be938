"""Exports: a version as a file or folder for a trainer or a reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from augment.workbench._datasets import Datasets

if TYPE_CHECKING:
    from augment.exports import Exported, ExportOptions


class Exports(Datasets):
    """Versions on their way out."""

    def export(
        self,
        dataset: str | None,
        format: str,  # noqa: A002 - the flag's name
        path: Path,
        options: ExportOptions | None = None,
    ) -> Exported:
        """Writes a version in a format, with its manifest: a file, or a folder. Raises UsageError, NotFound, BadInput,
        FixableError, DiskTrouble."""
        from augment.exports import ExportOptions, Shelf, export

        reference = self.resolve(dataset)
        shelf = Shelf(self.store, self.ledger, self.settings.workspace)
        return export(shelf, reference.name, self.at(reference), format, path, options or ExportOptions())
