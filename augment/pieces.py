"""A text in pieces that fit one translation request."""

from __future__ import annotations

SENTENCE_ENDS = "。！？!?；;\n"


def cut(text: str, room: int) -> list[str]:
    """The text in pieces of at most ``room`` characters, cut after sentence ends where there are any; they join up
    to the text again."""
    pieces = []
    while len(text) > room:
        end = max(text.rfind(mark, 0, room) for mark in SENTENCE_ENDS) + 1
        end = end if end > room // 4 else room
        pieces.append(text[:end])
        text = text[end:]
    return [*pieces, text] if text or not pieces else pieces


def pieces(text: str, room: int) -> list[tuple[str, str, str]]:
    """What is sent of a text, piece by piece, between the white space before and after it, which never is: translators
    drop it, and refuse a text that is nothing else."""
    framed = []
    for piece in cut(text, room):
        words = piece.strip()
        start = piece.index(words) if words else len(piece)
        framed.append((piece[:start], words, piece[start + len(words) :]))
    return framed
