"""What the verdicts of a version are worth: how far judges agree among themselves and with people, what sways them,
and the score from which on people accept what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from augment.agreement import Cut, Rating, alpha, assured, cuts, kappa, lowest, needed, rank_correlation, wilson
from augment.arrays import to_values
from augment.browse import Browser, Filter
from augment.comparisons import CHECK, FIRST, TIE, WORDS, stands
from augment.errors import UsageError
from augment.store import Store
from augment.types import Row, Verdict

PAGE = 2_000
MOST_RATINGS = 20_000  # of which agreement is computed: the first rows that several judged
COLUMNS = ("row_id", "problem", "question", "reasoning", "verdicts", "checks")


@dataclass(frozen=True, slots=True)
class Confusion:
    """Reviewed rows by what a judge and what people say of them, at a threshold."""

    kept_accepted: int = 0
    kept_rejected: int = 0
    dropped_accepted: int = 0
    dropped_rejected: int = 0


@dataclass(frozen=True, slots=True)
class Judge:
    """One judge with one rubric. mean: of total/maximum. kappa: with people at the threshold. length: Spearman's rho of
    its points with the length of what it read."""

    judge: str
    rubric: str
    rows: int
    mean: float
    reviewed: int = 0
    confusion: Confusion = Confusion()
    kappa: float | None = None
    length: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """How one judge goes by the place. pairs: compared in both orders; flips: those where the order changed the choice,
    with the 95 % interval of their share; first: of all choices, the share for what stood first, ties half."""

    judge: str
    pairs: int
    flips: int
    low: float
    high: float
    first: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A version's verdicts against its reviews. at: the threshold that confusion and kappa are taken at. judges_alpha:
    by rubric, of the judges' shares. threshold: where the reviewed rows reach the precision; assured: where the lower
    end of its interval does; needed: the fewest reviewed rows above a threshold that can be assured at all."""

    dataset: str
    version: int
    reviewed: int
    accepted: int
    precision: float
    needed: int
    at: float
    threshold: Cut | None = None
    assured: Cut | None = None
    judges: Sequence[Judge] = ()
    places: Sequence[Place] = ()
    judges_alpha: Mapping[str, float | None] = field(default_factory=dict)
    people: int = 0
    people_alpha: float | None = None
    people_kappa: Mapping[str, float | None] = field(default_factory=dict)


def calibrate(store: Store, live: Browser, *, precision: float = 0.95, at: float | None = None) -> Calibration:
    """The report on a version, with the decisions that wait for a seal. at: another threshold than the one found.

    Writes nothing. Raises UsageError for a precision or a threshold that is none.
    """
    if not 0.5 <= precision < 1:
        raise UsageError(f"--precision {precision:g} makes no sense", hint="from 0.5 to below 1, e.g. 0.95")
    if at is not None and not 0 <= at <= 1:
        raise UsageError(f"--at {at:g} makes no sense", hint="a score from 0 to 1")
    reviewed = list(_reviewed(live))
    scored = [(row.score, row.decision == "accept") for row in reviewed if row.score is not None]
    found = cuts(scored)
    cut, sure = lowest(found, precision), assured(found, precision)
    chosen = sure or cut
    threshold = at if at is not None else chosen.score if chosen else 0.5
    tally = _tally(store, live)
    decisions = [(one["reviewer"], row.row_id, one["decision"]) for row in reviewed for one in _last(row)]
    return Calibration(
        live.name,
        live.version,
        reviewed=len(scored),
        accepted=sum(accepted for _, accepted in scored),
        precision=precision,
        needed=needed(precision),
        at=threshold,
        threshold=cut,
        assured=sure,
        judges=[_with_people(one, reviewed, threshold) for one in tally.judges()],
        places=[_place(name, chosen) for name, chosen in sorted(tally.choices.items())],
        judges_alpha={rubric: alpha(ratings, "interval") for rubric, ratings in sorted(tally.ratings.items())},
        people=len({who for who, *_ in decisions}),
        people_alpha=alpha(decisions),
        people_kappa=_pairwise(decisions),
    )


@dataclass(slots=True)
class _Tally:
    """What one pass over a version adds up."""

    sums: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    lengths: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)
    ratings: dict[str, list[Rating]] = field(default_factory=dict)
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def judges(self) -> list[Judge]:
        """A line for each judge and rubric, people not yet looked at."""
        return [
            Judge(name, rubric, int(rows), round(total / rows, 4), length=self._length(name, rubric))
            for (name, rubric), (rows, total) in sorted(self.sums.items())
        ]

    def _length(self, name: str, rubric: str) -> float | None:
        return _rounded(rank_correlation(self.lengths[name, rubric]))


def _place(judge: str, chosen: Sequence[tuple[str, str]]) -> Place:
    flips = sum(not stands(*pair) for pair in chosen)
    low, high = wilson(flips, len(chosen))
    first = sum({FIRST: 1.0, TIE: 0.5}.get(said, 0.0) for pair in chosen for said in pair) / (2 * len(chosen))
    return Place(judge, len(chosen), flips, round(low, 4), round(high, 4), round(first, 4))


def _tally(store: Store, live: Browser) -> _Tally:
    tally = _Tally()
    for batch in store.read(live.name, live.version, COLUMNS):
        columns = (to_values(batch.column(name)) for name in COLUMNS)
        for row_id, problem, question, reasoning, verdicts, checks in zip(*columns, strict=True):
            for check in checks or []:
                if check["name"].startswith(CHECK) and check["detail"] in WORDS:
                    tally.choices.setdefault(check["name"].removeprefix(CHECK), []).append(WORDS[check["detail"]])
            for verdict in verdicts or []:
                _count(tally, row_id, len(reasoning or "") or len(problem or "") + len(question or ""), verdict)
    return tally


def _count(tally: _Tally, row_id: str, length: int, verdict: Verdict) -> None:
    key = (verdict["judge"], verdict["rubric"])
    share = verdict["total"] / verdict["maximum"]
    had = tally.sums.setdefault(key, [0, 0.0])
    had[0] += 1
    had[1] += share
    lengths, ratings = tally.lengths.setdefault(key, []), tally.ratings.setdefault(verdict["rubric"], [])
    if len(lengths) < MOST_RATINGS:
        lengths.append((float(length), share))
    if len(ratings) < MOST_RATINGS:
        ratings.append((verdict["judge"], row_id, round(share, 2)))


def _with_people(one: Judge, reviewed: Sequence[Row], threshold: float) -> Judge:
    pairs = [
        (verdict["total"] / verdict["maximum"] >= threshold - 1e-9, row.decision == "accept")
        for row in reviewed
        for verdict in row.verdicts or []
        if (verdict["judge"], verdict["rubric"]) == (one.judge, one.rubric)
    ]
    count = pairs.count
    confusion = Confusion(count((True, True)), count((True, False)), count((False, True)), count((False, False)))
    return replace(one, reviewed=len(pairs), confusion=confusion, kappa=_rounded(kappa(pairs)))


def _pairwise(decisions: Sequence[tuple[str, str, str]]) -> dict[str, float | None]:
    """Kappa of every two reviewers over the rows that both decided."""
    said: dict[str, dict[str, str]] = {}
    for who, row_id, what in decisions:
        said.setdefault(who, {})[row_id] = what
    return {
        f"{one} · {other}": _rounded(kappa([(said[one][row], said[other][row]) for row in both]))
        for one, other in combinations(sorted(said), 2)
        if len(both := sorted(said[one].keys() & said[other].keys())) > 1
    }


def _reviewed(live: Browser) -> Iterator[Row]:
    for decision in ("accept", "reject"):
        offset, total = 0, 1
        while offset < total:
            page = live.page(Filter(decision=decision), index=offset, limit=PAGE)
            yield from page.rows
            offset, total = offset + PAGE, page.total


def _last(row: Row) -> list[Any]:
    """Each reviewer's last accept or reject."""
    found = {one["reviewer"]: one for one in row.decisions or [] if one["decision"] in ("accept", "reject")}
    return list(found.values())


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
