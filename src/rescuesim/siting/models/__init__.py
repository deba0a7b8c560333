"""The location models, one module each under the field's name; what they share stands a folder up."""

from __future__ import annotations

from typing import Any

from rescuesim.siting.models.available import AVAILABLE, MaxAvailableCoverage
from rescuesim.siting.models.backup import BACOP, MaxBackupCoverage
from rescuesim.siting.models.equity import EQUITY, MaxMinCoverage
from rescuesim.siting.models.lscp import LSCP, MinSites
from rescuesim.siting.models.malp import MALP, MaxReliableCoverage
from rescuesim.siting.models.mclp import MCLP, MaxCoverage
from rescuesim.siting.models.mexclp import MEXCLP, MaxExpectedCoverage
from rescuesim.siting.models.model import Model

__all__ = [
    "MODELS",
    "MaxAvailableCoverage",
    "MaxBackupCoverage",
    "MaxCoverage",
    "MaxExpectedCoverage",
    "MaxMinCoverage",
    "MaxReliableCoverage",
    "MinSites",
    "Model",
]

MODELS: dict[type[Any], Model] = {
    MaxCoverage: MCLP,
    MinSites: LSCP,
    MaxBackupCoverage: BACOP,
    MaxAvailableCoverage: AVAILABLE,
    MaxExpectedCoverage: MEXCLP,
    MaxReliableCoverage: MALP,
    MaxMinCoverage: EQUITY,
}
