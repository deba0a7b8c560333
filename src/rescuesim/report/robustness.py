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
    "x": ("路网完好时少覆盖的比重（%）", "given up on intact roads (% of weight)"),
    "y": ("最坏 {tail:.0%} 状态下多覆盖的比重（%）", "gained in the worst {tail:.0%} of the states (% of weight)"),
    "fresh": ("，未见过的状态", ", unseen"),
    "sites": ("{n} 个站点", "{n} sites"),
    "mean": ("平均", "mean"),
    "cvar": ("最坏部分", "tail"),
    "worst": ("最坏", "worst"),
}


def plot_robustness(frontier: RobustnessFrontier, *, lang: Lang = "zh", ax: Axes | None = None) -> Axes:
    """Draw what robust plans gain in the worst share of the states against what they give up on intact roads.

    Parameters
    ----------
    frontier : RobustnessFrontier
        Judged on its fresh states where it has some.
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        A line for each number of sites, from the plan for intact roads at the origin; shares of the weight of all
        demand points. Bars reach down to the paired bound.
    """
    spoken = figure_language(lang)

    def word(name: str, **values: object) -> str:
        return _WORDS[name][0 if spoken == "zh" else 1].format(**values)

    ax = own_axes(7.5, 5.0) if ax is None else ax
    points = frontier.points.dropna(subset=["objective"])
    judged = "fresh_gained" if "fresh_gained" in points else "gained"
    scale = 100.0 / max(frontier.weight, 1e-300)
    for place, (n, rows) in enumerate(points.groupby("n_sites", sort=True)):
        colour = _COLOURS[place % len(_COLOURS)]
        x, y = (rows[name].to_numpy(dtype=np.float64) * scale for name in ("given_up", judged))
        ax.plot(x, y, color=colour, marker="o", markersize=4.5, linewidth=1.2, label=word("sites", n=n))
        if judged == "fresh_gained":
            low = rows["fresh_gained_low"].to_numpy(dtype=np.float64) * scale
            ax.vlines(x, np.minimum(low, y), y, color=colour, linewidth=1.0, alpha=0.6)
        named: dict[tuple[float, float], list[str]] = {}
        for aim, at_x, at_y in zip(rows["aim"], x.tolist(), y.tolist(), strict=True):
            if aim != "intact":  # the origin
                named.setdefault((at_x, at_y), []).append(word(str(aim).split()[0]))
        for at, aims in named.items():
            ax.annotate(" / ".join(aims), at, xytext=(5, 5), textcoords="offset points", fontsize=8, color=colour)
    ax.axhline(0, color="#888888", linewidth=0.8)
    ax.set_xlabel(word("x"))
    ax.set_ylabel(word("y", tail=frontier.tail) + (word("fresh") if judged == "fresh_gained" else ""))
    ax.margins(x=0.12, y=0.12)
    ax.grid(visible=True, color="#eeeeee", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(loc="lower right", frameon=True, fontsize=8)
    use_fonts(ax)
    return ax
