"""Setting: what all replications of a simulation share beside fleet, calls and roads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.errors import InputError

__all__ = ["Queue", "Setting"]

Queue = Literal["fifo", "loss"]


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
        Root seed of the absences.
    seats : int
        Call takers.
    queue : {'fifo', 'loss'}
        Whether a call without a unit waits or is lost.
    """

    chain: Mapping[str, Lognormal]
    horizon_s: float
    seed: int = 0
    seats: int = field(default_factory=lambda: int(default("desk.seats").number))
    queue: Queue = "fifo"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.horizon_s) and self.horizon_s > 0):
            raise InputError(f"horizon_s {self.horizon_s}: expected finite seconds above 0")
        if self.seats < 1:
            raise InputError(f"seats {self.seats}: expected at least 1")
        if self.seed < 0:
            raise InputError(f"seed {self.seed}: expected a whole number of 0 or more")
        if self.queue not in ("fifo", "loss"):
            raise InputError(f"queue {self.queue!r}: expected fifo or loss")
        if missing := {"answering", "order", "set_up", "variation"} - set(self.chain):
            raise InputError(f"chain: expected a distribution of {', '.join(sorted(missing))}")
