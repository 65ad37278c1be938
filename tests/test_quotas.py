from __future__ import annotations

import datetime as dt

import pytest

from augment.errors import Fault, FaultKind
from augment.quotas import day_zone, in_words, lasting, next_day, used_up, vendor_day
from augment.types import Limits, Route

ROUTE = Route("spark", "spark", "max", "", limits=Limits(rpd=500))
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)  # eight in the evening in Shanghai
MIDNIGHT = dt.datetime(2026, 11, 21, 16, 0, tzinfo=dt.UTC)


def test_a_vendors_day_begins_at_midnight_in_shanghai() -> None:
    zone = day_zone(ROUTE)
    assert vendor_day(zone, NOON) == "2026-11-21"
    assert next_day(zone, NOON) == MIDNIGHT
    assert vendor_day(zone, MIDNIGHT) == "2026-11-22"


@pytest.mark.parametrize("name", ["America/Los_Angeles", "UTC"])
def test_a_route_may_say_where_its_day_begins(name: str) -> None:
    route = Route("far", "openai", "m", "", options=(("day_zone", name),))
    assert str(day_zone(route)) == name


@pytest.mark.parametrize("name", ["Nowhere/At-All", "../etc", ""])
def test_a_zone_that_is_none_is_taken_for_shanghais(name: str) -> None:
    route = Route("far", "openai", "m", "", options=(("day_zone", name),))
    assert next_day(day_zone(route), NOON) == MIDNIGHT


@pytest.mark.parametrize(
    ("kind", "wait_s", "words", "until"),
    [
        pytest.param("rate_limited", 601.0, "slow down", NOON + dt.timedelta(seconds=601), id="too-long-to-wait"),
        pytest.param("rate_limited", 1e12, "slow down", NOON + dt.timedelta(days=366), id="absurdly-long"),
        pytest.param("quota_exhausted", 30.0, "used up", NOON + dt.timedelta(seconds=30), id="the-vendor-says-when"),
        pytest.param("quota_exhausted", None, "daily quota exceeded", MIDNIGHT, id="a-day"),
        pytest.param("quota_exhausted", None, "当日调用量超限", MIDNIGHT, id="a-day-in-chinese"),
    ],
)
def test_what_is_not_waited_for_says_until_when(
    kind: FaultKind, wait_s: float | None, words: str, until: dt.datetime
) -> None:
    found = lasting(Fault(kind, words, code="17", wait_s=wait_s), ROUTE, NOON)
    assert (found.kind, found.code) == ("quota_exhausted", "17")
    assert found.message == f"{words}; it goes on at {in_words(until)}"
    assert found.hint


@pytest.mark.parametrize(
    "fault",
    [
        Fault("rate_limited", "slow down", wait_s=600.0),
        Fault("rate_limited", "daily"),
        Fault("quota_exhausted", "Insufficient Balance"),
        Fault("transient", "per day", wait_s=9_000),
        Fault("auth", "daily"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.wait_s}",
)
def test_any_other_fault_stays_what_it_is(fault: Fault) -> None:
    assert lasting(fault, ROUTE, NOON) is fault


def test_a_day_counted_by_us_ends_as_the_vendors_word_would() -> None:
    found = used_up(ROUTE, NOON)
    assert (found.kind, found.delivery) == ("quota_exhausted", "not_sent")
    assert "500 requests a day" in found.message
    assert in_words(MIDNIGHT) in found.message
