"""What filters and queues need of a row and no column says by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.rows import SCHEMA

DERIVED = pa.schema(
    [
        ("failed", pa.list_(pa.string())),
        ("passed", pa.list_(pa.string())),
        ("length", pa.int64()),
        ("has_reasoning", pa.bool_()),
        ("spread", pa.float64()),
    ]
)
WIDE = pa.schema([*SCHEMA, *DERIVED])


def derived(batch: pa.RecordBatch | pa.Table) -> dict[str, Any]:
    """What filters need and no column says by itself, by the names of DERIVED."""
    checks = batch.column("checks")
    if isinstance(checks, pa.ChunkedArray):
        checks = checks.combine_chunks()
    parents = pc.list_parent_indices(checks)
    inner = pc.list_flatten(checks)
    texts = [batch.column(name) for name in ("problem", "question", "reasoning")]
    texts.append(pc.binary_join(batch.column("options"), ""))
    lengths = [pc.fill_null(pc.utf8_length(text), 0).cast(pa.int64()) for text in texts]
    total = lengths[0]
    for more in lengths[1:]:
        total = pc.add(total, more)
    ok = pc.fill_null(pc.struct_field(inner, "ok"), False)
    return {
        "failed": _names(inner, parents, pc.invert(ok), len(checks)),
        "passed": _names(inner, parents, ok, len(checks)),
        "length": total,
        "has_reasoning": batch.column("reasoning").is_valid(),
        "spread": _spread(batch.column("verdicts")),
    }


def _spread(verdicts: Any) -> Any:
    """For each row how far its judges' shares of their maximum lie apart; null for fewer than two."""
    if isinstance(verdicts, pa.ChunkedArray):
        verdicts = verdicts.combine_chunks()
    inner = pc.list_flatten(verdicts)
    total, maximum = (pc.fill_null(pc.struct_field(inner, name), np.nan) for name in ("total", "maximum"))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = total.to_numpy(zero_copy_only=False) / maximum.to_numpy(zero_copy_only=False)
    there = np.isfinite(shares)
    parents = pc.list_parent_indices(verdicts).to_numpy(zero_copy_only=False)[there]
    most, least = np.full(len(verdicts), -np.inf), np.full(len(verdicts), np.inf)
    np.maximum.at(most, parents, shares[there])
    np.minimum.at(least, parents, shares[there])
    several = np.bincount(parents, minlength=len(verdicts)) > 1
    return pa.array(np.where(several, most - least, 0.0), mask=~several)


def _names(inner: Any, parents: Any, chosen: Any, rows: int) -> Any:
    """For each row the names of those of its checks that are chosen."""
    counts = np.bincount(pc.filter(parents, chosen).to_numpy(zero_copy_only=False).astype(np.int64), minlength=rows)
    offsets = pa.array(np.concatenate(([0], np.cumsum(counts))).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, pc.filter(pc.struct_field(inner, "name"), chosen))
