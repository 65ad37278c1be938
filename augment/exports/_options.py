"""What an export may be told: each field is a flag of ``augment export``, its default and its help in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

COTS = ("none", "inline", "think-tag")
BALANCES = ("answer", "option-count")
DECISIONS = ("kept", "accepted", "rejected", "undecided", "any")
ATTEMPTS = ("use", "kto", "leave")


def _flag(default: Any, about: str, *, choices: Sequence[str] = (), metavar: str = "") -> Any:
    return field(default=default, metadata={"help": about, "choices": tuple(choices), "metavar": metavar})


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The flags. None: not given; what then holds is each format's."""

    where: str | None = _flag(None, "only rows for which this SQL expression holds", metavar="SQL")
    split: str | None = _flag(None, "only rows of this split: train, dev, test", metavar="NAME")
    decision: str | None = _flag(
        None,
        "by what people decided, as sealed: kept (all but rejected rows; what holds for training files), accepted, "
        "rejected, undecided, any",
        choices=DECISIONS,
    )
    balance: str | None = _flag(
        None,
        "as many lines of each answer, or of each number of options, as the rarest has; right and wrong ones apart",
        choices=BALANCES,
    )
    seed: int = _flag(0, "what --balance draws by", metavar="N")
    prompt: str | None = _flag(
        None,
        "how the question is put to the model: a template by name, of `augment prompts export` or `augment prompts "
        "answer`, or a file; left out: solve, with --cot none letter",
        metavar="NAME",
    )
    cot: str | None = _flag(
        None,
        "where the reasoning goes: none (the answer alone), inline (before the answer), think-tag (in <think>, as "
        "LLaMA-Factory takes it apart again); left out: inline",
        choices=COTS,
    )
    attempts: str | None = _flag(
        None,
        "failed attempts in the ledger that concluded a wrong answer, as further wrong ones: use (wherever wrong ones "
        "are), kto (there alone; what holds for kto, llama-factory and ms-swift), leave",
        choices=ATTEMPTS,
    )
    shuffle: int | None = _flag(None, "lines in the order these dice give", metavar="SEED")
    license: str | None = _flag(None, "hf: the licence that the card names; without it none", metavar="ID")
    allow_missing: bool = _flag(False, "submission: questions without an answer are left null, and counted")
    allow_simulated: bool = _flag(False, "also what the simulator wrote (`sim:…`); else such rows are refused")
