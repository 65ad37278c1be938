"""The loopback server: one origin for all wires, counts at ``/_sim/counts``.

``Simulator`` lives in the running loop, ``serve_in_thread`` has a loop of its own for callers without one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from aiohttp import web

from augment.errors import FixableError
from augment.simulator import options as keys
from augment.simulator._wire import Answer, Request
from augment.simulator.accounts import Accounts
from augment.simulator.counts import Counts
from augment.simulator.dashscope import PATH as DASHSCOPE_PATH
from augment.simulator.dashscope import DashScope, ModelQuota
from augment.simulator.dashscope_compatible import PREFIX as COMPATIBLE_PREFIX
from augment.simulator.dashscope_compatible import DashScopeCompatible
from augment.simulator.faults import Fates
from augment.simulator.openai import OpenAI
from augment.simulator.options import SimulatorOptions
from augment.simulator.qianfan_keys import V1_PREFIX, Keyring, Quota
from augment.simulator.qianfan_v1 import QianfanV1
from augment.simulator.qianfan_v2 import QianfanV2
from augment.simulator.spark import Spark
from augment.simulator.spark_http import PREFIX as SPARK_PREFIX
from augment.simulator.spark_http import TUNED_PREFIX as SPARK_TUNED_PREFIX
from augment.simulator.spark_http import SparkHTTP
from augment.simulator.spark_line import Line
from augment.simulator.tencent import Tencent

HOST = "127.0.0.1"
DRIP_S = 0.5  # between two pieces of an answer that drips


class Simulator:
    """All wires on one loopback port, for the length of an ``async with``. Raises FixableError for a taken port."""

    def __init__(self, options: SimulatorOptions | None = None) -> None:
        self.options = options or SimulatorOptions()
        self._counts = Counts()
        fates = Fates(self.options.faults, self.options.seed)
        self._accounts = Accounts(self.options)
        house = (self.options, fates, self._accounts, self._counts.times_served)
        self._keyring = Keyring(self.options)
        quota = Quota(self.options.vendor_limits)
        self._tencent = Tencent(self.options, fates, self._accounts)
        self._v1 = QianfanV1(*house, self._keyring, quota)
        self._v2 = QianfanV2(*house, self._keyring, quota)
        self._openai = OpenAI(*house)
        models = ModelQuota(self.options.vendor_limits)
        self._dashscope = DashScope(*house, models)
        self._compatible = DashScopeCompatible(*house, models)
        self._spark = Spark(*house)
        self._spark_http = SparkHTTP(*house)
        self._runner: web.ServerRunner | None = None
        self._closing = asyncio.Event()
        self._line = Line(self._spark, self.options, self._counts, self._accounts, self._closing)
        self._port = 0

    @property
    def url(self) -> str:
        """The origin, ``http://127.0.0.1:PORT``."""
        return f"http://{HOST}:{self._port}"

    @property
    def ws(self) -> str:
        """The same origin for websockets."""
        return f"ws://{HOST}:{self._port}"

    @property
    def env(self) -> dict[str, str]:
        """Variables that point every connector here, keys included."""
        return {
            "AUGMENT_TENCENT_ENDPOINT": self.url,
            "AUGMENT_QIANFAN_ENDPOINT": self.url,
            "AUGMENT_DASHSCOPE_ENDPOINT": self.url,
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "DEEPSEEK_BASE_URL": f"{self.url}/v1",
            "TOKENHUB_BASE_URL": f"{self.url}/v1",
            "VLLM_BASE_URL": f"{self.url}/vllm/v1",
            "AUGMENT_SPARK_ENDPOINT": self.ws,
            "SPARK_BASE_URL": f"{self.url}{SPARK_PREFIX}",
            "SPARK_TUNED_BASE_URL": f"{self.url}{SPARK_TUNED_PREFIX}",
            "TENCENTCLOUD_SECRET_ID": keys.TENCENT_SECRET_ID,
            "TENCENTCLOUD_SECRET_KEY": keys.TENCENT_SECRET_KEY,
            "QIANFAN_AK": keys.QIANFAN_AK,
            "QIANFAN_SK": keys.QIANFAN_SK,
            "DASHSCOPE_API_KEY": keys.DASHSCOPE_API_KEY,
            "SPARKAI_APP_ID": keys.SPARK_APP_ID,
            "SPARKAI_API_KEY": keys.SPARK_API_KEY,
            "SPARKAI_API_SECRET": keys.SPARK_API_SECRET,
            "SPARKAI_RESOURCE_ID": keys.SPARK_RESOURCE_ID,
            "SPARKAI_SERVICE_ID": keys.SPARK_SERVICE_ID,
            "SPARKAI_API_PASSWORD": keys.SPARK_API_PASSWORD,
            "SPARKAI_TUNED_API_KEY": keys.SPARK_TUNED_API_KEY,
            **keys.OPENAI_KEYS,
        }

    @property
    def extra_keys(self) -> dict[str, str]:
        """Further keys it accepts; not in ``env``, where they would change which of Qianfan's APIs is used."""
        return {
            "QIANFAN_ACCESS_KEY": keys.QIANFAN_ACCESS_KEY,
            "QIANFAN_SECRET_KEY": keys.QIANFAN_SECRET_KEY,
            "QIANFAN_BEARER_TOKEN": keys.QIANFAN_BEARER_TOKEN,
        }

    def counts(self) -> dict[str, Any]:
        """What was served so far, as ``/_sim/counts`` says it. Safe from any thread."""
        return {**self._counts.snapshot(), "too_early": self._accounts.too_early}

    async def __aenter__(self) -> Simulator:
        runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, HOST, self.options.port)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise FixableError(
                f"port {self.options.port} cannot be listened on: {error.strerror or error}",
                hint="choose another --port, or 0 for any free one",
            ) from error
        self._port = runner.addresses[0][1]
        self._runner = runner
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        url = incoming.rel_url
        request = Request(
            incoming.method,
            url.path,
            tuple(url.query.items()),
            {name.lower(): value for name, value in incoming.headers.items()},
            await incoming.read(),
        )
        if request.path == "/_sim/counts":
            return web.json_response(self.counts())
        refused = self._spark.refusal(request) if self._spark.serves(request.path) else None
        if self._spark.serves(request.path) and refused is None:
            return await self._line.converse(incoming, request.path)
        answer = refused or self._answer(request)
        self._counts.arrived(answer.wire)
        self._counts.billed(answer)
        self._accounts.billed(answer)
        return await self._deliver(incoming, answer)

    def _answer(self, request: Request) -> Answer:
        match request.path:
            case "/":
                return self._tencent.answer(request)
            case "/oauth/2.0/token":
                return self._keyring.oauth(request)
            case "/v1/BCE-BEARER/token":
                return self._keyring.iam_token(request)
            case "/wenxinworkshop/service/list":
                return self._keyring.service_list(request)
            case "/v2/chat/completions":
                return self._v2.answer(request)
            case "/v1/chat/completions" | "/v1/models":
                return self._openai.answer(request)
            case "/vllm/v1/chat/completions" | "/vllm/v1/models":
                return self._openai.answer(request, keyless=True)
            case path if self._spark_http.serves(path):
                return self._spark_http.answer(request)
            case path if path == DASHSCOPE_PATH:
                return self._dashscope.answer(request)
            case path if path == f"{COMPATIBLE_PREFIX}/chat/completions":
                return self._compatible.answer(request)
            case path if path.startswith(V1_PREFIX):
                return self._v1.answer(request)
        return Answer("other", json.dumps({"error": f"no vendor serves {request.path}"}).encode(), 404)

    async def _deliver(self, incoming: web.BaseRequest, answer: Answer) -> web.StreamResponse:
        """Sends the answer, or as much of it as its fault allows, and books what became of it."""
        wait_s = self.options.latency_s + answer.wait_s
        if wait_s:
            with contextlib.suppress(TimeoutError):  # an answer still waited for when all ends is never sent
                await asyncio.wait_for(self._closing.wait(), wait_s)
        response = web.StreamResponse(
            status=answer.status, headers={"Content-Type": answer.content_type, **dict(answer.headers)}
        )
        response.content_length = len(answer.body)
        gone = self._closing.is_set() or incoming.transport is None or incoming.transport.is_closing()
        whole = not answer.breaks and not gone
        if answer.drips and whole:
            return await self._drip(incoming, response, answer)
        self._counts.leaves(answer, whole=whole)
        self._accounts.leaves(answer)
        if gone or answer.breaks in ("before", "after"):
            return _hang_up(incoming, response)
        try:
            await response.prepare(incoming)
            if answer.breaks == "half":
                await response.write(answer.body[: len(answer.body) // 2])
                return _hang_up(incoming, response)
            await response.write(answer.body)
            await response.write_eof()
        except ConnectionError:
            response.force_close()
            if whole:
                self._counts.did_not_leave(answer)
        return response

    async def _drip(
        self, incoming: web.BaseRequest, response: web.StreamResponse, answer: Answer
    ) -> web.StreamResponse:
        """Sends the answer a few bytes at a time; a client that hangs up before the last has lost it."""
        whole = False
        pauses = max(1, round(self.options.drip_s / DRIP_S))
        size = max(1, len(answer.body) // (pauses + 1))
        pieces = [answer.body[at : at + size] for at in range(0, size * pauses, size)]
        last = answer.body[size * pauses :]
        try:
            await response.prepare(incoming)
            for piece in pieces:
                await response.write(piece)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), self.options.drip_s / pauses)
                if self._closing.is_set() or incoming.transport is None or incoming.transport.is_closing():
                    raise ConnectionResetError
            whole = True
            self._counts.leaves(answer, whole=True)
            await response.write(last)
            await response.write_eof()
        except ConnectionError:
            response.force_close()
            if whole:
                self._counts.did_not_leave(answer)
            else:
                self._counts.leaves(answer, whole=False)
        return response


def _hang_up(incoming: web.BaseRequest, response: web.StreamResponse) -> web.StreamResponse:
    """Closes the connection once what was written has left."""
    response.force_close()
    if incoming.transport is not None:
        incoming.transport.close()
    return response


@contextlib.contextmanager
def serve_in_thread(options: SimulatorOptions | None = None) -> Iterator[Simulator]:
    """A running simulator on a thread of its own, for callers without a loop."""
    simulator = Simulator(options)
    ready = threading.Event()
    trouble: list[BaseException] = []
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def live() -> None:
        async with simulator:
            ready.set()
            await over.wait()

    def run() -> None:
        try:
            loop.run_until_complete(live())
        except BaseException as error:  # handed to the caller's thread below
            trouble.append(error)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
            ready.set()

    thread = threading.Thread(target=run, name="augment-simulator", daemon=True)
    thread.start()
    ready.wait()
    if trouble:
        thread.join()
        raise trouble[0]
    try:
        yield simulator
    finally:
        with contextlib.suppress(RuntimeError):  # the loop ended by itself
            loop.call_soon_threadsafe(over.set)
        thread.join()
