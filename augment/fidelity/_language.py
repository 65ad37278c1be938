"""What a rewrite must be on the outside: in the right language, of a sensible length, its protected spans intact."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from augment.fidelity._alignment import narrow
from augment.spans import HAN, PLACEHOLDER_SEEN, protected_spans

_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
_NEIGHBOURS = re.compile(f"{_KANA.pattern}|{_HANGUL.pattern}")
_LETTER = re.compile(r"[^\W\d_]")
_LETTERS = re.compile(r"[^\W\d_]+")
_HANS = re.compile(f"[{HAN}]+")
_BROKEN = re.compile("[\ufffd\x00\ud800-\udfff]")
# Forms of characters that only Japanese writes: one that was not there before is a piece left untranslated.
_JAPANESE = frozenset("気実対発変経済続読検験択効単戦帰権歩毎砕働込円図団売価県駅伝転辺歳庁涙満剤労釈")
_SIGN = re.compile(r"(?<=[\dA-Za-z)\]]) ?([-+−×*/÷=<>≤≥≠]) ?(?=[\dA-Za-z(\[])")
_QUOTES = "“”‘’「」『』\"'"

_SHORTEST, _LONGEST = 0.5, 1.9  # after / before, in characters that are no blanks
_SLACK = 8  # characters that a short text may lose or win beyond that


@lru_cache(maxsize=256)
def flat(text: str) -> str:
    """The text in NFKC without blanks: what two texts are compared by when only their words count."""
    return "".join(narrow(text).split())


def language_fault(before: str, after: str, language: str) -> str:
    """Why a text is not in the language (zh, ja, ko; others are only checked for broken characters); "" if it is."""
    if broken := _BROKEN.search(after):
        return f"含有损坏的字符 U+{ord(broken.group()):04X}"
    foreign = _NEIGHBOURS.search(after)
    kana, hangul = (len(_KANA.findall(after)), len(_HANGUL.findall(after))) if foreign else (0, 0)
    if language == "zh":
        return _not_chinese(before, after, kana, hangul)
    if language == "ja" and _LETTER.search(before) and not (kana or _HAN.search(after)) and _HAN.search(before):
        return "译文里没有日文"
    if language == "ko" and _HAN.search(before) and not hangul:
        return "译文里没有韩文"
    return ""


def _not_chinese(before: str, after: str, kana: int, hangul: int) -> str:
    if kana > len(_KANA.findall(before)):
        return f"残留假名「{''.join(_KANA.findall(after))[:12]}」"
    if hangul > len(_HANGUL.findall(before)):
        return f"残留韩文「{''.join(_HANGUL.findall(after))[:12]}」"
    if left := _JAPANESE.intersection(after).difference(before):
        return f"残留日文汉字「{''.join(sorted(left))}」"
    ours, theirs = _share(before), _share(after)
    if theirs < ours * 0.5:
        return f"汉字比例 {ours:.0%} → {theirs:.0%}"
    return ""


@lru_cache(maxsize=256)
def _share(text: str) -> float:
    """Han characters among all letters."""
    letters = len("".join(_LETTERS.findall(text)))
    return len("".join(_HANS.findall(text))) / letters if letters else 0.0


def length_fault(before: str, after: str) -> str:
    """Why the length does not fit; "" if it does. The band is wide for short texts."""
    ours, theirs = len(flat(before)), len(flat(after))
    if ours and not theirs:
        return f"长度 {ours} → 0"
    if ours * _SHORTEST - _SLACK <= theirs <= ours * _LONGEST + _SLACK:
        return ""
    return f"长度 {ours} → {theirs}"


def protected_fault(before: str, after: str) -> str:
    """Which formula, code, address, hole or quoted term is missing; "" if none is."""
    if PLACEHOLDER_SEEN.search(after) and not PLACEHOLDER_SEEN.search(before):
        return "残留占位符"
    if signs := _signs_fault(before, after):
        return signs
    if not (spans := protected_spans(before)):
        return ""
    body = flat(after).casefold()
    wanted: Counter[str] = Counter()
    for span in spans:
        text = flat(before[span.start : span.end]).casefold()
        wanted[text.strip(flat(_QUOTES)) if span.kind == "quote" else text] += 1
    for text, count in wanted.items():
        if text and body.count(text) < count and not (count > 1 and _HAN.search(text) and text in body):
            return f"缺少「{text[:40]}」"
    return ""


def _signs_fault(before: str, after: str) -> str:
    """Which sign became another one; "" where they are the same, or some are put in words ("3加4")."""
    ours, theirs = Counter(_SIGN.findall(narrow(before))), Counter(_SIGN.findall(narrow(after)))
    if ours == theirs or ours.total() != theirs.total():
        return ""
    return f"符号 {''.join(ours - theirs)} → {''.join(theirs - ours)}"
