"""Problems about numbers that state a rule: the gold is what the rule gives when it is carried out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from math import gcd

from sample_parts import Problem, among, judge, pick, problem


def problems() -> Iterator[Problem]:
    families = (recursion, operator, calendar, prices, fines, halving, sequence, subtraction, lamps, paths)
    for family in families:
        yield from family()


def recursion() -> Iterator[Problem]:
    def f(n: int) -> int:
        return 1 if n == 1 else 2 * f(n - 1) + n

    stem = (
        "定义在正整数上的函数 \\(f\\) 满足：\\(f(1) = 1\\)；当 \\(n > 1\\) 时，\\(f(n) = 2f(n-1) + n\\)。"
        "请按照定义逐步计算，并回答以下选择题："
    )
    yield problem(
        stem,
        pick("\\(f(4)\\) 的值是多少？", f(4), f(3) * 2, f(4) - 1, f(5)),
        judge("\\(f(3)\\) 是偶数，这个说法正确吗？", f(3) % 2 == 0, "正确 错误"),
    )
    first_above = next(n for n in range(1, 20) if f(n) > 100)
    yield problem(
        stem,
        pick("\\(f(5) - f(3)\\) 等于多少？", f(5) - f(3), f(5), f(5) - f(4), f(5) + f(3)),
        among("使 \\(f(n) > 100\\) 成立的最小的 \\(n\\) 是几？", first_above, range(4, 9)),
    )


def operator() -> Iterator[Problem]:
    def star(a: int, b: int) -> int:
        return 2 * a - b

    left, right = star(star(3, 2), 4), star(3, star(2, 4))
    yield problem(
        "规定一种新运算：对任意整数 \\(a\\) 和 \\(b\\)，\\(a \\star b = 2a - b\\)。例如 "
        f"\\(5 \\star 1 = {star(5, 1)}\\)。有括号时先算括号里面的。请按照规定计算：",
        pick("\\((3 \\star 2) \\star 4\\) 的结果是多少？", left, 0, 2, 8),
        pick("\\(3 \\star (2 \\star 4)\\) 的结果是多少？", right, -6, 4, 10),
        judge("对任意两个不相等的整数，交换它们的位置后结果都不变吗？", star(1, 2) == star(2, 1)),
    )


def calendar() -> Iterator[Problem]:
    start, names = date(2023, 12, 25), [f"星期{day}" for day in "一二三四五六日"]
    later = start + timedelta(days=100)
    yield problem(
        f"2023 年 12 月 25 日是{names[start.weekday()]}。2024 年是闰年，二月有 29 天。"
        "请只根据这些信息推算日期，并回答以下选择题：",
        pick("这一天之后的第 100 天是星期几？", names[later.weekday()], "星期一", "星期二", "星期四", "星期五"),
        pick("2024 年 3 月 1 日是星期几？", names[date(2024, 3, 1).weekday()], "星期三", "星期四", "星期六"),
        judge("2024 年 2 月 29 日在这一天之后的第 70 天以内吗？", (date(2024, 2, 29) - start).days <= 70),
    )


def prices() -> Iterator[Problem]:
    def due(total: int, member: bool) -> float:
        reduced = total - 30 if total >= 200 else total
        return reduced * 0.9 if member else reduced

    yield problem(
        "某超市的促销规则是：一次购物满 200 元，先减 30 元，不满 200 元不减；减完以后，会员再打九折，非会员不打折。"
        "每次购物最多减一次 30 元。小何是会员，老吴不是会员。",
        pick("小何一次买了 240 元的东西，应付多少元？", f"{due(240, True):g} 元", "186 元", "210 元", "216 元"),
        among(
            "小何买 190 元的东西，老吴买 200 元的东西，谁付的钱多？",
            "小何" if due(190, True) > due(200, False) else "老吴" if due(190, True) < due(200, False) else "一样多",
            ("小何", "老吴", "一样多"),
        ),
    )


def fines() -> Iterator[Problem]:
    def fine(days: int, *, child: bool = False, holiday: int = 0) -> float:
        return 0.0 if child else min(max(days - holiday - 2, 0) * 0.5, 10.0)

    yield problem(
        "图书馆的逾期规定如下：\n\n1. 逾期的前两天不收费，从第三天起每天收 0.5 元。\n2. 闭馆的日子不计入逾期天数。\n"
        "3. 一本书最多收 10 元。\n4. 儿童读者不收逾期费，无论逾期多久。\n\n请按照规定回答以下选择题：",
        pick(
            "一位成人读者逾期 9 天，其中闭馆 1 天，应付多少元？",
            f"{fine(9, holiday=1):g} 元",
            "3.5 元",
            "4 元",
            "4.5 元",
        ),
        pick("一位成人读者逾期 40 天，中间没有闭馆，应付多少元？", f"{fine(40):g} 元", "19 元", "20 元", "18.5 元"),
        judge("一位儿童读者逾期 30 天，需要付费吗？", fine(30, child=True) > 0, "需要 不需要"),
    )


def halving() -> Iterator[Problem]:
    def chain(number: int) -> list[int]:
        return [number] if number == 1 else [number, *chain(number // 2 if number % 2 == 0 else 3 * number + 1)]

    top = max(chain(6))
    yield problem(
        "从一个正整数开始反复变换：如果是偶数，就除以 2；如果是奇数且不等于 1，就乘以 3 再加 1；得到 1 时停止。"
        "每变换一次算一步。请回答：",
        pick("从 6 开始，一共要变换几步才能得到 1？", f"{len(chain(6)) - 1} 步", "6 步", "7 步", "9 步"),
        pick("从 6 开始的整个过程中出现过的最大的数是几？", top, 6, 10, 12, 22),
        judge("从 5 开始所需的步数比从 6 开始少，对吗？", len(chain(5)) < len(chain(6)), "对 不对"),
    )


def sequence() -> Iterator[Problem]:
    digits = [2, 7]
    while len(digits) < 40:
        digits.append((digits[-1] + digits[-2]) % 10)
    shown = "，".join(map(str, digits[:5]))
    yield problem(
        f"一个数列的前两项是 2 和 7，从第三项起，每一项都等于它前面两项之和的个位数字。因此数列的开头是 {shown}，……",
        pick("第 8 项是多少？", digits[7], 4, 8, 9),
        pick("前 8 项中有几项是偶数？", sum(d % 2 == 0 for d in digits[:8]), 1, 2, 5),
    )


def subtraction() -> Iterator[Problem]:
    def rounds(a: int, b: int) -> int:
        return 0 if a == b else 1 + rounds(max(a, b) - min(a, b), min(a, b))

    yield problem(
        "更相减损的做法是：给出两个正整数，只要它们不相等，就用较大的数减去较小的数，把得到的差与较小的数作为新的两个数，"
        "继续做下去；两个数相等时，这个数就是最初两个数的最大公约数。",
        pick("用这种做法求 84 和 36 的最大公约数，结果是多少？", gcd(84, 36), 4, 6, 18),
        among(
            "从 84 和 36 开始，一共做了几次减法？", f"{rounds(84, 36)} 次", [f"{count} 次" for count in (2, 3, 4, 5)]
        ),
    )


def lamps() -> Iterator[Problem]:
    lit = [lamp for lamp in range(1, 13) if sum(lamp % person == 0 for person in range(1, 13)) % 2]
    yield problem(
        "走廊里有编号 1 到 12 的十二盏灯，开始时全部关着。十二个人依次走过：第 \\(k\\) 个人把编号是 \\(k\\) 的倍数的灯"
        "各按一次开关，按一次，亮着的灯变暗，暗着的灯变亮。",
        pick("最后亮着的灯一共有几盏？", f"{len(lit)} 盏", "2 盏", "4 盏", "6 盏"),
        judge("最后 8 号灯是亮着的吗？", 8 in lit),
        pick("最后亮着的灯里编号最大的是几号？", f"{lit[-1]} 号", "12 号", "11 号", "6 号"),
    )


def paths() -> Iterator[Problem]:
    @cache
    def ways(column: int, row: int, blocked: bool) -> int:
        if column < 0 or row < 0 or (blocked and (column, row) == (1, 1)):
            return 0
        return 1 if (column, row) == (0, 0) else ways(column - 1, row, blocked) + ways(column, row - 1, blocked)

    yield problem(
        "在方格纸上，一只蚂蚁从点 (0, 0) 爬到点 (3, 2)，"
        "每一步只能向右爬一格（横坐标加 1）或向上爬一格（纵坐标加 1），不能后退。",
        pick("一共有多少条不同的路线？", ways(3, 2, False), 6, 8, 12),
        pick("如果不允许经过点 (1, 1)，还剩多少条路线？", ways(3, 2, True), 3, 5, 6),
    )
