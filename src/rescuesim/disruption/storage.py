"""Disruptions as one flat table, and the table as a Parquet file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rescuesim._words import Note, in_language
from rescuesim.crew import Lognormal
from rescuesim.disruption.outages import (
    AssetOutage,
    ChannelOutage,
    ContactSpell,
    PowerOutage,
    RoadOutage,
    RoadSlowing,
    SiteOutage,
)
from rescuesim.disruption.timeline import Disruption
from rescuesim.errors import DataFileError
from rescuesim.network.states import Closure

__all__ = ["disruptions_from_frame", "disruptions_to_frame", "read_frame", "write_frame"]

_RECORDS: dict[str, type] = {
    "roads": RoadOutage,
    "slowings": RoadSlowing,
    "sites": SiteOutage,
    "channels": ChannelOutage,
    "power": PowerOutage,
    "assets": AssetOutage,
    "contacts": ContactSpell,
}
_ITSELF = "disruption"  # the row that every disruption has, also one in which nothing breaks
_PARTS: dict[str, tuple[type, tuple[str, ...]]] = {
    "closure": (Closure, ("road", "from_m", "to_m", "level")),
    "delay": (Lognormal, ("median", "p90")),
}
_SETS = ("townships", "sites")
_WHOLE = ("road",)
_FORM = b"rescuesim disruptions 1"


def _column_of(part: str, name: str) -> str:
    return f"delay_{name}" if part == "delay" else name


def _columns(kind: str) -> dict[str, str]:
    """Return the columns that a kind of record fills, with the field each comes from."""
    made: dict[str, str] = {}
    for one in fields(_RECORDS[kind]):
        if one.name in _PARTS:
            made |= {_column_of(one.name, name): one.name for name in _PARTS[one.name][1]}
        else:
            made[one.name] = one.name
    return made


def disruptions_to_frame(disruptions: Sequence[Disruption]) -> pd.DataFrame:
    """Write every record of every disruption into a row.

    Parameters
    ----------
    disruptions : sequence of Disruption

    Returns
    -------
    DataFrame
        ``number``, ``disruption``, ``probability``, ``record`` and the fields of the records; sets of names as JSON
        lists. Cells of other kinds of records are empty.
    """
    blocks = [
        pd.DataFrame(
            {
                "number": np.arange(len(disruptions), dtype=np.int32),
                "record": _ITSELF,
            }
        )
    ]
    for kind in _RECORDS:
        records = [record for one in disruptions for record in getattr(one, kind)]
        if records:
            sizes = [len(getattr(one, kind)) for one in disruptions]
            block = pd.DataFrame(_cells(kind, records))
            block.insert(0, "number", np.repeat(np.arange(len(disruptions), dtype=np.int32), sizes))
            block.insert(1, "record", kind)
            blocks.append(block)
    frame = pd.concat([block.astype(object) for block in blocks], ignore_index=True)
    frame = frame.reindex(columns=["number", "record", *dict.fromkeys(c for kind in _RECORDS for c in _columns(kind))])
    frame = frame.sort_values("number", kind="stable", ignore_index=True)
    number = frame["number"].to_numpy(dtype=np.int32)
    frame["number"] = number
    frame.insert(1, "disruption", np.array([one.label for one in disruptions], dtype=object)[number])
    frame.insert(2, "probability", np.array([one.probability for one in disruptions])[number])
    return frame.apply(_typed)


def _typed(column: pd.Series[Any]) -> pd.Series[Any]:
    """Give a column of objects one type: whole numbers with gaps, numbers, or text with None for nothing."""
    if column.dtype != object:
        return column
    if column.name in _WHOLE:
        return column.astype("Int64")
    if column.name in _NUMBERS:
        return column.astype(np.float64)
    return column.where(column.notna(), None)


_NUMBERS = ("from_m", "to_m", "from_s", "until_s", "factor", "delay_median", "delay_p90")


def _cells(kind: str, records: Sequence[Any]) -> dict[str, list[Any]]:
    cells: dict[str, list[Any]] = {}
    for column, name in _columns(kind).items():
        values = [getattr(record, name) for record in records]
        if name in _PARTS:
            inner = column.removeprefix("delay_")
            values = [None if part is None else getattr(part, inner) for part in values]
        elif name in _SETS and kind == "channels":
            values = [json.dumps(sorted(names), ensure_ascii=False) for names in values]
        cells[column] = values
    return cells


def disruptions_from_frame(frame: pd.DataFrame) -> tuple[Disruption, ...]:
    """Make the disruptions of a table that `disruptions_to_frame` made."""
    itself = frame[frame["record"] == _ITSELF]
    records: dict[str, list[list[Any]]] = {}
    places = {int(number): place for place, number in enumerate(itself["number"])}
    for kind, cls in _RECORDS.items():
        records[kind] = [[] for _ in places]
        some = frame[frame["record"] == kind]
        for number, record in zip(some["number"], _records(kind, cls, some), strict=True):
            records[kind][places[int(number)]].append(record)
    return tuple(
        Disruption(
            label=label,
            probability=float(probability),
            **{kind: tuple(lists[place]) for kind, lists in records.items()},
        )
        for place, (label, probability) in enumerate(zip(itself["disruption"], itself["probability"], strict=True))
    )


def _records(kind: str, cls: type, rows: pd.DataFrame) -> Iterable[Any]:
    """Make the records of one kind, row by row."""
    columns: dict[str, list[Any]] = {}
    for one in fields(cls):
        if one.name in _PARTS:
            part, names = _PARTS[one.name]
            values = [_cells_of(rows, _column_of(one.name, name)) for name in names]
            columns[one.name] = [
                None if cells[0] is None else part(**dict(zip(names, cells, strict=True)))
                for cells in zip(*values, strict=True)
            ]
        elif one.name in _SETS and kind == "channels":
            columns[one.name] = [frozenset(json.loads(names)) for names in rows[one.name]]
        else:
            columns[one.name] = _cells_of(rows, one.name)
    return (cls(**dict(zip(columns, cells, strict=True))) for cells in zip(*columns.values(), strict=True))


def _cells_of(rows: pd.DataFrame, name: str) -> list[Any]:
    cells = rows[name].tolist()
    if name in _WHOLE:
        return [None if cell is pd.NA or cell is None else int(cell) for cell in cells]
    if name in _NUMBERS:
        return [None if cell != cell else float(cell) for cell in cells]
    return [None if cell is None or cell != cell else cell for cell in cells]


def write_frame(frame: pd.DataFrame, path: Path, *, notes: Sequence[str]) -> None:
    """Write the table with its notes; the same table gives the same bytes.

    Raises
    ------
    DataFileError
        If the file cannot be written; what was there before stays.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    said = json.dumps([[str(note), in_language(note, "zh")] for note in notes], ensure_ascii=False).encode("utf-8")
    table = table.replace_schema_metadata({b"form": _FORM, b"notes": said})
    part = path.with_name(f".{path.name}.part")
    try:
        pq.write_table(table, part)
        part.replace(path)
    except OSError as error:
        raise DataFileError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        part.unlink(missing_ok=True)


def read_frame(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read a table and its notes.

    Raises
    ------
    DataFileError
        If the file is absent, no Parquet, or of another kind.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        reason = str(error).splitlines()[0] if not isinstance(error, FileNotFoundError) else "it does not exist"
        raise DataFileError(f"{path}: expected a file of disruptions; {reason}") from None
    metadata = table.schema.metadata or {}
    if metadata.get(b"form") != _FORM:
        raise DataFileError(f"{path}: expected a file of disruptions, this Parquet file holds something else")
    frame = table.to_pandas()
    return frame, tuple(Note(en, zh) for en, zh in json.loads(metadata[b"notes"]))
