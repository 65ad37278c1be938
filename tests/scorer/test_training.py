"""The parts of a training that need no model: the order of examples, the rate of a step, what goes on from where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import FixableError
from augment.scorer import Example, Kin
from augment.scorer._checkpoints import check_same, discard, is_empty, settle, sweep, work_folder
from augment.scorer._examples import side, survey
from augment.scorer._splits import Dealt
from augment.scorer._training import Recipe, order, rate_at

RECIPE = Recipe(epochs=3, batch=4, at_once=2, rate=1e-3, seed=7, checkpoint_steps=5)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=200), st.integers(0, 3))
def test_an_epoch_holds_every_example_once(lengths: list[int], epoch: int) -> None:
    batches = order(lengths, RECIPE, epoch)
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))


@given(st.lists(st.integers(1, 500), min_size=1, max_size=200))
def test_an_epoch_has_as_many_steps_as_are_counted(lengths: list[int]) -> None:
    assert len(order(lengths, RECIPE, 0)) == -(-len(lengths) // RECIPE.batch)


def test_the_order_is_the_seed_s_and_the_epoch_s() -> None:
    lengths = list(range(1, 100))
    assert order(lengths, RECIPE, 1) == order(lengths, RECIPE, 1)
    assert order(lengths, RECIPE, 1) != order(lengths, RECIPE, 2)


def test_like_lengths_go_together() -> None:
    lengths = [1, 100] * 32
    assert all(len({lengths[place] for place in batch}) == 1 for batch in order(lengths, RECIPE, 0))


@given(st.integers(1, 400))
def test_the_rate_rises_to_the_top_and_falls_towards_nothing(steps: int) -> None:
    rates = [rate_at(step, steps, 1e-3) for step in range(steps)]
    top = rates.index(max(rates))
    assert min(rates) > 0
    assert max(rates) <= 1e-3 * (1 + 1e-9)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


def kin(number: int, label: int = 1) -> Kin:
    return Kin(f"row{number}", f"root{number}", f"stem{number}", "train", label)


@pytest.mark.parametrize(
    "other",
    [Example(kin(0), "别的"), Example(kin(0, 0), "字"), Example(kin(1), "字")],
    ids=["text", "label", "row"],
)
def test_other_examples_have_another_hash(other: Example) -> None:
    assert survey([Example(kin(0), "字")]).sha256 != survey([other]).sha256


def test_a_part_has_its_own_examples_in_order() -> None:
    surveyed = survey(Example(kin(number, number % 2), "字" * (number + 1)) for number in range(4))
    found = side("dev", surveyed, Dealt(["train", "dev", None, "dev"], 0), [[1], [2], [3], [4]])
    assert (found.ids, found.labels, found.roots, found.lengths) == ([[2], [4]], [1, 1], ["root1", "root3"], [2, 4])


# ── checkpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────


def checkpoint(work: Path, step: int, asked: dict[str, object]) -> None:
    folder = work / f"step-{step:08d}"
    folder.mkdir(parents=True)
    (folder / "checkpoint.json").write_text(json.dumps({"asked": asked, "progress": {}}))


def test_the_working_folder_stands_beside_the_scorer_and_is_hidden(tmp_path: Path) -> None:
    assert work_folder(tmp_path / "mine") == tmp_path / ".mine.training"


def test_a_training_asked_for_the_same_may_go_on(tmp_path: Path) -> None:
    checkpoint(tmp_path, 3, {"seed": 1, "rate": 2e-5})
    check_same(tmp_path, {"seed": 1, "rate": 2e-5})


def test_what_another_training_was_is_told(tmp_path: Path) -> None:
    checkpoint(tmp_path, 3, {"seed": 1, "epochs": 3})
    with pytest.raises(FixableError, match="epochs 3 → 4") as met:
        check_same(tmp_path, {"seed": 1, "epochs": 4})
    assert "--restart" in met.value.hint


def test_only_the_newest_checkpoint_counts(tmp_path: Path) -> None:
    checkpoint(tmp_path, 9, {"seed": 1})
    checkpoint(tmp_path, 10, {"seed": 2})
    check_same(tmp_path, {"seed": 2})


def test_what_is_half_written_is_swept_away_and_a_checkpoint_stays(tmp_path: Path) -> None:
    checkpoint(tmp_path, 3, {})
    (tmp_path / ".abc.part").mkdir()
    (tmp_path / ".abc.part" / "model.safetensors").write_text("half")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000003"]


def test_begun_anew_nothing_is_left_to_go_on_from(tmp_path: Path) -> None:
    checkpoint(tmp_path, 3, {})
    discard(tmp_path)
    assert is_empty(tmp_path)


def test_a_folder_gets_its_name_with_all_that_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "file").write_text("whole")
    settle(tmp_path / "part", tmp_path / "final")
    assert (tmp_path / "final" / "file").read_text() == "whole"
    assert not (tmp_path / "part").exists()
