"""A scorer's folder as ``augment scorer train`` leaves it, without a model in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from augment.scorer._texts import template_id

FILES = ("config.json", "model.safetensors", "tokenizer.json")


def write_card(folder: Path, **changes: Any) -> Path:
    """The folder with a card that can be read. changes: fields that are to be otherwise; ... takes one away."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (folder / name).write_text(name)
    told: dict[str, Any] = {
        "format": 1,
        "name": folder.name,
        "edition": "0123456789ab",
        "template": template_id(),
        "max_tokens": 256,
        "temperature": 1.5,
        "simulated": False,
        "labels": ["wrong", "right"],
        "files": {name: hashlib.sha256(name.encode()).hexdigest() for name in FILES},
        "base": {"name": "base", "architecture": "Qwen2ForSequenceClassification"},
        "data": {"dataset": "d", "version": 1},
        "training": {"asked": {}},
        "metrics": {},
        "threshold": {"score": 0.6},
        **changes,
    }
    text = json.dumps({name: value for name, value in told.items() if value is not ...})
    (folder / "scorer.json").write_text(text, "utf-8")
    return folder
