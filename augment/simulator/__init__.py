"""A loopback server that speaks the vendors' true wire, so that demos and tests run without keys and without cost.

It shares no code with ``augment.connectors``: what the two would otherwise get wrong together, the official SDKs and
the vendors' published signature examples get right. Start it from ``server``; ``options`` and ``faults`` import nothing
heavy, so a command line may read them for its help.

    tencent     Tencent TMT: TC3-HMAC-SHA256, errors inside HTTP 200
    qianfan     Baidu Qianfan: V1 with OAuth or bce-auth-v1, V2 with bearer tokens, IAM tokens, the console's model list
    spark       iFlytek Spark: signed websocket with domains and patch_id, the same models in OpenAI's shape
    openai      /v1/chat/completions and /v1/models, with a key; the same under /vllm without one
    mind        answers computed from the prompt
    translator  translations computed from the text
"""
