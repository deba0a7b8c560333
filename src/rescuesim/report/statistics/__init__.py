"""Statistics over replications: intervals, paired differences, when to stop, where a steady state begins.

A replication is the unit of everything here: calls of one replication share units, crews and roads and are not
independent, replications are. `intervals` and `paired` take one row a replication; `sequential` runs more
replications until an interval is narrow enough; `series` and `warm_up` find where a run has forgotten that it
began with every unit at home.
"""

from __future__ import annotations

from rescuesim.report.statistics.intervals import Interval as Interval
from rescuesim.report.statistics.intervals import clustered_interval as clustered_interval
from rescuesim.report.statistics.intervals import mean_interval as mean_interval
from rescuesim.report.statistics.joining import joined_results as joined_results
from rescuesim.report.statistics.paired import PairedDifference as PairedDifference
from rescuesim.report.statistics.paired import paired_difference as paired_difference
from rescuesim.report.statistics.sequential import SequentialRun as SequentialRun
from rescuesim.report.statistics.sequential import replicate_until as replicate_until
from rescuesim.report.statistics.sequential import replications_needed as replications_needed
from rescuesim.report.statistics.series import busy_units as busy_units
from rescuesim.report.statistics.series import waiting_calls as waiting_calls
from rescuesim.report.statistics.shares import share_interval as share_interval
from rescuesim.report.statistics.warm_up import WarmUp as WarmUp
from rescuesim.report.statistics.warm_up import mser5 as mser5
from rescuesim.report.statistics.warm_up import warm_up as warm_up
from rescuesim.report.statistics.warm_up import welch_average as welch_average
from rescuesim.report.statistics.warm_up import without_warm_up as without_warm_up
