from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from augment.catalog import Catalog
from augment.errors import BadInput, FixableError, KeyMissing, NotFound
from augment.local import is_local, shipped
from augment.provider_fields import check_fields
from augment.settings import Secret, Settings
from augment.types import Limits

OWN = """
[providers.my-qwen]
connector = "openai"
model = "qwen2.5-7b"
endpoint = "http://127.0.0.1:9000/v1/"
[providers.my-qwen.limits]
rpm = 600
"""


def catalog(
    toml: str = "", environment: Mapping[str, str] | None = None, *, simulated: bool = False, dotenv: Any = None
) -> Catalog:
    return Catalog(Settings(Path("/w"), environment or {}, dotenv or {}, tomllib.loads(toml)), simulated)


# ── what ships ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_provider_that_ships_can_be_read_with_and_without_the_simulator() -> None:
    for name in catalog().names():
        provider = catalog().provider(name)
        assert (provider.name, provider.label) == (name, name)
        assert provider.routes
        assert not any(route.simulated for route in provider.routes)
        try:
            simulated = catalog(simulated=True).provider(name)
        except FixableError as error:
            assert "--simulate" in error.hint
        else:
            assert simulated.label == f"sim:{name}"
            assert all(route.simulated for route in simulated.routes)


def test_every_connector_named_in_the_catalog_exists() -> None:
    from augment.connectors import names

    assert {route.connector for name in catalog().names() for route in catalog().provider(name).routes} <= set(names())


def test_local_weights_are_listed_under_their_own_name_as_a_demonstration() -> None:
    for name in ("local", "local-qwen-coder"):
        (route,) = catalog().provider(name).routes
        assert is_local(route)
        assert route.model == shipped().named(route.endpoint.removeprefix("local:") or None).model
        assert "demonstration" in route.model


def test_every_price_that_ships_says_when_and_where_it_was_read() -> None:
    for line in catalog().listed():
        priced = (line.price.input_1k, line.price.output_1k, line.price.characters_1m) != (None, None, None)
        assert not priced or (line.price.on and line.price.source), line.name


def test_the_default_translator_keeps_the_vendors_limits() -> None:
    limits = catalog().provider("tencent").routes[0].limits
    assert (limits.rps, limits.batch_characters) == (5, 2000)


# ── endpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("environment", "dotenv", "toml", "endpoint"),
    [
        pytest.param("http://e/v1", "http://d/v1", "http://t/v1", "http://e/v1", id="environment"),
        pytest.param(None, "http://d/v1", "http://t/v1", "http://d/v1", id="dotenv"),
        pytest.param(None, None, "http://t/v1", "http://t/v1", id="augment-toml"),
        pytest.param(None, None, None, "https://api.deepseek.com/v1", id="catalog"),
        pytest.param("http://e/v1/", None, None, "http://e/v1", id="a-slash-at-the-end-is-nothing"),
        pytest.param(" ", None, "http://t/v1", "http://t/v1", id="a-blank-variable-is-unset"),
    ],
)
def test_an_endpoint_moves_by_environment_then_augment_toml_then_catalog(
    environment: str | None, dotenv: str | None, toml: str | None, endpoint: str
) -> None:
    shelf = catalog(
        f'[providers.deepseek]\nendpoint = "{toml}"' if toml else "",
        {"DEEPSEEK_BASE_URL": environment} if environment else {},
        dotenv={"DEEPSEEK_BASE_URL": dotenv} if dotenv else {},
    )
    assert shelf.provider("deepseek").routes[0].endpoint == endpoint


def test_a_moved_endpoint_does_not_change_the_name_under_which_answers_are_kept() -> None:
    here = catalog(OWN).provider("my-qwen").routes[0]
    moved = catalog(OWN, {"MY_QWEN_BASE_URL": "http://127.0.0.1:9999/v1"}).provider("my-qwen").routes[0]
    assert here.endpoint != moved.endpoint
    assert here.name == moved.name


def test_another_vendors_address_does_not_move_a_provider_of_ones_own() -> None:
    shelf = catalog(OWN, {"OPENAI_BASE_URL": "https://elsewhere.example/v1", "OPENAI_API_KEY": "sk-for-openai-only"})
    assert shelf.provider("my-qwen").routes[0].endpoint == "http://127.0.0.1:9000/v1"
    assert shelf.secrets("my-qwen") == {}, "a key is shown to its own vendor alone"


@pytest.mark.parametrize(
    ("toml", "word"),
    [
        ('connector = "opnai"\nendpoint = "http://x/v1"', "opnai"),
        ('connector = "openai"\nendpoint = "127.0.0.1:8000/v1"', "127.0.0.1:8000"),
    ],
    ids=["connector", "endpoint"],
)
def test_a_wire_or_an_address_that_is_none_is_told_before_anything_is_sent(toml: str, word: str) -> None:
    with pytest.raises(BadInput, match=word):
        catalog(f"[providers.mine]\n{toml}").provider("mine")


def test_two_providers_on_one_wire_of_ones_own_are_two_to_the_ledger() -> None:
    shelf = catalog(
        '[providers.one]\nconnector = "qianfan"\nmodel = "m"\n[providers.two]\nconnector = "qianfan"\nmodel = "m"'
    )
    assert [shelf.provider(name).routes[0].name for name in ("one", "two", "yi-34b")] == ["one", "two", "qianfan"]


def test_two_tuned_services_are_two_to_the_ledger() -> None:
    names = [
        catalog("", {"SPARKAI_SERVICE_ID": service}).provider("spark-tuned").routes[0].name for service in ("s1", "s2")
    ]
    assert len(set(names)) == 2
    assert all(name.startswith("spark.") and "s1" not in name for name in names)


def test_a_key_that_is_named_must_be_set() -> None:
    toml = '[providers.mine]\nconnector = "openai"\nendpoint = "http://x/v1"\nkey = "MINE"'
    with pytest.raises(KeyMissing, match="MINE is not set"):
        catalog(toml).secrets("mine")
    assert catalog(toml, {"MINE": "k"}).secrets("mine") == {"api_key": Secret("k")}


def test_a_server_of_ones_own_without_an_address_is_told() -> None:
    with pytest.raises(BadInput, match="names no endpoint") as caught:
        catalog('[providers.mine]\nconnector = "openai"').provider("mine")
    assert "MINE_BASE_URL" in caught.value.hint
    assert catalog('[providers.mine]\nconnector = "openai"', {"MINE_BASE_URL": "http://x/v1"}).provider("mine")


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        pytest.param({"QIANFAN_AK": "a", "QIANFAN_SK": "s"}, {"ak", "sk"}, id="ak-sk"),
        pytest.param({"QIANFAN_ACCESS_KEY": "a", "QIANFAN_SECRET_KEY": "s"}, {"access_key", "secret_key"}, id="iam"),
        pytest.param({"QIANFAN_BEARER_TOKEN": "b"}, {"bearer_token"}, id="bearer"),
        pytest.param(
            {"QIANFAN_BEARER_TOKEN": "b", "QIANFAN_AK": "a"}, {"bearer_token", "ak"}, id="bearer-and-half-a-pair"
        ),
    ],
)
def test_any_whole_group_of_keys_will_do(environment: dict[str, str], found: set[str]) -> None:
    assert set(catalog("", environment).secrets("yi-34b")) == found


@pytest.mark.parametrize(
    ("name", "environment", "message", "hint"),
    [
        pytest.param(
            "yi-34b", {}, "'yi-34b' needs a key and QIANFAN_AK and QIANFAN_SK are not set", "QIANFAN_AK=…", id="none"
        ),
        pytest.param(
            "yi-34b", {"QIANFAN_AK": "a"}, "'yi-34b' needs a key and QIANFAN_SK is not set", "QIANFAN_SK=…", id="half"
        ),
        pytest.param(
            "yi-34b",
            {"QIANFAN_ACCESS_KEY": "a"},
            "'yi-34b' needs a key and QIANFAN_SECRET_KEY is not set",
            "QIANFAN_SECRET_KEY=…",
            id="half-of-the-other-group",
        ),
        pytest.param(
            "deepseek", {"OPENAI_API_KEY": "sk"}, "DEEPSEEK_API_KEY is not set", "DEEPSEEK_API_KEY=…", id="another's"
        ),
        pytest.param(
            "tencent", {"TENCENT_SECRET_ID": "i"}, "TENCENTCLOUD_SECRET_KEY is not set", "CLOUD_SECRET_KEY=…", id="old"
        ),
    ],
)
def test_a_missing_key_is_named_with_the_line_to_add(
    name: str, environment: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(KeyMissing) as caught:
        catalog("", environment).secrets(name)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert ".env" in caught.value.hint
    assert "--simulate" in caught.value.hint
    assert caught.value.exit_code == 3


def test_either_name_of_a_key_will_do() -> None:
    old = catalog("", {"TENCENT_SECRET_ID": "i", "TENCENTCLOUD_SECRET_KEY": "k"}).secrets("tencent")
    assert old == {"secret_id": Secret("i"), "secret_key": Secret("k")}


def test_a_vllm_of_ones_own_needs_no_key_and_takes_one() -> None:
    assert catalog().secrets("vllm") == {}
    assert catalog("", {"VLLM_API_KEY": "k"}).secrets("vllm") == {"api_key": Secret("k")}


# ── providers of one's own ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_server_of_ones_own_is_six_lines() -> None:
    assert len(OWN.strip().splitlines()) == 6
    shelf = catalog(OWN)
    provider = shelf.provider("my-qwen")
    (route,) = provider.routes
    assert (provider.kind, route.connector, route.model, route.endpoint, route.limits.rpm) == (
        "chat",
        "openai",
        "qwen2.5-7b",
        "http://127.0.0.1:9000/v1",
        600,
    )
    assert shelf.secrets("my-qwen") == {}
    assert "my-qwen" in shelf.names()


def test_the_keys_of_ones_own_provider_carry_its_name_or_the_one_given() -> None:
    assert catalog(OWN, {"MY_QWEN_API_KEY": "k"}).secrets("my-qwen") == {"api_key": Secret("k")}
    named = OWN.replace("[providers.my-qwen.limits]", 'key = "GATEWAY_TOKEN"\n[providers.my-qwen.limits]')
    assert catalog(named, {"GATEWAY_TOKEN": "g"}).secrets("my-qwen") == {"api_key": Secret("g")}
    with pytest.raises(KeyMissing, match="GATEWAY_TOKEN is not set"):
        catalog(named).secrets("my-qwen")


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        pytest.param('[providers.x]\nconnector = "openai"\nmodle = "m"', "modle", id="field"),
        pytest.param("[providers.x.limits]\nrps = 1", "connector", id="no-connector"),
        pytest.param("[providers.deepseek.limits]\nrequests = 1", "requests", id="limit"),
        pytest.param("[providers.deepseek.price]\ninput = 1", "input", id="price"),
        pytest.param("[providers.deepseek.limits]\nrps = -1", "rps", id="a-negative-limit"),
        pytest.param("[providers.deepseek.limits]\nrps = nan", "rps", id="no-number"),
        pytest.param('[providers.deepseek.limits]\nrps = "5"', "rps", id="a-text-for-a-limit"),
        pytest.param("[providers.deepseek.limits]\nin_flight = true", "in_flight", id="a-truth-for-a-limit"),
        pytest.param("[providers.deepseek.limits]\nbatch_items = 2.5", "batch_items", id="half-a-text"),
        pytest.param("[providers.deepseek]\nlimits = 5", "limits", id="limits-no-table"),
        pytest.param('[providers.deepseek]\nprice = "cheap"', "price", id="price-no-table"),
        pytest.param("[providers.deepseek]\nmodel = 5", "model", id="a-number-for-a-model"),
        pytest.param('[providers.deepseek]\nroutes = "vllm"', "routes", id="routes-no-list"),
        pytest.param("[providers.deepseek]\nroutes = [1]", "routes", id="routes-of-numbers"),
        pytest.param('[providers.deepseek]\ntimeout_s = "long"', "timeout_s", id="timeout"),
        pytest.param('[providers.deepseek]\nkind = "talk"', "kind", id="kind"),
        pytest.param('[providers.deepseek]\nparameters = "hot"', "parameters", id="parameters"),
        pytest.param("[providers.deepseek.parameters]\nstop = ['a']", "stop", id="a-list-for-a-parameter"),
        pytest.param("[providers.deepseek]\nkey = ['A', 'B']", "key", id="two-keys"),
        pytest.param("[providers]\ndeepseek = 'x'", "deepseek", id="provider-no-table"),
    ],
)
def test_what_augment_toml_gets_wrong_is_named(toml: str, named: str) -> None:
    name = next(iter(tomllib.loads(toml)["providers"]))
    with pytest.raises(BadInput) as caught:
        catalog(toml).provider(name)
    assert named in caught.value.message
    assert name in caught.value.message
    assert caught.value.hint


def test_the_fields_known_are_those_the_catalog_itself_uses() -> None:
    from augment import catalog as shipping

    for name, given in shipping._shipped()["providers"].items():
        check_fields(name, given)
    for name, given in shipping._shipped()["connectors"].items():
        check_fields(name, given)


def test_keys_and_groups_of_ones_own_are_used() -> None:
    keys = 'keys.api_key = ["ONE", "TWO"]\nneeds = [["api_key"]]\n[providers.my-qwen.limits]'
    toml = OWN.replace("[providers.my-qwen.limits]", keys)
    assert catalog(toml, {"TWO": "2"}).secrets("my-qwen") == {"api_key": Secret("2")}
    with pytest.raises(KeyMissing, match="ONE is not set"):
        catalog(toml).secrets("my-qwen")


def test_an_unknown_provider_names_those_there_are() -> None:
    with pytest.raises(NotFound) as caught:
        catalog(OWN).provider("yi34b")
    assert "yi-34b" in caught.value.hint
    assert "my-qwen" in caught.value.hint


def test_an_unknown_route_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="nowhere"):
        catalog('[providers.deepseek]\nroutes = ["nowhere"]').provider("deepseek")


def test_limits_and_prices_are_overridden_one_by_one() -> None:
    shipped = catalog().provider("yi-34b").routes[0]
    mine = catalog("[providers.yi-34b.limits]\nrpm = 60\n[providers.yi-34b.price]\ninput_1k = 0.5").provider("yi-34b")
    route = mine.routes[0]
    assert route.limits.rpm == 60
    assert route.limits.in_flight == shipped.limits.in_flight
    assert route.limits.input_characters == shipped.limits.input_characters
    assert (route.price.input_1k, route.price.output_1k) == (0.5, shipped.price.output_1k)
    assert route.model == shipped.model


def test_a_limit_can_be_lifted() -> None:
    assert catalog("[providers.yi-34b.limits]\nrpm = 0").provider("yi-34b").routes[0].limits.rpm == 0


def test_a_model_named_on_the_command_line_counts_for_every_way_to_the_same_model() -> None:
    toml = OWN + '[providers.deepseek]\nroutes = ["my-qwen", "my-qwen:deepseek-chat"]'
    provider = catalog(toml).provider("deepseek", model="deepseek-reasoner")
    assert [route.model for route in provider.routes] == ["deepseek-reasoner", "qwen2.5-7b", "deepseek-reasoner"]


@pytest.mark.parametrize(
    ("called", "name", "model"),
    [
        ("Yi-34B-Chat", "yi-34b", "Yi-34B-Chat"),
        ("Qianfan-Chinese-Llama-2-13B", "llama2-13b-zh", "Qianfan-Chinese-Llama-2-13B"),
        ("ERNIE", "ernie", "ernie-4.0-turbo-8k"),
        ("Spark Max", "spark-max", "generalv3.5"),
        ("Spark 4.0 Ultra", "spark-ultra", "4.0Ultra"),
        ("Spark Lite", "spark-lite", "lite"),
        ("tuned Spark", "spark-tuned", ""),
        ("qwen1.5-0.5b-chat", "qwen1.5-0.5b", "qwen1.5-0.5b-chat"),
        ("qwen1.5-1.8b-chat", "qwen1.5-1.8b", "qwen1.5-1.8b-chat"),
        ("qwen2-1.5b-instruct", "qwen2-1.5b", "qwen2-1.5b-instruct"),
        ("qwen2-7b-instruct", "qwen2-7b", "qwen2-7b-instruct"),
        ("qwen2-72b-instruct", "qwen2-72b", "qwen2-72b-instruct"),
        ("qwen-plus", "qwen-plus", "qwen-plus"),
        ("deepseek-chat", "deepseek", "deepseek-chat"),
        ("qwen2-7b-instruct-LORA", "qwen2-7b-lora", "Qwen2-7B-Instruct-lora"),
    ],
)
def test_a_provider_answers_to_its_models_name(called: str, name: str, model: str) -> None:
    provider = catalog().provider(called)
    assert (provider.name, provider.model) == (name, model)


def test_a_route_without_a_key_is_left_out_and_one_with_a_key_is_enough() -> None:
    shelf = catalog("", {"SPARKAI_API_PASSWORD": "p"})
    kept = shelf.keyed(shelf.provider("spark-max"))
    assert [(route.entry, route.connector, route.model) for route in kept.routes] == [
        ("spark-http", "openai", "generalv3.5")
    ]
    with pytest.raises(KeyMissing, match="SPARKAI_APP_ID"):
        catalog().keyed(catalog().provider("spark-max"))


def test_an_endpoint_shared_by_several_wires_gets_the_path_of_each() -> None:
    shelf = catalog("", {"AUGMENT_QIANFAN_ENDPOINT": "http://127.0.0.1:1/"})
    assert [route.endpoint for route in shelf.provider("ernie").routes] == [
        "http://127.0.0.1:1",
        "http://127.0.0.1:1/v2",
    ]


def test_routes_are_taken_in_order_each_with_its_own_connector_limits_and_endpoint() -> None:
    toml = OWN + '[providers.yi-34b]\nroutes = ["my-qwen", "vllm"]'
    provider = catalog(toml).provider("yi-34b")
    assert [(route.connector, route.endpoint, route.limits.rpm) for route in provider.routes] == [
        ("qianfan", "", 300),
        ("openai", "http://127.0.0.1:9000/v1", 600),
        ("openai", "http://127.0.0.1:8000/v1", 0),
    ]


# ── simulated ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_simulated_provider_asks_the_simulator_with_the_simulators_key() -> None:
    env = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_API_KEY": "sim"}
    keyed = OWN.replace("[providers.my-qwen.limits]", 'key = "MINE"\n[providers.my-qwen.limits]')
    shelf = catalog(keyed, env, simulated=True)
    (route,) = shelf.provider("my-qwen").routes
    assert (route.endpoint, route.simulated) == ("http://127.0.0.1:1/v1", True)
    assert shelf.secrets("my-qwen") == {"api_key": Secret("sim")}


def test_a_simulated_provider_keeps_what_shapes_a_request_and_drops_what_costs_time() -> None:
    real, simulated = (catalog(simulated=on).provider("tencent").routes[0].limits for on in (False, True))
    assert (simulated.batch_characters, simulated.batch_items, simulated.in_flight) == (
        real.batch_characters,
        real.batch_items,
        real.in_flight,
    )
    assert (simulated.rps, simulated.rpm, simulated.tpm, simulated.rpd) == (100, 0, 0, 0)


def test_a_simulated_answer_is_never_found_for_a_real_ask() -> None:
    from augment.asks import ask_key
    from augment.types import Chat, Message

    ask = Chat((Message("user", "问"),))
    keys = {ask_key(catalog(simulated=on).provider("vllm").routes[0], ask, attempt=0, fresh="") for on in (False, True)}
    assert len(keys) == 2


# ── the listing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_listing_says_whose_key_is_set_without_the_key() -> None:
    lines = {one.name: one for one in catalog(OWN, {"DEEPSEEK_API_KEY": "sk-planted"}).listed()}
    assert (lines["deepseek"].key, lines["openai"].key, lines["vllm"].key) == (True, False, True)
    assert lines["my-qwen"].limits == Limits(rpm=600)
    assert lines["yi-34b"].retired_on
    assert "planted" not in repr(lines)


def test_errors_of_the_catalog_are_the_users_to_mend() -> None:
    assert issubclass(BadInput, FixableError)
    assert issubclass(KeyMissing, FixableError)
