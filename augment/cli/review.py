"""``augment review``: decide about rows from the terminal, deal them out, and seal what was decided into a version."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, replace

from augment.browse import Browser, Filter
from augment.cli import output
from augment.cli.options import command_parser
from augment.cli.reviewers import assign, conflicts, progress
from augment.cli.stages import row_text
from augment.errors import UsageError
from augment.review import EDITABLE, REASONS, By, Event, by, read_field
from augment.workbench import Workbench

ACTIONS = ("next", "accept", "reject", "edit", "undo", "seal", "assign", "conflicts", "progress")


def review(arguments: Sequence[str]) -> int:
    """Runs one action of ``augment review``."""
    parser = command_parser(
        "review",
        "Decide about rows: next shows the next undecided row; accept, reject, edit and undo append to the record at "
        "once; seal folds the record into a new version. assign deals rows out to reviewers, progress shows how far "
        "each has come and how they agree, conflicts lists the rows they do not agree on.",
    )
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("dataset", nargs="?", metavar="DS[@vN]")
    parser.add_argument("--row", metavar="ID", help="the row, by its id or the beginning of it")
    parser.add_argument("--reviewer", metavar="NAME", help="who decides; left out: augment.toml, else the login name")
    parser.add_argument("--reason", metavar="T", help=f"why, e.g. {', '.join(REASONS)}")
    parser.add_argument("--note", metavar="T", help="anything more, in your words")
    parser.add_argument("--field", metavar="F", choices=EDITABLE, help=f"edit: one of {', '.join(EDITABLE)}")
    parser.add_argument("--value", metavar="V", help="edit: the new text; options as a JSON list; empty: null")
    parser.add_argument("--stage", default="", metavar="NAME", help="next, assign: only rows of this stage")
    parser.add_argument(
        "--check", default="", metavar="NAME", help="next, assign: only where this check failed, or any"
    )
    parser.add_argument(
        "--where",
        default="",
        metavar="EXPR",
        help="next, assign: only rows an SQL expression holds for; accept, reject: decide about all of them at once",
    )
    parser.add_argument("--to", action="append", default=[], metavar="NAME", help="assign: a reviewer; repeatable")
    parser.add_argument(
        "--second",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="assign: the share of rows that a "
        "second reviewer gets too, who does not see the first one's decision, 0 to 1",
    )
    parser.add_argument("--end", type=int, metavar="N", help="assign: end the assignment of this number instead")
    parser.add_argument("--mine", action="store_true", help="next: only rows assigned to the reviewer")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace) as bench:
        reference = bench.resolve(parsed.dataset)
        if reference.guessed:
            output.talk(f"dataset {reference.name!r}")
        version = bench.at(reference)
        if parsed.action == "seal":
            if reference.version not in (None, bench.store.current(reference.name)):
                raise UsageError("seal makes the newest version's successor", hint="leave out @vN")
            return _seal(bench, reference.name, as_json=parsed.json)
        shown = bench.browse(reference.name, version)
        if not shown.whole:
            output.talk(f"reading {shown.of} rows of {shown.name} v{version} for the first time: this takes minutes")
            shown = bench.browse_whole(reference.name, version)
        hand = by(parsed.reviewer or bench.reviewer(), parsed.reason, parsed.note)
        wanted = Filter(stage=parsed.stage, failed=parsed.check, where=parsed.where)
        if parsed.action == "next":
            return _next(shown, replace(wanted, assigned=hand.reviewer if parsed.mine else ""), hand, parsed)
        if parsed.action == "assign":
            return assign(bench, shown, wanted, hand, parsed)
        if parsed.action == "progress":
            return progress(bench, shown, as_json=parsed.json)
        if parsed.action == "conflicts":
            return conflicts(shown, replace(wanted, conflict=True), as_json=parsed.json)
        if parsed.action in ("accept", "reject") and parsed.where and parsed.row is None:
            return _change_all(bench, shown, wanted, hand, parsed)
        return _change(bench, shown, hand, parsed)


def _next(shown: Browser, wanted: Filter, hand: By, parsed: Namespace) -> int:
    after = shown.find(parsed.row) if parsed.row is not None else None
    row_id = shown.next_undecided(wanted, after)
    left = int(shown.mask(wanted.undecided()).sum())
    rows = [] if row_id is None else [asdict(shown.row(row_id, eyes=hand.reviewer))]
    if parsed.json:
        output.items(rows, dataset=shown.name, version=shown.version, undecided=left)
        return 0
    for row in rows:
        output.line(row_text(row))
        output.line()
    output.talk(f"{left} rows of {shown.name} v{shown.version} undecided")
    return 0


def _change_all(bench: Workbench, shown: Browser, wanted: Filter, hand: By, parsed: Namespace) -> int:
    done = bench.decide_all(shown, wanted, parsed.action, hand)
    if parsed.json:
        output.result(
            {
                "dataset": shown.name,
                "version": shown.version,
                "action": parsed.action,
                "where": bench.expression(wanted),
                "event": done.event,
                "rows": done.rows,
            }
        )
        return 0
    output.line(f"{parsed.action} for {done.rows} rows · {shown.waiting()} rows to seal")
    output.talk("`augment review undo` takes all of it back at once")
    return 0


def _change(bench: Workbench, shown: Browser, hand: By, parsed: Namespace) -> int:
    if parsed.row is None and parsed.action != "undo":
        raise UsageError(f"{parsed.action} needs a row", hint="--row ID; `augment review next` shows one")
    row_id = shown.find(parsed.row) if parsed.row is not None else None
    made: list[Event] = []
    if parsed.action == "undo":
        undone = bench.undo(shown, hand, row_id=row_id, anyone=parsed.reviewer is None)
        made = [undone] if undone is not None else []
        row_id = undone.row_id if undone is not None else row_id
    elif parsed.action == "edit":
        if parsed.field is None or parsed.value is None:
            raise UsageError("edit needs a field and its value", hint="--field answer --value B")
        made = bench.edit(shown, str(row_id), {parsed.field: read_field(parsed.field, parsed.value)}, hand)
    else:
        decided = bench.decide(shown, str(row_id), parsed.action, hand)
        made = [decided] if decided is not None else []
    return _changed(shown, row_id, made, parsed)


def _changed(shown: Browser, row_id: str | None, made: list[Event], parsed: Namespace) -> int:
    there = shown.family([row_id]) if row_id else {}
    stands = there[row_id].decision if row_id is not None and row_id in there else None
    if parsed.json:
        output.result(
            {
                "dataset": shown.name,
                "version": shown.version,
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
    about = f"{row_id[:12]} {what} · stands: {stands or 'undecided'}" if row_id else f"{what} of all rows of a filter"
    output.line(f"{about} · {shown.waiting()} rows to seal")
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
