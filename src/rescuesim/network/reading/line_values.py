"""The values of a road layer's fields as arrays, one entry a row, with every word that is not understood a fault."""

from __future__ import annotations

import ast
import functools
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._tables.layers import Layer
from rescuesim._words import Note
from rescuesim.errors import Fault, nearest_name
from rescuesim.network.reading.line_fields import (
    FieldSource,
    choose_columns,
    filter_keys,
    line_words,
    normal_word,
    with_other_tags,
)
from rescuesim.network.reading.osm_filter import RoadFilter, is_road
from rescuesim.network.vehicles.speeds import parse_maxspeed_kph, slowest_class

__all__ = ["LineFields", "read_line_fields"]

T = TypeVar("T")
_NOTHING = ("", "nan", "none", "null", "<na>", "nat")
_PER_HOUR = re.compile(r"(公里|千米|km)(/|每)?(小时|时|h)?$", re.IGNORECASE)
# maxspeed in words: none, signals, walk, CN:urban, DE:zone:30, zh:motorway
_SPEED_WORDS = re.compile(r"[a-z_]+(:[a-z0-9_]+)*", re.IGNORECASE)
_METRES = re.compile(r"(\d+(?:\.\d+)?)(m|米|metres?|meters?|车道|条)?", re.IGNORECASE)
_MOST_LANES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFields:
    """What a layer states of each of its rows.

    Parameters
    ----------
    row_id : ndarray of int64, shape (n_rows,)
    is_road : ndarray of bool, shape (n_rows,)
    road_class, name, surface : ndarray of str, shape (n_rows,)
    maxspeed_kph, width_m, lanes : ndarray of float64, shape (n_rows,)
        NaN where not stated.
    direction : ndarray of int8, shape (n_rows,)
        1 along the line, -1 against it, 0 both ways.
    bridge, tunnel : ndarray of bool, shape (n_rows,)
    """

    row_id: NDArray[np.int64]
    is_road: NDArray[np.bool_]
    road_class: NDArray[np.str_]
    name: NDArray[np.str_]
    surface: NDArray[np.str_]
    maxspeed_kph: NDArray[np.float64]
    width_m: NDArray[np.float64]
    max_weight_t: NDArray[np.float64]
    lanes: NDArray[np.float64]
    direction: NDArray[np.int8]
    bridge: NDArray[np.bool_]
    tunnel: NDArray[np.bool_]


def read_line_fields(
    layer: Layer, *, fields: Mapping[str, str] | None, classes: Mapping[str, str] | None, roads: RoadFilter
) -> tuple[LineFields | None, list[Fault]]:
    """Read the fields of a road layer.

    Parameters
    ----------
    layer : Layer
        Takes notes of every default and of every word that was translated.
    fields : mapping of str to str or None
        As ``choose_columns`` takes it.
    classes : mapping of str to str or None
        Words of the layer for classes, besides those of ``line_words.toml``; ``""`` stands for an empty cell.
    roads : {'drive', 'drive_service'}

    Returns
    -------
    LineFields or None
        None if there are faults.
    faults : list of Fault
        One for each value that is not understood, with its first row.
    """
    for name, given in (("fields", fields), ("classes", classes)):
        if given is not None and not isinstance(given, Mapping):
            expected = "a mapping of names, such as {'class': '技术等级'}"
            return None, [Fault(column=name, value=str(given), expected=expected)]
    layer = with_other_tags(replace(layer, frame=layer.frame.rename(columns=str)))
    sources, faults = choose_columns(layer, fields)
    words, more = _class_words(classes)
    faults += more
    if faults:
        return None, faults
    reader = _Reader(layer=layer, sources=sources, faults=faults)
    road_class, is_class_of_road = reader.classes(words, roads)
    names, refs = reader.texts("name"), reader.texts("ref")
    found = LineFields(
        row_id=reader.row_ids(),
        is_road=is_class_of_road & reader.passes(roads),
        road_class=road_class,
        name=np.array([" / ".join((name or ref).split(";")) for name, ref in zip(names, refs, strict=True)], np.str_),
        surface=np.array(reader.texts("surface"), dtype=np.str_),
        maxspeed_kph=reader.speeds_kph(),
        width_m=reader.amounts("width", "metres", "米", default("road_lines.widest_m").number),
        max_weight_t=reader.amounts("weight", "tonnes", "吨", default("road_lines.heaviest_t").number),
        lanes=reader.amounts("lanes", "a number of lanes", "车道数", _MOST_LANES),
        direction=reader.directions(),
        bridge=reader.marks("bridge"),
        tunnel=reader.marks("tunnel"),
    )
    return (None, faults) if faults else (found, [])


def _class_words(classes: Mapping[str, str] | None) -> tuple[dict[str, str], list[Fault]]:
    """Return every word for a class that is known, with those that the caller adds."""
    tables = line_words()
    own = {word: word for word in (*tables["osm"]["class"], *tables["osm"]["water"])}
    words = own | {normal_word(word): name for name, list_ in tables["class"].items() for word in list_}
    wrong = {str(word): name for word, name in (classes or {}).items() if name not in own}
    faults = [
        Fault(column=f"classes.{word}", value=str(name), expected=f"a value of highway, {nearest_name(str(name), own)}")
        for word, name in wrong.items()
    ]
    return words | {normal_word(str(word)): name for word, name in (classes or {}).items()}, faults


def _cell_text(cell: object) -> str:
    """Return a cell as text; the values of a list, as OSMnx writes them for merged ways, parted by semicolons."""
    if isinstance(cell, (bool, np.bool_)):
        return "yes" if cell else "no"
    if isinstance(cell, (list, tuple, set, np.ndarray)):
        return ";".join(dict.fromkeys(text for part in cell if (text := _cell_text(part))))
    if isinstance(cell, (float, np.floating)):
        return "" if math.isnan(cell) else str(int(cell)) if math.isfinite(cell) and cell == int(cell) else str(cell)
    text = str(cell).strip()
    if text.startswith("[") and text.endswith("]"):
        try:
            parts = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return text
        return _cell_text(parts) if isinstance(parts, list) else text
    return "" if text.lower() in _NOTHING else text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meaning(Generic[T]):
    """What a text means, or what was expected instead; ``unread`` if it is passed over and said aloud."""

    value: T
    expected: str = ""
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    layer: Layer
    sources: Mapping[str, FieldSource]
    faults: list[Fault]

    def texts(self, field: str) -> list[str]:
        """Return a field as text, empty where it is not stated."""
        source = self.sources.get(field, FieldSource(value=""))
        if source.column is None:
            return [source.value or ""] * len(self.layer.frame)
        return self.column(source.column)

    def column(self, name: str) -> list[str]:
        return [_cell_text(cell) for cell in self.layer.frame[name].to_list()]

    def meanings(self, field: str, means: Callable[[str], _Meaning[T]]) -> list[T]:
        """Return what each row means by a field, each distinct text looked at once; its faults are collected."""
        texts = self.texts(field)
        codes, words = pd.factorize(np.array(texts, dtype=object))
        found = [means(str(word)) for word in words]
        column = self.sources[field].column if field in self.sources else None
        count = np.bincount(codes, minlength=len(words))
        unread = []
        for code, meaning in enumerate(found):
            word, rows = str(words[code]), int(count[code])
            if meaning.expected:
                row = int(np.flatnonzero(codes == code)[0]) + 1
                again = f" ({rows} rows)" if rows > 1 else ""
                place = {"row": row, "column": column} if column else {"row": None, "column": f"fields.{field}"}
                self.faults.append(Fault(file=self.layer.label, value=word, expected=meaning.expected + again, **place))
            elif meaning.unread:
                unread.append((word, rows))
        if unread:
            self._note_unread(field, unread)
        return [found[code].value for code in codes]

    def _note_unread(self, field: str, unread: list[tuple[str, int]]) -> None:
        shown = ", ".join(repr(word) for word, _ in unread[:5]) + (", …" if len(unread) > 5 else "")
        rows = sum(count for _, count in unread)
        self.layer.notes.append(
            Note(
                f"{self.layer.label}: {field} of {rows} rows states no figure, taken as not stated: {shown}",
                f"{self.layer.label}：{rows} 行的 {field} 不是数值，视为未给出：{shown}",
            )
        )

    def classes(self, words: Mapping[str, str], roads: RoadFilter) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
        """Return the class of each row and whether it is one of a road."""
        told: dict[str, str] = {}
        of_osm = self.sources["class"].column in ("highway", "waterway")
        water = line_words()["osm"]["water"]

        def means(text: str) -> _Meaning[tuple[str, bool]]:
            parts = (
                [normal_word(part) for part in text.split(";")]
                if normal_word(text) not in words
                else [normal_word(text)]
            )
            if text == "" and of_osm and "" not in words:  # a river or a fence among OpenStreetMap's lines
                return _Meaning(value=("", False))
            if unknown := [part for part in parts if part not in words]:
                if text == "":
                    expected = "the class of the road; classes={'': 'unclassified'} would stand for empty cells"
                else:
                    expected = f"a class of road; say what it is with classes={{{unknown[0]!r}: …}}"
                return _Meaning(value=("", False), expected=expected)
            named = [words[part] for part in parts]
            told.update((text, name) for part, name in zip(parts, named, strict=True) if part != name)
            driven = [name for name in named if is_road({"waterway" if name in water else "highway": name}, roads)]
            return _Meaning(value=(slowest_class(driven or named), bool(driven)))

        found = self.meanings("class", means)
        if told and not self.faults:
            pairs = [f"{word or '(empty)'} = {name}" for word, name in sorted(told.items())]
            listed = ", ".join(pairs)
            self.layer.notes.append(
                Note(f"{self.layer.label}: classes read as {listed}", f"{self.layer.label}：道路类别对应：{listed}")
            )
        return np.array([name for name, _ in found], dtype=np.str_), np.array([is_one for _, is_one in found], np.bool_)

    def passes(self, roads: RoadFilter) -> NDArray[np.bool_]:
        """Whether the other tags by which ways are filtered let a row pass, where they are OpenStreetMap's."""
        keys = filter_keys(self.sources, [str(name) for name in self.layer.frame.columns])
        if not keys or roads == "water":
            return np.ones(len(self.layer.frame), dtype=np.bool_)
        columns = [self.column(key) for key in keys]

        @functools.cache
        def lets_pass(values: tuple[str, ...]) -> bool:
            tags = {key: value for key, value in zip(keys, values, strict=True) if value}
            return is_road({"highway": "residential", **tags}, roads)

        return np.array([lets_pass(values) for values in zip(*columns, strict=True)], dtype=np.bool_)

    def speeds_kph(self) -> NDArray[np.float64]:
        """Return stated limits; where a row states several, the least."""
        fastest = default("road_lines.fastest_kph").number
        expected = f"a speed in km/h from 1 to {fastest:g}"

        def means(text: str) -> _Meaning[float]:
            figures: list[float] = []
            for part in re.split(r"[;|,]", normal_word(text)):
                number = _PER_HOUR.sub("", part)
                figure = parse_maxspeed_kph(number)
                if figure is None and not _is_zero(number) and not _SPEED_WORDS.fullmatch(number) and number:
                    return _Meaning(value=math.nan, expected=expected)
                if figure is not None and not 1 <= figure <= fastest:
                    return _Meaning(value=math.nan, expected=expected)
                figures += [figure] if figure is not None else []
            return _Meaning(value=min(figures, default=math.nan), unread=bool(text) and not figures)

        return np.array(self.meanings("speed", means), dtype=np.float64)

    def amounts(self, field: str, en: str, zh: str, most: float) -> NDArray[np.float64]:
        """Return widths or lanes; where a row states several, the least; words are passed over, aloud."""

        def means(text: str) -> _Meaning[float]:
            figures: list[float] = []
            for part in re.split(r"[;|,]", normal_word(text)):
                if (part.startswith("-") and _METRES.fullmatch(part[1:])) or part in ("inf", "-inf"):
                    return _Meaning(value=math.nan, expected=f"{en} of 0 to {most:g}")
                if hit := _METRES.fullmatch(part):
                    if float(hit[1]) > most:
                        return _Meaning(value=math.nan, expected=f"{en} of 0 to {most:g}")
                    figures += [float(hit[1])] if float(hit[1]) > 0 else []
            return _Meaning(value=min(figures, default=math.nan), unread=bool(text) and not figures)

        return np.array(self.meanings(field, means), dtype=np.float64)

    def directions(self) -> NDArray[np.int8]:
        """Return in which direction each line is driven; a roundabout is driven along."""
        table = line_words()["oneway"]
        ways = {word: sign for key, sign in (("both", 0), ("along", 1), ("against", -1)) for word in table[key]}
        texts = self.texts("oneway")
        if "b" in {text.lower() for text in set(texts)}:  # Geofabrik: both, from, to
            ways |= {"f": 1, "t": -1}
        expected = "yes or no, 是 or 否, 1, 0 or -1; T and F only beside a B, as Geofabrik has them"

        def means(text: str) -> _Meaning[int]:
            signs = {ways.get(normal_word(part)) for part in text.split(";")} if text else {0}
            if None in signs or len(signs) > 1:
                return _Meaning(value=0, expected=expected)
            return _Meaning(value=int(next(iter(signs)) or 0))

        found = np.array(self.meanings("oneway", means), dtype=np.int8)
        rings = np.array([normal_word(text) in table["roundabout"] for text in self.texts("junction")], dtype=np.bool_)
        stated = np.array([text != "" for text in texts], dtype=np.bool_)
        if blank := int((~stated & ~rings).sum()) if "oneway" in self.sources else 0:
            self.layer.notes.append(
                Note(
                    f"{self.layer.label}: oneway not given in {blank} of {len(stated)} rows: two-way",
                    f"{self.layer.label}：{len(stated)} 行中 {blank} 行未给出单行，视为双向",
                )
            )
        return np.where(rings & ~stated, np.int8(1), found).astype(np.int8)

    def marks(self, field: str) -> NDArray[np.bool_]:
        """Whether each row is a bridge, or a tunnel: whatever is not a word for no says that it is."""
        no = {*line_words()["structure"]["not_one"], ""}
        found = self.meanings(field, lambda text: _Meaning(value=not {*map(normal_word, text.split(";"))} <= no))
        return np.array(found, dtype=np.bool_)

    def row_ids(self) -> NDArray[np.int64]:
        """Return the ids of the rows where all are whole numbers, else the numbers of the rows."""
        texts = self.texts("id")
        first = [text.split(";")[0] for text in texts]
        if "id" in self.sources and all(re.fullmatch(r"-?\d{1,18}", text) for text in first):
            return np.array([int(text) for text in first], dtype=np.int64)
        if "id" in self.sources:
            self.layer.notes.append(
                Note(
                    f"{self.layer.label}: ids that are not all whole numbers: rows numbered from 1",
                    f"{self.layer.label}：编号不全是整数，按行从 1 编号",
                )
            )
        return np.arange(1, len(texts) + 1, dtype=np.int64)


def _is_zero(text: str) -> bool:
    return re.fullmatch(r"0+(\.0*)?", text) is not None
