"""Words the simulated translator knows: Chinese, what stands for it in pseudo-Japanese, and how it comes back.

Only connectives, function words and neutral verbs are here. Numerals, negations, quantifiers, comparatives and names
are left out on purpose: they cross both ways untouched. No Japanese form is the beginning of another, so that any
sequence of them can be read back in one way only.
"""

from __future__ import annotations

from typing import NamedTuple

HAN = "[\u4e00-\u9fff]"


class Term(NamedTuple):
    """One word. before, after: regular expressions without width that must hold around it in the Chinese."""

    zh: str
    ja: str
    back: str
    before: str = ""
    after: str = ""


_LISTED = "(?<=以下|下列|如下|这些)"
_LATIN = "(?:(?<=[A-Za-z0-9])|(?<=[A-Za-z0-9] ))"

REWORDED: tuple[Term, ...] = (
    Term("也就是说", "いいかえると", "换句话说"),
    Term("是否存在", "かどうかある", "是否有"),
    Term("有一个", "ひとつある", "存在一个", before=f"(?<!{HAN})"),
    Term("选择题", "せんたくもん", "选择题目", before=_LISTED, after=r"(?![\s\d目])"),
    Term("给定的", "あたえられた", "所给的"),
    Term("已知的", "わかっている", "已经知道的"),
    Term("之间的", "あいだの", "间的"),
    Term("移动到", "うつる", "移至"),
    Term("出生于", "うまれ", "生于"),
    Term("购买了", "かった", "买了"),
    Term("推断出", "わりだす", "推出"),
    Term("请选择", "おえらびください", "请选出", after="(?!题)"),
    Term("实际上", "じっさいに", "事实上"),
    Term("如果", "もし", "假如"),
    Term("假如", "かりに", "假若"),
    Term("倘若", "ひょっとして", "假若"),
    Term("假设", "かりそめに", "假定"),
    Term("因此", "したがって", "因而"),
    Term("所以", "ゆえに", "故而"),
    Term("因而", "よって", "故而"),
    Term("因为", "なぜなら", "由于"),
    Term("但是", "しかし", "然而"),
    Term("可是", "だけど", "但"),
    Term("并且", "かつ", "而且"),
    Term("而且", "しかも", "且"),
    Term("同时", "どうじに", "与此同时", before=f"(?<!{HAN})", after="(?=[，,])"),
    Term("或者", "あるいは", "或是"),
    Term("根据", "によると", "依据"),
    Term("依据", "にもとづき", "依照"),
    Term("按照", "どおりに", "依照"),
    Term("回答", "こたえ", "解答", after="(?=以下|下列|问题|选择|如下|下面|这些|关于)"),
    Term("问题", "といかけ", "题目", before=_LISTED),
    Term("给定", "あたえる", "已知", after="(?=[一两三四五几])"),
    Term("可以", "ことができる", "能够", before="(?<!不)", after="(?![是不])"),
    Term("能够", "ことがかのう", "能"),
    Term("喜欢", "すき", "喜爱"),
    Term("拥有", "もつ", "具有"),
    Term("包括", "ふくめ", "包含"),
    Term("描述", "えがき", "叙述"),
    Term("情况", "ばあい", "情形"),
    Term("其中", "うちで", "当中"),
    Term("关于", "にかんして", "有关"),
    Term("对于", "にたいして", "对"),
    Term("使用", "つかう", "运用"),
    Term("利用", "りようし", "借助"),
    Term("这个", "こちら", "该", after=f"(?={HAN})(?![是在也都和与的不就可会能有])"),
    Term("那么", "それなら", "则", before="(?<=[，,])", after="(?![多少大小高低长短快慢好重远近])"),
    Term("然后", "それから", "而后"),
    Term("接着", "つづいて", "紧接着"),
    Term("目前", "いまのところ", "当前"),
    Term("现在", "ただいま", "如今"),
    Term("应该", "べき", "应当"),
    Term("应当", "とうぜん", "应"),
    Term("得到", "える", "获取"),
    Term("获得", "てにいれ", "取得"),
    Term("帮助", "たすけ", "协助"),
    Term("判断", "みきわめ", "判定"),
    Term("以及", "ならびに", "及"),
    Term("例如", "たとえば", "譬如"),
    Term("位于", "いちする", "处于"),
    Term("属于", "ぞくする", "归属于"),
    Term("称为", "とよばれ", "叫作"),
    Term("仍然", "なお", "仍"),
    Term("依然", "あいかわらず", "仍旧"),
    Term("虽然", "とはいえ", "尽管"),
    Term("尽管", "にもかかわらず", "虽说"),
    Term("即使", "でも", "哪怕"),
    Term("确定", "きめる", "确认"),
    Term("如下", "つぎのよう", "如下所示", after="(?=[：:])"),
    Term("想要", "ほしい", "想"),
    Term("希望", "ねがい", "期望"),
    Term("就是", "まさに", "便是"),
    Term("给出", "しめす", "列出"),
    Term("相互", "たがいに", "彼此"),
    Term("互相", "おたがい", "彼此"),
    Term("顺序", "じゅんばん", "次序"),
    Term("到达", "たどりつく", "抵达"),
    Term("放在", "おいて", "置于"),
    Term("住在", "すむ", "居住在", before="(?<!居)"),
    Term("说法", "いいぶん", "表述"),
    Term("此外", "さらに", "再者"),
    Term("确保", "たしかめ", "保证"),
    Term("满足", "みたす", "符合"),
    Term("符合", "かなう", "合乎"),
    Term("注意", "きをつけ", "留意"),
    Term("允许", "ゆるす", "准许"),
    Term("得出", "みちびく", "推出"),
    Term("寻找", "さがす", "查找"),
    Term("找到", "みつけ", "找出"),
    Term("已经", "すでに", "已"),
    Term("突然", "とつぜん", "忽然"),
    Term("立刻", "そくざに", "即刻"),
    Term("立即", "ただちに", "即刻"),
    Term("刚才", "さきほど", "方才"),
    Term("似乎", "どうやら", "仿佛"),
    Term("好像", "みたい", "仿佛"),
    Term("也许", "おそらく", "或许"),
    Term("其实", "じつは", "实际上"),
    Term("特别", "とくに", "尤其"),
    Term("告诉", "つげる", "告知"),
    Term("孩子", "こども", "小孩"),
    Term("讨论", "かたりあい", "商讨"),
    Term("即", "すなわち", "也就是", before="(?<=[，,])", after="(?![使将便刻可日时不非没无])"),
    Term("和", "および", "与", before=_LATIN, after=r"(?= ?[A-Za-z0-9“「『（(])"),
    Term("是", "なのは", "就是", before="(?<![不就也都只还正便可若但于总而要])", after="$"),
    Term("是", "である", "为", before=_LATIN, after=f"(?={HAN})(?![否的什不非谁哪在由因从把对以有如只唯])"),
)  # fmt: skip

UNCHANGED: tuple[Term, ...] = tuple(
    Term(zh, ja, zh)
    for zh, ja in (
        ("什么", "なに"),
        ("哪些", "どれら"),
        ("哪个", "どちら"),
        ("多少", "いくら"),
        ("我们", "わたしたち"),
        ("他们", "かれら"),
        ("它们", "それら"),
        ("的", "の"),
        ("是", "は"),
        ("在", "にて"),
        ("了", "ました"),
        ("从", "から"),
        ("到", "まで"),
        ("有", "がある"),
        ("这", "この"),
        ("那", "その"),
        ("也", "もまた"),
        ("或", "または"),
        ("谁", "だれ"),
        ("请", "どうか"),
        ("吗", "ますか"),
        ("被", "により"),
        ("会", "だろう"),
        ("能", "できる"),
    )
)

STATEMENT_END = "です"  # read back as nothing
OPEN_QUESTION_END = Term("", "でしょうか", "呢")
CLOSED_QUESTION_START = Term("", "おたずねします", "请问，")
PLAIN_START = Term("", "ここでは", "这里，")
