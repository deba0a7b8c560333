"""Figures of a comparison: the county, the headline figures, the stages.

Every function takes the artefact and ``ax=None``, draws on it or on axes of its own, and returns the
axes. Nothing is shown and no global state of matplotlib is set: own axes live on a
`matplotlib.figure.Figure` with an Agg canvas.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rescuesim.errors import UnknownIdError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.plan import PlanSite
from rescuesim.report.county_map import county_legend, draw_map, draw_names, extent, rows_of
from rescuesim.report.fonts import drawable, figure_language, font_families, use_fonts
from rescuesim.report.labels import P90_FROM, Lang, count, group_words, label, percent, share, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescuesim.report.comparison import Comparison

__all__ = ["own_axes", "plot_county", "plot_headline", "plot_stages", "write_map_png"]

_PLANS = ("#a8a29a", "#2166ac", "#b2182b", "#4d9221", "#762a83")
_DPI = 160


def own_axes(width: float, height: float) -> Axes:
    """Return axes on a figure of their own, of so many inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def _condition(name: str, number: int, lang: Lang) -> str:
    return drawable(label("condition", name, lang), otherwise=f"condition {number}")


def _plan(name: str, lang: Lang) -> str:
    return drawable(label("plan", name, lang), otherwise="plan")


def _title(comparison: Comparison, plan: str, condition: str, lang: Lang) -> str:
    number = comparison.conditions.index(condition) + 1
    return f"{_plan(plan, lang)} · {_condition(condition, number, lang)}"


# --- the county ----------------------------------------------------------------------------------


def plot_county(
    comparison: Comparison,
    network: RoadNetwork,
    *,
    plan: str,
    condition: str,
    closed_roads: Sequence[int] = (),
    sites: Sequence[PlanSite] | None = None,
    lang: Lang = "zh",
    ax: Axes | None = None,
) -> Axes:
    """Draw the roads, the sites of a plan and which demand points it covers in one condition.

    Parameters
    ----------
    comparison : Comparison
    network : RoadNetwork
    plan, condition : str
        Names as in the comparison.
    closed_roads : sequence of int, optional
        Indices of roads drawn as closed.
    sites : sequence of PlanSite, optional
        Sites to draw; those of the plan if absent.
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    UnknownIdError
        If the comparison has no such plan or condition, or the network no such road.
    """
    spoken = figure_language(lang)
    own = ax is None
    ax = own_axes(8.5, 9.0) if ax is None else ax
    points = rows_of(comparison.points, condition, plan)
    shown = list(comparison.plans[plan].sites if sites is None else sites)
    draw_map(ax, network, points, shown, closed_roads)
    covered = _covered_words(comparison, plan, condition, spoken)
    ax.set_title(f"{_title(comparison, plan, condition, spoken)}\n{covered}")
    ax.legend(
        handles=county_legend(network, [points], shown, bool(len(closed_roads)), spoken),
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        ncols=4,
        frameon=False,
        fontsize=8,
    )
    use_fonts(ax)
    if own:
        ax.get_figure(root=True).draw_without_rendering()  # type: ignore[union-attr]
    draw_names(ax, points, shown)
    return ax


def _covered_words(comparison: Comparison, plan: str, condition: str, lang: Lang) -> str:
    rows = rows_of(comparison.headline, condition, plan)
    built = rows[(rows["figure"] == "built_coverage") & (rows["counted"] == "people")]
    if built.empty:
        return ""
    value = share(float(built["value"].iloc[0]), float(built["n"].iloc[0]), "people", lang)
    return f"{label('figure', 'built_coverage', lang)} {value}"


# --- the headline figures and the stages ---------------------------------------------------------


def plot_headline(
    comparison: Comparison, *, counted: str = "people", lang: Lang = "zh", ax: Axes | None = None
) -> Axes:
    """Draw the three headline figures side by side, never mixed, with their intervals.

    Parameters
    ----------
    comparison : Comparison
    counted : {'people', 'points', 'calls'}, optional
        What is counted; a figure that is not counted so is shown as it is counted, and says so.
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        One group of bars for every condition and figure, one bar for every plan; shares from 0 to 1.

    Raises
    ------
    UnknownIdError
        If nothing is counted so.
    """
    spoken = figure_language(lang)
    frame = comparison.headline
    if counted not in set(frame["counted"]):
        raise UnknownIdError(f"counted {counted!r}: expected {nearest_name(counted, set(frame['counted']))}")
    known = set(frame["figure"])
    figures = [name for name in group_words("figure", spoken) if name in known]
    bars = len(comparison.plans) * len(comparison.conditions) * len(figures)
    ax = own_axes(min(max(6.5, 0.75 * bars + 1.5), 20.0), 4.4) if ax is None else ax
    wide = 0.8 / len(comparison.plans)
    ticks, words = [], []
    for block, condition in enumerate(comparison.conditions):
        first = block * (len(figures) + 0.6)
        for place, figure in enumerate(figures):
            rows = _counted_rows(frame, condition, figure, counted)
            ticks.append(first + place)
            words.append(_tick_words(figure, rows, spoken))
            for number, plan in enumerate(comparison.plans):
                x = first + place + (number - (len(comparison.plans) - 1) / 2) * wide
                _draw_bar(ax, x, wide, rows[rows["plan"] == plan], _PLANS[number % len(_PLANS)])
        middle = first + (len(figures) - 1) / 2
        ax.text(middle, 1.17, _condition(condition, block + 1, spoken), ha="center", fontsize=11)
    ax.set_xticks(ticks, labels=words, fontsize=8.5)
    ax.set_yticks(np.linspace(0, 1, 6), labels=[f"{value:.0%}" for value in np.linspace(0, 1, 6)])
    ax.set_ylim(0, 1.27)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines["left"].set_bounds(0, 1)
    handles = _plan_handles(comparison, spoken)
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    use_fonts(ax)
    return ax


def _counted_rows(frame: pd.DataFrame, condition: str, figure: str, counted: str) -> pd.DataFrame:
    """Rows of a figure as it is wanted counted, or else as it is counted at all."""
    rows = frame[(frame["condition"] == condition) & (frame["figure"] == figure)]
    wanted = counted if counted in set(rows["counted"]) else next(iter(rows["counted"]), counted)
    return rows[rows["counted"] == wanted]


def _tick_words(figure: str, rows: pd.DataFrame, lang: Lang) -> str:
    counted = label("counted", str(rows["counted"].iloc[0]), lang) if len(rows) else ""
    return f"{label('figure', figure, lang).replace(' ', chr(10))}\n{counted}"


def _draw_bar(ax: Axes, x: float, width: float, rows: pd.DataFrame, colour: str) -> None:
    if rows.empty or math.isnan(value := float(rows["value"].iloc[0])):
        return
    ax.bar(x, value, width=width * 0.94, color=colour)
    low, high = float(rows["low"].iloc[0]), float(rows["high"].iloc[0])
    top = value
    if not (math.isnan(low) or math.isnan(high)):
        spread = [[max(value - low, 0.0)], [max(high - value, 0.0)]]
        ax.errorbar(x, value, yerr=spread, color="#222222", capsize=3, linewidth=1.1)
        top = max(value, high)
    all_of = count(float(rows["n"].iloc[0]))
    written = f"{all_of}/{all_of}" if value >= 1 else percent(value)
    ax.text(x, top + 0.02, written, ha="center", va="bottom", fontsize=7.5)


def _plan_handles(comparison: Comparison, lang: Lang) -> list[Any]:
    from matplotlib.patches import Patch

    return [
        Patch(color=_PLANS[number % len(_PLANS)], label=_plan(name, lang))
        for number, name in enumerate(comparison.plans)
    ]


def plot_stages(
    comparison: Comparison, *, plan: str, condition: str, lang: Lang = "zh", ax: Axes | None = None
) -> Axes:
    """Draw planned and simulated times of every stage, from the median to the 90th percentile.

    Parameters
    ----------
    comparison : Comparison
    plan, condition : str
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        Seconds to the right, stages downwards in the order of the call. A 90th percentile of fewer than
        50 calls is withheld.

    Raises
    ------
    UnknownIdError
        If the comparison has no such plan or condition.
    """
    from matplotlib.lines import Line2D

    spoken = figure_language(lang)
    ax = own_axes(7.5, 4.2) if ax is None else ax
    rows = rows_of(comparison.stages, condition, plan)
    for row in range(len(rows)):
        for shift, kind, colour in ((-0.15, "planned", _PLANS[0]), (0.15, "simulated", _PLANS[1])):
            middle, far = float(rows[f"{kind}_p50_s"].iloc[row]), float(rows[f"{kind}_p90_s"].iloc[row])
            if kind == "simulated" and float(rows["n"].iloc[row]) < P90_FROM:
                far = math.nan
            _draw_range(ax, row + shift, middle, far, colour)
    ax.set_yticks(range(len(rows)), labels=[label("stage", str(stage), spoken) for stage in rows["stage"]])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(left=0)
    ax.margins(x=0.12)
    ax.set_xlabel(text("seconds", spoken))
    ax.set_title(_title(comparison, plan, condition, spoken))
    ax.spines[["top", "right"]].set_visible(False)
    handles = [
        Line2D([], [], color=_PLANS[n], linewidth=5, label=text("p50_p90", spoken, which=text(kind, spoken)))
        for n, kind in enumerate(("planned", "simulated"))
    ]
    ax.legend(handles=handles, frameon=False, loc="upper right", fontsize=8.5)
    use_fonts(ax)
    return ax


def _draw_range(ax: Axes, y: float, middle: float, far: float, colour: str) -> None:
    """Draw a dot at the median, a line to the 90th percentile, and the numbers behind them."""
    ends = [value for value in (middle, far) if math.isfinite(value)]
    if not ends:
        return
    ax.plot([middle, far], [y, y], color=colour, linewidth=5, solid_capstyle="butt")
    ax.plot([middle], [y], "o", color=colour, markeredgecolor="#ffffff", markersize=8)
    ax.annotate(
        "–".join(f"{value:,.0f}" for value in ends),
        (max(ends), y),
        xytext=(7, 0),
        textcoords="offset points",
        va="center",
        fontsize=7.5,
    )


# --- the map as a file ---------------------------------------------------------------------------


def write_map_png(
    comparison: Comparison,
    network: RoadNetwork,
    path: Path | str,
    *,
    closed_roads: Mapping[str, Sequence[int]],
    lang: Lang = "zh",
) -> None:
    """Write the maps of all plans and conditions as one picture.

    Parameters
    ----------
    comparison : Comparison
    network : RoadNetwork
    path : path
        PNG file, 1,600 to 2,400 pixels wide; plans are columns, conditions rows.
    closed_roads : mapping of str to sequence of int
        Indices of closed roads, by condition; a condition that is not named has none.
    lang : {'zh', 'en'}, optional

    Raises
    ------
    UnknownIdError
        If a condition or road does not exist.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    for name in closed_roads:
        if name not in comparison.conditions:
            raise UnknownIdError(f"condition {name!r}: expected {nearest_name(name, comparison.conditions)}")
    spoken = figure_language(lang)
    rows, columns = len(comparison.conditions), len(comparison.plans)
    wide = min(max(6.0 * columns, 10.0), 15.0)
    tall = wide / columns / _width_to_height(network, comparison.points) + 0.35
    roomy = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.09)
    figure = Figure(figsize=(wide, min(tall * rows + 0.75, 40.0)), layout=roomy, dpi=_DPI)
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    views = {}
    for (row, condition), (column, plan) in (
        ((r, c), (k, p)) for r, c in enumerate(comparison.conditions) for k, p in enumerate(comparison.plans)
    ):
        ax, points = grid[row][column], rows_of(comparison.points, condition, plan)
        if points.empty:
            ax.set_axis_off()  # a plan that was not tried under this condition
            continue
        views[row, column] = points, list(comparison.plans[plan].sites)
        draw_map(ax, network, *views[row, column], closed_roads.get(condition, ()))
        covered = _covered_words(comparison, plan, condition, spoken)
        ax.set_title(f"{_title(comparison, plan, condition, spoken)}   {covered}", fontsize=11)
        use_fonts(ax)
    every_site = [site for plan in comparison.plans.values() for site in plan.sites]
    closed = any(len(roads) for roads in closed_roads.values())
    handles = county_legend(network, [points for points, _ in views.values()], every_site, closed, spoken)
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=5 if columns > 1 else 4,
        frameon=False,
        prop={"family": font_families(), "size": 9},
    )
    figure.draw_without_rendering()
    for (row, column), (points, sites) in views.items():
        draw_names(grid[row][column], points, sites)
    figure.set_layout_engine("none")  # the names were placed for this layout
    figure.savefig(path, dpi=_DPI, format="png")


def _width_to_height(network: RoadNetwork, points: pd.DataFrame) -> float:
    """Shape of the county on the page, kept between one to two and two to one."""
    west, south, east, north = extent(network, points, ())
    wide = (east - west) * math.cos(math.radians((south + north) / 2))
    return float(np.clip(wide / (north - south), 0.5, 2.0))
