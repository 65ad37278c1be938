"""Commands about datasets: import, datasets, versions, show, diff, restore."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.cli import output
from augment.cli.options import command_parser
from augment.cli.stages import row_text
from augment.errors import UsageError
from augment.workbench import VERSION, Workbench

if TYPE_CHECKING:
    from augment.pruning import Pruned

SHOWN = 10


def import_(arguments: Sequence[str]) -> int:
    """Reads files into a dataset; makes the workspace where there is none."""
    parser = command_parser("import", "Read files into a dataset, as one new version.")
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="a file, or a folder of files")
    parser.add_argument("--name", metavar="NAME", help="the dataset; left out: the first file's name")
    parser.add_argument("--format", metavar="NAME", help="what the files are; left out: found from the bytes of each")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace, make=True) as bench:
        summary = bench.import_files(parsed.files, parsed.name, parsed.format)
    if parsed.json:
        output.result(summary.as_json())
        return 0
    output.line(f"{summary.dataset} v{summary.version} · {summary.rows_added} rows added · {summary.rows_out} in all")
    for file in summary.files:
        output.line(
            f"  {file.file}: {file.format}, {file.encoding}, {file.rows} rows in {file.problems} problems"
            + (f", {file.already} already there" if file.already else "")
            + (f", {file.rejected} rejected" if file.rejected else "")
        )
        for note in file.notes:
            output.talk(f"  {file.file}: {note}")
        for error in file.errors:
            field = f", {error['field']}" if error["field"] else ""
            output.talk(f"  rejected {file.file}, line {error['line']}{field}: {error['message']}")
        if file.rejected > len(file.errors):
            output.talk(f"  … and {file.rejected - len(file.errors)} more")
        if file.error_file:
            output.talk(f"  all of them: {file.error_file}")
    return 0


def datasets(arguments: Sequence[str]) -> int:
    """Lists the datasets."""
    parsed = command_parser("datasets", "List the datasets.").parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        found = bench.datasets()
    if parsed.json:
        output.items(found)
    else:
        output.table(
            ["dataset", "version", "rows", "made"],
            [[d["dataset"], f"v{d['version']}", d["rows"], output.moment(d["at"])] for d in found],
        )
    return 0


def versions(arguments: Sequence[str]) -> int:
    """Lists the versions of a dataset, or the live files of one."""
    parser = command_parser("versions", "List the versions of a dataset with what made them.")
    parser.add_argument("dataset", nargs="?", metavar="DS")
    parser.add_argument("--files", metavar="vN", help="the live Parquet files of a version instead")
    parser.add_argument(
        "--prune", action="store_true", help="free what killed processes left, and what is given up by:"
    )
    parser.add_argument(
        "--keep", type=int, metavar="N", help="with --prune: only the newest N versions keep their rows"
    )
    parser.add_argument("--before", metavar="vN", help="with --prune: the versions before this one are given up")
    parser.add_argument("--dry-run", action="store_true", help="with --prune: say what it would free; free nothing")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        name = _named(bench, parsed.dataset)
        if parsed.prune:
            before = None if parsed.before is None else _version(parsed.before)
            return _pruned(bench.prune(name, keep=parsed.keep, before=before, dry_run=parsed.dry_run), parsed.json)
        if parsed.keep is not None or parsed.before is not None or parsed.dry_run:
            raise UsageError("--keep, --before and --dry-run go with --prune", hint="`augment versions DS --prune`")
        if parsed.files is not None:
            files = [str(path) for path in bench.store.files(name, _version(parsed.files))]
            if parsed.json:
                output.items({"file": path} for path in files)
            else:
                for path in files:
                    output.line(path)
            return 0
        found = bench.versions(name)
        gone = bench.store.pruned(name)
    if parsed.json:
        output.items(
            {
                "dataset": name,
                "version": v.number,
                "at": v.at,
                "rows": v.rows,
                **{key: value for key, value in v.lineage.items() if key != "recipe"},
                "pruned": v.number in gone,
            }
            for v in found
        )
        return 0
    rows = []
    for version in found:
        lineage = version.lineage
        lost = sum(sum((lineage.get(state) or {}).values()) for state in ("rejected", "failed"))
        made_by = ", ".join(lineage.get("providers", []))
        rows.append(
            [
                f"v{version.number}{' pruned' if version.number in gone else ''}",
                output.moment(version.at),
                lineage.get("stage"),
                made_by,
                version.rows,
                lineage.get("done"),
                lost,
                lineage.get("calls"),
                output.money(lineage["cost_cny"]) if "cost_cny" in lineage else "",
            ]
        )
    output.table(["version", "made", "stage", "provider", "rows", "done", "lost", "calls", "cost"], rows)
    return 0


def _pruned(found: Pruned, as_json: bool) -> int:
    if as_json:
        output.result(found.as_json())
        return 0
    verb = "would free" if found.dry_run else "freed"
    given_up = ", ".join(f"v{number}" for number in found.given_up) or "none"
    output.line(f"{found.dataset}: {verb} {found.bytes:,} bytes in {len(found.files)} files")
    output.line(f"rows given up with versions: {given_up} · kept: {', '.join(f'v{number}' for number in found.kept)}")
    for why in found.held:
        output.line(f"  {why}")
    return 0


def show(arguments: Sequence[str]) -> int:
    """Shows rows of a version."""
    parser = command_parser("show", "Show rows of a version.")
    parser.add_argument("dataset", nargs="?", metavar="DS[@vN]")
    parser.add_argument("--row", metavar="ID", help="one row, by its id or the beginning of it")
    parser.add_argument("--where", metavar="SQL", help="only rows for which this expression holds")
    parser.add_argument("--limit", type=int, metavar="N", help=f"at most N rows (default: {SHOWN}; with --json all)")
    parser.add_argument("--offset", type=int, default=0, metavar="N", help="leave out the first N")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        reference = bench.resolve(parsed.dataset)
        if reference.guessed:
            output.talk(f"dataset {reference.name!r}")
        version = bench.at(reference)
        if parsed.row is not None:
            row = bench.row(reference.name, version, parsed.row)
            outcomes = bench.outcomes(reference.name, row.row_id)
            if parsed.json:
                output.items([{**asdict(row), "outcomes": outcomes}])
                return 0
            output.line(row_text(asdict(row)))
            for outcome in outcomes:
                output.line(f"  {outcome['stage']}: {outcome['state']}, {outcome['reason']} {outcome['detail']}")
            return 0
        if parsed.json and parsed.limit is None and parsed.where is None:
            rows = bench.store.rows(reference.name, version)
            output.items(
                (asdict(row) for index, row in enumerate(rows) if index >= parsed.offset),
                dataset=reference.name,
                version=version,
            )
            return 0
        most = parsed.limit if parsed.limit is not None else (2**31 if parsed.json else SHOWN)
        page = bench.page(reference.name, version, where=parsed.where, offset=parsed.offset, limit=most)
    if parsed.json:
        output.items((asdict(row) for row in page.rows), dataset=reference.name, version=version, total=page.total)
        return 0
    for row in page.rows:
        output.line(row_text(asdict(row)))
        output.line()
    output.talk(f"{len(page.rows)} of {page.total} rows of {reference.name} v{version}")
    return 0


def diff(arguments: Sequence[str]) -> int:
    """Shows what changed between two versions."""
    parser = command_parser("diff", "Show the rows that differ between two versions, field by field.")
    parser.add_argument("old", metavar="vA", help="or DS@vA")
    parser.add_argument("new", metavar="vB", help="or DS@vB: rows of two datasets are held against each other by id")
    parser.add_argument("--dataset", metavar="DS")
    parser.add_argument("--limit", type=int, default=SHOWN, metavar="N", help="rows printed in full; --json prints all")
    parsed = parser.parse_args(list(arguments))
    counts = {"added": 0, "removed": 0, "changed": 0}
    with Workbench.open(parsed.workspace) as bench:
        (name, old), (other, new) = _sides(bench, parsed.old, parsed.new, parsed.dataset)
        changes = bench.diff(name, old, new, other=other)
        if parsed.json:
            output.items(_counted(changes, counts), dataset=name, counts=counts)
            return 0
        for index, change in enumerate(_counted(changes, counts)):
            if index >= parsed.limit:
                continue
            output.line(f"{change['change']} {change['row_id']}")
            for column, values in change["fields"].items():
                output.line(f"  {column}")
                output.line(f"    - {_short(values['old'])}")
                output.line(f"    + {_short(values['new'])}")
    output.line(f"added {counts['added']} · removed {counts['removed']} · changed {counts['changed']}")
    return 0


def restore(arguments: Sequence[str]) -> int:
    """Makes a new version that equals an old one."""
    parser = command_parser("restore", "Make a new version that equals an old one; nothing is removed.")
    parser.add_argument("version", metavar="vN")
    parser.add_argument("--dataset", metavar="DS")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        name = _named(bench, parsed.dataset)
        made = bench.restore(name, _version(parsed.version))
        rows = bench.store.count(name, made)
    if parsed.json:
        output.result({"dataset": name, "version": made, "equals": _version(parsed.version), "rows_out": rows})
    else:
        output.line(f"{name} v{made} equals {parsed.version} · {rows} rows")
    return 0


def _counted(changes: Any, counts: dict[str, int]) -> Iterator[dict[str, Any]]:
    for change in changes:
        counts[change.change] += 1
        fields = {column: {"old": old, "new": new} for column, (old, new) in change.fields.items()}
        yield {"row_id": change.row_id, "change": change.change, "fields": fields}


def _sides(bench: Workbench, old: str, new: str, given: str | None) -> list[tuple[str, int]]:
    """What is held against what: ``vN`` is of the dataset given, else of the one on the other side."""
    references = [bench.resolve(text) if "@" in text else None for text in (old, new)]
    named = [reference.name for reference in references if reference is not None]
    common = named[0] if named and given is None else _named(bench, given) if None in references else ""
    return [
        (common, _version(text)) if reference is None else (reference.name, bench.at(reference))
        for reference, text in zip(references, (old, new), strict=True)
    ]


def _named(bench: Workbench, given: str | None) -> str:
    reference = bench.resolve(given)
    if reference.guessed:
        output.talk(f"dataset {reference.name!r}")
    return reference.name


def _version(text: str) -> int:
    match = VERSION.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no version", hint="v0, v1, v2 …")
    return int(match[1])


def _short(value: Any) -> str:
    text = "(none)" if value is None else str(value)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"
