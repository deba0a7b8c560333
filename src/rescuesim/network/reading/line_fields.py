"""The fields of a road layer: which column is what, and what its words mean, all faults at once."""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import resources

from rescuesim._tables.layers import Layer
from rescuesim._words import Note
from rescuesim.errors import Fault, nearest_name

__all__ = [
    "FIELDS",
    "FieldSource",
    "choose_columns",
    "filter_keys",
    "line_words",
    "normal_name",
    "normal_word",
    "with_other_tags",
]

# what is read from a layer: its name in Chinese, and what holds where no column states it
FIELDS: Mapping[str, tuple[str, str, str]] = {
    "class": ("类别", "", ""),
    "speed": ("限速", "no limits: the speed of the class", "未给出限速，取类别速度"),
    "width": ("宽度", "no widths", "未给出宽度"),
    "weight": ("限重", "no weight limits", "未给出限重"),
    "lanes": ("车道数", "no lanes", "未给出车道数"),
    "oneway": ("单行", "all two-way", "均为双向"),
    "bridge": ("桥梁", "no bridges marked", "未标明桥梁"),
    "tunnel": ("隧道", "no tunnels marked", "未标明隧道"),
    "name": ("名称", "no names", "无名称"),
    "surface": ("路面", "no surface", "未给出路面"),
    "id": ("编号", "numbered by row", "按行编号"),
    "ref": ("路线编号", "", ""),
    "junction": ("环岛", "", ""),
}


@functools.cache
def line_words() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return the tables of ``line_words.toml``."""
    text = resources.files("rescuesim.network.reading").joinpath("line_words.toml").read_text(encoding="utf-8")
    return {name: {key: tuple(words) for key, words in table.items()} for name, table in tomllib.loads(text).items()}


def normal_word(word: str) -> str:
    """Return a word as it is compared: full-width forms, capitals and blanks do not count."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", word)).lower()


def normal_name(name: str) -> str:
    """Return the name of a column as it is compared.

    Examples
    --------
    >>> normal_name("Road_Class"), normal_name(" 路 名")
    ('roadclass', '路名')
    """
    return re.sub(r"[_-]", "", normal_word(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSource:
    """Where a field comes from: a column, or one value for every row.

    Parameters
    ----------
    column : str, optional
    value : str, optional
    """

    column: str | None = None
    value: str | None = None


_FILTERS = (
    "area",
    "access",
    "foot",
    "motor_vehicle",
    "motorcar",
    "motorcycle",
    "service",
    "sidewalk",
    "sidewalk:both",
    "sidewalk:left",
    "sidewalk:right",
)
# the tags that GDAL puts into a column of its own are not among these
_OTHER_TAGS = (
    "oneway",
    "maxspeed",
    "maxweight",
    "bridge",
    "tunnel",
    "lanes",
    "width",
    "surface",
    "ref",
    "junction",
    *_FILTERS,
)


def with_other_tags(layer: Layer) -> Layer:
    """Return a layer with a column for each tag of use that GDAL, reading a file of OpenStreetMap, put into one.

    Such a layer has ``highway`` and ``name`` as columns, and directions and bridges as
    ``"oneway"=>"yes","bridge"=>"yes"`` in a column ``other_tags``.
    """
    frame = layer.frame
    if not {"highway", "other_tags"} <= set(frame.columns):
        return layer
    tags = [
        dict(re.findall(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"', text)) if isinstance(text, str) else {}
        for text in frame["other_tags"].to_list()
    ]
    missing = [key for key in _OTHER_TAGS if key not in frame.columns and any(key in row for row in tags)]
    columns = {key: [row.get(key, "") for row in tags] for key in missing}
    layer.notes.append(
        Note(
            f"{layer.label}: {', '.join(missing) or 'nothing'} taken from other_tags",
            f"{layer.label}：从 other_tags 取 {'，'.join(missing) or '无'}",
        )
    )
    return replace(layer, frame=frame.drop(columns="other_tags").assign(**columns))


def choose_columns(layer: Layer, fields: Mapping[str, str] | None) -> tuple[dict[str, FieldSource], list[Fault]]:
    """Find the column of each field: as the caller says, else by the names of ``line_words.toml``.

    Parameters
    ----------
    layer : Layer
        Takes notes of what is read and what is not.
    fields : mapping of str to str or None
        Field to column, to ``"=value"`` for one value in every row, or to ``""`` for a field not to be read.

    Returns
    -------
    sources : dict of str to FieldSource
        Only of the fields that are stated.
    faults : list of Fault
        Fields and columns that do not exist, a layer without a class.
    """
    frame = layer.frame
    columns = [str(name) for name in frame.columns if name != frame.geometry.name]
    sources: dict[str, FieldSource] = {}
    faults = [
        Fault(file=layer.label, column=name, expected="each column once")
        for name in sorted({name for name in columns if columns.count(name) > 1})
    ]
    given = dict(fields or {})
    for field, column in given.items():
        if field not in FIELDS:
            faults.append(Fault(column="fields", value=str(field), expected=nearest_name(str(field), FIELDS)))
        elif not isinstance(column, str):
            expected = "the name of a column, =value for every row, or an empty text"
            faults.append(Fault(column=f"fields.{field}", value=str(column), expected=expected))
        elif column.startswith("="):
            sources[field] = FieldSource(value=column[1:].strip())
        elif column and column not in columns:
            expected = f"a column of {layer.label}: {nearest_name(column, columns)}"
            faults.append(Fault(column=f"fields.{field}", value=column, expected=expected))
        elif column:
            sources[field] = FieldSource(column=column)
    taken = {source.column for source in sources.values()}
    by_name = {normal_name(column): column for column in reversed(columns) if column not in taken}
    for field, aliases in line_words()["fields"].items():
        if field not in given and (hit := next((by_name[a] for a in map(normal_name, aliases) if a in by_name), None)):
            sources[field] = FieldSource(column=hit)
    if "class" not in sources and not faults:
        expected = (
            f"a column with the class of each road, named in fields={{'class': …}} as one of {', '.join(columns)}, "
            "or one class for all as fields={'class': '=unclassified'}"
        )
        faults.append(Fault(file=layer.label, column="class", expected=expected))
    if not faults:
        layer.notes.append(_what_is_read(layer, sources, columns))
    return sources, faults


def filter_keys(sources: Mapping[str, FieldSource], columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of tags by which OpenStreetMap's ways are filtered, where the layer has its classes."""
    osm = sources["class"].column == "highway"
    return tuple(name for name in _FILTERS if osm and name in columns)


def _what_is_read(layer: Layer, sources: Mapping[str, FieldSource], columns: list[str]) -> Note:
    """Say which column is what, which is nothing, and what holds for fields that no column states."""
    from_what = {
        field: repr(source.value) if source.column is None else source.column for field, source in sources.items()
    }
    lacking = [field for field, (_, en, _) in FIELDS.items() if field not in sources and en]
    used = {source.column for source in sources.values()} | set(filter_keys(sources, columns))
    unread = [column for column in columns if column not in used]
    en = f"{layer.label}: {', '.join(f'{field} is {what}' for field, what in from_what.items())}"
    zh = f"{layer.label}：{'，'.join(f'{FIELDS[field][0]}取 {what}' for field, what in from_what.items())}"
    if lacking:
        en += f"; {', '.join(FIELDS[field][1] for field in lacking)}"
        zh += f"；{'，'.join(FIELDS[field][2] for field in lacking)}"
    if unread:
        en += f"; columns not read: {', '.join(unread)}"
        zh += f"；未读取的列：{'，'.join(unread)}"
    return Note(en, zh)
