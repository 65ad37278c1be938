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
OPENAI_KEYS = {"OPENAI_API_KEY": "sim-openai", "DEEPSEEK_API_KEY": "sim-deepseek", "TOKENHUB_API_KEY": "sim-tokenhub"}

WIRES = ("tencent", "qianfan-v1", "qianfan-v2", "openai")


@dataclass(frozen=True, slots=True)
class VendorLimits:
    """What each wire allows one key; 0 means no limit. rps per second, rpm and tpm (tokens) per minute."""

    tencent_rps: float = 200
    qianfan_rpm: float = 0
    qianfan_tpm: float = 0
    openai_rpm: float = 0


# Tencent: document/api/551/40566 (2025-09-12). Qianfan: WENXINWORKSHOP/s/hlzic283e, the page's ERNIE 3.5 example.
DOCUMENTED_LIMITS = VendorLimits(tencent_rps=5, qianfan_rpm=300, qianfan_tpm=300_000)


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """How one simulator behaves.

    port: 0 takes a free one. faults: kind → rate, kinds as in ``faults.FAULTS``. seed: of faults and of wording.
    strict: the vendors' documented limits in place of generous ones; limits: other ones altogether. latency_s: of every
    answer; slow_s: of an answer with the fault ``slow``. retired: wires (see WIRES) that answer as if switched off.
    missing_models: names that every wire says it does not have. token_life_s: of an OAuth or IAM token.
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

    @property
    def vendor_limits(self) -> VendorLimits:
        """The limits in force."""
        return self.limits or (DOCUMENTED_LIMITS if self.strict else VendorLimits())
