"""Exports: a version as a file or folder for a trainer or a reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from augment.workbench._datasets import Datasets

if TYPE_CHECKING:
    from augment.exports import Exported, ExportOptions, Format


class Exports(Datasets):
    """Versions on their way out."""

    def formats(self) -> dict[str, Format]:
        """Every format by name, with what it takes and whether it is a folder."""
        from augment.exports import load, names

        return {name: load(name) for name in names()}

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

    def unsealed(self, name: str) -> bool:
        """Whether something was decided or edited that no version holds yet, and so no export."""
        found = self.ledger.query("SELECT 1 FROM events WHERE dataset = ? AND sealed IS NULL LIMIT 1", (name,))
        return bool(found)
