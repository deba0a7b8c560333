"""Figure of a frontier: what more sites, people or money bring, and what is proved to be out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rescuesim.report.figures import own_axes
from rescuesim.report.fonts import figure_language, use_fonts
from rescuesim.report.labels import Lang
from rescuesim.siting.frontier import Frontier

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_frontier"]

_WORDS = {
    "n_sites": ("开放站点数", "open sites"),
    "people": ("编制人数", "people on rosters"),
    "cost": ("费用（扣除补助后）", "cost after subsidies"),
    "built": ("建成覆盖率（%，占标准管辖的 {:,.0f} 人）", "built coverage (% of {:,.0f} people under the standard)"),
    "share": (
        "覆盖权重（%，占 {:,.6g}；不是建成覆盖率）",
        "covered weight (% of {:,.6g}; not built coverage)",
    ),
    "value": ("目标值", "objective"),
    "plan": ("找到的方案", "plans found"),
    "bound": ("任何方案都达不到的区域", "out of reach of any plan"),
    "gap": ("最大差距 {:.2f}%", "largest gap {:.2f} %"),
}


def plot_frontier(frontier: Frontier, *, lang: Lang = "zh", ax: Axes | None = None) -> Axes:
    """Draw the objective against what is spent, with the area that no plan can reach.

    Parameters
    ----------
    frontier : Frontier
        Coverage is drawn as a share of the demand points with a standard. Where their weights are their people, that is
        the built coverage 建成覆盖率 of words and reports; if not, the axis bears another name.
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    spoken = figure_language(lang)

    def word(name: str) -> str:
        return _WORDS[name][0 if spoken == "zh" else 1]

    ax = own_axes(7.5, 4.8) if ax is None else ax
    points = frontier.points.dropna(subset=["objective"])
    is_coverage = frontier.sense == "max" and frontier.weight > 0
    scale = 100.0 / frontier.weight if is_coverage else 1.0
    amounts = points["amount"].to_numpy(dtype=np.float64)
    values, bounds = (points[name].to_numpy(dtype=np.float64) * scale for name in ("objective", "best_bound"))
    low, high = _limits(values, bounds, is_coverage)
    edge = high if frontier.sense == "max" else low
    # between two amounts the bound of the larger one is proved, and the plan of the smaller one is there
    ax.fill_between(amounts, bounds, edge, step="pre", color="#d9d4cc", linewidth=0, label=word("bound"))
    ax.plot(
        amounts,
        values,
        drawstyle="steps-post",
        color="#2166ac",
        marker="o",
        markersize=3.5,
        linewidth=1.4,
        label=word("plan"),
    )
    ax.set_ylim(low, high)
    ax.set_xlabel(word(frontier.over))
    ax.set_ylabel(
        word("built" if frontier.weighs_people else "share").format(frontier.weight) if is_coverage else word("value")
    )
    ax.set_title(word("gap").format(100 * frontier.largest_gap), fontsize=10)
    ax.grid(visible=True, color="#eeeeee", linewidth=0.6)
    ax.set_axisbelow(True)
    if len(amounts):
        ax.set_xlim(float(amounts.min()), max(float(amounts.max()), float(amounts.min()) + 1e-9))
    if float(np.max(amounts, initial=0.0)) >= 1e4:
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.legend(loc="lower right" if frontier.sense == "max" else "upper right", frameon=True, fontsize=8)
    use_fonts(ax)
    return ax


def _limits(values: np.ndarray, bounds: np.ndarray, is_coverage: bool) -> tuple[float, float]:
    """Return where the axis begins and ends."""
    if is_coverage:
        return 0.0, 100.0
    both = np.concatenate([values, bounds])
    span = float(np.ptp(both)) if len(both) else 1.0
    least, most = (float(both.min()), float(both.max())) if len(both) else (0.0, 1.0)
    return least - 0.05 * max(span, 1e-9), most + 0.05 * max(span, 1e-9)
