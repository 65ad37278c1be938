"""What is not waited for: a day's quota used up, a pause longer than ten minutes; and when it goes on."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from augment.errors import Fault
from augment.types import Route

LONGEST_WAIT_S = 600.0
GOES_ON = "; it goes on at "  # and when, in the message of a fault that ends a run for a while
DOMESTIC = "Asia/Shanghai"  # where the vendors' days begin, unless options.day_zone of the route says otherwise
DAILY = re.compile(r"daily|per[ _-]?day|\bRPD\b|\bTPD\b|每日|每天|当日|今日|单日|日调用|天级", re.IGNORECASE)


def day_zone(route: Route) -> dt.tzinfo:
    """The zone in which a vendor's day begins."""
    try:
        return ZoneInfo(str(route.option("day_zone", DOMESTIC)))
    except (ZoneInfoNotFoundError, ValueError):  # no zone data on this machine, or a misspelt name
        return dt.timezone(dt.timedelta(hours=8))


def vendor_day(zone: dt.tzinfo, now: dt.datetime) -> str:
    """The vendor's date."""
    return now.astimezone(zone).date().isoformat()


def next_day(zone: dt.tzinfo, now: dt.datetime) -> dt.datetime:
    """When the vendor's next day begins."""
    there = now.astimezone(zone)
    return dt.datetime.combine(there.date() + dt.timedelta(days=1), dt.time(), tzinfo=there.tzinfo)


def in_words(moment: dt.datetime) -> str:
    """A moment as the user's clock shows it, with its zone."""
    local = moment.astimezone()
    return f"{local:%Y-%m-%d %H:%M} {local:%Z}"


def used_up(route: Route, now: dt.datetime) -> Fault:
    """The end of a day's quota that we count ourselves."""
    until = in_words(next_day(day_zone(route), now))
    return Fault(
        "quota_exhausted",
        f"the {route.limits.rpd:g} requests a day are used up{GOES_ON}{until}",
        code="daily_limit",
        delivery="not_sent",
        hint="type the command again then: what is answered is free",
    )


def lasting(fault: Fault, route: Route, now: dt.datetime) -> Fault:
    """The fault, as ``quota_exhausted`` with the time it goes on where waiting would take more than ten minutes."""
    if fault.kind not in ("rate_limited", "quota_exhausted"):
        return fault
    long = fault.wait_s is not None and fault.wait_s > LONGEST_WAIT_S
    if fault.kind == "rate_limited" and not long:
        return fault
    if fault.wait_s:
        until = now + dt.timedelta(seconds=min(fault.wait_s, 366 * 86_400))
    elif DAILY.search(f"{fault.code} {fault.message}"):
        until = next_day(day_zone(route), now)
    else:
        return fault  # money, as far as anybody knows: no time is named
    return Fault(
        "quota_exhausted",
        f"{fault.message}{GOES_ON}{in_words(until)}",
        code=fault.code,
        wait_s=fault.wait_s,
        delivery=fault.delivery,
        hint=fault.hint or "type the command again then: what is answered is free",
    )
