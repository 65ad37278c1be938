"""``augment export``: a version as a file or folder that a trainer or a person reads."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from augment.cli import output
from augment.cli.options import add_fields, command_parser, values_of
from augment.exports import REASONS, ExportOptions, abouts
from augment.workbench import Workbench

if TYPE_CHECKING:
    from augment.exports import Exported
    from augment.hints import Language


def export(arguments: Sequence[str]) -> int:
    """Writes a version in a format."""
    parser = command_parser("export", "Write a version for a trainer or a reader, with a manifest beside or in it.")
    parser.formatter_class = RawDescriptionHelpFormatter  # one line a format
    parser.epilog = "\n".join(["formats:", *(f"  {name:<16}{about}" for name, about in abouts().items())])
    parser.add_argument("dataset", nargs="?", metavar="DS[@vN]", help="left out: the newest version of the last import")
    parser.add_argument("--format", required=True, metavar="F", help="one of those below")
    parser.add_argument("-o", "--output", required=True, metavar="PATH", type=Path, help="a file, or a folder")
    add_fields(parser, ExportOptions, "what is written, and how")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        reference = bench.resolve(parsed.dataset)
        if reference.guessed:
            output.talk(f"dataset {reference.name!r}")
        done = bench.export(
            parsed.dataset, parsed.format, parsed.output, ExportOptions(**values_of(ExportOptions, parsed))
        )
        if bench.unsealed(reference.name):
            output.talk(f"decisions or edits wait for a seal and are not in it: `augment review seal {reference.name}`")
        if parsed.json:
            output.result(done.as_json())
        else:
            _lines(done, bench.settings.language)
    return 0


def _lines(done: Exported, language: Language) -> None:
    told = done.told
    output.line(f"{told['dataset']} v{told['version']} · {told['format']} → {done.path}")
    left = sum(told["left_out"].values())
    output.line(f"rows in {told['rows_in']} = out {told['rows_out']} + left out {left}")
    for reason, count in told["left_out"].items():
        output.line(f"  left out {count}: {reason} ({REASONS[reason].in_(language)})")
    for kind, facts in told["lines"].items():
        counts = {name: len(value) if isinstance(value, list) else value for name, value in facts.items()}
        output.line(f"  {kind}: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items()))
    for file in told["files"]:
        output.line(f"  {file['file']} · {file['lines']} lines · sha256 {file['sha256'][:12]}")
    output.line(f"manifest {done.manifest}")
    if (tested := told["splits"].get("test")) and told["filter"]["split"] is None and told["prompt_id"] is not None:
        output.talk(f"{tested} rows of the split 'test' are in it: --split train leaves them out")
    if told["left_out"].get("balance", 0) > told["rows_out"]:
        output.talk("--balance leaves as many as the rarest has: leave what is rare out with --where first")
    if told["simulated"]:
        output.talk(f"{told['simulated']} of the rows were written by the simulator: a rehearsal, nothing to train on")
