"""Scorers: trained on a version's right and wrong reasoning, and read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from augment.workbench._datasets import Datasets

if TYPE_CHECKING:
    from augment.scorer import Card, Example, Training
    from augment.types import Row


class Scoring(Datasets):
    """Scorers on their way in and out. What one says of rows is the stage ``score``."""

    def train_scorer(
        self,
        dataset: str | None,
        training: Training,
        *,
        where: str | None = None,
        told: Callable[[str], None] = lambda _: None,
    ) -> Card:
        """Fine-tunes a classifier on what the ``scorer`` export of a version holds, and gives its card. Raises
        UsageError, NotFound, BadInput, FixableError, Interrupted."""
        from augment.query import check_expression, select
        from augment.scorer import train

        reference = self.resolve(dataset)
        version = self.at(reference)
        if where is not None:
            check_expression(where)
        chosen = select(self.store, reference.name, version, where=where)
        left_out: Counter[str] = Counter()

        def source() -> Iterator[Example]:
            left_out.clear()
            for row in self.store.rows(reference.name, version):
                found = _example(row) if chosen is None or row.row_id in chosen else "where"
                if isinstance(found, str):
                    left_out[found] += 1
                else:
                    yield found

        data = {"dataset": reference.name, "version": version, "where": where, "left_out": left_out}
        return train(source, data, training, told)

    def scorer(self, folder: Path) -> Card:
        """What a trained scorer is and is worth. Raises NotFound, BadInput."""
        from augment.scorer import read_card

        return read_card(folder)


def _example(row: Row) -> Example | str:
    from augment.scorer import Example, Kin, text_of
    from augment.stages._conclusions import concluded

    text = text_of(row)
    if row.kind == "instruction":
        return "instruction"
    if text is None:
        return "no reasoning"
    said = concluded(row)
    if not row.answer or not said:
        return "no answer"
    if (said == row.answer) == (row.label == "wrong"):
        return "inconsistent reasoning"
    kin = Kin(row.row_id, row.root_id or row.row_id, row.problem_id, row.split, int(row.label != "wrong"))
    return Example(kin, text, simulated=(row.provider or "").startswith("sim:"))
