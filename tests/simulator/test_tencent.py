"""Tencent's wire as Tencent's own SDK meets it."""

from __future__ import annotations

from typing import Any

import pytest

from augment.simulator.options import VendorLimits
from tests.simulator.conftest import Start
from tests.simulator.sdks import LINE, tencent, tencent_body, tencent_client, tencent_code


def test_the_common_client_gets_one_translation_per_text_in_order(start: Start) -> None:
    texts = [LINE, "2. 狗吃猫。", "ABC 123"]
    answer = tencent(start(), texts)["Response"]
    assert len(answer["TargetTextList"]) == 3
    assert answer["TargetTextList"][2] == "ABC 123"
    assert (answer["Source"], answer["Target"], answer["UsedAmount"]) == ("zh", "ja", sum(map(len, texts)))


def test_the_generated_client_reads_the_answer(start: Start) -> None:
    from tencentcloud.tmt.v20180321 import models, tmt_client

    sim = start()
    common = tencent_client(sim)
    client = tmt_client.TmtClient(common.credential, "ap-guangzhou", common.profile)
    request = models.TextTranslateBatchRequest()
    request._deserialize(tencent_body([LINE]))
    answer = client.TextTranslateBatch(request)
    assert len(answer.TargetTextList) == 1
    assert answer.RequestId


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"SourceTextList": []}, "InvalidParameter"),
        ({"SourceTextList": ["好", ""]}, "InvalidParameter"),
        ({"SourceTextList": "好"}, "InvalidParameter"),
        ({"SourceTextList": None}, "MissingParameter"),
        ({"ProjectId": None}, "MissingParameter"),
        ({"ProjectId": "0"}, "InvalidParameter"),
        ({"Text": "好"}, "UnknownParameter"),
        ({"SourceTextList": ["好" * 3000, "好" * 3000]}, "UnsupportedOperation.TextTooLong"),
        ({"Source": "ja", "Target": "fr"}, "UnsupportedOperation.UnSupportedTargetLanguage"),
        ({"Source": "ja", "Target": "ja"}, "UnsupportedOperation.UnSupportedTargetLanguage"),
        ({"Source": "xx"}, "UnsupportedOperation.UnsupportedSourceLanguage"),
    ],
)  # fmt: skip
def test_the_sdk_raises_the_vendors_code_for_a_bad_request(start: Start, change: dict[str, Any], code: str) -> None:
    sim = start()
    assert tencent_code(sim, tencent_body([LINE]) | change) == code
    assert sim.counts()["bought"] == 0


@pytest.mark.parametrize("target", ["zh", "zh-TW", "en", "ko"])
def test_japanese_goes_into_the_four_documented_languages(start: Start, target: str) -> None:
    assert tencent(start(), ["もし"], "ja", target)["Response"]["Target"] == target


def test_just_below_six_thousand_characters_is_served(start: Start) -> None:
    assert tencent(start(), ["好" * 2999, "好" * 3000])["Response"]["UsedAmount"] == 5999


def test_an_unknown_action_or_version_is_named(start: Start) -> None:
    sim = start()
    assert tencent_code(sim, tencent_body([LINE]), action="TextTranslateMany") == "InvalidAction"
    client = tencent_client(sim)
    client._apiVersion = "2017-03-12"
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

    with pytest.raises(TencentCloudSDKException, match="NoSuchVersion"):
        client.call_json("TextTranslateBatch", tencent_body([LINE]))


def test_a_wrong_id_and_a_wrong_key_are_told_apart(start: Start) -> None:
    sim = start()
    assert tencent_code(sim, tencent_body([LINE]), secret_id="nobody") == "AuthFailure.SecretIdNotFound"
    assert tencent_code(sim, tencent_body([LINE]), secret_key="wrong") == "AuthFailure.SignatureFailure"


def test_the_strict_limit_stops_the_sixth_request_of_a_second(start: Start) -> None:
    sim = start(strict=True)
    for number in range(5):
        tencent(sim, [f"{number}号"])
    assert tencent_code(sim, tencent_body([LINE])) == "RequestLimitExceeded"
    assert sim.counts()["bought"] == 5


def test_a_limit_of_ones_own_replaces_the_documented_one(start: Start) -> None:
    sim = start(limits=VendorLimits(tencent_rps=1))
    tencent(sim, [LINE])
    assert tencent_code(sim, tencent_body([LINE])) == "RequestLimitExceeded"


def test_a_retired_api_says_so(start: Start) -> None:
    assert tencent_code(start(retired=frozenset({"tencent"})), tencent_body([LINE])) == "ActionOffline"
