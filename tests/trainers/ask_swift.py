"""What ms-swift makes of files: its own loader, preprocessor and template, on a tokenizer of bytes.

Runs in its own environment, with nothing of ours beside it: ``python ask_swift.py JOBS.json ANSWERS.json``.

job      id, path, mode (train, rlhf or kto), template; or id and a script of ours to read the command of
answer   id, rows: one for each row that would be trained on, in order: text (the whole of it), said (what the loss is
         on) and, by mode, rejected or wanted; of a script told: what its flags say, and unknown: words that no flag of
         ms-swift is; or error: the class and words of what it raised
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import swift
import tiny_tokenizer
from swift.arguments import RLHFArguments, SftArguments
from swift.dataset import EncodePreprocessor, load_dataset
from swift.model import get_processor
from swift.template import get_template
from transformers import HfArgumentParser

NO_LOSS = -100


def answer(job: dict[str, Any], model: Path) -> dict[str, Any]:
    try:
        if "script" in job:
            return {"id": job["id"], "error": None, **_command(Path(job["script"]))}
        processor = _processor(model)
        template = get_template(processor, template_type=job["template"], max_length=10_000_000)
        template.set_mode(job["mode"])
        dataset, _ = load_dataset(job["path"], num_proc=None)
        encoded = EncodePreprocessor(template=template)(dataset, num_proc=None)
        rows = [_row(one, job["mode"], processor) for one in encoded]
    except Exception as error:  # the answer is what it raised
        return {"id": job["id"], "error": f"{type(error).__name__}: {error}"[:600], "rows": []}
    return {"id": job["id"], "error": None, "rows": rows}


@cache
def _processor(model: Path) -> Any:
    return get_processor(str(model), model_type="qwen2")


def _row(one: dict[str, Any], mode: str, processor: Any) -> dict[str, Any]:
    def words(ids: list[int]) -> str:
        return str(processor.decode([number for number in ids if number != NO_LOSS]))

    if mode == "train":
        return {"text": words(one["input_ids"]), "said": words(one["labels"])}
    found = {"text": words(one["chosen_input_ids"]), "said": words(one["chosen_labels"])}
    if mode == "kto":
        return found | {"wanted": one["label"]}
    return found | {"rejected": words(one["rejected_labels"])}


def _command(script: Path) -> dict[str, Any]:
    """The command of a script as ms-swift's own parser reads it. No arguments are made of it: they fetch a model."""
    words = shlex.split(script.read_text("utf-8").partition("|| exit 1\n")[2].replace("\\\n", " "))
    parser = HfArgumentParser(SftArguments if words[1] == "sft" else RLHFArguments)
    told, unknown = argparse.ArgumentParser.parse_known_args(parser, words[2:])
    names = ("dataset", "val_dataset", "max_length", "rlhf_type")
    return {"told": {name: getattr(told, name, None) for name in names}, "unknown": unknown}


def main(jobs: Path, answers: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        model = tiny_tokenizer.make(Path(name) / "model")
        (model / "config.json").write_text(
            json.dumps({"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "max_position_embeddings": 10**7})
        )
        found = [answer(job, model) for job in json.loads(jobs.read_text("utf-8"))]
    told = {"version": swift.__version__, "answers": found}
    answers.write_text(json.dumps(told, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
