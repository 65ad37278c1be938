"""Datasets: files in, versions, rows, differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.errors import NotFound, UsageError
from augment.workbench._desk import Desk
from augment.workbench._references import REFERENCE, Reference

if TYPE_CHECKING:
    from augment.contamination import Report
    from augment.imports import ImportSummary
    from augment.leakage import Leak
    from augment.query import Change, Page
    from augment.store import Version
    from augment.types import Row


class Datasets(Desk):
    """What there is, and what came in."""

    def import_files(
        self,
        files: Sequence[Path],
        name: str | None = None,
        format: str | None = None,  # noqa: A002 - the flag's name
        more: Mapping[str, Any] | None = None,
    ) -> ImportSummary:
        """Reads files, or the files of folders, into one dataset, as one new version. format: of all of them; found
        from the bytes of each where it is left out; more: for the version's lineage. Raises BadInput, NotFound,
        DiskTrouble."""
        from augment.imports import import_files

        summary = import_files(self.store, files, name, format, more)
        self.remember("last_dataset", summary.dataset)
        return summary

    def datasets(self) -> list[dict[str, Any]]:
        """Every dataset: name, newest version, rows, and when it was made."""
        found = []
        for name in self.store.datasets():
            newest = self.store.versions(name)[-1]
            found.append({"dataset": name, "version": newest.number, "rows": newest.rows, "at": newest.at})
        return found

    def resolve(self, text: str | None) -> Reference:
        """``DS`` or ``DS@vN``; without one the default of ``augment.toml``, else the dataset imported last."""
        if text is None:
            name = self.settings.default("dataset") or self.recall("last_dataset")
            if name is None or not self.store.has(name):
                raise NotFound("no dataset is named and none has been imported", hint="`augment import FILE` makes one")
            return Reference(name, None, guessed=True)
        match = REFERENCE.fullmatch(text)
        if match is None:
            raise UsageError(f"{text!r} names no dataset", hint="DS or DS@vN, e.g. train@v2")
        return Reference(match["name"], int(match["version"]) if match["version"] else None)

    def at(self, reference: Reference) -> int:
        """The version a reference means: its own, or the newest. Raises NotFound."""
        newest = self.store.current(reference.name)
        if reference.version is None:
            return newest
        if reference.version > newest:
            raise NotFound(
                f"{reference.name!r} has no version v{reference.version}",
                hint=f"the newest is v{newest}; `augment versions {reference.name}`",
            )
        return reference.version

    def versions(self, name: str) -> list[Version]:
        """Every version with its lineage, oldest first."""
        return self.store.versions(name)

    def page(
        self,
        name: str,
        version: int,
        *,
        where: str | None = None,
        values: Sequence[Any] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> Page:
        """Rows of a version from ``offset`` on, and how many the filter has in all. Raises UsageError."""
        from augment.query import page

        return page(self.store, name, version, where=where, values=values, offset=offset, limit=limit)

    def distinct(self, name: str, version: int, column: str) -> list[str]:
        """The values of a text column, or of a list column's elements, sorted."""
        from augment.query import distinct

        return distinct(self.store, name, version, column)

    def row(self, name: str, version: int, row_id: str) -> Row:
        """One row by its id or the beginning of it. Raises NotFound, UsageError where several begin so."""
        found = self.page(name, version, where="starts_with(row_id, ?)", values=[row_id], limit=2)
        if not found.rows or not row_id:
            raise NotFound(f"{name}@v{version} has no row {row_id!r}", hint=f"`augment show {name}` lists rows")
        if found.total > 1 and found.rows[0].row_id != row_id:
            raise UsageError(f"{found.total} rows begin with {row_id!r}", hint="give more of the id")
        return found.rows[0]

    def diff(self, name: str, old: int, new: int, *, other: str | None = None) -> Iterator[Change]:
        """The rows that differ between two versions. other: the dataset of ``new``, where it is another one."""
        from augment.query import diff

        for dataset, version in ((name, old), (other or name, new)):
            self.at(Reference(dataset, version))
        return diff(self.store, name, old, new, other)

    def restore(self, name: str, version: int) -> int:
        """Makes a new version that equals an old one and gives its number."""
        import datetime as dt

        newest = self.at(Reference(name, None))
        self.at(Reference(name, version))

        def lineage(added: int, rows: int) -> dict[str, Any]:
            at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            return {
                "stage": "restore",
                "options": {"version": version},
                "parent_version": newest,
                "rows_added": added,
                "rows_out": rows,
                "at": at,
            }

        return self.store.restore(name, version, lineage)

    def contamination(
        self, name: str, version: int, files: Sequence[Path], *, threshold: float | None = None
    ) -> Report:
        """Which rows stand in the files. threshold: of the share listed. Raises NotFound, BadInput, UsageError."""
        from augment.contamination import LISTED_FROM, overlaps
        from augment.query import values

        read = partial(values, self.store, name, version)
        return overlaps(read, files, threshold=LISTED_FROM if threshold is None else threshold)

    def leaks(self, name: str, version: int, *, threshold: float | None = None) -> list[Leak]:
        """What stands in two splits of a version: rows of one root, near-duplicate rows, stems. Raises UsageError."""
        from augment.leakage import ALIKE_FROM, leaks
        from augment.query import values

        read = partial(values, self.store, name, version)
        return leaks(read, threshold=ALIKE_FROM if threshold is None else threshold)
