"""submission: upload.jsonl: the lines of the competition file, each question with its answer."""

from __future__ import annotations

from typing import Any

from augment.exports._filled import Filled, check_all_answered, filled
from augment.exports._format import Format, Job, Written
from augment.exports._lines import write_lines


def write(job: Job) -> list[Written]:
    """Every record of the source in its order, its other fields as they were. Raises BadInput for questions without
    an answer unless they may be missing."""
    gatherer = job.gatherers["filled"]
    if not isinstance(gatherer, Filled):
        raise TypeError("a submission is gathered as filled")
    answers = dict(job.spools["filled"].lines())
    missing: list[str] = []
    total = 0

    def made() -> Any:
        nonlocal total
        for file in gatherer.files:
            for line in file.lines():
                total += len(line.questions)
                missing.extend(one.name for one in line.questions if one.row_id not in answers)
                if (value := filled(line, answers)) is not None:
                    yield value

    lines = write_lines(job.path, made())
    if not job.options.allow_missing:
        check_all_answered(missing, total)
    job.facts["filled"] |= {
        "questions": total,
        "missing": missing,
        "sources": [{"file": file.name, "sha256": file.sha256} for file in gatherer.files],
    }
    return [Written(job.name, lines, "submission")]


FORMAT = Format(kinds=("filled",), write=write, takes=frozenset({"allow_missing"}), decision="any", findings="answers")
