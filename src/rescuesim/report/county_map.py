"""The county as a map: roads by class, points by coverage, sites by crew, and names that do not overlap."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim.errors import UnknownIdError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.plan import PlanSite
from rescuesim.report.fonts import drawable, font_families
from rescuesim.report.labels import ATTRIBUTION, Lang, label, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = [
    "CLOSED_COLOUR",
    "POINT_COLOURS",
    "ROAD_STYLES",
    "SITE_COLOURS",
    "check_roads",
    "county_legend",
    "crowding",
    "dots_per_point",
    "draw_closed",
    "draw_map",
    "draw_names",
    "draw_points",
    "draw_roads",
    "draw_scale_and_source",
    "draw_sites",
    "extent",
    "fit",
    "frame_map",
    "point_states",
    "road_group",
    "road_groups",
    "rows_of",
    "site_handles",
    "write_name",
]

_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "motorway": "major",
        "trunk": "major",
        "primary": "primary",
        "secondary": "secondary",
        "tertiary": "tertiary",
    }
)
ROAD_STYLES: Mapping[str, tuple[str, float]] = MappingProxyType(  # colour and width in points, lowest class first
    {
        "local": ("#cfcbc4", 0.5),
        "tertiary": ("#b3aca1", 0.8),
        "secondary": ("#8f877a", 1.1),
        "primary": ("#6b6357", 1.6),
        "major": ("#4a4339", 2.2),
    }
)
CLOSED_COLOUR = "#d7191c"
POINT_COLOURS: Mapping[str, tuple[str, str]] = MappingProxyType(  # fill and edge
    {"covered": ("#1b9e77", "#0f5e47"), "missed": ("#f59b23", "#7a3d00"), "without": ("#ffffff", "#8a8a8a")}
)
SITE_COLOURS: Mapping[str, tuple[str, str]] = MappingProxyType(  # fill and edge
    {"existing": ("#1d3557", "#ffffff"), "new": ("#ffe14d", "#1d3557")}
)
_MARKERS: Mapping[str, str] = MappingProxyType(
    {
        "brigade": "s",
        "micro_station": "^",
        "township_duty": "D",
        "village_on_call": "v",
        "social_team": "p",
        "ambulance": "P",
    }
)
_KIND_MARKERS: Mapping[str, str] = MappingProxyType({"depot": "h", "hub": "*", "shelter": "X"})
_FEW_NEW_SITES = 12
_METRES_PER_DEGREE = 111_320.0


def rows_of(frame: pd.DataFrame, condition: str, plan: str) -> pd.DataFrame:
    """Return the rows of one condition and plan.

    Raises
    ------
    UnknownIdError
        If the table has none.
    """
    for column, name in (("condition", condition), ("plan", plan)):
        if name not in (known := set(frame[column])):
            raise UnknownIdError(f"{column} {name!r}: expected {nearest_name(name, known)}")
    return frame[(frame["condition"] == condition) & (frame["plan"] == plan)].reset_index(drop=True)


def road_group(road_class: str) -> str:
    """Return ``major``, ``primary``, ``secondary``, ``tertiary`` or ``local`` for a class of OpenStreetMap.

    Examples
    --------
    >>> road_group("trunk_link"), road_group("track")
    ('major', 'local')
    """
    return _CLASSES.get(road_class.removesuffix("_link"), "local")


def road_groups(network: RoadNetwork) -> NDArray[np.str_]:
    """Sort the roads into the classes that maps tell apart.

    Returns
    -------
    ndarray of str, shape (n_roads,)
        ``major``, ``primary``, ``secondary``, ``tertiary`` or ``local``.
    """
    found = np.full(network.n_roads, "local", dtype="U9")
    found[network.road] = [road_group(str(name)) for name in network.road_class]
    return found


def point_states(points: pd.DataFrame) -> NDArray[np.str_]:
    """Sort demand points into ``covered``, ``missed`` and ``without`` a standard; shape (n_points,)."""
    without = points["reason"].to_numpy(dtype=object) == "not_in_standard"
    covered = points["covered"].to_numpy(dtype=np.bool_)
    return np.where(covered, "covered", np.where(without, "without", "missed"))


def draw_map(
    ax: Axes,
    network: RoadNetwork,
    points: pd.DataFrame,
    sites: Sequence[PlanSite],
    closed_roads: Sequence[int],
) -> None:
    """Draw roads, points, sites, scale and attribution, and fix the extent."""
    check_roads(network, closed_roads)
    draw_roads(ax, network)
    draw_closed(ax, _coordinates(network.road_line[np.asarray(closed_roads, dtype=np.int64)]))
    draw_points(ax, points)
    draw_sites(ax, sites)
    frame_map(ax, extent(network, points, sites))


def draw_points(ax: Axes, points: pd.DataFrame) -> None:
    """Draw the demand points by coverage and people."""
    lon, lat = points["lon"].to_numpy(np.float64), points["lat"].to_numpy(np.float64)
    states, size = point_states(points), _marker_area(points)
    for order, state in enumerate(("without", "covered", "missed")):
        chosen = (states == state) & np.isfinite(lon) & np.isfinite(lat)
        fill, edge = POINT_COLOURS[state]
        ax.scatter(
            lon[chosen],
            lat[chosen],
            s=size[chosen],
            c=fill,
            edgecolors=edge,
            linewidths=0.8,
            alpha=0.9,
            zorder=3 + order / 10,
        )


def draw_sites(ax: Axes, sites: Iterable[PlanSite], *, size: float = 95) -> None:
    """Draw the sites that have a position, by crew and by whether they exist; `size` in square points."""
    for site in sites:
        if site.lon is None or site.lat is None:
            continue
        fill, edge = SITE_COLOURS["existing" if site.status == "existing" else "new"]
        ax.scatter(
            [site.lon],
            [site.lat],
            s=size,
            c=fill,
            edgecolors=edge,
            linewidths=1.3,
            zorder=4,
            marker=_marker(site),
        )


def _marker(site: PlanSite) -> str:
    """Return the marker of a site: by crew, or by kind where no crew turns out."""
    return _MARKERS.get(site.crew, "o") if site.kind == "station" else _KIND_MARKERS.get(site.kind, "o")


def draw_roads(ax: Axes, network: RoadNetwork) -> None:
    """Draw the roads by class."""
    from matplotlib.collections import LineCollection

    groups = road_groups(network)
    for order, (group, (colour, width)) in enumerate(ROAD_STYLES.items()):
        lines = _coordinates(network.road_line[groups == group])
        ax.add_collection(
            LineCollection(lines, colors=colour, linewidths=width, capstyle="round", zorder=1 + order / 10),
            autolim=False,
        )


def draw_closed(ax: Axes, lines: Sequence[NDArray[np.float64]]) -> None:
    """Draw lines of vertices, shape (n_vertices, 2), as closed roads."""
    from matplotlib.collections import LineCollection

    for colour, width in (("#ffffff", 4.6), (CLOSED_COLOUR, 2.6)):
        ax.add_collection(LineCollection(lines, colors=colour, linewidths=width, zorder=2), autolim=False)


def frame_map(ax: Axes, box: tuple[float, float, float, float]) -> None:
    """Fix the extent to west, south, east and north in degrees, and draw scale and attribution."""
    fit(ax, box)
    draw_scale_and_source(ax)


def check_roads(network: RoadNetwork, closed_roads: Iterable[int]) -> None:
    """Raise `UnknownIdError` for a road that the network does not have."""
    if wrong := [road for road in closed_roads if not 0 <= road < network.n_roads]:
        raise UnknownIdError(f"closed road {wrong[0]}: expected 0 to {network.n_roads - 1}")


def _coordinates(lines: NDArray[np.object_]) -> list[NDArray[np.float64]]:
    return [shapely.get_coordinates(line) for line in lines]


def crowding(n_points: int) -> float:
    """Return the factor, from 0.15 to 1, by which the areas of markers shrink where points are many."""
    return min(max(300 / max(n_points, 1), 0.15), 1.0)


def _marker_area(points: pd.DataFrame) -> NDArray[np.float64]:
    """Areas of the markers in square points, 12 and up to 148 more in proportion to the people."""
    people = points["people"].to_numpy(np.float64)
    most = people.max(initial=0.0)
    area = 12 + 148 * people / most if most > 0 else np.full(len(people), 25.0)
    return area * crowding(len(people))


def extent(network: RoadNetwork, points: pd.DataFrame, sites: Sequence[PlanSite]) -> tuple[float, float, float, float]:
    """Return west, south, east and north in degrees of all there is, with a margin."""
    lon = [*points["lon"].to_numpy(np.float64), *(site.lon for site in sites if site.lon is not None)]
    lat = [*points["lat"].to_numpy(np.float64), *(site.lat for site in sites if site.lat is not None)]
    roads = shapely.total_bounds(network.road_line)
    west, south = float(np.nanmin([roads[0], *lon])), float(np.nanmin([roads[1], *lat]))
    east, north = float(np.nanmax([roads[2], *lon])), float(np.nanmax([roads[3], *lat]))
    pad_lon, pad_lat = 0.04 * max(east - west, 0.002), 0.04 * max(north - south, 0.002)
    return west - pad_lon, south - pad_lat, east + pad_lon, north + pad_lat


def fit(ax: Axes, box: tuple[float, float, float, float]) -> None:
    """Fix the extent to west, south, east and north in degrees, in true proportion, without ticks."""
    west, south, east, north = box
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.set_aspect(1 / math.cos(math.radians((south + north) / 2)))
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_facecolor("#faf9f6")
    for spine in ax.spines.values():
        spine.set_color("#bbbbbb")


def draw_scale_and_source(ax: Axes) -> None:
    """Draw a scale in whole kilometres or metres, and say whose data it is."""
    west, east = ax.get_xlim()
    south, north = ax.get_ylim()
    metres_per_degree = _METRES_PER_DEGREE * math.cos(math.radians((south + north) / 2))
    room = (east - west) * metres_per_degree / 4
    power = 10 ** math.floor(math.log10(room))
    length = max(step * power for step in (1, 2, 5) if step * power <= room)
    x, y = west + 0.03 * (east - west), south + 0.03 * (north - south)
    tall = 0.006 * (north - south)
    ax.plot(
        [x, x, x + length / metres_per_degree, x + length / metres_per_degree],
        [y + tall, y, y, y + tall],
        color="#222222",
        linewidth=1.4,
        solid_joinstyle="miter",
        zorder=6,
        scalex=False,
        scaley=False,
    )
    words = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    ax.text(x, y + 1.4 * tall, words, fontsize=8, va="bottom", color="#222222", zorder=6)
    ax.text(
        0.995,
        0.006,
        ATTRIBUTION,
        transform=ax.transAxes,
        ha="right",
        va="bottom",
        fontsize=7,
        color="#444444",
        zorder=6,
        bbox={"facecolor": "#ffffff", "edgecolor": "none", "alpha": 0.75, "pad": 1.2},
    )


def draw_names(ax: Axes, points: pd.DataFrame, sites: Sequence[PlanSite]) -> int:
    """Write the names of townships, by people, and of new sites if few, leaving out what would overlap.

    Returns
    -------
    int
        How many names were left out.
    """
    ax.apply_aspect()
    placed = [site for site in sites if site.lon is not None and site.lat is not None]
    half = 6 * dots_per_point(ax)
    centres = [ax.transData.transform((site.lon or 0.0, site.lat or 0.0)) for site in placed]
    taken = [(x - half, y - half, x + half, y + half) for x, y in centres]
    new, n_left = [site for site in placed if site.status != "existing"], 0
    if len(new) > _FEW_NEW_SITES:
        n_left = len(new)
    else:
        for site in new:
            n_left += not write_name(
                ax,
                (site.lon or 0.0, site.lat or 0.0),
                site.name,
                taken,
                size=7.5,
                colour="#1d3557",
                beside=True,
            )
    named = points[(points["township"] != "") & points["lon"].notna()]
    groups = sorted(named.groupby("township", sort=True), key=lambda pair: -float(pair[1]["people"].sum()))
    for name, rows in groups:
        centre = float(rows["lon"].mean()), float(rows["lat"].mean())
        n_left += not write_name(ax, centre, str(name), taken, size=9.5, colour="#222222", beside=False)
    return n_left


def dots_per_point(ax: Axes) -> float:
    """Return how many pixels a point of type is wide."""
    figure = ax.get_figure(root=True)
    return figure.dpi / 72 if figure is not None else 1.0


def write_name(
    ax: Axes,
    at: tuple[float, float],
    name: str,
    taken: list[tuple[float, float, float, float]],
    *,
    size: float,
    colour: str,
    beside: bool,
) -> bool:
    """Write a name at the first of a few places around a position where it overlaps no other; whether there is one."""
    from matplotlib.patheffects import withStroke

    words = drawable(name)
    if not words:
        return False
    x, y = ax.transData.transform(at)
    em = size * dots_per_point(ax)
    wide = em * sum(1.0 if ord(character) > 0x2E80 else 0.6 for character in words)
    shifts = [(0.0, 0.0), (0, 1.4), (0, -1.4), (0, 2.4), (0, -2.4)]
    if beside:
        half = wide / em / 2 + 1.0
        sides = [(half, 0.0), (-half, 0.0), (0, 1.6), (0, -1.6)]
        shifts = sides + [(side, up) for side in (half, -half) for up in (1.2, -1.2)]
    inside = ax.bbox
    for right, up in shifts:
        box = (x + right * em - wide / 2, y + (up - 0.6) * em, x + right * em + wide / 2, y + (up + 0.6) * em)
        free = all(box[2] < b[0] or b[2] < box[0] or box[3] < b[1] or b[3] < box[1] for b in taken)
        if free and inside.x0 < box[0] and box[2] < inside.x1 and inside.y0 < box[1] and box[3] < inside.y1:
            taken.append(box)
            ax.annotate(
                words,
                at,
                xytext=(right * size, up * size),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=size,
                color=colour,
                zorder=5,
                fontfamily=font_families(),
                path_effects=[withStroke(linewidth=2.4, foreground="#ffffff")],
            )
            return True
    return False


def site_handles(sites: Sequence[PlanSite], lang: Lang) -> list[Any]:
    """Return the legend's handles for sites, by crew and by whether they exist."""
    handles = []
    seen = {(site.kind != "station", _group_of(site, lang), site.status == "existing"): site for site in sites}
    for (_, name, exists), site in sorted(seen.items(), key=lambda pair: pair[0]):
        status = label("status", "existing" if exists else "candidate", lang)
        shown = drawable(name, otherwise="crew")
        words = f"{shown}（{status}）" if lang == "zh" else f"{shown} ({status})"
        handles.append(_dot(_marker(site), SITE_COLOURS["existing" if exists else "new"], words, 8))
    return handles


def _group_of(site: PlanSite, lang: Lang) -> str:
    """Name what a site is: its crew, or its kind where no crew turns out."""
    return label("crew", site.crew, lang) if site.kind == "station" else label("site_kind", site.kind, lang)


def _dot(marker: str, colours: tuple[str, str], words: str, size: float) -> Line2D:
    from matplotlib.lines import Line2D

    fill, edge = colours
    edge = SITE_COLOURS["existing"][0] if edge == "#ffffff" else edge
    return Line2D(
        [],
        [],
        linestyle="",
        marker=marker,
        markersize=size,
        markerfacecolor=fill,
        markeredgecolor=edge,
        label=words,
    )


def county_legend(
    network: RoadNetwork, views: Sequence[pd.DataFrame], sites: Sequence[PlanSite], closed: bool, lang: Lang
) -> list[Any]:
    """Return the legend's handles for what is on the map."""
    from matplotlib.lines import Line2D

    present = set(road_groups(network))
    states = {state for points in views for state in point_states(points)}
    handles = [
        _dot("o", POINT_COLOURS[state], label("point", state, lang), 7) for state in POINT_COLOURS if state in states
    ]
    handles += site_handles(sites, lang)
    handles += [
        Line2D([], [], color=colour, linewidth=max(width, 1.0), label=label("roads", group, lang))
        for group, (colour, width) in reversed(list(ROAD_STYLES.items()))
        if group in present
    ]
    if closed:
        handles.append(Line2D([], [], color=CLOSED_COLOUR, linewidth=2.6, label=label("roads", "closed", lang)))
    handles.append(Line2D([], [], linestyle="", label=text("legend_people", lang)))
    return handles
