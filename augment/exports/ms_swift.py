"""ms-swift: a folder: SFT, DPO and KTO files as messages, a command for each."""

from __future__ import annotations

from typing import Any

from augment.exports._bundle import MODEL, Part, write_parts
from augment.exports._chat import Example
from augment.exports._format import DRAWN, SPEAKING, Format, Job, Written
from augment.exports._turns import conversation

_RATES = {"sft": "1e-4", "dpo": "5e-6", "kto": "5e-6"}


def _solution(example: Example) -> dict[str, Any]:
    return {"messages": conversation(example)}


def _pair(example: Example) -> dict[str, Any]:
    return {"messages": conversation(example), "rejected_response": example.rejected}


def _labelled(example: Example) -> dict[str, Any]:
    return {"messages": conversation(example), "label": example.label}


def write(job: Job) -> list[Written]:
    """The files and the commands."""
    parts, written = write_parts(job, {"sft": _solution, "dpo": _pair, "kto": _labelled}, "ms-swift")
    for part in parts:
        text = _script(part)
        (job.room / f"{part.way}.sh").write_text(text, "utf-8", newline="\n")
        written.append(Written(f"{part.way}.sh", text.count("\n")))
    return written


def _script(part: Part) -> str:
    """A LoRA run, ms-swift's default tuner. What it saves lies outside the folder, which the next export replaces."""
    command = "swift sft" if part.way == "sft" else f"swift rlhf --rlhf_type {part.way}"
    flags = [
        f"--model {MODEL}",
        f"--dataset {part.train_file}",
        f"--val_dataset {part.dev_file}" if part.dev else "--split_dataset_ratio 0",
        f"--max_length {part.length}",
        "--torch_dtype bfloat16",
        "--num_train_epochs 3",
        "--per_device_train_batch_size 1",
        "--gradient_accumulation_steps 8",
        f"--learning_rate {_RATES[part.way]}",
        "--lora_rank 8",
        "--lora_alpha 32",
        "--target_modules all-linear",
        "--warmup_ratio 0.05",
        f"--output_dir ../saves/qwen2-7b-instruct/{part.way}",
    ]
    joined = " \\\n    ".join([command, *flags])
    return (
        "#!/bin/sh\n"
        "# The longest line fits into max_length; ms-swift drops a line that does not, without a word.\n"
        'cd "$(dirname "$0")" || exit 1\n'
        f"{joined}\n"
    )


FORMAT = Format(
    kinds=("solutions", "pairs", "labelled"),
    write=write,
    takes=SPEAKING | DRAWN | {"attempts"},
    tested=True,
    folder=True,
)
