"""Maps of routes: the ways between two places, and where every village goes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rescuesim._words import in_language
from rescuesim.errors import UnknownIdError
from rescuesim.network import NetworkState
from rescuesim.report.county_map import (
    CLOSED_COLOUR,
    crowding,
    draw_closed,
    draw_roads,
    frame_map,
    write_name,
)
from rescuesim.report.figures import own_axes
from rescuesim.report.fonts import drawable, figure_language, use_fonts
from rescuesim.report.labels import Lang, count, label, reason_words, text
from rescuesim.travel import EvacuationRoutes, Route, Routes
from rescuesim.travel.routing.evacuated import EvacuationState, arriving
from rescuesim.travel.routing.lines import RoadLines
from rescuesim.travel.routing.words import distance_words, duration_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_routes"]

_WAYS = ("#2166ac", "#7b3294", "#e08214", "#1b7837", "#8c510a")  # the fastest first
_USUAL, _CHANGED = "#2166ac", "#e08214"
_REACHED, _CUT_OFF = ("#1b9e77", "#0f5e47"), ("none", "#d7191c")  # fill and edge
_SHELTER, _OVER, _EMPTY = ("#ffe14d", "#1d3557"), ("#ffe14d", "#d7191c"), ("#e3e3e3", "#8a8a8a")
_HALO = "#ffffff"
_LEAST_SPAN_DEG = 0.004  # a map is at least some 400 m wide
_MOST_NAMES = 25


def plot_routes(
    routes: Routes | EvacuationRoutes, *, state: int = 0, lang: Lang = "zh", ax: Axes | None = None
) -> Axes:
    """Draw the ways between two places, or where every village goes, in one state.

    Parameters
    ----------
    routes : Routes or EvacuationRoutes
    state : int, optional
        Of `Routes`, the place of the state; of `EvacuationRoutes`, the number of its tables: 0 for intact roads.
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        Closed sections are drawn as far as they reach. The more people are moved on a stretch, the wider it is.

    Raises
    ------
    UnknownIdError
        If there is no such state.
    """
    known = len(routes) if isinstance(routes, Routes) else len(routes.every_state)
    if not 0 <= state < known:
        raise UnknownIdError(f"state {state}: expected 0 to {known - 1}")
    spoken = figure_language(lang)
    own = ax is None
    bounds = _ways_bounds(routes[state], routes.ends) if isinstance(routes, Routes) else _county_bounds(routes)
    ax = own_axes(8.5, 8.5 / _width_to_height(bounds) + 1.3) if ax is None else ax
    if isinstance(routes, Routes):
        names = _draw_ways(ax, routes, state, spoken)
    else:
        names = _draw_evacuation(ax, routes, state, spoken)
    frame_map(ax, bounds)
    use_fonts(ax)
    if own:
        ax.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    _write_names(ax, names)
    return ax


_Names = list[tuple[tuple[float, float], str, str]]  # position, name, colour
Bounds = tuple[float, float, float, float]  # west, south, east, north


def _write_names(ax: Axes, names: _Names) -> None:
    """Write names beside their places, leaving out what would overlap."""
    ax.apply_aspect()
    figure = ax.get_figure(root=True)
    half = 6 * (figure.dpi / 72 if figure is not None else 1.0)
    centres = [ax.transData.transform(at) for at, _, _ in names]
    taken = [(x - half, y - half, x + half, y + half) for x, y in centres]
    for at, name, colour in names[:_MOST_NAMES]:
        write_name(ax, at, name, taken, size=8, colour=colour, beside=True)


def _closed_lines(routes: Routes | EvacuationRoutes, state: NetworkState | None) -> list[NDArray[np.float64]]:
    """Return the closed sections of a state."""
    shut = [closure for closure in (state.closures if state is not None else ()) if closure.shuts]
    lines = RoadLines(routes.network, np.array([closure.road for closure in shut], dtype=np.int64))
    return [lines.part(closure.road, closure.from_m, closure.to_m) for closure in shut]


def _draw_closures(ax: Axes, closed: list[NDArray[np.float64]]) -> None:
    """Draw closed sections, and a cross on each: most are far too short to be seen on the map of a county."""
    draw_closed(ax, closed)
    middles = [
        shapely.LineString(part).interpolate(0.5, normalized=True) if len(part) > 1 else shapely.Point(part[0])
        for part in closed
    ]
    ax.scatter(
        [middle.x for middle in middles],
        [middle.y for middle in middles],
        s=60,
        c=CLOSED_COLOUR,
        edgecolors=_HALO,
        linewidths=1.0,
        marker="X",
        zorder=3.5,  # villages are many, closures few
    )


def _draw_lines(
    ax: Axes,
    lines: list[NDArray[np.float64]],
    colour: str,
    width: float | NDArray[np.float64],
    zorder: float,
    style: str = "-",
) -> None:
    from matplotlib.collections import LineCollection

    wide = np.broadcast_to(np.asarray(width, dtype=np.float64), (len(lines),))
    for shade, more in ((_HALO, 2.0), (colour, 0.0)):
        ax.add_collection(
            LineCollection(
                lines,
                colors=shade,
                linewidths=wide + more,
                linestyles="-" if more else style,
                capstyle="round" if style == "-" or more else "butt",
                zorder=zorder if more else zorder + 0.05,
            ),
            autolim=False,
        )


def _handle(**options: Any) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], **options)


def _dot(marker: str, colours: tuple[str, str], words: str, size: float = 8) -> Any:
    return _handle(
        linestyle="",
        marker=marker,
        markersize=size,
        markerfacecolor=colours[0],
        markeredgecolor=colours[1],
        label=words,
    )


def _legend(ax: Axes, handles: list[Any]) -> None:
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=3, frameon=False, fontsize=8.5)


# --- between two places --------------------------------------------------------------------------


def _draw_ways(ax: Axes, routes: Routes, state: int, lang: Lang) -> _Names:
    """Draw the fastest way, the others behind it, and the two places."""
    first = routes[state]
    ways = (first, *first.alternatives)
    closed = _closed_lines(routes, routes.states[state] if routes.states is not None else None)
    draw_roads(ax, routes.network)
    _draw_closures(ax, closed)
    for rank in range(len(ways) - 1, -1, -1):
        way = ways[rank]
        if not way.geometry.is_empty:
            width, style = (3.4, "-") if rank == 0 else (2.6, (0, (4, 1.2)))
            colour = _WAYS[min(rank, len(_WAYS) - 1)]
            _draw_lines(ax, [shapely.get_coordinates(way.geometry)], colour, width, 3.5 - rank / 10, style)  # type: ignore[arg-type]
    legs = [shapely.get_coordinates(leg) for leg in (first.access_from, first.access_to) if not leg.is_empty]
    _draw_lines(ax, legs, "#555555", 1.4, 3.6, ":")
    for place, marker, fill in zip(routes.ends, ("o", "s"), ("#ffffff", "#1d3557"), strict=True):
        ax.scatter(*place, s=70, c=fill, edgecolors="#1d3557", linewidths=1.6, zorder=4, marker=marker)
    ax.set_title(_way_title(first, lang))
    handles = [
        _dot("o", ("#ffffff", "#1d3557"), label("route", "from", lang)),
        _dot("s", ("#1d3557",) * 2, label("route", "to", lang)),
    ]
    for rank, way in enumerate(ways if first.reachable else ()):
        name = label("route", "alternative" if rank else "fastest", lang)
        name = f"{name} {rank}" if len(ways) > 2 and rank else name
        colour, style = _WAYS[min(rank, len(_WAYS) - 1)], "-" if rank == 0 else "--"
        handles.append(_handle(color=colour, linestyle=style, linewidth=3, label=_timed(name, way, lang)))
    if legs:
        handles.append(_handle(color="#555555", linestyle=":", linewidth=1.6, label=label("route", "access", lang)))
    if closed:
        handles.append(
            _handle(
                color=CLOSED_COLOUR,
                linewidth=2.6,
                marker="X",
                markeredgecolor=_HALO,
                markersize=9,
                label=label("route", "closed", lang),
            )
        )
    _legend(ax, handles)
    return []


def _timed(name: str, way: Route, lang: Lang) -> str:
    between = "：" if lang == "zh" else ": "
    return f"{name}{between}{in_language(duration_words(way.travel_time_s), lang)}"


def _way_title(way: Route, lang: Lang) -> str:
    if way.reachable:
        time, far = (
            in_language(words, lang) for words in (duration_words(way.travel_time_s), distance_words(way.length_m))
        )
        said = text("route_title", lang, time=time, far=far)
    else:
        said = reason_words(way.reason, lang)
    return f"{drawable(way.state, otherwise='state')}\n{said}" if way.state else said


def _ways_bounds(way: Route, ends: tuple[tuple[float, float], tuple[float, float]]) -> Bounds:
    lines = [shapely.get_coordinates(one.geometry) for one in (way, *way.alternatives)]
    return _bounds([*lines, np.array(ends)])


def _county_bounds(found: EvacuationRoutes) -> Bounds:
    villages, sites = _places(found)
    near = [villages[found.village_snap.in_range], sites[found.shelter_snap.in_range]]  # a slip is not on the map
    return _bounds([shapely.get_coordinates(found.network.road_line), *near])


def _width_to_height(bounds: Bounds) -> float:
    west, south, east, north = bounds
    return (east - west) * math.cos(math.radians((south + north) / 2)) / (north - south)


def _bounds(parts: list[NDArray[np.float64]]) -> Bounds:
    """Return west, south, east and north of some vertices, with a margin, and neither side too short for a map."""
    vertices = np.concatenate([part.reshape(-1, 2) for part in parts])
    middle, span = (vertices.min(axis=0) + vertices.max(axis=0)) / 2, np.ptp(vertices, axis=0)
    scale = math.cos(math.radians(float(middle[1])))
    least = max(_LEAST_SPAN_DEG, 0.5 * float(max(span[0] * scale, span[1])))
    half = np.maximum(span, [least / scale, least]) * 0.6
    (west, south), (east, north) = middle - half, middle + half
    return float(west), float(south), float(east), float(north)


# --- evacuation ----------------------------------------------------------------------------------


def _draw_evacuation(ax: Axes, found: EvacuationRoutes, number: int, lang: Lang) -> _Names:
    """Draw the stretches that people are moved on, villages and shelters."""
    state = found.every_state[number]
    closed = _closed_lines(found, state.network_state)
    draw_roads(ax, found.network)
    _draw_closures(ax, closed)
    drawn = _draw_flows(ax, found, state)
    handles = _draw_villages(ax, found, state, lang) + _draw_shelters(ax, found, state, lang)
    for changed, colour in ((False, _USUAL), (True, _CHANGED)):
        if drawn[changed]:
            handles.append(
                _handle(color=colour, linewidth=3, label=label("route", "changed" if changed else "usual", lang))
            )
    if closed:
        handles.append(
            _handle(
                color=CLOSED_COLOUR,
                linewidth=2.6,
                marker="X",
                markeredgecolor=_HALO,
                markersize=9,
                label=label("route", "closed", lang),
            )
        )
    handles += [
        _handle(linestyle="", label=label("route", "people_width", lang)),
        _handle(linestyle="", label=text("legend_people", lang)),
    ]
    villages, sites = _places(found)
    name = label("route", "intact", lang) if number == 0 else drawable(state.label, otherwise=f"state {number}")
    people = found.villages.people
    reached, cut = (count(float(people[held].sum())) for held in (state.reached, ~state.reached))
    said = text("evacuation_title", lang, reached=reached, points=int((~state.reached).sum()), cut=cut)
    ax.set_title(f"{name}\n{said}" if name else said)
    _legend(ax, handles)
    shelters = [
        ((float(x), float(y)), name, "#1d3557") for (x, y), name in zip(sites, found.shelter_names, strict=True)
    ]
    missed = np.flatnonzero(~state.reached)
    missed = missed[np.argsort(-people[missed], kind="stable")]
    return shelters + [
        ((float(villages[at, 0]), float(villages[at, 1])), found.villages.names[at], "#a50f15")
        for at in missed.tolist()
    ]


def _places(found: EvacuationRoutes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return longitude and latitude of villages and shelters."""
    villages, sites = found.villages, found.shelters
    assert villages.lon is not None
    assert villages.lat is not None
    assert sites.lon is not None
    assert sites.lat is not None
    return np.column_stack([villages.lon, villages.lat]), np.column_stack([sites.lon, sites.lat])[found.chosen]


def _draw_flows(ax: Axes, found: EvacuationRoutes, state: EvacuationState) -> tuple[bool, bool]:
    """Draw each stretch once, as wide as there are people on it; say which of the two colours were used."""
    graph = found.graph
    people, changed = np.zeros(len(graph.road)), np.zeros(len(graph.road), dtype=np.bool_)
    other = np.isin(state.changes, ("detour", "other_shelter"))
    for village in np.flatnonzero(state.reached).tolist():
        path = found.path(state, village)
        people[path] += found.villages.people[village]
        changed[path] |= other[village]
    used = np.zeros(len(graph.road), dtype=np.bool_)
    for village in np.flatnonzero(state.reached).tolist():
        used[found.path(state, village)] = True
    lines = RoadLines(found.network, graph.road[used].astype(np.int64))
    most = max(float(people.max(initial=0.0)), 1.0)
    for order, (held, colour) in enumerate(((used & ~changed, _USUAL), (used & changed, _CHANGED))):
        pieces = np.flatnonzero(held)
        width = 1.0 + 4.5 * np.sqrt(people[pieces] / most)
        _draw_lines(ax, [lines.piece(graph, piece) for piece in pieces.tolist()], colour, width, 2.2 + order / 10)
    return bool((used & ~changed).any()), bool(changed.any())


def _draw_villages(ax: Axes, found: EvacuationRoutes, state: EvacuationState, lang: Lang) -> list[Any]:
    places, people = _places(found)[0], found.villages.people
    area = (14 + 110 * people / max(float(people.max(initial=0.0)), 1.0)) * crowding(len(people))
    handles = []
    # a ring that a cross does not hide
    rings = np.maximum(area, 130.0)
    for key, held, colours, size, order in (
        ("reached", state.reached, _REACHED, area, 3.0),
        ("cut_off", ~state.reached, _CUT_OFF, rings, 3.6),
    ):
        ax.scatter(
            places[held, 0],
            places[held, 1],
            s=size[held],
            c=colours[0],
            edgecolors=colours[1],
            linewidths=1.2,
            zorder=order,
        )
        if held.any():
            handles.append(_dot("o", colours, label("route", key, lang), 7))
    return handles


def _draw_shelters(ax: Axes, found: EvacuationRoutes, state: EvacuationState, lang: Lang) -> list[Any]:
    places, people = _places(found)[1], arriving(found, state)
    out_of_use = state.network_state.unusable_sites if state.network_state is not None else frozenset[str]()
    unused = np.array([id_ in out_of_use for id_ in found.shelter_ids]) | ~found.shelter_snap.in_range
    unused |= found.graph.closed_points(state.network_state)[: len(unused)]
    over = people > found.capacity
    handles = []
    for key, held, colours in (
        ("shelter", ~unused & ~over, _SHELTER),
        ("over_capacity", over, _OVER),
        ("out_of_use", unused, _EMPTY),
    ):
        ax.scatter(
            places[held, 0],
            places[held, 1],
            s=130,
            c=colours[0],
            edgecolors=colours[1],
            linewidths=1.8,
            zorder=4,
            marker="P",
        )
        if held.any():
            handles.append(_dot("P", colours, label("route", key, lang), 10))
    return handles
