"""Qianfan's wires, V1 and V2, as Baidu's own SDK meets them."""

from __future__ import annotations

from typing import Any

import pytest

from augment.simulator.options import VendorLimits
from tests.simulator.conftest import Start
from tests.simulator.sdks import QUESTION, access_keys, app_keys, ask_qianfan, bearer, post, qianfan_chat

CHAT = "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/yi_34b_chat"
JSON = {"Content-Type": "application/json"}


def oauth(sim: Any, **change: str) -> tuple[int, Any]:
    keys = app_keys(sim)
    query = {"grant_type": "client_credentials", "client_id": keys["QIANFAN_AK"], "client_secret": keys["QIANFAN_SK"]}
    pairs = "&".join(f"{name}={value}" for name, value in (query | change).items())
    status, _, answer = post(sim, f"/oauth/2.0/token?{pairs}", b"", JSON)
    return status, answer


def v1(sim: Any, body: Any, token: str | None = None, path: str = CHAT) -> Any:
    if token is None:
        token = oauth(sim)[1]["access_token"]
    return post(sim, f"{path}?access_token={token}", body, JSON)[2]


def user(*contents: str) -> dict[str, Any]:
    """A conversation: user and assistant in turn."""
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]}


@pytest.mark.parametrize("model", ["Yi-34B-Chat", "Qianfan-Chinese-Llama-2-13B"])
def test_v1_answers_the_sdk_by_oauth(start: Start, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    sim = start()
    answer = ask_qianfan(qianfan_chat(sim, monkeypatch, app_keys(sim)), QUESTION, model=model, temperature=0.5)
    assert answer["result"].endswith("答案是：B")
    assert answer["usage"]["total_tokens"] == answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"]
    assert sim.counts()["by_wire"] == {"qianfan-auth": 1, "qianfan-v1": 1}


def test_v1_answers_the_sdk_by_signature_and_serves_its_model_list(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim = start()
    chat = qianfan_chat(sim, monkeypatch, access_keys(sim))
    assert ask_qianfan(chat, QUESTION)["result"].endswith("答案是：B")
    assert "Yi-34B-Chat" in chat.models()
    assert sim.counts()["by_wire"]["qianfan-v1"] == 1


def test_a_wrong_secret_of_a_signature_is_code_14(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    from qianfan.errors import APIError

    sim = start()
    chat = qianfan_chat(sim, monkeypatch, access_keys(sim) | {"QIANFAN_SECRET_KEY": "wrong"})
    with pytest.raises(APIError) as caught:
        ask_qianfan(chat, "你好")
    assert caught.value.error_code == 14


@pytest.mark.parametrize(
    ("name", "text"), [("QIANFAN_AK", "AK"), ("QIANFAN_SK", "SK")], ids=["unknown app key", "wrong app secret"]
)
def test_the_sdk_tells_a_wrong_app_key_from_a_wrong_secret(
    start: Start, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    from qianfan.errors import AuthError

    sim = start()
    with pytest.raises(AuthError, match=rf"^{text}\("):
        ask_qianfan(qianfan_chat(sim, monkeypatch, app_keys(sim) | {name: "nobody"}), "你好")


def test_a_wrong_pair_is_http_401(start: Start) -> None:
    status, answer = oauth(start(), client_secret="wrong")
    assert (status, answer["error"], answer["error_description"]) == (
        401,
        "invalid_client",
        "Client authentication failed",
    )


def test_an_unknown_token_is_110_an_old_one_111_and_none_100(start: Start) -> None:
    assert v1(start(), user("你好"), token="24.none")["error_code"] == 110
    assert v1(start(token_life_s=0), user("你好"))["error_code"] == 111
    assert v1(start(), user("你好"), token="")["error_code"] == 100


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", 336002),
        ([], 336001),
        ({"messages": []}, 336003),
        (user("你好", "好"), 336006),
        ({"messages": [{"role": "system", "content": "你是老师"}]}, 336006),
        ({"messages": [{"role": "user", "content": "一"}] * 3}, 336006),
        (user(" "), 336003),
        (user("你好") | {"temperature": 0}, 336003),
        (user("你好") | {"temperature": 1.1}, 336003),
        (user("你好") | {"temperature": True}, 336003),
        (user("你好") | {"penalty_score": 0.9}, 336003),
        (user("你好") | {"stop": "好"}, 336003),
        (user("你好") | {"stream": True}, 336003),
        (user("好" * 8001), 336007),
    ],
)
def test_v1_names_what_is_wrong_with_a_body(start: Start, body: Any, code: int) -> None:
    sim = start()
    assert v1(sim, body)["error_code"] == code
    assert sim.counts()["bought"] == 0


def test_v1_takes_a_conversation_that_alternates(start: Start) -> None:
    assert v1(start(), user("你好", "你好。", "你是谁？") | {"temperature": 1.0})["result"]


def test_v1_cuts_at_the_limit_on_output_tokens(start: Start) -> None:
    answer = v1(start(), user(QUESTION) | {"max_output_tokens": 20})
    assert (answer["is_truncated"], answer["usage"]["completion_tokens"]) == (True, 20)


def test_v1_does_not_know_other_endpoints(start: Start) -> None:
    assert v1(start(), user("你好"), path=CHAT.replace("yi_34b_chat", "gpt"))["error_code"] == 3


def test_a_retired_v1_says_unsupported_openapi_method(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    from qianfan.errors import APIError

    sim = start(retired=frozenset({"qianfan-v1"}))
    with pytest.raises(APIError, match="Unsupported openapi method") as caught:
        ask_qianfan(qianfan_chat(sim, monkeypatch, app_keys(sim)), "你好")
    assert caught.value.error_code == 3


@pytest.mark.parametrize(
    ("limits", "code"), [(VendorLimits(qianfan_rpm=1), 336501), (VendorLimits(qianfan_tpm=10), 336502)]
)
def test_v1_enforces_requests_and_tokens_a_minute(start: Start, limits: VendorLimits, code: int) -> None:
    sim = start(limits=limits)
    assert "result" in v1(sim, user("你好"))
    assert v1(sim, user("你好"))["error_code"] == code


@pytest.mark.parametrize("keys", [bearer, access_keys], ids=["bearer token", "token from IAM"])
def test_v2_answers_the_sdk(start: Start, monkeypatch: pytest.MonkeyPatch, keys: Any) -> None:
    sim = start()
    chat = qianfan_chat(sim, monkeypatch, keys(sim), version="2")
    answer = ask_qianfan(chat, QUESTION, model="ernie-4.0-turbo-8k")
    assert answer["choices"][0]["message"]["content"].endswith("答案是：B")
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert sim.counts()["by_wire"]["qianfan-v2"] == 1


def v2(sim: Any, body: Any, token: str | None = None) -> tuple[int, Any]:
    token = bearer(sim)["QIANFAN_BEARER_TOKEN"] if token is None else token
    status, _, answer = post(sim, "/v2/chat/completions", body, {**JSON, "Authorization": f"Bearer {token}"})
    return status, answer


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        ({"model": "ernie-x", "messages": []}, 400, "invalid_argument"),
        ({"messages": [{"role": "user", "content": "好"}]}, 400, "invalid_model"),
        ({"model": "no-such-model", **user("你好")}, 401, "invalid_model"),
        ({"model": "ernie-x", "temperature": 3, **user("你好")}, 400, "invalid_argument"),
    ],
)
def test_v2_answers_4xx_in_its_own_shape(start: Start, body: Any, status: int, code: str) -> None:
    got, answer = v2(start(), body)
    assert (got, answer["error"]["code"]) == (status, code)
    assert set(answer["error"]) == {"code", "message", "type"}
    assert answer["id"].startswith("as-")


def test_v2_refuses_a_token_it_did_not_issue_or_that_is_old(start: Start) -> None:
    sim = start()
    assert v2(sim, {"model": "ernie-x", **user("你好")}, token="bce-v3/none")[0] == 401
    assert v2(sim, {"model": "ernie-x", **user("你好")}, token="")[1]["error"]["code"] == "invalid_iam_token"


def test_v2_speaks_to_the_openai_sdk(start: Start) -> None:
    from openai import OpenAI

    sim = start()
    with OpenAI(base_url=f"{sim.url}/v2", api_key=bearer(sim)["QIANFAN_BEARER_TOKEN"], max_retries=0) as client:
        answer = client.chat.completions.create(model="ernie-x", messages=[{"role": "user", "content": QUESTION}])
    assert (answer.choices[0].message.content or "").endswith("答案是：B")


def test_a_retired_v2_is_404_and_leaves_v1_alone(start: Start) -> None:
    sim = start(retired=frozenset({"qianfan-v2"}))
    assert v2(sim, {"model": "ernie-x", **user("你好")})[0] == 404
    assert "result" in v1(sim, user("你好"))


def test_iam_says_which_half_of_a_pair_is_wrong(start: Start) -> None:
    headers = {"Authorization": "bce-auth-v1/nobody/2026-01-01T00:00:00Z/300/host/" + "0" * 64}
    status, answered, _ = post(start(), "/v1/BCE-BEARER/token", b"", headers, method="GET")
    assert (status, answered["X-Bce-Error-Message"]) == (403, "NotFound, cause: Could not find credential.")
