"""The process that holds the weights: reads its orders from stdin, serves on loopback, ends when stdin does.

Started as a bare script by ``python -I -S``: it imports the standard library and the runtime's own folder, nothing of
the user's environment and nothing of ours, and its import path is its own.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

ERRORS_ONLY = 1


def serve() -> None:
    """Says ``{"url"}`` or ``{"error"}`` in one line, then waits for the end of stdin."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # llama.cpp prints where it likes; the line above must stay alone
    orders = json.loads(sys.stdin.buffer.readline())
    try:
        server = start(orders)
        line = {"url": server.listening_address}
    except Exception as error:  # whatever a native library throws is told, in words, to the process that started this
        line = {"error": f"{type(error).__name__}: {error}"}
    answer.write(json.dumps(line) + "\n")
    answer.close()
    if "url" in line:
        sys.stdin.buffer.read()
    os._exit(0)  # the parent has gone or wants no more: there is nothing here to save


def start(orders: dict[str, Any]) -> Any:
    """llama.cpp's server on 127.0.0.1, under a path that only its parent knows."""
    sys.path.insert(0, orders["runtime"])
    llama = importlib.import_module("xllamacpp")
    params = llama.CommonParams()
    params.model.path = orders["file"]
    params.model_alias = {orders["model"]}
    params.port, params.api_prefix = orders["port"], orders["prefix"]
    params.n_ctx, params.n_parallel = orders["context"], orders["parallel"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = orders["threads"]
    params.n_predict = orders["answer"]
    params.sampling.penalty_repeat, params.sampling.penalty_last_n = 1.1, 256  # small models repeat without an end
    params.cache_ram_mib = 0  # else prompts are kept in up to 8 GiB
    params.warmup = params.fit_params = params.ui = params.endpoint_slots = False
    params.cors_origins = ""
    params.verbosity = ERRORS_ONLY
    return llama.Server(params)


if __name__ == "__main__":
    serve()
