"""``augment scorer``: a small classifier of reasoning, trained here, then asked about rows."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.cli import output
from augment.cli.options import Parser, command_parser
from augment.errors import UsageError
from augment.workbench import Workbench

if TYPE_CHECKING:
    from augment.scorer import Card

PARTS = ("train", "dev", "test")
EXPORTED = ("where", "decision", "attempts", "allow_simulated")
ACTIONS = ("train", "apply", "show")
ABOUT = (
    "train fine-tunes a classifier on a dataset's right and wrong reasoning; apply has it score a dataset's rows, as a"
    " verdict beside the judges' (the stage `score`, whose flags it takes); show prints what a trained one is"
    " worth."
)


def scorer(arguments: Sequence[str]) -> int:
    """Runs one action of ``augment scorer``."""
    action, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    if action == "train":
        return _train(rest)
    if action == "apply":
        from augment.cli.stages import run

        return run("score", rest)
    if action == "show":
        return _show(rest)
    parser = command_parser("scorer", ABOUT)
    parser.add_argument("action", choices=ACTIONS)
    if "--help" in arguments or "-h" in arguments:
        output.line(f"{parser.format_help()}\n{_train_parser().format_help()}")
        return 0
    parser.parse_args(list(arguments))
    raise UsageError("the action stands first", hint="`augment scorer train …`, `augment scorer apply …`")


def _train(arguments: Sequence[str]) -> int:
    from augment.exports import ExportOptions
    from augment.scorer import Training

    parsed = _train_parser().parse_args(list(arguments))
    names = ("base", "output", "revision", "epochs", "batch", "at_once", "rate", "max_tokens", "seed", "precision")
    more = ("checkpoint_steps", "device", "restart")
    training = Training(**{name: getattr(parsed, name) for name in (*names, *more)})
    with Workbench.open(parsed.workspace) as bench:
        reference = bench.resolve(parsed.dataset)
        if reference.guessed:
            output.talk(f"dataset {reference.name!r}")
        options = ExportOptions(**{name: getattr(parsed, name) for name in EXPORTED})
        card = bench.train_scorer(parsed.dataset, training, options, told=output.talk)
    return _told(card, parsed, parsed.output)


def _train_parser() -> Parser:
    from augment.exports._options import DECISIONS
    from augment.scorer import Training

    parser = command_parser(
        "scorer train",
        "Fine-tune a sequence classifier on the rows that `augment export --format scorer` takes: right and wrong"
        " reasoning. Rows of one root or stem are never parted; learned from is split train, reported on dev and test"
        " (dealt 80 : 10 : 10 where rows have no split). Typed again after an interruption it goes on.",
    )
    usual = Training(base="", output=Path())
    parser.add_argument("dataset", nargs="?", metavar="DS[@vN]", help="left out: the dataset imported last")
    add = parser.add_argument
    add("--base", required=True, metavar="MODEL", help="what to start from: a folder, or a hub name, Qwen/Qwen2-0.5B")
    add("-o", "--output", required=True, type=Path, metavar="MODEL_DIR", help="where the scorer goes; its name, too")
    add("--revision", default="", metavar="REV", help="of a hub name: a branch, tag or commit")
    for name, metavar, about in (
        ("epochs", "N", "passes over the training part"),
        ("batch", "N", "examples of one step"),
        ("at_once", "N", "examples of one pass through the model; fewer need less memory"),
        ("rate", "R", "the highest learning rate"),
        ("max_tokens", "N", "tokens read of a text, the last ones"),
        ("seed", "N", "of the draw of parts, the head, the order"),
        ("precision", "P", "the share of right ones above the threshold to find"),
        ("checkpoint_steps", "N", "steps between two checkpoints"),
    ):
        value = getattr(usual, name)
        shown = f"{about} (default: {value})"
        add(f"--{name.replace('_', '-')}", type=type(value), default=value, metavar=metavar, help=shown)
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: the first CUDA device, else the CPU")
    add("--restart", action="store_true", help="begin anew, whatever an interrupted training has left")
    group = parser.add_argument_group("the rows, as in `augment export`")
    group.add_argument("--where", metavar="SQL", help="only rows for which this SQL expression holds")
    group.add_argument("--decision", choices=DECISIONS, help="by what people decided; left out: all but rejected rows")
    group.add_argument(
        "--attempts",
        choices=("use", "leave"),
        default="leave",
        help="use: also failed attempts of the ledger that concluded a wrong answer, as wrong reasoning",
    )
    group.add_argument("--allow-simulated", action="store_true", help="simulated rows too, as a rehearsal")
    return parser


def _show(arguments: Sequence[str]) -> int:
    parser = command_parser("scorer show", "Show what a trained scorer is, what it learned from and what it is worth.")
    parser.add_argument("folder", type=Path, metavar="MODEL_DIR")
    parsed = parser.parse_args(list(arguments))
    with Workbench.open(parsed.workspace, make=True) as bench:
        card = bench.scorer(parsed.folder)
    return _told(card, parsed, parsed.folder)


def _told(card: Card, parsed: Namespace, folder: Path) -> int:
    if parsed.json:
        from dataclasses import asdict

        output.result({"folder": str(folder), **asdict(card)})
        return 0
    base, rows = card.base, card.data["rows"]
    output.line(f"{card.name} {card.edition} · {base['architecture']} from {base['name']} · {folder}")
    if card.simulated:
        output.line("learned from simulated rows: a rehearsal, its scores are named sim:")
    parts = " · ".join(f"{part} {rows[part]['right']} right, {rows[part]['wrong']} wrong" for part in PARTS)
    output.line(f"{card.data['dataset']} v{card.data['version']}: {parts}")
    for part, found in card.metrics.items():
        _measured(part, found, card.temperature)
    _threshold(card.threshold)
    return 0


def _measured(part: str, found: Mapping[str, Any], temperature: float) -> None:
    output.line()
    output.line(
        f"{part}: AUC {found['auc']:.3f} (95 %: {found['low']:.3f} to {found['high']:.3f}) over {found['rows']} rows of"
        f" {found['roots']} roots · by length alone {found['length_auc']:.3f}"
    )
    if found["paired"] is not None:
        output.line(f"  of {found['pairs']} roots with both, the right one scores higher in {found['paired']:.0%}")
    output.line(
        f"  calibration at temperature {temperature:g}: ECE {found['ece']:.3f} (before {found['ece_before']:.3f}),"
        f" Brier {found['brier']:.3f}"
    )
    rows = [
        [f"{one['low']:.1f} to {one['high']:.1f}", one["rows"], f"{one['mean']:.3f}", f"{one['right']:.3f}"]
        for one in found["bins"]
    ]
    output.table(["score", "rows", "mean score", "right"], rows)


def _threshold(found: Mapping[str, Any] | None) -> None:
    output.line()
    if found is None:
        output.line("no threshold reaches the precision that was wanted: `answer --scorer` needs --scorer-threshold")
        return
    sure = "is sure of" if found["sure"] else "reaches"
    share = "none kept" if found["precision"] is None else f"{found['precision']:.3f}"
    output.line(
        f"threshold {found['score']:g} {sure} {found['wanted']:g} on {found['found_on']}; on {found['measured_on']}"
        f" {found['right']} of {found['kept']} above it are right: {share} (95 %: {found['low']:.3f} to"
        f" {found['high']:.3f}), {found['recall']:.0%} of the right ones"
    )
