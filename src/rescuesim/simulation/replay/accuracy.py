"""How far the predicted times are from the recorded ones, by stage, crew and time of day."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from rescuesim._defaults import default

__all__ = ["ERROR_COLUMNS", "mean_interval", "stage_errors", "wilson_interval"]

_GROUPS: tuple[tuple[str, ...], ...] = ((), ("crew",), ("shift",), ("crew", "shift"), ("hours",))
ERROR_COLUMNS = (
    *("stage", "crew", "shift", "hours", "n"),
    *("recorded_median_s", "predicted_median_s", "bias_s", "bias_low_s", "bias_high_s"),
    *("mae_s", "mae_low_s", "mae_high_s", "inside_80", "inside_80_low", "inside_80_high"),
)
_CONFIDENCE = 0.95


def mean_interval(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the mean of independent values and its 95 % interval by Student's t.

    Examples
    --------
    >>> [round(x, 3) for x in mean_interval(np.array([1.0, 2.0, 3.0]))]
    [2.0, -0.484, 4.484]
    """
    size, mean = len(values), float(values.mean())
    if size < 2:
        return mean, -math.inf, math.inf
    half = float(stdtrit(size - 1, 0.5 + _CONFIDENCE / 2)) * float(values.std(ddof=1)) / math.sqrt(size)
    return mean, mean - half, mean + half


def wilson_interval(hits: float, size: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212).

    Examples
    --------
    >>> [round(x, 3) for x in wilson_interval(8, 10)]
    [0.49, 0.943]
    """
    z = 1.959963984540054
    middle = (hits + z * z / 2) / (size + z * z)
    half = z / (size + z * z) * math.sqrt(hits * (size - hits) / size + z * z / 4)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def stage_errors(stages: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sum the errors up by stage, and by crew, shift and six hours of the day.

    Bias is the mean of recorded less predicted mean; the absolute error is against the predicted median, the point
    that minimises it (Gneiting 2011, doi:10.1198/jasa.2011.r10138). Intervals are 95 %, of incidents that are
    independent of one another.

    Parameters
    ----------
    stages : DataFrame
        As of `Replay`, with ``crew``, ``shift`` and ``hours``.

    Returns
    -------
    errors : DataFrame
        `ERROR_COLUMNS`; an empty cell stands for all.
    withheld : DataFrame
        ``stage, crew, shift, hours, n`` of the groups that have fewer than ``replay.least_incidents`` times.
    """
    least = int(default("replay.least_incidents").number)
    rows, few = [], []
    for keys, part in _groups(stages[~stages["too_coarse"]]):
        size = len(part)
        place = (keys["stage"], keys.get("crew", ""), keys.get("shift", ""), keys.get("hours", ""), size)
        if size < least:
            few.append(place)
            continue
        recorded, predicted = (part[name].to_numpy(dtype=np.float64) for name in ("recorded_s", "predicted_s"))
        bias = mean_interval(recorded - part["mean_s"].to_numpy(dtype=np.float64))
        absolute = mean_interval(np.abs(recorded - predicted))
        inside = float(part["inside_80"].sum())
        medians = float(np.median(recorded)), float(np.median(predicted))
        share = (inside / size, *wilson_interval(inside, size))
        mae = (absolute[0], max(absolute[1], 0.0), absolute[2])
        rows.append((*place, *medians, *bias, *mae, *share))
    return (
        pd.DataFrame(rows, columns=list(ERROR_COLUMNS)),
        pd.DataFrame(few, columns=list(ERROR_COLUMNS[:5])),
    )


def _groups(stages: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """Yield the times of each stage, in all and by crew, shift and hours; stages in their own order."""
    for stage in dict.fromkeys(stages["stage"]):
        of_stage = stages[stages["stage"] == stage]
        for by in _GROUPS:
            if not by:
                yield {"stage": stage}, of_stage
                continue
            if "crew" in by and stage.split(" + ")[-1] in ("answering", "order"):
                continue  # the desk's work, whoever goes
            of_stage_by = of_stage[of_stage["crew"] != ""] if "crew" in by else of_stage
            for values, part in of_stage_by.groupby(list(by), sort=True):
                yield {"stage": stage, **dict(zip(by, _words(values), strict=True))}, part


def _words(values: object) -> Sequence[str]:
    return [str(value) for value in values] if isinstance(values, tuple) else [str(values)]
