"""A workspace opened: what every group of calls stands on."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from augment.catalog import Catalog, Listed
from augment.settings import Setting, Settings, find_workspace, read_settings

if TYPE_CHECKING:
    from augment.browse import Shelf
    from augment.ledger import Ledger
    from augment.store import Store


@dataclass
class Desk:
    """One workspace with its store, ledger, shelf and catalog open."""

    settings: Settings
    simulator_options: Any = None
    _opened: list[Any] = field(default_factory=list, repr=False)

    @classmethod
    def open(cls, workspace: str | None = None, *, make: bool = False) -> Self:
        """The workspace named, set in the environment, or found upwards. Raises NotFound, BadInput."""
        return cls(read_settings(find_workspace(workspace, make=make)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Returns when the ledger is on disk."""
        while self._opened:
            self._opened.pop().close()
        for name in ("ledger", "shelf"):
            self.__dict__.pop(name, None)

    @property
    def root(self) -> Path:
        """The ``datasets/`` folder."""
        return self.settings.workspace / "datasets"

    @cached_property
    def store(self) -> Store:
        """The versioned datasets."""
        from augment.store import Store

        return Store(self.root)

    @cached_property
    def ledger(self) -> Ledger:
        """The record of asks, runs and reviews."""
        from augment.ledger import Ledger

        ledger = Ledger(self.root / ".augment" / "workbench.sqlite")
        self._opened.append(ledger)
        return ledger

    @cached_property
    def shelf(self) -> Shelf:
        """The versions open for looking around."""
        from augment.browse import Shelf

        shelf = Shelf(self.store, self.ledger)
        self._opened.append(shelf)  # closed before the ledger, which it reads
        return shelf

    @property
    def catalog(self) -> Catalog:
        """The providers."""
        return Catalog(self.settings)

    def providers(self) -> list[Listed]:
        """Every provider with whether its key is set."""
        return self.catalog.listed()

    def shown_settings(self) -> list[Setting]:
        """Every setting in force with its origin, keys masked."""
        return self.settings.listing()

    def remember(self, name: str, value: str) -> None:
        """Keeps a small value, such as the dataset imported last."""

        def job(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO names VALUES (?, ?)", (name, value))

        self.ledger.write(job)

    def recall(self, name: str) -> str | None:
        """A value kept by ``remember``."""
        found = self.ledger.query("SELECT value FROM names WHERE name = ?", (name,))
        return str(found[0]["value"]) if found else None
