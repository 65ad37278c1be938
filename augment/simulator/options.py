"""What a simulator is started with: port, faults, limits, what is retired. Importing it costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Keys the simulator accepts. They open nothing but a loopback port, so they stand here in plain sight.
TENCENT_SECRET_ID = "sim-secret-id"  # noqa: S105 the simulator's own key, see above
TENCENT_SECRET_KEY = "sim-secret-key"  # noqa: S105 the simulator's own key, see above
QIANFAN_AK = "sim-app-key"
QIANFAN_SK = "sim-app-secret"
QIANFAN_ACCESS_KEY = "sim-access-key"
QIANFAN_SECRET_KEY = "sim-access-secret"  # noqa: S105 the simulator's own key, see above
QIANFAN_BEARER_TOKEN = "bce-v3/sim-bearer"  # noqa: S105 the simulator's own key, see above
DASHSCOPE_API_KEY = "sim-dashscope"
SPARK_APP_ID = "simapp01"
SPARK_API_KEY = "sim-spark-key"
SPARK_API_SECRET = "sim-spark-secret"  # noqa: S105 the simulator's own key, see above
SPARK_API_PASSWORD = "sim-spark-pass:sim-spark-word"  # noqa: S105 the simulator's own key, see above
SPARK_TUNED_API_KEY = f"{SPARK_API_KEY}:{SPARK_API_SECRET}"
SPARK_RESOURCE_ID = "sim-resource-7b1c"
SPARK_SERVICE_ID = "sim-service-4f2e"
OPENAI_KEYS = {"OPENAI_API_KEY": "sim-openai", "DEEPSEEK_API_KEY": "sim-deepseek", "TOKENHUB_API_KEY": "sim-tokenhub"}

WIRES = (
    *("tencent", "qianfan-v1", "qianfan-v2", "openai", "dashscope", "dashscope-compatible"),
    *("spark", "spark-tuned", "spark-http", "spark-http-tuned"),
)


@dataclass(frozen=True, slots=True)
class VendorLimits:
    """What each wire allows one key; 0 means no limit. rps per second, rpm and tpm (tokens) per minute.

    DashScope counts each model apart. at_once: requests under way.
    """

    tencent_rps: float = 200
    qianfan_rpm: float = 0
    qianfan_tpm: float = 0
    openai_rpm: float = 0
    dashscope_rpm: float = 0
    dashscope_tpm: float = 0
    dashscope_rps: float = 0
    spark_rps: float = 0
    spark_at_once: int = 0


# Tencent: document/api/551/40566 (2025-09-12). Qianfan: WENXINWORKSHOP/s/hlzic283e, the page's ERNIE 3.5 example.
# DashScope: help.aliyun.com/zh/model-studio/rate-limit, figures of qwen3-max; a second holds a sixtieth of a minute.
# Spark: 2 of each for an account that has bought nothing, from memory; no page at hand says so.
DOCUMENTED_LIMITS = VendorLimits(
    tencent_rps=5,
    qianfan_rpm=300,
    qianfan_tpm=300_000,
    dashscope_rpm=600,
    dashscope_tpm=1_000_000,
    dashscope_rps=10,
    spark_rps=2,
    spark_at_once=2,
)


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """How one simulator behaves.

    port: 0 takes a free one. faults: kind → rate, kinds as in ``faults.FAULTS``. seed: of faults and of wording.
    strict: the vendors' documented limits in place of generous ones; limits: other ones altogether. latency_s: of every
    answer; slow_s: of an answer with the fault ``slow``. retired: wires (see WIRES) that answer as if switched off.
    missing_models: names that every wire says it does not have. token_life_s: of an OAuth or IAM token.

    quota_after: an account is used up after so many billed requests. rpd: requests an account may send until reset_s
    have passed since its first, on the wires whose vendors have such a limit (qianfan, openai, spark). retire_after: a
    wire is switched off after so many billed requests. retry_after_s: what each 429 says, and until then no request of
    the account is served. All these: 0 is never. drip_s: how long an answer with the fault ``slow_drip`` takes.

    silence_s: how long a websocket stays open for its question.
    """

    port: int = 0
    faults: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    strict: bool = False
    limits: VendorLimits | None = None
    latency_s: float = 0.0
    slow_s: float = 3.0
    retired: frozenset[str] = frozenset()
    missing_models: frozenset[str] = frozenset({"no-such-model"})
    token_life_s: int = 2_592_000
    quota_after: int = 0
    rpd: int = 0
    reset_s: float = 86_400.0
    retire_after: int = 0
    retry_after_s: float = 0.0
    drip_s: float = 75.0
    silence_s: float = 60.0

    @property
    def vendor_limits(self) -> VendorLimits:
        """The limits in force."""
        return self.limits or (DOCUMENTED_LIMITS if self.strict else VendorLimits())
