"""Claims of lesser standing: a letter or an option's text alone, a summing up, a judgement, what is left over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from augment.answers import _cues as cues
from augment.answers import _judging as judging
from augment.answers import _singling as singling
from augment.answers import _undoing as undoing
from augment.answers._context import Context
from augment.answers._letters import AFTER_CHOICE, Letters
from augment.answers._pattern import Pattern
from augment.answers._statements import Claim

_Judged: TypeAlias = tuple[str, Letters]


def letter_alone(at: Context) -> list[Claim]:
    """Letters that are the whole first or last line, or open it before an option's text; not those of a list."""
    claims: list[Claim] = []
    lines = _lines(at.text)
    for start, end in dict.fromkeys((lines[0], lines[-1]) if lines else ()):
        match = _ALONE.match(at.text, start)
        found = at.letters(match.end()) if match else None
        if found is None or found.end > end:
            continue
        rest = _AFTER_ALONE.match(at.text, found.end)
        followed = at.own_text(found) if rest is None else bool(rest["text"])
        if (rest is None and not followed) or at.is_name(found):
            continue
        if followed and (_in_list(at, found) or at.text[:start].rstrip().endswith(":")):
            continue  # one of several, or the first of those that the line before announces
        if match and match["number"] and sum(1 for line, _ in lines if _NUMBERED.match(at.text, line)) > 1:
            continue  # answers to several questions
        if len(lines) > 1 and _FENCED.match(at.text, found.start):
            continue  # the language of a block of code, whose marks are folded to blanks
        claims.append(Claim(found.letters, found.start, found.end, "bare letter"))
    return claims or _text_alone(at, lines)


def _lines(text: str) -> list[tuple[int, int]]:
    """Where the lines stand that hold a letter, a figure or a character."""
    spans, start = [], 0
    for line in text.split("\n"):
        if _WORD.search(line):
            spans.append((start + len(line) - len(line.lstrip()), start + len(line)))
        start += len(line) + 1
    return spans


def _text_alone(at: Context, lines: list[tuple[int, int]]) -> list[Claim]:
    """The option whose text is the whole first or last line, unless other options are lines too."""
    if at.options is None:
        return []
    claims = {}
    for line in lines[:3] + lines[-3:]:
        option = at.options.at(line[0], whole=True)
        if option is not None and _END_MARK.fullmatch(at.text, option.end, line[1]):
            claims[option.letter] = (Claim((option.letter,), option.start, option.end, "option text"), line)
    for claim, line in claims.values():
        if len(claims) == 1 and line in (lines[0], lines[-1]):
            return [claim]
    return []


def _in_list(at: Context, found: Letters) -> bool:
    """Whether labels like it make this one an item of a list, which names each option once."""
    if len(found.letters) != 1:
        return False
    labels = Counter(item[1].upper() for item in at.folded.everywhere(_LABEL))
    own = labels.pop(found.letters[0], 0)
    return bool(labels) and own <= max(labels.values())


def summed_up(at: Context, judged: list[_Judged]) -> Claim | None:
    """The last claim of a sentence that sums up, or that singles one option out."""
    claims = [
        Claim(found.letters, found.start, found.end, "summed up")
        for sentence, found in judged
        if judging.SUMMING_UP.search(sentence)
    ]
    for match in (*at.each(cues.CLEFT), *at.each(cues.APPOSED)):
        found = at.letters(match.end())
        if found is None or at.undone(match.start(), found.end) or at.lists_options(found):
            continue
        if match[0][0] in "只唯剩" and (not cues.SO_END.match(at.text, found.end) or at.text[found.start].islower()):
            continue  # "只有A和B有可能", "剩下A、C两项": still open; "只有b": what an option says
        if "剩" in match[0] and len(found.letters) > 1:
            continue
        if not at.is_name(found) and AFTER_CHOICE.match(at.text, found.end):
            claims.append(Claim(found.letters, found.start, found.end, "singled out"))
    claims += singling.singled(at)
    return max(claims, key=lambda claim: claim.end, default=None)


def judged(at: Context) -> Iterator[_Judged]:
    """What stands in the sentence before each letter that is judged right, and the letter."""
    end = 0
    for letter in judging.LETTER.finditer(at.text):
        match = judging.JUDGED.match(at.text, letter.start()) if letter.start() >= end else None
        if match is None:
            continue
        end = match.end()
        found = at.letters(match.start(), subject=True)
        if found is None or at.undone(match.start(), match.end()) or _is_own_text(at, found, match.end()):
            continue
        if not undoing.NEGATION.search(at.text[found.end : match.end()]):
            yield at.sentence(match.start()), found


def _is_own_text(at: Context, found: Letters, end: int) -> bool:
    """Whether what seems to judge the option is the option: "A. 正确", written out as the prompt has it."""
    if judging.LABELLED.match(at.text, found.end):
        return True
    option = at.options.at(found.end, whole=False) if at.options is not None else None
    return option is not None and option.letter in found.letters and option.end >= end


def only_judged(judged: list[_Judged]) -> Claim | None:
    """The one option judged right; where several are, the one of them that a conclusion judges right."""
    concluded = [found for sentence, found in judged if judging.CONCLUDING.search(sentence)]
    for kept in ([found for _, found in judged], concluded):
        if kept and len({found.letters for found in kept}) == 1:
            return Claim(kept[-1].letters, kept[-1].start, kept[-1].end, "judged right")
    return None


def only_text(at: Context) -> Claim | None:
    """The only option whose text the conclusion repeats."""
    if at.options is None:
        return None
    option = at.options.only(judging.CONCLUDING, undoing.NEGATION)
    return Claim((option.letter,), option.start, option.end, "option text") if option else None


def left_over(at: Context) -> Claim | None:
    """The one option that is not excluded, where each other one is said to be."""
    excluded: set[str] = set()
    last: Letters | None = None
    for match in at.each(cues.EXCLUDED):
        found = at.letters(match.end())
        if found is not None and not at.undone(match.start(), found.end) and not at.is_name(found):
            excluded.update(found.letters)
            last = found
    left = {chr(ord("A") + i) for i in range(at.count)} - excluded
    return Claim((left.pop(),), last.start, last.end, "left over") if last is not None and len(left) == 1 else None


_LABEL = Pattern(r"(?:(?<=[\n;。.:)、\s])|^)[^\w\n]{0,8}(?:选项)?\s?([A-Za-z])\s?(?:选?项)?\s?[.:、)]")
_FENCED = Pattern(r"(?<=[ ]{3})[a-z](?=\n)")
_WORD = Pattern(r"\w")
_ALONE = Pattern(
    r"[\s\"'“‘「『(\[【<#>\-=→∴]{0,16}(?P<number>(?:选择题|问题|第|Q)?\s?\d{1,2}\s?题?\)?[.:、)]\s?)?(?:(?:输出|结果|选[择项]|回答|(?i:output|result|solution))\s?[:】\])]\s?|选项|选|(?i:option|choice)\s)?\s{0,4}[(\[]?"
)
_AFTER_ALONE = Pattern(
    r"[\"'”’」』)\]】]{0,3}\s?(?:选?项)?\s{0,4}(?:"
    r"\([^()\n]{1,80}\)\s{0,4}(?=\n|$)|[【\[(]?(?:解析|分析|详解|解答|点评|考点|理由)\s?[】\]):]|<\|\w{1,20}\|>|"
    r"(?:,?(?:没错|无误|无疑|毫无疑问|没跑了?|不解释))?(?:[.。!,;、]|<e\w{2}>)?[\"'”’)\]】>\s]{0,8}(?:<e\w{2}>\s{0,4})?(?=\n|$)|<e\w{2}>"
    r"|(?:[.:、)。]|[-–—]\s)(?P<text>[^\n]+)|,?\s{0,2}(?:因为|由于|\bbecause\b|\bsince\b))"
)
_NUMBERED = Pattern(r"[\s(*#]{0,8}(?:选择题|问题|第|Q)?\s?\d{1,2}\s?题?\)?[.:、)]")
_END_MARK = Pattern(r"\W*(?:<e\w{2}>\W*)?")
