"""What the user wrote: ``.env``, variables, proxies, ``augment.toml``. Values of keys are looked at, never shown."""

from __future__ import annotations

import difflib
import stat
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from augment.catalog import Catalog
from augment.checkup._check import Check
from augment.errors import AugmentError
from augment.hints import Language, advice
from augment.settings import LANGUAGE_VARIABLE, SHOWN_PREFIXES, WORKSPACE_VARIABLE, Settings

OWN_VARIABLES = frozenset({WORKSPACE_VARIABLE, LANGUAGE_VARIABLE, "AUGMENT_DEBUG"})
DEFAULTS = ("dataset", "language", "provider", "reviewer", "translator")
TABLES = ("defaults", "providers")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
LOOPBACK = frozenset({"127.0.0.1", "127.0.0.0/8", "*"})
ALIKE = 0.8
EXAMPLES = ("…", "xxx", "your-", "your_", "<", "changeme")


def configuration(settings: Settings, language: Language) -> Iterator[Check]:
    """The checks of what stands in files and variables."""
    yield env_file(settings, language)
    yield names(settings, language)
    yield values(settings, language)
    yield halves(settings, language)
    yield proxies(settings.environment, language)
    yield toml(settings, language)


def variables(toml: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """Every variable this program reads, and those of them that hold keys. toml: the user's ``augment.toml``."""
    shipped = _shipped()
    own = {name: entry for name, entry in toml.get("providers", {}).items() if isinstance(entry, dict)}
    keys: set[str] = set()
    others = set(OWN_VARIABLES)
    for entry in [*shipped["connectors"].values(), *shipped["providers"].values(), *own.values()]:
        found = entry.get("keys", {})
        keys |= {name for accepted in found.values() for name in accepted} if isinstance(found, dict) else set()
        keys |= {entry["key"]} if isinstance(entry.get("key"), str) else set()
        others |= {entry["endpoint_env"]} if isinstance(entry.get("endpoint_env"), str) else set()
    for name in own:  # a server of the user's has variables that carry its name
        upper = name.upper().replace("-", "_").replace(".", "_")
        keys.add(f"{upper}_API_KEY")
        others.add(f"{upper}_BASE_URL")
    return frozenset(keys), frozenset(keys | others)


def _shipped() -> dict[str, Any]:
    return tomllib.loads(files("augment").joinpath("catalog.toml").read_text("utf-8"))


def env_file(settings: Settings, language: Language) -> Check:
    """Whether ``.env`` is there and only its owner's."""
    path = settings.workspace / ".env"
    try:
        mode = path.stat().st_mode
        path.read_text("utf-8")
    except FileNotFoundError:
        return Check(".env", "none", "none: keys come from the environment")
    except (OSError, UnicodeDecodeError) as error:
        return Check(".env", "fail", f"cannot be read: {type(error).__name__}", advice("env_unreadable", language))
    filled = sum(1 for value in settings.dotenv.values() if value.strip())
    shown = f"{filled} of {len(settings.dotenv)} variables filled in"
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Check(".env", "warn", f"{shown} · mode {stat.S_IMODE(mode):o}", advice("env_mode", language))
    return Check(".env", "ok", shown)


def names(settings: Settings, language: Language) -> Check:
    """Whether a variable is meant for us and spelt otherwise, in ``.env`` or exported."""
    _, known = variables(settings.toml)
    misspelt, strange = {}, []
    for name in sorted({*settings.dotenv, *settings.environment} - known):
        if meant := _meant(name, known, loosely=name in settings.dotenv):
            misspelt[name] = meant
        elif name in settings.dotenv and name.startswith(SHOWN_PREFIXES):
            strange.append(name)
    if not misspelt and not strange:
        return Check("variables", "ok", "no name is misspelt")
    said = [f"{name} is not known, {meant} is" for name, meant in misspelt.items()]
    said += [f"{name} is not known" for name in strange]
    # Where the right one is set as well, nothing is amiss; an exported one may be meant for another program.
    lost = any(name in settings.dotenv and settings.get(meant) is None for name, meant in misspelt.items())
    return Check("variables", "fail" if lost else "warn", "; ".join(said), advice("env_names", language))


def _meant(name: str, known: frozenset[str], *, loosely: bool) -> str:
    """The known name that a name was meant to be, "" where none is near."""
    plain = {_plain(one): one for one in sorted(known)}
    if _plain(name) in plain:
        return plain[_plain(name)]
    found = difflib.get_close_matches(name.upper(), sorted(known), n=1, cutoff=ALIKE) if loosely else []
    return found[0] if found else ""


def _plain(name: str) -> str:
    return name.upper().replace("_", "").replace("-", "")


def values(settings: Settings, language: Language) -> Check:
    """Whether the keys look like keys. Names are shown, values never."""
    keys, _ = variables(settings.toml)
    filled = {name: value for name in sorted(keys) if (value := settings.get(name)) is not None}
    odd = [
        name
        for name, value in filled.items()
        if not (value.isascii() and value.isprintable())
        or any(char.isspace() or char in "\"'" for char in value)
        or value.lower().startswith(EXAMPLES)
    ]
    if odd:
        return Check("keys", "fail", f"no key looks like this: {', '.join(odd)}", advice("env_values", language))
    return Check("keys", "ok" if filled else "none", f"{len(filled)} set" if filled else "none set")


def halves(settings: Settings, language: Language) -> Check:
    """Whether a key is set whose other half is not, so that neither is of any use."""
    shipped = _shipped()
    useful: set[str] = set()
    wanted: dict[str, list[str]] = {}
    for provider in shipped["providers"].values():
        connector = shipped["connectors"].get(provider["connector"], {})
        keys: dict[str, list[str]] = {**connector.get("keys", {}), **provider.get("keys", {})}
        held = {key: accepted for key, accepted in keys.items() if any(map(settings.get, accepted))}
        groups: list[list[str]] = provider.get("needs", connector.get("needs", []))
        optional = keys.keys() - {key for group in groups for key in group}
        whole = [group for group in groups if all(key in held for key in group)]
        for key in [*optional, *(key for group in whole for key in group)]:
            useful |= {*keys[key]}
        for group in groups:
            for key in group:
                if key in held:
                    missing = [keys[other][0] for other in group if other not in held]
                    name = next(name for name in held[key] if settings.get(name))
                    wanted[name] = min(wanted.get(name, missing), missing, key=len)
    lone = {name: missing for name, missing in sorted(wanted.items()) if name not in useful}
    if not lone:
        return Check("pairs of keys", "ok" if wanted else "none", "whole" if wanted else "none set")
    said = "; ".join(f"{name} is set, {' and '.join(missing)} not" for name, missing in lone.items())
    return Check("pairs of keys", "fail", said, advice("key_missing", language))


def proxies(environment: Mapping[str, str], language: Language) -> Check:
    """Whether a proxy stands between this machine and itself."""

    def given(name: str) -> str:
        return (environment.get(name.lower()) or environment.get(name) or "").strip()

    through = [name for name in PROXIES if given(name)]
    if not through:
        return Check("proxy", "ok", "none")
    spared = [entry.strip().strip("[]") for entry in given("NO_PROXY").split(",")]
    if LOOPBACK & set(spared):
        return Check("proxy", "ok", f"{', '.join(through)}; not for this machine")
    with_port = [entry for entry in spared if entry.partition(":")[0] in ("127.0.0.1", "localhost") and ":" in entry]
    why = f"NO_PROXY has {', '.join(with_port)}, with a port only" if with_port else "NO_PROXY leaves out 127.0.0.1"
    return Check("proxy", "warn", f"{', '.join(through)} set and {why}", advice("proxy", language))


def toml(settings: Settings, language: Language) -> Check:
    """Whether ``augment.toml`` says only what this program understands."""
    catalog = Catalog(settings)
    wrong = []
    for name in [*settings.toml.get("providers", {}), *filter(None, map(settings.default, ("provider", "translator")))]:
        try:
            catalog.provider(name)
        except AugmentError as error:
            wrong.append(f"{error.message} ({error.hint})" if error.hint else error.message)
    if wrong:
        return Check("augment.toml", "fail", "; ".join(wrong), advice("toml", language))
    unknown = [f"[{name}]" for name in settings.toml if name not in TABLES]
    unknown += [f"defaults.{name}" for name in settings.toml.get("defaults", {}) if name not in DEFAULTS]
    if unknown:
        known = f"[defaults] {', '.join(DEFAULTS)}; [providers.NAME]"
        return Check("augment.toml", "warn", ", ".join(unknown), advice("toml_names", language, known=known))
    own = len(settings.toml.get("providers", {}))
    return Check("augment.toml", "ok" if settings.toml else "none", f"{own} providers" if settings.toml else "none")
