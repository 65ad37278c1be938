"""The same job by bespokelabs-curator, the peer that keeps each answer, as its documentation writes it.

    PYTHON bench/peer_curator.py BASE_URL PROMPTS.jsonl ANSWERS.jsonl IN_FLIGHT [RPM]

Its cache lies in the working folder, so the same command goes on where it stopped. No limit told: one that never binds.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

base, prompts, answers, in_flight = sys.argv[1:5]
os.environ["CURATOR_CACHE_DIR"] = str(Path("cache").resolve())
os.environ["CURATOR_DISABLE_RICH_DISPLAY"] = "1"
os.environ["TELEMETRY_ENABLED"] = "false"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
litellm = importlib.util.find_spec("litellm")
if litellm is not None and litellm.origin:  # it brings the token table that is else downloaded
    tables = Path(litellm.origin).parent / "litellm_core_utils" / "tokenizers"
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(tables))

from bespokelabs import curator  # type: ignore[import-not-found]  # noqa: E402 — after its environment is set

from datasets import Dataset  # type: ignore[attr-defined]  # noqa: E402 — a folder of ours has its name


class Solver(curator.LLM):  # type: ignore[misc]  # has no types
    def prompt(self, row: dict[str, str]) -> str:
        return row["prompt"]

    def parse(self, row: dict[str, str], response: str) -> dict[str, str]:
        return {"id": row["id"], "answer": response}


solver = Solver(
    model_name="bench",
    backend="openai",
    generation_params={"temperature": 0.8},
    backend_params={
        "base_url": base,
        "api_key": "none",
        "max_requests_per_minute": int(sys.argv[5]) if len(sys.argv) > 5 else 1_000_000,
        "max_tokens_per_minute": 1_000_000_000,
        "max_concurrent_requests": int(in_flight),
        "require_all_responses": False,
    },
)
with Path(prompts).open(encoding="utf-8") as file:
    rows = Dataset.from_list([json.loads(line) for line in file])
solved = solver(rows)
with Path(answers).open("w", encoding="utf-8") as out:
    for solution in getattr(solved, "dataset", solved):
        out.write(json.dumps({"id": solution["id"], "answer": solution["answer"]}, ensure_ascii=False) + "\n")
