from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from pathlib import Path

import pytest

from augment.errors import BadInput, NotFound
from augment.settings import Secret, Settings, find_workspace, read_settings

PLANTED = "planted-0f3a-key"

# ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(repr, id="repr"),
        pytest.param(str, id="str"),
        pytest.param(lambda secret: f"{secret}", id="f-string"),
        pytest.param(lambda secret: f"{secret!r:>20}", id="f-string-repr"),
        pytest.param(lambda secret: f"{secret} {secret!r}", id="format"),
        pytest.param(lambda secret: f"{[secret]}", id="in-a-list"),
        pytest.param(lambda secret: repr({"key": secret}), id="in-a-dict"),
    ],
)
def test_a_secret_shows_as_stars(shown: object) -> None:
    assert callable(shown)
    text = shown(Secret(PLANTED))
    assert "***" in text
    assert "planted" not in text


def test_a_secret_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("any").info("asked with %s and %r", Secret(PLANTED), {"key": Secret(PLANTED)})
    assert "planted" not in caplog.text
    assert "***" in caplog.text


@pytest.mark.parametrize("write", [json.dumps, pickle.dumps], ids=["json", "pickle"])
def test_a_secret_cannot_be_written_anywhere(write: object) -> None:
    assert callable(write)
    with pytest.raises(TypeError) as caught:
        write(Secret(PLANTED))
    assert "planted" not in "".join(traceback.format_exception(caught.value))


def test_settings_do_not_show_what_they_hold(tmp_path: Path) -> None:
    held = Settings(
        tmp_path, {"DEEPSEEK_API_KEY": PLANTED}, {"QIANFAN_SK": PLANTED}, {"providers": {"x": {"key": PLANTED}}}
    )
    assert "planted" not in repr(held)


def test_equal_secrets_are_equal_and_reveal_gives_the_value() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a") != "a"
    assert Secret(PLANTED).reveal() == PLANTED
    assert copy.deepcopy(Secret(PLANTED)) == Secret(PLANTED), "a copy in memory is no leak"


# ── which value counts ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("environment", "dotenv", "value"),
    [
        pytest.param("from-environment", "from-dotenv", "from-environment", id="environment-first"),
        pytest.param(None, "from-dotenv", "from-dotenv", id="then-dotenv"),
        pytest.param("", "from-dotenv", "from-dotenv", id="an-empty-variable-is-unset"),
        pytest.param("  \t", "from-dotenv", "from-dotenv", id="a-blank-variable-is-unset"),
        pytest.param(" padded\n", None, "padded", id="space-around-a-key-is-a-slip"),
        pytest.param("", " ", None, id="nothing-anywhere"),
    ],
)
def test_the_environment_counts_before_dotenv(
    tmp_path: Path, environment: str | None, dotenv: str | None, value: str | None
) -> None:
    held = Settings(
        tmp_path,
        {} if environment is None else {"OPENAI_API_KEY": environment},
        {} if dotenv is None else {"OPENAI_API_KEY": dotenv},
    )
    assert held.get("OPENAI_API_KEY") == value
    assert held.secret(["OPENAI_API_KEY"]) == (Secret(value) if value else None)


def test_of_several_names_the_first_that_is_set_counts(tmp_path: Path) -> None:
    held = Settings(tmp_path, {"TENCENT_SECRET_ID": "old"}, {"TENCENTCLOUD_SECRET_ID": "new"})
    assert held.secret(["TENCENTCLOUD_SECRET_ID", "TENCENT_SECRET_ID"]) == Secret("new")
    assert held.secret(["NONE_AT_ALL"]) is None


def test_variables_put_on_top_count_first(tmp_path: Path) -> None:
    held = Settings(tmp_path, {"A_BASE_URL": "old"}, {"A_BASE_URL": "older"}).with_environment({"A_BASE_URL": "new"})
    assert held.get("A_BASE_URL") == "new"


# ── .env and augment.toml ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "value"),
    [
        pytest.param("DEEPSEEK_API_KEY=sk-1", "sk-1", id="plain"),
        pytest.param('DEEPSEEK_API_KEY="sk-1"', "sk-1", id="quoted"),
        pytest.param("export DEEPSEEK_API_KEY='sk-1'", "sk-1", id="exported"),
        pytest.param("DEEPSEEK_API_KEY = sk-1   # my key", "sk-1", id="spaced-with-a-comment"),
        pytest.param("DEEPSEEK_API_KEY=a$b${HOME}c", "a$b${HOME}c", id="dollars-are-letters-of-a-key"),
        pytest.param("DEEPSEEK_API_KEY=a=b==", "a=b==", id="equals-signs-too"),
        pytest.param("DEEPSEEK_API_KEY", None, id="no-value"),
        pytest.param("# 说明\r\nDEEPSEEK_API_KEY=sk-1\r\n", "sk-1", id="windows-lines"),
        pytest.param("\ufeffDEEPSEEK_API_KEY=sk-1", "sk-1", id="byte-order-mark"),
    ],
)
def test_dotenv_is_read_as_people_write_it(tmp_path: Path, line: str, value: str | None) -> None:
    (tmp_path / ".env").write_bytes(line.encode())
    assert read_settings(tmp_path).get("DEEPSEEK_API_KEY") == value


def test_a_dotenv_in_another_encoding_is_named_without_its_contents(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(f"# 我的密钥\nDEEPSEEK_API_KEY={PLANTED}\n".encode("gb18030"))
    with pytest.raises(BadInput) as caught:
        read_settings(tmp_path)
    assert ".env" in caught.value.message
    assert "UTF-8" in caught.value.message + caught.value.hint
    assert "planted" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("providers = 3", id="providers-no-table"),
        pytest.param("[[providers]]\nname = 'x'", id="providers-a-list"),
        pytest.param("defaults = 'train'", id="defaults-no-table"),
        pytest.param("[defaults\n", id="no-toml"),
        pytest.param("a = 1\na = 2", id="twice"),
    ],
)
def test_a_broken_augment_toml_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "augment.toml").write_text(text, "utf-8")
    with pytest.raises(BadInput, match=r"augment\.toml"):
        read_settings(tmp_path)


def test_the_real_environment_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_BASE_URL", "http://127.0.0.1:1/v1")
    held = read_settings(tmp_path)
    monkeypatch.setenv("VLLM_BASE_URL", "http://127.0.0.1:2/v1")
    assert held.get("VLLM_BASE_URL") == "http://127.0.0.1:1/v1"


# ── the listing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_listing_masks_keys_and_says_where_each_value_comes_from(tmp_path: Path) -> None:
    held = Settings(
        tmp_path,
        {"QIANFAN_AK": PLANTED, "AUGMENT_QIANFAN_ENDPOINT": "http://127.0.0.1:1", "PATH": "/bin", "QIANFAN_SK": " "},
        {"MY_OWN_API_KEY": PLANTED, "QIANFAN_AK": "other", "QIANFAN_SK": PLANTED},
        {"defaults": {"provider": "yi-34b"}, "providers": {"mine": {"key": PLANTED}}},
    )
    shown = {one.name: (one.value, one.origin) for one in held.listing()}
    assert "planted" not in repr(shown)
    assert shown["QIANFAN_AK"] == ("***", "environment")
    assert shown["QIANFAN_SK"] == ("***", ".env")
    assert shown["MY_OWN_API_KEY"] == ("***", ".env")
    assert shown["AUGMENT_QIANFAN_ENDPOINT"] == ("http://127.0.0.1:1", "environment")
    assert shown["defaults.provider"] == ("yi-34b", "augment.toml")
    assert shown["providers.mine"] == ("set", "augment.toml")
    assert "PATH" not in shown


def test_the_listing_masks_a_password_inside_an_address(tmp_path: Path) -> None:
    held = Settings(tmp_path, {"OPENAI_BASE_URL": f"https://me:{PLANTED}@gateway.example/v1?key={PLANTED}"})
    (shown,) = [one.value for one in held.listing() if one.name == "OPENAI_BASE_URL"]
    assert "planted" not in shown
    assert "gateway.example/v1" in shown


# ── the workspace ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mark", ["augment.toml", "datasets/.augment/x"])
def test_a_workspace_is_found_upwards(tmp_path: Path, mark: str) -> None:
    (tmp_path / mark).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / mark).touch()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_workspace(None, start=deep) == tmp_path.resolve()


def test_the_flag_counts_before_the_environment_and_that_before_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    for folder in (one, two, three):
        folder.mkdir()
        (folder / "augment.toml").touch()
    monkeypatch.setenv("AUGMENT_WORKSPACE", str(two))
    assert find_workspace(str(one), start=three) == one.resolve()
    assert find_workspace(None, start=three) == two.resolve()
    monkeypatch.delenv("AUGMENT_WORKSPACE")
    assert find_workspace(None, start=three) == three.resolve()


def test_no_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        find_workspace(None, start=tmp_path)
    assert "augment import" in caught.value.hint
    assert find_workspace(None, start=tmp_path, make=True) == tmp_path.resolve()
    with pytest.raises(NotFound):
        find_workspace(str(tmp_path / "nowhere"))
    (tmp_path / "file").touch()
    with pytest.raises(NotFound, match="file"):
        find_workspace(str(tmp_path / "file"), make=True)
