"""A translation without what chat models put around it: labels, fences, remarks, quotation marks, the original."""

from __future__ import annotations

import re

LONG_ENOUGH = 8  # characters from which the source found in an answer is an echo, no accident

_LABEL = re.compile(
    r"[\s#*【\[（(]*(?:译文|翻译|翻译结果|翻译如下|译文如下|译|翻訳|訳文|翻訳結果|translation|translated text)"
    r"[】\])）*]*\s*[:：][ \t*]*",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(r"[^\n]{0,60}(?:翻译|译文|译成|译为|翻訳|訳|translat)[^\n]{0,40}[:：]\s*\n", re.IGNORECASE)
_TALKS_OF_IT = re.compile(r"译|訳|譯|번역|translat|traduc|tradui|übersetz|перев", re.IGNORECASE)
_NOTE = re.compile(
    r"\n\s*\n[*（(【\[]*(?:注|备注|说明|译注|注意|訳注|note|explanation)[】\]*]*\s*[:：].*\Z", re.I | re.S
)
_GAP = re.compile(r"\n\s*\n")
_FENCE = re.compile(r"\A```[\w-]*[ \t]*\n(.*?)\n?```\Z", re.S)
_QUOTES = {'"': '"', "“": "”", "「": "」", "『": "』", "'": "'", "‘": "’", "«": "»"}
_ALL_QUOTES = {*_QUOTES, *_QUOTES.values()}


def unwrapped(text: str, source: str) -> str:
    """A translation without what models put around it; nothing is taken away that the source itself shows."""
    text = text.strip()
    if text == source:
        return text
    if "```" not in source and (fenced := _FENCE.match(text)):
        text = fenced[1].strip()
    if not _TALKS_OF_IT.search(source):
        echoed = text.find(source) + len(source) if len(source) >= LONG_ENOUGH and source in text else 0
        if echoed and (label := _LABEL.match(text, echoed)):
            text = text[label.end() :]  # the original, then the translation
        elif (opening := _PREAMBLE.match(text)) and text[opening.end() :].strip():
            text = text[opening.end() :].lstrip()
        if label := _LABEL.match(text):
            text = text[label.end() :]
    if len(_GAP.findall(text)) > len(_GAP.findall(source)) and (note := _NOTE.search(text)):
        text = text[: note.start()]
    text = text.strip()
    closing = _QUOTES.get(text[:1])
    if closing and len(text) > 2 and text.endswith(closing) and not {source[0], source[-1]} & _ALL_QUOTES:
        inner = text[1:-1]
        if not {text[0], closing} & set(inner):
            text = inner.strip()
    return text
