"""What the user has set: environment, ``.env`` and ``augment.toml``, read once into a frozen value.

The only module that reads the environment. Order: flag, environment, ``.env``, ``augment.toml``, default.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

from augment.errors import BadInput, NotFound

WORKSPACE_VARIABLE = "AUGMENT_WORKSPACE"
SHOWN_PREFIXES = ("AUGMENT_", "TENCENT", "QIANFAN_", "SPARKAI_", "IFLYTEK_", "DASHSCOPE_", "TOKENHUB_")
SHOWN_SUFFIXES = ("_API_KEY", "_BASE_URL")
PLAIN_SUFFIXES = ("_BASE_URL", "_ENDPOINT", "_REGION", "_WORKSPACE", "_FOLDER", "_LANGUAGE")
STATE_VARIABLE = "AUGMENT_STATE_FOLDER"
LANGUAGE_VARIABLE = "AUGMENT_LANGUAGE"
LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
PASSWORD = re.compile(r"//[^/@]*@")
QUERY = re.compile(r"\?.*")


class Secret:
    """A key that prints as ``***``; ``reveal`` gives the value to the one place that sends it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written anywhere")

    def __deepcopy__(self, _: object) -> Secret:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True)
class Setting:
    """One value with where it came from, as ``augment settings`` shows it; secrets already masked."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything set for one workspace. ``workspace`` is the folder that holds ``datasets/``."""

    workspace: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    dotenv: Mapping[str, str] = field(default_factory=dict, repr=False)
    toml: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __reduce__(self) -> NoReturn:
        raise TypeError("Settings hold keys and are not written anywhere")

    def get(self, name: str) -> str | None:
        """The value of a variable, None where it is unset or blank."""
        return (self.environment.get(name) or "").strip() or (self.dotenv.get(name) or "").strip() or None

    def secret(self, names: Sequence[str]) -> Secret | None:
        """The first of several variables that is set."""
        return next((Secret(value) for name in names if (value := self.get(name))), None)

    def keys(self) -> list[str]:
        """Every value whose name says that it is a key, for whoever must not show one."""
        names = {*self.environment, *self.dotenv}
        return [value for name in names if _is_key(name) and (value := self.get(name)) is not None]

    def default(self, name: str) -> str | None:
        """A value of ``[defaults]`` in ``augment.toml``: dataset, provider, translator, reviewer, language."""
        value = self.toml.get("defaults", {}).get(name)
        return str(value) if value else None

    @property
    def language(self) -> Literal["zh", "en"]:
        """The language of hints: AUGMENT_LANGUAGE, ``language`` of ``[defaults]``, the locale's, else English."""
        chosen = self.get(LANGUAGE_VARIABLE) or self.default("language")
        locale = next((value for name in LOCALE_VARIABLES if (value := self.environment.get(name))), "")
        return "zh" if (chosen or locale).lower().startswith("zh") else "en"

    @property
    def state_folder(self) -> Path:
        """Where this user's runs of all workspaces meet: AUGMENT_STATE_FOLDER, else what the system has for it."""
        if chosen := self.get(STATE_VARIABLE):
            return Path(chosen).expanduser()
        home = self.environment.get("HOME") or self.environment.get("USERPROFILE") or ""
        state = self.environment.get("XDG_STATE_HOME") or self.environment.get("LOCALAPPDATA")
        return (Path(state) if state else Path(home) / ".local" / "state") / "augment-workbench"

    def with_environment(self, extra: Mapping[str, str]) -> Settings:
        """The same settings under other variables, e.g. those that point every connector at the simulator."""
        return Settings(self.workspace, {**self.environment, **extra}, self.dotenv, self.toml)

    def listing(self) -> list[Setting]:
        """Every value this program would use, its origin beside it."""
        shown = [Setting("workspace", str(self.workspace), "current folder, --workspace or AUGMENT_WORKSPACE")]
        for name in sorted({*self.environment, *self.dotenv}):
            if name.startswith(SHOWN_PREFIXES) or name.endswith(SHOWN_SUFFIXES):
                value = self.get(name)
                if value is not None:
                    plain = name.endswith(PLAIN_SUFFIXES)
                    origin = "environment" if (self.environment.get(name) or "").strip() else ".env"
                    shown.append(Setting(name, without_password(value) if plain else "***", origin))
        for name, value in self.toml.get("defaults", {}).items():
            shown.append(Setting(f"defaults.{name}", str(value), "augment.toml"))
        for name in self.toml.get("providers", {}):
            shown.append(Setting(f"providers.{name}", "set", "augment.toml"))
        return shown


def _is_key(name: str) -> bool:
    shown = name.startswith(SHOWN_PREFIXES) and not name.endswith(PLAIN_SUFFIXES)
    return shown or any(word in name for word in ("KEY", "SECRET", "TOKEN", "PASSWORD"))


def find_workspace(flag: str | None, *, start: Path | None = None, make: bool = False) -> Path:
    """The workspace folder: the flag, AUGMENT_WORKSPACE, or the nearest folder upwards that is one.

    make: take the start folder where none is found (``import`` does). Raises NotFound.
    """
    named = flag or os.environ.get(WORKSPACE_VARIABLE)
    if named:
        folder = Path(named).expanduser().resolve()
        if folder.exists() and not folder.is_dir():
            raise NotFound(f"the workspace {named!r} is a file", hint="name a folder")
        if make or folder.is_dir():
            return folder
        raise NotFound(f"the workspace {named!r} does not exist", hint="`augment import FILE` makes one")
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "augment.toml").is_file() or (folder / "datasets" / ".augment").is_dir():
            return folder
    if make:
        return here
    raise NotFound(
        f"no workspace in {str(here)!r} or above it",
        hint="`augment import FILE` makes one here; `--workspace DIR` names another",
    )


def read_settings(workspace: Path) -> Settings:
    """The settings of a workspace. Raises BadInput, naming the line, for an ``augment.toml`` that is not TOML."""
    from dotenv import dotenv_values

    env_file, toml_file = workspace / ".env", workspace / "augment.toml"
    dotenv: dict[str, str] = {}
    if env_file.is_file():
        try:
            dotenv = {name: value or "" for name, value in dotenv_values(env_file, interpolate=False).items()}
        except UnicodeDecodeError as error:
            raise BadInput(f"{env_file} is not UTF-8 (byte {error.start})", hint="save .env as UTF-8") from error
    toml: dict[str, Any] = {}
    if toml_file.is_file():
        try:
            toml = tomllib.loads(toml_file.read_text("utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadInput(
                f"{toml_file}: {error}", hint="mend it; docs/how-to/own-provider.md has an example"
            ) from error
        for name in ("defaults", "providers"):
            if not isinstance(toml.get(name, {}), dict):
                raise BadInput(f"{toml_file}: {name!r} is no table", hint=f"write [{name}] on a line of its own")
    return Settings(workspace, dict(os.environ), dotenv, toml)


def read_environment(workspace: Path) -> Settings:
    """The settings by the environment alone, for whoever looks into what is wrong with the files."""
    return Settings(workspace, dict(os.environ))


def without_password(address: str) -> str:
    """An address without the password and the query that may stand in it."""
    return QUERY.sub("?***", PASSWORD.sub("//***@", address))
