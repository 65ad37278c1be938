"""``augment``: finds the command, runs it, turns what happened into an exit code.

Nothing heavy is imported before the command is known, so that ``augment --help`` is instant.
"""

from __future__ import annotations

import ast
import difflib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from augment import __version__
from augment.cli import output
from augment.errors import AugmentError, UsageError
from augment.files import disk_trouble

GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "data": {
        "import": ("data", "Read files of questions into a dataset: JSON, CSV, Excel, Parquet, text."),
        "datasets": ("data", "List the datasets."),
        "versions": ("data", "List the versions of a dataset with what made them."),
        "show": ("data", "Show rows of a version."),
        "answers": ("answers", "Show how predictions agree with the answers, and the rows in dispute."),
        "diff": ("data", "Show the rows that differ between two versions."),
        "quality": ("quality", "Show what a version is made of and where rows were lost."),
        "contamination": ("leakage", "Show which rows stand in other files, or in two splits of the dataset."),
        "export": ("export", "Write a version as a file or folder for a trainer or a reader, with a manifest."),
        "restore": ("data", "Make a new version that equals an old one."),
        "run": ("pipelines", "Run the stages of a pipeline file in order, going on where it was broken off."),
        "replay": ("pipelines", "Make a version again with nothing asked, and compare it with the kept one."),
        "review": ("review", "Accept, reject, edit and undo from the terminal; seal the decisions into a version."),
    },
    "records": {
        "runs": ("spending", "List the runs, or show one."),
        "attempts": ("attempts", "Show every ask made for one row."),
        "cost": ("spending", "Show what was spent, by run, stage, provider, dataset or day."),
        "ledger": ("spending", "Back up the ledger."),
        "providers": ("records", "List the providers: model, limits, price, key; `check NAME` makes one tiny call."),
        "settings": ("records", "Show every setting with its origin."),
        "rubrics": ("judging", "Show the rubrics that judges go by, or one of them."),
        "agreement": ("judging", "Show how far judges agree among themselves and with people, and what sways them."),
        "prompts": ("records", "Show the prompt templates of a stage."),
    },
    "tools": {
        "simulate": ("tools", "Serve the vendors' wire on this machine, for rehearsals and tests."),
        "ui": ("tools", "Open the review room in the browser."),
        "demo": ("tools", "Run the main job on the sample, with no key."),
        "scorer": ("scorer", "Train a small scorer on right and wrong reasoning; have it score a dataset's rows."),
        "doctor": ("doctor", "Look at everything a run stands on; one tiny call to each provider whose key is set."),
        "local": ("local", "Small weights served on this machine, a demonstration: install, status, serve, remove."),
    },
}
DEBUG = "AUGMENT_DEBUG"

Command = Callable[[Sequence[str]], int]


def main() -> None:
    """The entry point. Leaves without the interpreter's own shutdown, once everything is written.

    deltalake 1.6.6 aborts there in some runs, after the work is done (docs/decisions/0004-delta-tables.md).
    """
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = code or 0
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and gives its exit code."""
    as_json = "--json" in arguments
    try:
        return _dispatch(list(arguments))
    except AugmentError as error:
        output.failure(error.message, error.hint, error.exit_code, as_json=as_json)
        return error.exit_code
    except KeyboardInterrupt:
        output.failure("interrupted", "type the command again: everything answered is kept", 130, as_json=as_json)
        return 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  # the reader has gone: nobody is left to tell
        return 0
    except SystemExit as leaving:  # argparse after --help
        return int(leaving.code or 0)
    except OSError as error:
        trouble = disk_trouble(error)
        if trouble is None:
            return _bug(error, as_json)
        output.failure(trouble.message, trouble.hint, trouble.exit_code, as_json=as_json)
        return trouble.exit_code
    except Exception as error:
        return _bug(error, as_json)


def _dispatch(arguments: list[str]) -> int:
    if arguments and arguments[0] == "--workspace" and len(arguments) > 2:
        arguments = [arguments[2], *arguments[:2], *arguments[3:]]
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        output.line(help_text())
        return 0
    if arguments[0] == "--version":
        output.line(__version__)
        return 0
    name, rest = arguments[0], arguments[1:]
    for group in GROUPS.values():
        if name in group:
            module = import_module(f"augment.cli.{group[name][0]}")
            # A function is named for its command; with an underscore behind where that name is taken.
            command: Command = getattr(module, f"{name}_", None) or getattr(module, name)
            return command(rest)
    if name in stage_names():
        return int(import_module("augment.cli.stages").run(name, rest))
    known = [*stage_names(), *(name for group in GROUPS.values() for name in group)]
    close = difflib.get_close_matches(name, known, n=1)
    raise UsageError(
        f"no command {name!r}", hint=f"did you mean `augment {close[0]}`?" if close else "`augment --help` lists them"
    )


def help_text() -> str:
    """The commands, one a line."""
    lines = [
        "augment: from a few hundred rows to thousands that can be trusted",
        "",
        "usage: augment COMMAND … [--workspace DIR] [--json]      augment COMMAND --help",
        "",
        "stages (each makes one new version)",
        *(f"  {name:<15}{_first_line(name)}" for name in stage_names()),
    ]
    for title, group in GROUPS.items():
        lines += ["", title, *(f"  {name:<15}{about}" for name, (_, about) in group.items())]
    return "\n".join(lines)


def stage_names() -> list[str]:
    """The stages, by the files that hold them; none is imported."""
    return sorted(path.stem for path in _stages().glob("*.py") if not path.name.startswith("_"))


def _first_line(stage: str) -> str:
    text = (_stages() / f"{stage}.py").read_text("utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").split("\n")[0]


def _stages() -> Path:
    return Path(__file__).parents[1] / "stages"


def _without_keys(text: str) -> str:
    """The text without a key that is set here, whole or in part."""
    from augment.connectors._keys import without_keys
    from augment.settings import find_workspace, read_environment, read_settings

    named = next((after for word, after in pairwise(sys.argv) if word == "--workspace"), None)
    try:
        settings = read_settings(find_workspace(named))
    except AugmentError:
        settings = read_environment(Path.cwd())
    return without_keys(text, settings.keys())


def _bug(error: Exception, as_json: bool) -> int:
    """Says where, not what: the text of a foreign error may hold a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
    if os.environ.get(DEBUG):  # noqa: TID251  # wanted before any setting can be read
        output.talk(_without_keys("".join(traceback.format_exception(error))))
    output.failure(
        f"a mistake of ours: {type(error).__name__} at {where}",
        f"everything answered is kept; {DEBUG}=1 shows the traceback for a report",
        1,
        as_json=as_json,
    )
    return 1
