"""Vulnerable places and hazard sites beside the residents, and the management grids that all points lie in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rescuesim._defaults import default
from rescuesim._tables import Column, TextTable, Values, read_identified
from rescuesim._words import DEMAND_KIND_WORDS, Note
from rescuesim.demand.areas import read_areas
from rescuesim.demand.combine import demand_from_arrays, joined
from rescuesim.demand.placed import placed_rows
from rescuesim.demand.points import DEMAND_KINDS, DemandPoints
from rescuesim.demand.population import nearest
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network.coordinates.crs import metric_crs, project
from rescuesim.standard import ZONES

if TYPE_CHECKING:
    import geopandas

__all__ = ["add_places", "assign_grids", "places_from_counts"]

_PLACE_COLUMNS = (
    Column(name="id", required=True),
    Column(name="name"),
    Column(name="lon", number=True, required=True),
    Column(name="lat", number=True, required=True),
    Column(name="kind", choices=DEMAND_KINDS),
    Column(name="people", number=True, minimum=0, maximum=1e9),
    Column(name="weight", number=True, minimum=0, maximum=1e12),
    Column(name="zone", choices=ZONES),
    Column(name="township"),
)
_EXAMPLES = 5


def add_places(
    demand: DemandPoints,
    places: Path | str | pd.DataFrame,
    *,
    kind: str | None = None,
    people: float | None = None,
    crs: str | None = None,
) -> DemandPoints:
    """Add schools, hospitals, small premises, reservoirs and the like to the residents (R60, R64).

    Parameters
    ----------
    demand : DemandPoints
        With positions.
    places : path or DataFrame
        Columns ``id, lon, lat`` and, optionally, ``name, kind, people, weight, zone, township``. Zone and
        township that are not given are those of the nearest point, said aloud.
    kind : str, optional
        Kind of every place whose row has none; without it, each row needs one.
    people : float, optional
        People of every place whose row has none: for `demand_at`, those who are there when it is full.
        ``places.people`` if absent, which is 0: who is in a school is counted at home already, so coverage by
        people and calls by the rate do not count them twice. Coverage by points counts every place.
    crs : str, optional
        Declared system; if absent the one that a layer states, or ``wgs84`` for a plain table, said aloud.

    Returns
    -------
    DemandPoints
        The points, then the places. A weight that is not given is the place's people.

    Raises
    ------
    InputError
        With every fault in the table, every row without a kind and every id that a point has already.

    Examples
    --------
    >>> from rescuesim.demand import load_demand
    >>> frame = pd.DataFrame({"id": ["v1"], "lon": [119.3], "lat": [28.7], "people": [820], "zone": ["suburb"]})
    >>> schools = pd.DataFrame({"id": ["s1"], "lon": [119.31], "lat": [28.7], "name": ["溪口小学"]})
    >>> made = add_places(load_demand(frame), schools, kind="school")
    >>> made.kinds, made.people.tolist(), made.zones[1]
    (('residential', 'school'), [820.0, 0.0], 'suburb')
    """
    if kind is not None and kind not in DEMAND_KINDS:
        raise InputError(f"kind {kind!r}: expected {nearest_name(kind, DEMAND_KINDS)}")
    usual = default("places.people").number if people is None else people
    if not (np.isfinite(usual) and usual >= 0):
        raise InputError(f"people {people}: expected a finite number of 0 or more")
    if demand.lon is None or demand.lat is None:
        raise InputError(f"{demand.source}: expected points with lon and lat to add places to")
    table, frame, faults = read_identified(places, _PLACE_COLUMNS, label="table of places")
    frame, lon, lat, off = placed_rows(table, frame, crs)
    faults += off
    if kind is None:
        faults += _without_kind(table, frame)
    known = set(demand.ids)
    for row, id_ in zip(frame.index.tolist(), frame.get("id", []), strict=True):
        if id_ in known:
            faults.append(table.fault(row, "id", f"an id that no point of {demand.source} has"))
    if faults:
        raise InputError(faults)
    earlier = places.attrs.get("notes", ()) if isinstance(places, pd.DataFrame) else ()  # of places_from_counts
    values = Values(frame=frame, label=table.label, notes=[*earlier, *table.notes], written=table.written)
    there = values.numbers("people", np.full(len(frame), usual), f"{usual:g}", f"{usual:g}")
    weights = values.numbers("weight", there, "= people", "人口")
    crs_m = metric_crs(demand.lon, demand.lat)
    near, _ = nearest(project(demand.lon, demand.lat, crs_m), project(lon, lat, crs_m))
    texts = {}
    for name, of in (("zone", demand.zones), ("township", demand.townships)):
        given = values.text(name)
        if missing := given.count(""):
            values.note(name, missing, f"{name} of the nearest demand point", "最近需求点的值")
        texts[name] = [own or of[at] for own, at in zip(given, near.tolist(), strict=True)]
    kinds = [own or str(kind) for own in values.text("kind", kind or "")]
    made = demand_from_arrays(
        tuple(frame["id"]),
        lon,
        lat,
        there,
        names=[name or id_ for name, id_ in zip(values.text("name"), frame["id"], strict=True)],
        zones=texts["zone"],
        townships=texts["township"],
        kinds=kinds,
        source=table.label,
        notes=[*values.notes, *_counted(table.label, kinds, float(there.sum()))],
    )
    return joined(demand, replace(made, weights=weights))


def _without_kind(table: TextTable, frame: pd.DataFrame) -> list[Fault]:
    if "kind" not in frame:
        expected = "a column of this name, or kind= for all places"
        return [Fault(file=table.label, column="kind", expected=expected)]
    expected = f"one of {', '.join(DEMAND_KINDS)}, or kind= for the places without one"
    return [table.fault(int(row), "kind", expected) for row in frame.index[frame["kind"] == ""]]


def _counted(label: str, kinds: list[str], people: float) -> list[str]:
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    en = ", ".join(f"{n} {kind}" for kind, n in counts.items())
    zh = "、".join(f"{DEMAND_KIND_WORDS[kind][0]} {n}" for kind, n in counts.items())
    notes: list[str] = [Note(f"{label}: {len(kinds)} places added: {en}", f"{label}：新增 {len(kinds)} 处：{zh}")]
    if people > 0:
        more = f"{people:.0f} people of places are counted beside the residents"
        en = f"{label}: {more}: coverage by people counts locals among them twice; demand_at does not"
        notes.append(Note(en, f"{label}：场所人口 {people:.0f} 人另计，其中本地人会与居住人口重复；demand_at 会扣除"))
    return notes


def places_from_counts(
    source: Path | str | pd.DataFrame, counts: Mapping[str, str], *, crs: str | None = None
) -> pd.DataFrame:
    """Turn columns that count places per cell into a table of places for `add_places`.

    Parameters
    ----------
    source : path or DataFrame
        Columns ``id, lon, lat`` and those of `counts`.
    counts : mapping of str to str
        Column to kind: ``{"schools": "school", "healthcare": "hospital"}``.
    crs : str, optional
        Declared system; if absent the one that a layer states, or ``wgs84`` for a plain table, said aloud.

    Returns
    -------
    DataFrame
        One row a place, at the centre of its cell: ``id`` (``<cell>-<kind>-<number>``), ``lon, lat`` (WGS84), ``kind``.
        In ``attrs["notes"]``, which `add_places` passes on, how many there are, and in how many cells the count is
        empty, taken as none.

    Examples
    --------
    >>> cells = pd.DataFrame({"id": ["h1", "h2"], "lon": [119.3, 119.4], "lat": 28.7, "schools": [2, 0]})
    >>> places_from_counts(cells, {"schools": "school"})["id"].tolist()
    ['h1-school-1', 'h1-school-2']
    """
    if unknown := [kind for kind in counts.values() if kind not in DEMAND_KINDS]:
        raise InputError(f"counts, {unknown[0]!r}: expected {nearest_name(unknown[0], DEMAND_KINDS)}")
    columns = (
        Column(name="id", required=True),
        Column(name="lon", number=True, required=True),
        Column(name="lat", number=True, required=True),
        *(Column(name=name, number=True, minimum=0, maximum=1e6, whole=True) for name in counts),
    )
    table, frame, faults = read_identified(source, columns, label="table of counts")
    listed = ", ".join(table.frame.columns)
    for name in counts:
        if name not in table.frame.columns:
            expected = f"a column of this name; there are {listed}"
            faults.append(Fault(file=table.label, column=name, expected=expected))
    if faults:
        raise InputError(faults)
    frame, lon, lat, off = placed_rows(table, frame, crs)
    if off:
        raise InputError(off)
    parts, notes = [], []
    for name, kind in counts.items():
        empty = int(frame[name].isna().sum())
        number = frame[name].fillna(0).to_numpy(dtype=np.int64)
        cell = np.repeat(np.arange(len(frame)), number)
        nth = np.arange(len(cell)) - np.repeat(np.cumsum(number) - number, number) + 1
        ids = [f"{frame['id'].iloc[at]}-{kind}-{n}" for at, n in zip(cell.tolist(), nth.tolist(), strict=True)]
        parts.append(pd.DataFrame({"id": pd.Series(ids, dtype=str), "lon": lon[cell], "lat": lat[cell], "kind": kind}))
        en = f"{table.label}: {len(ids)} places of kind {kind} from column {name}, at the centres of their cells"
        zh = f"{table.label}：按 {name} 列生成 {DEMAND_KIND_WORDS[kind][0]} {len(ids)} 处，位于单元中心"
        notes.append(Note(en, zh))
        if empty:
            en = f"{table.label}: {name} empty in {empty} cells: taken as none"
            notes.append(Note(en, f"{table.label}：{empty} 个单元未填 {name}，按 0 计"))
    made = pd.concat(parts, ignore_index=True)
    made.attrs["notes"] = tuple(notes)
    return made


def assign_grids(
    demand: DemandPoints,
    grids: Path | str | geopandas.GeoDataFrame,
    *,
    grid_field: str = "grid",
    person_field: str = "grid_person",
    crs: str | None = None,
) -> DemandPoints:
    """Find the management grid (网格) of each point and the person who answers for it (R62).

    Parameters
    ----------
    demand : DemandPoints
        With positions.
    grids : path or GeoDataFrame
        Polygons with a name and, optionally, a person. Pieces of one grid may be several features.
    grid_field, person_field : str, optional
        Fields of the name and of the person.
    crs : str, optional
        Declared system, where the layer states none.

    Returns
    -------
    DemandPoints
        With `grids` and `grid_persons`: empty, and said aloud, for a point in no grid or in more than one.

    Raises
    ------
    InputError
        If a feature is no polygon or has no name, or one grid has two persons.
    """
    if demand.lon is None or demand.lat is None:
        raise InputError(f"{demand.source}: expected points with lon and lat to find in grids")
    areas = read_areas(grids, label="grids", fields=(grid_field,), optional=(person_field,), crs=crs)
    names = areas.texts[grid_field]
    persons: dict[str, str] = {}
    faults = []
    for row, (name, person) in enumerate(zip(names, areas.texts.get(person_field, ("",) * len(names)), strict=True), 1):
        first = persons.setdefault(name, person)
        if person and not first:
            persons[name] = person
        elif person and person != first:
            expected = f"one person for grid {name}; another feature names {first}"
            faults.append(Fault(file=areas.label, row=row, column=person_field, value=person, expected=expected))
    if faults:
        raise InputError(faults)
    found: list[set[str]] = [set() for _ in demand.ids]
    for point, area in zip(*(of.tolist() for of in areas.pairs(demand.lon, demand.lat)), strict=True):
        found[point].add(names[area])
    chosen = tuple(next(iter(some)) if len(some) == 1 else "" for some in found)
    notes = [
        *areas.notes,
        *_listed(demand, [len(some) == 0 for some in found], "in no grid", "不在任何网格内"),
        *_listed(
            demand, [len(some) > 1 for some in found], "in more than one grid: left without", "位于多个网格内，未指定"
        ),
    ]
    if alone := sorted(name for name, person in persons.items() if not person):
        en = f"{areas.label}: grids without a person: {', '.join(alone)}"
        notes.append(Note(en, f"{areas.label}：没有负责人的网格：{'、'.join(alone)}"))
    return replace(
        demand,
        grids=chosen,
        grid_persons=tuple(persons[name] if name else "" for name in chosen),
        notes=(*demand.notes, *notes),
    )


def _listed(demand: DemandPoints, which: list[bool], en: str, zh: str) -> list[str]:
    ids = [id_ for id_, chosen in zip(demand.ids, which, strict=True) if chosen]
    if not ids:
        return []
    shown = ", ".join(ids[:_EXAMPLES]) + (", …" if len(ids) > _EXAMPLES else "")
    note = Note(f"{demand.source}: {len(ids)} points {en}: {shown}", f"{demand.source}：{len(ids)} 个点{zh}：{shown}")
    return [note]
