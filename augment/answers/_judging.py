"""Judgements of options, for texts that conclude in no other way."""

from __future__ import annotations

from augment.answers._letters import GROUP
from augment.answers._pattern import Pattern

# Where a judgement may begin: a letter that is no part of a word.
LETTER = Pattern(r"[A-Za-z](?<![A-Za-z0-9_\\].)(?![a-z0-9_\\])")
SAYING = r"(?:说法|表述|描述|内容|观点|结论|做法|分析|判断|陈述)"
# What may stand between the letter and its judgement: "A项的说法", "A:合同有效,", "| A | ", "A.表述", "A.红色——".
_BETWEEN = (
    rf"(?:(?:这?[两二三四五]?个?选?项|答案)?(?:(?:中|描述|所述|所说|陈述|表达)?的?{SAYING})?[:,、.(—–\-]{{0,2}}"
    r"|(?:选?项)?[:“\"(][^,。;!?\n]{1,60}?|\s?\||[.、:]\s?(?:说法|表述|叙述|使用|表达)|[.、)][^,。;!?\n]{1,60}?(?:—|-|:|\())"
)
_DEGREE = (
    r"(?:都|均|也|才|完全|显然|明显|则|就|应该|应){0,3}(?:是|为)?(?:都|均|完全|唯一|最|比较|更加|[更较]为|更){0,2}"
)
_RIGHT = (
    r"(?:正确|对的|符合(?=题|要求|[所全]|[,。;!\n]|$)|(?<=最)符合|(?:能够?)?成立|准确|恰当|合适|合理|贴切|妥当|可取|无误"
    r"|说得通|站得住脚|脱颖而出|没跑|胜出|获胜|中选|入选|可行|没有?问题|无疑|没错|(?:能够?|可以|可)(?:被|由[^,。;!?\n]{1,8})?(?:推出|得出|推知|削弱|支持|加强|解释|反驳|质疑|推翻)|同时(?:满足|符合)|满足(?=[所全题要])|[与和同](?:题[干意目]|条件|原文|文意)[^,。;!?\n]{0,8}(?:一致|相符|吻合)"
    r"|(?<=[更最])(?:优|稳妥|贴合|全面|直接)|为?真(?=[,。;!\n]|$)|对(?=[,。;!\n、A-Z]|$))(?!与否|率|性|答案|的[是有])"
)
JUDGED = Pattern(
    rf"(?<![比与于])(?<!比起)(?:{GROUP}|(?:(?<=选项)|(?<=选项 ))[a-z](?![A-Za-z0-9_\\]))[)】\]\"”]?\s{{0,6}}"
    rf"{_BETWEEN}\s{{0,6}}{_DEGREE}{_RIGHT}"
    rf"|{GROUP}\)?(?:(?:[:][^,.;!?\n]{{1,60}}?)?\s(?:is|are)\s(?:therefore\s|also\s|both\s)?(?:the\s)?(?:only\s|most\s)?"
    r"(?:correct|right|true|best|accurate|appropriate|valid)\b"
    r"|\s(?:follows|works|fits|satisfies|holds)\b|\s(?:is|are)\sthe\s(?:only\s)?one\s(?:that|which)\s(?:fits?|works?|match|satisf|hold)|\s(?:is|are)\sthe\smost\s\w{4,12}\b|\sbest\s\w{3,12}\b)"
    rf"|{GROUP}[^\nA-Z]{{0,60}}[✓✔√✅]"
)
# A label and nothing but a word or two on its line: an option, not what is thought of it.
LABELLED = Pattern(r"[.、)]\s?(?:不?正确|不?对的?|不?符合|不?成立|不?合适|真|假)\s*(?:\n|\Z)")
SUMMING_UP = Pattern(r"综上|总之|总的来说|总结|只有|唯有|唯一|最终|(?i:in conclusion|overall|\bonly\b)")
CONCLUDING = Pattern(
    r"因此|所以|故|由此|可见|可知|综上|总之|从而|因而|那么|(?i:\b(?:therefore|thus|hence|so|consequently)\b)"
)
