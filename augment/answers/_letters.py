"""The letters that stand at one place of a folded text, and what makes a letter a name."""

from __future__ import annotations

from typing import NamedTuple

from augment.answers._pattern import Pattern

_JOINED = 25
_LETTER = r"(?:[A-Z]{1,26}|[a-z])(?![A-Za-z0-9_\\]|['’]s)"
_QUOTE = r"[ \t\"'“”‘’()\[\]【】]{0,6}"
_BETWEEN = (
    rf"(?:{_QUOTE}(?:[、,;/&]\s?(?:and|和|以及)?|和|与|及|以及|并|\band\b){_QUOTE}|[ ]{{1,4}})(?:选项|项|option )?\s?"
)
# One letter or more, for patterns that read on behind them.
GROUP = rf"(?<![A-Za-z0-9_\\])(?=[A-Z])(?>{_LETTER}(?:(?:选?项)?{_BETWEEN}{_LETTER}){{0,25}})"
_FIRST = Pattern(rf"(?<![A-Za-z0-9_\\]){_LETTER}")
_NEXT = Pattern(rf"(?:选?项)?({_BETWEEN})({_LETTER})")
# After "A，B" a predicate belongs to the last letter alone: "答案是A，B错误" names A.
_OWN_PREDICATE = Pattern(r"\s{0,4}(?:选?项)?(?:[的说中表过太均都皆]|[是为]|错|正|不|因|违|属|符|指|虽|[A-Za-z]|:\s?\S)")
_OWN_SINGULAR = Pattern(r"\s(?:is|was|has|does|says)\b")  # "the answer is A and C is wrong"
_ALTERNATIVE = Pattern(r"\s{0,4}(?:选?项)?\s?[,、]?\s?(?:或|还是|\bor\b|/or)")
_ONE_OF = Pattern(r"\s{0,4}(?:这?[两二三四五几]个?(?:选?项)?)?(?:中(?!国|心|央)|之间|之一|其中)")


class Letters(NamedTuple):
    """Letters as written at one place; start and end are offsets."""

    letters: tuple[str, ...]
    start: int
    end: int


def letters_at(text: str, start: int, count: int, *, subject: bool = False) -> Letters | None:
    """The letters that begin exactly here, sorted; None where none of the options' stand, or two to choose from.

    subject: what follows is said of all the letters, so none is left to a predicate of its own.
    """
    if _ONE.match(text, start):
        one = text[start].upper()
        return Letters((one,), start, start + 1) if ord(one) - ord("A") < count else None
    words, ends, joints = _written(text, start)
    told = _enumerated(joints)
    if told < len(words):
        if subject:
            return letters_at(text, ends[told] - len(words[told]), count, subject=True)
        words, ends, joints = words[:told], ends[:told], joints[: told - 1]
    if not words or _ALTERNATIVE.match(text, ends[-1]):
        return None
    while len(words) > 1 and not subject:
        own = _OWN_SINGULAR if "and" in joints[-1] else _OWN_PREDICATE
        if not own.match(text, ends[-1]):
            break
        clause = next((i for i in reversed(range(len(joints))) if not any(j in joints[i] for j in "、和与及/&")), None)
        if clause is None:
            break
        words, ends, joints = words[: clause + 1], ends[: clause + 1], joints[:clause]
    if any(len(word) > 1 and not _spells_letters(word, text, ends[-1]) for word in words):
        return None
    found = [char.upper() for word in words for char in word]
    if any(ord(char) - ord("A") >= count for char in found):
        return None
    if len(found) > 1 and _ONE_OF.match(text, ends[-1]):
        return None
    if words[0] in ("a", "A", "I") and len(words) == 1 and _ENGLISH_WORD.match(text, ends[0]):
        return None
    if len(words) == 1 and words[0].islower() and _NOT_AFTER_SMALL.match(text, ends[0]):
        return None
    return Letters(tuple(sorted(set(found))), start, ends[-1])


def _written(text: str, start: int) -> tuple[list[str], list[int], list[str]]:
    """The letters from here on, where each ends, and what joins them."""
    first = _FIRST.match(text, start)
    if first is None:
        return [], [], []
    words, ends, joints = [first[0]], [first.end()], []
    while len(words) <= _JOINED and (more := _NEXT.match(text, ends[-1])):
        words.append(more[2])
        ends.append(more.end())
        joints.append(more[1])
    return words, ends, joints


def _enumerated(joints: list[str]) -> int:
    """How many letters the first list holds: 和 joins its last, so a comma behind begins anew ("A和B,A更好")."""
    last = [any(word in joint for word in ("和", "与", "及")) for joint in joints]
    for i in range(1, len(joints)):
        if "," in joints[i] and last[i - 1] and not last[i]:
            return i + 1
    return len(joints) + 1


def _spells_letters(word: str, text: str, end: int) -> bool:
    """Whether a run of capitals names options: in order anywhere, in disorder where the phrase ends behind it."""
    if len(set(word)) < len(word):
        return False
    return list(word) == sorted(word) or _PHRASE_END.match(text, end) is not None


# Where one of these follows a letter, nothing more is said of it: no pattern that reads on from a letter begins so.
CLOSING = frozenset(("", "。", ".", "!"))
_ONE = Pattern(r"(?<![A-Za-z0-9_\\])[A-Za-z](?=[。.!]|\Z)")


_PHRASE_END = Pattern(r"[\"'”’)\]】]{0,3}\s{0,4}(?:[。.!;\n]|\Z|</|[两二三四五]个?选?项)")
# "A good one", "I think": an article or a pronoun, unless the word can only follow a name of an option.
_ENGLISH_WORD = Pattern(
    r"[ ]{1,3}(?!(?:is|are|because|since|as|for|which|and|with|in|due|based|given|from|by)\b)[a-z]{2}|['’][a-z]"
)
_NOT_AFTER_SMALL = Pattern(r"[ ]{1,3}[A-Za-z]|[=+*/<>^(\[-]")

# What makes a letter a name or a quantity and no option: "A公司", "B点", "A=5", "A→B", "C++".
_NAME = (
    r"公司|银行|同学|先生|女士|小姐|老师|选手|队|组|班|厂|店|村|镇|城|市|省|县|国|区|楼|房|室|站|港|岛|路|线段|直线|平面|车|船|机|"
    r"[点角边柱盘盒箱袋瓶杯桶罐球牌卡股型级类座层栋号君某方]|方案|计划|产品|商品|物质|元素|物体|植物|动物|细胞|基因|抗原|语言|说(?!法|明)|认为|喜欢"
)
AS_NAME = Pattern(
    rf"\s{{0,2}}(?:{_NAME})(?!案|评|拨|误|于)|\s?(?:[=+>≤≥≠^×÷∪∩∥⊥→⇒²³]|'(?!\s{{0,4}}(?:[,\]}}]|$))|<(?![/a-z|])|->|-[A-Z0-9])|#|的(?![\s。.,;!]|$)"
)
# After the verb 选 only words that go on about an option may follow a letter without a gap.
AFTER_CHOICE = Pattern(
    r"(?![一-鿿])|[项选答是为正符即因由所故而但这该更最作吧了才也都均错不理解根综本题考详试此一比较两二三四全以虽尽并相吻好]|点[评拨]"
)
