"""Versions as files that trainers and people read: one file of this folder for each format, found by its name.

A format offers ``FORMAT``: what rows it takes, as what, and how they are written. What it has in common with the others
(which rows are chosen, how a question is put, the manifest, the place on disk) is machinery, and so is
what reads every file back by the rules of those who will read it.
"""

from augment.exports._exporting import Exported, Shelf, export
from augment.exports._format import Format
from augment.exports._options import ExportOptions
from augment.exports._reasons import REASONS
from augment.exports._registry import abouts, load, names
from augment.exports._validators import Offence, validate, validate_folder

__all__ = [
    "REASONS",
    "ExportOptions",
    "Exported",
    "Format",
    "Offence",
    "Shelf",
    "abouts",
    "export",
    "load",
    "names",
    "validate",
    "validate_folder",
]
