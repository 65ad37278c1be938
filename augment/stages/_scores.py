"""What a trained scorer says of solutions, and which of them it lets vote."""

from __future__ import annotations

from dataclasses import dataclass, field

from augment.scorer import text_of
from augment.types import Asker, Check, Message, Row


async def score_of(text: str, ask: Asker, scorer: str) -> float:
    """The score of a text, 0 to 1; from the ledger where it was scored before. Raises Fault."""
    reply = await ask.chat([Message("user", text)], provider=scorer)
    return float(reply.text)


@dataclass(slots=True)
class Sieve:
    """Lets a solution vote where its score reaches a threshold. scores: of all it has seen, in the order they came."""

    ask: Asker
    scorer: str
    threshold: float
    scores: list[float] = field(default_factory=list)

    async def passes(self, row: Row, solution: str) -> bool:
        """Whether this solution of the row may vote. Raises Fault."""
        score = await score_of(text_of(row.with_(reasoning=solution)) or "", self.ask, self.scorer)
        self.scores.append(score)
        return score >= self.threshold

    @property
    def refused(self) -> int:
        """How many it did not let vote."""
        return sum(score < self.threshold for score in self.scores)

    @property
    def told(self) -> str:
        """What it did, in words."""
        mean = sum(self.scores) / len(self.scores) if self.scores else 0.0
        return (
            f"{self.scorer}：阈值 {self.threshold:g}，评了 {len(self.scores)} 份解答，平均 {mean:.2f}，"
            f"{self.refused} 份低于阈值、不计票"
        )

    @property
    def check(self) -> Check:
        """The same as a check, good where at least half of the solutions were let vote."""
        return Check(name="scorer", ok=2 * self.refused <= len(self.scores), detail=self.told)
