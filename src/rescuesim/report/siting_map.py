"""The map of a siting: roads, open sites by crew, and which points lie within their limits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.report.county_map import county_legend, draw_map, draw_names
from rescuesim.report.figures import own_axes
from rescuesim.report.fonts import figure_language, use_fonts
from rescuesim.report.labels import Lang, label, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescuesim.siting import SitingSolution

__all__ = ["plot_siting", "write_siting_png"]

_DPI = 160


def plot_siting(solution: SitingSolution, network: RoadNetwork, *, lang: Lang = "zh", ax: Axes | None = None) -> Axes:
    """Draw the roads, the open sites of a siting and which demand points they cover.

    Parameters
    ----------
    solution : SitingSolution
        With a plan, as `rescuesim.site` returned it.
    network : RoadNetwork
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

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
    own = ax is None
    ax = own_axes(8.5, 9.0) if ax is None else ax
    points = solution.points.assign(
        lon=demand.lon, lat=demand.lat, people=demand.people, township=list(demand.townships)
    )
    sites = list(solution.plan.sites)
    draw_map(ax, network, points, sites, ())
    ax.set_title(_title(solution, spoken))
    ax.legend(
        handles=county_legend(network, [points], sites, False, spoken),
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        ncols=4,
        frameon=False,
        fontsize=8,
    )
    use_fonts(ax)
    if own:
        ax.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    draw_names(ax, points, sites)
    return ax


def _title(solution: SitingSolution, lang: Lang) -> str:
    """Say how many sites are open and how many people lie within the limits."""
    opened, new = len(solution.plan.sites), len(solution.plan.new_sites())
    first = f"开设 {opened} 处，其中新增 {new} 处" if lang == "zh" else f"{opened} sites open, {new} of them new"
    assert solution.asked is not None
    problem = solution.asked.problem
    if problem.limits is None:
        return first
    people = problem.demand.people[problem.limits.in_standard].sum()
    covered = problem.demand.people[solution.points["covered"].to_numpy(dtype=np.bool_)].sum()
    if not people > 0:
        return first
    return f"{first}\n{label('figure', 'built_coverage', lang)} {share(covered / people, people, 'people', lang)}"


def write_siting_png(solution: SitingSolution, network: RoadNetwork, path: Path, *, lang: Lang = "zh") -> None:
    """Write the map of a siting as a picture of about 1,400 pixels width."""
    figure = plot_siting(solution, network, lang=lang).get_figure(root=True)
    assert figure is not None
    figure.savefig(path, format="png", dpi=_DPI)
