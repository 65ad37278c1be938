"""Puts files before the trainers in their own environments, and compares what comes out."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.exports.faults import Fault
from tests.exports.planted import info_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HOMES = ROOT / ".trainers"
ASKERS = {"llamafactory": "ask_llamafactory.py", "ms-swift": "ask_swift.py"}
STAGES = {"dpo": "dpo", "kto": "kto"}
MODES = {"ms-swift:dpo": "rlhf", "ms-swift:kto": "kto"}


def ask(trainer: str, jobs: Sequence[Mapping[str, Any]], room: Path) -> tuple[str, dict[str, dict[str, Any]]]:
    """The trainer's version and its answer to each job by id. room: an empty folder; nothing is fetched."""
    room.mkdir(parents=True)
    asked, answered = room / "jobs.json", room / "answers.json"
    asked.write_text(json.dumps(jobs, ensure_ascii=False), "utf-8")
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    caches = {"HF_HOME": str(room / "hf"), "MODELSCOPE_CACHE": str(room / "ms"), "HOME": str(room)}
    log = room / "log.txt"
    with log.open("w", encoding="utf-8") as file:
        command = [str(HOMES / trainer / "bin" / "python"), str(HERE / ASKERS[trainer])]
        done = subprocess.run(
            [*command, str(asked), str(answered)],
            env={**os.environ, **offline, **caches, "PYTHONWARNINGS": "ignore"},
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{trainer} ended with {done.returncode}: {log.read_text('utf-8')[-3000:]}")
    told = json.loads(answered.read_text("utf-8"))
    return told["version"], {one["id"]: one for one in told["answers"]}


def llamafactory_job(name: str, folder: Path, dataset: str, stage: str, **more: Any) -> dict[str, Any]:
    """A job for LLaMA-Factory: a dataset of a folder with a dataset_info.json."""
    arguments = {
        "stage": stage,
        "do_train": True,
        "finetuning_type": "lora",
        "dataset": dataset,
        "dataset_dir": str(folder),
        "template": "qwen3",
        "enable_thinking": False,
        "cutoff_len": 10_000_000,
        "overwrite_cache": True,
        "report_to": "none",
    }
    return {"id": name, "arguments": arguments | more}


def swift_job(name: str, path: Path, mode: str, template: str = "chatml") -> dict[str, Any]:
    """A job for ms-swift: one file."""
    return {"id": name, "path": str(path), "mode": mode, "template": template}


def verdicts(trainer: str, faults: Iterable[Fault], room: Path) -> tuple[str, dict[str, dict[str, Any]]]:
    """The trainer's version, and by fault what it did: accepted, altered, dropped or error, and in which words."""
    jobs: dict[str, dict[str, Any]] = {}
    pairs: dict[str, tuple[str, str]] = {}
    for fault in faults:
        if trainer in fault.readers:
            both = [_job(trainer, fault, room, twin=twin) for twin in (False, True)]
            jobs |= {job["id"]: job for job in both}
            pairs[fault.name] = (both[0]["id"], both[1]["id"])
    version, answers = ask(trainer, list(jobs.values()), room / "asked")
    return version, {name: _verdict(answers[one], answers[twin]) for name, (one, twin) in pairs.items()}


def _job(trainer: str, fault: Fault, room: Path, *, twin: bool) -> dict[str, Any]:
    """What is asked of the fault's files; the same of the same files, so that it is asked once."""
    files = fault.twin if twin else fault.files
    form = MODES.get(fault.kind, "train") if trainer == "ms-swift" else fault.kind
    name = hashlib.sha256(repr((form, sorted(files.items()))).encode()).hexdigest()[:16]
    folder = room / name
    path = fault.write(folder, twin=twin)
    if trainer == "ms-swift":
        return swift_job(name, path, MODES.get(fault.kind, "train"))
    if fault.kind != "info":
        told = info_of(fault.kind).replace(b"rows.jsonl", path.name.encode())
        (folder / "dataset_info.json").write_bytes(told)
    form = _form(fault) if fault.kind == "info" else fault.kind
    return llamafactory_job(name, folder, "rows", STAGES.get(form, "sft"))


def _form(fault: Fault) -> str:
    """For which training an entry was meant: by its good twin."""
    told = json.loads(fault.twin["dataset_info.json"])["rows"]
    return "dpo" if told.get("ranking") else "kto" if "kto_tag" in told["columns"] else "sft"


def _verdict(answer: Mapping[str, Any], twin: Mapping[str, Any]) -> dict[str, Any]:
    if twin["error"]:
        raise RuntimeError(f"the good twin of {answer['id']} is refused: {twin['error']}")
    if answer["error"]:
        return {"verdict": "error", "words": " ".join(answer["error"].split())[:160]}
    rows, good = answer["rows"], twin["rows"]
    if len(rows) < len(good):
        return {"verdict": "dropped", "words": f"{len(rows)} of {len(good)} rows came out"}
    if rows != good:
        other = next(number for number, row in enumerate(rows) if number >= len(good) or row != good[number])
        part = next(part for part in rows[other] if other >= len(good) or rows[other][part] != good[other][part])
        return {"verdict": "altered", "words": f"row {other + 1}, {part}: {str(rows[other][part])[-120:]}"}
    return {"verdict": "accepted", "words": ""}
