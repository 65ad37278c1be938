"""The rules say of every planted fault what the trainers themselves did with it (verdicts.jsonl)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from augment.exports import _validators as validators
from augment.exports._validators import Offence
from tests.exports.faults import GOOD, Fault, lines
from tests.exports.planted import faults

RECORD = Path(__file__).with_name("verdicts.jsonl")
FAULTS = faults()


def recorded() -> Mapping[str, Mapping[str, str]]:
    """Fault → trainer → verdict."""
    found: dict[str, dict[str, str]] = {}
    for line in RECORD.read_text("utf-8").splitlines():
        told = json.loads(line)
        found.setdefault(told["fault"], {})[told["trainer"]] = told["verdict"]
    return found


VERDICTS = recorded()


def offences(fault: Fault, folder: Path, *, twin: bool = False) -> list[Offence]:
    path = fault.write(folder, twin=twin)
    return list(validators.validate_folder(folder) if fault.kind == "info" else validators.validate(fault.kind, path))


def test_there_is_a_verdict_of_every_trainer_on_every_fault() -> None:
    asked = {fault.name: set(fault.readers) for fault in FAULTS}
    assert {name: set(by) for name, by in VERDICTS.items()} == asked


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_found_where_a_trainer_stumbles_and_only_there(fault: Fault, tmp_path: Path) -> None:
    stumbles = {name for name, verdict in VERDICTS[fault.name].items() if verdict != "accepted"}
    found = offences(fault, tmp_path)
    if fault.stricter:
        assert not stumbles, "not stricter: this is what a trainer does"
    assert bool(found) == bool(stumbles or fault.stricter), [VERDICTS[fault.name], found]
    if found and fault.line:
        assert found[0].line == fault.line, found
    for one in found:
        assert one.message
        assert one.hint
        assert one.file in fault.files


@pytest.mark.parametrize("kind", sorted(validators.ROWS))
def test_good_rows_are_found_good(kind: str, tmp_path: Path) -> None:
    form = {"llama-factory:sft": "alpaca", "llama-factory:dpo": "dpo", "llama-factory:kto": "kto"}.get(kind, kind)
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(GOOD[form]()))
    assert not list(validators.validate(kind, path))


def test_the_place_of_a_fault_is_named(tmp_path: Path) -> None:
    row = GOOD["alpaca"]()[2] | {"history": [["一", "二"], ["三", None]]}
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines([*GOOD["alpaca"](), row]))
    (found,) = validators.validate("alpaca", path)
    assert (found.file, found.line, found.field) == ("rows.jsonl", 4, "history[1][1]")
