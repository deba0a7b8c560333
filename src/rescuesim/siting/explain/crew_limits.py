"""CrewLimits: how far each crew may drive in each zone, as it is and if its staffing were another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rescuesim.crew import CAPABILITIES
from rescuesim.standard import CANNOT, ResponseStandard

__all__ = ["CrewLimits", "Rank", "crew_limits"]

Rank = Literal["first", "either"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewLimits:
    """Limits by crew and zone.

    Parameters
    ----------
    crews, zones : tuple of str
    first, either : ndarray of float64, shape (n_crews, n_zones)
        Seconds of drive in the worst shift: of the first unit, and of a first or second one; ``-inf`` where the crew
        cannot keep the standard.
    first_steady, either_steady : ndarray of float64, shape (n_crews, n_zones)
        If every shift were staffed as the best one.
    first_equipped, either_equipped : ndarray of float64, shape (n_crews, n_zones)
        If the crew could take on all that the zone needs.
    """

    crews: tuple[str, ...]
    zones: tuple[str, ...]
    first: NDArray[np.float64]
    either: NDArray[np.float64]
    first_steady: NDArray[np.float64]
    either_steady: NDArray[np.float64]
    first_equipped: NDArray[np.float64]
    either_equipped: NDArray[np.float64]


def _table(
    standard: ResponseStandard, crews: tuple[str, ...], zones: tuple[str, ...], rank: int
) -> NDArray[np.float64]:
    return np.array(
        [[standard.worst_shift_limit_s(crew, zone, unit_rank=rank) for zone in zones] for crew in crews]
    ).reshape(len(crews), len(zones))


def _best_shift(
    standard: ResponseStandard, crews: tuple[str, ...], zones: tuple[str, ...], rank: int
) -> NDArray[np.float64]:
    return np.array(
        [
            [max(standard.limit_s(crew, zone, shift, unit_rank=rank) for shift in standard.crews[crew].turnout)]
            for crew in crews
            for zone in zones
        ]
    ).reshape(len(crews), len(zones))


def crew_limits(standard: ResponseStandard, zones: tuple[str, ...]) -> CrewLimits:
    """Compute the limits of every crew type of a standard, as it is and better staffed.

    Parameters
    ----------
    standard : ResponseStandard
    zones : tuple of str
        Zones without a reading have no limit for anybody.

    Examples
    --------
    >>> from rescuesim.standard import load_standard
    >>> limits = crew_limits(load_standard(), ("built_up",))
    >>> limits.crews.index("brigade"), float(limits.first[limits.crews.index("brigade"), 0].round())
    (0, 110.0)
    """
    crews = tuple(standard.crews)
    able = {name: replace(crew, capabilities=frozenset(CAPABILITIES)) for name, crew in standard.crews.items()}
    equipped = replace(standard, crews=able)
    wants = np.array([standard.wants_second_unit(zone) for zone in zones], dtype=np.bool_)

    def either(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(wants, np.maximum(first, second), CANNOT)

    first, steady, with_all = (
        _table(standard, crews, zones, 1),
        _best_shift(standard, crews, zones, 1),
        _table(equipped, crews, zones, 1),
    )
    return CrewLimits(
        crews=crews,
        zones=zones,
        first=first,
        either=either(first, _table(standard, crews, zones, 2)),
        first_steady=steady,
        either_steady=either(steady, _best_shift(standard, crews, zones, 2)),
        first_equipped=with_all,
        either_equipped=either(with_all, _table(equipped, crews, zones, 2)),
    )
