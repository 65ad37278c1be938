"""What a page shows, and a press of one of its buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

Room = Callable[..., AppTest]
Events = Callable[[], list[dict[str, Any]]]


def text(app: AppTest) -> str:
    """Everything on the page, as its HTML or its label."""
    assert not app.exception, [one.value for one in app.exception]
    drawn = [node.proto.body for node in app.get("html")]
    drawn += [one.label for one in app.button] + [
        one.value for kind in ("caption", "code", "info", "toast") for one in app.get(kind)
    ]
    return "\n".join(drawn)


def click(app: AppTest, begins: str) -> AppTest:
    """Presses the only button whose key begins so."""
    (found,) = [button for button in app.button if (button.key or "").startswith(begins)]
    assert not found.disabled, begins
    return found.click().run()
