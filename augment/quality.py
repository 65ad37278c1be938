"""What a version is made of and where rows were lost: pass rates, attempts, votes, lengths, letters, checks.

One pass over a few columns, by DuckDB; memory is a few numbers a row. What people and judges say of each other is
``calibration``'s, what stands twice is ``similarity``'s and ``leakage``'s.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from augment.agreement import wilson
from augment.rows import SCHEMA
from augment.store import Store

if TYPE_CHECKING:
    import duckdb

BINS = 20
MOST_TAGS = 200
RETRIED = ("reason", "wrong", "evaluate", "repair")  # asked again until a text can be kept
_READ = ("kind", "problem", "question", "options", "answer", "reasoning", "label", "votes", "stage", "provider")
_ALSO = ("attempts", "tags", "checks", "score", "parent_id")
_NARROW = """
CREATE TABLE narrow AS SELECT
    kind, label, stage, provider, attempts, score, parent_id IS NOT NULL AS derived,
    len(options) AS options,
    CASE WHEN len(options) > 0 AND regexp_full_match(answer, '[A-Z]+') THEN answer END AS letters,
    CASE WHEN len(options) > 1 AND regexp_full_match(answer, '[A-Z]') AND ascii(answer) - 64 <= len(options)
         THEN CASE WHEN length(options[ascii(answer) - 64]) = list_max(list_transform(options, lambda one: length(one)))
              THEN 1 / len(list_filter(options, lambda one: length(one) = length(options[ascii(answer) - 64])))
              ELSE 0 END END AS longest,
    length(concat_ws('', problem, question)) AS asked,
    length(reasoning) AS reasoned,
    list_max(list_transform(votes, lambda one: one.count)) / list_sum(list_transform(votes, lambda one: one.count))
        AS lead,
    list_filter(tags, lambda one: NOT contains(one, ':')) AS tags,
    list_transform(list_filter(checks, lambda one: NOT one.ok), lambda one: one.name) AS broken
FROM rows
"""


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of the rows that a stage read with certain providers, over all versions up to the one asked for.

    rows_in = done + skipped + rejected + failed. reasons: why rows were rejected, most first.
    """

    stage: str
    provider: str
    rows_in: int
    done: int
    skipped: int
    rejected: int
    failed: int
    reasons: Mapping[str, int]

    @property
    def rate(self) -> float | None:
        """Kept of those that were tried to the end; None where none was."""
        tried = self.done + self.rejected
        return self.done / tried if tried else None

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval (Wilson)."""
        return wilson(self.done, self.done + self.rejected)


@dataclass(frozen=True, slots=True)
class Spread:
    """A histogram. edges: one more than counts; the last edge belongs to the last count."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    median: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Figures of one version.

    attempts: (stage, provider, attempts) → rows whose reply was kept at that attempt. letters: (options, letter) → rows
    with that answer, one of several letters counted at each. longest: options → (rows, those whose answer is the
    longest option, one of k equally long counted as 1/k; by chance one in so many). lengths, in characters: ``asked``
    (stem and question) and ``reasoned``, for ``imported`` and ``derived`` rows each. lead: share of the votes that the
    winner has. tags: without those that name a stage. broken: checks that rows failed and are still there.
    """

    dataset: str
    version: int
    rows: int
    passed: Sequence[Passed]
    kinds: Mapping[str, int]
    attempts: Mapping[tuple[str, str, int], int]
    letters: Mapping[tuple[int, str], int]
    longest: Mapping[int, tuple[int, float]]
    lengths: Mapping[tuple[str, str], Spread]
    lead: Spread | None
    score: Spread | None
    tags: Mapping[str, int]
    broken: Mapping[str, int]


def quality(store: Store, name: str, version: int) -> Quality:
    """The figures of a version. Raises NotFound, DiskTrouble."""
    with _narrow(store, name, version) as db:
        return Quality(
            dataset=name,
            version=version,
            rows=int(_one(db, "SELECT count(*) FROM narrow")),
            passed=passed(store, name, version),
            kinds=dict(
                _all(db, "SELECT kind, count(*) FROM narrow WHERE kind IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1")
            ),
            attempts={
                (stage, provider, attempts): rows
                for stage, provider, attempts, rows in _all(
                    db,
                    "SELECT stage, provider, attempts, count(*) FROM narrow WHERE attempts > 0 AND provider IS NOT NULL"
                    f" AND stage IN {RETRIED} GROUP BY ALL ORDER BY ALL",
                )
            },
            letters={
                (options, letter): rows
                for options, letter, rows in _all(
                    db,
                    "SELECT options, letter, count(*) FROM (SELECT options, unnest(string_split(letters, '')) AS letter"
                    " FROM narrow WHERE letters IS NOT NULL) GROUP BY ALL ORDER BY ALL",
                )
            },
            longest={
                options: (rows, found)
                for options, rows, found in _all(
                    db,
                    "SELECT options, count(*), sum(longest) FROM narrow WHERE longest IS NOT NULL"
                    " GROUP BY 1 ORDER BY 1",
                )
            },
            lengths={
                (column, whose): spread
                for column in ("asked", "reasoned")
                for whose, condition in (("imported", "NOT derived"), ("derived", "derived"))
                if (spread := _spread(db, column, condition)) is not None
            },
            lead=_spread(db, "lead", of=(0.0, 1.0)),
            score=_spread(db, "score", of=(0.0, 1.0)),
            tags=_counted(db, "tags"),
            broken=_counted(db, "broken"),
        )


def passed(store: Store, name: str, version: int) -> list[Passed]:
    """What became of rows by stage and provider, in the order the stages were first run."""
    sums: dict[tuple[str, str], dict[str, Counter[str]]] = {}
    for one in store.versions(name):
        lineage = one.lineage
        if one.number > version or "rows_in" not in lineage:
            continue
        key = (str(lineage.get("stage", "")), " → ".join(lineage.get("providers") or []))
        had = sums.setdefault(key, {state: Counter() for state in ("done", "skipped", "rejected", "failed")})
        had["done"][""] += int(lineage.get("done") or 0)
        for state in ("skipped", "rejected", "failed"):
            had[state].update(lineage.get(state) or {})
    return [
        Passed(
            stage,
            provider,
            sum(counts.total() for counts in had.values()),
            had["done"].total(),
            had["skipped"].total(),
            had["rejected"].total(),
            had["failed"].total(),
            dict(sorted(had["rejected"].items(), key=lambda pair: (-pair[1], pair[0]))),
        )
        for (stage, provider), had in sums.items()
    ]


@contextlib.contextmanager
def _narrow(store: Store, name: str, version: int) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    columns = [*_READ, *_ALSO]
    schema = pa.schema([SCHEMA.field(column) for column in columns])
    with (
        contextlib.closing(store.read(name, version, columns)) as batches,
        duckdb.connect(":memory:", config={"enable_external_access": False}) as db,
    ):
        db.register("rows", pa.RecordBatchReader.from_batches(schema, (batch.select(columns) for batch in batches)))
        db.execute(_NARROW)
        yield db


def _spread(
    db: duckdb.DuckDBPyConnection, column: str, condition: str = "true", of: tuple[float, float] | None = None
) -> Spread | None:
    """Of the known values of a column, in the bins of all rows, so that two can be laid beside each other; None where
    there are none. of: where the bins begin and end; else the last one holds what is far out."""
    middle, rows = _all(db, f"SELECT median({column}), count({column}) FROM narrow WHERE {condition}")[0]
    if not rows:
        return None
    low, high = of or _all(db, f"SELECT min({column}), quantile_disc({column}, 0.99) FROM narrow")[0]
    width = 1.0 * (high - low) / BINS if of else float(max(1, -(-(high - low + 1) // BINS)))
    counts = [0] * BINS
    for at, count in _all(
        db,
        f"SELECT least(greatest(floor(({column} - {low}) / {width}), 0), {BINS - 1})::INT, count(*) FROM narrow"
        f" WHERE {condition} AND {column} IS NOT NULL GROUP BY 1",
    ):
        counts[at] = count
    return Spread(tuple(low + width * at for at in range(BINS + 1)), tuple(counts), float(middle))


def _counted(db: duckdb.DuckDBPyConnection, column: str) -> dict[str, int]:
    return dict(
        _all(
            db,
            f"SELECT word, count(*) FROM (SELECT unnest({column}) AS word FROM narrow) GROUP BY 1"
            f" ORDER BY 2 DESC, 1 LIMIT {MOST_TAGS}",
        )
    )


def _all(db: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return db.execute(sql).fetchall()


def _one(db: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return _all(db, sql)[0][0]
