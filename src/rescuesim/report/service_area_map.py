"""Service areas as a map: the roads reached within each limit, the ground along them, and the sites."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._words import ZONE_WORDS
from rescuesim.errors import InputError
from rescuesim.network import NetworkState, RoadNetwork
from rescuesim.plan import PlanSite
from rescuesim.report.county_map import (
    CLOSED_COLOUR,
    ROAD_STYLES,
    dots_per_point,
    draw_closed,
    draw_scale_and_source,
    draw_sites,
    fit,
    road_groups,
    site_handles,
    write_name,
)
from rescuesim.report.figures import own_axes
from rescuesim.report.fonts import drawable, figure_language, use_fonts
from rescuesim.report.labels import Lang, label
from rescuesim.travel.service_areas import ServiceArea
from rescuesim.travel.service_areas.intervals import united
from rescuesim.travel.service_areas.lines import drawn_stretches
from rescuesim.travel.service_areas.words import figures_in_words, limits_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_service_areas"]

_NEAR_TO_FAR = ("#a63603", "#2171b5", "#41a59a", "#807dba", "#8c8c8c")
_PALE = "#bcb7ae"
_NAMED_SITES = 20
_DESCRIBED = 4
_NEAREST_POINTS = 1.5  # what is nearest is seen at any scale
_ROAD_POINTS_KM = 14.0  # width of reached roads in points times that of the map in kilometres
_MARGIN = 0.06
_LEAST_CLOSED_M = 10.0
_LEAST_DEGREES = 0.002
_TEXT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "title": ("服务范围", "Service areas"),
        "far": ("{limit} 秒：{words}", "{limit} s: {words}"),
        "within": ("{limit} 秒内可达的道路", "roads reached in {limit} s"),
        "zones": ("{words}（{zones}）", "{words} ({zones})"),
        "ground": ("沿线范围（两侧至多 {width:g} 米）", "ground along them (up to {width:g} m)"),
        "other": ("其他道路", "other roads"),
        "nobody": ("无队伍能按标准到达", "no crew can keep the standard"),
    }
)


def plot_service_areas(
    areas: ServiceArea | Sequence[ServiceArea], *, lang: Lang = "zh", ax: Axes | None = None
) -> Axes:
    """Draw what sites reach: nearer limits over farther ones, other roads in grey.

    Parameters
    ----------
    areas : ServiceArea or sequence of ServiceArea
        Of one network and state; those with the same limits and zones share a colour.
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        The extent is that of what is reached and of the sites.

    Raises
    ------
    InputError
        If there are no areas, or areas of several networks or states.
    """
    areas = [areas] if isinstance(areas, ServiceArea) else list(areas)
    if not areas:
        raise InputError("service areas: expected at least one")
    network, state = areas[0].network, areas[0].state
    if any(area.network is not network or area.state is not state for area in areas):
        raise InputError("service areas: expected those of one network and state")
    spoken = figure_language(lang)
    own = ax is None
    ax = own_axes(9.0, 9.0) if ax is None else ax
    groups = _by_limit(areas)
    sites = _sites(areas)
    closed = _closed_lines(network, state)
    box = _extent(areas, sites)
    fit(ax, box)
    _draw_pale_roads(ax, network, box)
    if len(closed):
        draw_closed(ax, [shapely.get_coordinates(line) for line in closed])
    west, south, east, north = box
    wide_km = (east - west) * 111.32 * math.cos(math.radians((south + north) / 2))
    width = float(np.clip(_ROAD_POINTS_KM / wide_km, 0.7, 1.8))
    colours = [_NEAR_TO_FAR[min(rank, len(_NEAR_TO_FAR) - 1)] for rank in range(len(groups))]
    for rank, (group, colour) in enumerate(zip(groups.values(), colours, strict=True)):
        _draw_areas(
            ax,
            group,
            colour,
            width=width if rank else max(width, _NEAREST_POINTS),
            order=1.9 - 0.3 * rank / len(groups),
        )
    draw_sites(ax, sites, size=95 if width > 1 else 45)
    draw_scale_and_source(ax)
    ax.set_title(_title(areas, spoken), fontsize=11, linespacing=1.35)
    ax.legend(
        handles=_handles(groups, colours, sites, bool(len(closed)), areas[0].width_m, spoken),
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        ncols=2,
        frameon=False,
        fontsize=8.5,
    )
    use_fonts(ax)
    if own:
        ax.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    _draw_site_names(ax, sites)
    return ax


def _by_limit(areas: Sequence[ServiceArea]) -> dict[tuple[tuple[str, ...], float], list[ServiceArea]]:
    """Put the areas of the same zones and limit together, nearest first."""
    groups: dict[tuple[tuple[str, ...], float], list[ServiceArea]] = {}
    for area in sorted(areas, key=lambda area: area.limit_s):
        groups.setdefault((area.zones, area.limit_s), []).append(area)
    return groups


def _sites(areas: Sequence[ServiceArea]) -> list[PlanSite]:
    """Return the sites of all areas, each once."""
    found: dict[tuple[str, float, float], PlanSite] = {}
    for area in areas:
        table = area.sites
        assert table.lon is not None
        assert table.lat is not None
        for k, id_ in enumerate(table.ids):
            lon, lat = float(table.lon[k]), float(table.lat[k])
            site = PlanSite(
                id=id_, name=table.names[k], crew=table.crews[k], status=table.statuses[k], units=1, lon=lon, lat=lat
            )
            found.setdefault((id_, lon, lat), site)
    return list(found.values())


def _extent(areas: Sequence[ServiceArea], sites: Sequence[PlanSite]) -> tuple[float, float, float, float]:
    boxes = [shapely.total_bounds(area.lines.geometry.to_numpy()) for area in areas if len(area.stretches)]
    at = [(site.lon or 0.0, site.lat or 0.0) for site in sites]
    corners = np.array([*at, *(box[:2] for box in boxes), *(box[2:] for box in boxes)])
    corners = corners[np.isfinite(corners).all(axis=1)]
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
    wide = max(east - west, (north - south) / 2, _LEAST_DEGREES)
    tall = max(north - south, wide / 2, _LEAST_DEGREES)
    middle = (west + east) / 2, (south + north) / 2
    half = wide * (0.5 + _MARGIN), tall * (0.5 + _MARGIN)
    return middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]


def _draw_pale_roads(ax: Axes, network: RoadNetwork, box: tuple[float, float, float, float]) -> None:
    """Draw the roads that meet the extent, pale and narrow: the ground for what is drawn over them."""
    from matplotlib.collections import LineCollection

    west, south, east, north = box
    bounds = shapely.bounds(network.road_line)
    inside = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    groups = road_groups(network)
    for order, (group, (_, width)) in enumerate(ROAD_STYLES.items()):
        lines = [shapely.get_coordinates(line) for line in network.road_line[inside & (groups == group)]]
        ax.add_collection(
            LineCollection(lines, colors=_PALE, linewidths=0.5 * width**0.5, zorder=1 + order / 10), autolim=False
        )


def _closed_lines(network: RoadNetwork, state: NetworkState | None) -> NDArray[np.object_]:
    """Return the closed parts of roads, those of almost no length made long enough to be seen."""
    shut = [closure for closure in (state.closures if state is not None else ()) if closure.shuts]
    road = np.array([closure.road for closure in shut], dtype=np.int64)
    length = network.road_length_m[road]
    low = np.array([closure.from_m for closure in shut], dtype=np.float64)
    high = np.minimum(np.array([closure.to_m for closure in shut], dtype=np.float64), length)
    short = np.maximum(_LEAST_CLOSED_M - (high - low), 0.0) / 2
    parts = united(road, np.maximum(low - short, 0.0), np.minimum(high + short, length))
    return drawn_stretches(network, parts).lines()


def _draw_areas(ax: Axes, areas: Sequence[ServiceArea], colour: str, *, width: float, order: float) -> None:
    """Draw the ground and, over it, the roads."""
    from matplotlib.collections import LineCollection
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    for area in areas:
        rings = shapely.get_rings(shapely.get_parts(area.polygon))
        if len(rings):
            path = Path.make_compound_path(*(Path(shapely.get_coordinates(ring), closed=True) for ring in rings))
            ax.add_patch(PathPatch(path, facecolor=colour, edgecolor="none", alpha=0.22, zorder=order - 0.9))
        lines = [shapely.get_coordinates(line) for line in area.lines.geometry]
        ax.add_collection(
            LineCollection(lines, colors=colour, linewidths=width, capstyle="round", zorder=order), autolim=False
        )


def _title(areas: Sequence[ServiceArea], lang: Lang) -> str:
    """Name what is shown and, where there are few areas, how far each goes."""
    column = 0 if lang == "zh" else 1
    standard = next((area.standard for area in areas if area.standard), "")
    who = areas[0].sites.names[0] if len({area.sites.names for area in areas}) == 1 and len(areas[0].sites) == 1 else ""
    lines = [" · ".join(word for word in (_TEXT["title"][column], drawable(who), standard) if word)]
    if len(areas) <= _DESCRIBED:
        lines += [_TEXT["far"][column].format(limit=_limit(area), words=figures_in_words(area, lang)) for area in areas]
    return "\n".join(lines)


def _limit(area: ServiceArea) -> str:
    return limits_in_words(area) or "–"


def _handles(
    groups: Mapping[tuple[tuple[str, ...], float], list[ServiceArea]],
    colours: Sequence[str],
    sites: Sequence[PlanSite],
    closed: bool,
    width_m: float,
    lang: Lang,
) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    column = 0 if lang == "zh" else 1
    handles: list[Any] = []
    for ((zones, limit_s), group), colour in zip(groups.items(), colours, strict=True):
        words = _TEXT["within" if math.isfinite(limit_s) else "nobody"][column].format(limit=_limit(group[0]))
        if zones:
            named = ("、" if lang == "zh" else ", ").join(ZONE_WORDS[zone][column] for zone in zones)
            words = _TEXT["zones"][column].format(words=words, zones=named)
        handles.append(Line2D([], [], color=colour, linewidth=2.2, label=words))
    ground = _TEXT["ground"][column].format(width=width_m)
    handles.append(Patch(facecolor=colours[0], alpha=0.3, label=ground))
    handles += site_handles(sites, lang)
    handles.append(Line2D([], [], color=_PALE, linewidth=1.2, label=_TEXT["other"][column]))
    if closed:
        handles.append(Line2D([], [], color=CLOSED_COLOUR, linewidth=2.6, label=label("roads", "closed", lang)))
    return handles


def _draw_site_names(ax: Axes, sites: Sequence[PlanSite]) -> None:
    """Write the names of sites, if few, leaving out what would overlap."""
    if len(sites) > _NAMED_SITES:
        return
    ax.apply_aspect()
    half = 6 * dots_per_point(ax)
    centres = [ax.transData.transform((site.lon or 0.0, site.lat or 0.0)) for site in sites]
    taken = [(x - half, y - half, x + half, y + half) for x, y in centres]
    for site in sites:
        at = (site.lon or 0.0, site.lat or 0.0)
        write_name(ax, at, site.name, taken, size=8.0, colour="#1d3557", beside=True)
