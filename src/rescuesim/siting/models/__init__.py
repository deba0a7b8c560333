"""The location models, one module each under the field's name; what they share stands a folder up."""

from __future__ import annotations

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
