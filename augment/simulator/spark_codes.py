"""What Spark says when it says no: the codes behind each fault, alike on its websocket and over HTTP.

Codes: xfyun.cn/doc/spark/接口说明.html, read 2026-11-21. English names were seen in reports
(github.com/iflytek/spark-ai-python/issues/39, github.com/log159/LogChat/issues/2); where none was, the words are ours.
"""

from __future__ import annotations

Told = tuple[int, str]

RATE_LIMITS: tuple[Told, ...] = (
    (11202, "AppIdQpsOverFlowError"),
    (11203, "授权错误：并发路数已满"),
    (10007, "上一个问题还在处理中"),
    (10006, "同一用户已在别处连接"),
    (10008, "服务容量不足"),
)
QUOTAS: tuple[Told, ...] = (
    (11201, "授权错误：当日访问量已用完"),
    (11200, "AppIdNoAuthError:(10:00:00.000) tokens.total"),
    (10016, "appid 授权错误：token 不足"),
)
REJECTIONS: tuple[Told, ...] = (
    (10013, "输入内容涉嫌违规"),
    (10014, "输出内容涉嫌违规"),
    (10019, "本次会话有涉及违规信息的倾向"),
    (10021, "输入审核不通过"),
)
TROUBLES: tuple[Told, ...] = (
    (10012, "EngineInternalError:error"),
    (10110, "服务忙，请稍后再试"),
    (10010, "RecvFromEngineError:Engine Busy"),
    (10222, "引擎网络异常"),
)
UNKNOWN: tuple[Told, ...] = ((19876, "SomethingNewError"), (50013, "SomethingElseError"))

TOLD: dict[str, tuple[Told, ...]] = {
    "rate_limited": RATE_LIMITS,
    "quota": QUOTAS,
    "rejected": REJECTIONS,
    "5xx": TROUBLES,
    "unknown_code": UNKNOWN,
}


def pick(forms: tuple[Told, ...], variant: float) -> Told:
    """The form of a fault that a variant in 0..1 chooses."""
    return forms[min(int(variant * len(forms)), len(forms) - 1)]
