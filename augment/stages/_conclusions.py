"""What a solution concludes, in the form the row's gold answer has."""

from __future__ import annotations

import re

from augment.answers import read_answer
from augment.types import Row

STATED = re.compile(r"答案[是为]?\s*[:：]\s*(.+)")


def conclusion(text: str, row: Row) -> str:
    """The answer a solution concludes: sorted letters where the row has options, else words; "" for none."""
    if not text:
        return ""
    if row.options:
        return read_answer(text, options=row.options).joined
    stated = STATED.findall(text)
    said = stated[-1].strip().strip("*。.　 ") if stated else ""
    return (row.answer or "") if said and said == (row.answer or "").strip() else said


def concluded(row: Row) -> str:
    """What the row's own reasoning concludes, read where nobody has read it yet; "" for none."""
    if not row.reasoning:
        return ""
    return row.concluded or conclusion(row.reasoning, row)
