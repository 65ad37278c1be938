"""llama-factory: a folder: SFT, DPO and KTO files, dataset_info.json, a LoRA YAML for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from augment.exports._alpaca import labelled, pair, solution
from augment.exports._bundle import MODEL, Part, write_parts
from augment.exports._format import DRAWN, SPEAKING, Format, Job, Written

# Names in ASCII without commas: LLaMA-Factory opens dataset_info.json in the locale's encoding, and a comma divides two
# datasets. `columns` names every column that is there: what it leaves out counts as absent (data/parser.py).
_NAME = "augment_{}"
_ASKED = {"prompt": "instruction", "query": "input", "system": "system", "history": "history"}
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "sft": {**_ASKED, "response": "output"},
    "dpo": {**_ASKED, "chosen": "chosen", "rejected": "rejected"},
    "kto": {**_ASKED, "response": "output", "kto_tag": "kto_tag"},
}
_RATES = {"sft": "1.0e-4", "dpo": "5.0e-6", "kto": "5.0e-6"}


def write(job: Job) -> list[Written]:
    """The files, what LLaMA-Factory must know of them, and how to begin."""
    lines = {"sft": solution, "dpo": pair, "kto": labelled}
    parts, written = write_parts(job, lines, "llama-factory")
    info = {name: entry for part in parts for name, entry in _entries(part).items()}
    texts = {"dataset_info.json": json.dumps(info, ensure_ascii=True, indent=2) + "\n"}
    texts |= {f"{part.way}.yaml": _yaml(part) for part in parts}
    for name, text in texts.items():
        (job.room / name).write_text(text, "utf-8", newline="\n")
        written.append(Written(name, text.count("\n")))
    return written


def _entries(part: Part) -> dict[str, Any]:
    about: dict[str, Any] = {"columns": _COLUMNS[part.way]}
    if part.way == "dpo":
        about["ranking"] = True
    name = _NAME.format(part.way)
    found = {name: {"file_name": part.train_file, **about}}
    return found | ({f"{name}_dev": {"file_name": part.dev_file, **about}} if part.dev else {})


def _yaml(part: Part) -> str:
    """A LoRA run over the file. What it saves lies outside the folder, which the next export replaces as a whole."""
    name = _NAME.format(part.way)
    preference = "pref_beta: 0.1\n" + ("pref_loss: sigmoid\n" if part.way == "dpo" else "")
    evaluated = f"eval_dataset: {name}_dev\nper_device_eval_batch_size: 1\neval_strategy: steps\neval_steps: 200\n"
    return (
        f"# In this folder: llamafactory-cli train {part.way}.yaml\n"
        f"model_name_or_path: {MODEL}\n"
        f"stage: {part.way}\n"
        "do_train: true\n"
        "finetuning_type: lora\n"
        "lora_rank: 8\n"
        "lora_target: all\n"
        f"{preference if part.way != 'sft' else ''}"
        "dataset_dir: .\n"
        f"dataset: {name}\n"
        "template: qwen\n"
        f"# The longest line fits; a line that does not is cut without a word.\ncutoff_len: {part.length}\n"
        f"output_dir: ../saves/qwen2-7b-instruct/{part.way}\n"
        "logging_steps: 10\n"
        "save_steps: 200\n"
        "per_device_train_batch_size: 1\n"
        "gradient_accumulation_steps: 8\n"
        f"learning_rate: {_RATES[part.way]}\n"
        "num_train_epochs: 3.0\n"
        "lr_scheduler_type: cosine\n"
        "warmup_ratio: 0.1\n"
        "bf16: true\n"
        "report_to: none\n"
        f"{evaluated if part.dev else ''}"
    )


FORMAT = Format(
    kinds=("solutions", "pairs", "labelled"),
    write=write,
    takes=SPEAKING | DRAWN | {"attempts"},
    tested=True,
    folder=True,
)
