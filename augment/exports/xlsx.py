"""xlsx: whole rows as an Excel workbook; no cell is a formula."""

from __future__ import annotations

import datetime as dt
import re

from augment.errors import FixableError
from augment.exports._format import DRAWN, Format, Job, Written
from augment.exports._table import Sheet

MOST_ROWS = 1_048_575
MOST_CHARACTERS = 32_767
"""What a worksheet and a cell of Excel hold (support.microsoft.com, "Excel specifications and limits")."""
_CUT = "…（已截断）"
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # no XML 1.0 file holds these
_EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - the library writes it as it stands, and no file tells when it was made


def write(job: Job) -> list[Written]:
    """One line a row, streamed. Raises FixableError where a worksheet has not room enough."""
    import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

    spool = job.spools["rows"]
    if len(spool) > MOST_ROWS:
        raise FixableError(f"{len(spool)} rows are more than a worksheet holds ({MOST_ROWS})", hint="--format csv")
    sheet = Sheet(job.facts["rows"]["most_options"])
    options = {"constant_memory": True, "tmpdir": str(job.room), "strings_to_formulas": False, "strings_to_urls": False}
    cut = 0
    with xlsxwriter.Workbook(str(job.path), options) as book:
        book.set_properties({"created": _EPOCH})
        page = book.add_worksheet("rows")
        page.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for place, head in enumerate(sheet.heads):
            page.write_string(0, place, head, bold)
        for line, values in enumerate(spool.lines(), 1):
            for place, text in enumerate(sheet.cells(values)):
                if text:
                    fitting = fitted(text)
                    cut += fitting.endswith(_CUT) and not text.endswith(_CUT)
                    page.write_string(line, place, fitting)
    job.facts["rows"]["cells_cut"] = cut
    return [Written(job.name, len(spool))]


def fitted(text: str) -> str:
    """The text as a cell can hold it: without characters that no workbook may have, and not too long."""
    text = _ILLEGAL.sub("\ufffd", text)
    units = len(text.encode("utf-16-le")) // 2  # Excel counts as UTF-16 does
    if units > MOST_CHARACTERS:
        kept = text.encode("utf-16-le")[: 2 * (MOST_CHARACTERS - len(_CUT))].decode("utf-16-le", "ignore")
        text = kept + _CUT
    return text


FORMAT = Format(kinds=("rows",), write=write, takes=DRAWN, decision="any", findings="all")
