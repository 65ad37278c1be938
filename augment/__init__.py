"""A synthetic data augmentation workbench for Chinese reasoning, multiple-choice, reading and instruction data.

What a notebook uses, and the CLI and the UI as well: ``load`` a version as an Arrow table, ``run`` a stage,
``read_answer`` from a text.
"""

__version__ = "0.1.0"
