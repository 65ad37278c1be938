"""The classifier itself: opened from safetensors alone and without its maker's code; texts in, margins out.

torch and transformers come as modules loaded when the first one is wanted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from augment.errors import BadInput, FixableError, NotFound
from augment.scorer._card import FILE, Card, read_card
from augment.scorer._extra import HINT, load

# What is fetched from a hub: nothing that is a pickle or code.
WANTED = ("config.json", "*.safetensors", "*.safetensors.index.json", "tokenizer*", "vocab*", "merges.txt", "*.model")
LABELS = {0: "wrong", 1: "right"}
HASHED_AT_ONCE = 1 << 22
NO_ROOM = ("out of memory", "allocate memory")


@dataclass(frozen=True, slots=True)
class Base:
    """What a scorer is made from. folder: where it is here, None for a name on the hub that is not fetched yet.
    commit: the hub's, once fetched."""

    name: str
    folder: Path | None
    revision: str = ""
    commit: str | None = None


def find_base(name: str, revision: str = "") -> Base:
    """A folder here, else a name on the hub, which is asked for no file yet. Raises NotFound, BadInput."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        _check_whole(folder)
        return Base(folder.resolve().name, folder.resolve())
    if folder.exists() or name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise NotFound(
            f"no folder {name!r} to start from",
            hint="a folder with config.json, tokenizer and *.safetensors, or a name on the hub: Qwen/Qwen2-0.5B",
        )
    return Base(name, None, revision)


def fetched(base: Base) -> tuple[Base, Path]:
    """The base with its folder here; one on the hub is fetched into the hub's own cache: safetensors and the texts that
    go with them. Raises NotFound, BadInput."""
    if base.folder is not None:
        return base, base.folder
    hub = load("huggingface_hub")
    try:
        folder = Path(hub.snapshot_download(base.name, revision=base.revision or None, allow_patterns=list(WANTED)))
    except (OSError, ValueError, load("httpx").HTTPError, hub.errors.HfHubHTTPError) as error:
        raise NotFound(
            f"{base.name!r} cannot be had from the hub: {_first_line(error)}",
            hint="check the name and the network; or copy the model's folder here some other way and name that",
        ) from error
    _check_whole(folder)
    return replace(base, folder=folder, commit=folder.name), folder


def identity_of(folder: Path) -> str:
    """What tells a base from another: a hash over config, weights and tokenizer."""
    names = [folder / "config.json", *sorted(folder.glob("*.safetensors")), *sorted(folder.glob("tokenizer*.json"))]
    return hashlib.sha256("".join(sha256_of(path) for path in names).encode()).hexdigest()[:16]


def _check_whole(folder: Path) -> None:
    weights = sorted(folder.glob("*.safetensors"))
    if not (folder / "config.json").is_file():
        raise BadInput(
            f"{str(folder)!r} holds no config.json", hint="name the folder of a model in Hugging Face's form"
        )
    if not weights:
        others = sorted(path.name for pattern in ("*.bin", "*.pt", "*.pth") for path in folder.glob(pattern))
        told = f"; {others[0]!r} is a pickle, which could run any code, and is not read" if others else ""
        raise BadInput(
            f"{str(folder)!r} holds no *.safetensors{told}",
            hint="take the model's edition in safetensors, or save it again with save_pretrained",
        )
    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json", "vocab.txt", "tokenizer.model")):
        raise BadInput(
            f"{str(folder)!r} holds no tokenizer", hint="copy tokenizer.json and tokenizer_config.json there"
        )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(HASHED_AT_ONCE):
            found.update(part)
    return found.hexdigest()


def device_of(wanted: str) -> Any:
    """``auto``: the first accelerator, else the processor. Raises FixableError where the wanted one is not there."""
    torch = load("torch")
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise FixableError(
            "this machine has no CUDA device that torch can use", hint="--device cpu, or another machine"
        )
    return torch.device("cuda" if wanted == "cuda" or (wanted == "auto" and there) else "cpu")


def open_base(base: Base, seed: int) -> tuple[Any, Any, dict[str, Any]]:
    """The base with a new head of two labels, its tokenizer, and what to note of it. Raises NotFound, BadInput,
    FixableError."""
    base, folder = fetched(base)
    torch = load("torch")
    torch.manual_seed(seed)  # the head is new: its first weights are drawn
    model, tokenizer = _open(str(folder), num_labels=2, id2label=LABELS)
    noted = {
        "name": base.name,
        "commit": base.commit,
        "architecture": type(model).__name__,
        "parameters": sum(one.numel() for one in model.parameters()),
    }
    return model, tokenizer, noted


def open_scorer(folder: Path, device: str = "auto") -> Scorer:
    """A trained scorer at work, every byte of it what its card says. Raises NotFound, BadInput, FixableError."""
    card = read_card(folder)
    for name, known in card.files.items():
        if sha256_of(folder / name) != known:
            raise BadInput(
                f"{folder / name} is not the file that {FILE} names", hint="copy the whole folder again, or train it"
            )
    model, tokenizer = _open(str(folder))
    return Scorer(card, model.to(device_of(device)).eval(), tokenizer)


@dataclass(frozen=True, slots=True)
class Scorer:
    """A trained scorer at work."""

    card: Card
    model: Any
    tokenizer: Any

    def __call__(self, texts: Sequence[str]) -> list[tuple[float, int]]:
        """For each text its score, 0 to 1, and the tokens it was read as. Raises FixableError."""
        from augment.scorer._metrics import shares

        ids = [encode(self.tokenizer, text, self.card.max_tokens) for text in texts]
        scores = shares(margins(self.model, ids), self.card.temperature)
        return [(round(float(score), 6), len(one)) for score, one in zip(scores, ids, strict=True)]


def encode(tokenizer: Any, text: str, most: int) -> list[int]:
    """A text's tokens, the last ones where they are too many: there it concludes. No text can name a special token."""
    found = tokenizer(text, truncation=True, max_length=most, split_special_tokens=True)["input_ids"]
    return list(found) or [tokenizer.eos_token_id]


def margins(model: Any, ids: Sequence[Sequence[int]]) -> list[float]:
    """For each the logit of right less that of wrong. Raises FixableError where there is no room."""
    torch = load("torch")
    with torch.inference_mode(), enough_room(), reduced(model.device):
        logits = model(**padded(ids, model)).logits.float()
    return [float(one) for one in (logits[:, 1] - logits[:, 0]).cpu()]


def padded(ids: Sequence[Sequence[int]], model: Any) -> dict[str, Any]:
    """A batch of the model's input, filled up on the right."""
    torch = load("torch")
    longest, pad = max(map(len, ids)), model.config.get_text_config().pad_token_id
    filled = [[*one, *[pad] * (longest - len(one))] for one in ids]
    mask = [[1] * len(one) + [0] * (longest - len(one)) for one in ids]
    return {
        "input_ids": torch.tensor(filled, device=model.device),
        "attention_mask": torch.tensor(mask, device=model.device),
    }


def reduced(device: Any) -> Any:
    """On an accelerator: products in bfloat16, weights and sums as they are."""
    torch = load("torch")
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type != "cpu")


@contextmanager
def enough_room() -> Iterator[None]:
    """Turns an allocation that fails into FixableError."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not isinstance(error, MemoryError) and not any(words in str(error) for words in NO_ROOM):
            raise
        raise FixableError(
            "the memory does not suffice for this model", hint="--at-once 1, --max-tokens 512, or a smaller base"
        ) from error


def _open(source: str, **options: Any) -> tuple[Any, Any]:
    """Model and tokenizer of a folder, in full precision; no network."""
    transformers, torch = load("transformers"), load("torch")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    safe = {"trust_remote_code": False, "local_files_only": True}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, truncation_side="left", **safe)
        with enough_room():
            model, told = transformers.AutoModelForSequenceClassification.from_pretrained(
                source, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **safe, **options
            )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
        raise BadInput(
            f"{source!r} cannot be opened as a classifier: {_first_line(error)}", hint=_why(error)
        ) from error
    except load("safetensors").SafetensorError as error:
        raise BadInput(
            f"{source!r} holds weights that cannot be read: {error}", hint="fetch or copy it again"
        ) from error
    _check_loaded(model, told["missing_keys"], source)
    _fit(model, tokenizer, source)
    return model, tokenizer


def _check_loaded(model: Any, missing: Collection[str], source: str) -> None:
    """Raises BadInput where weights that are no head's were not there, and so would have been drawn."""
    inside = f"{model.base_model_prefix}."
    lost = sorted(name for name in missing if name.startswith(inside))
    if lost:
        raise BadInput(
            f"{source!r} lacks {len(lost)} weights of a {type(model).__name__}, {lost[0]!r} among them",
            hint="config.json and *.safetensors belong to two models, or a file is missing",
        )


def _fit(model: Any, tokenizer: Any, source: str) -> None:
    """Gives the model a padding token where it has none: the head looks for the last token that is no padding."""
    tokenizer.padding_side = "right"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.pad_token_id is None:
        raise BadInput(
            f"the tokenizer of {source!r} has neither a padding nor an end token",
            hint="name one in its tokenizer_config.json",
        )
    model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    size = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > size:
        raise BadInput(
            f"the tokenizer of {source!r} knows {len(tokenizer)} tokens and the model {size}",
            hint="tokenizer and weights belong to two models",
        )


def _first_line(error: Exception) -> str:
    if "ignore_mismatched_sizes" in str(error):  # transformers prints which, and raises this alone
        return "its weights have other shapes than its config.json says, or its head has other labels"
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _why(error: Exception) -> str:
    if isinstance(error, ImportError):
        return HINT
    return "a model in Hugging Face's form with safetensors, whose code transformers itself ships"


def limit_of(model: Any) -> int | None:
    """How many tokens the model reads at most, None where it does not say."""
    found = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return found if isinstance(found, int) and found > 0 else None
