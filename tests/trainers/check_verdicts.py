"""The trainers that are installed do with every planted fault what is recorded of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.exports.planted import faults
from tests.trainers.asking import ASKERS, verdicts
from tests.trainers.record import RECORD


@pytest.mark.parametrize("trainer", ASKERS)
def test_the_record_is_what_the_trainer_does(trainer: str, tmp_path: Path) -> None:
    version, found = verdicts(trainer, faults(), tmp_path / trainer)
    lines = [json.loads(line) for line in RECORD.read_text("utf-8").splitlines()]
    told = {line["fault"]: (line["version"], line["verdict"]) for line in lines if line["trainer"] == trainer}
    assert told == {name: (version, one["verdict"]) for name, one in found.items()}
