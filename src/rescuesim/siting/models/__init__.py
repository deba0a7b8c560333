"""The location models, one module each under the field's name; what they share stands a folder up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rescuesim.siting.models.available import AVAILABLE, MaxAvailableCoverage
from rescuesim.siting.models.backup import BACOP, MaxBackupCoverage
from rescuesim.siting.models.capacitated import (
    CAPACITATED_LOCATION,
    CAPACITATED_MEDIAN,
    CapacitatedLocation,
    CapacitatedMedian,
)
from rescuesim.siting.models.equity import EQUITY, MaxMinCoverage
from rescuesim.siting.models.lscp import LSCP, LSCP_BY_COST, MinCost, MinSites
from rescuesim.siting.models.malp import MALP, MaxReliableCoverage
from rescuesim.siting.models.mclp import MCLP, MaxCoverage
from rescuesim.siting.models.mexclp import MEXCLP, MaxExpectedCoverage
from rescuesim.siting.models.model import Model
from rescuesim.siting.models.p_center import P_CENTER, MinMaxTime
from rescuesim.siting.models.p_median import P_MEDIAN, MinMeanTime
from rescuesim.siting.models.states import STATES

__all__ = [
    "MODELS",
    "CapacitatedLocation",
    "CapacitatedMedian",
    "MaxAvailableCoverage",
    "MaxBackupCoverage",
    "MaxCoverage",
    "MaxExpectedCoverage",
    "MaxMinCoverage",
    "MaxReliableCoverage",
    "MinCost",
    "MinMaxTime",
    "MinMeanTime",
    "MinSites",
    "Model",
    "model_of",
    "risk_faults",
]

MODELS: dict[type[Any], Model] = {
    CapacitatedLocation: CAPACITATED_LOCATION,
    CapacitatedMedian: CAPACITATED_MEDIAN,
    MaxCoverage: MCLP,
    MinMaxTime: P_CENTER,
    MinMeanTime: P_MEDIAN,
    MinSites: LSCP,
    MinCost: LSCP_BY_COST,
    MaxBackupCoverage: BACOP,
    MaxAvailableCoverage: AVAILABLE,
    MaxExpectedCoverage: MEXCLP,
    MaxReliableCoverage: MALP,
    MaxMinCoverage: EQUITY,
}


def model_of(objective: object) -> Model:
    """Return the model of an objective; of a coverage with a risk, the one over states of a network.

    Raises
    ------
    KeyError
        If it is no objective.

    Examples
    --------
    >>> model_of(MaxCoverage(3)).name, model_of(MaxCoverage(3, risk="mean")).name
    ('max_coverage', 'max_coverage_over_states')
    """
    model = MODELS[type(objective)]
    return model if getattr(objective, "risk", None) is None else STATES


def risk_faults(objectives: Sequence[Any], *, over_states: bool) -> list[str]:
    """Say which objectives do not go with times in one state, or over several.

    Parameters
    ----------
    objectives : sequence of objects
        Of one siting; over states at least one must have a risk, the others are of unbroken roads.
    over_states : bool

    Examples
    --------
    >>> risk_faults([MinSites()], over_states=True)
    ['MinSites: over states of a network expected MaxCoverage with a risk']
    >>> risk_faults([MaxCoverage(3, risk="mean"), MinSites()], over_states=True)
    []
    """
    risks = [risk for one in objectives if (risk := getattr(one, "risk", None)) is not None]
    if not over_states:
        return [f"risk {risk!r}: expected times over states of a network (TravelTimesEnsemble)" for risk in risks]
    if risks:
        return []
    if any(isinstance(one, MaxCoverage) for one in objectives):
        return ["risk None: expected mean, cvar or worst for times over states of a network"]
    return [f"{type(objectives[0]).__name__}: over states of a network expected MaxCoverage with a risk"]
