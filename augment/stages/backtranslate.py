"""New rows by way of another language: zh → ja → zh, kept where nothing that matters has changed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from augment.errors import REFUSING, Fault
from augment.fidelity import check_row, failed
from augment.protection import Masked, has_words, mask, unmask
from augment.rows import derive, derived_id, short_hash
from augment.spans import HAN
from augment.stages._conclusions import concluded, conclusion
from augment.stages._origin import origin
from augment.stages._stage import Context, Ready, Stage, option
from augment.tasks import TASK_TAGS, kinds_of
from augment.types import Asker, Check, Done, Outcome, Reject, Row, Skip

_LATIN = re.compile(r"[A-Za-z]{2,}")
_EAST = re.compile(f"[{HAN}\u3041-\u30ff]")
LABEL = re.compile(r"\s*(?:\*\*)?选择题\s*\d*\s*[:：.、]?\s*(?:\*\*)?\s*")
KINDS = {"translation-tasks": "translation-task", **{tag: tag for tag in TASK_TAGS if tag != "translation-task"}}
REASONS = {"translation-task": "translation task"}


@dataclass(frozen=True, slots=True)
class Options:
    via: str = option("ja", "the language to go through and come back from", metavar="LANGUAGE")
    source: str = option("zh", "the language of the rows", metavar="LANGUAGE")
    skip: tuple[str, ...] = option((), "kinds of rows to leave out; may be given again", choices=tuple(KINDS))


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options."""
    skipped = {KINDS[name] for name in options.skip}

    async def work(row: Row, ask: Asker) -> Outcome:
        for kind in sorted(skipped.intersection((*row.tags, *kinds_of(row)))):
            return Skip(REASONS.get(kind, kind))
        if written := _other_script(_texts(row), options.source):
            return Reject("check:language", f"{written}，--source 是 {options.source}")
        fault: Fault | None = None
        for provider in ask.providers:
            made_by = f"backtranslate:{options.via}:{provider}"
            if derived_id(row.row_id, made_by) in context.derived:
                return Skip("already done")
            try:
                return await rewrite(row, ask, options, provider, made_by)
            except Fault as refused:  # this provider gives nothing for this row; the next one may
                fault = refused if fault is None or fault.kind in REFUSING else fault
        raise fault or ValueError("no provider was given")

    return Ready(work)


async def rewrite(row: Row, ask: Asker, options: Options, provider: str, made_by: str) -> Outcome:
    """The row in a provider's other words, or the first check it failed. Raises Fault."""
    before = _texts(row)
    masked = [mask(text) if has_words(text) else None for text in before]
    asked = [one for one in masked if one is not None]
    if not asked:
        return Reject("check:unchanged", "没有可以改写的文字（指令本身不改写）")
    sent = [one.text for one in asked]
    there = await ask.translate(sent, source=options.source, target=options.via, provider=provider)
    back = await ask.translate(there, source=options.via, target=options.source, provider=provider)
    after = _restored(before, masked, back)
    if after is None:
        return Reject("check:protected", "受保护的片段（公式、代码、引文）没有原样保留")
    new = _rebuilt(row, after, ask, provider, made_by)
    checks = check_row(row, new)
    if (was := concluded(row)) and new.concluded != was:
        checks = [*checks, Check(name="concluded", ok=False, detail=f"{was} → {new.concluded or '无'}")]
    if (broken := failed(checks)) is not None:
        return Reject(f"check:{broken['name']}", broken["detail"])
    return Done(added=(new.with_(checks=checks),))


def _texts(row: Row) -> list[str]:
    """What is rewritten, in a fixed order: stem, question, options, reasoning. An instruction itself never is."""
    problem = None if row.kind == "instruction" else row.problem
    return [problem or "", _split_label(row.question)[1], *row.options, row.reasoning or ""]


def _other_script(texts: list[str], source: str) -> str:
    """What a row is mostly written in where the source language is not; "" where it may be, or cannot be told.

    A translator told the wrong language still translates, and bills it. A word is held against a character: both are
    about as much to read.
    """
    worded = "\n".join(text for text in texts if has_words(text))
    words, characters = len(_LATIN.findall(worded)), len(_EAST.findall(worded))
    if source in ("zh", "ja") and words > characters:
        return f"拉丁文单词 {words} 个，汉字和假名 {characters} 个"
    if source == "en" and characters > words:
        return f"汉字和假名 {characters} 个，拉丁文单词 {words} 个"
    return ""


def _split_label(question: str | None) -> tuple[str, str]:
    """A question's ``选择题 1：`` prefix, which stays as it is, and the rest."""
    if question is None:
        return "", ""
    match = LABEL.match(question)
    return (match[0], question[match.end() :]) if match and "选择题" in match[0] else ("", question)


def _restored(before: list[str], masked: list[Masked | None], back: list[str]) -> list[str] | None:
    answered = iter(back)
    after = []
    for text, one in zip(before, masked, strict=True):
        if one is None:
            after.append(text)
            continue
        restored = unmask(next(answered), one.spans)
        if restored is None:
            return None
        after.append(restored)
    return after


def _rebuilt(row: Row, after: list[str], ask: Asker, provider: str, made_by: str) -> Row:
    problem, question, *options, reasoning = after
    label = _split_label(row.question)[0]
    return derive(
        row,
        derived_id(row.row_id, made_by),
        made_by,
        problem_id=short_hash(f"{row.problem_id}/{made_by}"),
        problem=row.problem if row.kind == "instruction" else problem or None,
        question=None if row.question is None else label + question,
        options=options,
        reasoning=reasoning or None,
        concluded=conclusion(reasoning, row.with_(options=options)) or None,
        **origin(ask, provider),
    )


STAGE = Stage(
    name="backtranslate",
    help="Rewrite rows by translating them to another language and back; adds rows.",
    options=Options,
    asks="translate",
    adds=True,
    prepare=prepare,
    takes=lambda row: not any(tag.startswith("backtranslate:") for tag in row.tags),
    looks_at=("tags",),
)
