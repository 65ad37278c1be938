"""Writes the reference pages from the program itself: the command line, the providers, the columns of a row.

python -m docs.generate            write docs/reference/
python -m docs.generate --check    say which pages are stale, exit 1 where one is
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from augment.catalog import Catalog, Listed
from augment.cli.app import GROUPS, help_text, run, stage_names
from augment.hints import ANY, Entry, checks, entries
from augment.rows import SCHEMA, VOLATILE
from augment.settings import Settings
from augment.types import Limits, Price

HERE = Path(__file__).parent
FOLDER = HERE / "reference"
CATALOG = HERE.parent / "augment" / "catalog.toml"
COLUMNS = HERE / "columns.toml"
WIDTH = 100

STAMP = "<!-- Written by `python -m docs.generate`; change what it reads, not this page. -->"

CLI_HEAD = """
# Command line

stdout is the result, stderr the talk. Every command takes `--json` (one object on stdout) and `--workspace DIR`.
`DS` left out: `dataset` under `[defaults]` of `augment.toml`, else the dataset imported last, named on stderr.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | a mistake of ours; everything answered is kept |
| 2 | the command line, or a `--where`, cannot be understood |
| 3 | you can mend it: a key, a file, a name, a disk; nothing was run |
| 4 | some rows got no answer: type the command again |
| 5 | a provider stopped: key refused, quota used up, model retired |
| 6 | `--budget` or `--max-calls` reached |
| 7 | `replay`: a version is not what its record makes of it |
| 130 | interrupted |

With 0, 4, 5, 6, 7 and 130 the result is printed and everything answered is kept.
"""

PROVIDERS_HEAD = """
# Providers

What `augment/catalog.toml` ships. `[providers.NAME]` in `augment.toml` adds to it or overrides it, field by field: see
[a provider of your own](../how-to/own-provider.md). Keys come from the environment or `.env`, never from a flag.
Prices are in CNY and bear the day they were read; "unknown" is never counted as 0.
"""

FAULTS_HEAD = """
# Faults, and what to do

The codes that vendors say no with, verbatim, and the advice that `augment` prints beside them: at the end of a run,
after `augment providers check NAME`, in `augment doctor` and in the browser. `AUGMENT_LANGUAGE=zh` or `en` chooses the
language; without it the locale does. A code that is not listed has the advice of its kind. `a.b` stands for `a.b.c`
too, `a*` for all that begins so.

| kind | what a run does |
| --- | --- |
| `rate_limited` | waits as long as it is asked to, slows the whole provider down, asks again |
| `transient` | waits longer each time and asks again, a bounded number of times; then the row is *failed* |
| `content_filtered`, `bad_request` | the row is *rejected*; it is not asked again |
| `quota_exhausted`, `auth`, `retired` | the provider stops; the next route or fallback is tried, else exit code 5 |
"""

COLUMNS_HEAD = """
# Columns of a row

Every dataset has these columns, in this order. Null means unknown, never an empty stand-in. Two versions are *equal*
when all columns but those marked ° are equal, in row order.
"""


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    return {
        FOLDER / "cli.md": cli_page(),
        FOLDER / "providers.md": providers_page(),
        FOLDER / "columns.md": columns_page(),
        FOLDER / "faults.md": faults_page(),
    }


def stale() -> list[Path]:
    """The pages that are not what they would be if written now."""
    return [path for path, text in pages().items() if not path.is_file() or path.read_text("utf-8") != text]


# ── the command line ──────────────────────────────────────────────────────────────────────────────────────────────────


def commands() -> dict[str, list[str]]:
    """Every command by its group, in the order of ``augment --help``."""
    return {"stages": stage_names(), **{title: list(group) for title, group in GROUPS.items()}}


def help_of(command: str) -> str:
    """What ``augment COMMAND --help`` prints, at a fixed width, its usage on as few lines as it needs."""
    with _plain_terminal(), contextlib.redirect_stdout(io.StringIO()) as printed:
        code = run([command, "--help"])
    if code:
        raise RuntimeError(f"`augment {command} --help` exits {code}")
    usage, _, rest = printed.getvalue().partition("\n\n")
    # Where argparse breaks a usage line differs between versions of Python.
    whole_flags = re.sub(r"\[.*?\]", lambda flag: flag[0].replace(" ", "\0"), " ".join(usage.split()))
    lines = textwrap.wrap(whole_flags, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(lines).replace("\0", " ") + "\n\n" + rest.rstrip()


@contextlib.contextmanager
def _plain_terminal() -> Iterator[None]:
    wanted = {"COLUMNS": str(WIDTH), "NO_COLOR": "1"}
    before = {name: os.environ.get(name) for name in wanted}  # noqa: TID251  # argparse reads its width nowhere else
    os.environ.update(wanted)  # noqa: TID251  # the same
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]  # noqa: TID251  # the same
            else:
                os.environ[name] = value  # noqa: TID251  # the same


def cli_page() -> str:
    """The page of the command line."""
    parts = [STAMP, CLI_HEAD.strip(), _fenced(help_text())]
    for title, names in commands().items():
        parts.append(f"## {title.capitalize()}")
        for name in names:
            parts += [f"### augment {name}", _fenced(help_of(name))]
    return "\n\n".join(parts) + "\n"


# ── the providers ─────────────────────────────────────────────────────────────────────────────────────────────────────


def catalog() -> dict[str, Any]:
    """The shipped catalog as it stands in its file."""
    return tomllib.loads(CATALOG.read_text("utf-8"))


def variables() -> dict[str, list[str]]:
    """Every environment variable of the catalog by provider, in its order; the endpoint's last."""
    found = catalog()
    by_provider = {}
    for name, provider in sorted(found["providers"].items()):
        shared = found["connectors"].get(provider["connector"], {})
        keys: Mapping[str, list[str]] = {**shared.get("keys", {}), **provider.get("keys", {})}
        names = [variable for accepted in keys.values() for variable in accepted]
        endpoint = provider.get("endpoint_env", shared.get("endpoint_env"))
        by_provider[name] = [*names, endpoint] if endpoint else names
    return by_provider


def providers_page() -> str:
    """The page of the providers."""
    listed = Catalog(Settings(HERE)).listed()
    heads = ["provider", "kind", "connector", "model", "limits", "price"]
    rows = [
        [f"`{p.name}`", p.kind, f"`{p.connector}`", _code(p.model) or p.asks_for, _limits(p.limits), _price(p)]
        for p in listed
    ]
    parts = [STAMP, PROVIDERS_HEAD.strip(), _table(heads, rows), "## Keys and endpoints"]
    by_provider = variables()
    keys = [
        [f"`{p.name}`", _code(p.endpoint) or "the SDK's own hosts", ", ".join(map(_code, by_provider[p.name]))]
        for p in listed
    ]
    parts.append(_table(["provider", "endpoint", "variables, the endpoint's last"], keys))
    gone = [p for p in listed if p.retired_on]
    if gone:
        parts.append("## Switched off, or about to be")
        parts.append(
            _table(["provider", "off on", "what to do"], [[f"`{p.name}`", p.retired_on, p.instead] for p in gone])
        )
    sources = [p for p in listed if p.price.source]
    parts.append("## Where the prices come from")
    parts.append(
        _table(["provider", "read on", "source"], [[f"`{p.name}`", p.price.on, p.price.source] for p in sources])
    )
    return "\n\n".join(parts) + "\n"


def _limits(limits: Limits) -> str:
    words = {
        "rps": "requests/s",
        "rpm": "requests/min",
        "tpm": "tokens/min",
        "rpd": "requests/day",
        "in_flight": "in flight",
        "batch_characters": "characters a request",
        "batch_items": "texts a request",
        "input_characters": "characters a chat",
    }
    shown = [f"{getattr(limits, name):,g} {unit}" for name, unit in words.items() if getattr(limits, name)]
    return ", ".join(shown) or "none known"


def _price(provider: Listed) -> str:
    price: Price = provider.price
    if price.characters_1m is not None:
        return f"{price.characters_1m:g} per 1M characters"
    if price.input_1k is not None and price.output_1k is not None:
        return f"{price.input_1k:g} in, {price.output_1k:g} out per 1k tokens"
    return "unknown"


# ── the faults ────────────────────────────────────────────────────────────────────────────────────────────────────────


def faults_page() -> str:
    """The page of the faults, from the one table of hints."""
    titles = {"": "By kind", ANY: "Of this program, whatever the vendor"}
    by_connector: dict[str, list[Entry]] = {}
    for entry in entries():
        by_connector.setdefault(entry.connector, []).append(entry)
    parts = [STAMP, FAULTS_HEAD.strip()]
    for connector, found in by_connector.items():
        rows = [[_codes(entry), entry.words.en, entry.words.zh] for entry in found]
        parts += [f"## {titles.get(connector, connector)}", _table(["code", "what to do", "怎么办"], rows)]
    advised = [[f"`{name}`", words.en, words.zh] for name, words in checks().items()]
    parts += ["## What the doctor advises", _table(["found", "what to do", "怎么办"], advised)]
    return "\n\n".join(parts) + "\n"


def _codes(entry: Entry) -> str:
    kinds = ", ".join(entry.kinds)
    codes = ", ".join(map(_code, entry.codes))
    return f"{codes}{f' as {kinds}' if kinds else ''}" if codes else f"`{kinds}`"


# ── the columns ───────────────────────────────────────────────────────────────────────────────────────────────────────


def descriptions() -> dict[str, str]:
    """What each column means, from ``docs/columns.toml``."""
    found: dict[str, str] = tomllib.loads(COLUMNS.read_text("utf-8"))["columns"]
    return found


def columns_page() -> str:
    """The page of the columns."""
    meanings = descriptions()
    rows = [
        [f"`{field.name}`{' °' if field.name in VOLATILE else ''}", type_name(field.type), meanings[field.name]]
        for field in SCHEMA
    ]
    return "\n\n".join([STAMP, COLUMNS_HEAD.strip(), _table(["column", "type", "meaning"], rows)]) + "\n"


def type_name(of: pa.DataType) -> str:
    """An Arrow type in the words of the documents."""
    if pa.types.is_list(of):
        return f"list of {type_name(of.value_type)}"
    if pa.types.is_struct(of):
        return f"struct ({', '.join(field.name for field in of)})"
    if pa.types.is_timestamp(of):
        return "timestamp, UTC"
    return {"double": "float", "bool": "boolean"}.get(str(of), str(of))


# ── markdown ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', '∣') for cell in line)} |" for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Writes the pages, or with ``--check`` names the stale ones."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write((__doc__ or "") + "\n")
        return 2
    found = stale()
    if arguments:
        for path in found:
            sys.stderr.write(f"stale: {path.relative_to(HERE.parent)}; `python -m docs.generate` writes it\n")
        return 1 if found else 0
    FOLDER.mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, "utf-8")
    for path in found:
        sys.stdout.write(f"written: {path.relative_to(HERE.parent)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
