"""An export takes its place as a whole or not at all, and never that of something it did not write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from augment.errors import AugmentError, DiskTrouble, FixableError
from augment.exports import _exporting, _files
from tests.exports.desk import argued, desk, reasoned

ROWS = [reasoned(1), argued(reasoned(1))]


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_file_is_replaced_with_its_manifest_and_nothing_else_is_left(tmp_path: Path) -> None:
    with desk(tmp_path, ROWS) as at:
        at.export("alpaca", "a.jsonl", cot="none")
        at.export("alpaca", "a.jsonl")
        told = json.loads((at.out / "a.jsonl.manifest.json").read_text("utf-8"))
    assert listing(at.out) == ["a.jsonl", "a.jsonl.manifest.json"]
    assert told["options"]["cot"] == "inline"


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    with desk(tmp_path, ROWS) as at:
        at.export("llama-factory", "lf")
        before = listing(at.out)
        at.export("llama-factory", "lf", where="label = 'right'")
    assert {"lf/dpo.jsonl", "lf/kto.yaml"} <= set(before)
    assert listing(at.out) == [
        "lf",
        *(f"lf/{name}" for name in ("dataset_info.json", "manifest.json", "sft.jsonl", "sft.yaml")),
    ]


@pytest.mark.parametrize("name", ["notes.txt", "saves/adapter.bin"])
def test_a_folder_with_something_of_somebody_else_is_left_alone(tmp_path: Path, name: str) -> None:
    with desk(tmp_path, ROWS) as at:
        folder = at.export("ms-swift", "out").path
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("mine", "utf-8")
        before = listing(at.out)
        with pytest.raises(FixableError, match=name):
            at.export("ms-swift", "out")
        assert listing(at.out) == before


def test_a_folder_that_no_export_made_is_left_alone(tmp_path: Path) -> None:
    with desk(tmp_path, ROWS) as at:
        (at.out / "hf").mkdir(parents=True)
        (at.out / "hf" / "manifest.json").write_text('{"files": []}', "utf-8")
        with pytest.raises(FixableError, match="manifest"):
            at.export("hf", "hf")
        assert listing(at.out) == ["hf", "hf/manifest.json"]


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    with desk(tmp_path, ROWS) as at:
        (at.out / "hf").mkdir(parents=True)
        at.export("hf", "hf")
        assert (at.out / "hf" / "README.md").is_file()


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    with desk(tmp_path, ROWS) as at:
        at.export("alpaca", "x")
        with pytest.raises(FixableError, match="file stands"):
            at.export("hf", "x")
        with pytest.raises(FixableError, match="folder stands"):
            at.export("alpaca", "../out")


def test_a_format_that_fails_leaves_the_old_export_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk(tmp_path, ROWS) as at:
        at.export("alpaca", "a")
        before = {name: (at.out / name).read_bytes() for name in listing(at.out)}

        def refuse(*_: object) -> None:
            raise AugmentError("a, line 1, output: what a trainer would skip")

        monkeypatch.setattr(_exporting, "read_back", refuse)
        with pytest.raises(AugmentError, match="line 1, output"):
            at.export("alpaca", "a", cot="none")
        assert {name: (at.out / name).read_bytes() for name in listing(at.out)} == before


def test_what_a_killed_export_left_is_swept_by_the_next(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    with desk(tmp_path, ROWS) as at:
        at.out.mkdir()
        left, running = (at.out / f".a.{pid}.0.part" for pid in (dead.stdout.strip(), os.getpid()))
        for folder in (left, running):
            folder.mkdir()
        at.export("alpaca", "a")
    assert (left.exists(), running.exists()) == (False, True)


def test_a_folder_taken_away_by_an_export_that_died_is_put_back_by_the_next_one(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    with desk(tmp_path, ROWS) as at:
        folder = at.export("ms-swift", "out").path
        before = listing(folder)
        room = at.out / f".out.{dead.stdout.strip()}.0.part"
        room.mkdir()
        folder.rename(room / "replaced")
        with pytest.raises(FixableError):
            at.export("ms-swift", "out", where="false")
        assert (listing(folder), room.exists()) == (before, False)


def test_the_old_manifest_is_gone_before_the_new_file_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    replace = Path.replace

    def watched(path: Path, target: Path) -> Path:
        seen.append((tmp_path / "out" / "a.manifest.json").exists())
        return replace(path, target)

    with desk(tmp_path, ROWS) as at:
        at.export("alpaca", "a")
        monkeypatch.setattr(Path, "replace", watched)
        at.export("alpaca", "a")
    assert seen[-2:] == [False, False]


def test_a_full_disk_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    with desk(tmp_path, ROWS) as at:
        monkeypatch.setattr(_files, "sync_file", full)
        with pytest.raises(DiskTrouble, match="full"):
            at.export("alpaca", "a")
        assert listing(at.out) == []


@pytest.mark.parametrize("form", ["alpaca", "ms-swift"])
def test_an_export_killed_anywhere_leaves_the_old_or_the_new_one_whole(tmp_path: Path, form: str) -> None:
    with desk(tmp_path, ROWS):
        pass
    done = subprocess.run(
        [sys.executable, "-m", "tests.exports.killed", str(tmp_path), form],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    moments = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(moments) >= 6
    new = moments[-1]["left"]
    assert (new["cot"], moments[0]["before"]["cot"]) == ("none", "inline")
    for moment in moments:
        left = moment["left"]
        assert left["true"] and moment["healed"], moment
        whole = (moment["before"]["hashes"], new["hashes"], {})
        assert left["hashes"] in whole, moment
        if left["cot"] is not None:
            assert left["hashes"] == (new if left["cot"] == "none" else moment["before"])["hashes"]


def test_a_link_stays_one_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    with desk(tmp_path, ROWS) as at:
        at.export("alpaca", "real")
        (at.out / "link").symlink_to("real")
        done = at.export("alpaca", "link", cot="none")
    assert (at.out / "link").is_symlink()
    assert json.loads(done.manifest.read_text("utf-8"))["files"][0]["file"] == "real"
    assert listing(at.out) == ["link", "real", "real.manifest.json"]
