"""Files that come from somewhere else than this machine's disk: uploads, and the sample that ships."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from augment.errors import NotFound
from augment.workbench._datasets import Datasets

if TYPE_CHECKING:
    from augment.imports import ImportSummary

SAMPLES = ("problems.jsonl", "reading.jsonl")
SAMPLE_NAME = "sample"
LONGEST_NAME = 120
UNNAMED = "upload"


class Uploads(Datasets):
    """Bytes in."""

    def upload(self, files: Sequence[tuple[str, bytes]], name: str | None = None) -> ImportSummary:
        """Reads files by their bytes into one dataset, as one new version; nothing of them is opened, unpacked or run
        otherwise. files: the name each was given, of which only the last part counts, and its bytes. Raises BadInput,
        NotFound, DiskTrouble."""
        from augment.imports import Source, import_files

        sources = [Source(plain_name(given), data=data) for given, data in files]
        summary = import_files(self.store, sources, name)
        self.remember("last_dataset", summary.dataset)
        return summary

    def import_sample(self) -> ImportSummary:
        """The sample as a dataset of its own. Raises NotFound, DiskTrouble."""
        return self.import_files([sample(name) for name in SAMPLES], SAMPLE_NAME)


def plain_name(given: str) -> Path:
    """The last part of a name from elsewhere, without what steers a terminal."""
    last = PurePosixPath(given.replace("\\", "/")).name
    kept = "".join(char if char.isprintable() else "-" for char in last)
    return Path(re.sub(r"^\.+", "", kept)[-LONGEST_NAME:].strip() or UNNAMED)


def sample(name: str) -> Path:
    """A file of the sample data, from the checkout or from the installed package. Raises NotFound."""
    package = Path(__file__).parents[1]
    for folder in (package.parent / "datasets" / "samples", package / "samples"):
        if (folder / name).is_file():
            return folder / name
    raise NotFound(f"no sample file {name!r}", hint="install the package again, or work in a checkout")
