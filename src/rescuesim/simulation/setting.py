"""Setting: what all replications of a simulation share beside fleet, calls and roads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.errors import InputError
from rescuesim.simulation.believed_roads import InformationLevel
from rescuesim.simulation.calls import HazardGrowth
from rescuesim.simulation.calls.growth import default_growth
from rescuesim.simulation.desk import Desk
from rescuesim.simulation.packages import ResponsePackage, single_unit_packages
from rescuesim.simulation.policies import QueueName, QueuePolicy

__all__ = ["Setting"]


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
        If a number is out of bounds, a choice is unknown, or a distribution is missing.
    """

    chain: Mapping[str, Lognormal]
    horizon_s: float
    seed: int = 0
    seats: int = field(default_factory=lambda: int(default("desk.seats").number))
    desk: Desk | None = None
    queue: QueueName | QueuePolicy = "fifo"
    preempt_on_scene: bool = False
    packages: Mapping[str, ResponsePackage] = field(default_factory=lambda: dict(single_unit_packages()))
    information: InformationLevel = "complete"
    divertible: bool = False
    muster: bool = False
    growth: Mapping[str, HazardGrowth] = field(default_factory=lambda: dict(default_growth()))

    def __post_init__(self) -> None:
        if not (math.isfinite(self.horizon_s) and self.horizon_s > 0):
            raise InputError(f"horizon_s {self.horizon_s}: expected finite seconds above 0")
        if self.seats < 1:
            raise InputError(f"seats {self.seats}: expected at least 1")
        if self.seed < 0:
            raise InputError(f"seed {self.seed}: expected a whole number of 0 or more")
        if isinstance(self.queue, str) and self.queue not in get_args(QueueName):
            raise InputError(f"queue {self.queue!r}: expected fifo, priority, preemptive or loss")
        if not isinstance(self.queue, str) and (
            lacks := [name for name in ("key", "waits", "preempts") if not hasattr(self.queue, name)]
        ):
            named = type(self.queue).__name__
            raise InputError(f"queue {named}: expected an object with key(call), waits and preempts; no {lacks[0]}")
        if self.information not in get_args(InformationLevel):
            raise InputError(f"information {self.information!r}: expected complete, unit, desk or platform")
        preempts = self.queue == "preemptive" if isinstance(self.queue, str) else self.queue.preempts
        if self.preempt_on_scene and not preempts:
            raise InputError(f"preempt_on_scene with queue {self.queue!r}: expected queue preemptive")
        if self.preempt_on_scene and not isinstance(self.queue, str) and not self.queue.waits:
            named = type(self.queue).__name__
            raise InputError(
                f"preempt_on_scene with queue {named}: expected a queue that waits; nobody resumes the work"
            )
        if missing := {"answering", "order", "set_up", "variation"} - set(self.chain):
            raise InputError(f"chain: expected a distribution of {', '.join(sorted(missing))}")

    @property
    def answering_desk(self) -> Desk:
        """The desk that answers."""
        return Desk(seats=self.seats) if self.desk is None else self.desk
