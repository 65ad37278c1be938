"""What a scorer learns from and what it is measured on."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import BadInput
from augment.scorer import Kin
from augment.scorer._splits import LEAST, PARTS, deal


def pair(number: int, split: str | None = None, *, stem: int | None = None) -> list[Kin]:
    """A right and a wrong solution of one root."""
    name = f"root{number}"
    of = f"stem{number if stem is None else stem}"
    return [Kin(f"{name}-{label}", name, of, split, label) for label in (1, 0)]


def pairs(number: int, split: str | None = None, start: int = 0) -> list[Kin]:
    return [one for at in range(start, start + number) for one in pair(at, split)]


def test_a_row_s_own_split_is_where_it_goes() -> None:
    kin = [*pairs(4, "train"), *pairs(2, "dev", 4), *pairs(3, "test", 6)]
    dealt = deal(kin, 0)
    assert list(dealt.parts) == ["train"] * 8 + ["dev"] * 4 + ["test"] * 6
    assert dealt.drawn == 0


@pytest.mark.parametrize("name", ["validation", "valid", "VAL", " Dev "])
def test_another_name_for_dev_is_dev(name: str) -> None:
    assert deal([*pairs(4, "train"), *pairs(2, name, 4)], 0).parts[-1] == "dev"


def test_a_split_with_another_name_is_left_out() -> None:
    assert deal([*pairs(4, "train"), *pairs(2, "dev", 4), *pairs(1, "extra", 9)], 0).parts[-1] is None


def test_a_row_without_a_split_follows_its_kin() -> None:
    kin = [*pairs(4, "train"), *pairs(3, "test", 4)]
    kin.append(Kin("child", "root5", "another stem", None, 1))
    assert deal(kin, 0).parts[-1] == "test"


@given(st.integers(0, 5), st.integers(20, 90), st.integers(1, 4))
def test_roots_and_stems_are_never_parted(seed: int, number: int, per_stem: int) -> None:
    kin = [one for at in range(number) for one in pair(at, stem=at // per_stem)]
    parts = deal(kin, seed).parts
    by_stem: dict[str, set[str | None]] = {}
    for one, part in zip(kin, parts, strict=True):
        by_stem.setdefault(one.stem, set()).add(part)
    assert all(len(found) == 1 for found in by_stem.values())


@given(st.integers(0, 9))
def test_what_is_drawn_is_eighty_ten_ten(seed: int) -> None:
    counts = Counter(deal(pairs(100), seed).parts)
    assert {part: counts[part] for part in PARTS} == {"train": 160, "dev": 20, "test": 20}


def test_another_seed_draws_otherwise() -> None:
    assert deal(pairs(60), 0).parts != deal(pairs(60), 1).parts


def test_the_order_of_the_rows_does_not_matter() -> None:
    kin = pairs(50)
    by_id = dict(zip([one.row_id for one in kin], deal(kin, 3).parts, strict=True))
    turned = kin[::-1]
    assert {one.row_id: part for one, part in zip(turned, deal(turned, 3).parts, strict=True)} == by_id


def test_a_root_in_two_splits_is_refused_by_name() -> None:
    kin = [*pairs(4, "train"), *pairs(3, "test", 4), Kin("astray", "root5", "x", "train", 1)]
    with pytest.raises(BadInput, match="one root stand in two splits: 'root5-1' in 'test', 'astray' in 'train'"):
        deal(kin, 0)


def test_a_stem_in_two_splits_is_refused() -> None:
    kin = [*pairs(4, "train"), *pairs(3, "test", 4), *pair(9, "train", stem=5)]
    with pytest.raises(BadInput, match="one stem"):
        deal(kin, 0)


@pytest.mark.parametrize("label", [0, 1])
def test_learning_needs_both_labels(label: int) -> None:
    kin = [one for one in [*pairs(9, "train"), *pairs(3, "test", 9)] if one.split == "test" or one.label == label]
    with pytest.raises(BadInput, match=r"too little (right|wrong) reasoning to learn from") as met:
        deal(kin, 0)
    assert f"augment {'wrong' if label else 'reason'}" in met.value.hint


def test_measuring_needs_both_labels() -> None:
    kin = [*pairs(9, "train"), *[one for one in pairs(9, "test", 9) if one.label]]
    with pytest.raises(BadInput, match="nothing is held out that has right and wrong"):
        deal(kin, 0)


def test_one_part_with_both_labels_suffices() -> None:
    kin = [*pairs(9, "train"), *pairs(LEAST, "dev", 9)]
    assert deal(kin, 0).counts(kin)["dev"] == {"right": LEAST, "wrong": LEAST}
