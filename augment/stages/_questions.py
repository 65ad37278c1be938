"""Whether a new question may stand beside those a stem already has, told without a model."""

from __future__ import annotations

import re
from collections.abc import Iterable

from augment.fidelity import facts
from augment.spans import HAN
from augment.stages._drafted import Drafted
from augment.stages._prompting import LETTERS
from augment.stages._texts import alike, asked, plain
from augment.types import Reject

COPY = 0.8  # shared pairs of characters of question and options together
CHINESE = 0.3  # of the letters of a text
FEW = 5  # words: less than a sentence, as formulas have them
HARDLY = 0.05  # of the letters of a text that is in another language and quotes a Chinese word
TELLING, MORE = 2.0, 8  # times as long as any other option, and so many characters longer
# The checks in the order they are made: the later one a question fails at, the nearer it came.
GATES = (
    "unreadable",
    "check:options-count",
    "check:options-distinct",
    "check:one-answer",
    "check:language",
    "check:copy",
    "check:giveaway",
    "check:unsure",
    "answer mismatch",
)
_HAN = re.compile(f"[{HAN}]")
_WORD = re.compile(r"[^\W\d_]")
_WORDS = re.compile(r"[^\W\d_]{2,}")


def fault_of(one: Drafted, stem: str, known: Iterable[Drafted]) -> Reject | None:
    """The first thing wrong with a question, None where nothing is. known: the other questions of its stem."""
    options = [plain(option) for option in one.options]
    if not 2 <= len(options) <= len(LETTERS) or not all(options):
        return Reject("check:options-count", f"选项 {len(options)} 个")
    if len(set(options)) < len(options):
        return Reject("check:options-distinct", "有两个选项相同")
    if len(one.answer) != 1 or one.answer not in LETTERS[: len(options)]:
        return Reject("check:one-answer", f"答案写作“{one.answer or '无'}”")
    known = list(known)
    if fault := _language_fault(one, stem, known):
        return Reject("check:language", fault)
    if (same := next((other for other in known if _is_copy(one, other)), None)) is not None:
        return Reject("check:copy", f"与“{asked(same.question)[:40]}”重复")
    if why := _gives_away(one):
        return Reject("check:giveaway", why)
    return None


def _language_fault(one: Drafted, stem: str, known: Iterable[Drafted]) -> str:
    """What is wrong with a question's language, "" for nothing: it is its stem's, or that of the questions there are.

    A stem of code and formulas with Chinese around them is Chinese; options alone are of no language (names, figures).
    """
    if _is_chinese(stem):
        return "" if _is_chinese(one.question + "".join(one.options)) else "材料是中文，题目不是"
    words = sum(1 for _ in _WORDS.finditer(stem))
    foreign = words >= FEW and len(_HAN.findall(stem)) < HARDLY * len(_WORD.findall(stem))
    if foreign and _in_chinese(one) and not any(map(_in_chinese, known)):
        return "材料不是中文，题目却是"
    return ""


def _in_chinese(one: Drafted) -> bool:
    return _HAN.search(one.question) is not None and _is_chinese(one.question)


def _is_chinese(text: str) -> bool:
    letters = len(_WORD.findall(text))
    return not letters or len(_HAN.findall(text)) >= CHINESE * letters


def _is_copy(one: Drafted, other: Drafted) -> bool:
    """Whether two questions ask the same, though perhaps with the options in another order.

    Texts alike that state other facts (a number, a name, a denial) are not the same question.
    """
    if plain(asked(one.question)) == plain(asked(other.question)):
        ours, theirs = {*map(plain, one.options)}, {*map(plain, other.options)}
        return len(ours & theirs) >= min(len(ours), len(theirs)) - 1 or _right(one) == _right(other) != ""
    return alike(_whole(one), _whole(other)) >= COPY and facts(_whole(one)) == facts(_whole(other))


def _whole(one: Drafted) -> str:
    return "\n".join((asked(one.question), *sorted(one.options)))


def _right(one: Drafted) -> str:
    at = LETTERS.find(one.answer) if len(one.answer) == 1 else -1
    return plain(one.options[at]) if 0 <= at < len(one.options) else ""


def _gives_away(one: Drafted) -> str:
    """Why the answer can be told without the stem, "" where it cannot be told so easily."""
    right = _right(one)
    others = [plain(option) for option in one.options if plain(option) != right]
    longest = max(map(len, others))
    if len(right) > TELLING * longest and len(right) - longest >= MORE:
        return "正确选项比其余各项长得多"
    question = plain(asked(one.question))
    if len(right) > 1 and right in question and not any(other in question for other in others):
        return "正确选项原样写在题目里，其余各项没有"
    return ""
