"""Draws: the durations of all unit slots of all calls, made before the first event."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rescuesim.crew import Lognormal
from rescuesim.simulation.calls import CallLog
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.setting import Setting
from rescuesim.simulation.streams import Stream, stream

__all__ = ["Draws"]


class Draws:
    """Durations by unit slot and call, as lists: reading one number from an array costs as much as an event.

    Attributes
    ----------
    set_up_s, variation, on_scene_s : list of list of float
        By slot and call.
    turnout_s : list of list of dict of str to list of float
        By slot, unit, shift and call.
    """

    def __init__(self, calls: CallLog, setting: Setting, fleet: Fleet, slots: int, *, replication: int) -> None:
        self._calls, self._setting, self._replication = calls, setting, replication

        def drawn(name: str, law: Lognormal) -> list[list[float]]:
            z = calls.by_slot(name)
            return [law.from_normal(z[:, slot]).tolist() for slot in range(slots)]

        self.set_up_s = drawn("set_up_z", setting.chain["set_up"])
        self.variation = drawn("travel_z", setting.chain["variation"])
        on_scene = calls.by_slot("on_scene_s")
        self.on_scene_s: list[list[float]] = [on_scene[:, slot].tolist() for slot in range(slots)]
        self.turnout_s = [self._turnouts(fleet, slot) for slot in range(slots)]

    def _turnouts(self, fleet: Fleet, slot: int) -> list[dict[str, list[float]]]:
        z = self._calls.by_slot("turnout_z")[:, slot]
        seconds: dict[Lognormal, list[float]] = {}
        by_crew: dict[int, dict[str, list[float]]] = {}
        found = []
        for unit in fleet.units:
            if id(unit.crew) not in by_crew:
                for law in unit.crew.turnout.values():
                    if law not in seconds:
                        seconds[law] = law.from_normal(z).tolist()
                by_crew[id(unit.crew)] = {shift: seconds[law] for shift, law in unit.crew.turnout.items()}
            found.append(by_crew[id(unit.crew)])
        return found

    @cached_property
    def muster_u(self) -> NDArray[np.float64]:
        """How many of a crew come; float64, shape (n_calls, n_slots)."""
        return self._calls.by_slot("muster_u")

    @cached_property
    def accept_u(self) -> NDArray[np.float64]:
        """Whether and when a crew accepts; float64, shape (n_calls, n_slots)."""
        return self._calls.by_slot("accept_u")

    @cached_property
    def command_post_z(self) -> list[float]:
        """Standard normal draws for the command posts, one a call."""
        draws = stream(Stream.COMMAND_POST, seed=self._setting.seed, replication=self._replication)
        found: list[float] = draws.standard_normal(len(self._calls)).tolist()
        return found
