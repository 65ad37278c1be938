"""The official SDKs, pointed at a simulator and otherwise as their vendors ship them."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from augment.simulator.server import Simulator

LINE = "如果一个人既健康又富有，他就是旅行者。"


def tencent_client(sim: Simulator, *, secret_id: str = "", secret_key: str = "", timeout_s: int = 10) -> Any:
    from tencentcloud.common.common_client import CommonClient
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile

    keys = sim.env
    credential = Credential(secret_id or keys["TENCENTCLOUD_SECRET_ID"], secret_key or keys["TENCENTCLOUD_SECRET_KEY"])
    address = keys["AUGMENT_TENCENT_ENDPOINT"].removeprefix("http://")
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=address, reqTimeout=timeout_s))
    return CommonClient("tmt", "2018-03-21", credential, "ap-guangzhou", profile=profile)


def tencent_body(texts: list[str], source: str = "zh", target: str = "ja") -> dict[str, Any]:
    return {"Source": source, "Target": target, "ProjectId": 0, "SourceTextList": texts}


def tencent(sim: Simulator, texts: list[str], source: str = "zh", target: str = "ja", **keys: Any) -> dict[str, Any]:
    answer = tencent_client(sim, **keys).call_json("TextTranslateBatch", tencent_body(texts, source, target))
    assert isinstance(answer, dict)
    return answer


def tencent_code(sim: Simulator, body: dict[str, Any], action: str = "TextTranslateBatch", **keys: Any) -> str:
    """The vendor's code of the exception that Tencent's SDK raises."""
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

    with pytest.raises(TencentCloudSDKException) as caught:
        tencent_client(sim, **keys).call_json(action, body)
    return str(caught.value.get_code())


def qianfan_chat(sim: Simulator, monkeypatch: pytest.MonkeyPatch, keys: dict[str, str], version: str = "1") -> Any:
    """A ``ChatCompletion`` under the named keys; the SDK's global configuration is made anew."""
    import qianfan
    import qianfan.config

    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    for name in ("QIANFAN_BASE_URL", "QIANFAN_CONSOLE_API_BASE_URL", "QIANFAN_IAM_BASE_URL"):
        monkeypatch.setenv(name, sim.url)
    monkeypatch.setattr(qianfan.config, "_GLOBAL_CONFIG", None)
    qianfan.disable_log()
    return qianfan.ChatCompletion(version=version)


def app_keys(sim: Simulator) -> dict[str, str]:
    return {name: sim.env[name] for name in ("QIANFAN_AK", "QIANFAN_SK")}


def access_keys(sim: Simulator) -> dict[str, str]:
    return {name: sim.extra_keys[name] for name in ("QIANFAN_ACCESS_KEY", "QIANFAN_SECRET_KEY")}


def bearer(sim: Simulator) -> dict[str, str]:
    return {"QIANFAN_BEARER_TOKEN": sim.extra_keys["QIANFAN_BEARER_TOKEN"]}


def ask_qianfan(chat: Any, content: str, *, model: str = "Yi-34B-Chat", **parameters: Any) -> Any:
    parameters = {"request_timeout": 10, **parameters}
    messages = [{"role": "user", "content": content}]
    return chat.do(messages=messages, model=model, retry_count=1, **parameters)


def openai_client(sim: Simulator, *, key: str = "", base: str = "OPENAI_BASE_URL", timeout_s: float = 10) -> Any:
    from openai import OpenAI

    return OpenAI(base_url=sim.env[base], api_key=key or sim.env["OPENAI_API_KEY"], max_retries=0, timeout=timeout_s)


def ask_openai(
    sim: Simulator, content: str, *, model: str = "sim-chat", timeout_s: float = 10, **parameters: Any
) -> Any:
    with openai_client(sim, timeout_s=timeout_s) as client:
        messages = [{"role": "user", "content": content}]
        return client.chat.completions.create(model=model, messages=messages, **parameters)


def ask_dashscope(
    sim: Simulator,
    content: str,
    *,
    model: str = "qwen-plus",
    api_key: str = "",
    timeout_s: float = 10,
    **parameters: Any,
) -> Any:
    """DashScope's answer or refusal: its SDK raises neither. Its resend of a lost request is left on."""
    from dashscope import Generation

    return Generation.call(
        model=model,
        messages=[{"role": "user", "content": content}],
        api_key=api_key or sim.env["DASHSCOPE_API_KEY"],
        base_address=f"{sim.env['AUGMENT_DASHSCOPE_ENDPOINT']}/api/v1",
        request_timeout=timeout_s,
        **parameters,
    )


def compatible_client(sim: Simulator, *, key: str = "", timeout_s: float = 10) -> Any:
    from openai import OpenAI

    base = f"{sim.env['AUGMENT_DASHSCOPE_ENDPOINT']}/compatible-mode/v1"
    return OpenAI(base_url=base, api_key=key or sim.env["DASHSCOPE_API_KEY"], max_retries=0, timeout=timeout_s)


def ask_compatible(sim: Simulator, content: str, *, model: str = "qwen-plus", **parameters: Any) -> Any:
    with compatible_client(sim) as client:
        messages = [{"role": "user", "content": content}]
        return client.chat.completions.create(model=model, messages=messages, **parameters)


def post(
    sim: Simulator, path: str, body: bytes | dict[str, Any], headers: dict[str, str], method: str = "POST"
) -> tuple[int, dict[str, str], Any]:
    """Status, headers and decoded body of a request sent byte for byte as given."""
    address = urlsplit(sim.url)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if "Content-Length" not in headers:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, dict(answer.getheaders()), json.loads(text) if text else None
    finally:
        connection.close()


QUESTION = """请按步骤推理。

### 题目
有一个系统来确定哪些人可以旅行。以下是已知的条件：

1. Jia 是女性。
2. John 是健康的。
3. John 是富有的。
4. 如果一个人既健康又富有，他/她就是旅行者。

### 问题
谁可以旅行？
A. Jia
B. John
C. Jia 和 John
D. 没有人

### 答案
B

### 分析过程
"""
