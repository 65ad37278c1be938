"""Answers found without being shown one: several votes, stopped once decided; a tie predicts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from augment.errors import REFUSING, Fault, UsageError
from augment.prompts import Prompt, read_prompt
from augment.stages._examples import Examples, read_examples
from augment.stages._polling import Poll, ballots, poll, unanswered
from augment.stages._retrying import check_retries
from augment.stages._stage import Context, Ready, Stage, option
from augment.types import Asker, Check, Done, Outcome, Reject, Row, Scalar, Skip

TAG = "answer:"


@dataclass(frozen=True, slots=True)
class Options:
    votes: int = option(5, "votes on each row; asking stops once no further vote can change who leads", metavar="K")
    temperature: float = option(0.7, "of several votes; a single one has the provider's own", metavar="T")
    retries: int = option(2, "further asks where replies name no answer", metavar="N")
    template: str = option("solve", "prompt template: solve, or a file", metavar="NAME")
    examples: int = option(0, "worked examples shown, chosen by similarity", metavar="K")
    redo: bool = option(False, "ask again for rows that have a prediction")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError, NotFound, BadInput."""
    if options.votes < 1:
        raise UsageError(f"--votes {options.votes} makes no sense", hint="1 or more")
    check_retries(options.retries)
    if not 0 <= options.temperature <= 2:
        raise UsageError(
            f"--temperature {options.temperature:g} makes no sense", hint="0 to 2; most vendors: at most 1"
        )
    prompt = read_prompt("answer", options.template, context.workspace)
    prompt.fill(unanswered(Row("", "")))
    examples = read_examples(context, options.examples)
    parameters = {"temperature": options.temperature} if options.votes > 1 else {}

    async def work(row: Row, ask: Asker) -> Outcome:
        if row.predicted and not options.redo and not _rehearsed(row, ask):
            return Skip("already done")
        return await solve(row, ask, options, prompt, examples, parameters)

    return Ready(work, {prompt.name: prompt.id})


async def solve(
    row: Row,
    ask: Asker,
    options: Options,
    prompt: Prompt,
    examples: Examples,
    parameters: Mapping[str, Scalar],
) -> Outcome:
    """The row with what most votes say; the next provider votes where one has no answer that leads. Raises Fault."""
    found: Poll | None = None
    fault: Fault | None = None
    for provider in ask.providers:
        try:
            found = await poll(
                ballots(row, ask, provider, prompt, examples, parameters), options.votes, options.retries
            )
        except Fault as trouble:
            fault = trouble if fault is None or fault.kind in REFUSING else fault
            continue
        if found.winner is not None:
            return Done(updated=_predicted(row, found, found.winner, provider))
    if fault is not None and (fault.kind not in REFUSING or found is None):
        raise fault
    if found is None or not found.counts:
        return Reject("unreadable", found.told if found else "")
    return Reject("check:tie", found.told)


def _predicted(row: Row, found: Poll, winner: str, provider: str) -> Row:
    """The row with its votes. Who wrote its text stays; who voted is a tag, so that a rehearsal can be told."""
    checks = [check for check in row.checks if check["name"] not in ("votes", "agrees")]
    checks.append(Check(name="votes", ok=True, detail=f"{provider}：{found.told}"))
    if row.answer:
        detail = f"投票得 {winner}，答案是 {row.answer}"
        checks.append(Check(name="agrees", ok=winner == row.answer, detail=detail))
    tags = [tag for tag in row.tags if not tag.startswith(TAG)]
    return row.with_(predicted=winner, votes=found.ranked, checks=checks, tags=sorted({*tags, f"{TAG}{provider}"}))


def _rehearsed(row: Row, ask: Asker) -> bool:
    """Whether a simulated model's prediction is to make room for a real one's."""
    return not ask.providers[0].startswith("sim:") and any(tag.startswith(f"{TAG}sim:") for tag in row.tags)


STAGE = Stage(
    name="answer",
    help="Solve rows by votes without showing the answer; compare with it. A tie predicts nothing.",
    options=Options,
    asks="chat",
    adds=False,
    prepare=prepare,
    takes=lambda row: row.label != "wrong" and row.kind != "instruction",
    looks_at=("label", "kind"),
    most_asks=lambda options, first: (options.votes + options.retries) * first.providers,
)
