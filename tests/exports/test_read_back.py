"""What we write is read back by what people load it with: Hugging Face datasets, pandas, DuckDB and Polars."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from augment.types import Row
from tests.exports.desk import LONG, Desk, argued, checked, desk, question, read, reasoned

LINES = ("alpaca", "sharegpt", "messages", "dpo", "kto", "scorer", "answer-agent", "evaluate-agent")
ODD = '他说："甲, 乙"；\u2028A\\B\t第二行\n第三行 😀 𠮷'


def rows() -> list[Row]:
    """What loaders stumble over: quotes, line ends, characters outside the BMP, nulls, earlier turns, both splits."""
    first = reasoned(1, problem=ODD)
    chat = Row(
        f"{9:032x}",
        "p9",
        kind="instruction",
        problem="译成文言",
        question="我不知道。",
        answer="吾不知也。",
        system="你是诗人。",
        history=[{"user": "你好", "assistant": "请出题。"}],
        stage="import",
    )
    more = [reasoned(number, split="dev" if number > 5 else None) for number in range(2, 8)]
    return [first, argued(first), checked(first), chat, *more, *(argued(one) for one in more), question(8, None)]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("room"), rows()) as at:
        yield at


def by_datasets(path: Path) -> list[Any]:
    import datasets

    found = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(path.parent / "cache"))
    return [dict(one) for one in found]


def by_pandas(path: Path) -> list[Any]:
    import pandas

    found = pandas.read_json(path, lines=True, dtype=False)
    return list(found.astype(object).where(found.notna(), None).to_dict(orient="records"))


def by_duckdb(path: Path) -> list[Any]:
    import duckdb

    with duckdb.connect() as base:
        found = base.sql(f"SELECT to_json(r) FROM read_json('{path}', format = 'newline_delimited') AS r").fetchall()
    return [json.loads(one[0]) for one in found]


def by_polars(path: Path) -> list[Any]:
    import polars

    return list(polars.read_ndjson(path).to_dicts())


def bare(value: Any) -> Any:
    """The value without the nulls that tables put where a turn does not have what another has."""
    if isinstance(value, dict):
        return {name: bare(part) for name, part in value.items() if part is not None}
    return [bare(part) for part in value] if isinstance(value, list) else value


READERS: dict[str, Callable[[Path], list[Any]]] = {
    "datasets": by_datasets,
    "pandas": by_pandas,
    "duckdb": by_duckdb,
    "polars": by_polars,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("form", LINES)
def test_the_lines_of_a_training_file_are_read_as_they_are(room: Desk, form: str, reader: str) -> None:
    path = room.export(form, f"{form}.{reader}.jsonl").path
    wanted = read(path)
    assert wanted
    assert bare(READERS[reader](path)) == bare(wanted)


@pytest.mark.parametrize("trainer", ["llama-factory", "ms-swift"])
def test_every_file_of_a_bundle_is_read_as_it_is(room: Desk, trainer: str) -> None:
    folder = room.export(trainer).path
    found = sorted(folder.glob("*.jsonl"))
    assert [path.name for path in found] == [
        f"{way}{dev}.jsonl" for way in ("dpo", "kto", "sft") for dev in ("", "_dev")
    ]
    for path in found:
        assert by_polars(path) == by_duckdb(path) == by_pandas(path) == read(path)


def test_an_array_is_read_as_lines_are(room: Desk) -> None:
    import pandas

    import datasets

    wanted = read(room.export("alpaca", "same.jsonl").path)
    path = room.export("alpaca", "array.json").path
    found = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(path.parent / "cache"))
    assert [dict(one) for one in found] == bare(wanted)
    assert pandas.read_json(path, dtype=False).to_dict(orient="records") == bare(wanted)


def _ids() -> dict[str, str]:
    return {row.row_id: row.problem or "" for row in rows()}


def test_the_hub_s_folder_is_read_by_its_card(room: Desk) -> None:
    import datasets

    folder = room.export("hf").path
    found = datasets.load_dataset(str(folder), cache_dir=str(folder.parent / "cache"))
    assert {split: len(part) for split, part in found.items()} == {"train": 13, "validation": 4}
    told = {one["row_id"]: one["problem"] for part in found.values() for one in part}
    assert told == _ids()


@pytest.mark.parametrize("reader", ["pandas", "duckdb", "polars"])
def test_the_hub_s_files_are_read_without_it(room: Desk, reader: str) -> None:
    folder = room.export("hf", f"hf.{reader}").path
    files = [str(path) for path in sorted((folder / "data").glob("*.parquet"))]
    if reader == "pandas":
        import pandas

        found = pandas.concat([pandas.read_parquet(file) for file in files])[["row_id", "problem"]].to_records(
            index=False
        )
    elif reader == "duckdb":
        import duckdb

        with duckdb.connect() as base:
            found = base.read_parquet(files).project("row_id, problem").fetchall()
    else:
        import polars

        found = polars.read_parquet(files).select("row_id", "problem").rows()
    assert {one[0]: one[1] for one in found} == _ids()


@pytest.mark.parametrize("reader", ["datasets", "pandas", "duckdb", "polars"])
def test_a_table_is_read_as_it_is(room: Desk, reader: str) -> None:
    path = room.export("csv", f"{reader}.csv").path
    with path.open(encoding="utf-8-sig", newline="") as file:
        wanted = {one["row_id"]: one["reasoning"] for one in csv.DictReader(file)}
    assert len(wanted) == len(rows())
    if reader == "datasets":
        import datasets

        found = datasets.load_dataset("csv", data_files=str(path), split="train", cache_dir=str(path.parent / "cache"))
        told = {one["row_id"]: one["reasoning"] or "" for one in found}
    elif reader == "pandas":
        import pandas

        frame = pandas.read_csv(path, dtype=str, keep_default_na=False)
        told = dict(zip(frame["row_id"], frame["reasoning"], strict=True))
    elif reader == "duckdb":
        import duckdb

        with duckdb.connect() as base:
            told = {
                one[0]: one[1] or ""
                for one in base.read_csv(str(path), all_varchar=True).project("row_id, reasoning").fetchall()
            }
    else:
        import polars

        told = {
            one[0]: one[1] or ""
            for one in polars.read_csv(path, infer_schema=False).select("row_id", "reasoning").rows()
        }
    assert told == bare(wanted)
    assert sum(LONG in text for text in told.values()) == 14
