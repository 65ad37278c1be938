"""New questions on a stem: asked for, checked, and solved again by a model that is not shown their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from augment.errors import REFUSING, Fault, UsageError
from augment.prompts import Prompt, read_prompt
from augment.rows import derive, derived_id
from augment.stages._drafted import Drafted, read_questions
from augment.stages._examples import Examples, read_examples
from augment.stages._origin import origin
from augment.stages._polling import ahead, ballots, confirm, most_votes, unanswered
from augment.stages._prompting import lettered
from augment.stages._questions import GATES, fault_of
from augment.stages._retrying import check_retries, first_kept
from augment.stages._stage import Context, Foreseen, option
from augment.stages._texts import asked
from augment.types import Asker, Check, Message, Reject, Row, Scalar, Spent

NOTHING_YET = "（无）"
TRIED_FOR_ONE = 2  # questions of one reply that are solved again, for each that is wanted


@dataclass(frozen=True, slots=True)
class Composing:
    """The options of every stage that has questions written."""

    verify: int = option(4, "votes by which its answer must lead when a new question is solved again", metavar="K")
    verifier: str = option("", "who solves the new questions; left out: who wrote them", metavar="NAME")
    temperature: float = option(0.7, "of several votes", metavar="T")
    retries: int = option(1, "further asks of each provider where no question can be kept", metavar="N")
    template: str = option("questions", "prompt template: questions, or a file", metavar="NAME")
    examples: int = option(0, "worked examples shown, chosen by similarity", metavar="K")


@dataclass(frozen=True, slots=True)
class Composer:
    """How questions are asked for and verified. votes: by which the answer must lead when they are solved again."""

    stage: str
    prompt: Prompt
    solving: Prompt
    votes: int
    retries: int
    parameters: Mapping[str, Scalar]
    examples: Examples


@dataclass(slots=True)
class Composed:
    """What a stem got: rows, and why the other questions were refused."""

    rows: list[Row] = field(default_factory=list)
    refused: list[Reject] = field(default_factory=list)

    @property
    def nearest(self) -> Reject:
        """The refusal of the question that came furthest, with what was wrong with each."""
        if not self.refused:
            return Reject("unreadable", "没有读到题目")
        reason = max((one.reason for one in self.refused), key=GATES.index)
        return Reject(reason, self.told)

    @property
    def told(self) -> str:
        """Every refusal in words."""
        return "；".join(f"{one.reason} {one.detail}".strip() for one in self.refused)


def read_composer(context: Context, stage: str, options: Composing) -> Composer:
    """A composer with its templates and examples read. Raises UsageError, NotFound, BadInput."""
    if options.verify < 1:
        raise UsageError(f"--verify {options.verify} makes no sense", hint="1 or more: no question is kept unverified")
    check_retries(options.retries)
    prompt = read_prompt(stage, options.template, context.workspace)
    solving = read_prompt("answer", "solve", context.workspace)
    prompt.fill(_holes("", [], 1))
    solving.fill(unanswered(Row("", "")))
    parameters = {"temperature": options.temperature} if options.verify > 1 else {}
    examples = read_examples(context, options.examples)
    return Composer(stage, prompt, solving, options.verify, options.retries, parameters, examples)


async def compose(
    row: Row, known: Sequence[Drafted], wanted: int, ask: Asker, by: Composer, first: int = 0
) -> Composed:
    """Up to ``wanted`` rows with new questions on the row's stem. known: its questions so far; first: the ordinal of
    the first new one. Asked again, then of the fallback, only where nothing could be kept. Raises Fault."""
    found = Composed()
    messages = by.examples.turns(row, lambda one: _shown(one, by.prompt))
    messages.append(Message("user", by.prompt.fill(_holes(row.problem or "", known, wanted))))
    since = ask.spent

    async def keep(text: str, provider: str) -> Composed | None:
        await _take(read_questions(text), row, known, wanted, ask, by, provider, first, since, found)
        return found if found.rows else None

    await first_kept(ask, messages, by.retries, keep)
    return found


async def _take(
    drafted: Sequence[Drafted],
    row: Row,
    known: Sequence[Drafted],
    wanted: int,
    ask: Asker,
    by: Composer,
    provider: str,
    first: int,
    since: Spent,
    found: Composed,
) -> None:
    """Adds to what was found the questions of one reply that hold. The first kept bears the cost of the asking."""
    if not drafted:
        found.refused.append(Reject("unreadable", "没有读到题目"))
    beside = list(known)
    tried = 0
    for one in drafted:
        if len(found.rows) == wanted or tried == TRIED_FOR_ONE * wanted:
            break
        wrong = fault_of(one, row.problem or "", beside)
        if wrong is not None:
            found.refused.append(wrong)
            continue
        made = _row(row, one, provider, f"{by.stage}:{provider}", first + len(found.rows))
        tried += 1
        verdict = await _verified(made, ask, by, provider)
        if isinstance(verdict, Reject):
            found.refused.append(verdict)
            continue
        beside.append(one)
        found.rows.append(
            made.with_(
                checks=[Check(name="new", ok=True, detail=f"不与已有的 {len(beside) - 1} 题重复"), verdict],
                **origin(ask, provider, by.prompt, since),
            )
        )
        since = ask.spent


async def _verified(made: Row, ask: Asker, by: Composer, author: str) -> Check | Reject:
    """Whether a second solving, which is not shown the answer, finds it. A refused ask is an abstention."""
    solver = next(iter(ask.others), author)
    voter = ballots(made, ask, solver, by.solving, by.examples, by.parameters)
    answer = made.answer or ""
    try:
        result = await confirm(voter, answer, by.votes)
    except Fault as fault:
        if fault.kind not in REFUSING:
            raise
        return Reject("unreadable", f"“{_short(made)}”无人能验：{fault.kind}")
    if not result.counts:
        return Reject("unreadable", f"“{_short(made)}”验题时读不出答案")
    margin = ahead(result.counts, answer)
    if margin < 0:
        return Reject("answer mismatch", f"“{_short(made)}”出题人答 {answer}，验题 {result.told}")
    if margin < by.votes:
        return Reject("check:unsure", f"“{_short(made)}”出题人答 {answer}，验题 {result.told}")
    return Check(name="verified", ok=True, detail=f"{solver}：{result.told}")


def _row(row: Row, one: Drafted, provider: str, made_by: str, ordinal: int) -> Row:
    return derive(
        row,
        derived_id(row.row_id, made_by, ordinal),
        made_by,
        question=one.question,
        options=list(one.options),
        answer=one.answer,
        reasoning=None,
        label=None,
        permutation=None,
        system=None,
        history=None,
        extra=None,
        tags=[made_by],
        provider=provider,
    )


def most_asks(options: Any, first: Foreseen) -> int:
    """How many asks one stem can take: every reply asked for, and every question of it solved to the end."""
    solved = TRIED_FOR_ONE * options.questions * most_votes(options.verify)
    return int((options.retries + 1) * first.providers * (1 + solved))


def next_ordinal(row: Row, ask: Asker, context: Context, stage: str) -> int:
    """The first ordinal under which these providers have made no row of this one."""
    made = 0
    while any(derived_id(row.row_id, f"{stage}:{provider}", made) in context.derived for provider in ask.providers):
        made += 1
    return made


def _short(row: Row) -> str:
    return asked(row.question)[:30]


def _holes(problem: str, known: Sequence[Drafted], wanted: int) -> dict[str, str]:
    listed = "\n\n".join(f"{asked(one.question)}\n{lettered(list(one.options))}" for one in known)
    return {"problem": problem, "existing": listed or NOTHING_YET, "count": str(wanted)}


def _shown(example: Row, prompt: Prompt) -> tuple[str, str]:
    """An example: its stem with no question yet, and its own question as the one that was written."""
    said = f"问题1：{asked(example.question)}\n{lettered(example.options)}\n答案：{example.answer}"
    return prompt.fill(_holes(example.problem or "", [], 1)), said
