"""What is read of ``scorer.json``, and what is said where it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from augment.errors import BadInput, FixableError, NotFound, UsageError
from augment.scorer import provider, provider_name, read_card
from augment.scorer._card import check_name
from augment.scorer._model import find_base, open_scorer
from augment.scorer._train import Training, check
from tests.scorer.cards import write_card


def test_a_card_comes_back_as_it_was_written(tmp_path: Path) -> None:
    card = read_card(write_card(tmp_path / "mine"))
    assert (card.name, card.temperature, card.threshold) == ("mine", 1.5, {"score": 0.6})
    (tmp_path / "mine" / "scorer.json").write_text(card.text())
    assert read_card(tmp_path / "mine") == card


def test_a_folder_without_a_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no scorer\.json") as met:
        read_card(tmp_path / "none")
    assert "augment scorer train" in met.value.hint


def test_a_card_that_is_no_json_is_named(tmp_path: Path) -> None:
    (write_card(tmp_path / "s") / "scorer.json").write_bytes(b"\x80{")
    with pytest.raises(BadInput, match=r"scorer\.json is no JSON"):
        read_card(tmp_path / "s")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 2),
        ("name", "../up"),
        ("name", 3),
        ("edition", ...),
        ("max_tokens", 0),
        ("max_tokens", True),
        ("temperature", "1.0"),
        ("temperature", -1.0),
        ("temperature", float("nan")),
        ("simulated", "no"),
        ("labels", ["right", "wrong"]),
        ("files", {"config.json": "x"}),
        ("metrics", None),
        ("threshold", {"score": 2}),
        ("threshold", 0.5),
    ],
    ids=lambda found: str(found)[:24],
)
def test_a_field_that_cannot_be_is_named(tmp_path: Path, field: str, value: Any) -> None:
    with pytest.raises(BadInput, match=f"'{field}'") as met:
        read_card(write_card(tmp_path / "s", **{field: value}))
    assert met.value.exit_code == 3


def test_a_file_that_the_card_names_must_be_there(tmp_path: Path) -> None:
    (write_card(tmp_path / "s") / "tokenizer.json").unlink()
    with pytest.raises(BadInput, match=r"names 'tokenizer\.json', which is not there"):
        read_card(tmp_path / "s")


def test_a_card_names_no_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = write_card(tmp_path / "s")
    card = read_card(folder)
    with pytest.raises(BadInput, match=r"names '\.\./secret'"):
        read_card(write_card(tmp_path / "s", files={**card.files, "../secret": "0"}))


def test_a_scorer_of_other_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'template' is 'scorer@old'") as met:
        read_card(write_card(tmp_path / "s", template="scorer@old"))
    assert "train it again" in met.value.hint


def test_weights_that_are_not_the_card_s_are_refused_unread(tmp_path: Path) -> None:
    (write_card(tmp_path / "s") / "model.safetensors").write_text("another")
    with pytest.raises(BadInput, match=r"model\.safetensors is not the file that scorer\.json names"):
        open_scorer(tmp_path / "s")


def test_the_threshold_is_the_card_s_unless_one_is_named(tmp_path: Path) -> None:
    card = read_card(write_card(tmp_path / "s"))
    assert (card.cut(None, tmp_path), card.cut(0.2, tmp_path)) == (0.6, 0.2)


def test_a_card_without_a_threshold_wants_one_named(tmp_path: Path) -> None:
    card = read_card(write_card(tmp_path / "s", threshold=None))
    with pytest.raises(UsageError) as met:
        card.cut(None, tmp_path)
    assert "--scorer-threshold" in met.value.hint


@pytest.mark.parametrize("wanted", [-0.1, 1.1, float("nan")])
def test_a_threshold_is_a_share(tmp_path: Path, wanted: float) -> None:
    with pytest.raises(UsageError, match="makes no sense"):
        read_card(write_card(tmp_path / "s")).cut(wanted, tmp_path)


# ── as a provider ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def _extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra is installed: what follows opens no model."""
    monkeypatch.setattr("augment.scorer._extra.PACKAGES", ("json",))


@pytest.mark.usefixtures("_extra")
@pytest.mark.parametrize(("simulated", "label"), [(False, "scorer:mine"), (True, "sim:scorer:mine")])
def test_who_learned_from_rehearsed_rows_says_so(tmp_path: Path, simulated: bool, label: str) -> None:
    folder = write_card(tmp_path / "mine", simulated=simulated)
    assert provider(provider_name(str(folder))).label == label


@pytest.mark.usefixtures("_extra")
def test_another_edition_is_another_model_to_the_ledger(tmp_path: Path) -> None:
    one = provider(provider_name(str(write_card(tmp_path / "s"))))
    other = provider(provider_name(str(write_card(tmp_path / "s", edition="ba9876543210"))))
    assert one.model != other.model


def test_without_the_extra_the_command_to_install_it_is_the_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augment.scorer._extra.PACKAGES", ("json", "no_such_package"))
    with pytest.raises(FixableError, match="needs no_such_package, which is not installed") as met:
        provider(provider_name(str(write_card(tmp_path / "s"))))
    assert "pip install 'augment-workbench[train]'" in met.value.hint
    assert met.value.exit_code == 3


# ── what a training is asked for ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "changes",
    [{"epochs": 0}, {"batch": -1}, {"at_once": 0}, {"rate": 0.0}, {"precision": 1.0}, {"seed": -1}, {"max_tokens": 2}],
    ids=str,
)
def test_a_number_that_makes_no_sense_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"--{next(iter(changes)).replace('_', '-')} "):
        check(Training(base="b", output=tmp_path / "out", **changes))


@pytest.mark.parametrize("name", ["a b", ".hidden", "評 分", "x" * 101])
def test_a_scorer_is_named_by_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a scorer"):
        check_name(tmp_path / name)


@pytest.mark.parametrize("name", ["./nothing", "/no/where/at/all", "Qwen2-0.5B", "a/b/c"])
def test_a_base_that_is_not_here_is_named(name: str) -> None:
    with pytest.raises(NotFound, match="no folder"):
        find_base(name)


def test_a_name_on_the_hub_is_taken_for_one() -> None:
    assert find_base("Qwen/Qwen2-0.5B").folder is None


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["model.safetensors", "tokenizer.json"], r"no config\.json"),
        (["config.json", "tokenizer.json"], r"no \*\.safetensors$"),
        (["config.json", "tokenizer.json", "pytorch_model.bin"], "'pytorch_model.bin' is a pickle"),
        (["config.json", "model.safetensors"], "no tokenizer"),
    ],
    ids=["no config", "no weights", "pickled weights", "no tokenizer"],
)
def test_what_a_base_lacks_is_named(tmp_path: Path, files: list[str], said: str) -> None:
    for name in files:
        (tmp_path / name).write_text("{}")
    with pytest.raises(BadInput, match=said):
        find_base(str(tmp_path))
