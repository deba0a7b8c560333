"""Crews: whether an order reaches them, whether they take it, and how many people come."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

from scipy.special import bdtr, ndtri

from rescuesim.simulation.engine.mission import NOT_MUSTERED, NOT_TOLD, REFUSED, Mission
from rescuesim.simulation.fleet import Fleet

if TYPE_CHECKING:
    from rescuesim.simulation.engine.replication import Replication

__all__ = ["Crews", "people_who_come"]


def people_who_come(roster: int, attends: float, uniform: float) -> int:
    """Return how many of a roster come, each on their own: the binomial quantile of a uniform draw.

    Examples
    --------
    >>> [people_who_come(10, 0.35, uniform) for uniform in (0.0, 0.5, 0.99)]
    [0, 3, 7]
    """
    come = 0
    while come < roster and bdtr(come, roster, attends) <= uniform:
        come += 1
    return come


class Crews:
    """Crews that have to be told, that may refuse, and that muster person by person (R05, R06, R18, R23).

    Parameters
    ----------
    fleet : Fleet

    Notes
    -----
    A crew that is asked answers after its acceptance time, and then turns out. At the end of the turnout it is seen how
    many have come: with fewer than the slot asks for, the unit stands down. A unit that is on the road has its people
    aboard and is not asked.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._crews = [unit.crew for unit in fleet.units]

    def turn_out(self, run: Replication, mission: Mission) -> Generator[float, None, bool]:
        """Wait until the unit can leave; False if it does not, and has stood down."""
        unit, crew = mission.unit, self._crews[mission.unit]
        if mission.taken_from is not None:
            yield mission.alerted_s
            return True
        if run.alerting.is_lost(unit, mission.channel, mission.alerted_s):
            through_s, mission.alerted_s = mission.alerted_s, math.nan
            yield through_s
            run.stand_down(mission, NOT_TOLD)
            return False
        begins_s = mission.alerted_s
        if run.setting.muster and crew.acceptance is not None:
            drawn = run.draws.accept_u.item(mission.call, mission.slot)
            takes = drawn < crew.accepts or crew.accepts == 1  # a draw can be 1 itself
            # the draw within its part is uniform again, and says how long the answer takes
            share = drawn / crew.accepts if takes else (drawn - crew.accepts) / (1 - crew.accepts)
            begins_s += float(crew.acceptance.from_normal(ndtri(min(max(share, 1e-12), 1 - 1e-12))))
            if not takes:
                yield begins_s
                run.stand_down(mission, REFUSED)
                return False
        yield begins_s + run.turnout_from(begins_s, mission)
        if run.setting.muster and crew.roster is not None:
            attends = crew.attends[run.now.shift_at(begins_s)]
            mission.people = people_who_come(crew.roster, attends, run.draws.muster_u.item(mission.call, mission.slot))
            if mission.people < mission.need.people:
                run.stand_down(mission, NOT_MUSTERED)
                return False
        return True
