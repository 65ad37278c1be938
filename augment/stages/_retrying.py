"""One purpose of one row, asked until a text can be kept: the same provider again, then the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from augment.errors import REFUSING, Fault, UsageError
from augment.types import Asker, Message

T = TypeVar("T")


async def first_kept(
    ask: Asker, messages: Sequence[Message], retries: int, keep: Callable[[str, str], Awaitable[T | None]]
) -> T | None:
    """What ``keep`` (text, provider → what it makes of it, None to refuse it) keeps first of ``retries`` + 1 texts of
    each provider; None where every text that could be read was refused.

    Raises Fault where nothing could be read, or where asking again may still help.
    """
    read = False
    fault: Fault | None = None
    for provider in ask.providers:
        try:
            for attempt in range(retries + 1):
                reply = await ask.chat(messages, attempt=attempt, provider=provider)
                read = True
                if (kept := await keep(reply.text, provider)) is not None:
                    return kept
        except Fault as refused:  # this provider gives nothing more for this row; the next one may
            fault = refused if fault is None or fault.kind in REFUSING else fault
    if fault is not None and (fault.kind not in REFUSING or not read):
        raise fault
    return None


def check_retries(retries: int) -> None:
    """Raises UsageError where ``--retries`` is no number of further asks."""
    if retries < 0:
        raise UsageError(f"--retries {retries} makes no sense", hint="0 or more")
