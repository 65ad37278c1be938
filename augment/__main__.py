"""``python -m augment`` is ``augment``."""

from augment.cli.app import main

if __name__ == "__main__":
    main()
