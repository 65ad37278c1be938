"""What the simulator wrote leaves the house only where somebody says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from augment.errors import FixableError
from augment.types import Row
from tests.exports.desk import argued, checked, desk, question, reasoned

SIM: dict[str, Any] = {"provider": "sim:yi-34b"}


def refused(folder: Path, rows: list[Row], form: str) -> str:
    with desk(folder, rows) as at:
        with pytest.raises(FixableError) as caught:
            at.export(form)
        assert not (at.out / f"{form}.out").exists()
        allowed = at.export(form, allow_simulated=True)
    assert "--allow-simulated" in caught.value.hint
    assert allowed.told["simulated"] == int(caught.value.message.split()[0])
    return caught.value.message


PARENT = reasoned(1, **SIM)
CARRIED: dict[str, Any] = {"row_id": "d" * 32, "parent_id": PARENT.row_id, "problem": "译文"}


@pytest.mark.parametrize(
    ("rows", "form", "count"),
    [
        ([reasoned(1, **SIM), reasoned(2)], "alpaca", 1),
        ([reasoned(1, tags=["backtranslate:ja:sim:tencent"])], "alpaca", 1),
        ([reasoned(1), argued(reasoned(1), **SIM)], "dpo", 1),
        ([reasoned(1), argued(reasoned(1), tags=["wrong:C:sim:yi-34b"], provider="yi-34b")], "kto", 1),
        ([question(1, tags=["answer:sim:yi-34b"], predicted="B")], "csv", 1),
        ([question(1, tags=["classify:sim:yi-34b"])], "hf", 1),
        ([PARENT, checked(PARENT, provider="yi-34b")], "evaluate-agent", 1),
        ([PARENT, PARENT.with_(**CARRIED, stage="shuffle", provider=None)], "messages", 2),
        ([PARENT, PARENT.with_(**CARRIED, stage="backtranslate", provider="tencent")], "messages", 2),
    ],
    ids=["wrote", "born", "argued", "tag", "voted", "tagged", "checked", "reordered", "translated"],
)
def test_simulated_rows_are_refused_and_counted(tmp_path: Path, rows: list[Row], form: str, count: int) -> None:
    assert refused(tmp_path, rows, form).startswith(f"{count} of the ")


def test_a_simulated_judge_is_one_too_where_verdicts_are_shown(tmp_path: Path) -> None:
    verdict: Any = {"judge": "sim:yi-34b", "rubric": "r", "total": 1.0, "maximum": 2.0, "criteria": []}
    rows = [reasoned(1, verdicts=[verdict])]
    assert refused(tmp_path / "csv", rows, "csv")
    with desk(tmp_path / "alpaca", rows) as at:
        assert at.export("alpaca").told["simulated"] == 0


def test_a_real_model_s_reasoning_on_a_real_translation_of_a_rehearsed_row_is_real(tmp_path: Path) -> None:
    real = PARENT.with_(**CARRIED, stage="reason", provider="yi-34b")
    with desk(tmp_path, [PARENT, real]) as at:
        assert at.export("alpaca", where="provider = 'yi-34b'").told["simulated"] == 0


def test_simulated_rows_that_a_filter_or_the_format_leaves_out_refuse_nothing(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1), reasoned(2, **SIM), argued(reasoned(1), **SIM)]) as at:
        assert at.export("alpaca", where="provider not like 'sim:%'").told["rows_out"] == 1
        with pytest.raises(FixableError, match="1 of the 2"):
            at.export("alpaca")
