"""Translations computed from the text: into a pseudo-Japanese that can be read back, and back as a paraphrase.

Numbers, Latin letters, placeholders, punctuation and every word the lexicon does not hold cross unchanged, so a round
trip rewords a Chinese text without touching what a fidelity check guards. Languages other than Japanese use the same
forms between middle dots.
"""

from __future__ import annotations

import re
from functools import lru_cache

from augment.simulator.lexicon import (
    CLOSED_QUESTION_START,
    HAN,
    OPEN_QUESTION_END,
    PLAIN_START,
    REWORDED,
    STATEMENT_END,
    UNCHANGED,
    Term,
)

SHORT = 8  # Han characters; below, a text may come back as it went
_TERMS: tuple[Term, ...] = (*REWORDED, *UNCHANGED)
_ADDED: tuple[Term, ...] = (OPEN_QUESTION_END, CLOSED_QUESTION_START, PLAIN_START)
_CHINESE = re.compile(
    "(?=[" + "".join(sorted({term.zh[0] for term in _TERMS})) + "])(?:"
    + "|".join(f"({term.before}{term.zh}{term.after})" for term in _TERMS)
    + ")"
)  # fmt: skip
_SENTENCE = re.compile(r"(?P<lead>[\s*#>\-]*(?:\d+[.、)）]\s*)?)(?P<text>[^。！？?\n：]*)(?P<end>[。！？?\n：]|$)")
_OPEN_QUESTION = re.compile("什么|多少|哪|谁|几|如何|怎")
_QUESTION_DONE = re.compile("(?:吗|呢|么|吧)$")
_HAN = re.compile(HAN)
_BY_JA = {term.ja: term.back for term in (*_TERMS, *_ADDED)}
_KANA = re.compile("[\u3040-\u30ff]")
_DOTTED = re.compile("·[\u3040-\u30ff]+·")


def translate(text: str, source: str, target: str) -> str:
    """The text in the target language. source, target: ISO 639-1, ``zh-TW`` or ``auto``; same text, same answer."""
    if source == "auto":
        source = "en" if _DOTTED.search(text) else "ja" if _KANA.search(text) else "zh"
    if source.startswith("zh"):
        return text if target.startswith("zh") else _from_chinese(text, target)
    if target.startswith("zh"):
        return _to_chinese(text, source)
    return text if source == target else _from_chinese(_to_chinese(text, source), target)


def forms() -> tuple[str, ...]:
    """Every Japanese form the translator writes."""
    return (*_BY_JA, STATEMENT_END)


def _form(ja: str, language: str) -> str:
    return ja if language == "ja" else f"·{ja}·"


def _from_chinese(text: str, language: str) -> str:
    reworded = False

    def word(match: re.Match[str]) -> str:
        nonlocal reworded
        index = match.lastindex or 0
        reworded = reworded or index <= len(REWORDED)
        return _form(_TERMS[index - 1].ja, language)

    def sentence(match: re.Match[str]) -> str:
        nonlocal reworded
        lead, words, end = match["lead"], match["text"], match["end"]
        if not _HAN.search(words):
            return match[0]
        start = tail = ""
        if end in ("？", "?"):
            if _OPEN_QUESTION.search(words) and not _QUESTION_DONE.search(words):
                tail, reworded = OPEN_QUESTION_END.ja, True
            elif not words.startswith("请问"):
                start, reworded = CLOSED_QUESTION_START.ja, True
        elif end == "。" and (_HAN.match(words[-1]) or words[-1].isalnum()):
            tail = STATEMENT_END
        body = _CHINESE.sub(word, words)
        return f"{lead}{start and _form(start, language)}{body}{tail and _form(tail, language)}{end}"

    written = _SENTENCE.sub(sentence, text)
    if reworded or len(_HAN.findall(text)) < SHORT or "。" not in text:
        return written
    return _begun(written, _form(PLAIN_START.ja, language))


def _begun(written: str, form: str) -> str:
    """The text with a form before its first statement: never within one, whatever it begins with ("3个人", "A地")."""
    for sentence in _SENTENCE.finditer(written):
        if sentence["end"] == "。" and _HAN.search(sentence["text"]):
            at = sentence.start("text")
            return written[:at] + form + written[at:]
    return written


@lru_cache(maxsize=64)
def _reader(language: str) -> re.Pattern[str]:
    dots = "" if language == "ja" else "·"
    known = "|".join(re.escape(form) for form in sorted(_BY_JA, key=len, reverse=True))
    return re.compile(f"{dots}(?:({known})|{STATEMENT_END}(?={dots}[。．])){dots}")


def _to_chinese(text: str, language: str) -> str:
    return _reader(language).sub(lambda form: _BY_JA[form[1]] if form[1] else "", text)
