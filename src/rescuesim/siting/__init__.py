"""Location models: which sites to open, with proof, and what stays uncovered and why."""

from __future__ import annotations

from rescuesim.siting.conditions import GroupLimit as GroupLimit
from rescuesim.siting.conditions import Separation as Separation
from rescuesim.siting.conditions import Subsidy as Subsidy
from rescuesim.siting.constraints import SitingConstraints as SitingConstraints
from rescuesim.siting.coverage import POINT_REASONS as POINT_REASONS
from rescuesim.siting.coverage import point_coverage as point_coverage
from rescuesim.siting.critical_roads import critical_roads as critical_roads
from rescuesim.siting.depots import HubSupply as HubSupply
from rescuesim.siting.depots import depots_near_hubs as depots_near_hubs
from rescuesim.siting.depots import sites_as_points as sites_as_points
from rescuesim.siting.explain import Explanation as Explanation
from rescuesim.siting.frontier import Frontier as Frontier
from rescuesim.siting.frontier import frontier as frontier
from rescuesim.siting.lexicographic import Lexicographic as Lexicographic
from rescuesim.siting.lexicographic import Tolerance as Tolerance
from rescuesim.siting.limits import PairLimits as PairLimits
from rescuesim.siting.limits import available_share as available_share
from rescuesim.siting.limits import covered_points as covered_points
from rescuesim.siting.limits import pair_limits as pair_limits
from rescuesim.siting.limits import site_mask as site_mask
from rescuesim.siting.models import CapacitatedLocation as CapacitatedLocation
from rescuesim.siting.models import CapacitatedMedian as CapacitatedMedian
from rescuesim.siting.models import MaxAvailableCoverage as MaxAvailableCoverage
from rescuesim.siting.models import MaxBackupCoverage as MaxBackupCoverage
from rescuesim.siting.models import MaxCoverage as MaxCoverage
from rescuesim.siting.models import MaxExpectedCoverage as MaxExpectedCoverage
from rescuesim.siting.models import MaxMinCoverage as MaxMinCoverage
from rescuesim.siting.models import MaxReliableCoverage as MaxReliableCoverage
from rescuesim.siting.models import MinCost as MinCost
from rescuesim.siting.models import MinMaxTime as MinMaxTime
from rescuesim.siting.models import MinMeanTime as MinMeanTime
from rescuesim.siting.models import MinSites as MinSites
from rescuesim.siting.models.equity import coverage_by_township as coverage_by_township
from rescuesim.siting.models.equity import gini as gini
from rescuesim.siting.phases import Phases as Phases
from rescuesim.siting.phases import phases as phases
from rescuesim.siting.site import site as site
from rescuesim.siting.solution import SitingSolution as SitingSolution
from rescuesim.siting.staffing import CrewStaffing as CrewStaffing
from rescuesim.siting.staffing import default_staffing as default_staffing
from rescuesim.siting.staffing import muster_probability as muster_probability
from rescuesim.siting.staffing import people_needed as people_needed
from rescuesim.siting.staffing import roster_for as roster_for
