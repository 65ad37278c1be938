"""A tokenizer of bytes with the marks of ChatML, made here: nothing is fetched, and what it encodes it decodes.

Runs in a trainer's own environment.
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def make(folder: Path) -> Path:
    """Writes it where AutoTokenizer finds it and gives the folder."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(alphabet)}, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    plain.decoder = decoders.ByteLevel()
    plain.add_special_tokens([AddedToken(mark, normalized=False) for mark in MARKS])
    PreTrainedTokenizerFast(
        tokenizer_object=plain, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=10_000_000
    ).save_pretrained(folder)
    return folder
