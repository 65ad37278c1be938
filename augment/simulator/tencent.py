"""Tencent TMT's wire: TextTranslateBatch of API 3.0, every answer and every error inside HTTP 200.

Sources: documentation of TextTranslateBatch in tencentcloud-sdk-python-tmt 3.1.50 (languages, 6,000 characters, error
codes), common error codes at tencentcloud.com/document/product/1140/51177, read 2026-11-21.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from augment.simulator._wire import Answer, Request, Window, encoded, key_of
from augment.simulator.accounts import Accounts
from augment.simulator.faults import LIST_FAULTS, TRANSPORT_FAULTS, Fate, Fates, spoil
from augment.simulator.options import TENCENT_SECRET_ID, TENCENT_SECRET_KEY, SimulatorOptions
from augment.simulator.tc3 import EXPIRED, tc3_refusal
from augment.simulator.translator import translate

WIRE = "tencent"
SERVICE, ACTION, VERSION = "tmt", "TextTranslateBatch", "2018-03-21"
CHARACTERS = 6000  # the sum of a request must stay below
ABLE = frozenset(
    {*TRANSPORT_FAULTS, *LIST_FAULTS, "rate_limited", "quota", "rejected", "5xx", "empty", "clock_skew", "unknown_code"}
)

_WEST = "fr es it de tr ru pt"
_ALL = f"ja ko {_WEST} vi id th ms ar"
TARGETS: dict[str, frozenset[str]] = {
    source: frozenset(targets.split()) - {source}
    for source, targets in {
        "zh": f"en {_ALL}",
        "zh-TW": f"en {_ALL}",
        "en": f"zh zh-TW {_ALL} hi",
        "ja": "zh zh-TW en ko",
        "ko": "zh zh-TW en ja",
        **dict.fromkeys(_WEST.split(), f"zh zh-TW en {_WEST}"),
        **dict.fromkeys(["vi", "id", "th", "ms", "ar"], "zh zh-TW en"),
        "hi": "en",
        "auto": f"zh zh-TW en {_ALL} hi",
    }.items()
}
_KNOWN = {"Source", "Target", "ProjectId", "SourceTextList", "TermRepoIDList", "SentRepoIDList"}
_NEEDED = ("Source", "Target", "ProjectId", "SourceTextList")


class Refused(Exception):
    """A request Tencent says no to: its code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Tencent:
    """Answers the requests of one simulator on Tencent's wire."""

    def __init__(
        self, options: SimulatorOptions, fates: Fates, accounts: Accounts, now: Callable[[], float] = time.time
    ) -> None:
        self._options = options
        self._fates = fates
        self._accounts = accounts
        self._now = now
        self._window = Window(options.vendor_limits.tencent_rps, 1.0)

    def answer(self, request: Request) -> Answer:
        """The answer to one request, nothing billed yet."""
        try:
            self._admit(request)
            parameters = _parameters(request)
            if self._accounts.used_up(WIRE):
                raise Refused("FailedOperation.NoFreeAmount", "本月免费额度已用完。")
        except Refused as refused:
            return _error(refused.code, refused.message)
        able = ABLE if len(parameters["SourceTextList"]) > 1 else ABLE - {"shuffled"}
        fate = self._fates.draw(WIRE, request.body, able=able)
        return self._told_no(fate) or self._translation(parameters, fate)

    def _admit(self, request: Request) -> None:
        """Raises Refused for what the gateway stops before the service sees it."""
        if request.method != "POST":
            raise Refused("UnsupportedProtocol", "HTTP(S) 请求协议错误，本接口只支持 POST。")
        if not request.is_json():
            raise Refused("UnsupportedProtocol", "Content-Type 只支持 application/json。")
        for name in ("X-TC-Action", "X-TC-Version", "X-TC-Region"):
            if not request.header(name.lower()):
                raise Refused("MissingParameter", f"缺少公共参数 {name}。")
        no = tc3_refusal(request, keys={TENCENT_SECRET_ID: TENCENT_SECRET_KEY}, service=SERVICE, now=self._now())
        if no:
            raise Refused(*no)
        if self._accounts.retired(WIRE):
            raise Refused("ActionOffline", f"接口 {ACTION} 已下线。")
        if request.header("x-tc-version") != VERSION:
            raise Refused("NoSuchVersion", f"接口版本 {request.header('x-tc-version')} 不存在。")
        if request.header("x-tc-action") != ACTION:
            raise Refused("InvalidAction", f"接口 {request.header('x-tc-action')} 不存在。")
        if not self._window.take():
            raise Refused("RequestLimitExceeded", "请求的次数超过了频率限制。")

    def _told_no(self, fate: Fate) -> Answer | None:
        match fate.fault:
            case "rate_limited":
                return _error("RequestLimitExceeded", "请求的次数超过了频率限制。", fault=fate.fault)
            case "quota":
                return _error("FailedOperation.NoFreeAmount", "本月免费额度已用完。", fault=fate.fault)
            case "rejected":
                return _error("UnsupportedOperation", "文本包含不支持翻译的内容。", fault=fate.fault)
            case "5xx" if fate.variant < 0.5:
                return _error("InternalError.BackendTimeout", "后台服务超时，请稍后重试。", fault=fate.fault)
            case "clock_skew":
                return _error("AuthFailure.SignatureExpire", EXPIRED, fault=fate.fault)
            case "unknown_code":
                return _error("FailedOperation.ZoneDrained", "请求所在可用区正在迁移。", fault=fate.fault)
            case "5xx":
                return Answer(WIRE, b"upstream unavailable", status=503, content_type="text/plain", fault=fate.fault)
        return None

    def _translation(self, parameters: dict[str, Any], fate: Fate) -> Answer:
        source, target = parameters["Source"], parameters["Target"]
        texts: list[str] = parameters["SourceTextList"]
        written: list[str | None] = [translate(text, source, target) for text in texts]
        keys = tuple(key_of(WIRE, source, target, text) for text in texts)
        match fate.fault:
            case "empty":
                written[int(fate.variant * len(written))] = "" if fate.variant * 8 % 1 < 0.5 else None
            case "wrong_length" if fate.variant < 0.5 and len(written) > 1:
                written.pop()
            case "wrong_length":
                written.append(written[0])
            case "shuffled":
                at = int(fate.variant * (len(written) - 1))
                written[at], written[at + 1] = written[at + 1], written[at]
        body = {
            "Source": source,
            "Target": target,
            "TargetTextList": written,
            "UsedAmount": sum(map(len, texts)),
            "RequestId": _request_id(),
        }
        good = fate.fault not in ("empty", *LIST_FAULTS)
        answer = Answer(WIRE, encoded({"Response": body}), bought=keys, good=good, fault=fate.fault)
        mishap = _error("InternalError", "内部错误。")
        return spoil(answer, fate, slow_s=self._options.slow_s, mishap=mishap)


def _parameters(request: Request) -> dict[str, Any]:
    """The parameters of TextTranslateBatch. Raises Refused as the service does."""
    try:
        asked = request.decoded()
    except ValueError:
        raise Refused("InvalidParameter", "请求体不是合法的 JSON。") from None
    if not isinstance(asked, dict):
        raise Refused("InvalidParameter", "请求体必须是 JSON 对象。")
    for name in asked:
        if name not in _KNOWN:
            raise Refused("UnknownParameter", f"未知参数 `{name}`。")
    for name in _NEEDED:
        if asked.get(name) is None:
            raise Refused("MissingParameter", f"缺少参数 `{name}`。")
    texts = asked["SourceTextList"]
    if not isinstance(asked["ProjectId"], int) or isinstance(asked["ProjectId"], bool):
        raise Refused("InvalidParameter", "参数 `ProjectId` 必须是整数。")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise Refused("InvalidParameter", "参数 `SourceTextList` 必须是非空文本的列表。")
    _check_languages(asked["Source"], asked["Target"])
    if sum(map(len, texts)) >= CHARACTERS:
        raise Refused("UnsupportedOperation.TextTooLong", f"单次请求的文本长度总和需要低于 {CHARACTERS} 字符。")
    return asked


def _check_languages(source: Any, target: Any) -> None:
    if not isinstance(source, str) or not isinstance(target, str):
        raise Refused("InvalidParameter", "参数 `Source` 和 `Target` 必须是语言代码。")
    if source not in TARGETS:
        raise Refused("UnsupportedOperation.UnsupportedSourceLanguage", f"不支持的源语言 {source}。")
    if target not in TARGETS[source]:
        raise Refused("UnsupportedOperation.UnSupportedTargetLanguage", f"不支持从 {source} 翻译为 {target}。")


def _error(code: str, message: str, *, fault: str = "") -> Answer:
    error = {"Error": {"Code": code, "Message": message}, "RequestId": _request_id()}
    return Answer(WIRE, encoded({"Response": error}), fault=fault)


def _request_id() -> str:
    return str(uuid.uuid4())
