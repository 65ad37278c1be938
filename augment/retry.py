"""What a fault means for one ask: after how many seconds again, or no more. The only retry layer there is."""

from __future__ import annotations

import random

from augment.errors import REFUSING, STOPPING, Fault

MAX_TRANSIENT = 10
MAX_RATE_LIMITED = 60
FIRST_WAIT_S = 0.4
LONGEST_WAIT_S = 20.0


def wait_before_next(fault: Fault, transient: int, rate_limited: int, dice: random.Random) -> float | None:
    """Seconds to wait before the same ask is sent again, or None where it is not to be.

    transient, rate_limited: how often this ask has met each kind, this time included. A rate limit costs only patience,
    so it has its own, larger allowance; the limiter holds the whole provider back meanwhile.
    """
    if fault.kind in STOPPING or fault.kind in REFUSING:
        return None
    if fault.kind == "rate_limited":
        return 0.0 if rate_limited < MAX_RATE_LIMITED else None
    if transient >= MAX_TRANSIENT:
        return None
    if fault.wait_s is not None:
        return fault.wait_s
    ceiling: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (transient - 1))
    return ceiling * (0.5 + dice.random() / 2)
