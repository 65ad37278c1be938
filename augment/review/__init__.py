"""What people decide about rows: an append-only record in the ledger's file, sealed into versions when they say so.

Nothing here changes a row of a version. An accept, reject, edit or undo is one event, and so is a decision about all
rows of a filter; it follows its rows into later versions until ``seal`` folds it into a new one. The events stay: who
decided what, and when. Several reviewers never overwrite each other, for each one's decision is an event of their own;
the one made last stands. What a reviewer looks at is a ``browse.Browser``.
"""

from __future__ import annotations

from augment.browse import UNDECIDED
from augment.events import EDITABLE, Clash, Event, fold_all, history, newest_event, standing, waiting
from augment.review._bulk import Decided, decide_all
from augment.review._dealing import deal, undeal
from augment.review._deciding import DECISIONS, Shown, decide, edit, undo
from augment.review._hand import By, by, default_reviewer, read_field
from augment.review._people import Agreeing, Progress, agreeing, progress
from augment.review._sealing import Sealed, seal

__all__ = [
    "DECISIONS",
    "EDITABLE",
    "REASONS",
    "UNDECIDED",
    "Agreeing",
    "By",
    "Clash",
    "Decided",
    "Event",
    "Progress",
    "Sealed",
    "Shown",
    "agreeing",
    "by",
    "deal",
    "decide",
    "decide_all",
    "default_reviewer",
    "edit",
    "fold_all",
    "history",
    "newest_event",
    "progress",
    "read_field",
    "seal",
    "standing",
    "undeal",
    "undo",
    "waiting",
]

REASONS = ("wrong answer", "meaning changed", "bad Chinese", "duplicate", "unsolvable", "other")
