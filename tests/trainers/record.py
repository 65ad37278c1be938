"""Writes what the trainers do with the planted faults: ``python -m tests.trainers.record``, after a new release."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.exports.planted import faults
from tests.trainers.asking import ASKERS, ROOT, verdicts

RECORD = ROOT / "tests" / "exports" / "verdicts.jsonl"


def main() -> None:
    with tempfile.TemporaryDirectory() as name, RECORD.open("w", encoding="utf-8", newline="\n") as file:
        for trainer in ASKERS:
            version, found = verdicts(trainer, faults(), Path(name) / trainer)
            for fault, told in found.items():
                line = {"fault": fault, "trainer": trainer, "version": version, **told}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
