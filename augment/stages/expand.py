"""New questions on the stems that are there, each checked, and solved again by a model that is not shown the answer."""

from __future__ import annotations

from dataclasses import dataclass

from augment.errors import UsageError
from augment.stages._composing import Composing, compose, most_asks, next_ordinal, read_composer
from augment.stages._stage import Context, Ready, Stage, option
from augment.stages._stems import read_stems
from augment.types import Asker, Done, Outcome, Row, Skip


@dataclass(frozen=True, slots=True)
class Options(Composing):
    questions: int = option(3, "new questions wanted on each stem", metavar="N")
    redo: bool = option(False, "ask for further questions on stems that this provider has expanded")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError, NotFound, BadInput."""
    if options.questions < 1:
        raise UsageError(f"--questions {options.questions} makes no sense", hint="1 or more")
    by = read_composer(context, "expand", options)
    stems = read_stems(context)

    async def work(row: Row, ask: Asker) -> Outcome:
        if not (row.problem or "").strip():
            return Skip("check:no-stem")
        if stems.leaders.get(row.problem_id) != row.row_id:
            return Skip("check:same-stem")
        if not options.redo and any(stems.has(row.problem_id, f"expand:{provider}") for provider in ask.providers):
            return Skip("already done")
        first = next_ordinal(row, ask, context, "expand")
        found = await compose(row, stems.questions(row.problem_id), options.questions, ask, by, first)
        return Done(added=tuple(found.rows)) if found.rows else found.nearest

    return Ready(work, {by.prompt.name: by.prompt.id, by.solving.name: by.solving.id})


STAGE = Stage(
    name="expand",
    help="Have new questions written on each stem, checked and solved again without their answers. Adds rows.",
    options=Options,
    asks="chat",
    adds=True,
    prepare=prepare,
    takes=lambda row: row.parent_id is None and row.kind != "instruction",
    looks_at=("parent_id", "kind"),
    others=lambda options: (options.verifier,) if options.verifier else (),
    most_asks=most_asks,
    further_asks=lambda options: options.questions * options.verify,
)
