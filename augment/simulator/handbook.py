"""What the simulator serves, in plain text for a command line's help: wires, their paths, signatures and keys."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from augment.simulator import options as keys
from augment.simulator.faults import ABOUT

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Wire:
    """One vendor's way of being asked. name: as in counts; keys: the variables and values it accepts."""

    name: str
    path: str
    auth: str
    keys: tuple[tuple[str, str], ...]


_TENCENT = (
    ("TENCENTCLOUD_SECRET_ID", keys.TENCENT_SECRET_ID),
    ("TENCENTCLOUD_SECRET_KEY", keys.TENCENT_SECRET_KEY),
)
_BCE = (("QIANFAN_ACCESS_KEY", keys.QIANFAN_ACCESS_KEY), ("QIANFAN_SECRET_KEY", keys.QIANFAN_SECRET_KEY))
_OAUTH = (("QIANFAN_AK", keys.QIANFAN_AK), ("QIANFAN_SK", keys.QIANFAN_SK))
_DASHSCOPE = (("DASHSCOPE_API_KEY", keys.DASHSCOPE_API_KEY),)
_SPARK = (
    ("SPARKAI_APP_ID", keys.SPARK_APP_ID),
    ("SPARKAI_API_KEY", keys.SPARK_API_KEY),
    ("SPARKAI_API_SECRET", keys.SPARK_API_SECRET),
)
_TUNED = (("SPARKAI_SERVICE_ID", keys.SPARK_SERVICE_ID), ("SPARKAI_RESOURCE_ID", keys.SPARK_RESOURCE_ID))
_SPARK_HTTP = (("SPARKAI_API_PASSWORD", keys.SPARK_API_PASSWORD),)
_TUNED_HTTP = (("SPARKAI_TUNED_API_KEY", keys.SPARK_TUNED_API_KEY),)

WIRES: tuple[Wire, ...] = (
    Wire("tencent", "POST /", "TC3-HMAC-SHA256, TextTranslateBatch of 2018-03-21", _TENCENT),
    Wire("qianfan-auth", "/oauth/2.0/token", "AK and SK for an access token", _OAUTH),
    Wire("qianfan-auth", "/v1/BCE-BEARER/token and /wenxinworkshop/service/list", "bce-auth-v1", _BCE),
    Wire(
        "qianfan-v1",
        "POST /rpc/2.0/ai_custom/v1/wenxinworkshop/chat/ENDPOINT",
        "?access_token= of qianfan-auth, or bce-auth-v1",
        (*_OAUTH, *_BCE),
    ),
    Wire(
        "qianfan-v2",
        "POST /v2/chat/completions",
        "bearer: one that lasts, or one of qianfan-auth",
        (("QIANFAN_BEARER_TOKEN", keys.QIANFAN_BEARER_TOKEN), *_BCE),
    ),
    Wire("dashscope", "POST /api/v1/services/aigc/text-generation/generation", "bearer", _DASHSCOPE),
    Wire("dashscope-compatible", "POST /compatible-mode/v1/chat/completions", "bearer", _DASHSCOPE),
    Wire(
        "openai",
        "POST /v1/chat/completions, GET /v1/models",
        "bearer, whose key says whose account it is; none under /vllm/v1",
        tuple(keys.OPENAI_KEYS.items()),
    ),
    Wire("spark", "websocket /v1.1/chat to /v4.0/chat, by domain", "HMAC-SHA256 in the query", _SPARK),
    Wire("spark-tuned", "websocket /v1.1/chat", "the same; domain and patch_id of the service", (*_SPARK, *_TUNED)),
    Wire("spark-http", "POST /spark/v1/chat/completions", "bearer APIPassword", _SPARK_HTTP),
    Wire(
        "spark-http-tuned",
        "POST /spark-maas/v2/chat/completions",
        "bearer KEY:SECRET; model is the service, header lora_id the resource",
        (*_TUNED_HTTP, *_TUNED),
    ),
)


def handbook() -> str:
    """Wires and faults, one entry each, as plain text."""
    lines = ["wires (path, authentication, the keys that open it; all on one port):"]
    for wire in WIRES:
        lines += _entry(f"  {wire.name}", f"{wire.path} · {wire.auth} · " + " ".join(f"{k}={v}" for k, v in wire.keys))
    lines += ["", "faults (of --faults; a wire that cannot show one answers as ever):"]
    for name, about in ABOUT.items():
        lines += _entry(f"  {name}", about)
    lines += [
        "",
        "GET /_sim/counts: what was served and billed, by wire, with the most requests of any 1 s and any 60 s.",
    ]
    return "\n".join(lines)


def _entry(name: str, about: str) -> list[str]:
    return textwrap.wrap(about, WIDTH, initial_indent=f"{name:<24}", subsequent_indent=" " * 24, break_on_hyphens=False)
