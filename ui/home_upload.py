"""Importing in the browser: bytes go to the same reading as files do, and what it refuses is said line by line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import streamlit as st

from augment.errors import UsageError
from augment.workbench import Workbench
from ui import panes, runs_start
from ui import runs_parts as parts
from ui.deciding import tell, told
from ui.words import t

MOST_MB = 100  # of one file: its text and its rows are in memory while it is read
MOST_FILES = 20
NAME = re.compile(r"[^\W_][\w.-]{0,99}")
SHOWN = 20


def render(bench: Workbench | None, *, first: bool) -> None:
    """Draws the place for files. bench: None where there is no workspace yet; first: nothing is imported yet."""
    place = st.session_state.setdefault(
        "upload-place", 0
    )  # another widget after each import, so that it is empty again
    if first:
        st.html(f'<p class="told">{panes.shown(t("upload.first_next"))}</p>')
    if bench is None:
        st.html(f'<p class="told quiet">{panes.shown(t("upload.where", folder=str(_folder())))}</p>')
    choose = t("upload.choose").replace('"', "")
    with st.container(key="dropped"):
        st.html(f'<style>:root {{ --choose-files: "{panes.shown(choose)}"; }}</style>')
        given = st.file_uploader(
            t("upload.drop"), accept_multiple_files=True, key=f"files-{place}", max_upload_size=MOST_MB
        )
    st.caption(t("upload.limits", size=MOST_MB))
    with st.container(horizontal=True, vertical_alignment="bottom", key="import-bar"):
        st.text_input(t("upload.name"), key=f"name-{place}", help=t("upload.name_help"), max_chars=100)
        st.button(
            t("upload.go"),
            key="import-it",
            type="primary",
            on_click=_import,
            args=(bench, place),
            disabled=not given,
            help=None if given else t("upload.none"),
        )
        st.button(
            t("upload.sample"), key="import-sample", on_click=_sample, args=(bench,), help=t("upload.sample_help")
        )


def _folder() -> Path:
    with Workbench.open(make=True) as made:
        return made.settings.workspace


def _import(bench: Workbench | None, place: int) -> None:
    _forget()
    files = st.session_state.get(f"files-{place}") or []
    name = str(st.session_state.get(f"name-{place}") or "").strip()
    with told():
        if name and not NAME.fullmatch(name):
            raise UsageError(t("upload.bad_name", name=name))
        with st.spinner(t("upload.reading", count=len(files))):
            given = [(file.name, file.getvalue()) for file in files[:MOST_FILES]]
            with _opened(bench) as at:
                _done(at.upload(given, name or None))
        st.session_state["upload-place"] = place + 1


def _sample(bench: Workbench | None) -> None:
    _forget()
    with told(), st.spinner(t("upload.reading", count=2)), _opened(bench) as at:
        _done(at.import_sample())


class _opened:  # noqa: N801  # reads as the call it stands for
    """The workspace, made where there is none; one that was open stays so."""

    def __init__(self, bench: Workbench | None) -> None:
        self.bench = bench
        self.made: Workbench | None = None

    def __enter__(self) -> Workbench:
        if self.bench is None:
            self.made = Workbench.open(make=True)
        return self.bench or self.made  # type: ignore[return-value]  # one of them is there

    def __exit__(self, *_: object) -> None:
        if self.made is not None:
            self.made.close()


def _forget() -> None:
    for name in ("notice", "imported"):
        st.session_state.pop(name, None)


def _done(summary: Any) -> None:
    st.session_state["imported"] = summary
    st.query_params["ds"] = summary.dataset
    for name in ("v", "row", "page"):
        st.query_params.pop(name, None)
    if not summary.rows_added:
        tell("info", t("upload.nothing_new", name=summary.dataset))


def outcome() -> None:
    """What the last import gave, until it was read."""
    summary = st.session_state.get("imported")
    if summary is None:
        return
    with st.container(border=True, key="imported"):
        told_ = {"name": summary.dataset, "version": summary.version}
        rows = {"added": f"{summary.rows_added:,}", "rows": f"{summary.rows_out:,}"}
        st.html(f'<div class="card"><h2>✓ {panes.shown(t("upload.done", **told_, **rows))}</h2></div>')
        heads = [("file", ""), ("format", ""), ("encoding", ""), ("problems", "num"), ("rows", "num")]
        heads += [("already", "num"), ("refused", "num")]
        lines = [
            [one.file, one.format, one.encoding]
            + [f"{count:,}" for count in (one.problems, one.rows, one.already, one.rejected)]
            for one in summary.files
        ]
        st.html(parts.table([(t(f"upload.{name}"), kind) for name, kind in heads], lines))
        for one in summary.files:
            for note in one.notes:
                st.html(f'<p class="told quiet">{panes.shown(parts.named(one.file))}{panes.shown(note)}</p>')
        _refused(summary)
        with st.container(horizontal=True):
            st.button(
                t("upload.then_run"),
                key="then-run",
                type="primary",
                on_click=_then_run,
            )
            st.button(t("upload.close"), key="imported-read", type="tertiary", on_click=_forget)


def _then_run() -> None:
    _forget()
    runs_start.begin("reason")


def _refused(summary: Any) -> None:
    lines = [
        [one.file, error["line"], error["field"], error["message"]]
        for one in summary.files
        for error in one.errors[:SHOWN]
    ]
    if not lines:
        return
    st.html(f'<div class="card"><h2>{panes.shown(t("upload.refused_title"))}</h2></div>')
    heads = [("file", ""), ("line", "num"), ("field", ""), ("reason", "long")]
    st.html(parts.table([(t(f"upload.{name}"), kind) for name, kind in heads], lines))
    for one in summary.files:
        if one.rejected > len(one.errors[:SHOWN]):
            more = t("upload.more", count=f"{one.rejected - SHOWN:,}", file=one.error_file or "")
            st.html(f'<p class="told quiet">{panes.shown(more)}</p>')
