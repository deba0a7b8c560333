"""Location models: which sites to open, with proof, and what stays uncovered and why."""

from __future__ import annotations

from rescuesim.siting.constraints import SitingConstraints as SitingConstraints
from rescuesim.siting.coverage import POINT_REASONS as POINT_REASONS
from rescuesim.siting.coverage import point_coverage as point_coverage
from rescuesim.siting.critical_roads import critical_roads as critical_roads
from rescuesim.siting.limits import PairLimits as PairLimits
from rescuesim.siting.limits import available_share as available_share
from rescuesim.siting.limits import covered_points as covered_points
from rescuesim.siting.limits import pair_limits as pair_limits
from rescuesim.siting.limits import site_mask as site_mask
from rescuesim.siting.models import MaxAvailableCoverage as MaxAvailableCoverage
from rescuesim.siting.models import MaxBackupCoverage as MaxBackupCoverage
from rescuesim.siting.models import MaxCoverage as MaxCoverage
from rescuesim.siting.models import MaxExpectedCoverage as MaxExpectedCoverage
from rescuesim.siting.models import MaxMinCoverage as MaxMinCoverage
from rescuesim.siting.models import MaxReliableCoverage as MaxReliableCoverage
from rescuesim.siting.models import MinSites as MinSites
from rescuesim.siting.models.equity import coverage_by_township as coverage_by_township
from rescuesim.siting.models.equity import gini as gini
from rescuesim.siting.site import site as site
from rescuesim.siting.solution import SitingSolution as SitingSolution
