"""How Chinese and English texts say which option they conclude, read in folded text."""

from __future__ import annotations

import re
from functools import lru_cache

from augment.answers._cue import Cue, Openings, Scan
from augment.answers._letters import GROUP
from augment.answers._pattern import Pattern, after
from augment.answers._undoing import NEGATION

_OPEN = r"[\s\"'“”‘’「」『』《》\[\]()<>【】〖〗:,.=\-–—→|]{0,24}"
_COPULA = r"(?:是|为|选择?|应|即|在于|如下|属于?|は|乃|成|只有|包括|有)"
_ANSWER = (
    r"(?:答\s?案(?!解析|详解|分析|说明|解释)|正解|答え|(?:最终|最后|正确|最佳)的?(?:结论|选择|选项|判断|决定|结果)|(?:正确|最终|最后)的?回答|正确项|(?:结论|(?<![回解])答)(?=\s?[:\]】])|选项应|"
    + after(("因此", "所以", "故", "综上所述", "综上"), r"[,:\s]", 3)
    + "选项(?=[是为]))"
)

# Where those may begin, each alternative with enough of what must follow.
_ANSWER_OPENINGS = (
    r"答(?=\s?案|え|\s?[:\]】])",
    r"正(?=解|确[的结选判决回项])",
    r"最(?=终|后|佳)",
    r"结(?=论\s?[:\]】])",
    r"选(?=项[应是为])",
)
_NOUNS = Openings(*_ANSWER_OPENINGS)

NOUN = Cue(
    rf"(?P<noun>{_ANSWER})(?P<fill>(?:(?!答案)[^\nA-Za-z。!?;]){{0,24}})(?P<open>{_OPEN})(?:选项|选择?|字母"
    rf"|第)?\s{{0,8}}(?:option\s)?(?=[A-Za-z])",
    _NOUNS,
)
NOUN_FILL = Pattern(
    rf"(?:^|{_COPULA}|[:=→–—]\s*)[\s\"'“”‘’「」『』《》\[\]()<>【】〖〗:,.=\-–—→|]*(?:选项|选择|选|字母|第)?[\s\"'“(\[:]*$"
)


@lru_cache(maxsize=1024)
def fills(fill: str, opened: int) -> bool:
    """Whether what stands between a noun and a letter makes one of the other; so much of it stands before its quote."""
    return NOUN_FILL.search(fill) is not None and not NEGATION.search(fill[:opened])


NOUN_TEXT = Cue(
    rf"(?P<noun>{_ANSWER}|\banswer\b)[\"'”\])】]{{0,3}}\s{{0,4}}(?:应该|应当|应|就|显然|最终|只能|可能)?(?:是|为|选|\bis\b|:"
    rf"|(?<=[\]】]))\s{{0,4}}:?\s{{0,8}}(?P<open>{_OPEN})",
    _NOUNS,
    words=("answer",),
)
CHOICE = Cue(
    r"(?:(?<![候竞入人落普参补错误])(?<!(?<![应题])当)选(?!项|择题)(?:择|取|定|出)?|填(?![空写报充补表])[入上]?|[更修改纠订]正(?=为)|改(?=[为成]))"
    r"(?:了|的(?:答案|选项)?(?:应该|就)?[是为]|项?[为是成]|[一-鿿]{1,8}的(?=\s{0,4}[A-Za-z]))?[\s\"'“”‘’「\[(<【:]{0,12}"
    r"(?:选项|答案)?[\s\"'“(\[【:]{0,6}",
    Openings("选(?!项|择题)", "填(?![空写报充补表])", "改(?=[为成])", "[更修改纠订](?=正为)"),
)
BOXED = Cue(
    r"\\f?box(?:ed)?(?![a-z])[\s(\[\"']{0,24}|<\w{0,12}(?:answer|ans|choice|option|final|result|output)>\s{0,8}"
    r"(?:选项|option )?[(\[\"']?"
    r"|[\"']\w{0,12}(?:answer|choice|option|选项|选择)[\"']\s{0,4}:[\s\[]{0,4}[\"']\s?(?:选项|option )?[(\[]?",
    Openings(
        r"\\(?=f?box)",
        r"<(?=\w{0,12}(?:answer|ans|choice|option|final|result|output)>)",
        r"[\"'](?=\w{0,12}(?:answer|choice|option|选项|选择)[\"'])",
    ),
)
ENGLISH = Cue(
    r"""(?i:(?<![a-z])(?:
      (?:(?:correct|final|best|right|only|remaining|selected|chosen|my|our|most\ \w{1,14})\ (?:answers?|options?
          |choices?|response
          |alternative|pick
          |statements?|conclusions?|inferences?|explanation|possibility)
        |answers?|ans\b)\b
        (?:\ (?:to|for|of|in|here|that|which|among|I)\b[^.。\n:;?!]{0,60}?)?["'”\])\#]{0,3}\s{0,6}
        (?:(?<![a-z])(?:(?:should|would|must|will|can|could|has|ought)\s(?:(?:only|then|therefore|thus|hence)\s)?
            (?:be|to\ be)|is|was|are)
          |:|=|->|[-–—](?=\s)|(?<=\])(?=\s?[A-Z])|(?=\s{0,2}\([A-Z]\)))
        (?:\s(?:therefore|thus|indeed|in\ fact|\w{2,12}ly))?
      |(?:choose|select|pick|go(?:ing)?\ with|opt\ for|chose
        |(?:leaves|leaving|gives|left)(?:\ us)?(?:\ with)?(?:\ only)?)\b
      |(?:therefore|thus|hence|so),?\ (?:it['’]?s|it\ is|the\ \w{1,12}\ is)
      |it\ (?:must|has\ to|should|can\ only)\ be\b
    )[\s"'“”‘’\[(<:,]{0,12}(?:both\s|option\s|choice\s|answer\s|letter\s|statement\s"
    r"|options\s)?[\s"'“\[(<:]{0,8})(?=(?:[A-Z]{1,26}|[a-z])(?![A-Za-z]))""",
    Openings(),
    english=Openings(
        *(
            "c(?=orrect|hoose|hose)",
            "f(?=inal)",
            "b(?=est)",
            "r(?=ight|emaining)",
            "m(?=ost |y )",
            "a(?=ns)",
            "s(?=elect|o)",
        ),
        *("p(?=ick)", "g(?=o|ives)", "o(?=pt|nly |ur )", "t(?=h[eu])", "h(?=ence)", "l(?=eav|eft)", "i(?=t )"),
    ),
    flags=re.X,
)
# "B is the answer": found by its predicate, then the letters before it in the clause.
SUBJECT = Pattern(rf"{GROUP}\s{{0,4}}(?:选?项|答案)?(?:[.:、)\"'”]{{1,2}}|[ ]?[(“\"'])?")
ANSWER_PREDICATE = Cue(
    r"(?:应该|应当|应|就|才|即|显然|最终)?(?:是|为)(?:不二之选|首选|所求|(?:最|更|唯一|真正)[^,。;!?A-Za-z]{0,12}(?:答案|选项|选择|一项|(?<=的)可能)|(?:本题|该题|此题|这道?题|题目)?的?答案|(?:我们|要找|所求|应选|要选|本题|该题|此题|题目"
    r"|唯一|最|的|正确|佳|合适|恰当|准确|符合题[意目]|合理|终|好|优|可能|标准|一个|个|接近){1,8}(?:答案|选项|选择|一项)|正解)|(?:(?<=项)|(?<=项应))当选"
    r"|\s(?:is|are|would be|must be)\s(?:therefore\s|thus\s|\w{2,12}ly\s|indeed\s)?"
    r"(?:the\s|our\s|my\s)(?:only\s|most\s)?"
    r"(?:\w{1,12}\s)?(?:answer|choice|option)\b",
    Openings(
        *(rf"{copula}(?=[本该此这题的答我要所应选唯最正佳合恰准符终好优可标一个接不首更真])" for copula in "是为"),
        "当(?=选)",
    ),
    words=("answer", "choice", "option"),
    leads=("应该", "应当", "应", "就", "才", "即", "显然", "最终"),
)
# A cleft names its letters exhaustively ("错误的是B"), so it concludes where "B是错误的" only judges.
CLEFT = Cue(
    r"(?:最[^\s,。;!?:A-Za-z的]{1,16}|正确|符合[^,。;!?:A-Za-z]{0,10}|不?[合恰适]当|合适|一致|相符|吻合|匹配|错误|不[^\s,。;!?:A-Za-z]{1,10}|有误|成立"
    r"|属于[^,。;!?:A-Za-z]{1,10})的"
    r"[一-鿿]{0,6}?(?:应该|应当|应|就|只能|只)?(?:是|为"
    r"|有)(?P<open>[\s\"'“(\[:]{0,12})(?:选项)?\s{0,8}(?=[A-Za-z])",
    Openings(
        "最",
        "正(?=确的)",
        "符(?=合)",
        "不",
        "[合恰适](?=当的)",
        "合(?=适的)",
        "一(?=致的)",
        "相(?=符的)",
        "吻(?=合的)",
        "匹(?=配的)",
        "错(?=误的)",
        "有(?=误的)",
        "成(?=立的)",
        "属(?=于)",
    ),
)


def _taken_back(here: str) -> str:
    """That a clause before takes back what was said: "A?不,是B"."""
    words, blanks = ("不", "不对", "错", "错了"), ("", r"\s")
    return "(?:" + "|".join(rf"(?<=[\s。!?,;:]{word}[,。!]{blank}{here})" for word in words for blank in blanks) + ")"


INSTEAD = Cue(
    rf"(?:(?:不是|并非)[^。!?\n]{{1,24}}(?:而|[,;])|{_taken_back('')})(?:应该|应当|应)?[是选](?:选项)?[\s\"'“(]{{0,6}}(?=[A-Za-z])"
    # "答案是A……不,再想想,应该是B"
    r"|(?<=[\s。!?,;….])不对?,[^。!?\nA-Z]{0,12}?应该?当?[是为选](?:选项)?[\s\"'“(]{0,6}(?=[A-Za-z])",
    Openings(
        r"不(?=对?,[^。!?\nA-Z]{0,12}应)",
        r"不(?=是[^。!?\n]{1,24}[而,;])",
        r"并(?=非[^。!?\n]{1,24}[而,;])",
        f"[应是选]{_taken_back('.')}",
    ),
)
APPOSED = Cue(
    r"(?:(?:对应(?:的|于|着)?(?:应该)?(?:是|为)?|也就是|即为?)选项(?:是|为)?"
    r"|即为?(?=[A-Z]选?项)|[与和同]选项\s?(?=[A-Z]\s?(?:选?项)?(?:的?(?:描述|说法|内容|表述|意思))?(?:一致|相符|吻合|对应|相同))"
    r"|(?:应该|应当|应|结果|其实|实际上?|实则|[确判锁]定|确认)[就便]?[是为](?:选项)?|(?:倾向于?|投给)选?择?(?:选项)?"
    r"|(?:[只唯]有|只剩下?|剩[下余]的?)[只就]?[剩有是为]?(?:选项)?)[\s\"'“(\[:]{0,8}(?=[A-Za-z])",
    Openings(
        "对(?=应)",
        "也(?=就是)",
        "即",
        "应(?=[该当就便是为])",
        "结(?=果)",
        "其(?=实)",
        "实(?=[际则])",
        "[确判锁](?=[定认])",
        "倾(?=向)",
        "投(?=给)",
        "[与和同](?=选项)",
        "[只唯](?=[有剩])",
        "剩(?=[下余])",
    ),
)
_ON_TO_LETTER = r"[,:\s本该题应当就是为\"'“(选项]{0,24}[A-Za-z]"
EXCLUDED = Cue(r"排除[了掉]?(?:选项)?[\s\"'“(\[:]{0,6}(?=[A-Z])", Openings("排(?=除)"))
SO = Cue(
    r"(?:因此|所以|(?<![事缘典如亲])故|综上所述|综上|于是|可见|总之|(?i:\b(?:therefore|thus|hence|so|it['’]?s"
    r"|I['’]d say)\b))[,:\s]{0,6}(?:本题|该题)?(?:应该|应当|应|就)?[是为]?[\s\"'“(]{0,6}(?:选项)?\s{0,4}(?=[A-Za-z])",
    Openings(
        *(
            f"{word[0]}(?={word[1:]}{_ON_TO_LETTER})"
            for word in ("因此", "所以", "故", "综上所述", "综上", "于是", "可见", "总之")
        )
    ),
    english=Openings("t(?=herefore|hus)", "h(?=ence)", "s(?=o)", "i(?=t['’]?s)", "i(?=['’]d say)"),
)
SO_TEXT = Cue(
    r"(?:因此|所以|故|综上所述|综上)(?:[,:]\s{0,3}|(?:应该?|就)?[是为]\s?)",
    Openings("因(?=此[,:应就是为])", "所(?=以[,:应就是为])", "故(?=[,:应就是为])", "综(?=上(?:所述)?[,:应就是为])"),
)
SO_END = Pattern(r"[\"'”)]?\s{0,4}(?:选?项)?[\"'”)]?\s{0,4}(?:[。.,;!\n]|$)")


STATING = (NOUN, NOUN_TEXT, CHOICE, BOXED, ENGLISH, ANSWER_PREDICATE, INSTEAD, SO, SO_TEXT)
SCAN = Scan(cue.openings for cue in STATING)
# Those behind which an option may be named by its text alone.
NAMING_SCAN = Scan((_NOUNS, CHOICE.openings, BOXED.openings))
LESSER_SCAN = Scan(cue.openings for cue in (CLEFT, APPOSED, EXCLUDED))
ENGLISH_SCAN = Scan(cue.english for cue in STATING if cue.english is not None)
