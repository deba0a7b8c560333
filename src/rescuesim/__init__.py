"""Site rescue stations for the 135 and 15-minute circles, break things, and check that the plan holds.

Each stage of the planner's question yields one frozen artefact; the next stage takes it::

    RoadNetwork -> CandidateSites + DemandPoints -> TravelTimes -> SitingSolution -> Plan
                                                        ^                            |
    Disruption -> NetworkStates (moments of it) --------+---------> Simulation <-----+ -> Comparison -> report

Names are loaded when they are first used, so ``import rescuesim`` is quick and needs no heavy library.

Examples
--------
>>> import rescuesim as rs
>>> standard = rs.load_standard()
>>> round(standard.limit_s("micro_station", "built_up", "day"))
93
"""

from __future__ import annotations

import importlib

from rescuesim._homes import HOME_OF

__version__ = "0.1.0"


__all__ = sorted(HOME_OF)


def __getattr__(name: str) -> object:
    if name in HOME_OF:
        found = getattr(importlib.import_module(HOME_OF[name]), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'rescuesim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
