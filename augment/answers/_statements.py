"""The statements of one text: "答案是B", "故选B", "the answer is B", a box, "B是正确答案", an option's text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from augment.answers import _cues as cues
from augment.answers import _undoing as undoing
from augment.answers._context import Context
from augment.answers._letters import AFTER_CHOICE, AS_NAME, Letters
from augment.answers._pattern import Pattern


class Claim(NamedTuple):
    """A place where the text says what the answer is: no letters where it says that no option fits."""

    letters: tuple[str, ...]
    start: int
    end: int
    basis: str


def statements(at: Context) -> list[Claim]:
    """All of them, in the order of their ends."""
    return sorted(_statements(at), key=lambda claim: (claim.end, claim.start))


def _statements(at: Context) -> Iterator[Claim]:
    yield from _nouns(at)
    yield from _noun_texts(at)
    yield from _choices(at)
    yield from _boxes(at)
    yield from _subjects(at)
    yield from _so_texts(at)
    for pattern, basis in ((cues.ENGLISH, "stated"), (cues.INSTEAD, "stated"), (cues.SO, "stated")):
        for match in at.each(pattern):
            found = at.letters(match.end())
            if found is None or at.undone(match.start(), found.end) or AS_NAME.match(at.text, found.end):
                continue
            if pattern is cues.SO and not cues.SO_END.match(at.text, found.end):
                continue
            if pattern is not cues.INSTEAD and undoing.REFUSED_COPULA.match(at.text, found.end):
                continue
            yield Claim(found.letters, found.start, found.end, basis)


def _nouns(at: Context) -> Iterator[Claim]:
    for match in at.each(cues.NOUN):
        start, after = match.end("noun"), match.end()
        found = at.letters(after)
        if found is None:
            continue
        fill = at.text[start:after]
        if not cues.fills(fill, match.end("fill") - start) or at.is_wrong(match.start()):
            continue
        if at.undone(match.start(), found.end):
            continue
        refused = undoing.REFUSED_COPULA if fill.strip(" \n:\"'“”") else undoing.REFUSED
        if at.goes_on(found.end) and (refused.match(at.text, found.end) or at.is_name(found)):
            continue
        if not at.lists_options(found):
            yield Claim(found.letters, found.start, found.end, "stated")


def _noun_texts(at: Context) -> Iterator[Claim]:
    for match in at.each(cues.NOUN_TEXT):
        found = at.letters(match.end())
        if found is not None and at.options is None and not at.is_name(found):
            continue
        said = _said(at, match.start("open"), match.end(), found)
        if said is None or at.undone(match.start(), match.end()):
            continue
        if not at.is_wrong(match.start()):
            yield said


def _said(at: Context, opening: int, start: int, letter: Letters | None) -> Claim | None:
    """The option whose text stands at this place, or a statement that none fits."""
    if at.options is not None:
        option = at.options.at(opening, whole=True) or at.options.at(start, whole=letter is not None)
        if option is not None and (letter is None or option.end > letter.end):
            return Claim((option.letter,), option.start, option.end, "option text")
    if letter is not None:
        return None
    for pattern in (undoing.NONE_FITS, undoing.UNDETERMINED, undoing.ALL_FIT):
        said = pattern.match(at.text, start)
        if said is None:
            continue
        same = at.options.like(pattern) if at.options is not None else None
        if same is not None:
            return Claim((same,), start, said.end(), "option text")
        return None if pattern is undoing.ALL_FIT else Claim((), start, said.end(), "none of them")
    return None


def _choices(at: Context) -> Iterator[Claim]:
    for match in at.each(cues.CHOICE):
        clause = at.clause(match.start())
        if undoing.NEGATION.search(clause[-10:]) or undoing.OTHERS.stands_in(clause):
            continue
        if undoing.OFFERED.search(clause) and _LETTER.search(clause):
            continue
        found = at.letters(match.end())
        if found is None:
            option = at.options.at(match.end(), whole=True) if at.options is not None else None
            if option is not None and not at.undone(match.start(), option.end):
                yield Claim((option.letter,), option.start, option.end, "option text")
            continue
        if at.undone(match.start(), found.end) or undoing.REFUSED.match(at.text, found.end):
            continue
        if undoing.PLEASE.search(clause) and len(found.letters) > 1:
            continue
        if at.is_name(found) or at.lists_options(found):
            continue
        if AFTER_CHOICE.match(at.text, found.end) or at.own_text(found):
            yield Claim(found.letters, found.start, found.end, "chosen")


def _so_texts(at: Context) -> Iterator[Claim]:
    """ "因此，是。": nothing but an option's text follows the conclusion's first word."""
    if at.options is None:
        return
    for match in at.each(cues.SO_TEXT):
        at.left()
        option = at.options.at(match.end(), whole=True)
        if option is not None and cues.SO_END.match(at.text, option.end):
            yield Claim((option.letter,), option.start, option.end, "option text")


def _boxes(at: Context) -> Iterator[Claim]:
    for match in at.each(cues.BOXED):
        if at.undone(match.start(), match.end()):
            continue
        found = at.letters(match.end())
        if found is not None and not AS_NAME.match(at.text, found.end):
            yield Claim(found.letters, found.start, found.end, "boxed")
        elif at.options is not None:
            option = at.options.at(match.end(), whole=False)
            if option is not None:
                yield Claim((option.letter,), option.start, option.end, "boxed")


def _subjects(at: Context) -> Iterator[Claim]:
    for match in at.each(cues.ANSWER_PREDICATE):
        before = match.start() - len(at.sentence(match.start()))
        for subject in cues.SUBJECT.finditer(at.text, before, match.start()):
            said = at.text[subject.end() : match.start()]
            # "选项C没有用到它，是正确答案": a clause without a subject has that of the one before.
            if said.endswith(",") and not _CLAUSE_END.search(said[:-1]):
                said = ""
            found = None if _CLAUSE_END.search(said) else at.letters(subject.start(), subject=True)
            if found is None or undoing.NEGATION.search(said) or undoing.WRONG_ANSWER.stands_in(match[0][:-6]):
                continue
            if not at.undone(found.start, match.end()) and not AS_NAME.match(at.text, found.end):
                yield Claim(found.letters, found.start, found.end, "stated")
                break


_LETTER = Pattern(r"(?<![A-Za-z])[A-Z](?![A-Za-z])")
_CLAUSE_END = Pattern(r"[,。;!?\n]")
