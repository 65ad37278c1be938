from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import FAULT_KINDS, REFUSING, STOPPING, Fault, FaultKind
from augment.retry import LONGEST_WAIT_S, MAX_RATE_LIMITED, MAX_TRANSIENT, Reach, wait_before_next

DICE = random.Random(7)
AGAIN: tuple[FaultKind, ...] = ("rate_limited", "transient")


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_only_a_rate_limit_and_a_passing_trouble_are_asked_again(kind: FaultKind) -> None:
    wait_s = wait_before_next(Fault(kind, "said no"), 1, 1, DICE)
    assert (wait_s is not None) == (kind in AGAIN)


def test_every_kind_either_goes_again_or_stops_or_refuses() -> None:
    assert {*AGAIN, *STOPPING, *REFUSING} == set(FAULT_KINDS)
    assert len(AGAIN) + len(STOPPING) + len(REFUSING) == len(FAULT_KINDS)


@pytest.mark.parametrize("kind", sorted({*STOPPING, *REFUSING}))
def test_a_hint_to_wait_does_not_make_a_final_answer_worth_asking_again(kind: FaultKind) -> None:
    assert wait_before_next(Fault(kind, "said no", wait_s=1.0), 1, 1, DICE) is None


def test_a_passing_trouble_is_met_at_most_ten_times() -> None:
    fault = Fault("transient", "502")
    waits = [wait_before_next(fault, times, 0, DICE) for times in range(1, 15)]
    assert MAX_TRANSIENT == 10
    assert [wait is None for wait in waits] == [False] * 9 + [True] * 5


def test_a_rate_limit_has_a_bound_of_its_own_that_is_larger() -> None:
    fault = Fault("rate_limited", "429")
    assert wait_before_next(fault, MAX_TRANSIENT, MAX_RATE_LIMITED - 1, DICE) is not None
    assert wait_before_next(fault, 0, MAX_RATE_LIMITED, DICE) is None
    assert MAX_RATE_LIMITED > MAX_TRANSIENT


def test_a_rate_limited_ask_leaves_the_waiting_to_the_limiter() -> None:
    assert wait_before_next(Fault("rate_limited", "429", wait_s=7.0), 0, 1, DICE) == 0.0


@pytest.mark.parametrize("hint", [0.0, 0.5, 7.0, 90.0])
def test_a_server_that_says_when_is_taken_at_its_word(hint: float) -> None:
    assert wait_before_next(Fault("transient", "503", wait_s=hint), 3, 0, DICE) == hint


@given(times=st.integers(1, MAX_TRANSIENT - 1), seed=st.integers())
def test_waits_are_positive_bounded_and_grow_with_the_times(times: int, seed: int) -> None:
    fault = Fault("transient", "502")
    wait_s = wait_before_next(fault, times, 0, random.Random(seed))
    assert wait_s is not None
    assert 0.5 * min(LONGEST_WAIT_S, 0.4 * 2 ** (times - 1)) <= wait_s <= min(LONGEST_WAIT_S, 0.4 * 2 ** (times - 1))


def test_two_asks_in_trouble_do_not_come_back_together() -> None:
    fault = Fault("transient", "502")
    dice = random.Random(1)
    assert len({wait_before_next(fault, 4, 0, dice) for _ in range(20)}) == 20


UNREACHED = Fault("transient", "no connection: refused", code="unreachable", delivery="not_sent")


def looked_for(reach: Reach, ever: bool, lasts_s: float) -> tuple[float, int] | None:
    """When a server that refuses for a while was given up, and after how many looks; None where it was not."""
    now, looks = 100.0, 0
    if ever:
        reach.reached()
    while now < 100.0 + lasts_s:
        looks += 1
        wait_s = reach.met(UNREACHED, now, now)
        if wait_s is None:
            return now - 100.0, looks
        now += wait_s + 0.001
    return None


def test_a_server_that_was_never_there_is_given_up_in_a_few_seconds() -> None:
    found = looked_for(Reach(), ever=False, lasts_s=60)
    assert found is not None
    assert 2 <= found[0] <= 4
    assert found[1] == 4


@pytest.mark.parametrize(("lasts_s", "given_up"), [(10, False), (19, False), (40, True)])
def test_a_server_that_restarts_is_waited_for(lasts_s: float, given_up: bool) -> None:
    found = looked_for(Reach(), ever=True, lasts_s=lasts_s)
    assert (found is not None) == given_up
    if found is not None:
        assert 20 <= found[0] <= 24


def test_asks_that_left_together_count_as_one_look() -> None:
    reach = Reach()
    assert reach.met(UNREACHED, 100.0, 99.9)
    assert [reach.met(UNREACHED, 100.1, 99.9) for _ in range(50)] == [0.0] * 50
    assert reach.times == 1


def test_any_answer_shows_that_a_server_is_there() -> None:
    reach = Reach()
    reach.met(UNREACHED, 100.0, 100.0)
    assert reach.met(Fault("transient", "503", delivery="answered"), 101.0, 101.0) == 0.0
    assert (reach.ever, reach.times) == (True, 0)


def test_an_ask_that_never_left_has_patience_of_its_own() -> None:
    waits = [wait_before_next(UNREACHED, times, 0, DICE) for times in range(1, 60)]
    assert waits[:39] == [0.0] * 39
    assert waits[39:] == [None] * 20


def test_a_server_that_only_ever_says_too_many_is_given_up_after_minutes() -> None:
    reach, fault = Reach(), Fault("rate_limited", "slow down", code="429")
    assert [reach.met(fault, now, None) for now in (0.0, 100.0, 299.0, 301.0)] == [0.0, 0.0, 0.0, None]


def test_one_good_answer_and_the_minutes_begin_anew() -> None:
    reach, fault = Reach(), Fault("rate_limited", "slow down", code="429")
    reach.met(fault, 0.0, None)
    reach.good()
    assert reach.met(fault, 400.0, None) == 0.0
