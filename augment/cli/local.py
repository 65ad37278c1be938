"""``augment local``: small weights on this machine, a demonstration: install, status, serve, remove."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

from augment import local
from augment.cli import output
from augment.cli.options import command_parser
from augment.settings import Settings, find_workspace, read_settings

ACTIONS = ("install", "status", "serve", "remove")
PLAIN_STEPS = 10


def local_(arguments: Sequence[str]) -> int:
    """Runs one action of ``augment local``."""
    parser = command_parser(
        "local",
        "Small weights served on this machine, a demonstration that needs no key: what they write is no data to train "
        "on. install fetches a runtime and weights once, hashes checked; status says what is here; serve serves "
        "OpenAI's wire on 127.0.0.1 until stopped; remove takes it all away.",
    )
    names = [one.name for one in local.shipped().weights]
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument(
        "weights",
        nargs="?",
        metavar="WEIGHTS",
        help=f"{' or '.join(names)} (left out: {names[0]}); of install and serve",
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="serve: 0 takes a free one")
    parsed = parser.parse_args(list(arguments))
    settings = read_settings(find_workspace(parsed.workspace, make=True))
    return {"install": _install, "status": _status, "serve": _serve, "remove": _remove}[parsed.action](settings, parsed)


def _install(settings: Settings, parsed: Namespace) -> int:
    done = local.install(settings, parsed.weights, progress=_Bar())
    if parsed.json:
        output.result({**asdict(done), "folder": str(done.folder), "seconds": round(done.seconds, 1)})
    elif done.fetched_bytes:
        output.line(f"{done.model}: {_megabytes(done.fetched_bytes)} fetched into {done.folder}")
    else:
        output.line(f"{done.model}: it is there and whole, 0 bytes fetched; {done.folder}")
    return 0


def _status(settings: Settings, parsed: Namespace) -> int:
    found = local.status(settings)
    if parsed.json:
        output.items({**asdict(one), "folder": str(one.folder)} for one in found)
        return 0
    rows = [
        (
            one.weights,
            "installed" if one.ready else "not installed",
            f"{_megabytes(one.bytes)} {'on disk' if one.ready else 'to fetch'}",
            one.model,
            one.about,
            one.licence,
        )
        for one in found
    ]
    output.table(("weights", "", "size", "model", "what to expect", "licence"), rows)
    output.talk(f"in {found[0].folder}")
    return 0


def _serve(settings: Settings, parsed: Namespace) -> int:
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    weights = local.shipped().named(parsed.weights)
    with local.serving(settings, parsed.weights, port=parsed.port, told=output.talk) as url:
        output.result({"url": url, "model": weights.model, "env": {"VLLM_BASE_URL": url}})
        sys.stdout.flush()
        over.wait()
    return 0


def _remove(settings: Settings, parsed: Namespace) -> int:
    freed = local.remove(settings)
    if parsed.json:
        output.result({"freed_bytes": freed, "folder": str(local.home(settings))})
    else:
        output.line(f"{_megabytes(freed)} freed" if freed else "nothing was installed")
    return 0


class _Bar:
    """How far the fetching is: a line on stderr at each tenth."""

    def __init__(self) -> None:
        self._said = -1

    def __call__(self, fetched: int, total: int) -> None:
        step = (min(fetched, total) * PLAIN_STEPS) // max(total, 1)
        if step != self._said:
            self._said = step
            output.talk(f"fetched {_megabytes(fetched)} of about {_megabytes(max(total, fetched))}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
