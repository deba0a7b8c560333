"""Going: whether a search may go on, until its time is over or somebody presses Ctrl-C."""

from __future__ import annotations

from dataclasses import dataclass

from rescuesim.siting.found import Clock

__all__ = ["Going"]


@dataclass(slots=True, kw_only=True)
class Going:
    """Say whether there is time left.

    Parameters
    ----------
    clock : Clock
    interrupted : bool
        Set where a KeyboardInterrupt was caught, so that all that follows stops too.

    Examples
    --------
    >>> going = Going(clock=Clock(limit_s=60.0))
    >>> going()
    True
    >>> going.interrupted = True
    >>> going()
    False
    """

    clock: Clock
    interrupted: bool = False

    def __call__(self) -> bool:
        """Whether there is time left."""
        return not self.interrupted and self.clock.elapsed_s() < self.clock.limit_s
