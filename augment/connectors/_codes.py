"""What the error codes of each vendor mean, for every connector that can meet them.

Spark and Qianfan V2 are reached through their SDKs and over OpenAI's wire, TokenHub and DashScope's compatible mode
over OpenAI's alone: a route's option ``dialect`` says whose codes come back. A code that no table knows is kept
verbatim; the status decides then, and where that says nothing the fault is transient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from augment.connectors._replies import Kinds
from augment.errors import FaultKind

# ── OpenAI: ``_make_status_error`` of openai 3.54.0 (_client.py), api-docs.deepseek.com/quick_start/error_codes ───────

CODES: dict[str, FaultKind] = {
    "insufficient_quota": "quota_exhausted",
    "content_filter": "content_filtered",
    "model_not_found": "retired",
}
STATUSES: dict[int, FaultKind] = {
    400: "bad_request",
    401: "auth",
    402: "quota_exhausted",
    403: "auth",
    404: "retired",
    410: "retired",
    413: "bad_request",
    422: "bad_request",
    429: "rate_limited",
    451: "content_filtered",
}
PHRASES: dict[str, FaultKind] = {
    "content exists risk": "content_filtered",  # DeepSeek, as a 400 without a code of its own
}

# ── TokenHub: cloud.tencent.com/document/product/1823/131595 ─────────────────────────────────────────────────────────

TOKENHUB_CODES: dict[str, FaultKind] = {
    "400001": "bad_request",
    "400002": "bad_request",
    "400004": "bad_request",
    "401002": "auth",
    "401007": "quota_exhausted",  # a 402: the plan or its free quota is used up
    "401008": "quota_exhausted",
    "403004": "quota_exhausted",
    "403001": "auth",
    "403002": "auth",
    "403005": "auth",
    "429001": "rate_limited",
    "451001": "content_filtered",
    "502001": "transient",
}

# ── DashScope's compatible mode: help.aliyun.com/zh/model-studio/error-code; names as its users report them ──────────

DASHSCOPE_CODES: dict[str, FaultKind] = {
    "limit_requests": "rate_limited",
    "limit_burst_rate": "rate_limited",
    "rate_limit_exceeded": "rate_limited",
    "insufficient_quota": "rate_limited",  # a minute's tokens, not the account's money
    "Throttling": "rate_limited",
    "Throttling.RateQuota": "rate_limited",
    "Throttling.BurstRate": "rate_limited",
    "Throttling.AllocationQuota": "rate_limited",
    "Arrearage": "quota_exhausted",
    "AllocationQuota.FreeTierOnly": "quota_exhausted",
    "invalid_api_key": "auth",
    "InvalidApiKey": "auth",
    "AccessDenied": "auth",
    "AccessDenied.Unpurchased": "auth",
    "access_denied": "auth",
    "data_inspection_failed": "content_filtered",
    "DataInspectionFailed": "content_filtered",
    "invalid_parameter_error": "bad_request",
    "InvalidParameter": "bad_request",
    "model_not_found": "retired",
    "ModelNotFound": "retired",
    "Model.NotExist": "retired",
    "model_not_supported": "retired",
    "internal_error": "transient",
    "InternalError": "transient",
    "ServiceUnavailable": "transient",
    "GatewayTimeout": "transient",
}
DASHSCOPE_WORDS: dict[str, tuple[str, FaultKind]] = {
    "insufficient_quota": ("free allocated quota", "quota_exhausted"),
    "Throttling.AllocationQuota": ("free allocated quota", "quota_exhausted"),
}

# ── Qianfan V2: cloud.baidu.com/doc/qianfan-api/s/Om9b4yj3w (2026-03-31) ─────────────────────────────────────────────

V2_CODES: dict[str, FaultKind] = {
    "rpm_rate_limit_exceeded": "rate_limited",
    "tpm_rate_limit_exceeded": "rate_limited",
    "user_rate_limit_exceeded": "rate_limited",
    "account_overdue": "quota_exhausted",  # as a user reports it; the page names none for arrears
    "BILLING_INSUFFICIENT_BALANCE": "quota_exhausted",  # these two from the page of the same account's search API
    "QUOTA_USER_DAILY_REQUEST": "quota_exhausted",
    "invalid_iam_token": "auth",
    "invalid_appid": "auth",
    "malformed_json": "bad_request",
    "invalid_argument": "bad_request",
    "characters_too_long": "bad_request",
    "tokens_too_long": "bad_request",
    "system_unsafe": "content_filtered",
    "internal_error": "transient",
    "dispatch_internal_error": "transient",
}
V2_BEGINNINGS: dict[str, FaultKind] = {"cluster_": "rate_limited", "preemptible_": "rate_limited"}
V2_TYPES: dict[str, FaultKind] = {"unsafe_request": "content_filtered"}
V2_STATUSES: dict[int, FaultKind] = {
    400: "bad_request",
    401: "auth",
    402: "quota_exhausted",
    403: "auth",
    404: "retired",
    429: "rate_limited",
}

# ── Spark: xfyun.cn/doc/spark/接口说明.html ───────────────────────────────────────────────────────────────────────────

SPARK_CODES: dict[int, FaultKind] = {
    10006: "rate_limited",
    10007: "rate_limited",
    10008: "rate_limited",
    11202: "rate_limited",
    11203: "rate_limited",
    11201: "quota_exhausted",
    11200: "auth",
    10015: "auth",
    10016: "auth",
    10313: "auth",
    10003: "bad_request",
    10004: "bad_request",
    10005: "bad_request",
    10163: "bad_request",
    10404: "retired",
    10907: "bad_request",
    10013: "content_filtered",
    10014: "content_filtered",
    10019: "content_filtered",
    10021: "content_filtered",
    10000: "transient",
    10001: "transient",
    10002: "transient",
    10009: "transient",
    10010: "transient",
    10011: "transient",
    10012: "transient",
    10110: "transient",
    10222: "transient",
}
USED_UP = {11200: "tokens.total", 10016: "token"}  # the same code means "not allowed" and, with this word, "used up"


def spark_kind(code: int, message: str) -> FaultKind:
    """The kind of fault behind a code of Spark; two codes need the words beside them. Unknown ones are transient."""
    if code in USED_UP and USED_UP[code] in message.lower():
        return "quota_exhausted"
    return SPARK_CODES.get(code, "transient")


@dataclass(frozen=True, slots=True)
class Dialect:
    """One vendor's codes on OpenAI's wire. words: codes that mean something else with a phrase beside them."""

    codes: Mapping[str, FaultKind]
    statuses: Mapping[int, FaultKind] = field(default_factory=lambda: STATUSES)
    beginnings: Mapping[str, FaultKind] = field(default_factory=dict)
    types: Mapping[str, FaultKind] = field(default_factory=dict)
    words: Mapping[str, tuple[str, FaultKind]] = field(default_factory=dict)

    def kind(self, status: int, code: str, type_: str, message: str) -> FaultKind:
        """The kind of fault behind an error answer: type, code with its words, its beginning, then the status."""
        if 300 <= status < 400:
            return "retired"  # the endpoint moved; a POST is not sent after it
        if type_ in self.types:
            return self.types[type_]
        for word in (code, type_):
            if word in self.words and self.words[word][0] in message.lower():
                return self.words[word][1]
            if word in self.codes:
                return self.codes[word]
        for beginning, kind in self.beginnings.items():
            if code.startswith(beginning):
                return kind
        if status == 400:
            for phrase, kind in PHRASES.items():
                if phrase in message.lower():
                    return kind
        return self.statuses.get(status, "transient")


class _Spark(Dialect):
    __slots__ = ()

    def kind(self, status: int, code: str, type_: str, message: str) -> FaultKind:
        return spark_kind(int(code), message) if code.isdecimal() else Dialect.kind(self, status, code, type_, message)


_SPARK_NAMES = {str(code): kind for code, kind in SPARK_CODES.items()}
QIANFAN_V2 = Dialect(V2_CODES, V2_STATUSES, V2_BEGINNINGS, V2_TYPES)
DIALECTS: dict[str, Dialect] = {
    "": Dialect(CODES),
    "tokenhub": Dialect(CODES | TOKENHUB_CODES),
    "dashscope": Dialect(CODES | DASHSCOPE_CODES, words=DASHSCOPE_WORDS),
    "qianfan": QIANFAN_V2,
    "spark": _Spark(_SPARK_NAMES),
}


def kinds_of(dialect: str, *, quota_is_rate: bool = False) -> Kinds:
    """What reads the codes of a dialect. quota_is_rate: ``insufficient_quota`` means a minute's tokens there.

    Raises KeyError for a dialect that is none.
    """
    known = DIALECTS[dialect]

    def kind(status: int, code: str, type_: str, message: str) -> FaultKind:
        if quota_is_rate and status == 429 and "insufficient_quota" in (code, type_):
            return "rate_limited"
        return known.kind(status, code, type_, message)

    return kind
