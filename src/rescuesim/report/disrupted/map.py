"""Maps of a disruption: what is shut and why, who is cut off, flooded, silent and dark, which sites can act."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.states import Closure
from rescuesim.plan import Plan, PlanSite
from rescuesim.report.county_map import (
    ROAD_STYLES,
    dots_per_point,
    draw_scale_and_source,
    draw_sites,
    extent,
    fit,
    road_groups,
    site_handles,
    write_name,
)
from rescuesim.report.disrupted.measures import DisruptionMeasures
from rescuesim.report.disrupted.villages import Course
from rescuesim.report.disrupted.words import STATE_WORDS
from rescuesim.report.figures import own_axes
from rescuesim.report.fonts import drawable, figure_language, use_fonts
from rescuesim.report.labels import Lang, count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_disruption", "plot_disruption_over_time", "write_disruption_maps"]

_DPI = 160
_CROWD = 120  # symbols of a kind from which on they are drawn smaller
_PALE = "#c4beb2"
_WATER, _EARTH, _QUAKE, _WOOD, _OTHER = "#1f78b4", "#8c510a", "#e7298a", "#1b7837", "#d7191c"
_CAUSES: Mapping[str, tuple[str, tuple[str, str]]] = MappingProxyType(  # colour, and words where several share it
    {
        _WATER: ("flood washout", ("积水、水毁", "flood, washout")),
        _EARTH: ("landslide debris_flow", ("滑坡、泥石流", "landslide, debris flow")),
        _QUAKE: ("shaking ground_displacement debris", ("震动、倒塌", "shaking, debris of buildings")),
        _WOOD: ("trees ice", ("倒树、覆冰", "trees, ice")),
        _OTHER: ("", ("其他原因", "other causes")),
    }
)
_LEVELS: Mapping[str, tuple[str, float, tuple[str, str]]] = MappingProxyType(  # marker, square points, words
    {
        "closed": ("X", 84, ("完全中断", "closed")),
        "on_foot": ("P", 74, ("只能步行", "on foot only")),
        "one_lane": ("o", 30, ("单车道", "one lane")),
        "passable": (".", 22, ("可通行", "passable")),
    }
)
_STATES: Mapping[str, dict[str, Any]] = MappingProxyType(  # drawn over each other, so that overlaps stay visible
    {
        "flooded": {"marker": "o", "s": 150, "c": "#6baed6", "linewidths": 0, "alpha": 0.75},
        "isolated": {"marker": "o", "s": 80, "facecolors": "none", "edgecolors": "#d7191c", "linewidths": 2.0},
        "dark": {"marker": "o", "s": 24, "c": "#222222", "linewidths": 0},
        "silent": {"marker": "x", "s": 62, "c": "#7b3294", "linewidths": 1.6},
    }
)
_TEXT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "title": ("{label} · 灾后 {hours:g} 小时", "{label} · {hours:g} h after the onset"),
        "cover": ("圈内 {now} 人（平时 {usual} 人）", "{now} people in the circles ({usual} on normal days)"),
        "feeders": ("供电馈线中断 {n}", "feeders out: {n}"),
        "towers": ("基站中断 {n}", "base stations out: {n}"),
        "covered": ("圈内的点", "point in its circle"),
        "uncovered": ("圈外的点", "point in no circle"),
        "out": ("站点无法出动", "site that nobody can leave"),
        "unheard": ("站点接不到指令", "site that no order reaches"),
        "power": ("停电乡镇", "township without power"),
        "village": ("{state}村社（{n}）", "{state} village ({n})"),
        "roads": ("道路{level}（{n}）", "road {level} ({n})"),
    }
)


def _say(key: str, lang: Lang, **values: object) -> str:
    return _TEXT[key][0 if lang == "zh" else 1].format(**values)


def plot_disruption(
    measures: DisruptionMeasures,
    network: RoadNetwork,
    *,
    disruption: str | None = None,
    at_s: float | None = None,
    lang: Lang = "zh",
    ax: Axes | None = None,
) -> Axes:
    """Draw one moment of a disruption.

    Parameters
    ----------
    measures : DisruptionMeasures
    network : RoadNetwork
    disruption : str, optional
        Label; the one that costs most person-hours of cover if absent.
    at_s : float, optional
        Seconds after the onset; the moment at which most people are cut off, silent or out of their circle if absent.
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        Closures by cause (colour) and level (symbol), points by state, sites by whether they can act, townships
        without power on grey.

    Raises
    ------
    UnknownIdError
        If there is no such disruption.
    InputError
        If the moment is outside the time that was looked at.
    """
    own = ax is None
    ax = own_axes(9.5, 8.9 / _width_to_height(measures, network) + 1.9) if ax is None else ax
    spoken = figure_language(lang)
    course = measures.course(_worst(measures) if disruption is None else disruption)
    row = _row_at(course, measures, at_s)
    handles = _draw(ax, measures, network, course, row, spoken, size=1.0)
    hours = (float(course.stretches.begin_s[row]) if at_s is None else at_s) / 3600
    ax.set_title(_title(course, measures, row, hours, spoken), fontsize=11, linespacing=1.4)
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=4, frameon=False, fontsize=8.5)
    use_fonts(ax)
    if own:
        ax.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    _name_townships(ax, measures, course, row, spoken)
    return ax


def plot_disruption_over_time(
    measures: DisruptionMeasures,
    network: RoadNetwork,
    *,
    disruption: str | None = None,
    at_h: Sequence[float] = (0, 6, 12, 24, 48, 72),
    lang: Lang = "zh",
) -> NDArray[np.object_]:
    """Draw several moments of a disruption side by side.

    Parameters
    ----------
    measures : DisruptionMeasures
    network : RoadNetwork
    disruption : str, optional
        As in `plot_disruption`.
    at_h : sequence of float, optional
        Hours after the onset; later ones than were looked at are left out.
    lang : {'zh', 'en'}, optional

    Returns
    -------
    ndarray of matplotlib Axes
        Three a row, on a figure of their own.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    spoken = figure_language(lang)
    course = measures.course(_worst(measures) if disruption is None else disruption)
    moments = [hours for hours in at_h if 0 <= hours * 3600 <= measures.until_s]
    if not moments:
        raise InputError(f"at_h {list(at_h)}: expected hours from 0 to {measures.until_s / 3600:g}")
    n_rows = math.ceil(len(moments) / 3)
    tall = 4.6 / _width_to_height(measures, network) + 0.55
    figure = Figure(figsize=(14.0, min(tall * n_rows + 1.1, 40.0)), layout="constrained", dpi=_DPI)
    FigureCanvasAgg(figure)
    grid = figure.subplots(n_rows, 3, squeeze=False)
    handles: list[Any] = []
    for ax, hours in zip(grid.flat, moments, strict=False):
        row = _row_at(course, measures, hours * 3600)
        _add_handles(handles, _draw(ax, measures, network, course, row, spoken, size=0.55, counted=False))
        ax.set_title(_title(course, measures, row, hours, spoken), fontsize=9.5, linespacing=1.35)
        use_fonts(ax)
    for ax in grid.flat[len(moments) :]:
        ax.set_visible(False)
    figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    _use_fonts_in_legends(figure)
    return np.asarray(grid)


def _add_handles(handles: list[Any], more: Sequence[Any]) -> None:
    """Add what a map shows and the maps before it did not, each after what it stands behind there."""
    known = [handle.get_label() for handle in handles]
    place = 0
    for handle in more:
        if handle.get_label() in known:
            place = known.index(handle.get_label()) + 1
        else:
            handles.insert(place, handle)
            known.insert(place, handle.get_label())
            place += 1


def _use_fonts_in_legends(figure: Any) -> None:
    """Set the fonts of the legends that stand on the figure itself."""
    from rescuesim.report.fonts import font_families

    for legend in figure.legends:
        for words in legend.get_texts():
            words.set_fontfamily(font_families())


def write_disruption_maps(
    measures: DisruptionMeasures, network: RoadNetwork, folder: Path | str, *, lang: Lang = "zh"
) -> tuple[Path, ...]:
    """Write, for each disruption, its worst moment and its course over the time looked at as PNG.

    Parameters
    ----------
    measures : DisruptionMeasures
    network : RoadNetwork
    folder : path
    lang : {'zh', 'en'}, optional

    Returns
    -------
    tuple of Path
        ``<number>_<label>.png`` and ``<number>_<label>_over_time.png``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, label in enumerate(measures.summary["disruption"], 1):
        safe = "".join(character if character.isalnum() else "_" for character in str(label))
        one = plot_disruption(measures, network, disruption=label, lang=lang)
        several = plot_disruption_over_time(measures, network, disruption=label, lang=lang).flat[0]
        drawn: list[tuple[str, Any]] = [("", one), ("_over_time", several)]
        for ending, axes in drawn:
            path = folder / f"{number:03d}_{safe}{ending}.png"
            axes.get_figure(root=True).savefig(path, dpi=_DPI)
            made.append(path)
    return tuple(made)


def _worst(measures: DisruptionMeasures) -> str:
    return str(measures.summary["disruption"].iloc[int(measures.summary["person_hours_lost"].to_numpy().argmax())])


def _row_at(course: Course, measures: DisruptionMeasures, at_s: float | None) -> int:
    """Return the stretch of a moment, or the worst one."""
    if at_s is None:
        hit = course.states[0] | course.states[2] | (measures.places.normal & ~course.covered)
        return int((hit @ measures.places.demand.people).argmax())
    if not 0 <= at_s <= measures.until_s:
        raise InputError(f"at_s {at_s}: expected from 0 to {measures.until_s:g} s, the time that was looked at")
    return int(np.searchsorted(course.stretches.begin_s, at_s, side="right")) - 1


def _title(course: Course, measures: DisruptionMeasures, row: int, hours: float, lang: Lang) -> str:
    people, disruption = measures.places.demand.people, course.stretches.disruption
    at_s = float(course.stretches.begin_s[row])
    power = {one.area for one in disruption.power if one.from_s <= at_s < one.until_s}
    towers = {one.asset for one in disruption.assets if one.kind == "base_station" and one.from_s <= at_s < one.until_s}
    now, usual = (float(people[held].sum()) for held in (course.covered[row], measures.places.normal))
    lines = [_say("title", lang, label=drawable(disruption.label), hours=round(hours, 1))]
    lines.append(_say("cover", lang, now=count(now), usual=count(usual)))
    out = [_say(key, lang, n=len(ids)) for key, ids in (("feeders", power), ("towers", towers)) if ids]
    if out:
        lines[-1] += ("；" if lang == "zh" else "; ") + ("，" if lang == "zh" else ", ").join(out)
    return "\n".join(lines)


def _open_sites(measures: DisruptionMeasures) -> tuple[PlanSite, ...]:
    sites = measures.places.sites
    return Plan.from_opened(sites, sites.ids).sites


def _points(measures: DisruptionMeasures) -> pd.DataFrame:
    demand = measures.places.demand
    return pd.DataFrame({"lon": demand.lon, "lat": demand.lat})


def _frame(measures: DisruptionMeasures, network: RoadNetwork) -> tuple[float, float, float, float]:
    """Return the part of the network in which anything lies: points, sites, closures, and a margin."""
    west, south, east, north = extent(network, _points(measures), _open_sites(measures))
    sites, points = _open_sites(measures), _points(measures)
    every = [measures.course(str(label)).stretches.disruption for label in measures.summary["disruption"]]
    shut = {one.closure.road for disruption in every for one in disruption.roads}
    on_roads = shapely.get_coordinates(network.road_line[sorted(shut)]) if shut else np.empty((0, 2))
    placed = [(site.lon, site.lat) for site in sites if site.lon is not None and site.lat is not None]
    lon = np.concatenate([points["lon"], [x for x, _ in placed], on_roads[:, 0]])
    lat = np.concatenate([points["lat"], [y for _, y in placed], on_roads[:, 1]])
    margin = 0.04 * max(float(np.ptp(lon)), float(np.ptp(lat)), 0.01)
    return (
        max(west, float(lon.min()) - margin),
        max(south, float(lat.min()) - margin),
        min(east, float(lon.max()) + margin),
        min(north, float(lat.max()) + margin),
    )


def _width_to_height(measures: DisruptionMeasures, network: RoadNetwork) -> float:
    west, south, east, north = _frame(measures, network)
    return (east - west) * math.cos(math.radians((south + north) / 2)) / (north - south)


def _draw(
    ax: Axes,
    measures: DisruptionMeasures,
    network: RoadNetwork,
    course: Course,
    row: int,
    lang: Lang,
    *,
    size: float,
    counted: bool = True,
) -> list[Any]:
    """Draw all but title and names; return the handles of the legend."""
    demand, sites = measures.places.demand, _open_sites(measures)
    handles = _draw_ground(ax, measures, network, course, row, lang)
    covered = course.covered[row]
    assert demand.lon is not None
    assert demand.lat is not None
    for name, held, colour in (("uncovered", ~covered, "#c9c2b6"), ("covered", covered, "#7fbf9a")):
        style: dict[str, Any] = {"marker": "o", "s": 16 * size, "c": colour, "linewidths": 0}
        ax.scatter(demand.lon[held], demand.lat[held], zorder=2, **style)
        handles.append(_dot(_say(name, lang), style))
    for name, drawn in _STATES.items():
        states = course.states[list(STATE_WORDS).index(name)][row] & measures.places.village
        crowd = size * _thinned(int(states.sum()))
        scaled = {**drawn, "s": drawn["s"] * crowd, "linewidths": drawn["linewidths"] * max(crowd, 0.45)}
        ax.scatter(demand.lon[states], demand.lat[states], zorder=3.2, **scaled)
        words = STATE_WORDS[name][0 if lang == "zh" else 1]
        if counted or states.any():  # a map of its own says that there are none
            handles.append(_dot(_village(words, int(states.sum()), counted, lang), drawn))
    handles += _draw_closures(ax, network, course, row, lang, size, counted)
    draw_sites(ax, sites, size=60 * size)
    handles += site_handles(sites, lang)
    orders = course.stretches.orders[row]
    for key, ids, colour in (("out", orders.unusable, "#d7191c"), ("unheard", orders.silent, "#7b3294")):
        at = [(site.lon, site.lat) for site in sites if site.id in ids]
        ring: dict[str, Any] = {"marker": "s", "s": 170, "facecolors": "none", "edgecolors": colour, "linewidths": 1.8}
        if at:
            ax.scatter(*zip(*at, strict=True), zorder=4.5, **{**ring, "s": 170 * size})
            handles.append(_dot(_say(key, lang), ring))
    fit(ax, _frame(measures, network))
    draw_scale_and_source(ax)
    return handles


def _thinned(n: int) -> float:
    """Return how much smaller symbols are drawn where there are so many that they cover each other."""
    return min(1.0, max(math.sqrt(_CROWD / max(n, 1)), 0.5))


def _village(words: str, n: int, counted: bool, lang: Lang) -> str:
    said = _say("village", lang, state=words, n=n)
    return said if counted else said.replace(f"（{n}）", "").replace(f" ({n})", "")


def _draw_ground(
    ax: Axes, measures: DisruptionMeasures, network: RoadNetwork, course: Course, row: int, lang: Lang
) -> list[Any]:
    """Draw pale roads, and grey ground around the points of townships without power."""
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Patch

    groups = road_groups(network)
    for group, (_, width) in ROAD_STYLES.items():
        lines = [shapely.get_coordinates(line) for line in network.road_line[groups == group]]
        ax.add_collection(LineCollection(lines, colors=_PALE, linewidths=0.75 * width**0.7, zorder=1), autolim=False)
    demand, dark = measures.places.demand, course.states[3][row]
    townships = np.array(demand.townships, dtype=object)
    out = [name for name in measures.places.names[1:] if dark[townships == name].all()]
    assert demand.lon is not None
    assert demand.lat is not None
    hulls = []
    for name in out:
        chosen = townships == name
        places = shapely.MultiPoint(np.column_stack([demand.lon[chosen], demand.lat[chosen]]))
        hulls.append(places.convex_hull.buffer(0.004))
    if hulls:  # as one ground: where neighbours' hulls overlap nothing is darker
        _shade(ax, shapely.union_all(np.array(hulls, dtype=object)))
    return [Patch(color="#555555", alpha=0.25, linewidth=0, label=_say("power", lang))] if out else []


def _shade(ax: Axes, ground: Any) -> None:
    """Draw polygons in grey, with their holes."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    for part in shapely.get_parts(ground).tolist():
        rings = [Outline(shapely.get_coordinates(ring), closed=True) for ring in shapely.get_rings(part).tolist()]
        outline = Outline.make_compound_path(*rings)
        ax.add_patch(PathPatch(outline, color="#555555", alpha=0.18, linewidth=0, zorder=0.5))


def _draw_closures(
    ax: Axes, network: RoadNetwork, course: Course, row: int, lang: Lang, size: float, counted: bool
) -> list[Any]:
    """Draw closures as lines with a symbol in their middle: colour by cause, symbol by level."""
    from matplotlib.collections import LineCollection

    at_s = float(course.stretches.begin_s[row])
    now = [one for one in course.stretches.disruption.roads if one.from_s <= at_s < one.until_s]
    column = 0 if lang == "zh" else 1
    handles: list[Any] = []
    lines = [_part(network, one.closure) for one in now]
    middles = np.array([shapely.get_coordinates(line.interpolate(0.5, normalized=True))[0] for line in lines])
    colours = [_colour(one.cause) for one in now]
    shapes = [shapely.get_coordinates(line) for line in lines]
    ax.add_collection(LineCollection(shapes, colors=colours, linewidths=2.4 * size, zorder=2.5), autolim=False)
    for level, (marker, area, words) in _LEVELS.items():
        chosen = [k for k, one in enumerate(now) if one.closure.level == level]
        if not chosen:
            continue
        style: dict[str, Any] = {"marker": marker, "s": area, "edgecolors": "#ffffff", "linewidths": 0.6}
        # what is shut stands over the sites: one bridge in a town is what the map is about
        scaled = {**style, "s": area * max(size, 0.8) * _thinned(len(now))}
        x, y = middles[chosen].T
        ax.scatter(
            x, y, c=[colours[k] for k in chosen], zorder=4.3 if level in ("closed", "on_foot") else 3.6, **scaled
        )
        said = _say("roads", lang, level=words[column], n=len(chosen))
        said = said if counted else said.replace(f"（{len(chosen)}）", "").replace(f" ({len(chosen)})", "")
        handles.append(_dot(said, {**style, "c": "#666666"}))
    for colour, (_, words_of) in _CAUSES.items():
        if colour in colours:
            handles.append(_dot(words_of[column], {"marker": "s", "s": 60, "c": colour, "linewidths": 0}))
    return handles


def _colour(cause: str) -> str:
    return next((colour for colour, (causes, _) in _CAUSES.items() if cause in causes.split()), _OTHER)


def _part(network: RoadNetwork, closure: Closure) -> Any:
    """Return the closed part of a road as a line, in degrees."""
    line, length = network.road_line[closure.road], float(network.road_length_m[closure.road])
    shares = [min(at / length, 1.0) if length > 0 else 0.0 for at in (closure.from_m, closure.to_m)]
    begin, end = (share * shapely.length(line) for share in shares)
    from shapely.ops import substring

    return substring(line, begin, end)


def _dot(words: str, style: Mapping[str, Any]) -> Any:
    from matplotlib.lines import Line2D

    edge = style.get("edgecolors", style.get("c"))
    return Line2D(
        [],
        [],
        linestyle="",
        marker=style["marker"],
        markersize=min(math.sqrt(style["s"]), 10),
        markerfacecolor=style.get("c", "none"),
        markeredgecolor=edge,
        markeredgewidth=style["linewidths"],
        label=words,
    )


def _name_townships(ax: Axes, measures: DisruptionMeasures, course: Course, row: int, lang: Lang) -> None:
    """Write the names of townships, and whether most of their points are dark or silent; those that are hit first."""
    ax.apply_aspect()
    demand = measures.places.demand
    assert demand.lon is not None
    assert demand.lat is not None
    townships, hit = np.array(demand.townships, dtype=object), course.states[:, row].any(axis=0)
    half = 6 * dots_per_point(ax)
    centres = [ax.transData.transform((site.lon or 0.0, site.lat or 0.0)) for site in _open_sites(measures)]
    taken = [(x - half, y - half, x + half, y + half) for x, y in centres]
    groups = [(name, townships == name) for name in measures.places.names[1:]]
    for name, chosen in sorted(groups, key=lambda one: -float((demand.people * (1 + 9 * hit))[one[1]].sum())):
        at = float(np.median(demand.lon[chosen])), float(np.median(demand.lat[chosen]))
        suffered = [
            STATE_WORDS[state][0 if lang == "zh" else 1]
            for state in ("dark", "silent")
            if course.states[list(STATE_WORDS).index(state), row][chosen].mean() >= 0.5
        ]
        said = f"（{'、'.join(suffered)}）" if lang == "zh" else f" ({', '.join(suffered)})"
        words = name + (said if suffered else "")
        write_name(ax, at, words, taken, size=9.5, colour="#222222", beside=False)
