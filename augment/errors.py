"""Every error this program raises on purpose, as one tree.

    AugmentError                 message, hint, exit_code
    ├── UsageError            2  the command line cannot be understood
    ├── FixableError          3  a file, a name, a key, a disk: the user can mend it
    │   ├── NotFound          3  no such dataset, version, row, provider, file
    │   ├── KeyMissing        3  a provider has no key
    │   ├── BadInput          3  a file that cannot be read, with its line and field
    │   ├── DiskTrouble       3  full, read-only, not a folder
    │   └── Conflict          3  somebody else changed the same thing first
    ├── Fault                    what one vendor answered, or failed to answer, to one ask
    └── Stop                     a run ends early, everything answered is kept
        ├── ProviderStopped   5  key refused, quota used up, model retired
        ├── BudgetReached     6  --budget or --max-calls
        └── Interrupted     130  Ctrl-C or SIGTERM

Vendor faults are one class with a ``kind``, not a class per status. Third-party exceptions are translated into this
tree where they enter, with ``raise … from``. A message never holds a secret; ``hint`` is what to type or change.
"""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

FaultKind: TypeAlias = Literal[
    "rate_limited",  # wait, slow down, ask again
    "transient",  # back off, ask again
    "content_filtered",  # this row never
    "bad_request",  # this row never
    "quota_exhausted",  # stop the provider
    "auth",  # stop the provider
    "retired",  # stop the provider, name what to use instead
]
FAULT_KINDS: tuple[FaultKind, ...] = (
    "rate_limited",
    "transient",
    "content_filtered",
    "bad_request",
    "quota_exhausted",
    "auth",
    "retired",
)
STOPPING: frozenset[FaultKind] = frozenset({"quota_exhausted", "auth", "retired"})
REFUSING: frozenset[FaultKind] = frozenset({"content_filtered", "bad_request"})

Delivery: TypeAlias = Literal[
    "not_sent",  # nothing left this machine (refused connection, unknown host): surely not billed
    "lost",  # it left and no answer could be read: perhaps billed
    "answered",  # the vendor said no, in words
]


class AugmentError(Exception):
    """What happened (``message``), what to do about it (``hint``), and how the command exits (``exit_code``)."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def again(self) -> Self:
        """The same error without the frames it was raised in, for the next one it is told to."""
        fresh = self.__class__.__new__(self.__class__, *self.args)
        fresh.__dict__.update(self.__dict__)
        return fresh


class UsageError(AugmentError):
    """The command line, or an expression on it, cannot be understood."""

    exit_code = 2


class FixableError(AugmentError):
    """Something outside this program is wrong and the user can mend it."""

    exit_code = 3


class NotFound(FixableError):
    """A dataset, version, row, provider or file that is not there."""


class KeyMissing(FixableError):
    """A provider was asked for and its key is not set."""


class BadInput(FixableError):
    """Bytes that cannot be read as what they claim to be."""


class DiskTrouble(FixableError):
    """The disk is full or read-only, or a file stands where a folder should be."""


class Conflict(FixableError):
    """Another process changed the same rows first; nothing was written."""


class Fault(AugmentError):
    """One ask that brought no usable answer.

    kind: see FaultKind. wait_s: seconds the vendor asked us to wait, None where it did not say. code: the vendor's own
    code, verbatim. delivery: whether the request can have been billed.
    """

    exit_code = 4

    def __init__(
        self,
        kind: FaultKind,
        message: str,
        *,
        code: str = "",
        wait_s: float | None = None,
        delivery: Delivery = "answered",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind: FaultKind = kind
        self.code = code
        self.wait_s = wait_s
        self.delivery: Delivery = delivery

    def __str__(self) -> str:
        return f"{self.kind}{f' {self.code}' if self.code else ''}: {self.message}"


class Stop(AugmentError):
    """A run ends before its last row. ``reason`` is what its unreached rows are counted under."""

    reason = "interrupted"


class ProviderStopped(Stop):
    """A provider will answer nothing more in this run, and no route or fallback is left."""

    exit_code = 5

    def __init__(self, message: str, *, kind: FaultKind, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.kind: FaultKind = kind
        self.reason = kind


class BudgetReached(Stop):
    """The next ask would exceed ``--budget`` or ``--max-calls``."""

    exit_code = 6
    reason = "budget_reached"


class Interrupted(Stop):
    """Ctrl-C or SIGTERM."""

    exit_code = 130
    reason = "interrupted"
