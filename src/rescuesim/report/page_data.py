"""What the map of the report page draws, as compact JSON: roads, closed roads, sites and points by view."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.report.county_map import (
    CLOSED_COLOUR,
    POINT_COLOURS,
    ROAD_STYLES,
    SITE_COLOURS,
    crowding,
    extent,
    point_states,
    road_groups,
)
from rescuesim.report.labels import ATTRIBUTION, Lang, group_words, label, percent, reason_words, share, text
from rescuesim.report.page_tables import site_names

if TYPE_CHECKING:
    from rescuesim.report.comparison import Comparison

__all__ = ["map_data", "packed_lines"]

_SIMPLIFY_M = 15.0
_METRES_PER_DEGREE = 111_320.0
_SHAPES = {
    "brigade": "square",
    "micro_station": "triangle",
    "township_duty": "diamond",
    "village_on_call": "down",
    "social_team": "pentagon",
    "ambulance": "cross",
}
_STATE_LETTERS = {"covered": "c", "missed": "m", "without": "w"}


def map_data(
    comparison: Comparison, network: RoadNetwork, closed_roads: Mapping[str, Sequence[int]], lang: Lang
) -> dict[str, object]:
    """Collect what the page's script draws.

    Parameters
    ----------
    comparison : Comparison
    network : RoadNetwork
    closed_roads : mapping of str to sequence of int
        Indices of closed roads, by condition.
    lang : {'zh', 'en'}

    Returns
    -------
    dict
        Ready for JSON: no NaN, no infinity. Views stand condition by condition, plan by plan within.

    Raises
    ------
    InputError
        If the plans were not compared on the same points.
    """
    every_site = [site for plan in comparison.plans.values() for site in plan.sites]
    west, south, east, north = extent(network, comparison.points, every_site)
    views = _views(comparison)
    base = next(view for view in views if view is not None)
    reasons = [str(reason) for reason in dict.fromkeys(comparison.points["reason"]) if reason]
    names = site_names(comparison)
    return {
        "attribution": ATTRIBUTION,
        "bounds": [[south, west], [north, east]],
        "words": _words(lang),
        "roads": _roads(network, lang),
        "closed": _closed(network, closed_roads, lang),
        "closedColour": CLOSED_COLOUR,
        "pointColours": dict(POINT_COLOURS),
        "siteColours": dict(SITE_COLOURS),
        "conditions": [
            {
                "name": label("condition", name, lang),
                "closed": [int(road) for road in closed_roads.get(name, ())],
            }
            for name in comparison.conditions
        ],
        "plans": _plans(comparison, lang),
        "siteLegend": _site_legend(comparison, lang),
        "reasons": [reason_words(reason, lang) for reason in reasons],
        "views": [None if view is None else _view(view, base, reasons, names, lang) for view in views],
        **_points(base, lang),
    }


def packed_lines(lines: NDArray[np.object_]) -> list[list[int]]:
    """Simplify lines to 15 m and pack them as whole steps.

    Parameters
    ----------
    lines : ndarray of shapely LineString, shape (n,)
        WGS84 degrees.

    Returns
    -------
    list of list of int, length n
        Longitude and latitude in 1e-5 degrees, then the steps from vertex to vertex.

    Examples
    --------
    >>> packed_lines(np.array([shapely.LineString([(119.3, 28.7), (119.30012, 28.7), (119.301, 28.7)])]))
    [[11930000, 2870000, 100, 0]]
    """
    if not len(lines):
        return []
    flat = shapely.get_coordinates(lines)
    scale = np.array([_METRES_PER_DEGREE * math.cos(math.radians(float(flat[:, 1].mean()))), _METRES_PER_DEGREE])
    metres = shapely.transform(lines, lambda degrees: degrees * scale)
    simple = shapely.simplify(metres, _SIMPLIFY_M, preserve_topology=False)
    coordinates, which = shapely.get_coordinates(simple, return_index=True)
    whole = np.rint(coordinates / scale * 1e5).astype(np.int64)
    starts = np.searchsorted(which, np.arange(1, len(lines)))
    packed = []
    for line in np.split(whole, starts):
        steps = np.diff(line, axis=0)
        kept = steps[(steps != 0).any(axis=1)]
        packed.append(np.concatenate([line[:1], kept]).ravel().tolist())
    return packed


def _words(lang: Lang) -> dict[str, str]:
    return {
        **group_words("point", lang),
        "closed": label("roads", "closed", lang),
        "s": text("s", lang),
        "attainment": label("figure", "attainment", lang),
        "count": text("map_count", lang),
        "notTried": text("not_tried", lang),
        "size": text("legend_people", lang),
        **{key: text(key, lang) for key in ("people", "reason", "nearest", "drive", "limit", "available", "units")},
    }


def _roads(network: RoadNetwork, lang: Lang) -> list[dict[str, object]]:
    groups = road_groups(network)
    return [
        {
            "name": label("roads", group, lang),
            "colour": colour,
            "width": round(width * 1.4, 1),
            "lines": packed_lines(network.road_line[groups == group]),
        }
        for group, (colour, width) in ROAD_STYLES.items()
        if (groups == group).any()
    ]


def _closed(
    network: RoadNetwork, closed_roads: Mapping[str, Sequence[int]], lang: Lang
) -> dict[str, dict[str, object]]:
    groups = road_groups(network)
    every = sorted({int(road) for roads in closed_roads.values() for road in roads})
    lines = packed_lines(network.road_line[np.array(every, dtype=np.int64)])
    found: dict[str, dict[str, object]] = {}
    for road, line in zip(every, lines, strict=True):
        words = [str(network.road_name[road]), label("roads", str(groups[road]), lang)]
        found[str(road)] = {"line": line, "name": " · ".join(word for word in words if word)}
    return found


def _kind(status: str) -> str:
    return "existing" if status == "existing" else "new"


def _plans(comparison: Comparison, lang: Lang) -> list[dict[str, object]]:
    return [
        {
            "name": label("plan", name, lang),
            "sites": [
                {
                    "name": site.name,
                    "lon": round(site.lon, 5),
                    "lat": round(site.lat, 5),
                    "shape": _SHAPES.get(site.crew, "circle"),
                    "kind": _kind(site.status),
                    "crewName": label("crew", site.crew, lang),
                    "statusName": label("status", site.status, lang),
                    "township": site.township,
                    "units": site.units,
                }
                for site in plan.sites
                if site.lon is not None and site.lat is not None
            ],
        }
        for name, plan in comparison.plans.items()
    ]


def _site_legend(comparison: Comparison, lang: Lang) -> list[dict[str, str]]:
    kinds = {(site.crew, _kind(site.status)) for plan in comparison.plans.values() for site in plan.sites}
    return [
        {
            "shape": _SHAPES.get(crew, "circle"),
            "kind": kind,
            "words": f"{label('crew', crew, lang)} · {label('site', kind, lang)}",
        }
        for crew, kind in sorted(kinds)
    ]


def _views(comparison: Comparison) -> list[pd.DataFrame | None]:
    """Points by condition, then plan, all in one order; None where a plan was not tried."""
    views: list[pd.DataFrame | None] = []
    ids: list[str] | None = None
    groups = dict(iter(comparison.points.groupby(["condition", "plan"], sort=False)))
    for condition in comparison.conditions:
        for plan in comparison.plans:
            rows = groups.get((condition, plan))
            if rows is None:
                views.append(None)
                continue
            ids = ids if ids is not None else rows["id"].to_list()
            if len(rows) != len(ids) or set(rows["id"]) != set(ids):
                raise InputError(f"{plan}, {condition}: expected the same points as in the first comparison")
            views.append(rows.set_index("id").loc[ids].reset_index())
    if ids is None:
        raise InputError("the comparison has no points")
    return views


def _degrees(values: pd.Series) -> list[float | None]:
    return [round(float(value), 5) if value is not None and math.isfinite(value) else None for value in values]


def _points(base: pd.DataFrame, lang: Lang) -> dict[str, object]:
    """Return what is the same in all views: where points are, their names, the names of townships."""
    people = base["people"].to_numpy(np.float64)
    most = max(float(people.max(initial=0.0)), 1.0)
    townships, township = np.unique(base["township"].astype(str).to_numpy(dtype=object), return_inverse=True)
    zones, zone = np.unique(base["zone"].astype(str).to_numpy(dtype=object), return_inverse=True)
    placed = base[base["lon"].notna() & (base["township"] != "")]
    towns = placed.groupby("township").agg(lon=("lon", "mean"), lat=("lat", "mean"), people=("people", "sum"))
    towns = towns.sort_values("people", ascending=False, kind="stable")
    return {
        "points": {
            "name": [str(name) for name in base["name"]],
            "people": np.rint(people).astype(int).tolist(),
            "lon": _degrees(base["lon"]),
            "lat": _degrees(base["lat"]),
            "size": np.round(np.sqrt((16 + 130 * people / most) * crowding(len(people))), 1).tolist(),
            "township": township.tolist(),
            "zone": zone.tolist(),
        },
        "townships": townships.tolist(),
        "zones": [label("zone", str(name), lang) for name in zones],
        "townNames": [
            {"name": str(name), "lon": round(float(row["lon"]), 5), "lat": round(float(row["lat"]), 5)}
            for name, row in towns.iterrows()
        ],
    }


def _view(
    rows: pd.DataFrame, base: pd.DataFrame, reasons: list[str], names: dict[str, str], lang: Lang
) -> dict[str, object]:
    """Return what became of each point in one view; strings are ready to be shown."""
    place = {reason: number for number, reason in enumerate(reasons)}
    attainments = zip(rows["attainment"].to_numpy(np.float64), rows["calls"].to_numpy(np.float64), strict=True)
    sites = [site if isinstance(site, str) else "" for site in rows["nearest_site"]]
    assert len(rows) == len(base)
    return {
        "state": "".join(_STATE_LETTERS[state] for state in point_states(rows)),
        "reason": [place.get(str(reason), -1) for reason in rows["reason"]],
        "site": [names.get(site, site) for site in sites],
        "seconds": _whole(rows["nearest_s"]),
        "limit": _whole(rows["limit_s"]),
        "available": [
            text("always", lang) if value >= 1 else percent(value) for value in rows["available"].to_numpy(np.float64)
        ],
        "attainment": [share(value, calls, "calls", lang) for value, calls in attainments],
    }


def _whole(values: pd.Series) -> list[int | None]:
    return [round(value) if math.isfinite(value) else None for value in values.to_numpy(np.float64)]
