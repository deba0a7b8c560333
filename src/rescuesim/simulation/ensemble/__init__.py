"""Ensembles: plans × disruptions × replications, kept in parts on disk.

`content` tells things by what they hold; `study` cuts a study into chunks; `parts` are their tables as files;
`manifest` says what a folder holds; `workers` play chunks; `run` ties them together in `simulate_ensemble`; `results`
reads; `story` tells one replication as a log.
"""

from __future__ import annotations

from rescuesim.simulation.ensemble.content import content_hash as content_hash
from rescuesim.simulation.ensemble.results import Ensemble as Ensemble
from rescuesim.simulation.ensemble.results import open_ensemble as open_ensemble
from rescuesim.simulation.ensemble.run import EnsembleProgress as EnsembleProgress
from rescuesim.simulation.ensemble.run import simulate_ensemble as simulate_ensemble
from rescuesim.simulation.ensemble.story import LogLine as LogLine
from rescuesim.simulation.ensemble.story import replication_log as replication_log
from rescuesim.simulation.ensemble.workers import SchedulerExecutor as SchedulerExecutor
