"""Where a model starts something new after its answer."""

from __future__ import annotations

import re

from augment.answers._pattern import Pattern

# Nothing but cue words between two claims: neither corrects the other.
REPEATED_CUE = Pattern(r"(?:\W|正确|最终|标准|参考|答案|是|为|应|选|故|所以|因此|eo[ae]|(?i:the|correct|answer|is))*")

# Where a model starts something new after its answer: a chat turn, a heading of a question, the wording of a prompt.
_FRESH_LINE = r"""[ #>\-]{0,8}(?=[新问题例下接练选案以用请第【\[QPHUEI])(?:
      [【\[]?(?:新?问题|题目|例题|下一题|练习|选择题|案例|下列|下面|以下|Question|Problem|Human|User|Example|Instruction|Q)
        \s{0,2}[0-9一二三四五六七八九十]{0,3}[】\]]?\s{0,3}:
      |[【\[](?:新?问题|题目|例题|练习|选择题|Question|Problem)\s?[0-9]{0,3}[】\]]
      |(?:下面|以下|接下来)是?(?:另外?|下|又|再)?一?[个道](?:新?问题|题目?|例子|例题|选择题)[^:\n]{0,6}:
      |用户:|下一题|例[0-9一二三]|请你?(?:运用|根据|回答|选出|从|严格|仔细)|第\s?[0-9二三四五六七八九十]{1,3}\s?题
      |(?:下列|以下|下面)(?:哪|关于|有关|说法|各项|选项))"""
RESTART = Pattern(
    rf"""<\|(?:im_start|im_end|endoftext|user|assistant|eot_id)\|>|</s>|\[/?INST\]
    |(?:^|\n){_FRESH_LINE}
    |[?)_]\s{{0,6}}A\s?[.:、)][^\n]{{1,200}}?[\n;。\s]\s{{0,4}}B\s?[.:、)]""",
    re.X,
)
_AFTER_QUESTION = "|".join(r"(?<=[?)_]" + blanks * r"\s" + "A)" for blanks in range(7))
# One search each: the engine is quickest where a pattern begins with one literal character.
_TURN = Pattern(r"<(?=\||/s>)")
_INSTRUCTION = Pattern(r"\[(?=/?INST)")
_LINE = Pattern(rf"\n(?={_FRESH_LINE})", re.X)
_LIST = Pattern(rf"A(?=\s?[.:、)])(?:{_AFTER_QUESTION})")


def possible(text: str) -> bool:
    """Whether RESTART can match behind the first character: far quicker to tell than where."""
    return bool(_LINE.search(text) or _LIST.search(text) or _TURN.search(text) or _INSTRUCTION.search(text))
