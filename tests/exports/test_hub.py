"""A folder as the Hugging Face hub has it, read back with what its users have."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from augment.importers import read_rows
from tests.exports.desk import desk, reasoned

yaml = pytest.importorskip("yaml")


def test_shards_stand_by_split_under_the_names_the_hub_knows(tmp_path: Path) -> None:
    rows = [reasoned(1), reasoned(2, split="train"), reasoned(3, split="dev"), reasoned(4, split="test")]
    with desk(tmp_path, rows) as at:
        folder = at.export("hf").path
    found = {str(path.relative_to(folder)): pq.read_table(path).num_rows for path in folder.rglob("*.parquet")}
    assert found == {
        "data/train-00000-of-00001.parquet": 2,
        "data/validation-00000-of-00001.parquet": 1,
        "data/test-00000-of-00001.parquet": 1,
    }


def test_many_rows_are_divided_into_numbered_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augment.exports.hf.SHARD", 3)
    monkeypatch.setattr("augment.exports.hf.GROUP", 2)
    with desk(tmp_path, [reasoned(number) for number in range(1, 8)]) as at:
        paths = sorted((at.export("hf").path / "data").iterdir())
    assert [path.name for path in paths] == [f"train-0000{number}-of-00003.parquet" for number in range(3)]
    ids = [row_id for path in paths for row_id in pq.read_table(path).column("row_id").to_pylist()]
    assert ids == [f"{number:032x}" for number in range(1, 8)]


@pytest.mark.parametrize("split", ["答" * 300, "a/../../b", "", "..", "x y"], ids=ascii)
def test_a_split_of_any_name_is_a_file_in_the_folder(tmp_path: Path, split: str) -> None:
    with desk(tmp_path, [reasoned(1, split=split)]) as at:
        (path,) = (at.export("hf").path / "data").iterdir()
    assert path.name.endswith("-00000-of-00001.parquet") and pq.read_table(path).num_rows == 1


def test_the_card_s_front_is_yaml_that_names_the_files(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1), reasoned(2, split="dev")]) as at:
        _, front, body = (at.export("hf", license="cc-by-4.0").path / "README.md").read_text("utf-8").split("---\n", 2)
    told = yaml.safe_load(front)
    assert told["language"] == ["zh"]
    assert told["license"] == "cc-by-4.0"
    assert "synthetic" in told["tags"]
    assert told["size_categories"] == ["n<1K"]
    assert told["configs"][0]["data_files"] == [
        {"split": "train", "path": "data/train-*"},
        {"split": "validation", "path": "data/validation-*"},
    ]
    assert "| yi-34b | 2 |" in body


def test_no_licence_is_claimed_unless_given(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1)]) as at:
        assert "license" not in (at.export("hf").path / "README.md").read_text("utf-8").split("---\n")[1]


def test_a_rehearsal_says_so_on_its_card(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1, provider="sim:yi-34b")]) as at:
        assert "A rehearsal: 1 rows" in (at.export("hf", allow_simulated=True).path / "README.md").read_text("utf-8")


def test_who_decided_does_not_leave_the_house(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1, decision="accept")]) as at:
        (path,) = at.export("hf").path.rglob("*.parquet")
    table = pq.read_table(path)
    assert "decisions" not in table.column_names
    assert table.column("decision").to_pylist() == ["accept"]


def test_what_went_out_can_come_in_again(tmp_path: Path) -> None:
    row = reasoned(1, tags=["x"], permutation=[1, 0], votes=[{"letters": "B", "count": 3}])
    with desk(tmp_path, [row]) as at:
        (path,) = at.export("hf").path.rglob("*.parquet")
    (back,) = read_rows(path.read_bytes(), name="x").rows
    assert back == row
