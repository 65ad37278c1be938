"""A base of Qwen2's architecture small enough for a test, and short texts in which right and wrong can be learned."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from augment.scorer import Example, Kin, text_of
from augment.types import Row

PACKAGES = ("torch", "transformers", "safetensors")
NEEDS = "needs the extra [train]: make test-scorer"
NAMES = ("张三", "李四", "王五", "赵六", "钱七", "孙八")
LETTERS = "ABCD"


def solved(number: int, *, seed: int = 1) -> list[Row]:
    """Questions with a right and a wrong solution each: which letter is right stands in the stem."""
    dice = random.Random(seed)
    rows = []
    for n in range(number):
        one, other = dice.sample(NAMES, 2)
        answer = dice.choice(LETTERS)
        wrong = dice.choice([letter for letter in LETTERS if letter != answer])
        head = Row(
            f"root{n}",
            f"stem{n}",
            root_id=f"root{n}",
            problem=f"{one}把第{n}号信交给{other}，信里写着{answer}。",
            question="信里写着哪个字母？",
            options=["甲", "乙", "丙", "丁"],
            answer=answer,
            label="right",
        )
        for letter, label in ((answer, "right"), (wrong, "wrong")):
            said = f"{other}读了信。答案是：{letter}"
            made = {} if label == "right" else {"row_id": f"wrong{n}", "parent_id": f"root{n}"}
            rows.append(head.with_(reasoning=said, concluded=letter, label=label, **made))
    return rows


def examples(rows: Iterable[Row]) -> Iterator[Example]:
    """The rows as what a scorer learns from."""
    for row in rows:
        kin = Kin(row.row_id, row.root_id or row.row_id, row.problem_id, row.split, int(row.label == "right"))
        yield Example(kin, text_of(row) or "")


def make_base(folder: Path, texts: Iterable[str], *, seed: int = 0) -> Path:
    """A Qwen2 with random weights and a tokenizer that knows each character of the texts."""
    import torch
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    characters = sorted({char for text in texts for char in text})
    vocabulary = {token: at for at, token in enumerate(["<|endoftext|>", "<|im_end|>", "<unk>", *characters])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
    )
    Qwen2ForCausalLM(config).save_pretrained(str(folder))
    fast.save_pretrained(str(folder))
    return folder
