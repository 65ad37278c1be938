"""Whole rows as a table that people read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from augment.exports._gather import group_of
from augment.exports._spool import Spool
from augment.rows import COLUMNS, VOLATILE
from augment.stages._prompting import LETTERS
from augment.types import Row

SHOWN = tuple(name for name in COLUMNS if name not in VOLATILE)
"""The columns of a table: all but when, by which run and at what cost a row was made."""

# What a spreadsheet takes for a formula, also behind blanks and marks that cannot be seen, also in full width
# (owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = re.compile("[\\s\u200b-\u200f\u2060\ufeff]*[=+\\-@＝＋－＠]|[\t\r\n]")


@dataclass(slots=True)
class WholeRows:
    """Every row that was chosen."""

    spool: Spool
    balance: str | None = None
    most_options: int = 0

    def take(self, place: int, row: Row) -> str:
        """See Gatherer."""
        self.most_options = max(self.most_options, len(row.options))
        values = {name: getattr(row, name) for name in SHOWN}
        values["decisions"] = [{**one, "at": one["at"].isoformat()} for one in row.decisions or []] or None
        self.spool.add(values, places=(place, place), name=row.row_id, group=group_of(row, self.balance))
        return ""

    def finish(self) -> Iterator[tuple[int, str]]:
        """See Gatherer."""
        yield from ()

    def facts(self) -> Mapping[str, int]:
        """How many options the row with the most has."""
        return {"most_options": self.most_options}


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows as cells of text. options: how many columns the options take, each under its letter."""

    options: int

    @property
    def heads(self) -> list[str]:
        """The name of each column."""
        return [head for name in SHOWN for head in (LETTERS[: self.options] if name == "options" else [name])]

    def cells(self, values: Mapping[str, Any]) -> Iterator[str]:
        """The cells of a row, none of which a spreadsheet would run."""
        for name in SHOWN:
            if name == "options":
                yield from (harmless(text) for text in values[name])
                yield from [""] * (self.options - len(values[name]))
            else:
                yield harmless(_text(values[name]))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        plain = all(isinstance(part, str | int) for part in value)
        return ", ".join(map(str, value)) if plain else json.dumps(value, ensure_ascii=False)
    return str(value)


def harmless(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text
