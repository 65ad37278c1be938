"""A pipeline file read strictly: what is not understood is named with its line, before anything runs."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Any

from augment.errors import BadInput, NotFound
from augment.exports import ExportOptions
from augment.exports import names as formats
from augment.files import digest, disk_errors
from augment.imports import dataset_name
from augment.plans import RunOptions
from augment.stages import load, names
from augment.stages._stage import Stage

ON_FAILED = ("stop", "continue")
# What belongs to the whole pipeline, and is said on its command line.
NOT_OF_A_STAGE = {
    "dry_run": "`augment run FILE --dry-run` foretells the whole",
    "simulate": "`augment run FILE --simulate` rehearses the whole",
    "preview": "a preview makes no version to go on from; `limit` takes the first rows",
    "json": "`augment run FILE --json`",
}
SHARED = ("provider", "fallback", "model", "concurrency", "fresh")
TOP = ("dataset", "files", "format", "translator", *SHARED, "budget", "on_failed", "stages", "exports")


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a pipeline with its options as given, the shared ones filled in. line: of its header, 0 unknown."""

    stage: Stage
    options: Mapping[str, Any]
    run: RunOptions
    line: int = 0


@dataclass(frozen=True, slots=True)
class Exporting:
    """One export at the end of a pipeline."""

    format: str
    path: Path
    options: ExportOptions


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline file as it was read. files: to import first; their paths, and those of exports, are relative to the
    file's folder. budget: in CNY, for all stages together."""

    path: Path
    text: str
    dataset: str
    steps: tuple[Step, ...]
    files: tuple[Path, ...] = ()
    format: str | None = None
    budget: float | None = None
    on_failed: str = "stop"
    exports: tuple[Exporting, ...] = ()

    @property
    def sha256(self) -> str:
        """Of the file's text."""
        return digest(self.text.encode())


def read_pipeline(path: Path) -> Pipeline:
    """The pipeline in a file. Raises NotFound, BadInput with the file, the line where it is known, the field and what
    is allowed."""
    if not path.is_file():
        raise NotFound(f"no pipeline file {str(path)!r}", hint="a TOML file with [[stages]]: docs/how-to/pipelines.md")
    with disk_errors(path):
        data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 (byte {error.start})", hint="save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is no TOML: {error}", hint="mend it there") from error
    return _Reader(path, text).pipeline(table)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one file and says what is wrong in it, and where."""

    path: Path
    text: str

    def pipeline(self, table: Mapping[str, Any]) -> Pipeline:
        self._known(table, TOP, "", 0)
        kinds = {one.name: one for one in fields(RunOptions)}
        shared = {name: self._value(kinds[name], table[name], "", 0) for name in SHARED if name in table}
        translator = self._text(table, "translator")
        found = self._tables(table, "stages")
        if not found:
            raise self._wrong("", 0, "stages", "is missing", 'add [[stages]] with a line stage = "reason"')
        steps = [self._step(one, number, shared, translator) for number, one in enumerate(found, 1)]
        files = self._files(table)
        dataset = self._text(table, "dataset") or (dataset_name(files[0]) if files else None)
        if dataset is None:
            raise self._wrong("", 0, "dataset", "is missing", 'dataset = "train", or files = ["train.jsonl"] to import')
        on_failed = self._text(table, "on_failed") or "stop"
        if on_failed not in ON_FAILED:
            raise self._wrong("", 0, "on_failed", f"is {on_failed!r}", " or ".join(map(repr, ON_FAILED)))
        budget = self._value(kinds["budget"], table["budget"], "", 0) if "budget" in table else None
        if budget is not None and budget < 0:
            raise self._wrong("", 0, "budget", f"is {budget:g}", "a number of CNY, 0 or more")
        return Pipeline(
            path=self.path,
            text=self.text,
            dataset=dataset,
            steps=tuple(steps),
            files=files,
            format=self._text(table, "format"),
            budget=budget,
            on_failed=on_failed,
            exports=tuple(self._exports(table)),
        )

    def _step(self, table: Mapping[str, Any], number: int, shared: Mapping[str, Any], translator: str | None) -> Step:
        name = table.get("stage")
        if not isinstance(name, str) or name not in names():
            said = "is missing" if name is None else f"is {name!r}"
            hint = _hint(str(name or ""), names(), "stages")
            raise self._wrong("stages", number, "stage", said, hint)
        stage = load(name)
        known = {one.name: one for one in (*fields(RunOptions), *fields(stage.options))}
        given = {key: key.replace("-", "_") for key in table if key != "stage"}
        for key, plain in given.items():
            if plain in NOT_OF_A_STAGE:
                raise self._wrong("stages", number, key, "cannot be said of one stage", NOT_OF_A_STAGE[plain])
            if plain not in known:
                allowed = [one for one in known if one not in NOT_OF_A_STAGE]
                hint = _hint(plain, allowed, f"options of {name}")
                raise self._wrong("stages", number, key, f"is no option of {name!r}", hint)
        if len(set(given.values())) < len(given):
            twice = next(key for key in given if "-" in key and key.replace("-", "_") in given)
            raise self._wrong("stages", number, twice, "stands there twice", "with a hyphen or an underscore, not both")
        values = {plain: self._value(known[plain], table[key], "stages", number) for key, plain in given.items()}
        own = {one.name for one in fields(stage.options)}
        common = {one.name for one in fields(RunOptions)}
        run = {**_of_stage(stage, shared, translator), **{n: v for n, v in values.items() if n in common}}
        options = {name: value for name, value in values.items() if name in own}
        return Step(stage, options, RunOptions(**run), self._line("stages", number))

    def _value(self, kind: Field[Any], value: Any, section: str, number: int) -> Any:
        """The value of an option, as its field wants it."""
        wanted = str(kind.type).removesuffix(" | None")
        if wanted.startswith("tuple"):
            listed = [value] if isinstance(value, str) else value
            if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
                raise self._wrong(section, number, kind.name, f"is {value!r}", "a text, or a list of texts")
            value = tuple(listed)
        elif wanted == "float" and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        types: dict[str, tuple[type, str]] = {
            "bool": (bool, "true or false"),
            "int": (int, "a whole number"),
            "float": (float, "a number"),
            "str": (str, "a text in quotes"),
        }
        if wanted in types:
            right, words = types[wanted]
            if not isinstance(value, right) or (right is int and isinstance(value, bool)):
                raise self._wrong(section, number, kind.name, f"is {value!r}", words)
        choices = kind.metadata.get("choices", ())
        for one in value if isinstance(value, tuple) else (value,):
            if choices and one not in choices:
                raise self._wrong(section, number, kind.name, f"is {one!r}", f"one of {', '.join(choices)}")
        return value

    def _exports(self, table: Mapping[str, Any]) -> Iterator[Exporting]:
        known = {one.name: one for one in fields(ExportOptions)}
        allowed = ("format", "path", *known)
        for number, one in enumerate(self._tables(table, "exports"), 1):
            for key in one:
                if key.replace("-", "_") not in allowed:
                    hint = _hint(key, allowed, "an export takes")
                    raise self._wrong("exports", number, key, "is no option of an export", hint)
            form, path = one.get("format"), one.get("path")
            if form not in formats():
                said = "is missing" if form is None else f"is {form!r}"
                raise self._wrong("exports", number, "format", said, _hint(str(form or ""), formats(), "formats"))
            if not isinstance(path, str) or not path:
                raise self._wrong("exports", number, "path", "is missing", 'path = "out/train.json"')
            given = {key.replace("-", "_"): value for key, value in one.items() if key not in ("format", "path")}
            values = {name: self._value(known[name], value, "exports", number) for name, value in given.items()}
            yield Exporting(str(form), self.path.parent / path, ExportOptions(**values))

    def _files(self, table: Mapping[str, Any]) -> tuple[Path, ...]:
        listed = table.get("files", [])
        listed = [listed] if isinstance(listed, str) else listed
        if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
            raise self._wrong("", 0, "files", f"is {listed!r}", "a list of paths, relative to this file")
        found = tuple(self.path.parent / one for one in listed)
        for path in found:
            if not path.exists():
                raise self._wrong("", 0, "files", f"names {str(path)!r}, which is not there", "check the path")
        return found

    def _text(self, table: Mapping[str, Any], name: str) -> str | None:
        value = table.get(name)
        if value is not None and (not isinstance(value, str) or not value):
            raise self._wrong("", 0, name, f"is {value!r}", "a text in quotes")
        return value

    def _tables(self, table: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
        found = table.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._wrong("", 0, name, "is no list of tables", f"write [[{name}]] on a line of its own for each")
        return found

    def _known(self, table: Mapping[str, Any], allowed: Sequence[str], section: str, number: int) -> None:
        for key in table:
            if key not in allowed:
                raise self._wrong(section, number, key, "is no key of a pipeline", _hint(key, allowed, "keys"))

    def _wrong(self, section: str, number: int, key: str, said: str, hint: str) -> BadInput:
        line = self._line(section, number, key)
        where = f"{self.path}, line {line}" if line else str(self.path)
        inside = f"[[{section}]] {number}, " if section else ""
        return BadInput(f"{where}: {inside}{key!r} {said}", hint=hint)

    def _line(self, section: str, number: int, key: str = "") -> int:
        """The line of a key in the nth table of a section, else of that table's header; 0 where it is not found."""
        seen, header, inside = 0, 0, not section
        for at, line in enumerate(self.text.splitlines(), 1):
            if found := re.match(r"\s*\[\[?\s*([\w.-]+)\s*\]?\]", line):
                seen += found[1] == section
                inside = bool(section) and found[1] == section and seen == number
                header = at if inside else header
                if not section and found[1] == key:
                    return at
            elif inside and key and re.match(rf"\s*[\"']?{re.escape(key).replace('_', '[_-]')}[\"']?\s*=", line):
                return at
        return header


def _of_stage(stage: Stage, shared: Mapping[str, Any], translator: str | None) -> dict[str, Any]:
    """Of what all stages share, what this one takes: a stage that asks nobody, or need not, is given no provider."""
    if stage.asks is None or stage.optional:
        return {name: shared[name] for name in ("concurrency", "fresh") if name in shared}
    if stage.asks == "translate":
        others = {name: shared[name] for name in ("concurrency", "fresh") if name in shared}
        return others | ({"provider": translator} if translator else {})
    return dict(shared)


def _hint(name: str, allowed: Sequence[str], what: str) -> str:
    close = difflib.get_close_matches(name, allowed, n=1)
    return (f"did you mean {close[0]!r}? " if close else "") + f"{what}: {', '.join(allowed)}"


def defaults_of(options: type[Any]) -> dict[str, Any]:
    """Every option of a stage with its default."""
    return {one.name: one.default for one in fields(options) if one.default is not MISSING}
