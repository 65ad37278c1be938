"""Every row of every training export comes out of the trainers' own loading code with the text it went in with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.exports.planted import info_of
from tests.trainers.asking import ROOT, ask, llamafactory_job, swift_job
from tests.trainers.meanings import CLOSE, OPEN, Meaning, meanings

SAMPLES = ROOT / "datasets" / "samples"
COTS = ("none", "inline", "think-tag")
SINGLE = ("alpaca", "sharegpt", "messages", "dpo", "kto")
STAGES = {"dpo": "dpo", "kto": "kto"}
MODES = {"sft": "train", "dpo": "rlhf", "kto": "kto"}
# Earlier turns and a system prompt, which the samples have none of.
CHAT = [
    {
        "instruction": "写一句诗",
        "input": "春天",
        "output": "春风又绿江南岸。",
        "system": "你是诗人。",
        "history": [["你好", "你好，请出题。"], ["短些好", "好的。"]],
    },
    {"instruction": "译成文言", "input": "我不知道。", "output": "吾不知也。"},
    {"instruction": "今天是哪天？", "input": "", "output": "2024-05-01"},
]


@dataclass(frozen=True)
class Asked:
    """A file, and what came out of a trainer for it."""

    path: Path
    answer: Mapping[str, Any]


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every training export of a simulated dataset: NAME.COT.jsonl, and folders NAME.COT."""
    desk = tmp_path_factory.mktemp("desk")
    (desk / "augment.toml").write_text("[providers]\nyi-34b.limits.rpm = 0\n", "utf-8")
    (desk / "chat.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in CHAT), "utf-8")
    _augment(
        desk, "import", str(SAMPLES / "problems.jsonl"), str(SAMPLES / "reading.jsonl"), "chat.jsonl", "--name", "d"
    )
    _augment(desk, "split", "d", "--ratios", "train=0.8,dev=0.2", "--seed", "7")
    for stage in ("reason", "wrong", "evaluate"):
        _augment(desk, stage, "d", "--provider", "yi-34b", "--simulate")
    for cot in COTS:
        for name in (*SINGLE, "answer-agent", "llama-factory", "ms-swift"):
            target = f"out/{name}.{cot}" + ("" if name in ("llama-factory", "ms-swift") else ".jsonl")
            _augment(desk, "export", "d", "--format", name, "--cot", cot, "-o", target, "--allow-simulated")
    _augment(
        desk, "export", "d", "--format", "evaluate-agent", "-o", "out/evaluate-agent.inline.jsonl", "--allow-simulated"
    )
    _augment(desk, "export", "d", "--format", "alpaca", "-o", "out/array.inline.json", "--allow-simulated")
    return desk / "out"


def _augment(desk: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "augment", *arguments], cwd=desk, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"augment {' '.join(arguments)}: {done.stderr[-2000:]}"


def _form(path: Path) -> str:
    """The format of a file by its name; what the two agents learn from is messages, an array here is alpaca."""
    name = path.name.partition(".")[0]
    return {"answer-agent": "messages", "evaluate-agent": "messages", "array": "alpaca"}.get(name, name)


@pytest.fixture(scope="session")
def by_llamafactory(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Asked]:
    room = tmp_path_factory.mktemp("llamafactory")
    jobs, paths = [], {}
    for path in sorted(exports.glob("*.json*")):
        if path.name.endswith("manifest.json"):
            continue
        folder = room / path.name
        folder.mkdir()
        (folder / path.name).symlink_to(path)
        (folder / "dataset_info.json").write_bytes(info_of(_form(path)).replace(b"rows.jsonl", path.name.encode()))
        stage = STAGES.get(_form(path), "sft")
        ways: list[tuple[str, dict[str, Any]]] = [("chatml", {"template": "chatml"})]
        if path.name.startswith("evaluate-agent"):
            ways.append(("masked", {"template": "chatml", "mask_history": True}))
        if ".think-tag." in path.name:
            ways += [("thinking", {"enable_thinking": True}), ("not thinking", {"enable_thinking": False})]
        for way, more in ways:
            name = f"{path.name} {way}"
            jobs.append(llamafactory_job(name, folder, "rows", stage, **more))
            paths[name] = path
    for folder in sorted(exports.glob("llama-factory.*")):
        for name, about in json.loads((folder / "dataset_info.json").read_text("utf-8")).items():
            stage = name.removeprefix("augment_").removesuffix("_dev")
            job = f"{folder.name} {name}"
            jobs.append(llamafactory_job(job, folder, name, stage, template="chatml"))
            paths[job] = folder / about["file_name"]
        for yaml in sorted(folder.glob("*.yaml")):
            job = f"{folder.name} {yaml.name}"
            here = {"dataset_dir": str(folder), "cutoff_len": 10_000_000, "use_cpu": True}  # bytes take more room
            jobs.append({"id": job, "yaml": str(yaml), "arguments": here})
            paths[job] = folder / f"{yaml.stem}.jsonl"
    _, answers = ask("llamafactory", jobs, room / "asked")
    return {name: Asked(paths[name], answer) for name, answer in answers.items()}


@pytest.fixture(scope="session")
def by_swift(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Asked]:
    jobs, paths = [], {}
    for path in sorted([*exports.glob("*.json*"), *exports.glob("ms-swift.*/*.jsonl")]):
        if path.name.endswith("manifest.json") or (_form(path) in STAGES and path.parent == exports):
            continue  # pairs and KTO as LLaMA-Factory has them
        way = path.stem.removesuffix("_dev") if path.parent != exports else "sft"
        name = f"{path.parent.name}/{path.name}" if path.parent != exports else path.name
        jobs.append(swift_job(name, path, MODES[way]))
        paths[name] = path
    for script in sorted(exports.glob("ms-swift.*/*.sh")):
        name = f"{script.parent.name}/{script.name}"
        jobs.append({"id": name, "script": str(script)})
        paths[name] = script
    _, answers = ask("ms-swift", jobs, tmp_path_factory.mktemp("swift") / "asked")
    return {name: Asked(paths[name], answer) for name, answer in answers.items()}


def _differences(asked: Asked, *, silent: bool = False) -> Iterator[str]:
    if asked.answer["error"]:
        yield f"{asked.path}: {asked.answer['error']}"
        return
    meant, rows = [one.row(silent=silent) for one in meanings(asked.path)], asked.answer["rows"]
    if len(meant) != len(rows):
        yield f"{asked.path}: {len(meant)} lines, {len(rows)} came out"
    for number, (one, other) in enumerate(zip(meant, rows, strict=False), 1):
        if one != other:
            yield f"{asked.path}, line {number}: {one!r} came out as {other!r}"


def test_llama_factory_takes_every_row_of_every_file_as_it_is(by_llamafactory: Mapping[str, Asked]) -> None:
    plain = {name: asked for name, asked in by_llamafactory.items() if name.endswith("chatml") or " augment_" in name}
    assert len(plain) == 3 * 6 + 2 + 3 * 6, "single files, the agents' and the array, three folders of six"
    assert not [found for asked in plain.values() for found in _differences(asked)][:3]


def test_ms_swift_takes_every_row_of_every_file_as_it_is(by_swift: Mapping[str, Asked]) -> None:
    files = [asked for name, asked in by_swift.items() if not name.endswith(".sh")]
    assert len(files) == 3 * 4 + 2 + 3 * 6
    assert not [found for asked in files for found in _differences(asked, silent=True)][:3]


def test_llama_factory_keeps_the_reasoning_with_thinking_on(by_llamafactory: Mapping[str, Asked]) -> None:
    kept = [asked for name, asked in by_llamafactory.items() if name.endswith(" thinking") and "not" not in name]
    assert len(kept) == 6
    for asked in kept:
        for meant, row in zip(meanings(asked.path), asked.answer["rows"], strict=True):
            thought = meant.answer.startswith(OPEN)
            empty = "" if thought else OPEN.strip() + "\n\n" + CLOSE.strip() + "\n\n"
            assert row["said"].endswith(f"{empty}{meant.answer}<|im_end|>\n"), f"{asked.path}: {row['said']!r}"


def test_llama_factory_takes_the_reasoning_out_with_thinking_off(by_llamafactory: Mapping[str, Asked]) -> None:
    stripped = [asked for name, asked in by_llamafactory.items() if name.endswith("not thinking")]
    assert len(stripped) == 6
    for asked in stripped:
        for meant, row in zip(meanings(asked.path), asked.answer["rows"], strict=True):
            answer = meant.answer.rpartition(CLOSE)[2]
            assert row["said"].endswith(f"{answer}<|im_end|>\n")
            assert "<think>" not in row["said"]
            if meant.rejected is not None:
                assert row["rejected"] == f"{meant.rejected.rpartition(CLOSE)[2]}<|im_end|>\n"


def test_a_second_agent_learns_its_own_turn_alone(
    by_llamafactory: Mapping[str, Asked], by_swift: Mapping[str, Asked]
) -> None:
    name = "evaluate-agent.inline.jsonl"
    for asked in (by_llamafactory[f"{name} masked"], by_swift[name]):
        meant = meanings(asked.path)
        assert all(one.silent for one in meant)
        assert [row["said"] for row in asked.answer["rows"]] == [f"{one.answer}<|im_end|>\n" for one in meant]


def test_every_yaml_is_understood_and_finds_every_row(by_llamafactory: Mapping[str, Asked]) -> None:
    ready = {name: asked for name, asked in by_llamafactory.items() if name.endswith(".yaml")}
    assert len(ready) == 9
    for name, asked in ready.items():
        assert asked.answer["error"] is None, name
        meant = meanings(asked.path)
        assert len(asked.answer["rows"]) == len(meant), name
        assert len(asked.answer["looked_at"]) == len(meanings(asked.path.with_name(f"{asked.path.stem}_dev.jsonl")))


def test_every_script_is_understood_and_names_its_files(by_swift: Mapping[str, Asked]) -> None:
    scripts = [asked for name, asked in by_swift.items() if name.endswith(".sh")]
    assert len(scripts) == 9
    for asked in scripts:
        way = asked.path.stem
        assert asked.answer["error"] is None
        assert asked.answer["unknown"] == []
        told = asked.answer["told"]
        assert (told["dataset"], told["val_dataset"]) == ([f"{way}.jsonl"], [f"{way}_dev.jsonl"])
        assert told["rlhf_type"] == (None if way == "sft" else way)
        assert max(one.size for one in meanings(asked.path.with_suffix(".jsonl"))) <= told["max_length"]


def test_every_line_fits_into_the_length_a_yaml_gives(exports: Path) -> None:
    for yaml in exports.glob("llama-factory.*/*.yaml"):
        length = int(re.findall(r"^cutoff_len: (\d+)$", yaml.read_text("utf-8"), re.MULTILINE)[0])
        for meant in meanings(yaml.with_suffix(".jsonl")):
            assert meant.size <= length


def test_the_same_row_says_the_same_in_every_format(exports: Path) -> None:
    for cot in COTS:
        alpaca, sharegpt, messages = (meanings(exports / f"{name}.{cot}.jsonl") for name in SINGLE[:3])
        assert alpaca == sharegpt == messages


def test_without_reasoning_an_answer_is_all_that_is_said(exports: Path) -> None:
    for name in ("alpaca", "kto"):
        for meant in _questions(exports / f"{name}.none.jsonl"):
            assert re.fullmatch(r"答案是：[A-Z]+", meant.answer)


def _questions(path: Path) -> list[Meaning]:
    found = [one for one in meanings(path) if one.answer not in {row["output"] for row in CHAT}]
    assert len(found) > 100
    return found
