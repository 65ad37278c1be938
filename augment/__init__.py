"""A synthetic data augmentation workbench for Chinese reasoning, multiple-choice, reading and instruction data.

For a notebook: ``load`` a version as an Arrow table, ``run`` a stage, ``export`` a version, ``read_answer`` of a text.
The same front door as the command line and the browser, the same ledger, the same counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from augment.answers import Answer

__version__ = "0.4.0"
__all__ = ["__version__", "export", "load", "read_answer", "run"]


def load(
    dataset: str, version: int | None = None, *, where: str | None = None, workspace: str | None = None
) -> pa.Table:
    """The rows of a version (the newest where none is given) as an Arrow table with the columns of ``rows.SCHEMA``.

    where: an SQL expression over the columns. Raises NotFound, UsageError.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from augment.query import check_expression, select
    from augment.rows import SCHEMA
    from augment.workbench import Reference, Workbench

    with Workbench.open(workspace) as bench:
        number = bench.at(Reference(dataset, version))
        table = pa.Table.from_batches(bench.store.read(dataset, number), schema=SCHEMA)
        if where is None:
            return table
        check_expression(where)
        ids = select(bench.store, dataset, number, where=where) or frozenset()
        return table.filter(pc.is_in(table.column("row_id"), pa.array(sorted(ids), pa.string())))


def run(stage: str, dataset: str | None = None, *, workspace: str | None = None, **options: Any) -> dict[str, Any]:
    """Runs a stage and gives its counts, as ``augment STAGE --json`` prints them.

    options: the stage's own and those of every stage, by name (``provider="yi-34b", retries=3``); repeatable ones take
    a list. Raises AugmentError where nothing could be run; a run that ended early is told by its counts.
    """
    from dataclasses import fields

    from augment.errors import UsageError
    from augment.plans import RunOptions
    from augment.stages import load as load_stage
    from augment.workbench import Workbench

    common = {field.name for field in fields(RunOptions)}
    own = {field.name for field in fields(load_stage(stage).options)}
    unknown = sorted(set(options) - common - own)
    if unknown:
        raise UsageError(f"{stage!r} has no option {unknown[0]!r}", hint=f"options: {', '.join(sorted(common | own))}")
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in options.items()
    }
    with Workbench.open(workspace) as bench:
        summary = bench.run(
            stage,
            dataset,
            options={name: value for name, value in given.items() if name in own},
            run=RunOptions(**{name: value for name, value in given.items() if name in common}),
        )
    return summary.as_json()


def export(dataset: str, format: str, path: str, *, workspace: str | None = None, **options: Any) -> dict[str, Any]:  # noqa: A002 - the flag's name
    """Writes a version (``train``, ``train@v3``) in a format and gives its manifest with the paths, as ``augment export
    --json`` prints it.

    options: the command's flags, by name (``cot="none", where="score >= 0.8"``). Raises AugmentError.
    """
    from dataclasses import fields
    from pathlib import Path

    from augment.errors import UsageError
    from augment.exports import ExportOptions
    from augment.workbench import Workbench

    known = {field.name for field in fields(ExportOptions)}
    if unknown := sorted(set(options) - known):
        raise UsageError(f"an export has no option {unknown[0]!r}", hint=f"options: {', '.join(sorted(known))}")
    with Workbench.open(workspace) as bench:
        return bench.export(dataset, format, Path(path), ExportOptions(**options)).as_json()


def read_answer(text: str, *, options: int | Sequence[str] = 26) -> Answer:
    """The answer a text concludes: one letter, several or none. options: how many there are, or their texts."""
    from augment.answers import read_answer as read

    return read(text, options=options)
