"""Ways of singling one option out that name no answer: words of exclusion, of fitness, superlatives, a contrast."""

from __future__ import annotations

import re
from collections.abc import Iterator

from augment.answers import _undoing as undoing
from augment.answers._context import Context
from augment.answers._judging import CONCLUDING, LETTER, SAYING
from augment.answers._letters import GROUP, Letters
from augment.answers._pattern import Pattern
from augment.answers._statements import Claim

_LEAST = 3  # options that make a contrast: two alone are as well the options written out
_REACH = 60  # characters from a predicate back to its subject


def singled(at: Context) -> list[Claim]:
    """Claims that only one option can be said to be: "显然是C。", "只有D能成立", "C项最能削弱…", "凶手是丙(C)。"."""
    return [*_closed(at), *_exclusive(at), *_superlative(at), *_last_words(at)]


def fitting(at: Context) -> Claim | None:
    """What is said to fit the question, whatever it is judged to be: "B项错误,符合题意", "B不当选,D当选"."""
    claims = []
    for match in at.folded.everywhere(_FITS):
        found = _subject(at, match.start())
        if found is not None and not at.undone(found.start, match.end()):
            claims.append(Claim(found.letters, found.start, found.end, "fits the question"))
    if len({claim.letters for claim in claims}) > 1:
        return None
    return claims[-1] if claims else None


def contrasted(at: Context) -> Claim | None:
    """The one option of which is affirmed what is denied of every other: "A不能推出,B不能推出,C能推出"."""
    said: dict[str, list[tuple[Letters, str]]] = {}
    for item in _behind_letters(at, _ITEM):
        found = at.letters(item.start("letter"), subject=True)
        if found is None:
            return None
        for letter in found.letters:
            said.setdefault(letter, []).append((found, item["said"].strip()))
    if at.count < _LEAST or len(said) != at.count or any(len(items) > 1 for items in said.values()):
        return None
    items = [items[0] for items in said.values()]
    affirmed = [(found, words) for found, words in items if not _denies(words)]
    if len(affirmed) != 1 or len(affirmed[0][0].letters) > 1:
        return None
    found, words = affirmed[0]
    verdict = words.lower() in _AFFIRMATIVE
    if not verdict and not any(words[-2:] in other for where, other in items if where is not found):
        return None
    return Claim(found.letters, found.start, found.end, "contrasted")


def left_open(at: Context) -> bool:
    """Whether the text ends by saying that it cannot be told, without naming an option for that."""
    if at.options is not None and at.options.like(undoing.UNDETERMINED):
        return False
    last = at.text[_last(at.text) :]
    return _OPEN.search(last) is not None and not _OPTION_LETTER.search(last)


def _closed(at: Context) -> Iterator[Claim]:
    for match in at.folded.everywhere(_CLOSED):
        found = at.letters(match.end())
        if found is None or not _CLOSED_END.match(at.text, found.end) or at.undone(match.start(), found.end):
            continue
        if not _DENIED.search(at.clause(match.start())):
            yield Claim(found.letters, found.start, found.end, "singled out")


def _exclusive(at: Context) -> Iterator[Claim]:
    for match in (*at.folded.everywhere(_EXCLUSIVE), *at.folded.everywhere(_ONLY), *at.folded.everywhere(_NONE_BUT)):
        found = at.letters(match.start("letter"), subject=True)
        if found is not None and not at.undone(match.start(), match.end()):
            yield Claim(found.letters, found.start, found.end, "singled out")


def _superlative(at: Context) -> Iterator[Claim]:
    for match in (*_behind_letters(at, _SUPERLATIVE), *_behind_letters(at, _MORE)):
        found = at.letters(match.start(), subject=True)
        if found is not None and len(found.letters) == 1 and not at.undone(found.start, match.end()):
            yield Claim(found.letters, found.start, found.end, "singled out")


def _last_words(at: Context) -> Iterator[Claim]:
    start = _last(at.text)
    last = at.text[start:]
    match = _IN_BRACKETS.search(last) if _COPULA.search(last) or CONCLUDING.search(last) else None
    match = match or _EQUATED.search(last)
    turn = _TURN.search(last)  # "从直觉看是A,但计算表明是B"
    if match is not None and turn is not None and turn.start() < match.start():
        last = last[turn.start() :]
        start += turn.start()
        match = _EQUATED.search(last)
    if match is None or _CALLED_WRONG.search(last):
        return
    if sum(1 for _ in _OPTION_LETTER.finditer(last)) != 1:
        return
    found = at.letters(start + match.start("letter"))
    if found is not None and not at.undone(found.start, found.end):
        yield Claim(found.letters, found.start, found.end, "singled out")


def _subject(at: Context, predicate: int) -> Letters | None:
    """The last letters before a predicate in its sentence; None where others than they are spoken of."""
    start = max(predicate - len(at.sentence(predicate)), predicate - _REACH)
    found: Letters | None = None
    end = start
    for letter in LETTER.finditer(at.text, start, predicate):
        if letter.start() < end or not letter[0].isupper():
            continue
        here = at.letters(letter.start(), subject=True)
        if here is not None:
            found, end = here, here.end
    if found is None or at.is_name(found) or _OTHERS.search(at.text[found.end : predicate]):
        return None
    return found


def _behind_letters(at: Context, pattern: Pattern) -> Iterator[re.Match[str]]:
    """The pattern's matches, none within another, tried only where a letter stands. Raises TimeoutError."""
    end = 0
    for letter in LETTER.finditer(at.text):
        at.left()
        match = pattern.match(at.text, letter.start()) if letter.start() >= end else None
        if match is not None:
            end = match.end()
            yield match


def _last(text: str) -> int:
    """Where the last sentence begins, or its last characters, where it is long."""
    end = len(text.rstrip(_ENDS))
    return max(end - _SENTENCE, *(text.rfind(mark, 0, end) + 1 for mark in "。;!?\n"))


def _denies(words: str) -> bool:
    """Whether a clause denies: an even number of denials affirms ("没有冲突")."""
    if words.lower() in _NEGATIVE:
        return True
    return sum(1 for _ in _DENIAL.finditer(words)) % 2 == 1


_ENDS = "。;!?~ \n\"'”)"
_SENTENCE = 200
_OPTION_LETTER = Pattern(r"(?<![A-Za-z0-9_\\])[A-H](?![A-Za-z0-9_\\])")
_OPEN = Pattern(
    r"(?:难以?|无法|不能|没法|无从|不好|不足以|没有办法)(?:[一-鿿]{0,4})"
    r"(?:说清|说|确定|判断|断定|定论|判定|抉择|下结论|选出|得知|回答|作答|取舍)"
    r"|不确定|说不准|拿不准|(?<!模棱)两可|(?i:\bnot sure\b"
    r"|\bcan(?:not|['’]t| not)\s(?:be\s)?(?:determined?|decided?|tell|told|choose))"
)
_CLOSED = Pattern(
    r"(?:(?:结论|判断|判定|看法|结果|选项)\s{0,4}(?:应该|应当|应|就|便)?[是为:]|最有?可能的?(?:就|便)?是"
    r"|(?:显然|毫无疑问|无疑|显而易见|当然|肯定|必定|必然|一定|想必)[,:]?(?:就|便|只能)?[是为]?|(?:正确|对|(?:作为|推[出知断]|得出|支持|加强|削弱|质疑|反驳|推翻|解释|说明|假设|前提|题意|题干|原文)[^,。;!?:\nA-Z]{0,12}的)(?:就|便|只)?[是有]"
    r"|唯一[^,。;A-Z]{0,12}的(?:是|为)|推出|得出|猜|(?:[就便还]|看来|大概率?|恐怕|多半|估计|八成)(?:就|还)?[是属]|还是|(?:是的|没错),|则[是为]|(?:敲|选|认|锁)定为?|定位[到为]|(?<![立随在当])即|也就是|对应(?:的[是为])?|指向|剩下的?|[仅只唯](?:剩下?的?|有|余)?)"
    r"(?:选项)?[\s\"'“(\[:]{0,8}(?=[A-Z])"
)
_CLOSED_END = Pattern(
    r"[\"'”)]?\s{0,4}(?:选?项)?(?:这一?[个项](?:选项)?)?(?:了|吧|啦|无疑|没跑了?|没错)?[\"'”)]?\s{0,4}(?:[。;!~\n]|\.\s{0,4}(?:\n|$)|$|,(?!\s?[A-Z]))"
)
_EXCLUSIVE = Pattern(
    rf"(?:[只仅唯](?:有|剩|余)?|唯独)\s?(?:选项|选?项)?\s?(?P<letter>{GROUP})\)?\s?(?:选?项)?(?:的?{SAYING})?\s?"
    r"(?:能够?|可以|可|是|才|同时|完全|全部|均|都|真正|一定){0,4}"
    r"(?:满足|符合|成立|正确|合理|合适|吻合|一致|推出|得出|通过|说得通|没有?(?:冲突|矛盾|问题|漏洞|错误)|无(?:冲突|矛盾|误|问题)|不(?:冲突|矛盾))"
)
# Of options, not of persons that letters name: "B项削弱力度更大", "B与题干结构最相似".
_MORE = Pattern(
    rf"(?<![比与于]){GROUP}\s?(?:选?项[一-鿿]{{0,12}}?|的?[一-鿿]{{0,6}}(?:削弱|支持|加强|质疑|力度|题干|题意|原文|文意|论证|解释)[一-鿿]{{0,6}}?)"
    r"(?:最|更(?!多的|不))(?=[一-鿿])"
)
_ONLY = Pattern(
    r"(?i:\bonly\s(?:(?:option|choice|statement|answer)\s)?)\(?(?P<letter>[A-H])\)?"
    r"\s(?:is|works?|fits?|satisf|can|holds?|remains?|match|makes?)"
)
_NONE_BUT = Pattern(r"非(?:选项)?\s?(?P<letter>[A-Z])\s?(?:选?项)?莫属")
# The most of all is one: what a superlative is said of is singled out, unless it ranks what a story tells ("A最高").
_SUPERLATIVE = Pattern(
    rf"(?<![比与于]){GROUP}[)】\]\"”]?\s{{0,4}}(?:选?项|答案)?(?:的?{SAYING})?\s?(?:无疑|显然|才|则|是|应该|应|为){{0,2}}\s?"
    r"最(?:能|为|契合|相似|有力|有可能|贴近|贴切|接近|符合|吻合|合|恰当|准确|优|佳|妥|直接|全面)"
)
_FITS = Pattern(
    r"(?<![不未没难])(?<!不太)(?<!不能)(?<!不大)(?:符合|切合|合乎)(?:题意|题目要求|题干要求|题目的要求)(?=[,。;!\n)]|$)"
    r"|(?<![不未可应会能])当选(?=[,。;!\n)]|$)"
)
_OTHERS = Pattern(r"其[他余它]|别的|另外|前[两三四]|后[两三四]")
_DENIED = Pattern(r"[不没未非别](?:一定|必|见得|太|能说)?$")
_IN_BRACKETS = Pattern(r"(?<=[一-鿿\"'”])\s?\((?:选?项|即|对应)?\s?(?P<letter>[A-Z])\s?(?:选?项)?\)[。.!]?\s*\Z")
_EQUATED = Pattern(r"(?<![不非])[是为]\s?(?:选项)?[\s\"'“(]{0,3}(?P<letter>[A-Z])[\"'”)]?\s?(?:选?项)?[。.!]?\s*\Z")
_CALLED_WRONG = Pattern(r"(?:错误|不正确|误导|干扰)的?(?:答案|选项)")
_TURN = Pattern(r"(?<=,)(?:但是?|不过|然而|后来|其实|实际上?|结果|最终|最后)(?=[^,]{0,40}$)")
_COPULA = Pattern(r"[是为]")
_ITEM = Pattern(
    rf"(?P<letter>{GROUP})\)?\s?(?:选?项|[两三四五]项)?\s?[:,—–=\-]{{0,2}}\s?"
    r"(?![.、])(?P<said>[^,。;!?:\n(A-Z]{1,24}|[TFYN]|TRUE|FALSE|True|False|Yes|No)(?=[,。;!\n()]|$)"
)
_AFFIRMATIVE = frozenset(("t", "y", "true", "yes", "是", "对", "能", "可以", "成立", "正确", "√", "✓", "✔"))
_NEGATIVE = frozenset(("f", "n", "false", "no", "否", "错", "×", "✗", "✘", "x"))
_DENIAL = Pattern(r"不(?!同)|没有?|无(?!疑|非)|未|非|错|误|[×✗✘❌]|冲突|矛盾|违背|相悖|排除")
