"""The tables and files of evacuation routes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim._words import Lang, in_language
from rescuesim.errors import InputError
from rescuesim.network.road_network import TICKS_PER_SECOND, limit_ticks
from rescuesim.quality.layers import replaced
from rescuesim.travel.routing.evacuated import EvacuationRoutes, EvacuationState, arriving
from rescuesim.travel.routing.lines import RoadLines, line_of
from rescuesim.travel.routing.routes import joined, once_in_a_row
from rescuesim.travel.routing.words import ATTRIBUTION, CHANGE_WORDS, REASON_WORDS, class_words

if TYPE_CHECKING:
    import geopandas
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

__all__ = ["layers", "load_rows", "people_rows", "route_rows", "write_workbook"]

_SHEETS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "routes": ("转移路线", "routes"),
        "summary": ("汇总", "summary"),
        "townships": ("乡镇", "townships"),
        "shelters": ("避难场所", "shelters"),
        "notes": ("说明", "notes"),
    }
)
_BAND = re.compile(r"people_(?:over_|([0-9.e+]+)_to_)([0-9.e+]+)_s")
_MOST_ROWS, _MOST_CHARACTERS = 1_048_575, 32_767  # of a sheet below its heading, and of a cell
_DEPENDS_ON = ["road_names", "road_ids", "bridge_names", "bridges", "tunnel_names", "tunnels"]
# columns that a layer has and people do not read: codes and numbers of roads
_FOR_MACHINES = ("reason", "change", "road_ids", "bridges", "tunnels")
_HEADS: Mapping[str, str] = MappingProxyType(
    {
        "state_number": "状态序号",
        "state": "状态",
        "probability": "概率",
        "village": "村编号",
        "village_name": "村名",
        "township": "乡镇",
        "people": "人口",
        "reached": "能否到达",
        "reason": "原因代码",
        "reason_words": "原因",
        "shelter": "避难场所编号",
        "shelter_name": "避难场所",
        "travel_time_min": "用时（分钟）",
        "extra_min": "比正常增加（分钟）",
        "length_m": "道路里程（米）",
        "access_m": "两端离路距离（米）",
        "second_shelter": "备选避难场所编号",
        "second_shelter_name": "备选避难场所",
        "second_time_min": "备选用时（分钟）",
        "change": "变化代码",
        "change_words": "与正常相比",
        "road_names": "途经道路",
        "road_ids": "道路序号",
        "bridge_names": "含桥梁的道路",
        "bridges": "含桥梁的道路序号",
        "tunnel_names": "含隧道的道路",
        "tunnels": "含隧道的道路序号",
        "villages": "村数",
        "people_cut_off": "不能到达人口",
        "villages_cut_off": "不能到达村数",
        "people_detour": "改线人口",
        "people_over_capacity": "超出容量人数",
        "capacity": "容量（人）",
        "over_capacity": "超员人数",
    }
)


# --- routes --------------------------------------------------------------------------------------


class _Drawn:
    """Lines and words of paths; the same way of a village in several states is drawn once."""

    def __init__(self, found: EvacuationRoutes, lang: Lang) -> None:
        used = [found.graph.road[state.pieces] for state in found.every_state]
        near = [snap.road[snap.road >= 0] for snap in (found.village_snap, found.shelter_snap)]
        self.found, self.lang = found, lang
        self.lines = RoadLines(found.network, np.concatenate([*used, *near]).astype(np.int64))
        self._known: dict[bytes, tuple[shapely.LineString | None, dict[str, str]]] = {}

    def path(self, pieces: NDArray[np.int32]) -> tuple[shapely.LineString | None, dict[str, str]]:
        """Return the line of a path, and the roads, bridges and tunnels on it, by column."""
        key = pieces.tobytes()
        if key not in self._known:
            network, graph = self.found.network, self.found.graph
            edge, road = graph.edge[pieces], graph.road[pieces]
            line = line_of(self.lines.path(graph, pieces))
            names = [
                name or in_language(class_words(kind), self.lang)
                for name, kind in zip(network.road_name[road].tolist(), network.road_class[edge].tolist(), strict=True)
            ]
            words = {
                "road_names": "; ".join(name for at, name in enumerate(names) if not at or name != names[at - 1]),
                "road_ids": joined(once_in_a_row(road)),
            }
            for kind, held in (("bridge", network.bridge[edge]), ("tunnel", network.tunnel[edge])):
                some = {int(road[at]): names[at] for at in np.flatnonzero(held).tolist()}
                words[f"{kind}_names"], words[f"{kind}s"] = "; ".join(some.values()), joined(list(some))
            self._known[key] = None if line.is_empty else line, words
        return self._known[key]


def _seconds(ticks: NDArray[np.int32], there: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Seconds, empty where there are none."""
    return np.where(there, ticks / TICKS_PER_SECOND, np.nan)


def _named(names: tuple[str, ...], at: NDArray[np.int32]) -> list[str]:
    return [names[place] if place >= 0 else "" for place in at.tolist()]


def route_rows(found: EvacuationRoutes, lang: Lang) -> geopandas.GeoDataFrame:
    """Return one row for each state and village; see `EvacuationRoutes.to_frame`."""
    import geopandas

    drawn = _Drawn(found, lang)
    parts, lines = [], []
    for number, state in enumerate(found.every_state):
        ways = [drawn.path(found.path(state, village)) for village in range(len(found.villages))]
        lines += [way[0] for way in ways]
        words = pd.DataFrame([way[1] for way in ways], columns=_DEPENDS_ON, dtype=str)
        parts.append(pd.concat([_state_rows(found, number, state, lang), words], axis=1))
    frame = geopandas.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry=lines, crs="EPSG:4326")
    frame.attrs["attribution"] = ATTRIBUTION
    return frame


def _state_rows(found: EvacuationRoutes, number: int, state: EvacuationState, lang: Lang) -> pd.DataFrame:
    villages, reached, two = found.villages, state.reached, state.second >= 0
    both = reached & found.intact.reached
    extra = (state.ticks.astype(np.int64) - found.intact.ticks) / TICKS_PER_SECOND
    shelter_m = np.r_[found.shelter_snap.access_m, 0.0][state.nearest]
    return pd.DataFrame(
        {
            "state_number": number,
            "state": state.label,
            "probability": np.nan if state.probability is None else state.probability,
            "village": villages.ids,
            "village_name": villages.names,
            "township": villages.townships,
            "people": villages.people,
            "reached": reached,
            "reason": state.reasons,
            "reason_words": [in_language(REASON_WORDS[reason], lang) for reason in state.reasons.tolist()],
            "shelter": _named(found.shelter_ids, state.nearest),
            "shelter_name": _named(found.shelter_names, state.nearest),
            "travel_time_s": _seconds(state.ticks, reached),
            "extra_s": np.where(both, extra, np.nan),
            "length_m": np.where(reached, state.length_m, np.nan),
            "access_m": np.where(reached, found.village_snap.access_m + shelter_m, np.nan),
            "second_shelter": _named(found.shelter_ids, state.second),
            "second_shelter_name": _named(found.shelter_names, state.second),
            "second_time_s": _seconds(state.second_ticks, two),
            "change": state.changes,
            "change_words": [in_language(CHANGE_WORDS[change], lang) for change in state.changes.tolist()],
        }
    )


# --- people and shelters -------------------------------------------------------------------------


def people_rows(found: EvacuationRoutes, *, by_township: bool = False) -> pd.DataFrame:
    """Count people by state, and by township where asked; see `EvacuationRoutes.summary`."""
    people = found.villages.people
    names = sorted(set(found.villages.townships)) if by_township else [""]
    of = np.array(
        [names.index(name) for name in found.villages.townships] if by_township else [0] * len(people), dtype=int
    )

    def counted(weight: NDArray[np.generic]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(of, weights=weight.astype(np.float64), minlength=len(names)), dtype=np.float64)

    parts = []
    for number, state in enumerate(found.every_state):
        reached = state.reached
        columns: dict[str, object] = {"state_number": number, "state": state.label}
        columns["probability"] = np.nan if state.probability is None else state.probability
        if by_township:
            columns["township"] = names
        columns["villages"] = counted(np.ones(len(people))).astype(np.int64)
        columns["people"] = counted(people)
        later = reached
        for begin, end in itertools.pairwise((0.0, *found.bands_s)):
            here = later & (state.ticks <= limit_ticks(end))
            columns[f"people_{begin:g}_to_{end:g}_s"] = counted(people * here)
            later = later & ~here
        columns[f"people_over_{found.bands_s[-1]:g}_s"] = counted(people * later)
        columns["people_cut_off"] = counted(people * ~reached)
        columns["villages_cut_off"] = counted(~reached).astype(np.int64)
        columns["people_detour"] = counted(people * np.isin(state.changes, ("detour", "other_shelter")))
        if not by_township:
            over = np.maximum(arriving(found, state) - found.capacity, 0.0)
            columns["people_over_capacity"] = float(over.sum())
        parts.append(pd.DataFrame(columns, index=range(len(names))))
    return pd.concat(parts, ignore_index=True)


def load_rows(found: EvacuationRoutes) -> pd.DataFrame:
    """Count who arrives at each shelter; see `EvacuationRoutes.shelter_loads`."""
    parts = []
    known = np.isfinite(found.capacity)
    for number, state in enumerate(found.every_state):
        people = arriving(found, state)
        parts.append(
            pd.DataFrame(
                {
                    "state_number": number,
                    "state": state.label,
                    "probability": np.nan if state.probability is None else state.probability,
                    "shelter": found.shelter_ids,
                    "shelter_name": found.shelter_names,
                    "villages": np.bincount(state.nearest[state.reached], minlength=len(found.chosen)),
                    "people": people,
                    "capacity": np.where(known, found.capacity, np.nan),
                    "over_capacity": np.where(
                        known, np.maximum(people - np.where(known, found.capacity, 0.0), 0.0), np.nan
                    ),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


# --- files ---------------------------------------------------------------------------------------


def layers(found: EvacuationRoutes, lang: Lang) -> dict[str, geopandas.GeoDataFrame]:
    """Return routes, access legs, villages and shelters as layers."""
    import geopandas

    drawn = _Drawn(found, lang)
    villages, sites = found.villages, found.shelters
    assert villages.lon is not None
    assert villages.lat is not None
    assert sites.lon is not None
    assert sites.lat is not None
    where = {
        "village": (villages.ids, np.column_stack([villages.lon, villages.lat]), found.village_snap),
        "shelter": (
            found.shelter_ids,
            np.column_stack([sites.lon[found.chosen], sites.lat[found.chosen]]),
            found.shelter_snap,
        ),
    }
    legs = []
    for kind, (ids, places, snap) in where.items():
        for at in np.flatnonzero(snap.in_range).tolist():
            on_road = drawn.lines.place(int(snap.road[at]), float(snap.position_m[at]))
            line = line_of([places[at], on_road])
            legs.append((kind, ids[at], float(snap.access_m[at]), None if line.is_empty else line))
    leg_frame = pd.DataFrame(
        {"kind": [leg[0] for leg in legs], "id": [leg[1] for leg in legs], "access_m": [leg[2] for leg in legs]}
    )
    return {
        "routes": route_rows(found, lang),
        "access_legs": geopandas.GeoDataFrame(leg_frame, geometry=[leg[3] for leg in legs], crs="EPSG:4326"),
        "villages": geopandas.GeoDataFrame(
            {"id": villages.ids, "name": villages.names, "township": villages.townships, "people": villages.people},
            geometry=shapely.points(where["village"][1]),
            crs="EPSG:4326",
        ),
        "shelters": geopandas.GeoDataFrame(
            {
                "id": found.shelter_ids,
                "name": found.shelter_names,
                "capacity": np.where(np.isfinite(found.capacity), found.capacity, np.nan),
            },
            geometry=shapely.points(where["shelter"][1]),
            crs="EPSG:4326",
        ),
    }


def _head(column: str, lang: Lang) -> str:
    """Return the heading of a column of a workbook; seconds are minutes there."""
    if band := _BAND.fullmatch(column):
        begin, end = (None if part is None else f"{float(part) / 60:g}" for part in band.groups())
        if lang == "zh":
            return f"{end} 分钟以上人口" if begin is None else f"{begin}–{end} 分钟人口"
        return f"people_over_{end}_min" if begin is None else f"people_{begin}_to_{end}_min"
    name = f"{column.removesuffix('_s')}_min" if column.endswith("_s") else column
    return _HEADS[name] if lang == "zh" else name


def _for_people(frame: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Write times in minutes, metres without decimals, and words for the intact state and for yes and no."""
    out = frame.copy()
    for name in frame.columns:
        if name.endswith("_s") and not _BAND.fullmatch(name):
            out[name] = (frame[name] / 60).round(2)
        elif name.endswith("_m"):
            out[name] = frame[name].round()
    intact, yes, no = ("道路正常", "是", "否") if lang == "zh" else ("intact", "yes", "no")
    out.loc[frame["state_number"] == 0, "state"] = intact
    if "reached" in frame:
        out["reached"] = np.where(frame["reached"], yes, no)
    return out


def write_workbook(found: EvacuationRoutes, path: Path | str, lang: Lang) -> Path:
    """Write the tables as a workbook; see `EvacuationRoutes.write_workbook`."""
    import xlsxwriter

    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path}: expected a name that ends in .xlsx")
    if (n_rows := len(found.every_state) * len(found.villages)) > _MOST_ROWS:
        raise InputError(
            f"{path}: {n_rows} routes, a sheet holds {_MOST_ROWS}: expected fewer states, or a .gpkg layer"
        )
    tables = {
        "summary": found.summary(),
        "townships": found.townships(),
        "shelters": found.shelter_loads(),
        "routes": pd.DataFrame(route_rows(found, lang).drop(columns=["geometry", *_FOR_MACHINES])),
    }
    with replaced(path) as part, xlsxwriter.Workbook(part, {"strings_to_formulas": False}) as book:
        bold = book.add_format({"bold": True, "bg_color": "#dbe5f1", "border": 1, "text_wrap": True, "valign": "top"})
        for name, table in tables.items():
            sheet = book.add_worksheet(_SHEETS[name][0 if lang == "zh" else 1])
            _write_sheet(sheet, _for_people(table, lang).drop(columns="state_number"), lang, bold)
            for at, column in enumerate(table.columns.drop("state_number")):
                minutes = column.endswith("_s") and not _BAND.fullmatch(column)
                pattern = "0%" if column == "probability" else "0.0" if minutes else "#,##0"
                sheet.set_column(at, at, _width(column), book.add_format({"num_format": pattern}))
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.repeat_rows(0)
        sheet = book.add_worksheet(_SHEETS["notes"][0 if lang == "zh" else 1])
        for row, note in enumerate((*found.notes, ATTRIBUTION)):
            sheet.write_string(row, 0, in_language(note, lang)[:_MOST_CHARACTERS])
    return path


def _width(column: str) -> int:
    """Width of a column in characters."""
    return 34 if column.endswith(("_names", "_words")) else 13


def _write_sheet(sheet: Worksheet, frame: pd.DataFrame, lang: Lang, bold: Format) -> None:
    sheet.freeze_panes(1, 0)
    for at, name in enumerate(frame.columns):
        sheet.write_string(0, at, _head(name, lang), bold)
        for row, cell in enumerate(frame[name].tolist(), 1):
            if isinstance(cell, str):
                short = cell if len(cell) <= _MOST_CHARACTERS else f"{cell[: _MOST_CHARACTERS - 1]}…"
                sheet.write_string(row, at, short)
            elif cell == cell:  # what is not a number is an empty cell
                sheet.write_number(row, at, cell)
    sheet.autofilter(0, 0, max(len(frame), 1), len(frame.columns) - 1)
