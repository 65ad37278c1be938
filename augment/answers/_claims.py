"""Which of a text's claims about its answer stands.

Claims are read at falling standing; the highest standing present decides, and within it the last claim does:

1. statements: "答案是B", "故选B", "the answer is B", a box, "B是正确答案", an option's text, "以上都不对";
2. a letter, or an option's text, that stands alone: "B", "B. 红色", "(c)";
3. statements under a condition: "如果允许多选，则答案是AC";
4. summing up or singling out: "综上，只有B正确", "显然是B", "B最能削弱…";
5. what is said to fit the question: "B项错误，符合题意";
6. the only option judged right: "A错误。B正确。";
7. the only option of which is affirmed what is denied of each other one: "A不能推出，B能推出";
8. the only option whose text the conclusion repeats;
9. the only option left when all others are excluded: "排除A、C、D".

A text that ends by saying that it cannot be told claims nothing below 2.
"""

from __future__ import annotations

from collections.abc import Sequence

from augment.answers import _lesser as lesser
from augment.answers import _restart as restart
from augment.answers import _singling as singling
from augment.answers import _undoing as undoing
from augment.answers._context import Context
from augment.answers._plain_end import plain_end
from augment.answers._statements import Claim, statements

_ASIDE_CHARACTERS = 300
_TAIL_CHARACTERS = 60


def concluded(text: str, options: int | Sequence[str], deadline: float) -> Claim | None:
    """The claim that stands; None where the text concludes nothing. Raises TimeoutError."""
    at = Context(text, options, deadline)
    if restart.possible(at.text) or (at.options is not None and at.options.run_on):
        return everywhere(at)
    return plain_end(at) or _at_the_end(at) or everywhere(at)


def _at_the_end(at: Context) -> Claim | None:
    """The claim that stands, where the last sentences alone tell it; None where all of the text must be read.

    The last statement decides, and no statement runs on behind a full stop, so that what stands before the last
    sentences can only matter in ways that are looked for here.
    """
    text = at.text
    since = text.rfind("。", 0, max(0, len(text) - _TAIL_CHARACTERS)) + 1
    if since == 0:
        return None
    at.folded.look_from(since)
    stated = statements(at)
    at.folded.look_from(0)
    if not stated or _opens_bracket(text[text.rfind("\n", 0, stated[0].start) + 1 : stated[0].start]):
        return None
    stated = [claim for claim in _without_asides(text, stated) if not at.depends(claim.start)]
    if not stated or restart.REPEATED_CUE.fullmatch(text, since, stated[-1].start):
        return None
    return _last(text, stated)


def everywhere(at: Context) -> Claim | None:
    """The claim that stands, as all of the text tells it."""
    text = at.text
    stated = _without_asides(text, statements(at))
    alone: list[Claim] | None = None
    if restart.possible(text):
        alone = lesser.letter_alone(at)
        first = min((claim.end for claim in [*stated, *alone[:1]]), default=len(text))
        again = restart.RESTART.search(text, first)
        if again is not None:  # what a model invents after its answer is not its answer
            stated = [claim for claim in stated if claim.end <= again.start()]
            alone = [claim for claim in alone if claim.end <= again.start()]
    supposed = [claim for claim in stated if at.depends(claim.start)]
    if supposed:
        stated = [claim for claim in stated if not at.depends(claim.start)]
    if stated:
        return _last(text, stated)
    alone = lesser.letter_alone(at) if alone is None else alone
    if alone:
        return alone[-1]
    if singling.left_open(at):
        return None
    supposed = [claim for claim in supposed if not undoing.OTHERWISE.search(at.text, claim.end, claim.end + 60)]
    if supposed:  # under one condition this, under another that: nothing is concluded
        return supposed[-1] if len({claim.letters for claim in supposed}) == 1 else None
    judged = list(lesser.judged(at))
    return (
        lesser.summed_up(at, judged)
        or singling.fitting(at)
        or lesser.only_judged(judged)
        or singling.contrasted(at)
        or lesser.only_text(at)
        or lesser.left_over(at)
    )


def _without_asides(text: str, claims: list[Claim]) -> list[Claim]:
    """The claims but those in brackets after another one: an aside comments on a conclusion, it draws none."""
    kept: list[Claim] = []
    for claim in claims:
        between = text[max(kept[-1].end, claim.start - _ASIDE_CHARACTERS) : claim.start] if kept else ""
        if _opens_bracket(between) and "\n" not in between:
            continue
        kept.append(claim)
    return kept


def _opens_bracket(before: str) -> bool:
    """Whether a bracket is open here, with something said in it."""
    return before.rfind("(") > before.rfind(")") and not before.endswith("(")


def _last(text: str, stated: list[Claim]) -> Claim:
    """The last claim, or that it contradicts the one before: it only repeats the cue of that, with other letters."""
    last = stated[-1]
    before = next((claim for claim in reversed(stated) if claim.end <= last.start), None)
    if before is None or not before.letters or before.letters == last.letters:
        return last
    if restart.REPEATED_CUE.fullmatch(text, before.end, last.start):
        return Claim((), last.start, last.end, "contradicting")
    return last
