"""Setting: what all replications of a simulation share beside fleet, calls and roads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.errors import Fault, InputError
from rescuesim.simulation.believed_roads import InformationLevel
from rescuesim.simulation.calls import HazardGrowth
from rescuesim.simulation.calls.growth import default_growth
from rescuesim.simulation.checks.options import yes_or_no_faults
from rescuesim.simulation.desk import Desk
from rescuesim.simulation.packages import ResponsePackage, single_unit_packages
from rescuesim.simulation.policies import QueueName, QueuePolicy

__all__ = ["NobodyCapable", "Setting"]

NobodyCapable = Literal["refuse", "wait"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all replications of a simulation share beside fleet, calls and roads.

    Parameters
    ----------
    chain : mapping of str to Lognormal
        ``answering``, ``order``, ``set_up`` in seconds, and ``variation`` of the drive.
    horizon_s : float
        End of each replication, seconds.
    seed : int
        Root seed of the absences, and of the delay of messages from silent places.
    seats : int
        Call takers, where there is no `desk`.
    desk : Desk, optional
        The desk with all its properties; one with `seats` if absent.
    queue : {'fifo', 'priority', 'preemptive', 'loss'} or QueuePolicy
        What becomes of a unit slot for which no unit can go. ``fifo``: it waits, first asked first served.
        ``priority``: more urgent calls are served first, of equal ones the first asked. ``preemptive``: moreover an
        urgent call takes a unit that is on the way to a less urgent one. ``loss``: it is not filled, and the call is
        lost if it cannot start without it. Any other queue is an object that says so itself.
    preempt_on_scene : bool
        Whether ``preemptive`` also takes units that have arrived; the work that is left waits to be resumed, so the
        queue has to be one that waits. (Taken on its way, a unit leaves a call that waits, or else is lost.)
    packages : mapping of str to ResponsePackage
        Units of each call type; one capable unit if absent.
    nobody_capable : {'refuse', 'wait'}
        Calls that nobody of the fleet can ever serve, for want of a capability or of people, are refused before the
        first event, or wait until the horizon.
    information : {'complete', 'unit', 'desk', 'platform'}
        Who knows of the roads what. ``complete``: a unit knows the roads as they are when it leaves, and a road that
        closes while it drives does not stop it. The others drive by what is believed, see `KnowledgeBoard`.
    divertible : bool
        Whether a unit on its way home can take another call.
    muster : bool
        Whether crews with a roster muster person by person, and may refuse, call by call. Without it they are there or
        absent by shift, as planning has it. The two are never applied together.
    growth : mapping of str to HazardGrowth
        By call type: how severe a call has become by the first action.

    Raises
    ------
    InputError
        With every number that is out of bounds, choice that is unknown and distribution that is missing.
    """

    chain: Mapping[str, Lognormal]
    horizon_s: float
    seed: int = 0
    seats: int = field(default_factory=lambda: int(default("desk.seats").number))
    desk: Desk | None = None
    queue: QueueName | QueuePolicy = "fifo"
    preempt_on_scene: bool = False
    packages: Mapping[str, ResponsePackage] = field(default_factory=lambda: dict(single_unit_packages()))
    nobody_capable: NobodyCapable = "refuse"
    information: InformationLevel = "complete"
    divertible: bool = False
    muster: bool = False
    growth: Mapping[str, HazardGrowth] = field(default_factory=lambda: dict(default_growth()))

    def __post_init__(self) -> None:
        wrong = []
        if not (math.isfinite(self.horizon_s) and self.horizon_s > 0):
            wrong.append(f"horizon_s {self.horizon_s}: expected finite seconds above 0")
        if self.seats < 1:
            wrong.append(f"seats {self.seats}: expected at least 1")
        if self.seed < 0:
            wrong.append(f"seed {self.seed}: expected a whole number of 0 or more")
        preempts = self.queue == "preemptive"
        if isinstance(self.queue, str):
            if self.queue not in get_args(QueueName):
                wrong.append(f"queue {self.queue!r}: expected fifo, priority, preemptive or loss")
        elif lacks := [name for name in ("key", "waits", "preempts") if not hasattr(self.queue, name)]:
            named = type(self.queue).__name__
            wrong.append(f"queue {named}: expected an object with key(call), waits and preempts; no {lacks[0]}")
        else:
            preempts = self.queue.preempts
        if self.information not in get_args(InformationLevel):
            wrong.append(f"information {self.information!r}: expected complete, unit, desk or platform")
        if self.nobody_capable not in get_args(NobodyCapable):
            wrong.append(f"nobody_capable {self.nobody_capable!r}: expected refuse or wait")
        if self.preempt_on_scene and not preempts:
            wrong.append(f"preempt_on_scene with queue {self.queue!r}: expected queue preemptive")
        if self.preempt_on_scene and not getattr(self.queue, "waits", True):
            named = type(self.queue).__name__
            wrong.append(f"preempt_on_scene with queue {named}: expected a queue that waits; nobody resumes the work")
        if missing := {"answering", "order", "set_up", "variation"} - set(self.chain):
            wrong.append(f"chain: expected a distribution of {', '.join(sorted(missing))}")
        switches = {name: getattr(self, name) for name in ("preempt_on_scene", "divertible", "muster")}
        if faults := [*(Fault(problem=problem) for problem in wrong), *yes_or_no_faults(switches)]:
            raise InputError(faults)

    @property
    def answering_desk(self) -> Desk:
        """The desk that answers."""
        return Desk(seats=self.seats) if self.desk is None else self.desk
