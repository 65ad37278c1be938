"""New rows by synonyms: words that carry no logic said otherwise, kept where every check of fidelity holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from augment.errors import UsageError
from augment.fidelity import check_row, failed
from augment.rows import derive, derived_id, short_hash
from augment.stages._conclusions import concluded, conclusion
from augment.stages._stage import Context, Ready, Stage, option
from augment.stages._thesaurus import Place, places
from augment.stages._wordings import read_wordings, takes
from augment.types import Asker, Check, Done, Outcome, Reject, Row, Skip


@dataclass(frozen=True, slots=True)
class Options:
    rate: float = option(0.5, "the share of the replaceable words that a copy replaces, 0 to 1", metavar="SHARE")
    seed: int = option(0, "of the draws, and of --sample; another seed makes other rows", metavar="N")
    copies: int = option(1, "rows to make of each row, each with words of its own", metavar="N")


def prepare(options: Options, context: Context) -> Ready:
    """The stage for these options. Raises UsageError."""
    if not 0 < options.rate <= 1:
        raise UsageError(
            f"--rate {options.rate} makes no sense", hint="more than 0, at most 1: 0.5 is every second word"
        )
    if options.copies < 1:
        raise UsageError(f"--copies {options.copies} makes no sense", hint="1 or more")
    made_by = f"synonyms:{options.seed}"
    wordings = read_wordings(context, options.rate, options.seed, options.copies)

    async def work(row: Row, _: Asker) -> Outcome:
        ids = [derived_id(row.row_id, made_by, ordinal) for ordinal in range(options.copies)]
        if all(row_id in context.derived for row_id in ids):
            return Skip("already done")
        said = wordings.of(row)
        if not said:
            return Reject("check:unchanged", "没有可以替换的词（受保护的词、选项里的词不替换）")
        made = [_derived(row, synonyms, ordinal, made_by) for ordinal, synonyms in enumerate(said)]
        kept = [one for one in made if failed(one.checks) is None]
        if not kept:
            broken = failed(made[0].checks)
            return Reject(
                f"check:{broken['name']}" if broken else "check:unchanged", broken["detail"] if broken else ""
            )
        added = tuple(one for one in kept if one.row_id not in context.derived)
        return Done(added=added) if added else Skip("already done")

    return Ready(work)


def _said(text: str | None, synonyms: Mapping[str, str]) -> str | None:
    if text is None:
        return None
    pieces: list[str] = []
    at = 0
    for place in _chosen(places(text), synonyms):
        pieces += (text[at : place.start], synonyms[place.word])
        at = place.end
    return "".join([*pieces, text[at:]])


def _chosen(found: Sequence[Place], synonyms: Mapping[str, str]) -> list[Place]:
    return [place for place in found if place.word in synonyms]


def _derived(row: Row, synonyms: Mapping[str, str], ordinal: int, made_by: str) -> Row:
    """The new row with its checks. No model wrote it: the reasoning is the parent's in the same other words."""
    problem = row.problem if row.kind == "instruction" else _said(row.problem, synonyms)
    made = derive(
        row,
        derived_id(row.row_id, made_by, ordinal),
        made_by,
        problem_id=short_hash(f"{row.problem_id}/{made_by}/{ordinal}/{problem}"),
        problem=problem,
        question=_said(row.question, synonyms),
        reasoning=_said(row.reasoning, synonyms),
    )
    checks = check_row(row, made)
    was = concluded(row)
    made = made.with_(concluded=conclusion(made.reasoning or "", made) or None)
    if was and made.concluded != was:
        checks = [*checks, Check(name="concluded", ok=False, detail=f"{was} → {made.concluded or '无'}")]
    swapped = "、".join(f"{word}→{other}" for word, other in sorted(synonyms.items()))
    return made.with_(checks=[*checks, Check(name="synonyms", ok=True, detail=swapped)])


STAGE = Stage(
    name="synonyms",
    help="Add rows in which words that carry no logic are said otherwise; asks nobody.",
    options=Options,
    asks=None,
    adds=True,
    prepare=prepare,
    takes=takes,
    looks_at=("tags",),
)
