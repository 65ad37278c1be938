"""Where a text says an option's own words: exactly, as the beginning of a phrase, or nearly."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from string import ascii_uppercase
from typing import NamedTuple

from augment.answers._folding import fold
from augment.answers._pattern import Pattern

_COMPARED_NOT = r" \t\r\v\f\x1c-\x1f\x85\"'“”‘’「」『』《》*`$\\"
_LEFT_OUT = Pattern(f"[{_COMPARED_NOT}]+")
_KEPT_ONE = f"[^{_COMPARED_NOT}]"
_KEPT = Pattern(f"{_KEPT_ONE}+")
_FIRST = Pattern(_KEPT_ONE)
_END_MARKS = "。.,;!?:、\n"
_SHORT = 3  # characters; a shorter text is a word that other sentences use too
_LONG = 8
_NEAR = 0.8  # of character pairs shared, when a model retells an option in its own order
_CLEARLY = 0.7  # of the runner-up's distance, at most
_REMEMBERED = 512  # questions whose options stay read: a row's asks, retries and siblings share them
_NEAR_BY = 64  # characters read around one place before the whole text is laid out
_ENDING = 32  # characters by which a text is known to end somewhere
_OF_MEANINGS = frozenset("都均皆全所上述没不无误错未信nl")  # "none of these" and the like hold one of them
_NEGATORS = "不无非未没否"


class Said(NamedTuple):
    """An option's words at one place of the text; start and end are offsets."""

    letter: str
    start: int
    end: int


class Options:
    """The texts of a question's options, found in one folded text."""

    def __init__(self, options: Sequence[str], folded: str) -> None:
        self._folded = folded
        self._bare: str | None = None
        self._offsets: list[int] = []
        self._texts, self._lines, self._longest = _texts(tuple(options[:26]))
        self.run_on = "。" in self._lines  # one goes on behind a full stop
        self._said: dict[tuple[int, bool], Said | None] = {}

    def begin(self, char: str) -> bool:
        """Whether an option's text begins with this small character."""
        return f"\n{char}" in self._lines or (char == "σ" and "\nς" in self._lines)  # small as what is before it has it

    def other_ends(self, folded: str, since: int, letter: str) -> bool:
        """Whether the exact words of another option than the letter's may end in the folded text from an offset on."""
        if not any(f"{char}\n" in self._lines for char in folded[since:].lower()):
            return False
        near = _kept(folded[max(0, since - _ENDING) : since])
        tail = near + _kept(folded[since:])
        if "σ" in tail or "ς" in tail:
            return True
        for other, text in self._texts.items():
            at = tail.rfind(text[-_ENDING:]) if other != letter else -1
            if at >= 0 and at + min(len(text), _ENDING) > len(near):
                return True
        return False

    def other_may_be_retold(self, letter: str) -> bool:
        """Whether another option than the letter's may be said in words of the model's own."""
        return self._longest >= _LONG and any(
            len(text) >= _LONG for other, text in self._texts.items() if other != letter
        )

    def other_may_be_near(self, folded: str, letter: str) -> bool:
        """Whether another option than the letter's may be what the folded text, or its end, nearly says."""
        said = _pairs(_kept(folded))
        if "σ" in self._lines or "ς" in self._lines:
            return True
        return any(
            len(said & pairs) >= _NEAR / (2 - _NEAR) * len(pairs)  # fewer are too few, however short the end is
            for pairs in (_pairs(text) for other, text in self._texts.items() if other != letter)
        )

    def hold(self, char: str) -> bool:
        """Whether an option's text has this small character."""
        return char in self._lines

    def at(self, start: int, *, whole: bool) -> Said | None:
        """The option that the text names from here on: the longest that fits, else one that is nearly said.

        whole: the option must end where a phrase ends, and nothing less than its exact words will do.
        """
        if (start, whole) not in self._said:
            self._said[start, whole] = self._fitting(start, whole)
        return self._said[start, whole]

    def _fitting(self, start: int, whole: bool) -> Said | None:
        if self._says_nothing(start) and (whole or self._longest < _LONG):
            return None
        near = self._near_by(start)
        bare, offsets = near or self._lay_out()
        i = 0 if near else bisect_left(offsets, start)
        fitting = [(len(text), letter) for letter, text in self._texts.items() if bare.startswith(text, i)]
        for length, letter in sorted(fitting, reverse=True):
            if self._ends(bare, i + length, length, whole):
                return Said(letter, offsets[i], offsets[i + length - 1] + 1)
        if whole or fitting or self._longest < _LONG:
            return None
        return self._nearly(bisect_left(self._lay_out()[1], start))

    def _near_by(self, start: int) -> tuple[str, list[int]] | None:
        """The bare text from here on, as much as options' exact words need; None where that is not known so easily."""
        kept = list(_KEPT.finditer(self._folded, start, start + _NEAR_BY))
        bare = "".join([_small(piece[0]) for piece in kept])
        complete = len(bare) >= self._longest + 2 or start + _NEAR_BY >= len(self._folded)
        if not complete or "σ" in bare or "ς" in bare:  # how a sigma is small depends on what stands around it
            return None
        return bare, [i for piece in kept for i in range(*piece.span())]

    def _says_nothing(self, start: int) -> bool:
        """Whether no option's text begins here, as its first character tells: no need to lay out the text."""
        first = _FIRST.search(self._folded, start)
        return first is None or not self.begin(_small(first[0]))

    @staticmethod
    def _ends(bare: str, end: int, length: int, whole: bool) -> bool:
        if bare[end : end + 1] == "的" and not bare[end + 1 : end + 2].isalnum():
            return True  # "是的", "红色的"
        if _THIS_ONE.match(bare, end):
            return True  # "红色这一项"
        after = bare[end : end + 1]
        if not after or not after.isalnum():
            return after not in ("+", "=", "/", "^", "-", "*") and not (
                after == "." and bare[end + 1 : end + 2].isdigit()
            )
        if whole or (after.isascii() and bare[end - 1].isascii()):
            return False
        if bare[end - 1].isdigit():
            return True  # "6个"
        return length >= _SHORT or (length > 1 and after in "的这因而")

    def _nearly(self, i: int) -> Said | None:
        bare, offsets = self._lay_out()
        match = _PHRASE.match(bare, i)
        if match is None or len(match[0]) < _LONG:
            return None
        apart = sorted((_apart(match[0], text), letter) for letter, text in self._texts.items() if len(text) >= _LONG)
        if not apart or apart[0][0] > 1 - _NEAR or (len(apart) > 1 and apart[0][0] > _CLEARLY * apart[1][0]):
            return None
        if _negators(match[0]) != _negators(self._texts[apart[0][1]]):
            return None
        return Said(apart[0][1], offsets[i], offsets[match.end() - 1] + 1)

    def like(self, pattern: Pattern) -> str | None:
        """The letter of the only option whose text means what the pattern says."""
        letters = [letter for letter, text in self._texts.items() if pattern.match(text)]
        return letters[0] if len(letters) == 1 else None

    @property
    def may_mean(self) -> bool:
        """Whether an option's text may say that none fits, that all do, or that it cannot be told."""
        return not _OF_MEANINGS.isdisjoint(self._lines)

    def other_means(self, patterns: Iterable[Pattern], letter: str) -> bool:
        """Whether another option than the letter's is the only one whose text means what one of the patterns says."""
        return any(self.like(pattern) not in (None, letter) for pattern in patterns)

    def only(self, concluding: Pattern, negation: Pattern) -> Said | None:
        """The one option that the first, the last or a concluding sentence says.

        None where another is said as well, unless the text ends with the sentence that draws the conclusion.
        """
        bare, offsets = self._lay_out()
        found: list[Said] = []
        elsewhere: set[str] = set()
        sentences = list(_SENTENCE.finditer(bare))
        for number, sentence in enumerate(sentences):
            concludes = concluding.search(sentence[0]) is not None
            said = self._in(sentence[0], concludes and number == len(sentences) - 1, negation)
            elsewhere.update(letter for letter, _, _ in said)
            if _LABELLED.match(sentence[0]) or bare[sentence.end() : sentence.end() + 1] == "?":
                continue  # neither an option written out nor a question concludes anything
            if number in (0, len(sentences) - 1) or concludes:
                at = sentence.start()
                here = [Said(letter, offsets[at + s], offsets[at + e - 1] + 1) for letter, s, e in said]
                if number == len(sentences) - 1 and len(here) == 1 and concludes:
                    return here[0]
                found += here
        letters = {said.letter for said in found}
        return found[-1] if len(letters) == 1 and elsewhere == letters else None

    def _in(self, sentence: str, is_conclusion: bool, negation: Pattern) -> list[tuple[str, int, int]]:
        found = []
        for letter, text in self._texts.items():
            text = _COPULA.sub("", text) if len(text) > _SHORT else text
            start = sentence.rfind(text) if len(text) >= _SHORT else -1
            if len(text) < _SHORT and is_conclusion:  # a word that other sentences use too: what it all comes to
                start = _said_last(sentence, text)
            if start >= 0 and not negation.search(sentence[max(0, start - 4) : start]):
                found.append((letter, start, start + len(text)))
        return [
            f
            for f in found
            if not any(o[1] <= f[1] and f[2] <= o[2] and o[0] != f[0] and o[2] - o[1] > f[2] - f[1] for o in found)
        ]

    def _lay_out(self) -> tuple[str, list[int]]:
        if self._bare is None:
            kept = list(_KEPT.finditer(self._folded))
            for piece in kept:
                self._offsets += range(*piece.span())
            self._bare = "".join(_small(piece[0]) for piece in kept)
        return self._bare, self._offsets


def _said_last(sentence: str, text: str) -> int:
    """Where a short text ends its sentence behind a copula, or is the only figure there; -1 where it does not."""
    if text.isdecimal():
        figures = list(_FIGURE.finditer(sentence))
        return figures[0].start() if len(figures) == 1 and figures[0][0] == text else -1
    at = len(sentence) - len(text)
    before = sentence[max(0, at - 2) : at]
    led = before[-1:] in (_LINKING if len(text) > 1 else _EQUATING) or before in ("所以", "因此")
    return at if sentence.endswith(text) and led else -1


_EQUATING = frozenset("是为叫")
_LINKING = _EQUATING | frozenset("即属在有")
_FIGURE = Pattern(r"[\d.]*\d")
_THIS_ONE = Pattern(r"这一?[个项](?:选项|答案)?(?![一-鿿])")
_PHRASE = Pattern(r"[^。;!?\n<]{1,200}")
_COPULA = Pattern(r"^(?:属于|[是为])(?![非否])")
_LABELLED = Pattern(r"\W*[a-z][.:、)]")
_SENTENCE = Pattern(r"[^。;!?\n]+")


class _Texts(NamedTuple):
    """The options' bare texts by letter, without empty and repeated ones.

    lines: each as a line, behind a first line that is empty. longest: characters.
    """

    by_letter: dict[str, str]
    lines: str
    longest: int


@lru_cache(maxsize=_REMEMBERED)
def _texts(options: tuple[str, ...]) -> _Texts:
    bare = _bare(options)
    texts = dict(zip(ascii_uppercase, bare, strict=False))
    if len(set(bare)) < len(bare) or "" in bare:
        texts = {letter: text for letter, text in texts.items() if text and bare.count(text) == 1}
    lines = "\n".join(("", *texts.values(), "")) if texts else ""
    return _Texts(texts, lines, max(map(len, texts.values()), default=0))


def _bare(options: tuple[str, ...]) -> list[str]:
    """The texts in small letters, without blanks, quotes, dress and end marks; in one pass where that is the same."""
    joined = "\n".join(options)
    # A small sigma is written by what stands beside it, so that a text is read as it is alone.
    if "\r" not in joined and "<" not in joined and "Σ" not in joined and joined.count("\n") == len(options) - 1:
        return [line.rstrip(_END_MARKS) for line in _kept(fold(joined)).split("\n")]
    return [_kept(fold(option)).replace("\n", "").rstrip(_END_MARKS) for option in options]


def _kept(folded: str) -> str:
    """What is compared of a folded text."""
    whole = _LEFT_OUT.sub("", folded)
    low = whole.lower()
    if len(low) == len(whole) and "Σ" not in whole:
        return low
    return "".join(_small(piece[0]) for piece in _KEPT.finditer(folded))


def _small(piece: str) -> str:
    """The piece in small letters, as long as before: a few letters have a small form of two."""
    low = piece.lower()
    return low if len(low) == len(piece) else "".join(c.lower() if len(c.lower()) == 1 else c for c in piece)


def _apart(one: str, other: str) -> float:
    """Dice's distance over pairs of neighbouring characters: 0 is the same, 1 is nothing in common or half as long."""
    if not 0.5 <= len(one) / len(other) <= 2:
        return 1.0
    ones, others = _pairs(one), _pairs(other)
    return 1 - 2 * len(ones & others) / (len(ones) + len(others))


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


def _negators(text: str) -> int:
    return sum(text.count(char) for char in _NEGATORS)
