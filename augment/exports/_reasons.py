"""Why a row is not in an export: a closed list, with words for people."""

from __future__ import annotations

from collections.abc import Mapping

from augment.hints import Words

REASONS: Mapping[str, Words] = {
    "where": Words("不符合 --where 的条件", "--where does not hold"),
    "split": Words("属于别的划分", "of another split"),
    "decision": Words("审核决定不符", "what people decided about it is another"),
    "instruction": Words("是指令，不是题目", "an instruction, not a question"),
    "a check, not a solution": Words("是第二位的复核，不是解答", "a second agent's check, not a solution"),
    "a solution, not a check": Words("是解答，不是第二位的复核", "a solution, not a second agent's check"),
    "wrong reasoning": Words("推理的结论是错误答案", "its reasoning concludes a wrong answer"),
    "no answer": Words("没有答案，或答案不是选项字母", "no answer, or none that is letters of its options"),
    "no reasoning": Words("没有推理过程", "no reasoning"),
    "inconsistent reasoning": Words("推理的结论不是它该有的结论", "its reasoning does not conclude what it should"),
    "reserved token": Words("文字里有训练器保留的标记", "its text holds a mark that trainers keep for themselves"),
    "empty turn": Words("问题或前面的对话里有一轮是空的", "the question, or an earlier turn, says nothing"),
    "unreadable": Words("写出来的结论读不回原答案", "the text as written does not read as the answer"),
    "too short": Words("不到正确解答的一半长", "less than half as long as the right solution"),
    "duplicate": Words("与同一题的另一条相同", "the same text as another one of the same question"),
    "no pair": Words("没有可与它对照的另一方", "nothing to set against it: no wrong solution, or no right one"),
    "balance": Words("为了均衡而抽掉", "drawn out for --balance"),
    "another source": Words("不是从这份源文件来的行", "not a question of the source file"),
}
"""Reason → what it means. The order is the order in which a manifest lists them."""
