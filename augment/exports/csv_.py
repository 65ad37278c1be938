"""csv: whole rows for a spreadsheet, with a byte order mark; no cell is a formula."""

from __future__ import annotations

import csv

from augment.exports._format import DRAWN, Format, Job, Written
from augment.exports._table import Sheet


def write(job: Job) -> list[Written]:
    """One line a row under the names of the columns; the options each under its letter."""
    sheet = Sheet(job.facts["rows"]["most_options"])
    with job.path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(sheet.heads)
        writer.writerows(map(list, map(sheet.cells, job.spools["rows"].lines())))
    return [Written(job.name, len(job.spools["rows"]))]


FORMAT = Format(kinds=("rows",), write=write, takes=DRAWN, decision="any", findings="all")
