"""The program that makes a version's files beside the server: ``python -m augment.browse._build ROOT NAME VERSION``.

A process of its own, at a lower priority: it takes minutes and half a gigabyte, and the server goes on answering.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from augment.browse._making import build
from augment.errors import AugmentError
from augment.store import Store

NICE = 10


def main(root: str, name: str, version: str) -> int:
    """0 when they are there or another builder is at it; an error's exit code, its words on stderr."""
    os.nice(NICE)
    try:
        build(Store(Path(root)), name, int(version))
    except AugmentError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # the Delta library aborts an interpreter that ends now and then, its work done
