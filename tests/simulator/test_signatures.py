"""Signatures against the vendors' published examples and the vendors' own signers, never against our own."""

from __future__ import annotations

import time
from typing import Any

import pytest

from augment.simulator._wire import Request
from augment.simulator.bce import bce_refusal, bce_signature
from augment.simulator.tc3 import tc3_refusal, tc3_signature
from tests.simulator.conftest import Start
from tests.simulator.sdks import LINE, access_keys, post, tencent_body, tencent_client

# Tencent's page "Signature v3", the worked example with the keys it was first published under
# (tencentcloud.com/document/product/267/37447, updated 2020-07-14; later editions mask the keys, the result stands).
TC3_SECRET = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
TC3_SIGNATURE = "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
TC3_EXAMPLE = Request(
    "POST",
    "/",
    (),
    {
        "content-type": "application/json; charset=utf-8",
        "host": "cvm.tencentcloudapi.com",
        "x-tc-timestamp": "1551113065",
        "authorization": "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={TC3_SIGNATURE}",
    },
    rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}',
)

# Baidu's page "生成认证字符串" (cloud.baidu.com/doc/Reference/s/njwvz1yfu), the worked example.
BCE_PREFIX = "bce-auth-v1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/2015-04-27T08:23:49Z/1800"
BCE_SIGNATURE = "d74a04362e6a848f5b39b15421cb449427f419c95a480fd6b8cf9fc783e2999e"
BCE_EXAMPLE = Request(
    "PUT",
    "/v1/test/myfolder/readme.txt",
    (("partNumber", "9"), ("uploadId", "a44cc9bab11cbd156984767aad637851")),
    {
        "host": "bj.bcebos.com",
        "date": "Mon, 27 Apr 2015 16:23:49 +0800",
        "content-type": "text/plain",
        "content-length": "8",
        "content-md5": "NFzcPqhviddjRNnSOGo4rw==",
        "x-bce-date": "2015-04-27T08:23:49Z",
    },
    b"Example.",
)


def test_tencents_published_example_gets_its_published_signature() -> None:
    signature = tc3_signature(
        TC3_EXAMPLE, secret=TC3_SECRET, signed="content-type;host", timestamp="1551113065", service="cvm"
    )
    assert signature == TC3_SIGNATURE


def test_tencents_published_example_is_accepted_at_its_time() -> None:
    keys = {"AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE": TC3_SECRET}
    assert tc3_refusal(TC3_EXAMPLE, keys=keys, service="cvm", now=1551113065) is None


@pytest.mark.parametrize(
    ("seconds", "code"), [(300, None), (301, "AuthFailure.SignatureExpire"), (-301, "AuthFailure.SignatureExpire")]
)
def test_tencents_published_example_expires_after_five_minutes(seconds: int, code: str | None) -> None:
    keys = {"AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE": TC3_SECRET}
    refusal = tc3_refusal(TC3_EXAMPLE, keys=keys, service="cvm", now=1551113065 + seconds)
    assert (refusal and refusal[0]) == code


def test_baidus_published_example_gets_its_published_signature() -> None:
    assert bce_signature(BCE_EXAMPLE, secret="b" * 32, prefix=BCE_PREFIX, signed="") == BCE_SIGNATURE


def test_baidus_published_example_is_accepted_at_its_time() -> None:
    request = Request(
        BCE_EXAMPLE.method,
        BCE_EXAMPLE.path,
        BCE_EXAMPLE.query,
        {**BCE_EXAMPLE.headers, "authorization": f"{BCE_PREFIX}//{BCE_SIGNATURE}"},
        b"",
    )
    assert bce_refusal(request, keys={"a" * 32: "b" * 32}, now=1430123029) is None
    assert bce_refusal(request, keys={"a" * 32: "b" * 32}, now=1430123029 + 1801) == "expired"
    assert bce_refusal(request, keys={"a" * 32: "c" * 32}, now=1430123029) == "mismatch"


def tencent_signed(
    sim: Any, *, at: float | None = None, monkeypatch: pytest.MonkeyPatch | None = None
) -> tuple[bytes, dict[str, str]]:
    """Body and headers as Tencent's SDK signs them, not sent."""
    from tencentcloud.common import abstract_client
    from tencentcloud.common.http.request import RequestInternal

    if at is not None and monkeypatch is not None:
        monkeypatch.setattr(abstract_client.time, "time", lambda: at)
    client = tencent_client(sim)
    request = RequestInternal(client._get_endpoint(), "POST", "/")
    client._build_req_with_tc3_signature("TextTranslateBatch", tencent_body([LINE]), request)
    if monkeypatch is not None:
        monkeypatch.undo()
    return request.data.encode(), dict(request.header)


def code_of(answer: Any) -> str | None:
    error = answer["Response"].get("Error")
    return error["Code"] if error else None


def test_a_request_signed_by_tencents_sdk_is_accepted(start: Start) -> None:
    sim = start()
    body, headers = tencent_signed(sim)
    status, _, answer = post(sim, "/", body, headers)
    assert (status, code_of(answer)) == (200, None)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("body", "AuthFailure.SignatureFailure"),
        ("host", "AuthFailure.SignatureFailure"),
        ("date", "AuthFailure.SignatureFailure"),
        ("service", "AuthFailure.SignatureFailure"),
        ("timestamp", "AuthFailure.SignatureFailure"),
        ("content-type", "AuthFailure.SignatureFailure"),
        ("signature", "AuthFailure.SignatureFailure"),
        ("id", "AuthFailure.SecretIdNotFound"),
        ("scheme", "AuthFailure.InvalidAuthorization"),
        ("no timestamp", "MissingParameter"),
        ("no action", "MissingParameter"),
        ("no region", "MissingParameter"),
    ],
)  # fmt: skip
def test_one_change_to_a_request_signed_by_tencents_sdk_is_refused(start: Start, change: str, code: str) -> None:
    sim = start()
    body, headers = tencent_signed(sim)
    scope = headers["Authorization"].split("/")
    match change:
        case "body":
            body = body.replace(b"zh", b"en", 1)
        case "host":
            headers["Host"] = "tmt.tencentcloudapi.com"
        case "date":
            headers["Authorization"] = headers["Authorization"].replace(f"/{scope[1]}/", "/2019-02-25/")
        case "service":
            headers["Authorization"] = headers["Authorization"].replace("/tmt/", "/cvm/")
        case "timestamp":
            headers["X-TC-Timestamp"] = str(int(headers["X-TC-Timestamp"]) - 1)
        case "content-type":
            headers["Content-Type"] = "application/json; charset=utf-8"
        case "signature":
            last = headers["Authorization"][-1]
            headers["Authorization"] = headers["Authorization"][:-1] + ("0" if last != "0" else "1")
        case "id":
            headers["Authorization"] = headers["Authorization"].replace("sim-secret-id", "sim-secret-ix")
        case "scheme":
            headers["Authorization"] = headers["Authorization"].replace("TC3-HMAC-SHA256", "Bearer")
        case _:
            del headers[
                {"no timestamp": "X-TC-Timestamp", "no action": "X-TC-Action", "no region": "X-TC-Region"}[change]
            ]
    status, _, answer = post(sim, "/", body, headers)
    assert (status, code_of(answer)) == (200, code)
    assert sim.counts()["bought"] == 0


def test_a_request_that_tencents_sdk_signed_six_minutes_ago_is_refused(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim = start()
    body, headers = tencent_signed(sim, at=time.time() - 360, monkeypatch=monkeypatch)
    assert code_of(post(sim, "/", body, headers)[2]) == "AuthFailure.SignatureExpire"


CHAT_PATH = "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/yi_34b_chat"
CHAT_BODY = {"messages": [{"role": "user", "content": "你好"}]}


def bce_signed(sim: Any, *, query: dict[str, str] | None = None) -> dict[str, str]:
    """Headers as qianfan signs them through bce-python-sdk."""
    from qianfan.resources.auth.iam import iam_sign
    from qianfan.resources.typing import QfRequest

    keys = access_keys(sim)
    request = QfRequest(method="POST", url=CHAT_PATH, query=query or {})
    request.headers = {"Content-Type": "application/json", "Host": sim.url.removeprefix("http://"), "request_id": "r-1"}
    iam_sign(keys["QIANFAN_ACCESS_KEY"], keys["QIANFAN_SECRET_KEY"], request)
    return dict(request.headers)


def test_a_request_signed_by_baidus_signer_is_accepted(start: Start) -> None:
    sim = start()
    _, _, answer = post(sim, f"{CHAT_PATH}?b=2%20x&a=1", CHAT_BODY, bce_signed(sim, query={"a": "1", "b": "2 x"}))
    assert "result" in answer


@pytest.mark.parametrize("change", ["path", "query", "host", "x-bce-date", "request_id", "key", "signature"])
def test_one_change_to_a_request_signed_by_baidus_signer_is_refused(start: Start, change: str) -> None:
    sim = start()
    headers, path = bce_signed(sim), CHAT_PATH
    match change:
        case "path":
            path = path.replace("yi_34b_chat", "completions")
        case "query":
            path += "?a=1"
        case "host":
            headers["Host"] = "aip.baidubce.com"
        case "x-bce-date" | "request_id":
            headers[change] += "0"
        case "key":
            headers["Authorization"] = headers["Authorization"].replace("sim-access-key", "sim-access-kez")
        case "signature":
            headers["Authorization"] = headers["Authorization"][:-64] + "0" * 64
    _, _, answer = post(sim, path, CHAT_BODY, headers)
    assert answer["error_code"] == 14


JSON_PATHS = [
    ("/v1/chat/completions", "OPENAI_API_KEY"),
    ("/v2/chat/completions", "QIANFAN_BEARER_TOKEN"),
    ("/api/v1/services/aigc/text-generation/generation", "DASHSCOPE_API_KEY"),
    ("/compatible-mode/v1/chat/completions", "DASHSCOPE_API_KEY"),
]


@pytest.mark.parametrize(("path", "key"), JSON_PATHS, ids=[path for path, _ in JSON_PATHS])
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_json_under_another_name_is_refused(start: Start, path: str, key: str, content_type: str) -> None:
    sim = start()
    body = {"model": "m", "messages": [{"role": "user", "content": "你好"}]}
    headers = {"Authorization": f"Bearer {(sim.env | sim.extra_keys)[key]}", "Content-Type": content_type}
    assert post(sim, path, body, headers)[0] == 400
    assert sim.counts()["bought"] == 0
