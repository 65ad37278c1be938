"""The bare loop people write: one session, a semaphore, JSONL in, JSONL out. Checks nothing, keeps nothing.

    python bench/bare_aiohttp.py BASE_URL PROMPTS.jsonl ANSWERS.jsonl IN_FLIGHT

An ask that fails is left out; typed again it asks for what has no line yet.
"""

import asyncio
import json
import os
import sys

import aiohttp


async def main(base: str, prompts: str, answers: str, in_flight: int) -> None:
    done = set()
    if os.path.exists(answers):  # noqa: ASYNC240, PTH110 — as people write it
        with open(answers) as file:  # noqa: PTH123, ASYNC230
            for line in file:
                try:
                    done.add(json.loads(line)["id"])
                except ValueError:  # cut by a kill
                    continue
    with open(prompts) as file:  # noqa: PTH123, ASYNC230
        rows = [row for line in file if (row := json.loads(line))["id"] not in done]
    places = asyncio.Semaphore(in_flight)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        with open(answers, "a", buffering=1) as out:  # noqa: PTH123, ASYNC230

            async def ask(row: dict[str, str]) -> None:
                body = {
                    "model": "bench",
                    "messages": [{"role": "user", "content": row["prompt"]}],
                    "temperature": 0.8,
                }
                async with places:
                    try:
                        async with session.post(f"{base}/chat/completions", json=body) as response:
                            response.raise_for_status()
                            answer = (await response.json())["choices"][0]["message"]["content"]
                    except (aiohttp.ClientError, OSError):
                        return
                out.write(json.dumps({"id": row["id"], "answer": answer}, ensure_ascii=False) + "\n")

            await asyncio.gather(*(ask(row) for row in rows))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
