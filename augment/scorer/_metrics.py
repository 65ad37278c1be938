"""What a scorer is worth on examples it never saw: how well it orders them, and whether its numbers mean what they say.

Loads numpy. Rows of one root are not independent, so intervals come from drawing whole roots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from augment.agreement import Cut, assured, cuts, lowest, needed, wilson

DRAWS = 2_000
BINS = 10
COOLEST, HOTTEST = 0.05, 20.0
SEARCHES = 60  # each leaves 62 % of the range
_GOLDEN = (math.sqrt(5) - 1) / 2
Floats: TypeAlias = Any  # a numpy array of float64


@dataclass(frozen=True, slots=True)
class Bin:
    """Examples of like score: how many, their mean score, and the share that is right."""

    low: float
    high: float
    rows: int
    mean: float
    right: float


@dataclass(frozen=True, slots=True)
class Measured:
    """auc with the 95 % interval low to high; length_auc: what the length of the text alone would reach, 0.5 for
    nothing; pairs: roots with right and wrong reasoning, paired: the share of such pairs in which the right one scores
    higher. brier, ece: of the calibrated scores; ece_before: of those at temperature 1."""

    rows: int
    right: int
    roots: int
    auc: float
    low: float
    high: float
    length_auc: float
    pairs: int
    paired: float | None
    brier: float
    ece: float
    ece_before: float
    bins: Sequence[Bin]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score from which on solutions are right with a wanted precision, found on one part. sure: its
    interval lies above it there. kept, right, low, high: of the part that is reported on, with the 95 % interval."""

    score: float
    wanted: float
    sure: bool
    found_on: str
    measured_on: str
    kept: int
    right: int
    precision: float | None
    low: float
    high: float
    recall: float


def shares(margins: Sequence[float], temperature: float = 1.0) -> Floats:
    """Scores from 0 to 1 of logit margins (right minus wrong)."""
    scaled = np.clip(np.asarray(margins, dtype=np.float64) / temperature, -60.0, 60.0)
    return 1.0 / (1.0 + np.exp(-scaled))


def auc(scores: Sequence[float], labels: Sequence[int]) -> float | None:
    """How often a right one scores above a wrong one, ties half; None where a label is missing.

    Source: Hanley and McNeil, Radiology 143 (1982).
    """
    _, place = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
    return _auc(place, np.asarray(labels) == 1, np.ones(len(place)))


def _auc(place: Any, good: Any, weight: Floats) -> float | None:
    """The same by the ranks of the scores, each example counted as often as its weight says."""
    right = np.bincount(place, weight * good, minlength=1)
    wrong = np.bincount(place, weight * ~good, minlength=1)
    pairs = right.sum() * wrong.sum()
    if not pairs:
        return None
    below = np.cumsum(wrong) - wrong
    return float((right * (below + wrong / 2)).sum() / pairs)


def auc_interval(
    scores: Sequence[float], labels: Sequence[int], roots: Sequence[str], *, seed: int = 0, draws: int = DRAWS
) -> tuple[float, float]:
    """The 95 % interval of the AUC: percentiles over draws of whole roots, with repetition.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 13; clusters: Field and Welsh,
    J. R. Statist. Soc. B 69 (2007).
    """
    names, of = np.unique(np.asarray(roots), return_inverse=True)
    _, place = np.unique(np.asarray(scores, dtype=np.float64), return_inverse=True)
    good, generator, found = np.asarray(labels) == 1, np.random.default_rng(seed), []
    for _ in range(draws):
        times = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names))
        value = _auc(place, good, times[of])
        if value is not None:
            found.append(value)
    if not found:
        return 0.0, 1.0
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def brier(scores: Sequence[float], labels: Sequence[int]) -> float:
    """The mean square of score less label. Source: Brier, Monthly Weather Review 78 (1950)."""
    return float(np.mean((np.asarray(scores) - np.asarray(labels)) ** 2))


def reliability(scores: Sequence[float], labels: Sequence[int], bins: int = BINS) -> list[Bin]:
    """Ten bins of equal width, those without examples left out."""
    found, good = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    place = np.minimum((found * bins).astype(int), bins - 1)
    table = []
    for at in range(bins):
        inside = place == at
        if inside.any():
            mean, right = float(found[inside].mean()), float(good[inside].mean())
            table.append(Bin(at / bins, (at + 1) / bins, int(inside.sum()), round(mean, 4), round(right, 4)))
    return table


def ece(table: Sequence[Bin]) -> float:
    """How far mean score and share of right ones lie apart, over all bins by their rows.

    Source: Naeini, Cooper, Hauskrecht, AAAI (2015).
    """
    rows = sum(one.rows for one in table)
    return sum(one.rows * abs(one.mean - one.right) for one in table) / rows if rows else 0.0


def best_temperature(margins: Sequence[float], labels: Sequence[int]) -> float:
    """What the margins are to be divided by so that the scores are as likely as can be.

    The targets are Platt's, a little inside 0 and 1: where every example is told rightly the best temperature would
    else be none at all. Source: Guo, Pleiss, Sun, Weinberger, On Calibration of Modern Neural Networks, ICML (2017);
    Platt, Advances in Large Margin Classifiers (1999), 2.2.
    """
    margin, good = np.asarray(margins, dtype=np.float64), np.asarray(labels) == 1
    target = np.where(good, (good.sum() + 1) / (good.sum() + 2), 1 / ((~good).sum() + 2))

    def loss(log_t: float) -> float:
        scaled = margin / math.exp(log_t)
        return float((np.logaddexp(0.0, scaled) - target * scaled).mean())

    low, high = math.log(COOLEST), math.log(HOTTEST)
    for _ in range(SEARCHES):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        low, high = (low, right) if loss(left) <= loss(right) else (left, high)
    return round(math.exp((low + high) / 2), 4)


def measure(
    margins: Sequence[float],
    labels: Sequence[int],
    roots: Sequence[str],
    lengths: Sequence[int],
    *,
    temperature: float,
    seed: int,
) -> Measured:
    """Everything about one part. lengths: of the texts, in characters."""
    scores = shares(margins, temperature)
    low, high = auc_interval(margins, labels, roots, seed=seed)
    table = reliability(scores, labels)
    number, paired = _paired(margins, labels, roots)
    return Measured(
        rows=len(labels),
        right=sum(labels),
        roots=len(set(roots)),
        auc=round(auc(margins, labels) or 0.0, 4),
        low=round(low, 4),
        high=round(high, 4),
        length_auc=round(auc([float(one) for one in lengths], labels) or 0.0, 4),
        pairs=number,
        paired=paired,
        brier=round(brier(scores, labels), 4),
        ece=round(ece(table), 4),
        ece_before=round(ece(reliability(shares(margins), labels)), 4),
        bins=table,
    )


def threshold(
    found: tuple[str, Floats, Sequence[int]], measured: tuple[str, Floats, Sequence[int]], precision: float
) -> Threshold | None:
    """Where solutions are right often enough, each side given as part, scores and labels: the lowest score that is sure
    of it, else the lowest that reaches it; None where none does."""
    name, scores, labels = found
    table = cuts(zip(scores.tolist(), map(bool, labels), strict=True))
    sure = assured(table, precision)
    cut: Cut | None = sure or lowest(table, precision)
    if cut is None:
        return None
    shown, values, marks = measured
    kept = [bool(mark) for value, mark in zip(values.tolist(), marks, strict=True) if value >= cut.score]
    low, high = wilson(sum(kept), len(kept))
    right = sum(marks)
    return Threshold(
        score=cut.score,
        wanted=precision,
        sure=sure is not None,
        found_on=name,
        measured_on=shown,
        kept=len(kept),
        right=sum(kept),
        precision=round(sum(kept) / len(kept), 4) if kept else None,
        low=round(low, 4),
        high=round(high, 4),
        recall=round(sum(kept) / right, 4) if right else 0.0,
    )


def fewest(precision: float) -> int:
    """How many held-out solutions above a threshold, all right, it takes to be sure of a precision."""
    return needed(precision)


def _paired(margins: Sequence[float], labels: Sequence[int], roots: Sequence[str]) -> tuple[int, float | None]:
    """Roots that have both labels, and how often the right one scores higher there, each root counting once."""
    by_root: dict[str, tuple[list[float], list[int]]] = {}
    for margin, label, root in zip(margins, labels, roots, strict=True):
        sides = by_root.setdefault(root, ([], []))
        sides[0].append(margin)
        sides[1].append(label)
    found = [value for sides in by_root.values() if (value := auc(*sides)) is not None]
    return len(found), round(sum(found) / len(found), 4) if found else None
