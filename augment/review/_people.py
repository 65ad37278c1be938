"""How far each reviewer has come, and how far they agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from augment.agreement import Rating, alpha, kappa
from augment.browse import Browser, Voices

MOST_RATED = 20_000  # rows that agreement is computed of, the first that several decided about
KEEP, DROP = "accept", "reject"  # an edit keeps its row


@dataclass(frozen=True, slots=True)
class Progress:
    """One reviewer. dealt: rows dealt to them, second: those of them as the second one, done: those they decided about.
    decided: rows they decided about in all, of which accepted, rejected and edited; conflicts: those of them whose
    reviewers do not agree."""

    reviewer: str
    dealt: int
    second: int
    done: int
    decided: int
    accepted: int
    rejected: int
    edited: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class Agreeing:
    """How far people agree on whether to keep a row. rows: that at least two decided about; agree: those of which all
    said the same; alpha: Krippendorff's, kappa: Cohen's by pair ``A / B``; None where chance alone explains it or too
    few rows are shared. conflicts: rows waiting for a word that settles them."""

    rows: int
    agree: int
    conflicts: int
    alpha: float | None = None
    kappa: Mapping[str, float | None] = field(default_factory=dict)


def progress(shown: Browser) -> list[Progress]:
    """Everyone to whom rows were dealt or who decided about one, by name."""
    voices, owners, open_ = shown.voices(), shown.owners(), shown.conflicts()
    found = []
    for name in sorted({*voices.of, *owners.names}):
        words, dealt = voices.reviewer(name), owners.dealt(name)
        sums = np.bincount(words, minlength=4)
        if not sums[1:].sum() and not dealt.any():
            continue
        code = owners.names.index(name) if name in owners.names else -2
        found.append(
            Progress(
                name,
                dealt=int(np.count_nonzero(dealt)),
                second=int(np.count_nonzero(owners.second == code)),
                done=int(np.count_nonzero(words[dealt])),
                decided=int(sums[1:].sum()),
                accepted=int(sums[1]),
                rejected=int(sums[2]),
                edited=int(sums[3]),
                conflicts=int(np.count_nonzero(open_ & (words != 0))),
            )
        )
    return found


def agreeing(shown: Browser) -> Agreeing:
    """How far the reviewers of a version agree, with what is not sealed yet."""
    voices = shown.voices()
    several = np.zeros(voices.rows, np.int16)
    for words in voices.of.values():
        several += words != 0
    rows = np.flatnonzero(several > 1)
    said = _words(voices, rows)
    same = np.ones(len(rows), np.bool_)
    for (_, one), (_, other) in combinations(said.items(), 2):
        same &= (one == other) | (one == 0) | (other == 0)
    first = {name: words[:MOST_RATED] for name, words in said.items()}
    ratings: list[Rating] = [
        (name, str(row), KEEP if words[row] == 1 else DROP)
        for name, words in first.items()
        for row in np.flatnonzero(words).tolist()
    ]
    kappas = {}
    for ours, theirs in combinations(first, 2):
        both = (first[ours] != 0) & (first[theirs] != 0)
        if both.any():
            pairs = zip(first[ours][both].tolist(), first[theirs][both].tolist(), strict=True)
            kappas[f"{ours} / {theirs}"] = kappa(list(pairs))
    return Agreeing(
        rows=len(rows),
        agree=int(np.count_nonzero(same)),
        conflicts=int(np.count_nonzero(shown.conflicts())),
        alpha=alpha(ratings),
        kappa=kappas,
    )


def _words(voices: Voices, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, Any]:
    """For each reviewer of these rows 1 for keep, 2 for drop, 0 for nothing."""
    found = {}
    for name, words in sorted(voices.of.items()):
        some = words[rows]
        if some.any():
            found[name] = np.where(some == 3, 1, some)
    return found
