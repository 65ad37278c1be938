"""What a prompt asks for, read from its text: a worked solution, a translation, or anything else."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING = re.compile(
    r"^[ \t]*#{1,6}[ \t]*(?:(?P<name>题目|问题|选项|答案|分析过程)(?=[\s:：]|$)[ \t]*[:：]?[ \t]*(?P<rest>[^\n]*)"
    r"|[^\n]*)$",
    re.MULTILINE,
)
_OPTION = re.compile(r"^[ \t]*[(（]?(?P<letter>[A-Z])[)）]?[ \t]*[.．、:：)）][ \t]*(?P<text>\S[^\n]*)$", re.MULTILINE)
_LETTERS = re.compile(r"[A-Z](?:[ \t,，、和]*[A-Z])*")
_TRANSLATE = re.compile("翻译|译成|译为|translat", re.IGNORECASE)
_INTO = re.compile(r"(?:成|为|到|至|into|to)\s*[“\"「'（(]?\s*(?P<name>[A-Za-z]+|[\u4e00-\u9fff]{1,4})", re.IGNORECASE)
_LANGUAGES = {
    "日": "ja",
    "japanese": "ja",
    "ja": "ja",
    "中": "zh",
    "汉": "zh",
    "简体": "zh",
    "chinese": "zh",
    "zh": "zh",
    "simplified": "zh",
    "英": "en",
    "english": "en",
    "en": "en",
    "韩": "ko",
    "korean": "ko",
    "ko": "ko",
    "法": "fr",
    "french": "fr",
    "德": "de",
    "german": "de",
    "俄": "ru",
    "russian": "ru",
    "西班牙": "es",
    "spanish": "es",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its stem. gold: letters or text the prompt names as the answer, "" where it names none."""

    stem: str
    question: str
    options: tuple[tuple[str, str], ...]
    gold: str = ""


@dataclass(frozen=True, slots=True)
class ToTranslate:
    """A text and the language it is wanted in."""

    text: str
    target: str


def read_prompt(prompt: str) -> Question | ToTranslate | str:
    """What the prompt asks for; the prompt itself where it is neither a question nor a translation."""
    sections = _sections(prompt)
    if "题目" in sections or "问题" in sections:
        return _question(sections)
    wanted = _translation(prompt)
    if wanted:
        return wanted
    options = _options(prompt)
    if len(options) >= 2:
        start = next(_OPTION.finditer(prompt)).start()
        stem, _, question = prompt[:start].strip().rpartition("\n")
        return Question(stem, question, options)
    return prompt


def _sections(prompt: str) -> dict[str, str]:
    """Heading → text below it; the last of two equal headings wins, as examples come first."""
    found = list(_HEADING.finditer(prompt))
    sections: dict[str, str] = {}
    for heading, following in zip(found, (*found[1:], None), strict=False):
        below = prompt[heading.end() : following.start() if following else len(prompt)]
        if heading["name"]:
            sections[heading["name"]] = f"{heading['rest']}\n{below}".strip()
    return sections


def _question(sections: dict[str, str]) -> Question:
    question = sections.get("问题", "")
    listed = "\n".join((question, sections.get("选项", "")))
    options = _options(listed)
    first = _OPTION.search(question)
    asked = question[: first.start()] if first and options else question
    return Question(sections.get("题目", "").strip(), asked.strip(), options, _gold(sections.get("答案", ""), options))


def _options(text: str) -> tuple[tuple[str, str], ...]:
    """The lettered lines that count up from A."""
    found: list[tuple[str, str]] = []
    for option in _OPTION.finditer(text):
        if option["letter"] == chr(ord("A") + len(found)):
            found.append((option["letter"], option["text"].strip()))
    return tuple(found)


def _gold(section: str, options: tuple[tuple[str, str], ...]) -> str:
    line = next((line.strip() for line in section.splitlines() if line.strip()), "")
    line = re.sub(r"^(?:正确)?答案(?:是|为)?[:：]?", "", line).strip()
    letters = {letter for letter, _ in options}
    found = _LETTERS.match(line)
    if options and found:
        named = sorted(set(re.findall("[A-Z]", found[0])))
        rest = line[found.end() :].lstrip(" .．、:：)）")
        if set(named) <= letters and (
            not rest or line[found.end()] in " .．、:：)）" or rest == dict(options).get(named[0])
        ):
            return "".join(named)
    return next((letter for letter, text in options if text == line), line)


def _translation(prompt: str) -> ToTranslate | None:
    head, _, text = prompt.strip().partition("\n")
    if not _TRANSLATE.search(head):
        return None
    if not text.strip():  # all on one line: the text follows the last colon of the instruction
        head, _, text = re.sub("[:：]", ":", head, count=1).partition(":")
    if not text.strip():
        return None
    target = next((code for name in _INTO.finditer(head) if (code := _language(name["name"]))), "zh")
    return ToTranslate(text.strip("\n"), target)


def _language(name: str) -> str:
    name = name.lower()
    return _LANGUAGES.get(name) or next(
        (code for word, code in _LANGUAGES.items() if not word.isascii() and name.startswith(word)), ""
    )
