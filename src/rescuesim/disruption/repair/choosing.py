"""What a rule of repair is asked, and what a schedule is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from rescuesim.disruption.repair.damaged_roads import Slowed

__all__ = ["Candidate", "Done", "Rule", "Schedule", "Situation", "Spell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A job that a crew could take up now.

    Parameters
    ----------
    crew, job, front : int
    arrives_s : float
        When it would be there.
    done_s : float
        When the stage is done if it joins those who are at work there now; ``inf`` if not by the horizon.
    around_s : float
        How much longer it drives to the other side of the damage than to this one, on the roads as they are; ``inf``
        where no open road leads there.
    """

    crew: int
    job: int
    front: int
    arrives_s: float
    done_s: float = math.inf
    around_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a rule may look at: nothing that is yet to happen.

    Parameters
    ----------
    at_s : float
    levels : bytes
        What each damage means to the road now.
    slowed : tuple
    left_s : tuple of float
        Seconds of one machine pair until each job's road is passable (or its work done); ``inf`` where unknown or
        nobody can. Empty for a rule that does not look at it.
    """

    at_s: float
    levels: bytes
    slowed: Slowed
    left_s: tuple[float, ...]


class Rule(Protocol):
    """Says which of several candidates is taken: the one with the least key."""

    @property
    def looks_at_work(self) -> bool:
        """Whether it asks how much work is left; it is not worked out if not."""
        ...

    @property
    def looks_ahead(self) -> bool:
        """Whether it asks when a job would be done and how far it is around; both are ``inf`` if not."""
        ...

    def __call__(self, candidate: Candidate, situation: Situation) -> tuple[float, ...]:
        """Return the key of a candidate."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """What a crew does for a time: ``travel`` or ``work``, waiting for daylight on the spot included."""

    crew: int
    job: int
    doing: str
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The end of a stage: when, and by which crews; nobody if it passed by itself."""

    job: int
    stage: int
    at_s: float
    crews: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What came of it.

    Parameters
    ----------
    spells : tuple of Spell
    done : tuple of Done
    levels : tuple
        From when on each damage means what to its road, the first from 0 s.
    begun : tuple of int
        Jobs in the order in which crews set out for them first.
    """

    spells: tuple[Spell, ...]
    done: tuple[Done, ...]
    levels: tuple[tuple[float, bytes], ...]
    begun: tuple[int, ...]
