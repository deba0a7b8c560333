"""The map of a siting: roads, open sites by crew, points within their limits, and the crowded town enlarged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.plan import PlanSite
from rescuesim.report.county_map import (
    county_legend,
    dots_per_point,
    draw_map,
    draw_names,
    draw_points,
    draw_roads,
    draw_sites,
    extent,
    frame_map,
    write_name,
)
from rescuesim.report.figures import own_axes
from rescuesim.report.fonts import figure_language, font_families, use_fonts
from rescuesim.report.labels import Lang, count, label, share
from rescuesim.report.siting_phrases import kind_word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescuesim.siting import SitingSolution

__all__ = ["crowded_window", "plot_siting", "write_siting_png"]

_DPI = 160
_WINDOW = 1 / 9  # side of the enlarged window as a share of the longer side of the map
_CROWD, _CROWDED_SITES = 12, 3  # points and sites from which a window is enlarged
_WORDS = {
    "inset": ("局部放大：{name}", "enlarged: {name}"),
    "town": ("最密集处", "the densest part"),
    "left_out": (
        "有 {n} 个名称因重叠未标注，见表格",
        "{n} names are left out where they would overlap, see the tables",
    ),
}
Window = tuple[float, float, float, float]


def _say(key: str, lang: Lang, **values: object) -> str:
    return _WORDS[key][0 if lang == "zh" else 1].format(**values)


def plot_siting(solution: SitingSolution, network: RoadNetwork, *, lang: Lang = "zh", ax: Axes | None = None) -> Axes:
    """Draw the roads, the open sites of a siting and which demand points they cover.

    Parameters
    ----------
    solution : SitingSolution
        With a plan, as `rescuesim.site` returned it.
    network : RoadNetwork
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional
        Without it, the part where markers crowd is enlarged at the side.

    Returns
    -------
    matplotlib Axes
        Names that would overlap others are left out, and a note says how many.

    Raises
    ------
    InputError
        If there is no plan, or sites or points have no positions.
    """
    if solution.asked is None or solution.status in ("infeasible", "unknown"):
        raise InputError(f"solution of {solution.objective_name}, {solution.status}: expected one with a plan")
    demand = solution.asked.problem.demand
    if demand.lon is None or demand.lat is None:
        raise InputError("demand points without positions: expected lon and lat to draw them")
    spoken = figure_language(lang)
    points = solution.points.assign(
        lon=demand.lon, lat=demand.lat, people=demand.people, township=list(demand.townships)
    )
    sites = list(solution.plan.sites)
    window = crowded_window(extent(network, points, sites), points, sites) if ax is None else None
    own = ax is None
    ax = own_axes(13.6 if window else 8.5, 9.0) if ax is None else ax
    draw_map(ax, network, points, sites, ())
    ax.set_title(_title(solution, spoken))
    ax.legend(
        handles=county_legend(network, [points], sites, False, spoken),
        loc="upper center",
        bbox_to_anchor=(0.5, -0.04),
        ncols=4,
        frameon=False,
        fontsize=8,
    )
    use_fonts(ax)
    if own:
        ax.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    shown = [site for site in sites if window is None or not _inside(site, window)]
    n_left = draw_names(ax, points, shown)
    if window is not None:
        n_left += _draw_inset(ax, network, points, sites, window, spoken)
    if n_left:
        words = _say("left_out", spoken, n=count(n_left))
        place: dict[str, Any] = {"transform": ax.transAxes, "ha": "right", "va": "top", "fontfamily": font_families()}
        ax.text(1.0, -0.012, words, fontsize=8, color="#444444", **place)
    return ax


def crowded_window(box: Window, points: pd.DataFrame, sites: Sequence[PlanSite]) -> Window | None:
    """Find the square of the map that holds the most markers, if markers crowd in it.

    Parameters
    ----------
    box : (float, float, float, float)
        West, south, east and north of the map in degrees.
    points : DataFrame
        With ``lon`` and ``lat``.
    sites : sequence of PlanSite

    Returns
    -------
    (float, float, float, float) or None
        West, south, east and north; None where fewer than 12 points or 3 sites stand so near to each other.

    Examples
    --------
    >>> town = pd.DataFrame({"lon": np.r_[np.linspace(0.0, 0.05, 12), 1.0], "lat": np.r_[np.zeros(12), 1.0]})
    >>> stations = [PlanSite(id=str(n), name="", crew="brigade", status="existing", units=1, lon=0.02, lat=0.0)
    ...     for n in range(3)]
    >>> [round(float(side), 2) for side in crowded_window((0.0, 0.0, 1.0, 1.0), town, stations)]
    [-0.03, -0.06, 0.08, 0.06]
    >>> crowded_window((0.0, 0.0, 1.0, 1.0), town, stations[:2]) is None
    True
    """
    west, south, east, north = box
    wide = math.cos(math.radians((south + north) / 2))
    half = _WINDOW / 2 * max((east - west) * wide, north - south)
    placed = np.array([(site.lon * wide, site.lat) for site in sites if site.lon is not None and site.lat is not None])
    at = np.column_stack([points["lon"].to_numpy(np.float64) * wide, points["lat"].to_numpy(np.float64)])
    at = at[np.isfinite(at).all(axis=1)]
    if not (len(placed) and len(at) >= _CROWD):
        return None
    everything = np.vstack([at, placed])
    near = cKDTree(everything).query_ball_point(everything, half, p=np.inf, return_length=True)
    x, y = everything[int(np.argmax(near))]
    n_points, n_sites = (int((np.abs(some - (x, y)) <= half).all(axis=1).sum()) for some in (at, placed))
    if n_points < _CROWD or n_sites < _CROWDED_SITES:
        return None
    # the middle of what is in it, so that a crowd at the edge of its square stands in the middle of the picture
    inside = everything[(np.abs(everything - (x, y)) <= half).all(axis=1)]
    x, y = (inside.min(axis=0) + inside.max(axis=0)) / 2
    return (x - half) / wide, y - half, (x + half) / wide, y + half


def _inside(site: PlanSite, window: Window) -> bool:
    west, south, east, north = window
    return site.lon is not None and site.lat is not None and west <= site.lon <= east and south <= site.lat <= north


def _draw_inset(
    ax: Axes, network: RoadNetwork, points: pd.DataFrame, sites: Sequence[PlanSite], window: Window, lang: Lang
) -> int:
    """Draw the window enlarged at the right of the map, its new sites by name; how many names were left out."""
    from matplotlib.patches import Rectangle

    west, south, east, north = window
    ax.add_patch(
        Rectangle((west, south), east - west, north - south, fill=False, edgecolor="#333333", linewidth=1.2, zorder=5)
    )
    inset = ax.inset_axes((1.03, 0.12, 0.62, 0.88))
    draw_roads(inset, network)
    within = points[points["lon"].between(west, east) & points["lat"].between(south, north)]
    draw_points(inset, within)
    chosen = [site for site in sites if _inside(site, window)]
    draw_sites(inset, chosen)
    frame_map(inset, window)
    inset.set_anchor("N")
    biggest = within[within["township"] != ""].groupby("township")["people"].sum()
    name = str(biggest.idxmax()) if len(biggest) else _say("town", lang)
    inset.set_title(_say("inset", lang, name=name), fontsize=10)
    use_fonts(inset)
    ax.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    inset.apply_aspect()
    half = 6 * dots_per_point(inset)
    centres = [inset.transData.transform((site.lon or 0.0, site.lat or 0.0)) for site in chosen]
    taken = [(x - half, y - half, x + half, y + half) for x, y in centres]
    n_left = 0
    for site in chosen:
        if site.status != "existing":
            at = (site.lon or 0.0, site.lat or 0.0)
            n_left += not write_name(inset, at, site.name, taken, size=7.5, colour="#1d3557", beside=True)
    return n_left


def _title(solution: SitingSolution, lang: Lang) -> str:
    """Say how many sites are open and how many people lie within the limits."""
    opened, new = len(solution.plan.sites), len(solution.plan.new_sites())
    assert solution.asked is not None
    problem, kind = solution.asked.problem, solution.asked.kind
    words = kind_word(kind, lang, many=opened != 1)
    first = (
        f"开设{words} {opened} 处，其中新增 {new} 处" if lang == "zh" else f"{opened} {words} open, {new} of them new"
    )
    if problem.limits is None:
        return first
    people = problem.demand.people[problem.limits.in_standard].sum()
    covered = problem.demand.people[solution.points["covered"].to_numpy(dtype=np.bool_)].sum()
    if not people > 0:
        return first
    of_all = ("占标准管辖的 {} 人", "of {} people under the standard")[lang == "en"].format(count(people))
    if solution.asked.standard is None:
        of_all = ("占全部 {} 人", "of all {} people")[lang == "en"].format(count(people))
    roads = "" if problem.states is None else ("，道路完好时" if lang == "zh" else ", unbroken roads")
    part = share(covered / people, people, "people", lang)
    brackets = f"（{of_all}{roads}）" if lang == "zh" else f" ({of_all}{roads})"
    name = label("figure", "built_coverage", lang)
    if kind != "station":
        name = "时限之内的人口" if lang == "zh" else "people within the limit"
    return f"{first}\n{name} {part}{brackets}"


def write_siting_png(solution: SitingSolution, network: RoadNetwork, path: Path, *, lang: Lang = "zh") -> None:
    """Write the map of a siting as a picture of about 1,400 pixels width, wider with an enlarged part."""
    figure = plot_siting(solution, network, lang=lang).get_figure(root=True)
    assert figure is not None
    figure.savefig(path, format="png", dpi=_DPI, bbox_inches="tight")
