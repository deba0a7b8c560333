"""RepairCrew: who mends, with what, and from where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np

from rescuesim._defaults import default
from rescuesim.candidates import CandidateSites
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.quality import SnappedPoints, snap_points

__all__ = ["CREW_KIND_WORDS", "CrewKind", "RepairCrew", "crew_positions"]

CrewKind = Literal["road", "bridge", "power", "tower"]
CREW_KIND_WORDS: Mapping[str, str] = MappingProxyType(
    {"road": "道路抢通", "bridge": "架桥", "power": "电力抢修", "tower": "基站发电"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairCrew:
    """A crew that mends roads, lines or base stations.

    Parameters
    ----------
    id : str
    kind : {'road', 'bridge', 'power', 'tower'}
        Where there are bridge crews, temporary bridges are theirs; road crews put them up if there are none.
    machines : int
        Machine pairs (an excavator with a loader) of a road crew; the others are counted as one.
    site : str
        Site that it starts from; or, where this is empty,
    lon, lat : float
        its base in WGS84 degrees.
    from_s : float
        Seconds after the onset at which it is ready to leave.

    Examples
    --------
    >>> RepairCrew(id="highway team 1", site="S003", machines=2).kind
    'road'
    """

    id: str
    kind: CrewKind = "road"
    machines: int = 1
    site: str = ""
    lon: float = math.nan
    lat: float = math.nan
    from_s: float = 0.0

    def __post_init__(self) -> None:
        faults = []
        if not self.id:
            faults.append(Fault(column="id", value=self.id, expected="a name"))
        if self.kind not in get_args(CrewKind):
            faults.append(Fault(column="kind", value=self.kind, expected=f"one of {', '.join(get_args(CrewKind))}"))
        if isinstance(self.machines, bool) or not isinstance(self.machines, int) or self.machines < 1:
            faults.append(Fault(column="machines", value=str(self.machines), expected="a whole number of 1 or more"))
        placed = math.isfinite(self.lon) and math.isfinite(self.lat)
        if bool(self.site) == placed or (math.isfinite(self.lon) != math.isfinite(self.lat)):
            place = f"site {self.site!r}, {self.lon} {self.lat}"
            faults.append(Fault(column="site, lon, lat", value=place, expected="a site, or both lon and lat"))
        if not 0 <= self.from_s < math.inf:
            faults.append(Fault(column="from_s", value=str(self.from_s), expected="seconds of 0 or more"))
        if faults:
            raise InputError([Fault(problem=f"repair crew {self.id!r}: {fault}") for fault in faults])


def crew_positions(
    network: RoadNetwork, crews: Sequence[RepairCrew], sites: CandidateSites | None
) -> tuple[SnappedPoints | None, list[Fault]]:
    """Snap the bases of crews and say what is wrong with them, all at once.

    Parameters
    ----------
    network : RoadNetwork
    crews : sequence of RepairCrew
    sites : CandidateSites or None
        Where crews that start from a site stand.

    Returns
    -------
    SnappedPoints or None
        None where there are faults.
    faults : list of Fault
    """
    faults, seen = [], set()
    at: dict[str, tuple[float, float]] = {}
    if sites is not None and sites.lon is not None and sites.lat is not None:
        at = {id_: (float(x), float(y)) for id_, x, y in zip(sites.ids, sites.lon, sites.lat, strict=True)}
    place = []
    for crew in crews:
        if crew.id in seen:
            faults.append(Fault(problem=f"repair crew {crew.id!r} stands twice; expected ids of their own"))
        seen.add(crew.id)
        if crew.site and crew.site not in at:
            known = f"expected {nearest_name(crew.site, at)}" if at else "expected sites with positions"
            faults.append(Fault(problem=f"repair crew {crew.id!r}, site {crew.site!r}: {known}"))
        place.append(at.get(crew.site, (0.0, 0.0)) if crew.site else (crew.lon, crew.lat))
    if faults:
        return None, faults
    lon, lat = np.array(place, dtype=np.float64).reshape(-1, 2).T
    snapped = snap_points(network, lon, lat)
    limit = default("access.snap_limit_m").number
    for number in np.flatnonzero(~snapped.in_range).tolist():
        away = f"the nearest road is {snapped.access_m[number]:.0f} m away"
        faults.append(
            Fault(
                problem=f"repair crew {crews[number].id!r} at {lon[number]:.6f} {lat[number]:.6f}: {away}, "
                f"expected a base within {limit:.0f} m of a road"
            )
        )
    return (None if faults else snapped), faults
