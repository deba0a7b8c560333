"""Depots near hubs (R42, R43): hubs are sited first, then depots that a hub can supply in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.plan import Plan
from rescuesim.travel import TravelTimes

__all__ = ["HubSupply", "depots_near_hubs", "sites_as_points"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSupply:
    """Which depots a hub can supply in time.

    Parameters
    ----------
    table : DataFrame
        ``depot, hub, drive_s, within``: the nearest hub of each depot; an empty hub and ``inf`` where none reaches it.
    limit_s : float
        Longest drive from a hub.
    """

    table: pd.DataFrame
    limit_s: float

    @property
    def near(self) -> tuple[str, ...]:
        """Ids of the depots that a hub reaches in time."""
        return tuple(self.table.loc[self.table["within"], "depot"])

    @property
    def far(self) -> tuple[str, ...]:
        """Ids of the others; `SitingConstraints` takes them as ``closed``."""
        return tuple(self.table.loc[~self.table["within"], "depot"])


def sites_as_points(sites: CandidateSites, *, kind: str | None = "depot") -> DemandPoints:
    """Take the sites of a kind as points to drive to, so that travel times from hubs can be computed.

    Parameters
    ----------
    sites : CandidateSites
    kind : str or None, optional
        All sites if None.

    Returns
    -------
    DemandPoints
        With the ids of the sites, without people, in zone ``rural``, and of weight 1.

    Raises
    ------
    InputError
        If no site is of this kind.
    """
    rows = [row for row, one in enumerate(sites.kinds) if kind is None or one == kind]
    if not rows:
        raise InputError(f"kind {kind!r}: expected sites of this kind, there is none among the {len(sites)}")
    none = np.zeros(len(rows))
    return DemandPoints(
        ids=tuple(sites.ids[row] for row in rows),
        names=tuple(sites.names[row] for row in rows),
        lon=None if sites.lon is None else sites.lon[rows],
        lat=None if sites.lat is None else sites.lat[rows],
        zones=("rural",) * len(rows),
        people=none,
        calls_per_year=none.copy(),
        calls_given=np.zeros(len(rows), dtype=np.bool_),
        weights=np.ones(len(rows)),
        townships=tuple(sites.townships[row] for row in rows),
        kinds=("residential",) * len(rows),
        source=sites.source,
    )


def depots_near_hubs(times: TravelTimes, hubs: Plan, *, limit_s: float) -> HubSupply:
    """Find the depots that an open hub reaches in time.

    Parameters
    ----------
    times : TravelTimes
        From sites, hubs among them, to depots as points (`sites_as_points`).
    hubs : Plan
        Its sites of kind ``hub`` supply.
    limit_s : float
        Longest drive, inclusive.

    Returns
    -------
    HubSupply

    Raises
    ------
    InputError
        If the plan has no hub, or the limit is not 0 or more or lies beyond the cutoff of the times.
    UnknownIdError
        If a hub is not among the sites of the times.

    Examples
    --------
    >>> sites = pd.DataFrame({"id": ["h", "k"], "kind": ["hub", "depot"], "status": ["existing", "candidate"]})
    >>> times = TravelTimes.from_matrix([[900.0], [0.0]], sites=sites, demand=pd.DataFrame({"id": ["k"]}))
    >>> depots_near_hubs(times, Plan.today(times.sites), limit_s=1200).near
    ('k',)
    """
    ids = [site.id for site in hubs.sites if site.kind == "hub"]
    if not ids:
        raise InputError(f"plan {hubs.name!r}: expected at least one hub")
    if unknown := [id_ for id_ in ids if id_ not in times.sites.ids]:
        raise UnknownIdError(f"hub {unknown[0]!r}: expected {nearest_name(unknown[0], times.sites.ids)}")
    if not 0 <= limit_s < np.inf or limit_s > times.cutoff_s:
        raise InputError(f"limit_s {limit_s}: expected 0 or more, and at most the cutoff of {times.cutoff_s:g} s")
    rows = [times.sites.ids.index(id_) for id_ in ids]
    drive = times.values[rows]
    best, at = drive.argmin(axis=0), np.arange(len(times.demand))
    nearest = drive[best, at]
    table = pd.DataFrame(
        {
            "depot": times.demand.ids,
            "hub": [ids[row] if np.isfinite(value) else "" for row, value in zip(best, nearest, strict=True)],
            "drive_s": nearest,
            "within": times.within(np.float64(limit_s))[:, rows].any(axis=1),  # type: ignore[arg-type]
        }
    )
    return HubSupply(table=table, limit_s=limit_s)
