"""A notebook as a script (the cells are marked ``# %%``): a stage from Python, its counts, its rows, an answer read.

python examples/notebook.py [FOLDER]      FOLDER becomes the workspace; left out: notebook
"""
# ruff: noqa: T201  # an example shows what it finds

# %% A workspace with a dataset. The front door of the command line is the one used here.
import sys
from pathlib import Path

import augment
from augment.workbench import Workbench

samples = Path(__file__).resolve().parents[1] / "datasets" / "samples"
workspace = Path(sys.argv[1] if len(sys.argv) > 1 else "notebook")
workspace.mkdir(exist_ok=True)
with Workbench.open(str(workspace), make=True) as bench:
    imported = bench.import_files([samples / "reading.jsonl"], "reading")
print(f"{imported.rows_out} rows in v{imported.version}")

# %% A stage, with the options that the command line has. Run this cell again: nothing is asked twice.
counts = augment.run("reason", dataset="reading", provider="yi-34b", limit=8, simulate=True, workspace=str(workspace))
print(f"{counts['done']} done, {counts['skipped']} skipped, {counts['calls']} calls")

# %% The rows as a data frame; `where` is SQL over the columns.
frame = augment.load("reading", where="concluded = answer", workspace=str(workspace)).to_pandas()
print(frame[["source_id", "answer", "concluded", "provider"]])

# %% Which answer does a text conclude?
for reasoning in frame["reasoning"].head(3):
    found = augment.read_answer(reasoning, options=4)
    where = slice(*found.span) if found.span else slice(0)
    print(found.joined, repr(reasoning[where]))
