"""Folders for LLaMA-Factory and ms-swift: what there is to train on, told to the trainer in its own words."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.exports.desk import argued, desk, read, reasoned

yaml = pytest.importorskip("yaml")

ROWS = [reasoned(1), argued(reasoned(1)), reasoned(2, "A")]
DEV = [reasoned(5, split="dev"), argued(reasoned(5, split="dev")), reasoned(6, split="test")]


def info(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "dataset_info.json").read_bytes())
    return found


def test_the_names_are_ascii_and_every_column_of_a_line_is_named(tmp_path: Path) -> None:
    with desk(tmp_path, ROWS) as at:
        folder = at.export("llama-factory").path
    assert (folder / "dataset_info.json").read_bytes().isascii()
    assert list(info(folder)) == ["augment_sft", "augment_dpo", "augment_kto"]
    for entry in info(folder).values():
        lines = read(folder / entry["file_name"])
        assert lines and all(set(line) == set(entry["columns"].values()) for line in lines)
    assert info(folder)["augment_dpo"]["ranking"] is True


def test_each_run_names_its_dataset_and_has_room_for_the_longest_line(tmp_path: Path) -> None:
    with desk(tmp_path, [*ROWS, reasoned(3, problem="很长的题目。" * 400)]) as at:
        folder = at.export("llama-factory").path
    for way in ("sft", "dpo", "kto"):
        told = yaml.safe_load((folder / f"{way}.yaml").read_text("utf-8"))
        assert (told["stage"], told["dataset"], told["dataset_dir"]) == (way, f"augment_{way}", ".")
        assert told["dataset"] in info(folder)
        longest = max(sum(map(len, filter(None, map(str, line.values())))) for line in read(folder / f"{way}.jsonl"))
        assert told["cutoff_len"] >= longest - 300 if way == "dpo" else told["cutoff_len"] >= longest - 20
        assert told["output_dir"].startswith("../"), "the folder is replaced as a whole"


def test_only_what_can_be_trained_is_there(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1), reasoned(2)]) as at:
        folder = at.export("llama-factory").path
        other = at.export("ms-swift").path
    assert sorted(path.name for path in folder.iterdir()) == [
        "dataset_info.json", "manifest.json", "sft.jsonl", "sft.yaml",
    ]  # fmt: skip
    assert sorted(path.name for path in other.iterdir()) == ["manifest.json", "sft.jsonl", "sft.sh"]


def test_dev_rows_are_looked_at_and_test_rows_stay_at_home(tmp_path: Path) -> None:
    with desk(tmp_path, [*ROWS, *DEV]) as at:
        done = at.export("llama-factory")
        folder = done.path
    assert len(read(folder / "sft.jsonl")) == 2
    assert [len(read(folder / f"{way}_dev.jsonl")) for way in ("sft", "dpo", "kto")] == [1, 1, 2]
    told = yaml.safe_load((folder / "sft.yaml").read_text("utf-8"))
    assert told["eval_dataset"] == "augment_sft_dev" in info(folder)
    assert done.told["left_out"] == {"split": 1}


def test_dev_rows_with_nothing_beside_them_are_not_trained_on(tmp_path: Path) -> None:
    with desk(tmp_path, [reasoned(1), *DEV[:2]]) as at:
        done = at.export("ms-swift")
    assert sorted(path.name for path in done.path.glob("*.jsonl")) == ["sft.jsonl", "sft_dev.jsonl"]
    assert done.told["rows_out"] + sum(done.told["left_out"].values()) == 3
    assert done.told["left_out"] == {"wrong reasoning": 1}


def test_a_split_asked_for_by_name_is_all_to_train_on(tmp_path: Path) -> None:
    with desk(tmp_path, [*ROWS, *DEV]) as at:
        folder = at.export("ms-swift", split="dev").path
    assert sorted(path.name for path in folder.glob("*.jsonl")) == ["dpo.jsonl", "kto.jsonl", "sft.jsonl"]


def test_ms_swift_has_the_rejected_answer_and_the_label_beside_the_messages(tmp_path: Path) -> None:
    with desk(tmp_path, ROWS) as at:
        folder = at.export("ms-swift").path
    (pair,) = read(folder / "dpo.jsonl")
    assert (pair["messages"][-1]["content"][-1], pair["rejected_response"][-1]) == ("B", "C")
    labels = {line["messages"][-1]["content"][-1]: line["label"] for line in read(folder / "kto.jsonl")}
    assert labels == {"B": True, "C": False, "A": True}


def test_ms_swift_s_commands_name_files_that_are_there(tmp_path: Path) -> None:
    with desk(tmp_path, [*ROWS, *DEV]) as at:
        folder = at.export("ms-swift").path
    for way, begin in (
        ("sft", "swift sft"),
        ("dpo", "swift rlhf --rlhf_type dpo"),
        ("kto", "swift rlhf --rlhf_type kto"),
    ):
        command = (folder / f"{way}.sh").read_text("utf-8").partition(begin)[2]
        flags = shlex.split(command.replace("\\\n", " "))
        given = dict(zip(flags[::2], flags[1::2], strict=True))
        assert (folder / given["--dataset"]).is_file() and (folder / given["--val_dataset"]).is_file()
        assert int(given["--max_length"]) >= 1024
