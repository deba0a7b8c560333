"""Figure of the price of robustness: what plans give up on intact roads against what they bring on the worst states."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rescuesim.report.figures import own_axes
from rescuesim.report.fonts import figure_language, use_fonts
from rescuesim.report.labels import Lang
from rescuesim.siting.robustness import RobustnessFrontier

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_robustness"]

_COLOURS = ("#2166ac", "#b2182b", "#4d9221", "#762a83", "#e08214", "#1b7837")
_WORDS = {
    "x": ("路网完好时的覆盖率（%）", "covered on intact roads (% of weight)"),
    "y": ("最坏 {tail:.0%} 状态下的覆盖率（%）", "covered in the worst {tail:.0%} of the states (% of weight)"),
    "fresh": ("（未用于规划的状态）", " (states no plan has seen)"),
    "sites": ("{n} 个站点", "{n} sites"),
    "intact": ("完好", "intact"),
    "mean": ("平均", "mean"),
    "cvar": ("最坏部分", "tail"),
    "worst": ("最坏", "worst"),
}


def plot_robustness(frontier: RobustnessFrontier, *, lang: Lang = "zh", ax: Axes | None = None) -> Axes:
    """Draw cover on intact roads against cover in the worst share of the states, a line for each number of sites.

    Parameters
    ----------
    frontier : RobustnessFrontier
        Judged on its fresh states where it has some.
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        Shares of the weight of all demand points.
    """
    spoken = figure_language(lang)

    def word(name: str, **values: object) -> str:
        return _WORDS[name][0 if spoken == "zh" else 1].format(**values)

    ax = own_axes(7.5, 5.0) if ax is None else ax
    points = frontier.points.dropna(subset=["objective"])
    judged = "fresh_tail" if "fresh_tail" in points else "tail"
    scale = 100.0 / max(frontier.weight, 1e-300)
    for place, (n, rows) in enumerate(points.groupby("n_sites", sort=True)):
        colour = _COLOURS[place % len(_COLOURS)]
        x, y = (rows[name].to_numpy(dtype=np.float64) * scale for name in ("intact", judged))
        ax.plot(x, y, color=colour, marker="o", markersize=4.5, linewidth=1.2, label=word("sites", n=n))
        named: dict[tuple[float, float], list[str]] = {}
        for aim, at_x, at_y in zip(rows["aim"], x.tolist(), y.tolist(), strict=True):
            named.setdefault((at_x, at_y), []).append(word(str(aim).split()[0]))
        for at, aims in named.items():
            ax.annotate(" / ".join(aims), at, xytext=(5, -9), textcoords="offset points", fontsize=7.5, color=colour)
    ax.set_xlabel(word("x"))
    ax.set_ylabel(word("y", tail=frontier.tail) + (word("fresh") if judged == "fresh_tail" else ""))
    ax.margins(x=0.12, y=0.12)
    ax.grid(visible=True, color="#eeeeee", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(loc="upper left", frameon=True, fontsize=8)
    use_fonts(ax)
    return ax
