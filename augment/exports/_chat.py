"""A row as something said to a model and something it should say."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from augment.answers import read_answer
from augment.errors import NotFound
from augment.prompts import Prompt, read_prompt
from augment.stages._examples import is_whole
from augment.stages._polling import unanswered
from augment.stages._texts import plain
from augment.types import Row

REWRITING = frozenset({"backtranslate", "expand", "rebuild", "repair", "shuffle", "synonyms"})
"""The stages whose rows ask something else than their parents."""
OPEN, CLOSE = "<think>\n", "\n</think>\n\n"
"""LLaMA-Factory takes reasoning apart again only where it stands between exactly these (data/template.py)."""

# What chat templates and multimodal loaders read as their own: in a row it would end a turn or ask for an image.
_RESERVED = re.compile(r"<\|[\w.:-]{1,40}\|>|</?think>|<(?:image|video|audio)>|</?tool_(?:call|response)>|\[/?INST\]")


@dataclass(frozen=True, slots=True)
class Example:
    """One line of a training file, before it has a format.

    instruction, input: what is asked, divided as alpaca divides it. output: what should be said, or of a pair what is
    chosen. rejected: the other one of a pair. label: whether output is right, where wrong ones are there too. reworded:
    whether the question is another than the one that was imported. text: what a scorer reads of it, where one is to.
    """

    row_id: str
    root_id: str
    split: str | None
    system: str
    history: list[list[str]]
    instruction: str
    input: str
    output: str
    rejected: str = ""
    label: bool = True
    reworded: bool = False
    answer: str = ""
    concluded: str = ""
    text: str = ""

    @property
    def prompt(self) -> str:
        """The whole of what is asked, as LLaMA-Factory joins the two."""
        return f"{self.instruction}\n{self.input}" if self.input else self.instruction

    @property
    def size(self) -> int:
        """Characters of the whole conversation."""
        said = sum(len(text) for turn in self.history for text in turn)
        return len(self.system) + said + len(self.prompt) + max(len(self.output), len(self.rejected))


FIELDS = tuple(one.name for one in fields(Example))


def packed(example: Example) -> dict[str, Any]:
    """The example as JSON keeps it."""
    return asdict(example)


@dataclass(frozen=True, slots=True)
class Speaker:
    """How questions are put and answers given. prompt: of questions; check: of what the second agent is asked."""

    prompt: Prompt
    check: Prompt
    cot: str

    def asked(self, row: Row) -> tuple[str, str]:
        """Instruction and input. An instruction is as it was imported; a question is put by the template."""
        if row.kind != "instruction":
            return self.prompt.fill(holes(row)).strip(), ""
        return (row.problem, row.question or "") if row.problem else (row.question or "", "")

    def said(self, reasoning: str | None, letters: str) -> str:
        """The reasoning, where it is wanted, and the answer it comes to, in the form that is read back."""
        stated = f"答案是：{letters}"
        if self.cot == "none" or not reasoning:
            return stated
        reasoning = reasoning.strip()
        if self.cot == "think-tag":
            return f"{OPEN}{reasoning}{CLOSE}{stated}"
        return reasoning if reasoning.rpartition("\n")[2].strip(" 。.*") == stated else f"{reasoning}\n{stated}"

    def example(self, row: Row, output: str, asked: tuple[str, str] | None = None, **more: Any) -> Example:
        """The row's question, or something else that is asked, with this answer to it."""
        instruction, given = asked or self.asked(row)
        return Example(
            row_id=row.row_id,
            root_id=row.root_id or row.row_id,
            split=row.split,
            system=row.system or "",
            history=[[turn["user"], turn["assistant"]] for turn in row.history or []],
            instruction=instruction,
            input=given,
            output=output,
            reworded=any(tag.partition(":")[0] in REWRITING for tag in row.tags),
            answer=row.answer or "",
            **more,
        )


def speaker(prompt: str | None, cot: str, workspace: Path) -> Speaker:
    """Raises NotFound, BadInput for a template that names what a question may not show."""
    found = Speaker(template(prompt or ("letter" if cot == "none" else "solve"), workspace), _check(workspace), cot)
    found.prompt.fill(holes(Row("", "")))
    found.check.fill({"answer_form": ""})
    return found


def template(name: str, workspace: Path) -> Prompt:
    """A template of exports, else one that ``augment answer`` asks by, else a file. Raises NotFound, BadInput."""
    try:
        return read_prompt("export", name, workspace)
    except NotFound as error:
        try:
            return read_prompt("answer", name, workspace)
        except NotFound:
            raise error from None


def _check(workspace: Path) -> Prompt:
    return read_prompt("export", "check", workspace)


def holes(row: Row) -> dict[str, str]:
    """What a template may show: everything but the answer."""
    return {name: text for name, text in unanswered(row).items() if name != "answer"}


def whole(row: Row) -> bool:
    """Whether the row's answer can be trained on: letters of its options, or words where it has none."""
    return is_whole(row.answer, row.options)


def wrong_for(row: Row, letters: str) -> bool:
    """Whether letters are a wrong answer to the row: options of it, and not such that say what the right ones say."""
    if not row.options or not whole(row) or not letters or not is_whole(letters, row.options):
        return False
    said, right = (
        {plain(row.options[ord(letter) - ord("A")]) for letter in one} for one in (letters, row.answer or "")
    )
    return letters != row.answer and said != right


def reads_as(text: str, row: Row, letters: str) -> bool:
    """Whether a text as written concludes exactly these letters; with reasoning set apart, what stands behind it."""
    if not row.options:
        return True
    after = text.rpartition(CLOSE)[2] if text.startswith(OPEN) else text
    if len(after) < 40:
        return _stated(after, len(row.options)) == letters
    return read_answer(after, options=row.options).joined == letters


@lru_cache(maxsize=4096)
def _stated(text: str, options: int) -> str:
    return read_answer(text, options=options).joined


def reserved(*texts: str) -> bool:
    """Whether a text holds a mark that trainers keep for themselves."""
    return any("<" in text or "[" in text for text in texts) and any(_RESERVED.search(text) for text in texts)
