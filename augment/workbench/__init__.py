"""The one front door: what the CLI, the UI and a notebook can do with a workspace. One file a group of calls."""

from __future__ import annotations

from augment.workbench._background import Background
from augment.workbench._exports import Exports
from augment.workbench._figures import Figures
from augment.workbench._looking import Looking
from augment.workbench._penning import Penning
from augment.workbench._pipelines import Pipelines
from augment.workbench._references import REFERENCE, VERSION, Reference
from augment.workbench._reviews import Reviews
from augment.workbench._scoring import Scoring
from augment.workbench._uploads import Uploads

__all__ = ["REFERENCE", "VERSION", "Reference", "Workbench"]


class Workbench(Pipelines, Background, Uploads, Reviews, Penning, Exports, Scoring, Looking, Figures):
    """One workspace. Close it, or use it as a context manager, so that the ledger is written out."""
