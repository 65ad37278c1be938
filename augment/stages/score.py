"""Scores of a trained scorer, 0 to 1: how likely each row's reasoning is right, as verdicts beside the judges'."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from augment.errors import UsageError
from augment.scorer import RUBRIC, provider_name, read_card, text_of
from augment.stages._scores import score_of
from augment.stages._stage import Context, Ready, Stage, option
from augment.stages._verdicts import with_verdicts
from augment.types import Asker, Done, Outcome, Row, Skip, Verdict


@dataclass(frozen=True, slots=True)
class Options:
    scorer: str = option("", "the folder of a trained scorer (`augment scorer train`)", metavar="MODEL_DIR")


def prepare(options: Options, _: Context) -> Ready:
    """The stage for these options. Raises UsageError, NotFound, BadInput."""
    if not options.scorer:
        raise UsageError("no scorer is named", hint="--scorer MODEL_DIR: a folder that `augment scorer train` wrote")
    card = read_card(Path(options.scorer))

    async def work(row: Row, ask: Asker) -> Outcome:
        text = text_of(row)
        if text is None:
            return Skip("no answer")
        scorer = ask.others[0]
        score = await score_of(text, ask, scorer)
        verdict = Verdict(judge=scorer, rubric=RUBRIC, total=score, maximum=1.0, criteria=[])
        updated = with_verdicts(row, [verdict])
        return Skip("already done") if updated == row else Done(updated=updated)

    return Ready(work, {f"scorer:{card.name}": f"{card.name}@{card.edition}"})


STAGE = Stage(
    name="score",
    help="Have a trained scorer say how likely each row's reasoning is right; its verdict stands beside the judges'.",
    options=Options,
    asks=None,
    adds=False,
    prepare=prepare,
    takes=lambda row: row.kind != "instruction",
    looks_at=("kind",),
    others=lambda options: (provider_name(options.scorer),) if options.scorer else (),
)
