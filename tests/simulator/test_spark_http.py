"""Spark over HTTP in OpenAI's shape, with the openai SDK and our own connector."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
from openai import OpenAI

from augment.connectors.openai import connect
from augment.errors import Fault
from augment.settings import Secret
from augment.simulator.options import SPARK_RESOURCE_ID, SPARK_SERVICE_ID
from augment.simulator.server import Simulator
from augment.simulator.spark import BASE_MODEL_SAYS
from augment.simulator.spark_frames import DOMAINS
from augment.types import Chat, Message, Reply, Route
from tests.simulator.conftest import Start
from tests.simulator.sdks import QUESTION, post

PUBLIC, TUNED = "SPARK_BASE_URL", "SPARK_TUNED_BASE_URL"
WITH_PATCH = {"lora_id": SPARK_RESOURCE_ID}


def pair(sim: Simulator) -> str:
    return f"{sim.env['SPARKAI_API_KEY']}:{sim.env['SPARKAI_API_SECRET']}"


def ask(
    sim: Simulator, content: str = "你好", *, base: str = PUBLIC, model: str = "generalv3.5", key: str = "", **more: Any
) -> Any:
    """A completion of the openai SDK."""
    password = key or (sim.env["SPARKAI_API_PASSWORD"] if base == PUBLIC else pair(sim))
    with OpenAI(base_url=sim.env[base], api_key=password, max_retries=0, timeout=10) as client:
        messages: Any = [{"role": "user", "content": content}]
        return client.chat.completions.create(model=model, messages=messages, **more)


def tuned(sim: Simulator, content: str = "你好", **more: Any) -> Any:
    return ask(sim, content, base=TUNED, model=SPARK_SERVICE_ID, **more)


def refused(call: Any) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize("model", DOMAINS)
def test_every_public_model_answers(start: Start, model: str) -> None:
    sim = start()
    assert ask(sim, QUESTION, model=model).choices[0].message.content.endswith("答案是：B")
    assert sim.counts()["by_wire"] == {"spark-http": 1}


def test_a_public_success_has_a_code_and_no_finish_reason(start: Start) -> None:
    answer = ask(start())
    assert (answer.code, answer.message, answer.sid[:3]) == (0, "Success", "cha")
    assert answer.choices[0].finish_reason is None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_key_and_secret_open_the_public_address_too(start: Start) -> None:
    sim = start()
    assert ask(sim, key=pair(sim)).code == 0


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("sim-spark-pass", "HMAC secret key does not match"),
        ("sim-spark-pass:wrong", "HMAC secret key does not match"),
        ("nobody:wrong", "HMAC signature cannot be verified: apikey not found"),
    ],
)
def test_a_wrong_password_is_refused(start: Start, key: str, message: str) -> None:
    sim = start()
    error = refused(lambda: ask(sim, key=key))
    assert (error.status_code, error.body) == (401, {"message": message})


def test_no_password_is_unauthorised(start: Start) -> None:
    status, _, body = post(start(), "/spark/v1/chat/completions", {}, {"Content-Type": "application/json"})
    assert (status, body) == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"model": "spark-lite"}, 400, "10005"),
        ({"temperature": 2.1}, 400, "10005"),
        ({"max_tokens": 8193}, 400, "10005"),
        ({"extra_body": {"top_k": 7}}, 400, "10005"),
        ({"content": "长" * 8200}, 400, "10907"),
    ],
    ids=["model", "temperature", "max_tokens", "top_k", "length"],
)
def test_a_wrong_request_is_refused(start: Start, more: dict[str, Any], status: int, code: str) -> None:
    sim = start()
    error = refused(lambda: ask(sim, **more))
    assert (error.status_code, error.code) == (status, code)
    assert sim.counts()["bought"] == 0


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("rate_limited", {(500, code) for code in ("11202", "11203", "10006", "10007", "10008")}),
        ("quota", {(500, code) for code in ("11200", "11201", "10016")}),
        ("rejected", {(500, code) for code in ("10013", "10014", "10019", "10021")}),
        ("5xx", {(503, None), (500, "10010"), (500, "10222")}),
    ],
)
def test_the_vendors_codes_come_with_its_status(start: Start, fault: str, found: set[Any]) -> None:
    sim = start(faults={fault: 1.0})
    headers = {"Authorization": f"Bearer {pair(sim)}", "Content-Type": "application/json"}
    errors = set()
    for number in range(40):
        body = {"model": "lite", "messages": [{"role": "user", "content": f"{number}号"}]}
        status, _, said = post(sim, "/spark/v1/chat/completions", body, headers)
        errors.add((status, said["error"]["code"] if "error" in said else None))
    assert errors == found


def test_an_error_of_the_tuned_service_has_a_number_for_its_code(start: Start) -> None:
    sim = start(quota_after=1)
    tuned(sim, extra_headers=WITH_PATCH)
    error = refused(lambda: tuned(sim, extra_headers=WITH_PATCH))
    assert error.status_code == 500
    assert error.body["code"] == 11200  # type: ignore[index]  # the SDK types the body as object
    assert "tokens.total" in error.message


# ── the tuned service ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_tuned_service_answers_with_its_lora(start: Start) -> None:
    sim = start()
    answer = tuned(sim, QUESTION, extra_headers=WITH_PATCH)
    assert not answer.choices[0].message.content.startswith(BASE_MODEL_SAYS)
    assert (answer.choices[0].finish_reason, answer.model) == ("stop", SPARK_SERVICE_ID)
    assert sim.counts()["by_wire"] == {"spark-http-tuned": 1}


@pytest.mark.parametrize("headers", [{}, {"lora_id": "0"}], ids=["none", "zero"])
def test_without_its_lora_the_service_answers_as_the_base_model(start: Start, headers: dict[str, str]) -> None:
    sim = start()
    assert tuned(sim, QUESTION, extra_headers=headers).choices[0].message.content.startswith(BASE_MODEL_SAYS)
    assert sim.counts()["by_wire"] == {"spark-http": 1}


def test_the_lora_of_another_is_not_granted(start: Start) -> None:
    sim = start()
    error = refused(lambda: tuned(sim, extra_headers={"lora_id": "another"}))
    assert error.body["code"] == 11200  # type: ignore[index]  # the SDK types the body as object


def test_the_tuned_service_serves_no_public_model(start: Start) -> None:
    sim = start()
    assert refused(lambda: ask(sim, base=TUNED, model="generalv3.5")).status_code == 400


def test_the_public_password_does_not_open_the_tuned_service(start: Start) -> None:
    sim = start()
    assert refused(lambda: tuned(sim, key=sim.env["SPARKAI_API_PASSWORD"])).status_code == 401


# ── our connector ─────────────────────────────────────────────────────────────────────────────────────────────────────


def ours(sim: Simulator, key: str = "", *, base: str = PUBLIC, content: str = QUESTION) -> Reply | Fault:
    async def main() -> Reply | Fault:
        model = "generalv3.5" if base == PUBLIC else ""
        options = (("dialect", "spark"),)
        route = Route("spark-http", "openai", model, sim.env[base], timeout_s=10, options=options)
        password = key or sim.env["SPARKAI_API_PASSWORD" if base == PUBLIC else "SPARKAI_TUNED_API_KEY"]
        ids = (
            {}
            if base == PUBLIC
            else {name: sim.env[f"SPARKAI_{name.upper()}"] for name in ("resource_id", "service_id")}
        )
        connector = connect(route, {name: Secret(value) for name, value in {"api_key": password, **ids}.items()})
        try:
            return await connector.send(Chat((Message("user", content),)))
        except Fault as fault:
            return fault
        finally:
            await connector.close()

    return asyncio.run(main())


def test_our_connector_reads_an_answer_without_a_finish_reason(start: Start) -> None:
    reply = ours(start())
    assert isinstance(reply, Reply)
    assert reply.text.endswith("答案是：B")
    assert reply.finish == "stop"


def test_our_connector_names_the_lora_of_the_tuned_service(start: Start) -> None:
    sim = start()
    reply = ours(sim, base=TUNED)
    assert isinstance(reply, Reply)
    assert not reply.text.startswith(BASE_MODEL_SAYS)
    assert sim.counts()["by_wire"] == {"spark-http-tuned": 1}


@pytest.mark.parametrize("base", [PUBLIC, TUNED], ids=["public", "tuned"])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("rate_limited", "rate_limited"),
        ("quota", "quota_exhausted"),
        ("rejected", "content_filtered"),
        ("5xx", "transient"),
        ("unknown_code", "transient"),
        ("drop_before", "transient"),
        ("drop_after", "transient"),
        ("html", "transient"),
        ("bad_bytes", "transient"),
        ("empty", "transient"),
    ],
)
def test_our_connector_reads(start: Start, fault: str, kind: str, base: str) -> None:
    sim = start(faults={fault: 1.0})
    found = [ours(sim, base=base, content=f"{n}号") for n in range(8)]
    assert {one.kind if isinstance(one, Fault) else "answered" for one in found} == {kind}
    assert sim.counts()["faults"] == {fault: 8}


def test_our_connector_reads_a_wrong_password_as_such(start: Start) -> None:
    fault = ours(start(), "nobody:wrong")
    assert isinstance(fault, Fault)
    assert fault.kind == "auth"
