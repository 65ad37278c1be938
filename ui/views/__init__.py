"""One file a screen: ``render(bench)`` draws it."""
