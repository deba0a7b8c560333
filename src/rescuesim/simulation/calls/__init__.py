"""Calls: who rings when, from where and for what, with every random draw of the call made in advance.

`log` holds the calls of a replication; `model` draws them, by the year, week and day of `pattern`, with what a
disaster adds (`surge`); `growth` says how severe a delay makes them; `trace` reads those that were recorded.
"""

from __future__ import annotations

from rescuesim.simulation.calls.growth import HazardGrowth as HazardGrowth
from rescuesim.simulation.calls.growth import default_growth as default_growth
from rescuesim.simulation.calls.log import DRAWS as DRAWS
from rescuesim.simulation.calls.log import SLOT_DRAWS as SLOT_DRAWS
from rescuesim.simulation.calls.log import CallLog as CallLog
from rescuesim.simulation.calls.log import call_needs as call_needs
from rescuesim.simulation.calls.log import call_priorities as call_priorities
from rescuesim.simulation.calls.model import CallModel as CallModel
from rescuesim.simulation.calls.pattern import CallPattern as CallPattern
from rescuesim.simulation.calls.surge import Surge as Surge
from rescuesim.simulation.calls.trace import load_calls as load_calls
