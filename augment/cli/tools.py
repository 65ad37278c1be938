"""Commands around the work: simulate, ui, demo."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from augment.cli import output
from augment.cli.options import Parser, command_parser
from augment.errors import FixableError

FAULT_HELP = "kind=rate,… of the requests, e.g. rate_limited=0.1,5xx=0.05,drop_after=0.05"
SIMULATE = (
    "Serve Tencent TMT, Baidu Qianfan, Aliyun DashScope, iFlytek Spark and OpenAI's wire on 127.0.0.1, as strict about "
    "signatures, dates and bodies as their vendors. One line of JSON when ready: url, ws and env, the variables that "
    "point any client here."
)


def simulate(arguments: Sequence[str]) -> int:
    """Serves the vendors' wire until it is stopped; prints one line of JSON when ready."""
    from augment.simulator.faults import parse_faults
    from augment.simulator.options import SimulatorOptions
    from augment.simulator.server import Simulator

    parsed = _simulate_parser().parse_args(list(arguments))
    options = SimulatorOptions(
        port=parsed.port,
        faults=parse_faults(parsed.faults),
        seed=parsed.seed,
        strict=parsed.strict,
        latency_s=parsed.latency,
        slow_s=parsed.slow,
        retired=frozenset(parsed.retired),
        retire_after=parsed.retire_after,
        quota_after=parsed.quota_after,
        rpd=parsed.rpd,
        reset_s=parsed.reset,
        retry_after_s=parsed.retry_after,
    )

    async def serve() -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, over.set)
        async with Simulator(options) as simulator:
            output.result({"url": simulator.url, "ws": simulator.ws, "env": simulator.env})
            sys.stdout.flush()
            await over.wait()

    asyncio.run(serve())
    return 0


def _simulate_parser() -> Parser:
    from augment.simulator.handbook import handbook
    from augment.simulator.options import WIRES

    parser = command_parser("simulate", "\n".join(textwrap.wrap(SIMULATE, 98)))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = handbook()
    number: dict[str, Any] = {"type": _not_negative(int), "metavar": "N"}
    seconds: dict[str, Any] = {"type": _not_negative(float), "metavar": "SECONDS"}
    parser.add_argument("--port", type=int, default=0, metavar="N", help="0 takes a free one")
    parser.add_argument("--faults", default="", metavar="LIST", help=FAULT_HELP)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the faults and of the wording")
    parser.add_argument("--latency", default=0.0, help="of every answer", **seconds)
    parser.add_argument("--slow", default=3.0, help="of an answer with the fault slow (default: 3)", **seconds)
    parser.add_argument("--strict", action="store_true", help="the vendors' documented limits, not generous ones")
    parser.add_argument(
        "--retired", action="append", default=[], choices=WIRES, metavar="WIRE", help="answer as if switched off"
    )
    parser.add_argument("--retire-after", default=0, help="switch each wire off after N billed requests", **number)
    parser.add_argument("--quota-after", default=0, help="each account is used up after N billed requests", **number)
    parser.add_argument(
        "--rpd", default=0, help="requests a day of an account: qianfan, spark and openai have such a limit", **number
    )
    parser.add_argument("--reset", default=86_400.0, help="a day's length (default: 86400)", **seconds)
    parser.add_argument(
        "--retry-after", default=0.0, help="what each 429 says; whoever comes earlier is refused and counted", **seconds
    )
    return parser


def _not_negative(kind: type[Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = kind(text)
        if not 0 <= value < 10**9:
            raise argparse.ArgumentTypeError(f"{text!r} is not 0 or more")
        return value

    read.__name__ = kind.__name__  # what argparse calls it where it is no number at all
    return read


def ui(arguments: Sequence[str]) -> int:
    """Opens the review room; takes the place of this process."""
    parser = command_parser("ui", "Open the review room in the browser; further options go to Streamlit.")
    parsed, further = parser.parse_known_args(list(arguments))
    import ui as room

    app = Path(room.__file__ or "").with_name("app.py")
    if parsed.workspace:
        os.environ["AUGMENT_WORKSPACE"] = parsed.workspace  # noqa: TID251  # for the process that takes our place
    command = [sys.executable, "-m", "streamlit", "run", str(app), *further]
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606  # our own interpreter, no shell


def demo(arguments: Sequence[str]) -> int:
    """The main job on the sample, in a workspace of its own, over the simulator."""
    from augment.cli.app import run as augment
    from augment.workbench._uploads import SAMPLES, sample

    parser = command_parser("demo", "Import the sample, back-translate and reason over the simulator, and show it.")
    parsed = parser.parse_args(list(arguments))
    workspace = Path(parsed.workspace or ".demo").resolve()
    if (workspace / "datasets" / ".augment").is_dir():
        output.talk(f"the demo's workspace {str(workspace)!r} is made anew")
        shutil.rmtree(workspace / "datasets")
    workspace.mkdir(parents=True, exist_ok=True)
    (workspace / "augment.toml").touch()
    files = [str(sample(name)) for name in SAMPLES]
    steps = [
        ["import", *files, "--name", "sample"],
        ["backtranslate", "--skip", "translation-tasks", "--simulate"],
        ["reason", "--provider", "yi-34b", "--simulate"],
        ["versions"],
        ["diff", "v1", "v2", "--limit", "1"],
        ["show", "--where", "parent_id is not null and reasoning is not null", "--limit", "3"],
    ]
    for step in steps:
        shown = " ".join(f"'{word}'" if " " in word else word for word in step)
        output.line(f"\n$ augment {shown}")
        sys.stdout.flush()
        with contextlib.chdir(workspace):
            code = augment(step)
        if code:
            raise FixableError(f"`augment {step[0]}` ended with exit code {code}", hint="the lines above say why")
    output.line(
        f"\nNow open it in the browser:\n  cd {str(workspace)!r} && augment ui\n"
        "or, from the checkout:\n"
        f"  AUGMENT_WORKSPACE={str(workspace)!r} streamlit run ui/app.py"
    )
    return 0
