"""What a prompt asks for, read from its text: a worked solution, a translation, or anything else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

from augment.simulator.listing import Listing, read_listing

_HEADING = re.compile(
    r"^[ \t]*#{1,6}[ \t]*(?:(?P<name>题目|问题|选项|答案|分析过程)(?=[\s:：]|$)[ \t]*[:：]?[ \t]*(?P<rest>[^\n]*)"
    r"|[^\n]*)$",
    re.MULTILINE,
)
_OPTION = re.compile(r"^[ \t]*[(（]?(?P<letter>[A-Z])[)）]?[ \t]*[.．、:：)）][ \t]*(?P<text>\S[^\n]*)$", re.MULTILINE)
_LETTERS = re.compile(r"[A-Z](?:[ \t,，、和]*[A-Z])*")
_TRANSLATE = re.compile("翻译|译成|译为|译作|translat", re.IGNORECASE)
_TO = (
    r"(?:成|为|作|到|至|→|->|into|to|目标语言|target[ _]lang(?:uage)?)\s*[:：是]?\s*[“\"「'（(<\[*`]*\s*"
    r"(?P<name>[A-Za-z]+|[\u4e00-\u9fff]{1,4})"
)
_INTO = re.compile(_TO, re.IGNORECASE)
_TRANSLATE_INTO = re.compile(rf"(?:译|translat)[^\n。]{{0,80}}?{_TO}", re.IGNORECASE)
_ASKS_BELOW = re.compile("(?:请|将|把|现在|please|now|translate)", re.IGNORECASE)
# Words after which a colon, or the end of the instruction's sentence, hands over to the text.
_HANDS_OVER = re.compile(
    r"(?:(?:explanations?|comments?|commentary|notes?|text|segment|sentence|passage|content|[a-z]+ese|english|korean"
    r"|french|german|russian|spanish|解释|说明|注释|文本|内容|句子|段落|[语文])[\s”\"」)*]*[:：]"
    r"|(?:explanations?|解释|说明|注释)[。.])[ \t]*(?=\S)",
    re.IGNORECASE,
)
_RULE = re.compile(
    r"只|仅|不要|不得|请|保[持留]|注意|要求|only|do not|don't|keep|output|return|reply|must", re.IGNORECASE
)
_ANSWER_HERE = re.compile(r"(?:翻译结果|译文|translation)\s*[:：]", re.IGNORECASE)
# An instruction that means several texts says so.
_LISTED = re.compile(
    r"编号|序号|逐[条个行一句]|[每各][条个行一句段项]|列表|数组|清单|标签|对象|json|\d+\s*[条个段项]"
    r"|numbered|numbering|the numbers"
    r"|\beach\b|\bevery\b|\bitems?\b|array|\blists?\b|\blines\b|\btexts\b|\bstrings\b|sentences|segments"
    r"|\btags?\b|object",
    re.IGNORECASE,
)
_FORM = re.compile("编号|序号|数组|标签|json|array|numbered|numbering|the numbers|tags?", re.IGNORECASE)
_LINES_OF_INSTRUCTION = 12
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
    "繁体": "zh-TW",
    "traditional": "zh-TW",
    "意大利": "it",
    "italian": "it",
    "葡萄牙": "pt",
    "portuguese": "pt",
    "越南": "vi",
    "vietnamese": "vi",
    "泰": "th",
    "thai": "th",
    "阿拉伯": "ar",
    "arabic": "ar",
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


@dataclass(frozen=True, slots=True)
class ToTranslateAll:
    """Several texts and the language they are wanted in."""

    listing: Listing
    target: str


Asked = Question | ToTranslate | ToTranslateAll | str


def read_prompt(prompt: str) -> Asked:
    """What the prompt asks for; the prompt itself where it is neither a question nor a translation."""
    wanted = read_translation(prompt)
    if wanted:
        return wanted
    sections = _sections(prompt)
    if "题目" in sections or "问题" in sections:
        return _question(sections)
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


def read_translation(prompt: str) -> ToTranslate | ToTranslateAll | None:
    """The text or texts a prompt wants translated, None where its first lines ask for nothing of the kind."""
    begins = _instruction(prompt)
    if begins < 0:
        return None
    line = prompt[begins:].partition("\n")[0]
    asks, rules = _said(prompt, begins)
    listing = read_listing(prompt) if _means_several(asks, rules) else None
    if listing:
        said = prompt[: listing.begins] + prompt[listing.ends :]
        return ToTranslateAll(listing, _target(line, asks, said))
    text = _text_after(prompt, begins)
    return ToTranslate(text, _target(line, asks)) if text.strip() else None


def _instruction(prompt: str) -> int:
    """Where the line begins that asks for a translation: near the top, above any heading, or in the last paragraph.

    A line that names a language goes before one that does not; -1 where there is none.
    """
    heading = _HEADING.search(prompt)
    top = prompt[: heading.start()] if heading else prompt
    lines = top.splitlines(keepends=True)[:_LINES_OF_INSTRUCTION]
    asking = [number for number, line in enumerate(lines) if _TRANSLATE.search(line)]
    naming = [number for number in asking if _TRANSLATE_INTO.search(lines[number])]
    if asking:
        return sum(map(len, lines[: (naming or asking)[0]]))
    last = prompt.rstrip().rfind("\n\n") + 2
    below = last > 1 and _ASKS_BELOW.match(prompt, last) and _TRANSLATE_INTO.search(prompt, last)
    return last if below else -1


def _said(prompt: str, begins: int) -> tuple[str, list[str]]:
    """The paragraph that asks, up to the line that begins there, and the lines below it that go on giving rules."""
    above = prompt.rfind("\n\n", 0, begins) + 2
    line = prompt[begins:].partition("\n")[0]
    handed = _HANDS_OVER.search(line)
    if handed:  # the text begins on this line
        return prompt[above if above > 1 else 0 : begins + handed.end()], []
    ends = begins + len(line)
    below = (line.strip(" \t-*•") for line in prompt[ends:].splitlines() if line.strip())
    return prompt[above if above > 1 else 0 : ends], list(takewhile(_RULE.match, below))


def _means_several(asks: str, rules: list[str]) -> bool:
    """Whether an instruction is about a list. A rule must name its form: it may be the text's own first words."""
    return bool(_LISTED.search(asks) or any(map(_FORM.search, rules)))


def _target(*places: str) -> str:
    """The language named in the first of the places that names one."""
    for place in places:
        for pattern in (_TRANSLATE_INTO, _INTO):
            for found in pattern.finditer(place):
                if code := _language(found["name"]):
                    return code
    return "zh"


def _text_after(prompt: str, begins: int) -> str:
    """The text below, or behind, the instruction that begins there; "" where there is none."""
    head, _, below = prompt[begins:].partition("\n")
    if handed := _HANDS_OVER.search(head):
        text = head[handed.end() :] + "\n" + below
    elif not below.strip():  # all on one line: the text follows the first colon of the instruction
        text = re.sub("[:：]", ":", head, count=1).partition(":")[2]
    else:
        if not head.rstrip().endswith((":", "：")):
            while (line := below.partition("\n"))[2].strip() and line[0].strip() and _RULE.match(line[0].strip("-*• ")):
                below = line[2]
        text = below
    above, _, last = text.rstrip().rpartition("\n")
    return (above if above and _ANSWER_HERE.fullmatch(last.strip()) else text).strip("\n")


def _language(name: str) -> str:
    name = name.lower()
    return _LANGUAGES.get(name) or next(
        (code for word, code in _LANGUAGES.items() if not word.isascii() and name.startswith(word)), ""
    )
