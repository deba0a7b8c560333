"""Zones of demand points: official boundaries first, statistical urban-rural codes next, density last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim._defaults import default, defaults_under
from rescuesim._tables import Column, read_identified
from rescuesim._words import ZONE_WORDS, Note
from rescuesim.demand.areas import Areas, read_areas
from rescuesim.demand.combine import by_id
from rescuesim.demand.points import DemandPoints
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network.coordinates.crs import metric_crs, project
from rescuesim.standard import ZONES

if TYPE_CHECKING:
    import geopandas

__all__ = ["URBAN_RURAL_CODES", "ZONE_BASES", "assign_zones", "people_per_km2"]

ZONE_BASES = ("boundary", "code", "density")
URBAN_RURAL_CODES: Mapping[str, str] = {
    "111": "主城区",
    "112": "城乡结合区",
    "121": "镇中心区",
    "122": "镇乡结合区",
    "123": "特殊区域",
    "210": "乡中心区",
    "220": "村庄",
}
_BY_DENSITY = "by_density"
_DENSE = ("built_up", "suburb", "dense_rural")  # in the order of falling thresholds; under the last: rural
_CODE_COLUMNS = (
    Column(name="id", required=True),
    Column(name="code", aliases=("城乡分类代码", "城乡代码", "城乡分类", "urban_rural_code")),
)
_EXAMPLES = 5


def assign_zones(
    demand: DemandPoints,
    *,
    boundaries: Path | str | geopandas.GeoDataFrame | None = None,
    zone_field: str = "zone",
    boundaries_crs: str | None = None,
    codes: Mapping[str, str] | Path | str | pd.DataFrame | None = None,
    code_zones: Mapping[str, str] | None = None,
    density: bool = True,
    within_m: float | None = None,
    thresholds: Mapping[str, float] | None = None,
) -> DemandPoints:
    """Give each point the zone that the best of three sources gives it.

    1. The polygon of official boundaries that it lies in.
    2. The statistical urban–rural code (城乡分类代码) of its village: 111 and 121 are built up, 112 and 122
       suburb, 123 industrial park, 210 dense rural; for 220 (村庄) the density says dense rural or rural.
       The table is ``zones.code`` in defaults.toml.
    3. The people per square kilometre around it, by the thresholds of ``zones.density_per_km2``. An
       industrial park is never found so.

    Parameters
    ----------
    demand : DemandPoints
        Its own zones are replaced.
    boundaries : path or GeoDataFrame, optional
        Polygons with a field of zones, in English or Chinese words.
    zone_field : str, optional
    boundaries_crs : str, optional
        Declared system, where the layer states none.
    codes : mapping of id to code, path or DataFrame, optional
        A table has columns ``id`` and ``code`` (or 城乡分类代码). Points that it does not hold go to the density.
    code_zones : mapping of str to str, optional
        Codes to zones, beside the default ones; ``by_density`` as for 220.
    density : bool, optional
        Whether the density decides the rest; if not, a point without a boundary and a code is a fault.
    within_m : float, optional
        Distance that the density is taken over; ``zones.density_within_m`` if absent.
    thresholds : mapping of str to float, optional
        Least people per km² of ``built_up``, ``suburb`` and ``dense_rural``, beside the default ones.

    Returns
    -------
    DemandPoints
        With `zones` and, in `zone_bases`, what each rests on: ``boundary``, ``code`` or ``density``.

    Raises
    ------
    InputError
        With every point in polygons of two zones, every word that is no zone, every code that is none, every code
        of an unknown point, and points that nothing decides.

    References
    ----------
    State Council reply 2008 no. 60 and the National Bureau of Statistics' rules for urban–rural codes;
    thresholds after the degree of urbanisation (UN Statistical Commission 2020).

    Examples
    --------
    >>> from rescuesim.demand import load_demand
    >>> frame = pd.DataFrame({"id": ["a", "b", "c"], "lon": [119.3, 119.4, 119.5], "lat": 28.7, "people": [90, 400, 2]})
    >>> made = assign_zones(load_demand(frame), codes={"a": "121", "b": "220"})
    >>> made.zones, made.zone_bases
    (('built_up', 'dense_rural', 'rural'), ('code', 'code', 'density'))
    """
    limits = _thresholds(thresholds)
    around_m = default("zones.density_within_m").number if within_m is None else within_m
    if not around_m > 0:
        raise InputError(f"within_m {within_m}: expected metres above 0")
    zones, bases = [""] * len(demand), [""] * len(demand)
    notes: list[str] = []
    faults: list[Fault] = []
    if boundaries is not None:
        areas = read_areas(boundaries, label="boundaries", fields=(zone_field,), crs=boundaries_crs)
        notes += areas.notes
        faults += _by_boundary(demand, areas, zone_field, zones)
    by_code, wrong = ([""] * len(demand), []) if codes is None else _by_code(demand, codes, code_zones)
    faults += wrong
    if faults:
        raise InputError(faults)
    needs = [
        at for at, (zone, code) in enumerate(zip(zones, by_code, strict=True)) if not zone and code in ("", _BY_DENSITY)
    ]
    per_km2 = people_per_km2(demand, within_m=around_m) if needs else np.zeros(len(demand))
    coded = [_zone_of(code, value, limits) for code, value in zip(by_code, per_km2.tolist(), strict=True)]
    notes += _conflicts(demand, zones, by_code)
    for at, code in enumerate(by_code):
        bases[at] = "boundary" if zones[at] else "code" if code else "density"
        zones[at] = zones[at] or coded[at]
    if not density and (open_ := [at for at in needs if not by_code[at]]):
        expected = "a boundary or a code for every point, as density is not to decide"
        raise InputError(
            [
                Fault(file=demand.source, row=_row(demand, at), column="zone", value=demand.ids[at], expected=expected)
                for at in open_
            ]
        )
    counts = Counter(zip(zones, bases, strict=True))
    notes.append(_said(demand.source, counts, around_m, limits))
    return replace(demand, zones=tuple(zones), zone_bases=tuple(bases), notes=(*demand.notes, *notes))


def people_per_km2(demand: DemandPoints, *, within_m: float) -> NDArray[np.float64]:
    """Return the people within a distance of each point over the area that it encloses.

    Parameters
    ----------
    demand : DemandPoints
    within_m : float
        Inclusive.

    Returns
    -------
    ndarray of float64, shape (n_demand,)
        People per square kilometre.

    Notes
    -----
    O(n k) for k points within the distance of one.
    """
    from scipy.spatial import cKDTree

    if demand.lon is None or demand.lat is None:
        raise InputError(f"{demand.source}: expected points with lon and lat to take the density of")
    xy = np.column_stack(project(demand.lon, demand.lat, metric_crs(demand.lon, demand.lat)))
    tree, people = cKDTree(xy), np.zeros(len(demand))
    for start in range(0, len(xy), 1024):  # the pairs of all points at once may not fit
        some = cKDTree(xy[start : start + 1024])
        pairs = some.sparse_distance_matrix(tree, within_m, output_type="ndarray")
        here = np.bincount(pairs["i"], weights=demand.people[pairs["j"]], minlength=some.n)
        people[start : start + some.n] = here
    return people / (np.pi * (within_m / 1000) ** 2)


def _thresholds(given: Mapping[str, float] | None) -> dict[str, float]:
    limits = {name: default(f"zones.density_per_km2.{name}").number for name in _DENSE}
    if unknown := sorted(set(given or {}) - set(_DENSE)):
        raise InputError(f"thresholds, {unknown[0]!r}: expected {nearest_name(unknown[0], _DENSE)}")
    limits |= {name: float(value) for name, value in (given or {}).items()}
    values = [limits[name] for name in _DENSE]
    if not all(np.isfinite(values)) or not values[0] >= values[1] >= values[2] >= 0:
        raise InputError(f"thresholds {limits}: expected people per km², built_up ≥ suburb ≥ dense_rural ≥ 0")
    return limits


def _by_boundary(demand: DemandPoints, areas: Areas, field: str, zones: list[str]) -> list[Fault]:
    """Fill in the zones of points inside polygons."""
    if demand.lon is None or demand.lat is None:
        return [Fault(file=demand.source, column="lon, lat", expected="points with lon and lat to find in boundaries")]
    words = {zh: zone for zone, (zh, _) in ZONE_WORDS.items()} | {zone: zone for zone in ZONES}
    faults = [
        Fault(file=areas.label, row=row, column=field, value=text, expected=nearest_name(text, words))
        for row, text in enumerate(areas.texts[field], 1)
        if text not in words
    ]
    if faults:
        return faults
    inside: dict[int, dict[str, int]] = {}
    for point, area in zip(*(of.tolist() for of in areas.pairs(demand.lon, demand.lat)), strict=True):
        inside.setdefault(point, {}).setdefault(words[areas.texts[field][area]], area + 1)
    if not inside:
        expected = f"boundaries that hold at least one of the {len(demand)} points; check their system and the county"
        faults.append(Fault(file=areas.label, column=field, expected=expected))
    for point, found in inside.items():
        zones[point] = next(iter(found))
        if len(found) > 1:
            listed = " and ".join(f"{zone} (feature {area})" for zone, area in found.items())
            expected = f"polygons of one zone around the point; it lies in {listed} of {areas.label}"
            faults.append(
                Fault(
                    file=demand.source,
                    row=_row(demand, point),
                    column="zone",
                    value=demand.ids[point],
                    expected=expected,
                )
            )
    return faults


def _by_code(
    demand: DemandPoints,
    codes: Mapping[str, str] | Path | str | pd.DataFrame,
    code_zones: Mapping[str, str] | None,
) -> tuple[list[str], list[Fault]]:
    """Return the zone by code of each point, ``by_density`` or empty."""
    table = {code: str(entry.value) for code, entry in defaults_under("zones.code").items()} | dict(code_zones or {})
    allowed = (*ZONES, _BY_DENSITY)
    faults = [
        Fault(file="code_zones", column=code, value=zone, expected=nearest_name(zone, allowed))
        for code, zone in table.items()
        if zone not in allowed
    ]
    if unknown := sorted(set(table) - set(URBAN_RURAL_CODES)):
        faults += [Fault(file="code_zones", value=code, expected=_known_codes()) for code in unknown]
    label, ids, given, rows, wrong = _coded(codes)
    faults += wrong
    for at, (id_, code) in enumerate(zip(ids, given, strict=True)):
        if code not in URBAN_RURAL_CODES:
            faults.append(
                Fault(file=label, row=rows[at], column="code", value=f"{id_}: {code}", expected=_known_codes())
            )
    place, missing = by_id(demand, ids, file=label, rows=rows, all_points=False)
    faults += missing
    if faults:
        return [""] * len(demand), faults
    return [table[given[at]] if at >= 0 else "" for at in place.tolist()], []


def _coded(
    codes: Mapping[str, str] | Path | str | pd.DataFrame,
) -> tuple[str, list[str], list[str], list[int], list[Fault]]:
    """Return the label, ids, codes and rows of a mapping or table of codes; rows without a code are left out."""
    if isinstance(codes, Mapping):
        ids = [str(id_) for id_ in codes]
        return "codes", ids, [str(code).strip() for code in codes.values()], list(range(1, len(ids) + 1)), []
    table, frame, faults = read_identified(codes, _CODE_COLUMNS, label="table of codes")
    if "code" not in table.frame:
        expected = f"columns id and code (or 城乡分类代码); there are {', '.join(table.frame.columns)}"
        raise InputError([*faults, Fault(file=table.label, column="code", expected=expected)])
    if frame.empty:
        raise InputError(faults or [Fault(file=table.label, expected="at least one code")])
    frame = frame[frame["code"] != ""]
    return table.label, frame["id"].to_list(), frame["code"].to_list(), [int(row) for row in frame.index], faults


def _known_codes() -> str:
    return "one of " + ", ".join(f"{code} {name}" for code, name in URBAN_RURAL_CODES.items())


def _zone_of(code_zone: str, per_km2: float, limits: Mapping[str, float]) -> str:
    """Return the zone that a code gives, or that the density does."""
    if code_zone == _BY_DENSITY:  # a village by its code: the density only says how dense
        return "dense_rural" if per_km2 >= limits["dense_rural"] else "rural"
    return code_zone or next((zone for zone in _DENSE if per_km2 >= limits[zone]), "rural")


def _conflicts(demand: DemandPoints, zones: list[str], by_code: list[str]) -> list[str]:
    """Name the points whose code says another zone than the boundary."""
    apart = [
        f"{id_} {zone}/{code}"
        for id_, zone, code in zip(demand.ids, zones, by_code, strict=True)
        if zone and code and (zone not in ("dense_rural", "rural") if code == _BY_DENSITY else zone != code)
    ]
    if not apart:
        return []
    shown = ", ".join(apart[:_EXAMPLES]) + (", …" if len(apart) > _EXAMPLES else "")
    en = f"{demand.source}: boundary and code disagree on {len(apart)} points, the boundary holds: {shown}"
    return [Note(en, f"{demand.source}：{len(apart)} 个点的边界与城乡代码不一致，以边界为准：{shown}")]


def _said(source: str, counts: Counter[tuple[str, str]], within_m: float, limits: Mapping[str, float]) -> Note:
    words = {"boundary": "边界", "code": "城乡代码", "density": "密度"}
    en, zh = [], []
    for basis in ZONE_BASES:
        by_zone = [(zone, counts[zone, basis]) for zone in ZONES if counts[zone, basis]]
        if by_zone:
            en.append(f"by {basis} " + ", ".join(f"{n} {zone}" for zone, n in by_zone))
            zh.append(f"按{words[basis]}：" + "、".join(f"{ZONE_WORDS[zone][0]} {n}" for zone, n in by_zone))
    if any(basis == "density" for _, basis in counts):
        listed = ", ".join(f"{name} from {value:g}" for name, value in limits.items())
        en.append(f"density of people within {within_m:.0f} m, per km²: {listed}")
        zh.append(f"密度为 {within_m:.0f} 米内每平方公里人口")
    return Note(f"{source}: zones {'; '.join(en)}", f"{source}：区域类型{'；'.join(zh)}")


def _row(demand: DemandPoints, at: int) -> int | None:
    return demand.rows[at] if demand.rows else None
