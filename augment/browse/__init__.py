"""Looking around in a version of any size: filters, sorting, pages, counts, histograms, text search, live decisions.

A version of fewer than 50,000 rows is read into memory. A larger one gets a DuckDB file and a 2-gram index in
``datasets/.augment/cache/``, made once by a process of its own. What filters and sorts need is read from there into
arrays of numbers when it is first asked for; rows, texts and a user's SQL are asked of DuckDB. What was decided and not
sealed yet lies over all of it, read from the ledger's file at every call.
"""

from __future__ import annotations

from augment.browse._browser import PAGE, Browser
from augment.browse._deals import MOST, NOBODY, Deal, Owners, deals, dealt_bytes
from augment.browse._file import KEPT_BYTES, LARGE, Progress, make_room, place
from augment.browse._filter import ANY, CODED, LISTED, QUEUES, SORTS, UNDECIDED, Filter, Sort
from augment.browse._lists import Histogram, Listing, Spot
from augment.browse._making import build
from augment.browse._paging import Side
from augment.browse._said import Voices
from augment.browse._saved import forget_filter, save_filter, saved_filters
from augment.browse._shelf import Shelf
from augment.browse._sql import MOST_ROWS, Answer
from augment.browse._words import expression, from_address, read_filter, rows_expression, to_address, to_json

__all__ = [
    "ANY",
    "CODED",
    "KEPT_BYTES",
    "LARGE",
    "LISTED",
    "MOST",
    "MOST_ROWS",
    "NOBODY",
    "PAGE",
    "QUEUES",
    "SORTS",
    "UNDECIDED",
    "Answer",
    "Browser",
    "Deal",
    "Filter",
    "Histogram",
    "Listing",
    "Owners",
    "Progress",
    "Shelf",
    "Side",
    "Sort",
    "Spot",
    "Voices",
    "build",
    "deals",
    "dealt_bytes",
    "expression",
    "forget_filter",
    "from_address",
    "make_room",
    "place",
    "read_filter",
    "rows_expression",
    "save_filter",
    "saved_filters",
    "to_address",
    "to_json",
]
