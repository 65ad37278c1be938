"""What a scorer is said to be worth, against what is known of such numbers."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from augment.agreement import wilson
from augment.scorer._metrics import (
    auc,
    auc_interval,
    best_temperature,
    brier,
    ece,
    measure,
    reliability,
    shares,
    threshold,
)

SCORED = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), min_size=2, max_size=40)


@given(SCORED)
def test_the_auc_is_the_share_of_pairs_in_order(scored: list[tuple[int, int]]) -> None:
    right = [score for score, label in scored if label]
    wrong = [score for score, label in scored if not label]
    assume(right and wrong)
    pairs = [1.0 if one > other else 0.5 if one == other else 0.0 for one in right for other in wrong]
    found = auc([score for score, _ in scored], [label for _, label in scored])
    assert found == pytest.approx(sum(pairs) / len(pairs))


def test_the_auc_of_one_label_is_none() -> None:
    assert auc([0.1, 0.9], [1, 1]) is None


@given(SCORED, st.integers(1, 4))
def test_more_of_the_same_rows_leave_the_auc_as_it_is(scored: list[tuple[int, int]], times: int) -> None:
    scores, labels = [score for score, _ in scored], [label for _, label in scored]
    assert auc(scores * times, labels * times) == pytest.approx(auc(scores, labels))


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    # Right ones from N(1, 1), wrong ones from N(0, 1): the AUC is the normal's share below 1 / sqrt(2).
    truth = 0.5 * (1 + math.erf(1 / 2))
    generator = np.random.default_rng(5)
    covered, runs = 0, 40
    for run in range(runs):
        labels = [1, 0] * 40
        scores = [float(generator.normal(label, 1)) for label in labels]
        low, high = auc_interval(scores, labels, [str(at) for at in range(80)], seed=run, draws=200)
        covered += low <= truth <= high
    assert 0.85 <= covered / runs <= 1.0


def test_rows_of_one_root_widen_the_interval() -> None:
    dice = random.Random(2)
    labels = [1, 0] * 30
    scores = [dice.gauss(label, 1) for label in labels]
    narrow = auc_interval(scores * 4, labels * 4, [f"{at}" for at in range(240)])
    wide = auc_interval(scores * 4, labels * 4, [f"{at % 60}" for at in range(240)])
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])


def test_the_same_seed_gives_the_same_interval() -> None:
    given = ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], ["a", "b", "c", "d"])
    assert auc_interval(*given, seed=4) == auc_interval(*given, seed=4)


def test_brier_is_the_mean_square() -> None:
    assert brier([0.0, 0.5, 1.0], [0, 1, 1]) == pytest.approx(0.25 / 3)


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    assert ece(reliability([0.25] * 4 + [0.75] * 4, [0, 0, 0, 1, 1, 1, 1, 0])) == 0


def test_scores_that_are_too_sure_have_one() -> None:
    assert ece(reliability([0.95] * 4, [1, 1, 0, 0])) == pytest.approx(0.45)


@given(SCORED)
def test_every_row_is_in_one_bin(scored: list[tuple[int, int]]) -> None:
    table = reliability([score / 9 for score, _ in scored], [label for _, label in scored])
    assert sum(one.rows for one in table) == len(scored)


@pytest.mark.parametrize("true", [0.5, 2.0, 5.0])
def test_the_temperature_that_made_the_labels_is_found(true: float) -> None:
    generator = np.random.default_rng(1)
    margins = generator.normal(0, 4, 20_000)
    labels = (generator.random(20_000) < shares(margins, true)).astype(int)
    assert best_temperature(margins.tolist(), labels.tolist()) == pytest.approx(true, rel=0.1)


def test_where_every_example_is_told_rightly_scores_stay_inside() -> None:
    margins, labels = [5.0] * 10 + [-5.0] * 10, [1] * 10 + [0] * 10
    assert shares([5.0], best_temperature(margins, labels))[0] == pytest.approx(11 / 12, abs=1e-3)


def test_margins_the_wrong_way_round_end_at_the_bound() -> None:
    assert best_temperature([-3.0, 3.0] * 10, [1, 0] * 10) == pytest.approx(20, rel=0.01)


@pytest.mark.parametrize("margin", [-1e9, 1e9])
def test_a_margin_of_any_size_gives_a_share(margin: float) -> None:
    assert 0 <= shares([margin])[0] <= 1


def test_the_threshold_is_measured_where_it_was_not_found() -> None:
    found = ("dev", np.array([0.9] * 80 + [0.2] * 80), [1] * 80 + [0] * 80)
    held = ("test", np.array([0.9] * 10 + [0.2] * 10), [1] * 9 + [0] + [0] * 9 + [1])
    cut = threshold(found, held, 0.9)
    assert cut is not None
    assert (cut.found_on, cut.measured_on, cut.sure) == ("dev", "test", True)
    assert (cut.score, cut.kept, cut.right, cut.precision, cut.recall) == (0.9, 10, 9, 0.9, 0.9)
    assert (cut.low, cut.high) == tuple(round(end, 4) for end in wilson(9, 10))


def test_a_threshold_on_few_rows_is_not_sure() -> None:
    both = ("dev", np.array([0.9] * 12 + [0.2] * 12), [1] * 12 + [0] * 12)
    cut = threshold(both, both, 0.95)
    assert cut is not None
    assert not cut.sure


def test_there_is_none_where_no_score_is_good_enough() -> None:
    both = ("dev", np.array([0.9, 0.2] * 20), [0, 1] * 20)
    assert threshold(both, both, 0.9) is None


def test_length_alone_is_measured_beside_the_scorer() -> None:
    found = measure(
        [1.0, -1.0] * 8, [1, 0] * 8, [str(at // 2) for at in range(16)], [9, 5] * 8, temperature=1.0, seed=0
    )
    assert (found.auc, found.length_auc, found.pairs, found.paired) == (1.0, 1.0, 8, 1.0)
