"""Add rows whose options stand in another order, letters in answer and reasoning changed with them; asks nobody."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from augment.errors import UsageError
from augment.letters import Unsure, kept, permuted
from augment.rows import derive, derived_id, short_hash
from augment.stages._prompting import LETTERS
from augment.stages._stage import Context, Ready, Stage, option
from augment.types import Asker, Check, Done, Outcome, Reject, Row, Skip

MOST_ENUMERATED = 5  # free places whose orders are all looked at; of more a draw is
DRAWN = 200
TRIED = 24  # orders refused for a row before the row is


@dataclass(frozen=True, slots=True)
class Options:
    seed: int = option(0, "of the orders, and of --sample; another seed makes other rows", metavar="N")
    copies: int = option(1, "rows to make of each row, each in an order of its own", metavar="N")
    balance: bool = option(False, "choose orders that make every letter the answer equally often")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError."""
    if options.copies < 1:
        raise UsageError(f"--copies {options.copies} makes no sense", hint="1 or more")
    made_by = f"shuffle:{options.seed}"
    golds = _golds(context) if options.balance else None

    async def work(row: Row, _: Asker) -> Outcome:
        ids = [derived_id(row.row_id, made_by, ordinal) for ordinal in range(options.copies)]
        if all(row_id in context.derived for row_id in ids):
            return Skip("already done")
        try:
            made = list(itertools.islice(_copies(row, options.seed, golds), options.copies))
        except Unsure as unsure:
            return Reject("check:letters", str(unsure))
        if not made:
            return Reject("check:unchanged", "选项没有别的次序")
        added = [
            _derived(row, copy, ordinal, made_by)
            for ordinal, copy in enumerate(made)
            if ids[ordinal] not in context.derived
        ]
        return Done(added=tuple(added)) if added else Skip("already done")

    return Ready(work)


def _copies(row: Row, seed: int, golds: dict[int, Counter[str]] | None) -> Iterator[Row]:
    """The row in one order after another, the better first. Raises Unsure where no order can be told to be right.

    golds: how often each letter is the answer, by the number of options; what is yielded is counted in.
    """
    waiting = _orders(row, seed)
    counts = golds.setdefault(len(row.options), Counter()) if golds is not None else Counter()
    refused = 0
    last: Unsure | None = None
    while waiting:
        best = min(range(len(waiting)), key=lambda at: _evenness(counts, row, waiting[at])) if golds is not None else 0
        order = waiting.pop(best)
        try:
            made = permuted(row, order)
        except Unsure as unsure:
            last, refused = unsure, refused + 1
            if refused == TRIED:
                raise
            continue
        counts.update(_letters(made.answer))
        yield made
    if last is not None:
        raise last


def _orders(row: Row, seed: int) -> list[list[int]]:
    """Orders that show other options in other places, drawn by the row's id. Raises Unsure."""
    places = kept(row)
    free = [place for place in range(len(row.options)) if place not in places]
    dice = random.Random(f"{seed}/{row.row_id}")
    if len(free) <= MOST_ENUMERATED:
        drawn = [list(order) for order in itertools.permutations(free)]
        dice.shuffle(drawn)
    else:
        drawn = [dice.sample(free, len(free)) for _ in range(DRAWN)]
    seen = {tuple(row.options)}
    found = []
    for order in drawn:
        moved = dict(zip(free, order, strict=True))
        permutation = [moved.get(place, place) for place in range(len(row.options))]
        shown = tuple(row.options[at] for at in permutation)
        if shown not in seen:
            seen.add(shown)
            found.append(permutation)
    return found


def _evenness(counts: Counter[str], row: Row, order: list[int]) -> int:
    """How uneven the answers would be with this order: the sum of squares."""
    if not set(_letters(row.answer)) <= set(LETTERS[: len(order)]):
        return 0
    where = {old: new for new, old in enumerate(order)}
    new = Counter(LETTERS[where[ord(letter) - ord("A")]] for letter in _letters(row.answer))
    return sum((counts[letter] + new[letter]) ** 2 for letter in LETTERS[: len(order)])


def _letters(answer: str | None) -> list[str]:
    return list(answer) if answer and set(answer) <= set(LETTERS) else []


def _golds(context: Context) -> dict[int, Counter[str]]:
    """How often each letter is the answer, by the number of options, over the whole version."""
    found: dict[int, Counter[str]] = {}
    for options, answer in context.read("options", "answer"):
        if options:
            found.setdefault(len(options), Counter()).update(_letters(answer))
    return found


def _derived(row: Row, made: Row, ordinal: int, made_by: str) -> Row:
    """The new row. Who wrote its words stands as it stood: no word is new."""
    moves = "、".join(f"{LETTERS[old]}→{LETTERS[new]}" for new, old in enumerate(made.permutation or []) if old != new)
    return derive(
        row,
        derived_id(row.row_id, made_by, ordinal),
        made_by,
        problem_id=short_hash(f"{row.problem_id}/{made_by}/{ordinal}"),
        options=made.options,
        answer=made.answer,
        reasoning=made.reasoning,
        concluded=made.concluded,
        permutation=made.permutation,
        provider=row.provider,
        model=row.model,
        prompt_id=row.prompt_id,
        checks=[Check(name="letters", ok=True, detail=moves)],
    )


STAGE = Stage(
    name="shuffle",
    help="Add rows with the options in another order and the letters changed with them; asks nobody.",
    options=Options,
    asks=None,
    adds=True,
    prepare=prepare,
    takes=lambda row: len(row.options) > 1 and not any(tag.startswith("shuffle:") for tag in row.tags),
    looks_at=("options", "tags"),
)
