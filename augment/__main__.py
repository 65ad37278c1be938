"""``augment`` and ``python -m augment``: the entry point, quick enough to be interrupted from its first moment."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line. An interrupt while it is still being loaded ends it as any other does."""
    try:
        from augment.cli.app import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("note: interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
