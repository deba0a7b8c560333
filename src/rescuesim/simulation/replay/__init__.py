"""Validation by memory: recorded incidents beside what the model says of them.

`recorded` reads the table (`placing`: where and who; `closures`: that day's roads); `dispatched` finds who goes and how
far; `predicted` makes a distribution of every recorded time; `accuracy` sums the errors up; `worst` lists what fits
worst; `suggested` and `roads` say what to change; `replay` ties them together; `example` makes records of a simulation.
"""

from __future__ import annotations

from rescuesim.simulation.replay.example import example_incidents as example_incidents
from rescuesim.simulation.replay.recorded import INCIDENT_COLUMNS as INCIDENT_COLUMNS
from rescuesim.simulation.replay.replay import Replay as Replay
from rescuesim.simulation.replay.replay import replay_incidents as replay_incidents
from rescuesim.simulation.replay.suggested import Suggestion as Suggestion
