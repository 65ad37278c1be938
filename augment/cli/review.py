"""``augment review``: decide about rows from the terminal, and seal what was decided into a version."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

from augment.cli import output
from augment.cli.options import command_parser
from augment.cli.stages import row_text
from augment.errors import UsageError
from augment.review import EDITABLE, REASONS, UNDECIDED, By, Event, Filter, Live, by, read_field
from augment.workbench import Workbench

ACTIONS = ("next", "accept", "reject", "edit", "undo", "seal")


def review(arguments: Sequence[str]) -> int:
    """Runs one action of ``augment review``."""
    parser = command_parser(
        "review",
        "Decide about rows: next shows the next undecided row; accept, reject, edit and undo append to the record at "
        "once; seal folds the record into a new version.",
    )
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("dataset", nargs="?", metavar="DS[@vN]")
    parser.add_argument("--row", metavar="ID", help="the row, by its id or the beginning of it")
    parser.add_argument("--reviewer", metavar="NAME", help="who decides; left out: augment.toml, else the login name")
    parser.add_argument("--reason", metavar="T", help=f"why, e.g. {', '.join(REASONS)}")
    parser.add_argument("--note", metavar="T", help="anything more, in your words")
    parser.add_argument("--field", metavar="F", choices=EDITABLE, help=f"edit: one of {', '.join(EDITABLE)}")
    parser.add_argument("--value", metavar="V", help="edit: the new text; options as a JSON list; empty: null")
    parser.add_argument("--stage", default="", metavar="NAME", help="next: only rows of this stage")
    parser.add_argument("--check", default="", metavar="NAME", help="next: only where this check failed, or any")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        reference = bench.resolve(parsed.dataset)
        if reference.guessed:
            output.talk(f"dataset {reference.name!r}")
        live = bench.live(reference.name, bench.at(reference))
        if parsed.action == "next":
            return _next(bench, live, parsed)
        if parsed.action == "seal":
            if reference.version not in (None, bench.store.current(reference.name)):
                raise UsageError("seal makes the newest version's successor", hint="leave out @vN")
            return _seal(bench, reference.name, as_json=parsed.json)
        hand = by(parsed.reviewer or bench.reviewer(), parsed.reason, parsed.note)
        return _change(bench, live, hand, parsed)


def _next(bench: Workbench, live: Live, parsed: Namespace) -> int:
    wanted = Filter(stage=parsed.stage, check=parsed.check)
    after = bench.row(live.name, live.version, parsed.row).row_id if parsed.row is not None else None
    row_id = live.next_undecided(wanted, after)
    left = live.page(Filter(stage=parsed.stage, check=parsed.check, decision=UNDECIDED), limit=0).total
    rows = [] if row_id is None else [asdict(live.row(row_id))]
    if parsed.json:
        output.items(rows, dataset=live.name, version=live.version, undecided=left)
        return 0
    for row in rows:
        output.line(row_text(row))
        output.line()
    output.talk(f"{left} rows of {live.name} v{live.version} undecided")
    return 0


def _change(bench: Workbench, live: Live, hand: By, parsed: Namespace) -> int:
    if parsed.row is None and parsed.action != "undo":
        raise UsageError(f"{parsed.action} needs a row", hint="--row ID; `augment review next` shows one")
    row_id = bench.row(live.name, live.version, parsed.row).row_id if parsed.row is not None else None
    made: list[Event] = []
    if parsed.action == "undo":
        undone = bench.undo(live, hand, row_id=row_id, anyone=parsed.reviewer is None)
        made = [undone] if undone is not None else []
        row_id = undone.row_id if undone is not None else row_id
    elif parsed.action == "edit":
        if parsed.field is None or parsed.value is None:
            raise UsageError("edit needs a field and its value", hint="--field answer --value B")
        made = bench.edit(live, str(row_id), {parsed.field: read_field(parsed.field, parsed.value)}, hand)
    else:
        decided = bench.decide(live, str(row_id), parsed.action, hand)
        made = [decided] if decided is not None else []
    return _changed(bench, live, row_id, made, parsed)


def _changed(bench: Workbench, live: Live, row_id: str | None, made: list[Event], parsed: Namespace) -> int:
    after = bench.live(live.name, live.version)
    there = after.family([row_id]) if row_id is not None else {}
    stands = there[row_id].decision if row_id is not None and row_id in there else None
    if parsed.json:
        output.result(
            {
                "dataset": live.name,
                "version": live.version,
                "row_id": row_id,
                "action": parsed.action,
                "recorded": bool(made),
                "events": [asdict(event) for event in made],
                "decision": stands,
            }
        )
        return 0
    if not made:
        output.line("nothing to undo" if parsed.action == "undo" else f"{str(row_id)[:12]} as it was: nothing recorded")
        return 0
    what = f"undid {made[0].action}" if parsed.action == "undo" else parsed.action
    output.line(f"{str(row_id)[:12]} {what} · stands: {stands or 'undecided'} · {after.waiting()} rows to seal")
    return 0


def _seal(bench: Workbench, name: str, *, as_json: bool) -> int:
    sealed = bench.seal(name)
    if as_json:
        output.result({**asdict(sealed), "rows_out": bench.store.count(name, sealed.version)})
        return 0
    moved = f"v{sealed.from_version} → v{sealed.version}"
    output.line(
        f"{name} {moved if sealed.version != sealed.from_version else f'v{sealed.version}, unchanged'} · "
        f"{sealed.decisions} decisions and {sealed.edits} edits in {sealed.rows_changed} rows"
    )
    if sealed.absent:
        output.talk(f"{sealed.absent} rows with decisions are not in this version; they wait")
    for clash in sealed.clashes:
        output.talk(
            f"row {clash.row_id[:12]}: the edit of {clash.field!r} by {clash.reviewer} no longer fits"
            " (the text changed under it); edit or undo it"
        )
    return 0
