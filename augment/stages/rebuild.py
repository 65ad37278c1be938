"""Reading texts with choice questions only: options and answers put in their places, open questions dropped, new ones
written until each text has enough."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from augment.errors import UsageError
from augment.stages._composing import Composer, Composing, compose, most_asks, next_ordinal, read_composer
from augment.stages._drafted import Drafted, read_questions
from augment.stages._examples import is_whole
from augment.stages._stage import Context, Ready, Stage, option
from augment.stages._stems import Stems, as_written, read_stems
from augment.types import Asker, Done, Outcome, Reject, Row, Skip

OPEN = "check:open-question"
NUMBERED = re.compile(r"^\s*[(（]?\d{1,3}[)）]?\s*[.．、]\s*(?=[A-Z])")  # the question's number before its answer


@dataclass(frozen=True, slots=True)
class Options(Composing):
    questions: int = option(4, "choice questions wanted on each text, those it has included", metavar="N")
    redo: bool = option(False, "ask again on texts that this provider has added to")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError, NotFound, BadInput."""
    if options.questions < 1:
        raise UsageError(f"--questions {options.questions} makes no sense", hint="1 or more")
    by = read_composer(context, "rebuild", options)
    stems = read_stems(context, matched)

    async def work(row: Row, ask: Asker) -> Outcome:
        written = as_written(row.question or "", row.options, row.answer or "")
        one = matched(row.question or "", row.options, row.answer or "")
        if one == written:
            return await _filled(row, one, ask, options, context, stems, by)
        updated = row.with_(question=one.question, options=list(one.options), answer=one.answer or None)
        outcome = await _filled(updated, one, ask, options, context, stems, by)
        if isinstance(outcome, Reject):
            return outcome
        return Done(updated, outcome.added if isinstance(outcome, Done) else ())

    return Ready(work, {by.prompt.name: by.prompt.id, by.solving.name: by.solving.id})


def matched(question: str, options: Sequence[str], answer: str) -> Drafted:
    """A question with the options that stand in its text taken out of it, and an answer in words as its letter."""
    if options and is_whole(answer, list(options)):
        return as_written(question, options, answer)
    listed = "\n".join(f"{letter}. {text}" for letter, text in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", options, strict=False))
    said = NUMBERED.sub("", answer)
    found = read_questions("\n".join(filter(None, (f"问题：{question}", listed, f"答案：{said}" if said else ""))))
    if len(found) != 1:
        return as_written(question, options, answer)
    one = found[0]
    return Drafted(question if options else one.question, tuple(options) or one.options, one.answer or answer)


async def _filled(
    row: Row, one: Drafted, ask: Asker, options: Options, context: Context, stems: Stems, by: Composer
) -> Outcome:
    """New questions where the row speaks for a text that has too few; an open question is dropped once it has any."""
    known = stems.questions(row.problem_id)
    if not one.options and (known or stems.leaders.get(row.problem_id) != row.row_id):
        return Reject(OPEN, "开放题，没有选项")
    if not (row.problem or "").strip():
        return Skip("check:no-stem") if one.options else Reject(OPEN, "开放题，没有选项，也没有文章")
    if stems.leaders.get(row.problem_id) != row.row_id:
        return Skip("check:same-stem")
    made = any(stems.has(row.problem_id, f"rebuild:{provider}") for provider in ask.providers)
    if len(known) >= options.questions or (made and not options.redo):
        return Skip("already done")
    first = next_ordinal(row, ask, context, "rebuild")
    found = await compose(row, known, options.questions - len(known), ask, by, first)
    return Done(added=tuple(found.rows)) if found.rows else found.nearest


STAGE = Stage(
    name="rebuild",
    help="Give each reading text its choice questions: open ones dropped, new ones written, checked and solved again.",
    options=Options,
    asks="chat",
    adds=True,
    prepare=prepare,
    takes=lambda row: row.parent_id is None and row.kind == "reading",
    looks_at=("parent_id", "kind"),
    drops=True,
    drops_for=(OPEN,),
    others=lambda options: (options.verifier,) if options.verifier else (),
    most_asks=most_asks,
    further_asks=lambda options: options.questions * options.verify,
)
