"""Times of each interval of the chain, planned and simulated, from records only.

Which calls were in time and why the others were not stands in `report.attainment`; intervals of figures in
`report.statistics`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.report.attainment.marks import counted_calls
from rescuesim.report.attainment.reasons import INTERVALS, slowest_turnout
from rescuesim.report.labels import P90_FROM
from rescuesim.simulation import SimulationResult
from rescuesim.standard import ResponseStandard

__all__ = ["stage_table"]

_PLANNED_DRAWS = 20_000


def stage_table(result: SimulationResult, planned_drive_s: Mapping[str, float]) -> pd.DataFrame:
    """Compare each interval as planned with the simulated one.

    Parameters
    ----------
    result : SimulationResult
    planned_drive_s : mapping of str to float
        By demand id, seconds of drive of the site that the plan counts on, on intact roads.

    Returns
    -------
    DataFrame
        ``stage, planned_p50_s, planned_p90_s, simulated_p50_s, simulated_p90_s, n``; NaN where nothing is
        planned or nothing was simulated, and for the simulated P90 below 50 calls. What is planned is drawn from
        the standard's distributions by a fixed stream; turnout and travel are mixtures over the crews and points
        of the handled calls.
    """
    records = counted_calls(result)
    handled = records[records["handling_at_s"].notna()]
    planned = _planned_draws(result.standard, handled, planned_drive_s)
    rows = []
    for name, (since, until) in {**INTERVALS, "total": ("arrived_at_s", "handling_at_s")}.items():
        spent = (handled[until] - handled[since]).to_numpy(np.float64)
        far = _p50_p90(spent) if len(spent) >= P90_FROM else (_p50_p90(spent)[0], math.nan)
        rows.append((name, *_p50_p90(planned.get(name, np.zeros(0))), *far, len(spent)))
    columns = ["stage", "planned_p50_s", "planned_p90_s", "simulated_p50_s", "simulated_p90_s", "n"]
    return pd.DataFrame(rows, columns=columns)


def _p50_p90(values: NDArray[np.float64]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return math.nan, math.nan
    half, most = np.quantile(finite, [0.5, 0.9])
    return float(half), float(most)


def _planned_draws(
    standard: ResponseStandard, handled: pd.DataFrame, planned_drive_s: Mapping[str, float]
) -> dict[str, NDArray[np.float64]]:
    """Draw the planned intervals, and their sum, for calls like the handled ones."""
    rng = np.random.default_rng(np.random.SeedSequence(135))
    z = rng.standard_normal((5, _PLANNED_DRAWS))
    planned = {
        name: standard.chain[name].from_normal(z[row]) for row, name in enumerate(("answering", "order", "set_up"))
    }
    if len(handled):
        pick = rng.integers(0, len(handled), _PLANNED_DRAWS)
        turnout = [slowest_turnout(standard.crews[crew]) for crew in handled["crew"]]
        drive = np.array([planned_drive_s.get(id_, math.nan) for id_ in handled["demand_id"]], dtype=np.float64)
        median, sigma = np.array([t.median for t in turnout]), np.array([t.sigma for t in turnout])
        planned["turnout"] = median[pick] * np.exp(sigma[pick] * z[3])
        planned["travel"] = drive[pick] * standard.chain["variation"].from_normal(z[4])
        planned["total"] = np.sum(list(planned.values()), axis=0)
    return planned
