"""hf: a folder for the Hugging Face hub: Parquet shards by split, and a card."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.exports._format import DRAWN, Format, Job, Written
from augment.exports._table import SHOWN

if TYPE_CHECKING:
    import pyarrow as pa

SHARD = 100_000  # rows a file
LONGEST_SPLIT = 40
GROUP = 5_000  # rows in memory at once
# Who decided is nobody's business outside; what was decided stays, as `decision`.
COLUMNS = tuple(name for name in SHOWN if name != "decisions")
_SPLITS = {None: "train", "dev": "validation"}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def write(job: Job) -> list[Written]:
    """The shards and the card."""
    tally = _Tally()
    for values in job.spools["rows"].lines():
        tally.see(values)
    written: list[Written] = []
    (job.room / "data").mkdir()
    for split, count in tally.splits.items():
        rows = (values for values in job.spools["rows"].lines() if split_of(values["split"]) == split)
        shards = -(-count // SHARD)
        for number in range(shards):
            name = f"data/{split}-{number:05d}-of-{shards:05d}.parquet"
            lines = _write_shard(job.room / name, islice(rows, SHARD))
            written.append(Written(name, lines))
    card = _card(job, tally)
    (job.room / "README.md").write_text(card, "utf-8", newline="\n")
    return [*written, Written("README.md", card.count("\n"))]


def split_of(split: str | None) -> str:
    """What the hub calls a split, whatever a file called it: it becomes part of a file's name."""
    return re.sub(r"\W", "_", _SPLITS.get(split, split or "train"), flags=re.ASCII)[:LONGEST_SPLIT]


def _write_shard(path: Path, rows: Iterator[Mapping[str, Any]]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from augment.rows import SCHEMA

    schema = pa.schema([SCHEMA.field(name) for name in COLUMNS])
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while some := list(islice(rows, GROUP)):
            writer.write_batch(_batch(some, schema))
            count += len(some)
    return count


def _batch(rows: list[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    from augment.arrays import to_array

    arrays = [to_array([row[field.name] for row in rows], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


_ABOUT = (
    "{rows} rows of version v{version}, {made} of them written or changed by a stage of a synthetic data workbench."
    " Each row is one question with its stem; `answer` is the gold answer, `reasoning` a worked solution, `label` what"
    " the reasoning is meant to be (`wrong`: it argues for a wrong answer on purpose).\n"
)


class _Tally:
    """What the card counts."""

    def __init__(self) -> None:
        self.splits: Counter[str] = Counter()
        self.stages: Counter[str] = Counter()
        self.providers: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()

    def see(self, values: Mapping[str, Any]) -> None:
        self.splits[split_of(values["split"])] += 1
        self.stages[values["stage"] or "unknown"] += 1
        self.providers[values["provider"] or "nobody (imported, or by rule)"] += 1
        self.kinds[values["kind"]] += 1
        self.labels[values["label"] or "none"] += 1


def _card(job: Job, tally: _Tally) -> str:
    rows = tally.splits.total()
    made = tally.stages.total() - tally.stages["import"]
    parts = [
        _front(job, tally),
        f"# {_cell(job.dataset)}\n",
        _ABOUT.format(rows=rows, version=job.version, made=made),
    ]
    if job.counts["simulated"]:
        parts.append(
            f"**A rehearsal: {job.counts['simulated']} rows were written by a simulator, not by a model. "
            "Do not train on them.**\n"
        )
    if job.counts["left_out"]:
        left = ", ".join(f"{count} {reason}" for reason, count in job.counts["left_out"].items())
        parts.append(f"Left out of {job.counts['rows_in']} rows: {left}.\n")
    for title, counts in (
        ("Split", tally.splits),
        ("Kind", tally.kinds),
        ("Label of the reasoning", tally.labels),
        ("Stage that last wrote the row", tally.stages),
        ("Who wrote it", tally.providers),
    ):
        parts.append(_counts(title, counts))
    steps = [f"| v{one['version']} | {_cell(one['stage'])} | {_cell(one['provider'])} |" for one in job.made]
    parts.append(
        "\n".join(["## How it was made\n", "| version | stage | provider |", "| --- | --- | --- |", *steps, ""])
    )
    return "\n".join(parts)


def _front(job: Job, tally: _Tally) -> str:
    """The card's YAML; texts as JSON, which is YAML too (huggingface/hub-docs, datasetcard.md)."""
    rows = tally.splits.total()
    size = next((name for most, name in _SIZES if rows < most), "n>1M" if rows >= 10_000_000 else "1M<n<10M")
    tasks = {"choice": "multiple-choice", "reading": "question-answering", "instruction": "text-generation"}
    lines = [
        "---",
        f"pretty_name: {json.dumps(job.dataset, ensure_ascii=False)}",
        "language:\n- zh",
        *([f"license: {json.dumps(job.options.license)}"] if job.options.license else []),
        "annotations_creators:\n- machine-generated",
        "language_creators:\n- found\n- machine-generated",
        "task_categories:\n" + "\n".join(f"- {tasks[kind]}" for kind in sorted(tally.kinds)),
        f"size_categories:\n- {size}",
        "tags:\n- synthetic\n- reasoning",
        "configs:\n- config_name: default\n  data_files:",
        *(f"  - split: {split}\n    path: data/{split}-*" for split in tally.splits),
        "---\n",
    ]
    return "\n".join(lines)


def _counts(title: str, counts: Counter[str]) -> str:
    lines = [
        f"| {_cell(name)} | {count} |" for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]
    return "\n".join([f"| {title} | rows |", "| --- | ---: |", *lines, ""])


def _cell(text: str) -> str:
    """A name as a table shows it, whatever characters it has."""
    return re.sub(r"[^\w .:,()/@-]", "_", text)


FORMAT = Format(kinds=("rows",), write=write, takes=DRAWN | {"license"}, decision="kept", findings="all", folder=True)
