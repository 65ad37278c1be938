"""Failed attempts as wrong solutions: what a model said to a question and nobody kept, since its answer was wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from augment.asks import unpack
from augment.exports._chat import Example, Speaker, reads_as, reserved, wrong_for
from augment.ledger import Ledger
from augment.scorer import text_of
from augment.stages._conclusions import conclusion
from augment.stages._reveals import revealed
from augment.types import Row

LEAST_CHARACTERS = 40  # a bare letter is no solution
NOTHING = ("failed_attempts", "simulated_attempts_left", "unfit_attempts_left")
SOLVING = ("answer", "reason")  # the stages whose replies are solutions of the row's own question
_BLANK = re.compile(r"\s+")


@dataclass(slots=True)
class Attempts:
    """The replies that the ledger keeps of rows. simulated: whether those of the simulator are wanted too.

    counts: how many were used, and how many of those that concluded a wrong answer were not: the simulator's, and those
    that are too short, cut, or give away that they are wrong.
    """

    ledger: Ledger
    simulated: bool
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NOTHING, 0))

    def wrong(self, row: Row, speaker: Speaker) -> Iterator[Example]:
        """An example for each reply to the row's question as it stands that argues for a wrong answer of it."""
        seen: set[str] = set()
        for reply in self._replies(row):
            text = str(reply["text"]).strip()
            letters = conclusion(text, row)
            if not wrong_for(row, letters):
                continue
            if reply["provider"].startswith("sim:") and not self.simulated:
                self.counts["simulated_attempts_left"] += 1
                continue
            said = speaker.said(text, letters)
            if said in seen:
                continue
            seen.add(said)
            if self._refused(text, letters, row) or not reads_as(said, row, letters):
                self.counts["unfit_attempts_left"] += 1
                continue
            self.counts["failed_attempts"] += 1
            scored = text_of(row.with_(reasoning=text)) or ""
            yield speaker.example(row, said, label=False, concluded=letters, text=scored)

    def _refused(self, text: str, letters: str, row: Row) -> bool:
        short = len(_BLANK.sub("", text)) < LEAST_CHARACTERS
        return short or reserved(text) or bool(revealed(text, letters, row))

    def _replies(self, row: Row) -> Iterator[dict[str, Any]]:
        """What was answered where the question was asked as it stands; an edit since makes it another question."""
        found = self.ledger.query(
            "SELECT a.provider, a.request, a.reply FROM uses u JOIN asks a ON a.key = u.key"
            " WHERE u.row_id = ? AND u.stage IN (?, ?) AND a.reply IS NOT NULL ORDER BY a.id",
            (row.row_id, *SOLVING),
        )
        for ask in found:
            asked = _plain("".join(content for _, content in unpack(ask["request"])["messages"][-1:]))
            reply = unpack(ask["reply"])
            as_it_stands = all(_plain(text) in asked for text in (row.problem, row.question, *row.options) if text)
            if as_it_stands and reply["finish"] != "length":
                yield {"provider": str(ask["provider"]), "text": reply["text"]}


def _plain(text: str) -> str:
    """The text as a prompt may have put it: blanks and what looks like a heading do not count."""
    return _BLANK.sub("", text).replace("＃", "#")
