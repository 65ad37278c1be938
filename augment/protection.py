"""Spans kept away from a translator: what it breaks travels as a placeholder and comes back as it was.

Digits, single letters and Latin names stay in the text: translators copy them well, and a sentence full of holes is
translated badly. ``fidelity`` looks after those.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from augment.spans import HAN, PLACEHOLDER, PLACEHOLDER_SEEN, protected_spans

_HAN_OR_KANA = re.compile(f"[{HAN}\u3040-\u30ff\uac00-\ud7af]")
# Lower case within a word of two letters or more; a capitalised word alone is a name, and names are kept.
_LATIN_WORD = re.compile(r"(?<![^\W\d_])[^\W\d_A-ZА-Я][^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with placeholders, and what they stand for, by index."""

    text: str
    spans: tuple[str, ...]


def mask(text: str) -> Masked:
    """The text with LaTeX, code, addresses, template holes and short quoted terms replaced by placeholders.

    Anything in the text that could be read as a placeholder is replaced as well, so none can be mistaken for another.
    """
    kept: list[str] = []
    pieces: list[str] = []
    at = 0
    for start, end in _cuts(text):
        pieces += (text[at:start], PLACEHOLDER.format(len(kept)))
        kept.append(text[start:end])
        at = end
    pieces.append(text[at:])
    return Masked("".join(pieces), tuple(kept))


def unmask(text: str, spans: Sequence[str]) -> str | None:
    """The text with its spans back, in whatever order they stand; None when one is missing, repeated or unknown."""
    seen = [int(match.group(1)) for match in PLACEHOLDER_SEEN.finditer(text)]
    if sorted(seen) != list(range(len(spans))):
        return None
    return PLACEHOLDER_SEEN.sub(lambda match: spans[int(match.group(1))], text)


def has_words(text: str) -> bool:
    """Whether anything is left to translate beside numbers, symbols, formulas, code, single letters and names."""
    pieces: list[str] = []
    at = 0
    for span in protected_spans(text):
        if span.kind == "quote":
            continue
        pieces.append(text[at : span.start])
        at = span.end
    pieces.append(text[at:])
    rest = " ".join(pieces)
    return bool(_HAN_OR_KANA.search(rest) or _LATIN_WORD.search(rest))


def _cuts(text: str) -> list[tuple[int, int]]:
    """What is replaced: protected spans and whatever looks like a placeholder, in order, overlaps joined."""
    found = sorted(
        [(span.start, span.end) for span in protected_spans(text)]
        + [(match.start(), match.end()) for match in PLACEHOLDER_SEEN.finditer(text)]
    )
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
