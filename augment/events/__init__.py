"""The record of what people did to rows: events in the ledger's file, and what a row is with them laid over it.

An event is about one row, or (``Bulk``) about all rows that a filter found. Nothing here decides: ``review`` does.
"""

from __future__ import annotations

from augment.events._bulk import ALL, Bulk, Keys, holds, keys_of, merged, row_key
from augment.events._fold import EDITABLE, Clash, Event, Folded, fold, standing
from augment.events._record import (
    SELECT,
    append,
    append_bulk,
    bulks,
    by_id,
    filter_of,
    history,
    mark_sealed,
    newest,
    newest_event,
    of_row,
    waiting,
)
from augment.events._reread import fold_all

__all__ = [
    "ALL",
    "EDITABLE",
    "SELECT",
    "Bulk",
    "Clash",
    "Event",
    "Folded",
    "Keys",
    "append",
    "append_bulk",
    "bulks",
    "by_id",
    "filter_of",
    "fold",
    "fold_all",
    "history",
    "holds",
    "keys_of",
    "mark_sealed",
    "merged",
    "newest",
    "newest_event",
    "of_row",
    "row_key",
    "standing",
    "waiting",
]
