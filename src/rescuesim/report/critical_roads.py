"""Critical roads for people: a map of who loses cover by which road, and the worst ones in words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim._words import in_language
from rescuesim.errors import InputError
from rescuesim.plan import PlanSite
from rescuesim.report.county_map import (
    ROAD_STYLES,
    dots_per_point,
    draw_scale_and_source,
    draw_sites,
    fit,
    road_group,
    site_handles,
)
from rescuesim.report.fonts import drawable, figure_language, font_families, use_fonts
from rescuesim.report.labels import Lang, count, label, percent

if TYPE_CHECKING:
    import geopandas
    from matplotlib.axes import Axes

__all__ = ["critical_roads_in_words", "plot_critical_roads"]

_LOSSES = (  # colour and width in points, least loss first
    ("#f2a65a", 1.8),
    ("#e8743b", 2.8),
    ("#cb2a2a", 4.0),
    ("#7a0c1e", 5.4),
)
_SAFE = "#cbc7bf"
Box = tuple[float, float, float, float]
_RINGS = (1.7, 2.8, 4.2, 6.0, 8.5, 11.5)  # how far off a road its name may stand, in letters
_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "title": ("这条路一断，多少人失去覆盖", "People who lose cover when a road closes"),
        "subtitle": (
            "逐条单独中断；路网完好时覆盖 {covered} 人",
            "each road closed alone; {covered} people are covered on intact roads",
        ),
        "legend": ("单条道路中断后失去覆盖的人数", "people who lose cover when this road alone is closed"),
        "at_least": ("{low} 人及以上", "{low} people or more"),
        "between": ("{low} 至不足 {high} 人", "{low} to under {high} people"),
        "below": ("不足 {high} 人", "under {high} people"),
        "some": ("有人失去覆盖", "some people"),
        "none": ("无人失去覆盖", "nobody"),
        "name": ("{rank}. {name} {people} 人", "{rank}. {name} {people}"),
        "no_name": ("无名道路", "unnamed road"),
        "road": ("道路 {road}", "road {road}"),
        "bridge": ("含桥梁", "with a bridge"),
        "tunnel": ("含隧道", "with a tunnel"),
        "summary": (
            "路网完好时覆盖 {covered} 人。{roads} 条道路逐条断开："
            "{harmful} 条一断就有人失去覆盖，其余 {safe} 条断开后无人失去覆盖。",
            "On intact roads {covered} people are covered. Of {roads} roads, each closed alone, {harmful} cost "
            "somebody cover; the other {safe} cost nobody.",
        ),
        "loss": (
            "{rank}. {name}（{about}）：这条路一断，{people} 人失去覆盖（占已覆盖人口的 {share}），"
            "共 {points} 个点：{names}{more}。",
            "{rank}. {name} ({about}): closed, it costs {people} people cover ({share} of those covered) in {points} "
            "points: {names}{more}.",
        ),
        "more": ("等", " and others"),
        "alike": ("其中 {n} 段，断任何一段都是如此。", " The same holds for any one of {n} stretches."),
        "locked_in": ("路段上的站点 {sites} 无法出动。", " Site {sites} on it cannot leave."),
        "km": ("{km} 公里", "{km} km"),
    }
)
_NEEDED = (
    *("road", "rank", "name", "road_class", "bridge", "tunnel", "length_m", "people_lost", "points_lost"),
    *("share_lost", "people_covered", "most_people_lost", "sites_on_road"),
)


def _say(key: str, lang: Lang, **values: object) -> str:
    return _WORDS[key][0 if lang == "zh" else 1].format(**values)


def _checked(frame: geopandas.GeoDataFrame) -> pd.DataFrame:
    """Return the rows by rank; refuse what `critical_roads` did not make."""
    if missing := [name for name in _NEEDED if name not in frame.columns]:
        raise InputError(f"column {missing[0]!r} is missing: expected the frame of critical_roads")
    if frame.empty:
        raise InputError("a frame without roads: expected the frame of critical_roads")
    rows: pd.DataFrame = frame.sort_values("rank", kind="stable").reset_index(drop=True)
    return rows


# --- in words ------------------------------------------------------------------------------------


def critical_roads_in_words(frame: geopandas.GeoDataFrame, *, lang: Lang = "zh", n: int = 10) -> str:
    """Say which roads cost the most people cover (这条路一断, 多少人失去覆盖), and what was not counted.

    Parameters
    ----------
    frame : GeoDataFrame
        Of `critical_roads`.
    lang : {'zh', 'en'}, optional
    n : int, optional
        How many losses to tell; stretches of one road that lose the same points count once.

    Returns
    -------
    str
        One line a statement.

    Raises
    ------
    InputError
        If the frame is not one of `critical_roads`.
    """
    rows = _checked(frame)
    harmful = rows[rows["points_lost"] > 0]
    covered = count(float(rows["people_covered"].iloc[0]))
    numbers = {"roads": len(rows), "harmful": len(harmful), "safe": len(rows) - len(harmful)}
    lines = [_say("summary", lang, covered=covered, **{name: count(value) for name, value in numbers.items()})]
    # a road of several stretches loses the same points by each
    alike = ["name", "people_lost", "points_lost", "most_people_lost", "sites_on_road"]
    stretches = harmful.groupby(alike, sort=False)["road"].transform("size")[~harmful.duplicated(alike)]
    for at, number in list(zip(stretches.index, stretches, strict=True))[:n]:
        lines.append(_loss_words(rows.loc[at], int(number), lang))
    return "\n".join([*lines, *(in_language(note, lang) for note in frame.attrs.get("notes", ()))])


def _km(length_m: float) -> str:
    """Write a length so that a short stretch is not nothing.

    Examples
    --------
    >>> _km(68.8), _km(131.9), _km(3120.4)
    ('0.07', '0.13', '3.1')
    """
    km = length_m / 1000
    return f"{km:.1f}" if km >= 1 else f"{max(km, 0.01):.2f}"


def _loss_words(row: pd.Series[Any], stretches: int, lang: Lang) -> str:
    names = str(row["most_people_lost"]).split("、")
    comma = "，" if lang == "zh" else ", "
    about = [label("roads", road_group(str(row["road_class"])), lang)]
    about += [_say(kind, lang) for kind in ("bridge", "tunnel") if row[kind]]
    about.append(_say("km", lang, km=_km(float(row["length_m"]))))
    about.append(_say("road", lang, road=row["road"]))
    said = _say(
        "loss",
        lang,
        rank=row["rank"],
        name=row["name"] or _say("no_name", lang),
        about=comma.join(about),
        people=count(float(row["people_lost"])),
        share=percent(float(row["share_lost"])),
        points=row["points_lost"],
        names=("、" if lang == "zh" else ", ").join(names),
        more=_say("more", lang) if int(row["points_lost"]) > len(names) else "",
    )
    if stretches > 1:
        said += _say("alike", lang, n=stretches)
    if row["sites_on_road"]:
        said += _say("locked_in", lang, sites=row["sites_on_road"])
    return said


# --- as a map ------------------------------------------------------------------------------------


def plot_critical_roads(
    frame: geopandas.GeoDataFrame,
    *,
    sites: Sequence[PlanSite] = (),
    n_named: int = 8,
    lang: Lang = "zh",
    ax: Axes | None = None,
) -> Axes:
    """Draw the roads by the people who lose cover when one closes, and name the worst.

    Parameters
    ----------
    frame : GeoDataFrame
        Of `critical_roads`.
    sites : sequence of PlanSite, optional
        Open sites to draw, such as ``Plan.today(sites).sites``.
    n_named : int, optional
        How many roads to name; stretches of one road that lose the same points are named once.
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If the frame is not one of `critical_roads`.
    """
    from rescuesim.report.figures import own_axes

    rows = _checked(frame.to_crs("EPSG:4326"))
    spoken = figure_language(lang)
    own = ax is None
    box = _box(rows, sites)
    ax = own_axes(8.5, _height(box, 8.5)) if ax is None else ax
    lost = rows["people_lost"].to_numpy(np.float64)
    edges = _edges(float(lost.max()))
    shade = np.where(rows["points_lost"] > 0, np.searchsorted(edges, lost, side="right"), -1)
    _draw_roads(ax, rows, shade, _styles(edges))
    draw_sites(ax, sites)
    fit(ax, box)
    draw_scale_and_source(ax)
    covered = _say("subtitle", spoken, covered=count(float(rows["people_covered"].iloc[0])))
    ax.set_title(f"{_say('title', spoken)}\n{covered}")
    ax.legend(
        handles=[*_legend(edges, spoken), *site_handles(sites, spoken)],
        title=_say("legend", spoken),
        title_fontsize=8,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        ncols=3,
        frameon=False,
        fontsize=8,
    )
    use_fonts(ax)
    if own:
        ax.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    _write_names(ax, rows[shade >= 0], sites, n_named, spoken)
    return ax


def _edges(most: float) -> list[float]:
    """Return where classes of loss begin, ascending: the largest of 1, 2, 5, 10, ... that are not above the most.

    Examples
    --------
    >>> _edges(13487.0), _edges(3.0), _edges(0.0)
    ([2000.0, 5000.0, 10000.0], [1.0, 2.0], [])
    """
    if most < 1:
        return []
    power = math.floor(math.log10(most))
    steps = [step * 10.0**k for k in (power - 1, power) for step in (1, 2, 5) if step * 10.0**k <= most]
    return [step for step in steps if step >= 1][1 - len(_LOSSES) :]


def _styles(edges: Sequence[float]) -> Sequence[tuple[str, float]]:
    """Return the colours and widths of the classes, the darkest for the last."""
    return _LOSSES[len(_LOSSES) - len(edges) - 1 :]


def _draw_roads(ax: Axes, rows: pd.DataFrame, shade: NDArray[np.int64], styles: Sequence[tuple[str, float]]) -> None:
    from matplotlib.collections import LineCollection

    lines = rows["geometry"].to_numpy()
    groups = np.array([road_group(str(name)) for name in rows["road_class"]])
    for order, (group, (_, width)) in enumerate(ROAD_STYLES.items()):
        thin = [shapely.get_coordinates(line) for line in lines[(groups == group) & (shade < 0)]]
        ax.add_collection(
            LineCollection(thin, colors=_SAFE, linewidths=0.7 * width, capstyle="round", zorder=1 + order / 10),
            autolim=False,
        )
    for number, (colour, width) in enumerate(styles):
        wide = [shapely.get_coordinates(line) for line in lines[shade == number]]
        ax.add_collection(
            LineCollection(wide, colors=colour, linewidths=width, capstyle="round", zorder=2 + number / 10),
            autolim=False,
        )


def _box(rows: pd.DataFrame, sites: Sequence[PlanSite]) -> Box:
    """Return west, south, east and north in degrees of roads and sites, with a margin."""
    placed = [(site.lon, site.lat) for site in sites if site.lon is not None and site.lat is not None]
    west, south, east, north = shapely.total_bounds([*rows["geometry"], *(shapely.Point(at) for at in placed)])
    across, up = 0.04 * max(east - west, 0.002), 0.04 * max(north - south, 0.002)
    return west - across, south - up, east + across, north + up


def _height(box: Box, width: float) -> float:
    """Return the height of a figure, in inches, that leaves little room empty."""
    west, south, east, north = box
    tall = (north - south) / ((east - west) * math.cos(math.radians((south + north) / 2)))
    return width * float(np.clip(tall, 0.5, 1.6)) + 1.5


def _legend(edges: Sequence[float], lang: Lang) -> list[Any]:
    from matplotlib.lines import Line2D

    words = [_say("below", lang, high=count(edges[0])) if edges else _say("some", lang)]
    words += [_say("between", lang, low=count(a), high=count(b)) for a, b in itertools.pairwise(edges)]
    words += [_say("at_least", lang, low=count(edges[-1]))] if edges else []
    handles = [
        Line2D([], [], color=colour, linewidth=width, label=word)
        for (colour, width), word in zip(_styles(edges), words, strict=True)
    ]
    return [*reversed(handles), Line2D([], [], color=_SAFE, linewidth=1.2, label=_say("none", lang))]


def _write_names(ax: Axes, rows: pd.DataFrame, sites: Iterable[PlanSite], n_named: int, lang: Lang) -> None:
    """Name the worst roads beside them, each at the first place where it hides no other name and no site."""
    ax.apply_aspect()
    first = rows[~rows.duplicated(["name", "people_lost", "points_lost", "most_people_lost"])].head(n_named)
    middles = [shapely.line_interpolate_point(line, 0.5, normalized=True) for line in first["geometry"]]
    anchors = [ax.transData.transform((place.x, place.y)) for place in middles]
    half = 6 * dots_per_point(ax)
    seats = [ax.transData.transform((s.lon, s.lat)) for s in sites if s.lon is not None and s.lat is not None]
    taken: list[Box] = [(x - half, y - half, x + half, y + half) for x, y in [*anchors, *seats]]
    for (_, row), place, anchor in zip(first.iterrows(), middles, anchors, strict=True):
        name = drawable(str(row["name"]), otherwise="") or _say("no_name", lang)
        words = _say("name", lang, rank=row["rank"], name=name, people=count(float(row["people_lost"])))
        ax.scatter([place.x], [place.y], s=13, c="#222222", edgecolors="#ffffff", linewidths=0.8, zorder=5)
        _write_beside(ax, (place.x, place.y), anchor, words, taken)


def _write_beside(ax: Axes, at: tuple[float, float], anchor: Any, words: str, taken: list[Box]) -> None:
    """Write words near a place, with a line to it, ring by ring until they overlap nothing; else leave them out."""
    from matplotlib.patheffects import withStroke

    size = 8.0
    em = size * dots_per_point(ax)
    wide = em * sum(1.0 if ord(character) > 0x2E80 else 0.6 for character in words)
    inside = ax.bbox
    for ring in _RINGS:
        for angle in np.arange(12) * math.pi / 6:
            right = math.cos(angle) * (ring + wide / em / 2)
            up = math.sin(angle) * ring
            x, y = anchor[0] + right * em, anchor[1] + up * em
            box = (x - wide / 2, y - 0.75 * em, x + wide / 2, y + 0.75 * em)
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
                    color="#222222",
                    zorder=6,
                    fontfamily=font_families(),
                    path_effects=[withStroke(linewidth=2.6, foreground="#ffffff")],
                    arrowprops={"arrowstyle": "-", "color": "#444444", "linewidth": 0.7, "shrinkA": 1, "shrinkB": 1},
                )
                return
