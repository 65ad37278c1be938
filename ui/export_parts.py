"""The parts of the export page: the format, its choices, where it goes, and what came out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import streamlit as st

from augment.errors import AugmentError
from augment.exports import REASONS, ExportOptions
from augment.workbench import Workbench
from ui import panes, state, widgets
from ui.words import language, t, word

SUFFIXES = {"csv": ".csv", "xlsx": ".xlsx", "markdown": ".md"}
FAMILIES = {
    "train": ("llama-factory", "ms-swift", "alpaca", "sharegpt", "messages", "dpo", "kto"),
    "more": ("scorer", "answer-agent", "evaluate-agent", "submission"),
    "read": ("hf", "csv", "xlsx", "markdown"),
}
CHOICES = ("split", "decision", "balance", "cot", "attempts")
NUMBERS = ("shuffle",)
TEXTS = ("prompt", "license")
SWITCHES = ("allow_missing", "allow_simulated")
ALWAYS = frozenset({"where", "split", "decision", "allow_simulated"})
PREVIEWED = 3
MOST_DOWNLOAD = 50_000_000  # larger ones are fetched from the folder, not through the browser
LINE_LENGTH = 2_000
UNSAFE = re.compile(r"[^\w.-]+")


def unsealed(bench: Workbench, name: str, waiting: int) -> None:
    """Decisions that are not in the version yet do not count for an export."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"! {t('export.unsealed', count=f'{waiting:,}')}")
        widgets.seal_button(bench, name, waiting, "seal-export")


def chosen_format(bench: Workbench) -> str:
    """The format in the address, else the first; those there are, by what they are for."""
    there = bench.formats()
    listed = [name for names in FAMILIES.values() for name in names if name in there]
    listed += [name for name in there if name not in listed]
    form = state.got("format") if state.got("format") in there else listed[0]
    st.session_state["format"] = form
    family = {name: group for group, names in FAMILIES.items() for name in names}
    st.selectbox(
        t("export.format"),
        listed,
        key="format",
        format_func={name: f"{t('export.for_' + family.get(name, 'more'))} · {name}" for name in listed}.__getitem__,
        on_change=lambda: state.go(format=st.session_state["format"]),
    )
    st.html(f'<p class="quiet">{panes.shown(word("format", form))}</p>')
    return form


def choices(bench: Workbench, form: str) -> ExportOptions:
    """The options that the format takes, as they are set."""
    takes = bench.formats()[form].takes | ALWAYS
    given: dict[str, Any] = {}
    filtered = bench.expression(state.wanted())
    with st.container(border=True):
        where = st.text_input(
            t("export.where"),
            value=filtered,
            key=f"where-{hash(filtered)}",
            max_chars=2_000,
            help=t("export.where_help"),
        )
        given["where"] = where.strip() or None
        columns = st.columns(3)
        for place, name in enumerate(one for one in CHOICES if one in takes):
            offered = ["", *_offered(bench, name)]
            with columns[place % 3]:
                chosen = st.selectbox(
                    t(f"export.{name}"),
                    offered,
                    key=f"x-{name}",
                    format_func={one: _said(name, one) for one in offered}.__getitem__,
                )
            given[name] = chosen or None
        for place, name in enumerate(one for one in (*NUMBERS, *TEXTS) if one in takes):
            with columns[place % 3]:
                if name in NUMBERS:
                    given[name] = st.number_input(t(f"export.{name}"), value=None, step=1, key=f"x-{name}")
                else:
                    given[name] = st.text_input(t(f"export.{name}"), key=f"x-{name}", max_chars=200).strip() or None
        for name in SWITCHES:
            if name in takes:
                given[name] = st.checkbox(t(f"export.{name}"), key=f"x-{name}")
    return ExportOptions(**given)


def _offered(bench: Workbench, name: str) -> list[str]:
    if name == "split":
        return sorted(state.choices(state.browser(bench), "split", str(bench.settings.workspace)))
    field = ExportOptions.__dataclass_fields__[name]
    return list(field.metadata["choices"])


def _said(name: str, value: str) -> str:
    if not value:
        return t("export.as_usual")
    return value if name == "split" else word(f"export_{name}", value)


def place(bench: Workbench, form: str, name: str, version: int) -> Path:
    """Where it goes: a name in the workspace's ``exports`` folder, never a path from the browser."""
    folder = bench.settings.workspace / "exports"
    suffix = "" if bench.formats()[form].folder else SUFFIXES.get(form, ".jsonl")
    usual = "upload.jsonl" if form == "submission" else f"{name}-v{version}-{form}{suffix}"
    given = st.text_input(t("export.name"), value=usual, key=f"name-{usual}", max_chars=120, help=str(folder))
    safe = UNSAFE.sub("-", given).strip(".-") or usual
    if safe != given:
        st.caption(t("export.renamed", name=safe))
    return folder / safe


def words(form: str, asked: ExportOptions, path: Path, dataset: str) -> list[str]:
    """The command that would do the same."""
    found = ["export", dataset, "--format", form, "-o", f"exports/{path.name}"]
    for name in ("where", *CHOICES, *NUMBERS, *TEXTS):
        value = getattr(asked, name)
        found += [f"--{name}", str(value)] if value is not None else []
    return found + [f"--{name.replace('_', '-')}" for name in SWITCHES if getattr(asked, name)]


def start(bench: Workbench, form: str, asked: ExportOptions, path: Path, dataset: str) -> None:
    """Writes it; what went wrong is said with what to do about it."""
    if not st.button(t("export.start"), key="export", type="primary"):
        return
    st.session_state.pop("exported", None)
    try:
        with st.spinner(t("export.writing", name=path.name)):
            path.parent.mkdir(exist_ok=True)
            done = bench.export(dataset, form, path, asked)
    except AugmentError as error:
        st.error(f"{panes.label(error.message, 600)}  \n{panes.label(error.hint, 600)}")
        return
    st.session_state["exported"] = (dataset, form, done)


def made(dataset: str, form: str) -> None:
    """What came out: counts that add up, files with their hashes, the first lines."""
    kept = st.session_state.get("exported")
    if kept is None or kept[:2] != (dataset, form):
        return
    done = kept[2]
    told = done.told
    left = sum(told["left_out"].values())
    st.html(
        panes.facts(
            [
                (
                    "ok",
                    "✓",
                    t("export.counts", rows_in=f"{told['rows_in']:,}", out=f"{told['rows_out']:,}", left=f"{left:,}"),
                )
            ]
            + [
                ("quiet", "−", f"{REASONS[name].in_(_language())}：{count:,}")
                for name, count in told["left_out"].items()
            ]
            + ([("hint", "!", t("export.simulated", count=f"{told['simulated']:,}"))] if told["simulated"] else [])
        )
    )
    heads = [(t("export.file"), False), (t("export.lines"), True), ("SHA-256", False)]
    st.html(panes.table(heads, [[one["file"], f"{one['lines']:,}", one["sha256"][:16]] for one in told["files"]]))
    st.html(f'<p class="quiet">{panes.shown(t("export.stands", path=str(done.path)))}</p>')
    if done.path.is_file():
        _file(done.path)


def _language() -> Any:
    return "zh" if language() == "zh" else "en"


def _file(path: Path) -> None:
    """A file to take along, where it is small enough, and how it begins, where it is text."""
    if path.stat().st_size <= MOST_DOWNLOAD:
        st.download_button(
            t("export.download", name=path.name), data=path.read_bytes, file_name=path.name, on_click="ignore"
        )
    else:
        st.caption(t("export.too_large"))
    if path.suffix in (".jsonl", ".json", ".csv", ".md"):
        with st.expander(t("export.preview"), key="preview"), path.open(encoding="utf-8-sig") as file:
            st.code(
                "\n".join(file.readline(LINE_LENGTH).rstrip("\n") for _ in range(PREVIEWED)),
                language=None,
                wrap_lines=True,
            )
