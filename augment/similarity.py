"""Which rows say nearly the same: character pairs find them, what they state tells them apart.

Chinese is compared by pairs of neighbouring characters, never by words: no word list, no blanks needed. Pairs of rows
that may be alike come from one-permutation MinHash signatures (Li, Owen and Zhang, NIPS 2012), filled by rotation
(Shrivastava and Li, ICML 2014), in bands; each is then compared text by text. Two texts whose ``fidelity.facts`` differ
in a number, a name, an order, a denial or a comparison are never alike, whatever their characters.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from augment.fidelity import check_text, facts

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BANDS = 16
LEAST_STEM = 20  # characters: a shorter stem is a heading that unrelated questions share
BATCH = 2_000
SHORT = 8  # characters: a shorter text is a word or two, and one character more makes another word
MOST_COMPARED = 64  # rows of one bucket and of the same digits that a row is compared with
MANY = 32  # rows that share one band with a row; of more, those that share a second are compared
SORTED_FROM = 64  # rows of one bucket from which on their digits sort them

_MARKS = re.compile(r"[^\w+\-*/=<>^%.≤≥≠±×÷∧∨¬→↔∀∃√∈∪∩]|_|\.(?!\d)|(?<!\d)\.|(?<![\w)])[-*]")
_PARTICLES = re.compile("[的了呢吗啊吧呀嘛是为]|请问|请")
_LABEL = re.compile(r"^\s*(?:\*\*)?选择题\s*\d*\s*[:：.、]?\s*(?:\*\*)?\s*")
_FIGURE = re.compile(r"(?:(?<![\w)])[-−])?\d+(?:\.\d+)?|(?<![A-Za-z])[A-Za-z](?![A-Za-z])")
_CODE = re.compile(r"[\[\]{}+*/=<>^|&~\\]")  # where brackets and quotes count, as in [[1], 2]
_SYMBOLS = re.compile(r"[\[\](){}+*/=<>^|&~\\-]")
_FORMULA = re.compile(f"{_FIGURE.pattern}|{_SYMBOLS.pattern}")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DIGITS = re.compile(r"\D+")
_DENIALS = re.compile("[不没无未非否勿莫]")
_MEANING = frozenset({"numbers", "units", "names", "order", "negations", "quantifiers", "comparatives"})


class Parts(NamedTuple):
    """What of a row is compared: its stem, its question without ``选择题 1：``, its options."""

    problem: str
    question: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Near:
    """Two rows that are alike, by their places. similarity: 0 to 1."""

    one: int
    other: int
    similarity: float


def parts_of(problem: str | None, question: str | None, options: Sequence[str] | None) -> Parts:
    """The parts of a row from its columns."""
    return Parts(problem or "", _LABEL.sub("", question or ""), tuple(options or ()))


@lru_cache(maxsize=8_192)
def folded(text: str) -> str:
    """The text in NFKC and small letters, without blanks and punctuation, 地 and 得 as 的. Signs of arithmetic stay."""
    bare = _MARKS.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return bare.replace("地", "的").replace("得", "的")


@lru_cache(maxsize=8_192)
def _plain(text: str) -> str:
    """The folded text without particles; of a text of nothing else, all of it."""
    return _PARTICLES.sub("", folded(text)) or folded(text)


@lru_cache(maxsize=8_192)
def _denials(text: str) -> tuple[str, ...]:
    return tuple(sorted(_DENIALS.findall(folded(text))))


@lru_cache(maxsize=8_192)
def character_pairs(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters of a folded text, or its only character."""
    bare = folded(text)
    return frozenset(map("".join, pairwise(bare))) if len(bare) > 1 else frozenset(bare)


def likeness(one: str, other: str) -> float:
    """Dice's coefficient over character pairs: 1 for texts that differ in blanks and punctuation alone."""
    ours, theirs = character_pairs(one), character_pairs(other)
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours or theirs else 1.0


def similarity(one: Parts, other: Parts, threshold: float) -> float:
    """How alike two rows are; 0.0 where they are not the same for a reader.

    Stem and question must each reach the threshold, every option must have its partner. Two questions on the very same
    stem are the same only where they differ in particles and punctuation: questions on one stem differ by a word. (An
    instruction shorter than its input is no such stem.)
    """
    if len(one.options) != len(other.options) or not any(map(folded, (*one[:2], *one.options))):
        return 0.0
    stem = _alike(one.problem, other.problem, threshold)
    if not stem:
        return 0.0
    on_one_stem = folded(one.problem) == folded(other.problem) and len(one.problem) >= len(one.question)
    asked = _alike(one.question, other.question, 1.0 if on_one_stem else threshold)
    if not asked:
        return 0.0
    options = _options_alike(one.options, other.options, threshold)
    return min(stem, asked, options)


def _options_alike(ours: Sequence[str], theirs: Sequence[str], threshold: float) -> float:
    """The least likeness of options paired as sets; 0.0 where one has no partner."""
    left = list(theirs)
    least = 1.0
    waiting = []
    for option in ours:
        same = next((each for each in left if folded(each) == folded(option) and _states_same(option, each)), None)
        if same is None:
            waiting.append(option)
        else:
            left.remove(same)
    for option in waiting:
        score, best = max(((_alike(option, each, threshold), each) for each in left), default=(0.0, ""))
        if not score:
            return 0.0
        left.remove(best)
        least = min(least, score)
    return least


def _alike(one: str, other: str, threshold: float) -> float:
    """The likeness of two texts that state the same; 0.0 below the threshold or where they do not."""
    if one == other:
        return 1.0
    bare, others = folded(one), folded(other)
    if len(bare) > 2 * len(others) or len(others) > 2 * len(bare):
        return 0.0
    plain = _plain(one) == _plain(other)
    score = likeness(one, other)
    if not plain and (score < threshold or threshold >= 1.0 or min(len(bare), len(others)) < SHORT):
        return 0.0
    if not plain and _denials(one) != _denials(other):
        return 0.0
    if not _states_same(one, other):
        return 0.0
    if not plain and any(not check["ok"] and check["name"] in _MEANING for check in check_text(one, other)):
        return 0.0
    return max(score, threshold) if plain else score


def _states_same(one: str, other: str) -> bool:
    """Whether two texts state the same; what differs in punctuation alone does where its figures are the same."""
    ours, theirs = _figures(one), _figures(other)
    if folded(one) == folded(other):
        return ours == theirs
    return ours[1] == theirs[1] and stated(one) == stated(other)


@lru_cache(maxsize=8_192)
def _figures(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What punctuation may part or turn: the numbers and lone letters of a text, with their brackets in formulas; and
    those brackets alone."""
    plain = _GROUPED.sub("", unicodedata.normalize("NFKC", text.replace("，", ", ")))
    if not _CODE.search(plain):
        return tuple(_FIGURE.findall(plain)), ()
    return tuple(_FORMULA.findall(plain)), tuple(_SYMBOLS.findall(plain))


@lru_cache(maxsize=65_536)
def stated(text: str) -> int:
    """A number for all that a text states (``fidelity.facts``)."""
    return hash(facts(text))


# ── many rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Neighbours:
    """The rows of a dataset that may be alike, found in two passes over it.

    read: gives all rows' parts, in order, each time it is called. In memory are 16 numbers a row, and the texts of
    those rows alone that share a band with another.
    """

    def __init__(self, read: Callable[[], Iterable[Parts]], threshold: float) -> None:
        self.threshold = threshold
        self._buckets = _buckets(_keys(read()))
        self.rows = len(self._buckets)
        shared = (self._buckets >= 0).max(axis=1, initial=False).tolist()
        texts: dict[str, str] = {}  # siblings share one stem
        self._parts = {
            place: parts._replace(problem=texts.setdefault(parts.problem, parts.problem))
            for place, parts in enumerate(read())
            if shared[place]
        }

    def parts(self, place: int) -> Parts:
        """The parts of a row that shares a band with another. Raises KeyError for others."""
        return self._parts[place]

    def sweep(self, order: Iterable[int], wanted: Callable[[int, int], bool], absorbs: Callable[[Near], bool]) -> None:
        """Compares each row, in the order given, with those before it.

        wanted: whether two rows are to be compared at all. absorbs: told of each row that is like an earlier one; where
        it says yes, later rows are not compared with this one.
        """
        buckets: dict[int, _Bucket] = {}
        digits: dict[int, int] = {}
        for place in order:
            parts = self._parts.get(place)
            if parts is None:
                continue
            digits[place] = _digits(parts)
            keys = [int(key) for key in self._buckets[place] if key >= 0]
            shared = Counter(earlier for key in keys if key in buckets for earlier in buckets[key].near(digits[place]))
            least = 1 if len(shared) <= MANY else 2  # of duplicates at the threshold 97 in 100 share two bands or more
            found = [earlier for earlier, bands in shared.most_common() if bands >= least]
            taken = False
            for earlier in found:
                if not wanted(place, earlier):
                    continue
                score = similarity(parts, self._parts[earlier], self.threshold)
                if score and absorbs(Near(place, earlier, score)):
                    taken = True
                    break
            if not taken:
                for key in keys:
                    buckets.setdefault(key, _Bucket()).add(place, digits)


class _Bucket:
    """Rows that share a band; sorted by their digits once there are many of them."""

    __slots__ = ("_by_digits", "_places")

    def __init__(self) -> None:
        self._places = array("l")
        self._by_digits: dict[int, array[int]] | None = None

    def near(self, digits: int) -> Iterable[int]:
        """The rows that may be like one with these digits."""
        if self._by_digits is None:
            return self._places
        return self._by_digits.get(digits, array("l"))[:MOST_COMPARED]

    def add(self, place: int, digits: dict[int, int]) -> None:
        if self._by_digits is not None:
            self._by_digits.setdefault(digits[place], array("l")).append(place)
            return
        self._places.append(place)
        if len(self._places) == SORTED_FROM:
            self._by_digits = {}
            for each in self._places:
                self._by_digits.setdefault(digits[each], array("l")).append(each)


def _digits(parts: Parts) -> int:
    """A number for the digits of a row, which rows of one pattern differ in: far cheaper than all that it states."""
    texts = [_DIGITS.sub("", unicodedata.normalize("NFKC", text)) for text in (parts.problem, parts.question)]
    return hash((*texts, *sorted(_DIGITS.sub("", option) for option in parts.options)))


def _keys(rows: Iterable[Parts]) -> npt.NDArray[np.uint64]:
    """One line of band keys a row: two bins of the stem's signature with two of what is asked."""
    import numpy as np

    source = iter(rows)
    found = [np.empty((0, BANDS), np.uint64)]
    while batch := list(islice(source, BATCH)):
        stems = _signatures([folded(parts.problem) for parts in batch])
        asked = _signatures(["".join(map(folded, (parts.question, *sorted(parts.options)))) for parts in batch])
        together = np.concatenate([stems.reshape(-1, BANDS, 2), asked.reshape(-1, BANDS, 2)], axis=2)
        keys = np.zeros((len(batch), BANDS), np.uint64)
        for column in range(together.shape[2]):
            keys = scattered(keys * np.uint64(31) + together[:, :, column])
        found.append(keys)
    return np.concatenate(found)


def _signatures(texts: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Per text the least hash in each of 2 * BANDS bins, over its character pairs; an empty bin takes a neighbour's."""
    import numpy as np

    bins = 2 * BANDS
    joined = "".join(f"\2{text}" for text in texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    rows = np.cumsum(codes == 2)[:-1] - 1
    hashes = scattered(codes[:-1] * np.uint64(0x1_0000_0001) + codes[1:] * np.uint64(0x9E37_79B9_7F4A_7C15))
    inside = codes[1:] != 2
    rows, hashes = rows[inside], hashes[inside]
    empty = np.uint64(np.iinfo(np.uint64).max)
    found = np.full(len(texts) * bins, empty, np.uint64)
    np.minimum.at(found, rows * bins + (hashes % np.uint64(bins)).astype(np.int64), hashes)
    least = found.reshape(len(texts), bins)
    least[(least == empty).all(axis=1)] = 0  # a text that says nothing
    for _ in range(bins):
        gaps = least == empty
        if not gaps.any():
            break
        beside = np.roll(least, -1, axis=1)
        least = np.where(gaps & (beside != empty), beside + np.uint64(1), least)
    return least


def scattered(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Each number scattered over 64 bits (the finalizer of SplitMix64: Steele, Lea and Flood, OOPSLA 2014)."""
    import numpy as np

    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    mixed: npt.NDArray[np.uint64] = numbers ^ (numbers >> np.uint64(31))
    return mixed


def _buckets(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int32]:
    """Per row and band the number of the bucket it shares with others, -1 where it is alone in it."""
    import numpy as np

    found = np.full(keys.shape, -1, np.int32)
    start = 0
    for band in range(keys.shape[1]):
        order = np.argsort(keys[:, band], kind="stable")
        there = keys[order, band]
        follows = np.concatenate([[False], there[1:] == there[:-1]]) if len(there) else np.zeros(0, bool)
        shared = follows | np.concatenate([follows[1:], [False]]) if len(there) else follows
        numbers = start + np.cumsum(~follows)
        found[order[shared], band] = numbers[shared]
        start = int(numbers[-1]) + 1 if len(there) else start
    return found


def read_all(read: Callable[..., Iterator[tuple[object, ...]]]) -> Callable[[], Iterator[Parts]]:
    """The parts of all rows from a reader of columns (``Context.read``)."""
    return lambda: (parts_of(*values) for values in read("problem", "question", "options"))  # type: ignore[arg-type]
