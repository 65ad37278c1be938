"""Scorers: trained on a version's right and wrong reasoning, and read."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.workbench._datasets import Datasets

if TYPE_CHECKING:
    from augment.exports import ExportOptions
    from augment.scorer import Card, Example, Training

FORMAT = "scorer"


class Scoring(Datasets):
    """Scorers on their way in and out. What one says of rows is the stage ``score``."""

    def train_scorer(
        self,
        dataset: str | None,
        training: Training,
        options: ExportOptions | None = None,
        *,
        told: Callable[[str], None] = lambda _: None,
    ) -> Card:
        """Fine-tunes a classifier on what the ``scorer`` export of a version holds, and gives its card. options: of
        that export. told: hears how far it is. Raises UsageError, NotFound, BadInput, FixableError, Interrupted."""
        from augment.exports import ExportOptions, Shelf, export
        from augment.files import disk_errors, make_folder
        from augment.query import values
        from augment.scorer import check, train

        check(training)
        reference = self.resolve(dataset)
        version = self.at(reference)
        shelf = Shelf(self.store, self.ledger, self.settings.workspace)
        cache = make_folder(self.root / ".augment" / "cache")
        with disk_errors(cache), tempfile.TemporaryDirectory(dir=cache, prefix="scorer-") as room:
            file = Path(room) / "rows.jsonl"
            manifest = export(shelf, reference.name, version, FORMAT, file, options or ExportOptions()).told
            stems = dict(values(self.store, reference.name, version, "row_id", "problem_id"))
            return train(lambda: _examples(file, stems), _source(manifest), training, told)

    def scorer(self, folder: Path) -> Card:
        """What a trained scorer is and is worth. Raises NotFound, BadInput."""
        from augment.scorer import read_card

        return read_card(folder)


def _examples(file: Path, stems: dict[str, str]) -> Iterator[Example]:
    from augment.scorer import Example, Kin

    with file.open(encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            kin = Kin(one["id"], one["root_id"], stems[one["id"]], one["split"], one["label"])
            yield Example(kin, one["text"])


def _source(manifest: dict[str, Any]) -> dict[str, Any]:
    """What of an export's manifest says where examples come from."""
    names = ("dataset", "version", "filter", "options", "rows_in", "rows_out", "left_out", "simulated")
    return {name: manifest[name] for name in names}
