"""Problems about lists, texts, networks and machines: the gold is what comes out when the rules are carried out."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from functools import cache

from sample_parts import Problem, among, judge, numbered, pick, problem


def problems() -> Iterator[Problem]:
    families = (
        program,
        rewriting,
        cipher,
        lists,
        clubs,
        kin,
        ferries,
        courses,
        rules,
        stack,
        robot,
        votes,
        tree,
        meeting,
    )
    for family in families:
        yield from family()


def _collect(n: int) -> list[int]:
    kept = []
    for number in range(1, n + 1):
        if number % 3 == 0:
            continue
        kept.append(number * number)
    return kept


def program() -> Iterator[Problem]:
    source = (
        inspect.getsource(_collect).replace("_collect", "collect").replace("n: int", "n").replace(" -> list[int]", "")
    )
    yield problem(
        f"阅读下面这段 Python 代码：\n\n```python\n{source}```\n\n不运行程序，推断函数 `collect` 的行为，"
        "回答以下选择题：",
        pick("`collect(5)` 返回什么？", _collect(5), [1, 4, 9, 16, 25], [1, 2, 4, 5], [9]),
        pick("`len(collect(10))` 的值是多少？", len(_collect(10)), 3, 6, 10),
        judge("对任何正整数 `n`，`collect(n)` 的结果里都没有 3 的倍数吗？", all(v % 3 for v in _collect(300))),
    )


def rewriting() -> Iterator[Problem]:
    def steps(text: str) -> int:
        return 0 if "ab" not in text else 1 + steps(text.replace("ab", "c", 1))

    def final(text: str) -> str:
        return text if "ab" not in text else final(text.replace("ab", "c", 1))

    yield problem(
        '对一个字符串反复执行同一条规则：找到最左边的 "ab"，把它换成一个 "c"；如果字符串里没有 "ab"，就停止。'
        f'例如 "abb" 经过一步变成 "{final("abb")}"，然后停止。请回答下列问题：',
        pick('从 "aabbab" 开始，停止时得到什么字符串？', f'"{final("aabbab")}"', '"ccc"', '"aabbc"', '"cbc"'),
        among('从 "ababab" 开始，一共执行了几步？', f"{steps('ababab')} 步", [f"{count} 步" for count in (1, 2, 3, 4)]),
        judge('从 "bbaa" 开始，一步都不能执行，这个说法是否正确？', steps("bbaa") == 0, "正确 不正确"),
    )


def cipher() -> Iterator[Problem]:
    def moved(word: str, by: int) -> str:
        return "".join(chr((ord(letter) - ord("A") + by) % 26 + ord("A")) for letter in word)

    yield problem(
        "小组成员约定了一种暗号：把单词里的每个大写字母换成字母表中它后面的第 3 个字母，"
        f"X、Y、Z 依次换成 A、B、C。例如“CAT”写成“{moved('CAT', 3)}”。收到暗号的人反过来操作就能还原。",
        pick("“ZOO”写成暗号是什么？", moved("ZOO", 3), moved("ZOO", 2), moved("ZOO", -3), "CRO"),
        pick("收到暗号“VXQ”，原来的单词是什么？", moved("VXQ", -3), moved("VXQ", 3), "SKY", "SON"),
    )


def lists() -> Iterator[Problem]:
    numbers = [4, 7, 4, 1, 7, 9]
    unique, backwards = list(dict.fromkeys(numbers)), numbers[::-1]
    yield problem(
        "对列表规定两种操作。操作一“去重”：从左到右检查，凡是前面已经出现过的数都删掉，其余的数保持原来的顺序。"
        f"操作二“倒转”：把整个列表的顺序颠倒过来。现有列表 {numbers}。",
        pick("先“去重”再“倒转”，得到什么列表？", unique[::-1], unique, list(dict.fromkeys(backwards)), backwards),
        judge(
            "先“倒转”再“去重”，得到的列表与上一种次序相同吗？",
            list(dict.fromkeys(backwards)) == unique[::-1],
            "相同 不同",
        ),
    )
    odd, even = [1, 3, 5], [2, 4, 6, 8]
    woven = [n for pair in zip(odd, even, strict=False) for n in pair] + even[len(odd) :]
    yield problem(
        f"把两个列表“编织”在一起的方法是：轮流从第一个和第二个列表的开头各取一个数，先取第一个列表的；"
        f"当一个列表取完以后，把另一个列表剩下的数按顺序接在后面。设 `P = {odd}`，`Q = {even}`。",
        pick(
            "先取 `P`，编织的结果是什么？",
            woven,
            [*odd, *even],
            sorted(woven, reverse=True),
            woven[::2] + woven[1::2][1:],
        ),
        among("结果中第 4 个数是多少？", woven[3], (2, 3, 4, 5)),
    )


def clubs() -> Iterator[Problem]:
    chess = {"陈晨", "何欢", "刘洋", "马超", "吴越"}
    choir = {"何欢", "马超", "孙悦", "赵宁"}
    hiking = {"陈晨", "马超", "孙悦", "周密"}
    people = sorted(chess | choir | hiking)
    rolls = (("棋社", chess), ("合唱团", choir), ("徒步社", hiking))
    stem = (
        "三个社团的名单如下：\n\n"
        + "\n".join(f"- {name}：{'、'.join(person for person in people if person in roll)}" for name, roll in rolls)
        + "\n\n名单是完整的：不在名单上的人就没有参加那个社团。请根据名单回答问题。"
    )
    everywhere = chess & choir & hiking
    yield problem(
        stem,
        pick("谁同时参加了三个社团？", *everywhere, "何欢", "孙悦", "陈晨"),
        among("参加了棋社但没有参加徒步社的有几个人？", len(chess - hiking), (1, 2, 3, 4, 5)),
    )
    yield problem(
        stem,
        among(
            "至少参加了两个社团的有几个人？",
            sum(count >= 2 for count in Counter([*chess, *choir, *hiking]).values()),
            range(2, 7),
        ),
        judge("合唱团的每个成员都参加了另外至少一个社团吗？", choir <= chess | hiking),
        pick("只参加了合唱团的人是谁？", *(choir - chess - hiking), *sorted(choir & (chess | hiking))),
    )


def kin() -> Iterator[Problem]:
    children = {"老周": ("周平", "周安"), "周平": ("周小雨", "周小雪"), "周安": ("林小风",)}
    parent = {child: elder for elder, found in children.items() for child in found}
    men = {"老周", "周平", "林小风"}
    cousins = [child for child in parent if parent.get(parent[child]) == "老周" and parent[child] != parent["林小风"]]
    yield problem(
        "周家三代人的关系如下：老周有两个孩子，儿子周平和女儿周安；周平有两个女儿，周小雨和周小雪；周安有一个儿子，林小风。"
        "假定没有其他家庭成员。父母的兄弟姐妹的孩子，与自己互为表亲或堂亲。请判断：",
        among("林小风的表姐妹一共有几个？", f"{len(cousins)} 个", ("1 个", "2 个", "3 个")),
        among(
            "周安是周小雪的什么人？",
            "姑姑" if parent["周安"] == parent[parent["周小雪"]] else "母亲",
            ("母亲", "姑姑", "姨妈"),
        ),
        judge(
            "老周有孙子（儿子的儿子），对吗？",
            any(c in men for s in children["老周"] if s in men for c in children[s]),
            "对 不对",
        ),
    )


def _reached(roads: dict[str, tuple[str, ...]], start: str) -> dict[str, int]:
    """How many rides each place is away from start."""
    rides, border = {start: 0}, [start]
    for place in border:
        for following in roads.get(place, ()):
            if following not in rides:
                rides[following] = rides[place] + 1
                border.append(following)
    return rides


def ferries() -> Iterator[Problem]:
    lines = {
        "东港": ("白沙", "云岛"),
        "白沙": ("月湾",),
        "云岛": ("月湾", "灯塔岛"),
        "月湾": ("东港",),
        "灯塔岛": ("鹿屿",),
    }
    told = "；".join(f"从{start}开往{'和'.join(ends)}" for start, ends in lines.items())
    yield problem(
        f"海湾里的渡船都是单向的，航线如下：{told}。除此以外没有别的航线。乘客可以换乘任意多次。",
        among(
            "从东港到鹿屿至少要坐几次船？", f"{_reached(lines, '东港')['鹿屿']} 次", ("1 次", "2 次", "3 次", "4 次")
        ),
        judge("从月湾出发，能不能到达鹿屿？", "鹿屿" in _reached(lines, "月湾"), "能 不能"),
        judge("从灯塔岛出发，能不能回到东港？", "东港" in _reached(lines, "灯塔岛"), "能 不能"),
    )


def courses() -> Iterator[Problem]:
    needs = {"MA2": ("MA1",), "PH1": ("MA1",), "PH2": ("PH1", "MA2"), "CS2": ("CS1",), "AI1": ("CS2", "MA2")}
    told = numbered(f"选修 {course} 之前必须先修完 {' 和 '.join(before)}" for course, before in needs.items())

    @cache
    def term(course: str) -> int:
        return 1 + max((term(before) for before in needs.get(course, ())), default=0)

    yield problem(
        f"某学院的课程有先修要求，没有提到的课程没有先修要求：\n\n{told}\n\n每学期可以同时选任意多门课，但一门课与它的先修课不能在同一学期修读。",
        among("最早在第几学期可以修读 AI1？", f"第 {term('AI1')} 学期", [f"第 {n} 学期" for n in (1, 2, 3, 4)]),
        judge("MA1 是不是 AI1 的直接或间接先修课？", "MA1" in _reached(needs, "AI1"), "是 不是"),
        judge("CS1 是不是 PH2 的直接或间接先修课？", "CS1" in _reached(needs, "PH2"), "是 不是"),
    )


def rules() -> Iterator[Problem]:
    told = ((("会游泳", "有执照"), "能当救生员"), (("能当救生员",), "有夏季补贴"), (("住在镇上",), "有夏季补贴"))
    facts = {"Tom": {"会游泳", "有执照"}, "Lily": {"会游泳"}, "Oscar": {"有执照", "住在镇上"}}
    for _ in told:
        for traits in facts.values():
            traits |= {then for conditions, then in told if traits.issuperset(conditions)}
    helped = [name for name, traits in facts.items() if "有夏季补贴" in traits]
    yield problem(
        "已知以下规则和事实，凡是推不出来的一律视为不成立：\n\n- 如果一个人会游泳并且有执照，那么他能当救生员。\n"
        "- 能当救生员的人有夏季补贴。\n- 住在镇上的人有夏季补贴。\n- Tom 会游泳，也有执照。\n- Lily 会游泳。\n"
        "- Oscar 有执照，住在镇上。",
        judge("Oscar 能当救生员吗？", "能当救生员" in facts["Oscar"], "能 不能"),
        pick("哪些人有夏季补贴？", " 和 ".join(helped), "只有 Tom", "Tom 和 Lily", "Tom、Lily 和 Oscar"),
        judge("Lily 没有夏季补贴，这个结论成立吗？", "Lily" not in helped, "成立 不成立"),
    )


def stack() -> Iterator[Problem]:
    pile: list[str] = []
    taken = [
        pile.pop() if act == "取" else pile.append(act) or "" for act in ("红", "黄", "取", "蓝", "绿", "取", "取")
    ]
    gone = [colour for colour in taken if colour]
    yield problem(
        "桌上叠着一摞盘子，放盘子只能放在最上面，取盘子也只能取最上面的一个。开始时桌上没有盘子，"
        "依次进行七步：放红盘、放黄盘、取一个、放蓝盘、放绿盘、取一个、取一个。",
        pick("三次取出的盘子依次是什么颜色？", "、".join(gone), "红、黄、蓝", "黄、蓝、绿", "绿、蓝、黄"),
        among("七步之后桌上还剩几个盘子？", f"{len(pile)} 个", ("0 个", "1 个", "2 个")),
    )


def robot() -> Iterator[Problem]:
    at, facing = 0j, 1j
    for order in "2R3R1L1":
        at += facing * int(order) if order.isdigit() else 0
        facing *= {"R": -1j, "L": 1j}.get(order, 1)
    place = f"({at.real:g}, {at.imag:g})"
    yield problem(
        "扫地机器人从坐标 (0, 0) 出发，面朝北。向北走一格，纵坐标加 1；向东走一格，横坐标加 1。它依次执行：前进 2 格、"
        "右转 90 度、前进 3 格、右转 90 度、前进 1 格、左转 90 度、前进 1 格，然后停下。",
        pick("机器人停在哪里？", place, "(2, 1)", "(4, 3)", "(1, 4)"),
        among("停下时它面朝哪个方向？", {1: "东", 1j: "北", -1: "西", -1j: "南"}[facing], "东南西北"),
    )


def votes() -> Iterator[Problem]:
    ballots = {("桂花", "梅花", "荷花"): 8, ("荷花", "梅花", "桂花"): 7, ("梅花", "荷花", "桂花"): 5}

    def leading(remaining: set[str]) -> Counter[str]:
        count = Counter(dict.fromkeys(sorted(remaining), 0))
        for ranking, voters in ballots.items():
            count[next(flower for flower in ranking if flower in remaining)] += voters
        return count

    first = leading({"桂花", "梅花", "荷花"})
    out = min(first, key=lambda flower: first[flower])
    second = leading(set(first) - {out})
    winner = max(second, key=lambda flower: second[flower])
    told = "；".join(f"{count} 人的排序是{'、'.join(ranking)}" for ranking, count in ballots.items())
    yield problem(
        f"二十名居民投票选小区的花，每人把三种花按喜欢程度从高到低排序：{told}。第一轮只看每张票的第一位，得票最少的花被淘汰；"
        "第二轮把每张票算给没有被淘汰的花里排得最靠前的一种，得票多的当选。",
        among("第一轮被淘汰的是哪种花？", out, ("桂花", "梅花", "荷花")),
        among("最后当选的是哪种花？", winner, ("荷花", "桂花", "梅花")),
        pick("当选的花在第二轮得到多少票？", second[winner], first[winner], 8, 15),
    )


def tree() -> Iterator[Problem]:
    below = {"A": "BC", "B": "DE", "C": "-F"}

    def inorder(node: str) -> str:
        left, right = below.get(node, "--")
        return "" if node == "-" else inorder(left) + node + inorder(right)

    def preorder(node: str) -> str:
        return "" if node == "-" else node + "".join(preorder(child) for child in below.get(node, ""))

    yield problem(
        "一棵二叉树的根是 A。A 的左孩子是 B，右孩子是 C；B 的左孩子是 D，右孩子是 E；"
        "C 没有左孩子，右孩子是 F。D、E、F 没有孩子。"
        "中序遍历的规则是：先遍历左子树，再访问根，最后遍历右子树；前序遍历则先访问根，再依次遍历左、右子树。",
        pick("中序遍历的结果是什么？", inorder("A"), preorder("A"), "DEBFCA", "DBEAFC"),
        pick("前序遍历中，第 4 个被访问的结点是哪一个？", preorder("A")[3], "B", "C", "D", "F"),
    )


def meeting() -> Iterator[Problem]:
    busy = {"产品组": ((9, 11), (14, 15)), "设计组": ((10, 12), (16, 18)), "测试组": ((9, 10), (13, 14))}
    free = [h for h in range(9, 18) if all(not start <= h < end for spans in busy.values() for start, end in spans)]
    told = "；".join(
        f"{team}在 {' 和 '.join(f'{start}:00—{end}:00' for start, end in spans)} 有安排" for team, spans in busy.items()
    )
    yield problem(
        f"三个小组想在 9:00 到 18:00 之间开一次 1 小时的联席会议，会议在整点开始，三个组都必须有空。{told}。",
        pick("最早可以几点开始？", f"{free[0]}:00", "11:00", "13:00", "15:00"),
        pick("当天一共有几个可以选择的开始时间？", f"{len(free)} 个", "1 个", "3 个", "4 个"),
    )
