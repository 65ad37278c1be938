"""The room's words, in the language of whoever reads."""

from __future__ import annotations

import datetime as dt
import threading
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from augment.hints import hint

LANGUAGES = {"zh": "中文", "en": "English"}
NOW = threading.local()  # a thread draws for one reader only


def t(key: str, **values: Any) -> str:
    """The text of a key in the language shown."""
    return texts(_now())[key].format(**values)


def word(group: str, name: str) -> str:
    """A name out of the data in the reader's words; as it is where there are none."""
    return texts(_now()).get(f"{group}.{name}", name)


def known(group: str, name: str) -> bool:
    """Whether there are words for a name out of the data."""
    return f"{group}.{name}" in texts(_now())


def remedy(kind: str, code: str) -> str:
    """What to do about a fault, in the words the terminal has for it."""
    return hint(kind, code, language="zh" if language() == "zh" else "en")


def settle() -> None:
    """Finds the language out once for all texts that are drawn from here on."""
    NOW.language = language()


def language() -> str:
    """The language in the address, else the one this reviewer chose last, else the browser's."""
    for chosen in (st.query_params.get("lang", ""), st.session_state.get("language_kept", "")):
        if chosen in LANGUAGES:
            return str(chosen)
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def _now() -> str:
    return getattr(NOW, "language", "") or language()


@lru_cache
def texts(of: str) -> dict[str, str]:
    """Every text of a language by its dotted key."""
    return {
        f"{group}.{name}": text
        for file in sorted((Path(__file__).parent / "texts" / of).glob("*.toml"))
        for group, names in tomllib.loads(file.read_text("utf-8")).items()
        for name, text in names.items()
    }


def moment(seconds: float) -> str:
    """A time of day here, with its date."""
    return dt.datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def minutes(count: int) -> str:
    """A length of time in words."""
    if count < 60:
        return t("time.minutes", count=count)
    return t("time.hours", hours=count // 60, minutes=count % 60)


def money(cost_cny: float | None) -> str:
    """A cost in yuan, or that it is not known."""
    return "?" if cost_cny is None else f"¥{cost_cny:.2f}"
