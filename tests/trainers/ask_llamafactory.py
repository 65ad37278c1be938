"""What LLaMA-Factory makes of files: its own arguments, loader, converter and processor, on a tokenizer of bytes.

Runs in its own environment, with nothing of ours beside it: ``python ask_llamafactory.py JOBS.json ANSWERS.json``.

job      id, arguments (model and output folder are put in their place), and perhaps a yaml that they add to
answer   id, rows: one for each row that would be trained on, in order: text (the whole of it), said (what the loss is
         on) and, by stage, rejected or wanted; looked_at: those of the file to evaluate on; or error: the class and
         words of what it raised
"""

from __future__ import annotations

import copy
import importlib.machinery
import importlib.util
import json
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import tiny_tokenizer
import yaml

# LLaMA-Factory imports torchaudio to read sound; what PyPI has of it is linked with CUDA and does not load beside a
# torch without. Nothing here holds sound.
if importlib.util.find_spec("torchaudio") is None:
    sys.modules["torchaudio"] = types.ModuleType("torchaudio")
    sys.modules["torchaudio"].__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)

import llamafactory
from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
from llamafactory.extras.constants import IGNORE_INDEX
from llamafactory.hparams import get_train_args
from llamafactory.model import load_tokenizer

LOADED: list[Any] = []


def answer(job: dict[str, Any], model: Path, room: Path) -> dict[str, Any]:
    ready = yaml.safe_load(Path(job["yaml"]).read_text("utf-8")) if "yaml" in job else {}
    arguments = ready | job["arguments"] | {"model_name_or_path": str(model), "output_dir": str(room / "out")}
    try:
        model_args, data_args, training_args, finetuning_args, _ = get_train_args(arguments)
        tokenizer = _tokenizer(model_args)
        template = get_template_and_fix_tokenizer(tokenizer, data_args)
        stage = "rm" if finetuning_args.stage == "dpo" else finetuning_args.stage
        dataset = get_dataset(template, model_args, data_args, training_args, stage=stage, tokenizer=tokenizer)
        rows = [_row(one, stage, tokenizer) for one in dataset["train_dataset"]]
        looked_at = [_row(one, stage, tokenizer) for one in dataset.get("eval_dataset") or []]
    except Exception as error:  # the answer is what it raised
        return {"id": job["id"], "error": f"{type(error).__name__}: {error}"[:600], "rows": []}
    return {"id": job["id"], "error": None, "rows": rows, "looked_at": looked_at}


def _tokenizer(model_args: Any) -> Any:
    """The one tokenizer of all jobs, loaded once; a template's marks are put into a copy."""
    if not LOADED:
        LOADED.append(load_tokenizer(model_args)["tokenizer"])
    return copy.deepcopy(LOADED[0])


def _row(one: dict[str, Any], stage: str, tokenizer: Any) -> dict[str, Any]:
    def words(ids: list[int]) -> str:
        return str(tokenizer.decode([number for number in ids if number != IGNORE_INDEX]))

    if stage == "rm":
        return {
            "text": words(one["chosen_input_ids"]),
            "said": words(one["chosen_labels"]),
            "rejected": words(one["rejected_labels"]),
        }
    found = {"text": words(one["input_ids"]), "said": words(one["labels"])}
    return found | {"wanted": one["kto_tags"]} if stage == "kto" else found


def main(jobs: Path, answers: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        model = tiny_tokenizer.make(room / "model")
        found = [answer(job, model, room) for job in json.loads(jobs.read_text("utf-8"))]
    told = {"version": llamafactory.__version__, "answers": found}
    answers.write_text(json.dumps(told, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
