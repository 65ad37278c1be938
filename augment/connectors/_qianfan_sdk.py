"""The qianfan SDK with a configuration of our own: nothing is read, printed, cached, repeated or throttled by it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from augment.connectors._requests import Listener, hush
from augment.errors import Fault
from augment.types import Route

Api: TypeAlias = Literal["v1-oauth", "v1-bce", "v2"]
V1_HOST, V2_HOST, IAM_HOST = "https://aip.baidubce.com", "https://qianfan.baidubce.com", "https://iam.bj.baidubce.com"
IAM_PATH = "/v1/BCE-BEARER/token"
TOKEN_LIFE_S = 12 * 3600
TOKEN_TIMEOUT_S = 15.0

_IMPORT_LOCK = threading.Lock()


@dataclass(slots=True)
class Sdk:
    """One chat object of the SDK. fetch_token: makes one request for a token, None where the dialect needs none."""

    chat: Any = field(repr=False)
    sessions: list[Any]
    fetch_token: Callable[[], str] | None

    def ask(self, messages: list[dict[str, str]], parameters: Mapping[str, Any], timeout_s: float) -> None:
        """One request; the answer is heard on the session."""
        # The model stands in the constructor: named here, the SDK would build a second client for every call.
        self.chat.do(messages=messages, retry_count=1, request_timeout=timeout_s, **parameters)


def import_sdk() -> tuple[Any, Any]:
    """The SDK's package and its configuration module, silenced. The first call takes half a second."""
    hush("qianfan", "baidubce.auth.bce_v1_signer")  # before the import, which prints; the signer logs signing keys
    with _IMPORT_LOCK:
        import qianfan
        import qianfan.config as settings

        if settings._GLOBAL_CONFIG is None:
            # Left alone, the first reader of the process-wide object would look into the environment and ./.env.
            settings._GLOBAL_CONFIG = settings.Config.construct(DISABLE_CACHE=True)
        qianfan.disable_log()
    return qianfan, settings


def open_sdk(route: Route, api: Api, keys: Mapping[str, str], listener: Listener, places: int) -> Sdk:
    """An SDK object for one route, listened to. keys: ak, sk, access_key, secret_key, bearer_token, those set.

    Raises Fault (retired) for a model without a V1 endpoint.
    """
    module, config = _configured(route.endpoint.rstrip("/"))
    given: dict[str, Any] = {"config": config, "forcing_disable": True}  # no self-throttling by X-Ratelimit headers
    if api == "v1-oauth":
        given |= {"ak": keys["ak"], "sk": keys["sk"]}
    elif api == "v1-bce":
        # Not in the configuration: with the pair there, the SDK fetches a model list and caches it in the home folder.
        given |= {"access_key": keys["access_key"], "secret_key": keys["secret_key"]}
    else:
        config.BEARER_TOKEN = keys.get("bearer_token", "fetched below")
    path = str(route.option("endpoint_path"))
    if path and api != "v2":
        given |= {"endpoint": path, "use_custom_endpoint": path.startswith("/")}
    else:
        given["model"] = route.model
    chat = module.ChatCompletion(version="2" if api == "v2" else "1", **given)
    if "model" in given and api != "v2" and route.model.lower() not in {name.lower() for name in chat.models()}:
        message = f"the SDK knows no V1 endpoint of the model {route.model!r}"
        hint = "name it as options.endpoint_path in augment.toml, or use V2"
        raise Fault("retired", message, code="unknown_model", delivery="not_sent", hint=hint)
    client = chat._real._client
    client._retry_if_token_expired = lambda function: function  # it would send a second request with the same token
    sessions = [client._client._session, client._auth._manager._client._session]
    for session in sessions:
        listener.attach(session, endpoint=route.endpoint, places=places)
    fetch: Callable[[], str] | None = None
    if api == "v1-oauth":
        fetch = chat.access_token
    elif api == "v2" and "bearer_token" not in keys:
        fetch = _bearer_fetcher(config, client, sessions[1], keys["access_key"], keys["secret_key"])
    return Sdk(chat, sessions, fetch)


def _configured(endpoint: str) -> tuple[Any, Any]:
    """The SDK's module and a configuration of its own kind that knows nothing but its defaults and the endpoint."""
    qianfan, settings = import_sdk()
    config = settings.Config.construct(
        BASE_URL=endpoint or V1_HOST,
        CONSOLE_API_BASE_URL=endpoint or V2_HOST,
        IAM_BASE_URL=IAM_HOST if not endpoint or endpoint.endswith(".baidubce.com") else endpoint,
        DISABLE_CACHE=True,
        LLM_API_RETRY_COUNT=1,
    )
    return qianfan, config


def _bearer_fetcher(config: Any, client: Any, session: Any, access_key: str, secret_key: str) -> Callable[[], str]:
    """A function that changes access and secret key for a bearer token and gives it to the SDK object."""

    def fetch() -> str:
        from qianfan.resources.auth.iam import iam_sign
        from qianfan.resources.typing import QfRequest

        host = urlsplit(config.IAM_BASE_URL).netloc
        request = QfRequest(method="GET", url=IAM_PATH, query={"expireInSeconds": str(TOKEN_LIFE_S)})
        request.headers = {"Content-Type": "application/json", "Host": host}
        iam_sign(access_key, secret_key, request)
        address = f"{config.IAM_BASE_URL}{IAM_PATH}"
        answer = session.get(address, params=request.query, headers=request.headers, timeout=TOKEN_TIMEOUT_S)
        body = answer.json()
        token = body.get("token") if isinstance(body, dict) else None
        if isinstance(token, str) and token:
            client._auth._bearer_token = token
            return token
        return ""

    return fetch
