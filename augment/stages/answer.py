"""Answers found without being shown one: several votes, stopped once decided; a tie predicts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from augment.errors import REFUSING, Fault, UsageError
from augment.prompts import Prompt, read_prompt
from augment.scorer import provider_name, read_card
from augment.stages._examples import Examples, read_examples
from augment.stages._polling import Poll, ballots, poll, unanswered
from augment.stages._retrying import check_retries
from augment.stages._scores import Sieve
from augment.stages._stage import Context, Ready, Stage, option
from augment.types import Asker, Check, Done, Outcome, Reject, Row, Scalar, Skip

TAG = "answer:"


@dataclass(frozen=True, slots=True)
class Options:
    votes: int = option(5, "votes on each row; asking stops once no further vote can change who leads", metavar="K")
    temperature: float = option(0.7, "of several votes; a single one has the provider's own", metavar="T")
    retries: int = option(2, "further asks where replies name no answer, or the scorer refuses them", metavar="N")
    template: str = option("solve", "prompt template: solve, or a file", metavar="NAME")
    examples: int = option(0, "worked examples shown, chosen by similarity", metavar="K")
    scorer: str = option(
        "", "a trained scorer's folder: solutions below its threshold do not vote", metavar="MODEL_DIR"
    )
    scorer_threshold: float | None = option(
        None, "the score from which on solutions vote, 0 to 1; left out: the scorer's own", metavar="T"
    )
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
    cut, scorers = _threshold(options)

    async def work(row: Row, ask: Asker) -> Outcome:
        if row.predicted and not options.redo and not _rehearsed(row, ask):
            return Skip("already done")
        return await solve(row, ask, options, prompt, examples, parameters, cut)

    return Ready(work, {prompt.name: prompt.id, **scorers})


def _threshold(options: Options) -> tuple[float | None, dict[str, str]]:
    """The score from which on solutions vote, None without a scorer, and which scorer it is. Raises UsageError,
    NotFound, BadInput."""
    if not options.scorer:
        if options.scorer_threshold is not None:
            raise UsageError("--scorer-threshold needs --scorer", hint="--scorer MODEL_DIR")
        return None, {}
    folder = Path(options.scorer)
    card = read_card(folder)
    return card.cut(options.scorer_threshold, folder), {f"scorer:{card.name}": f"{card.name}@{card.edition}"}


async def solve(
    row: Row,
    ask: Asker,
    options: Options,
    prompt: Prompt,
    examples: Examples,
    parameters: Mapping[str, Scalar],
    cut: float | None = None,
) -> Outcome:
    """The row with what most votes say; the next provider votes where one has no answer that leads. cut: the score from
    which on the scorer lets a solution vote. Raises Fault."""
    found: Poll | None = None
    sifted: Sieve | None = None  # what let those votes pass
    fault: Fault | None = None
    for provider in ask.providers:
        sieve = None if cut is None else Sieve(ask, ask.others[0], cut)
        voter = ballots(row, ask, provider, prompt, examples, parameters, sieve)
        try:
            found, sifted = await poll(voter, options.votes, options.retries), sieve
        except Fault as trouble:
            fault = trouble if fault is None or fault.kind in REFUSING else fault
            continue
        if found.winner is not None:
            return Done(updated=_predicted(row, found, found.winner, provider, sifted))
    if fault is not None and (fault.kind not in REFUSING or found is None):
        raise fault
    if found is not None and sifted is not None and not found.counts and sifted.refused:
        return Reject("check:scorer", sifted.told)
    if found is None or not found.counts:
        return Reject("unreadable", found.told if found else "")
    return Reject("check:tie", found.told)


def _predicted(row: Row, found: Poll, winner: str, provider: str, sieve: Sieve | None) -> Row:
    """The row with its votes. Who wrote its text stays; who voted is a tag, so that a rehearsal can be told."""
    checks = [check for check in row.checks if check["name"] not in ("votes", "agrees", "scorer")]
    checks.append(Check(name="votes", ok=True, detail=f"{provider}：{found.told}"))
    if row.answer:
        detail = f"投票得 {winner}，答案是 {row.answer}"
        checks.append(Check(name="agrees", ok=winner == row.answer, detail=detail))
    if sieve is not None:
        checks.append(sieve.check)
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
    others=lambda options: (provider_name(options.scorer),) if options.scorer else (),
    most_asks=lambda options, first: (options.votes + options.retries) * first.providers * (1 + bool(options.scorer)),
    further_asks=lambda options: options.votes // 2 + 1 if options.scorer else 0,  # as many as are sure to vote
)
