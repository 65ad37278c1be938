"""Verdicts of one judge or several by a rubric; text that tries to steer them has no effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from augment.errors import REFUSING, BadInput, Fault, UsageError
from augment.fence import fenced, marker, visible
from augment.injections import suspicions
from augment.prompts import Prompt, read_prompt
from augment.rubrics import Rubric, read_rubric
from augment.stages._prompting import lettered
from augment.stages._retrying import check_retries
from augment.stages._stage import Context, Ready, Stage, option
from augment.stages._verdicts import with_verdicts
from augment.types import Asker, Check, Done, Message, Outcome, Reject, Row, Skip, Verdict
from augment.verdicts import Scores, read_verdict

TITLES = {"problem": "题目", "question": "问题", "options": "选项", "answer": "答案", "reasoning": "解答"}
# What a row may not lack where the rubric shows it, and what it is skipped for.
NOTHING_TO_JUDGE = {"reasoning": "check:no-reasoning", "answer": "no answer", "question": "check:no-stem"}
NEEDED = ("material", "mark", "criteria", "form", "notice")


@dataclass(frozen=True, slots=True)
class Options:
    rubric: str = option("reasoning", "reading, reasoning, one of the workspace's rubrics/, or a file", metavar="NAME")
    judge: tuple[str, ...] = option((), "a further judge beside --provider; may be given again", metavar="NAME")
    retries: int = option(2, "further asks of a judge whose verdict cannot be read", metavar="N")
    redo: bool = option(False, "ask again for rows that this judge has judged by this rubric")
    calibrate: bool = option(
        False, "ask nobody: the threshold for --precision, and how far judges and people agree, from reviewed rows"
    )
    precision: float | None = option(
        None, "of --calibrate: the share of kept rows that people accept (0.95)", metavar="P"
    )


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError, NotFound, BadInput."""
    check_retries(options.retries)
    if options.calibrate or options.precision is not None:
        raise UsageError("--calibrate and --precision make no run", hint="`augment judge --calibrate DS`")
    rubric = read_rubric(options.rubric, context.workspace)
    frame = read_prompt("judge", "verdict", context.workspace)
    for hole in NEEDED:
        if f"{{{hole}}}" not in frame.text:
            raise BadInput(f"prompt 'verdict' has no hole {{{hole}}}", hint="`augment prompts judge verdict` shows it")
    question(Row("", ""), rubric, frame)  # an unknown hole is found now, not after the run has begun

    async def work(row: Row, ask: Asker) -> Outcome:
        lacking = next(
            (column for column in NOTHING_TO_JUDGE if column in rubric.shown and not _has(row, column)), None
        )
        if lacking is not None:
            return Skip(NOTHING_TO_JUDGE[lacking])
        others = [name for name in dict.fromkeys(ask.others) if name != ask.providers[0]]
        judges = [ask.providers, *((name,) for name in others)]
        wanted = [one for one in judges if options.redo or not _judged(row, one, rubric)]
        if not wanted:
            return Skip("already done")
        return await judge(row, ask, wanted, options, rubric, frame)

    return Ready(work, {frame.name: frame.id, rubric.name: rubric.id})


async def judge(
    row: Row, ask: Asker, judges: list[tuple[str, ...]], options: Options, rubric: Rubric, frame: Prompt
) -> Outcome:
    """The row with the verdicts that could be read; refused where none could. judges: each with its fallbacks."""
    steering = _steering(row)
    given: list[Verdict] = []
    unread: dict[str, str] = {}
    fault: Fault | None = None
    for one in judges:
        for provider in one:
            try:
                found = await _verdict(row, ask, provider, options, rubric, frame, wary=bool(steering))
            except Fault as refused:  # the next one may answer; what this one said before stays in the ledger
                fault = refused if fault is None or fault.kind in REFUSING else fault
                continue
            if isinstance(found, str):
                unread[provider] = found
                continue
            given.append(found)
            break
    if fault is not None and (fault.kind not in REFUSING or not (given or unread)):
        raise fault
    if not given and not row.verdicts:
        return Reject("unreadable", "；".join(f"{name}：{why}" for name, why in unread.items()))
    updated = _with_verdicts(row, given, unread, steering)
    return Skip("already done") if updated == row else Done(updated=updated)


async def _verdict(
    row: Row, ask: Asker, provider: str, options: Options, rubric: Rubric, frame: Prompt, *, wary: bool
) -> Verdict | str:
    """One judge's verdict, or why the last of its replies was none. Raises Fault."""
    parts = shown(row, rubric)
    why = ""
    for attempt in range(options.retries + 1):
        messages = [Message("user", question(row, rubric, frame, why))]
        reply = await ask.chat(messages, attempt=attempt, provider=provider)
        found = read_verdict(reply.text, rubric, tuple(parts.values()), wary=wary)
        if isinstance(found, Scores):
            return Verdict(
                judge=provider,
                rubric=rubric.id,
                total=found.total,
                maximum=rubric.maximum,
                criteria=list(found.criteria),
            )
        why = found.why
    return why


def question(row: Row, rubric: Rubric, frame: Prompt, why: str = "") -> str:
    """What a judge is asked about a row. why: what was wrong with its last reply."""
    parts = shown(row, rubric)
    mark = marker(parts)
    return frame.fill(
        {
            "role": rubric.prompt,
            "maximum": f"{rubric.maximum:g}",
            "criteria": rubric.described(),
            "mark": mark,
            "material": fenced(parts, mark),
            "notice": f"上一次的评分作废：{why}。请重新打分。\n" if why else "",
            "form": rubric.form(),
        }
    )


def shown(row: Row, rubric: Rubric) -> Mapping[str, str]:
    """The row's texts as a judge reads them, by the names they stand under."""
    return {name: visible(text) for name, text in _raw(row, rubric).items()}


def _raw(row: Row, rubric: Rubric) -> dict[str, str]:
    texts = {
        "problem": row.problem or "（无）",
        "question": row.question or "（无）",
        "options": lettered(row.options) or "（无）",
        "answer": row.answer or "（无）",
        "reasoning": row.reasoning or "（无）",
    }
    return {TITLES[column]: texts[column] for column in rubric.shown}


def _has(row: Row, column: str) -> bool:
    return bool((getattr(row, column) or "").strip()) or (column == "question" and bool(row.problem))


def _judged(row: Row, judges: tuple[str, ...], rubric: Rubric) -> bool:
    return any(one["judge"] in judges and one["rubric"] == rubric.id for one in row.verdicts or [])


def _steering(row: Row) -> list[str]:
    """Which of the row's texts look as if they spoke to a judge, and how."""
    texts = {**{name: getattr(row, name) for name in TITLES}, "options": "\n".join(row.options)}
    return [
        f"{TITLES[column]}：{'、'.join(kinds)}"
        for column, text in texts.items()
        if text and (kinds := suspicions(text))
    ]


def _with_verdicts(row: Row, given: list[Verdict], unread: Mapping[str, str], steering: list[str]) -> Row:
    """The row with verdicts, score and checks. A judge whose verdict could not be read counts in no mean; a check names
    it."""
    told = {f"judge:{name}": why for name, why in unread.items()}
    heard = {f"judge:{one['judge']}" for one in given}
    checks = [one for one in row.checks if one["name"] not in {"injection", *told, *heard}]
    checks += [Check(name=name, ok=False, detail=why) for name, why in told.items()]
    checks += [Check(name="injection", ok=False, detail="；".join(steering))] if steering else []
    return with_verdicts(row, given).with_(checks=checks)


STAGE = Stage(
    name="judge",
    help="Have one judge or several give each row points by a rubric; the score is the mean of their shares.",
    options=Options,
    asks="chat",
    adds=False,
    prepare=prepare,
    others=lambda options: tuple(options.judge),
)
