"""Built, available and attained figures side by side, by zone or township; never mixed into one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from rescuesim.errors import InputError
from rescuesim.report.attainment.marks import attainment_counts
from rescuesim.report.static_coverage import StaticCoverage
from rescuesim.report.statistics.shares import share_interval
from rescuesim.simulation import SimulationResult

__all__ = ["figures_by_place"]


def figures_by_place(
    result: SimulationResult, static: StaticCoverage, *, by: Literal["zone", "township"]
) -> pd.DataFrame:
    """Put the three headline figures side by side for each zone or township.

    Parameters
    ----------
    result : SimulationResult
    static : StaticCoverage
        Of the same plan and points.
    by : {'zone', 'township'}

    Returns
    -------
    DataFrame
        ``<by>, people, built_coverage, available_coverage, attainment, low, high, calls``: people of zones with a
        reading and the two coverages of them; attainment of the calls with its 95 % interval, clustered by
        replication. NaN where there are no people, or no calls. Points without a township stand under ``-``; zones
        without a reading are left out.

    Raises
    ------
    InputError
        If the coverage is of other points.
    """
    demand, standard = result.demand, result.standard
    if len(static.built) != len(demand):
        raise InputError(f"coverage of {len(static.built)} points: expected the {len(demand)} of the simulation")
    names: Sequence[str] = demand.zones if by == "zone" else demand.townships
    inside = np.array([zone in standard.presets for zone in demand.zones], dtype=np.bool_)
    place = np.array([name or "-" for name in names], dtype=object)
    listed = [z for z in standard.zones if (place == z).any()] if by == "zone" else sorted(set(place))
    kept, calls = attainment_counts(result)
    people = demand.people * inside
    rows = []
    for name in listed:
        here = place == name
        total, rung = float(people[here].sum()), calls[:, here].sum(axis=1)
        if rung.sum():
            found = share_interval(kept[:, here].sum(axis=1), rung)
            attainment = (found.value, found.low, found.high)
        else:
            attainment = (math.nan, math.nan, math.nan)
        built, available = (
            float(people[here] @ share[here]) / total if total > 0 else math.nan
            for share in (static.built, static.available)
        )
        rows.append((name, total, built, available, *attainment, int(rung.sum())))
    return pd.DataFrame(
        rows,
        columns=[by, "people", "built_coverage", "available_coverage", "attainment", "low", "high", "calls"],
    )
