"""Pipelines: stages with their options in one file, run in order, gone on with where they were broken off."""

from __future__ import annotations

from augment.pipelines._checking import check_pipeline
from augment.pipelines._file import Pipeline, Step, read_pipeline
from augment.pipelines._foreseeing import Outlook, foresee
from augment.pipelines._progress import find_made, step_keys
from augment.pipelines._running import Report, Running

__all__ = [
    "Outlook",
    "Pipeline",
    "Report",
    "Running",
    "Step",
    "check_pipeline",
    "find_made",
    "foresee",
    "read_pipeline",
    "step_keys",
]
