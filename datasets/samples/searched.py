"""Puzzles whose gold is proven by search: every case is tried and the only one that fits is the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, permutations, product
from typing import TypeAlias

from sample_parts import Problem, among, judge, neighbours, numbered, only, pick, problem

Order: TypeAlias = tuple[str, ...]
Clue: TypeAlias = tuple[str, Callable[[Order], bool]]
Model: TypeAlias = tuple[tuple[bool, ...], ...]  # which kinds of thing exist; a kind is one truth value a term


def problems() -> Iterator[Problem]:
    for family in (orders, duty, table, knights, one_truth, syllogisms, weights, selection, houses, numbers, colours):
        yield from family()


def lined_up(names: Sequence[str], clues: Sequence[Clue]) -> Order:
    return only(order for order in permutations(names) if all(holds(order) for _, holds in clues))


def earlier(first: str, second: str, text: str) -> Clue:
    return text.format(first, second), lambda order: order.index(first) < order.index(second)


def next_to(first: str, second: str, text: str) -> Clue:
    return text.format(first, second), lambda order: order.index(second) - order.index(first) == 1


def not_at(name: str, place: int, text: str) -> Clue:
    return text.format(name), lambda order: order[place] != name


def gap(first: str, second: str, distance: int, text: str) -> Clue:
    return text.format(first, second), lambda order: abs(order.index(first) - order.index(second)) == distance


def orders() -> Iterator[Problem]:
    runners = "甲乙丙丁戊"
    clues = [
        not_at("甲", 0, "{}不是第一个到达终点的"),
        earlier("乙", "丙", "{}比{}先到达终点"),
        next_to("甲", "丁", "{}一到终点，紧接着到的就是{}"),
        (
            "戊比乙晚到，但戊不是最后一名",
            lambda order: order.index("乙") < order.index("戊") and order[4] != "戊",
        ),
        not_at("丁", 4, "{}也不是最后一名"),
        gap("甲", "丙", 2, "{}和{}的名次之间恰好隔着一个人"),
    ]
    race = lined_up(runners, clues)
    stem = f"甲、乙、丙、丁、戊五人参加一千米赛跑，没有人并列。已知：\n\n{numbered(text for text, _ in clues)}\n\n"
    yield problem(
        f"{stem}根据以上信息，回答以下选择题：",
        among("谁获得了第二名？", race[1], runners),
        pick("五人从第一名到第五名的顺序是什么？", "、".join(race), *("、".join(order) for order in neighbours(race))),
        judge("丙是不是比丁先到达终点？", race.index("丙") < race.index("丁"), "是 不是"),
    )

    books = ("《星河》", "《稻田》", "《灯塔》", "《雪线》", "《渡口》")
    clues = [
        gap(books[0], books[1], 1, "{}与{}相邻"),
        ("《灯塔》放在正中间", lambda order: order[2] == "《灯塔》"),
        earlier(books[3], books[0], "{}在{}的左边"),
        not_at(books[4], 0, "{}不在最左边"),
        earlier(books[0], books[1], "{}在{}的左边"),
    ]
    shelf = lined_up(books, clues)
    yield problem(
        f"书架的一层上从左到右摆着五本书：{'、'.join(books)}。整理的人留下了这样几条记录：\n\n"
        f"{numbered(text for text, _ in clues)}\n\n请根据记录推断五本书的位置。",
        among("最左边的是哪一本书？", shelf[0], books),
        pick(
            "紧挨在《灯塔》右边的是哪一本书？", shelf[3], *(book for book in books[:2] + books[3:] if book != shelf[3])
        ),
    )

    friends = ("Anna", "Boris", "Carla", "Diego")
    clues = [
        earlier("Boris", "Anna", "{} 比 {} 高"),
        earlier("Diego", "Carla", "{} 比 {} 高"),
        earlier("Anna", "Diego", "{} 比 {} 高"),
    ]
    tall = lined_up(friends, clues)
    yield problem(
        f"Anna、Boris、Carla 和 Diego 四人的身高各不相同。{'；'.join(text for text, _ in clues)}。"
        "除此以外没有别的信息。请回答以下问题：",
        pick("四人中谁最矮？", tall[-1], *tall[:-1]),
        judge("Carla 比 Boris 高，这个说法对吗？", tall.index("Carla") < tall.index("Boris"), "对 不对"),
        among("比 Diego 高的有几个人？", f"{tall.index('Diego')} 个", [f"{count} 个" for count in range(4)]),
    )


def duty() -> Iterator[Problem]:
    days = [f"星期{day}" for day in "一二三四五"]
    clues = [
        next_to("小钱", "小赵", "{}值班的第二天轮到{}"),
        not_at("小赵", 4, "{}不在星期五值班"),
        earlier("小李", "小孙", "{}值班的日子比{}早"),
        gap("小周", "小孙", 2, "{}与{}值班的日子之间恰好隔着一天"),
        not_at("小周", 0, "{}不在星期一值班"),
        earlier("小赵", "小李", "{}比{}先值班"),
    ]
    week = lined_up(("小赵", "小钱", "小孙", "小李", "小周"), clues)
    yield problem(
        "某办公室的小赵、小钱、小孙、小李、小周在星期一到星期五各值班一天，每天只有一个人。安排满足以下条件：\n\n"
        f"{numbered(text for text, _ in clues)}\n\n根据以上条件，回答以下选择题：",
        among("小李在星期几值班？", days[week.index("小李")], days),
        among("小赵在星期几值班？", days[week.index("小赵")], days),
        pick("星期五由谁值班？", week[4], *(name for name in week[:4] if name != "小钱")),
    )


def table() -> Iterator[Problem]:
    clues: list[Clue] = [
        ("小安坐 1 号位", lambda seats: seats[0] == "小安"),
        ("小波坐在小安的正对面", lambda seats: abs(seats.index("小安") - seats.index("小波")) == 3),
        ("小辰与小安相邻", lambda seats: (seats.index("小辰") - seats.index("小安")) % 6 in (1, 5)),
        ("小迪不与小波相邻", lambda seats: (seats.index("小迪") - seats.index("小波")) % 6 not in (1, 5)),
        ("小娥坐在小辰的正对面", lambda seats: abs(seats.index("小娥") - seats.index("小辰")) == 3),
        ("小凡的座位号比小娥小", lambda seats: seats.index("小凡") < seats.index("小娥")),
    ]
    seats = lined_up(("小安", "小波", "小辰", "小迪", "小娥", "小凡"), clues)
    yield problem(
        "六位朋友围坐一张圆桌，座位按顺时针方向编号为 1 到 6，6 号与 1 号相邻，"
        "1 号对 4 号，2 号对 5 号，3 号对 6 号。\n\n"
        f"{numbered(text for text, _ in clues)}\n\n请判断每个人坐在哪里。",
        among("小辰坐几号位？", f"{seats.index('小辰') + 1} 号", [f"{seat} 号" for seat in (2, 3, 5, 6)]),
        pick("坐在小凡正对面的是谁？", seats[(seats.index("小凡") + 3) % 6], "小安", "小辰", "小波"),
        judge("小迪与小安相邻吗？", (seats.index("小迪") - seats.index("小安")) % 6 in (1, 5), "相邻 不相邻"),
    )


def knights() -> Iterator[Problem]:
    def truthful(claims: Sequence[Callable[[tuple[bool, ...]], bool]]) -> tuple[bool, ...]:
        """Who tells the truth: each one's claim is so exactly if they do."""
        worlds = product((True, False), repeat=len(claims))
        return only(
            who for who in worlds if all(claim(who) is honest for claim, honest in zip(claims, who, strict=True))
        )

    a, b, c = truthful((lambda w: not w[1], lambda w: w[0] == w[2], lambda w: not w[1]))
    yield problem(
        "岛上的居民分两类：骑士永远说真话，骗子永远说假话。一位旅客遇到了甲、乙、丙三位居民。\n\n"
        "甲说：“乙是骗子。”\n乙说：“甲和丙是同一类人。”\n丙说：“乙是骗子。”\n\n根据他们的话，回答以下选择题：",
        among("三人中有几名骑士？", f"{a + b + c} 名", [f"{count} 名" for count in range(4)]),
        judge("乙是骑士吗？", b),
        judge("甲说的是真话，这个判断正确吗？", a, "正确 错误"),
    )

    who = truthful(
        (
            lambda w: sum(w) <= 2,
            lambda w: w[3],
            lambda w: w[0] and not w[1],
            lambda w: not w[0] or not w[2],
        )
    )
    names = ("林一", "林二", "林三", "林四")
    yield problem(
        "林家四兄弟中，有的从不说谎，有的句句是谎话。邻居问起家里的事，他们分别回答：\n\n"
        "- 林一：“我们四人中说真话的至多两个。”\n- 林二：“林四说的是真话。”\n"
        "- 林三：“林一说真话，而林二说谎。”\n- 林四：“林一和林三当中至少有一个在说谎。”\n\n请判断谁在说谎。",
        among("说谎的一共有几个人？", f"{4 - sum(who)} 个", ("1 个", "2 个", "3 个", "4 个")),
        judge("林三说的是真话吗？", who[2], "是 不是"),
        pick("下面哪一项列出了所有说真话的人？", *_lists(names, who)),
    )


def _lists(names: Sequence[str], chosen: Sequence[bool]) -> list[str]:
    """The names chosen, then three other choices of as many."""
    right = tuple(name for name, taken in zip(names, chosen, strict=True) if taken)
    others = [some for some in combinations(names, len(right)) if some != right]
    return ["、".join(some) for some in (right, *others[:3])]


def one_truth() -> Iterator[Problem]:
    children = ("小明", "小红", "小刚", "小丽")
    claims: tuple[Callable[[str], bool], ...] = (
        lambda did: did == "小红",
        lambda did: did == "小刚",
        lambda did: did != "小刚",
        lambda did: did != "小丽",
    )
    did = only(child for child in children if sum(claim(child) for claim in claims) == 1)
    honest = only(child for child, claim in zip(children, claims, strict=True) if claim(did))
    stem = (
        "教室里的花瓶被打碎了，是小明、小红、小刚、小丽四人中的一个人打碎的。老师询问时：\n\n"
        "小明说：“是小红打碎的。”\n小红说：“是小刚打碎的。”\n小刚说：“不是我打碎的。”\n小丽说：“不是我打碎的。”\n\n"
        "后来查明，四句话中只有一句是真的。"
    )
    yield problem(
        stem,
        among("花瓶是谁打碎的？", did, children),
        among("唯一说真话的是谁？", honest, children),
    )
    yield problem(
        stem,
        judge("小红说的是假话吗？", honest != "小红"),
        judge("小刚和小丽说的都是真话吗？", claims[2](did) and claims[3](did)),
    )


def syllogisms() -> Iterator[Problem]:
    verdicts = ("一定为真", "一定为假", "无法确定")

    def verdict(premises: Sequence[Callable[[Model], bool]], claim: Callable[[Model], bool]) -> str:
        """What follows, in every model over three terms; the same whether or not each term must apply to something."""
        kinds = list(product((True, False), repeat=3))
        models = [some for size in range(9) for some in combinations(kinds, size) if all(p(some) for p in premises)]
        lived_in = [model for model in models if all(any(kind[term] for kind in model) for term in range(3))]
        return only({_sum_up({claim(model) for model in world}) for world in (models, lived_in)})

    def _sum_up(values: set[bool]) -> str:
        return verdicts[2] if len(values) == 2 else verdicts[0] if only(values) else verdicts[1]

    flies, propeller, blue = range(3)
    facts = (
        lambda m: all(k[propeller] for k in m if k[flies]),
        lambda m: any(k[propeller] and k[blue] for k in m),
        lambda m: not any(k[blue] and k[flies] for k in m),
    )
    yield problem(
        "关于一间仓库里的机器人，已知下面三句话都是真的：\n\n1. 所有会飞的机器人都有螺旋桨。\n"
        "2. 有些有螺旋桨的机器人是蓝色的。\n3. 没有一个蓝色的机器人会飞。\n\n"
        "请判断各个说法一定为真、一定为假，还是无法确定。",
        among("有些有螺旋桨的机器人不会飞。", verdict(facts, lambda m: any(k[1] and not k[0] for k in m)), verdicts),
        among("所有蓝色的机器人都有螺旋桨。", verdict(facts, lambda m: all(k[1] for k in m if k[2])), verdicts),
        among("有些会飞的机器人是蓝色的。", verdict(facts, lambda m: any(k[0] and k[2] for k in m)), verdicts),
    )
    new, red, cheap = range(3)
    labels = (lambda m: all(k[red] for k in m if k[new]), lambda m: any(k[cheap] and not k[red] for k in m))
    yield problem(
        "一家书店规定：凡是新书都贴红色标签。店员今天发现，有的打折书没有贴红色标签。假定店里严格执行规定，"
        "并且除此以外我们一无所知，判断下列说法一定为真、一定为假，还是无法确定。",
        among("有的打折书不是新书。", verdict(labels, lambda m: any(k[cheap] and not k[new] for k in m)), verdicts),
        among("没有一本新书打折。", verdict(labels, lambda m: not any(k[new] and k[cheap] for k in m)), verdicts),
    )


def weights() -> Iterator[Problem]:
    fruit = ("苹果", "梨", "桃子", "橙子")
    facts = (("苹果", "梨"), ("梨", "桃子"), ("橙子", "桃子"))
    orders = [o for o in permutations(fruit) if all(o.index(heavy) < o.index(light) for heavy, light in facts)]

    def heavier(first: str, second: str) -> str:
        found = {order.index(first) < order.index(second) for order in orders}
        return "无法确定" if len(found) == 2 else f"{first}更重" if only(found) else f"{second}更重"

    yield problem(
        "桌上有一个苹果、一个梨、一个桃子和一个橙子，四个水果的重量两两不同。用天平称了三次：苹果比梨重，桃子比梨轻，"
        "橙子比桃子重。没有做别的称量。根据称量结果回答以下选择题：",
        *(
            among(f"{first}和{second}哪个更重？", heavier(first, second), (f"{first}更重", f"{second}更重", "无法确定"))
            for first, second in (("桃子", "苹果"), ("橙子", "梨"))
        ),
        pick("一定最轻的是哪个水果？", only({order[-1] for order in orders}), "苹果", "梨", "橙子"),
    )


def selection() -> Iterator[Problem]:
    teams = [
        set(team)
        for team in combinations("甲乙丙丁戊", 3)
        if not {"甲", "乙"} <= set(team) and set(team) & {"丙", "丁"} and ("戊" not in team or "丙" in team)
    ]
    third = only(only(team - {"甲", "戊"}) for team in teams if {"甲", "戊"} <= team)
    stem = (
        "某单位要从甲、乙、丙、丁、戊五名医生中选派三人下乡义诊，要求：\n\n1. 如果甲去，那么乙不去。\n"
        "2. 丙和丁至少去一个。\n3. 只有丙去，戊才能去。\n\n"
    )
    yield problem(
        f"{stem}根据以上要求，回答以下选择题：",
        pick(
            "满足要求的选派方案共有多少种？", f"{len(teams)} 种", *(f"{len(teams) + step} 种" for step in (-2, -1, 1))
        ),
        among("如果甲和戊都去，那么第三个人是谁？", third, ("乙", "丙", "丁")),
        judge("乙去的时候，丁是否一定不去？", not any({"乙", "丁"} <= team for team in teams)),
        judge("是否每一种方案都必须有丙？", all("丙" in team for team in teams)),
    )


def houses() -> Iterator[Problem]:
    families = ("王家", "李家", "张家")
    door, pet = only(
        (doors, pets)
        for doors in (dict(zip(families, some, strict=True)) for some in permutations(("红色", "绿色", "蓝色")))
        for pets in (dict(zip(families, some, strict=True)) for some in permutations(("猫", "狗", "鸟")))
        if all(doors[home] == "绿色" for home in families if pets[home] == "狗")
        and pets["李家"] == "猫"
        and doors["张家"] != "绿色"
        and all(doors[home] != "红色" for home in families if pets[home] == "鸟")
    )
    yield problem(
        "巷子里住着王家、李家、张家三户。三家的门分别漆成红色、绿色和蓝色，分别养了一只猫、一只狗和一只鸟。已知：\n\n"
        "1. 养狗的那一家门是绿色的。\n2. 李家养猫。\n3. 张家的门不是绿色的。\n4. 养鸟的那一家门不是红色的。\n\n"
        "根据以上线索，回答以下选择题：",
        among("哪一家养狗？", only(home for home in families if pet[home] == "狗"), families),
        among("李家的门是什么颜色？", door["李家"], ("红色", "绿色", "蓝色")),
        judge("张家养鸟，而且门是蓝色的，对吗？", (pet["张家"], door["张家"]) == ("鸟", "蓝色"), "对 不对"),
    )


def numbers() -> Iterator[Problem]:
    found = only(n for n in range(10, 100) if n % 5 == 3 and n % 7 == 2 and n // 10 > n % 10)
    yield problem(
        "一个两位数 \\(N\\) 同时满足三个条件：\\(N\\) 除以 5 余 3；\\(N\\) 除以 7 余 2；"
        "\\(N\\) 的十位数字大于个位数字。请求出这个数，并回答以下选择题：",
        pick("\\(N\\) 等于多少？", found, 23, 58, 83),
        judge("\\(N\\) 是质数吗？", all(found % d for d in range(2, found)), "是 不是"),
        among("\\(N + 1\\) 除以 3 的余数是多少？", (found + 1) % 3, (0, 1, 2)),
    )


def colours() -> Iterator[Problem]:
    borders = ("中东", "中西", "中南", "中北", "东南", "南西", "西北")
    regions = "东南西北中"

    def paintings(palette: str) -> list[dict[str, str]]:
        every = (dict(zip(regions, paint, strict=True)) for paint in product(palette, repeat=5))
        return [paint for paint in every if all(paint[a] != paint[b] for a, b in borders)]

    least = next(count for count in range(1, 6) if paintings("红绿蓝黄紫"[:count]))
    west = only({paint["西"] for paint in paintings("红绿蓝") if (paint["中"], paint["东"]) == ("绿", "红")})
    yield problem(
        "一张示意图上有东、南、西、北、中五个区。相邻的区有这样七对：中与东、中与西、中与南、中与北、东与南、南与西、西与北；"
        "其余任何两个区都不相邻。给地图涂色时，每个区只涂一种颜色，相邻的区不能同色，不相邻的区可以同色。",
        among("至少需要几种颜色？", f"{least} 种", ("2 种", "3 种", "4 种", "5 种")),
        among(
            "只用红、绿、蓝三种颜色，中区涂绿色，东区涂红色，那么西区涂什么颜色？",
            f"{west}色",
            ("红色", "绿色", "蓝色"),
        ),
        judge("东区和西区可以涂同一种颜色吗？", any(p["东"] == p["西"] for p in paintings("红绿蓝")), "可以 不可以"),
    )
