"""Welch's picture of the warm-up beside the cut of MSER-5."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from rescuesim.report.figures import own_axes
from rescuesim.report.fonts import figure_language, use_fonts
from rescuesim.report.labels import LANGUAGES, Lang
from rescuesim.report.statistics.series import busy_units, waiting_calls
from rescuesim.report.statistics.warm_up import settling, welch_average

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescuesim.simulation import SimulationResult

__all__ = ["plot_warm_up"]

_DAY_S = 86_400.0
_COLOURS = {"busy_units": "#2166ac", "waiting_calls": "#b2182b"}
_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "busy_units": ("执行任务的车组", "units on a task"),
        "waiting_calls": ("等待力量的警情", "calls that wait for a unit"),
        "cut": ("{name}：MSER-5 截去前 {hours:g} 小时", "{name}: MSER-5 leaves out {hours:g} h"),
        "unsettled": ("{name}：前半程未稳定，应延长时长", "{name}: not settled in the first half, run longer"),
        "days": ("仿真开始后天数", "days since the start"),
        "number": ("平均数量", "mean number"),
        "title": (
            "预热期：{n} 次重复平均，前后各 {window:g} 小时滑动平均（细线为未平滑）",
            "Warm-up: mean over {n} replications, moving average of ±{window:g} h (thin: as it is)",
        ),
    }
)


def plot_warm_up(
    result: SimulationResult,
    *,
    bucket_s: float = 3600.0,
    window_s: float = 12 * 3600.0,
    daily: bool = True,
    lang: Lang = "zh",
    ax: Axes | None = None,
) -> Axes:
    """Draw how many units are busy and how many calls wait, averaged over replications and neighbours in time.

    Where the curve becomes level the run has forgotten that it began with every unit at home; the dashed lines are
    where `warm_up` cuts, by MSER-5, to be held against what the eye sees.

    Parameters
    ----------
    result : SimulationResult
        Of normal days.
    bucket_s : float, optional
        Seconds of each stretch of time.
    window_s : float, optional
        Of the moving average, to each side; half a day takes the hours of the day out. Near the beginning as much
        as there is.
    daily : bool, optional
        As in `warm_up`: for the cut.
    lang : {'zh', 'en'}, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If the result is of a disaster, the horizon is too short to look, or the window does not fit.

    References
    ----------
    Welch, P. D. (1983), see `welch_average`; White, K. P. (1997), see `mser5`.
    """
    column = LANGUAGES.index(figure_language(lang))
    cuts = settling(result, bucket_s=bucket_s, daily=daily)
    ax = own_axes(9.0, 4.4) if ax is None else ax
    window = round(window_s / bucket_s)
    for name, series in (
        ("busy_units", busy_units(result, bucket_s=bucket_s)),
        ("waiting_calls", waiting_calls(result, bucket_s=bucket_s)),
    ):
        colour, cut = _COLOURS[name], cuts[name]
        plain, smooth = series.mean(axis=0), welch_average(series, window)
        at = (np.arange(len(plain)) + 0.5) * bucket_s / _DAY_S
        ax.plot(at, plain, color=colour, linewidth=0.6, alpha=0.4)
        words = _WORDS["cut" if cut.found else "unsettled"][column]
        told = words.format(name=_WORDS[name][column], hours=cut.warm_up_s / 3600 if cut.found else 0.0)
        ax.plot(at[: len(smooth)], smooth, color=colour, linewidth=2.0, label=told)
        if cut.found:
            ax.axvline(cut.warm_up_s / _DAY_S, color=colour, linestyle="--", linewidth=1.2)
    ax.set_xlim(0, result.horizon_s / _DAY_S)
    ax.set_ylim(bottom=0)
    ax.set_xlabel(_WORDS["days"][column])
    ax.set_ylabel(_WORDS["number"][column])
    ax.set_title(_WORDS["title"][column].format(n=result.replications, window=window * bucket_s / 3600), fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, fontsize=8.5)
    use_fonts(ax)
    return ax
