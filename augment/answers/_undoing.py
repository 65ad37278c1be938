"""What undoes a cue: a denial, a condition, a question, an example, another person's opinion."""

from __future__ import annotations

from augment.answers._pattern import Pattern, Sign

NEGATION = Pattern(
    r"不(?!难|犹豫|假思索|如|仅|只|妨|由|外|言|得不|就是|可否认|用说|管|论)|并非|绝非|而非|没有|未|无法|难以|别|勿|排除|错误|(?<!无)误|(?i:\bnot\b|n['’]t\b|\bnever\b|wrong"
    r"|incorrect)"
)
OTHERWISE = Pattern(r"否则|反之|(?i:\botherwise\b)")  # what is claimed under a condition is not, without it
OFFERED = Pattern(r"(?:还是|或者?|抑或|要么)(?:应该|应当|应|该)?$")  # "选A还是选C"
WRONG_ANSWER = Sign(
    r"(?:错误|不正确|不对|干扰|误导性?|不合适|(?i:wrong|incorrect|not the correct|not the))\s?的?\s?$",
    needs="误不扰nN",
)
SUPPOSED = Sign(
    r"(?:虽然|虽说|尽管|固然|与其|乍一?看|初看|粗看|表面上|看似|貌似|如果|假如|假设|假使|假定|倘若|要是|若是|若(?!干)|即使|即便|除非"
    r"|(?i:\b(?:if|suppose|assuming|unless|whether|were)\b))(?!.*(?:那么|则|(?i:\bthen\b)))"
    r"|(?:不|没有?|无法|难以|未)[^,]{0,4}(?:说|认为|表明|意味着?|代表|表示|证明|断定|确定|肯定|保证|得出)[明了]?$|是否|是不是"
    r"|(?<!这是)(?<!这[就便也正]是)为(?:什么|何)|难道|怎么|(?i:(?<!that is )(?<!that['’]s )\bwhy\b)",
    needs="虽尽固与乍初粗表看貌如假倘要若即除不没无难未否什何怎iswISWİıſ",
)
# "如果允许多选，则答案是AC" answers another question; "如果必须选一个，答案是A" answers this one.
CONDITION = Sign(
    r"(?:如果|假如|假设|倘若|要是|若(?!干)|(?i:\bif\b))"
    r"(?!.*(?:必须|只能|一定要|非要|不得不|单选|给定|只选|(?i:must|have to|had to)))",
    needs="如假倘要若iIİı",
)
OTHERS = Sign(
    r"(?:有的?人|人们|[多少数些的]人|大家|同学|学生|考生|网友|他们?|她们?|小[一-鿿]|[甲乙丙丁戊])"
    r"(?:可能|也许|会|都|也|常常?|往往|容易|认为|觉得|以为|坚持|说|的|就|将|初看){0,4}$"
    r"|误以为|误认为|原以为|本以为|错选|误选|起初"
    r"|(?i:\b(?:students?|someone|people|they|he|she)\s(?:(?:may|might|would|will|often|could|all|\w{2,12}ly)\s){0,2}"
    r"(?:(?:think|thought|believed?|says?|said|claims?|claimed)\s(?:that\s)?)?$)",
    needs="人们家学生友他她小甲乙丙丁戊误以错起hmptHMPT",
)
# A sentence without any of these is undone by none of the four.
UNDOING = frozenset().union(*(sign.needs for sign in (SUPPOSED, OTHERS, CONDITION, WRONG_ANSWER)))
_TO_FORM = r"[\s:\"'“”‘「『\[(【<正确的最终后]{0,12}$"
_FORM = Pattern(r"(?:格式|形式|样式|模板)(?:应该?|必须|要求|需要?)?(?:为|是|如下|形如|例如|如|类似)?" + _TO_FORM)
_FORM_OBEYED = Pattern(r"(?:按照?|遵循|根据)[^,。;\n]{0,12}$")
_EXAMPLE = Pattern(
    r"(?:例如|比如|譬如|形如|诸如|示例|样例|范例|(?<!不)如(?=[\s:\"'“]{0,4}$)|(?i:e\.g\.,?|for example,?"
    r"|such as|the format(?: is)?|in the form(?:at)?(?: of)?|example))" + _TO_FORM
)
AS_FORM = Pattern(r"[\"'”」』\]\s)<>a-z/]{0,12}(?:这样|这种|那样)?的?(?:格式|形式|样式|字样)")
# 吧 presumes: "应该选B吧?" asks for no more than a nod.
ASKING = Pattern(r"[)\"'”]?[^,。;!\n.:、)]{0,24}?(?:(?<!吧)\?|吗|么(?=[?。,\s]|$)|对不对|是不是|呢[?])")
REFUSED = Pattern(
    r"[\"'”)]?\s{0,3}(?:选?项|答案)?\s?(?:[是就]|显然|明显|都|均|并|肯定|也|的话){0,3}(?:错|不正确|不对|不行|不可|不符|不成立|不合适|有误|误|被排除)"
)
REFUSED_COPULA = Pattern(
    r"[\"'”)]?\s{0,3}(?:选?项)?\s?(?:的(?:说法|结论|想法|观点))?是(?:错|不正确|不对|不成立|误)"
    r"|(?i:\s(?:is|would be) (?:wrong|incorrect|not))"
)
_INSTRUCTION_TAIL = "".join(filter(str.isspace, map(chr, range(0x3001)))) + ":\"'“”‘「『[(【<正确的最终后"
_INSTRUCTION_ENDS = frozenset("式板例如为是下似应该须求要需efmstEFMSTſ.,")


def instructs(before: str) -> bool:
    """Whether what stands before is an instruction or an example; most often its last word tells that it is none."""
    return before.rstrip(_INSTRUCTION_TAIL)[-1:] in _INSTRUCTION_ENDS and is_instruction(before)


def is_instruction(before: str) -> bool:
    """The same, found by the patterns alone."""
    if _EXAMPLE.search(before):
        return True
    return any(
        _FORM.match(before, start) and not _FORM_OBEYED.search(before, 0, start)
        for start in range(len(before))
        if before[start] in "格形样模"
    )


PLEASE = Pattern(r"(?:请|(?i:\bplease\b))[^,。;:]{0,12}$")

NONE_FITS = Pattern(
    r"(?:[^,.。:;!?\nA-Z]{0,14}?(?:都|均|皆|全)(?:不|错|没|无|有误|非)|[^,.。:;!?\nA-Z]{0,10}?(?:没有"
    r"|不存在)[^,。;\n]{0,8}(?:正确|合适|符合|选项|答案|匹配|对应)|此?题?目?无解|题目?(?:本身)?(?:有误|错误)"
    r"|无(?:正确|合适|符合)?(?:答案|选项)|以上[^,。;\n]{0,4}不|(?i:none\b|neither\b|no correct|n/a))"
)
UNDETERMINED = Pattern(
    r"[^,.。:;!?\nA-Z]{0,8}?(?:无法|不能|难以|不可)[^,。;\n]{0,4}(?:确定|判断|得出|确认|推断|知道|回答|选择|从|推出)|不确定|不知道|未知|信息不足"
    r"|(?i:cannot|can['’]t|unable|unknown|not enough|undetermined|insufficient)"
)
ALL_FIT = Pattern(
    r"(?:以上|上述|前述|所有|全部)[^,。;\n]{0,6}(?:都|皆|均|全|位置|选项|是|对|正确)|都[是对]|(?i:all of)"
)
