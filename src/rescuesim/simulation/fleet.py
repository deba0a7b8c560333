"""Fleet: the units of a plan with their crews, and the shifts in which a crew is absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rescuesim.crew import CrewType, Shift, default_shifts, shift_at
from rescuesim.errors import InputError, nearest_name
from rescuesim.plan import Plan
from rescuesim.simulation.streams import Stream, site_key, stream

__all__ = ["Fleet", "ShiftTimeline", "Unit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One vehicle with its crew.

    Parameters
    ----------
    id : str
        ``"<site id>#1"`` and so on.
    site : str
        Id of the site at which it stands and to which it returns.
    crew : CrewType
    township : str
        Township of the site; decides which outages of the public network cut it off.
    """

    id: str
    site: str
    crew: CrewType
    township: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftTimeline:
    """Which shift is on duty when, from the start of a replication to its end.

    Parameters
    ----------
    starts_s : tuple of float
        Start of each occurrence of a shift, ascending; the first is 0.
    shifts : tuple of str
        Name of the shift that starts there.

    Examples
    --------
    >>> timeline = ShiftTimeline.until(2 * 86400.0)
    >>> timeline.starts_s, timeline.shifts
    ((0.0, 28800.0, 72000.0, 115200.0, 158400.0), ('night', 'day', 'night', 'day', 'night'))
    """

    starts_s: tuple[float, ...]
    shifts: tuple[str, ...]

    @classmethod
    def until(cls, horizon_s: float, shifts: tuple[Shift, ...] | None = None, *, start_h: float = 0.0) -> ShiftTimeline:
        """List the occurrences that start before the horizon; the replication begins at an hour of the day.

        Examples
        --------
        >>> ShiftTimeline.until(86400.0, start_h=18.5).starts_s
        (0.0, 5400.0, 48600.0)
        """
        known, began_s = shifts or default_shifts(), start_h * 3600.0
        midnights = np.arange(0.0, horizon_s + began_s, 86400.0)
        starts = np.concatenate([midnights + shift.start_h * 3600.0 - began_s for shift in known])
        starts = np.unique(np.r_[0.0, starts[(starts > 0) & (starts < horizon_s)]])
        on_duty = shift_at((starts + began_s) / 3600.0, known)
        return cls(starts_s=tuple(starts.tolist()), shifts=tuple(known[index].name for index in on_duty))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All units of a plan; ties between units are broken by their order here.

    Parameters
    ----------
    units : tuple of Unit
        In the order of the plan's sites; units of one site have the same crew.

    Raises
    ------
    InputError
        If there is no unit, an id stands twice, a site has two crew types, or a crew lacks a shift.

    Examples
    --------
    >>> from rescuesim.plan import PlanSite
    >>> from rescuesim.standard import load_standard
    >>> plan = Plan(name="p", sites=(PlanSite(id="s1", name="", crew="brigade", status="existing", units=2),))
    >>> [unit.id for unit in Fleet.from_plan(plan, load_standard().crews).units]
    ['s1#1', 's1#2']
    """

    units: tuple[Unit, ...]

    def __post_init__(self) -> None:
        if not self.units:
            raise InputError("fleet: expected at least one unit")
        ids = [unit.id for unit in self.units]
        if len(ids) != len(set(ids)):
            raise InputError("fleet: expected each unit id once")
        needed = {shift.name for shift in default_shifts()}
        crew_of: dict[str, str] = {}
        for unit in self.units:
            if crew_of.setdefault(unit.site, unit.crew.name) != unit.crew.name:
                raise InputError(f"site {unit.site!r}: expected units of one crew type")
            if missing := sorted(needed - set(unit.crew.turnout)):
                raise InputError(f"crew {unit.crew.name!r}: expected turnout and availability by {missing[0]}")

    @classmethod
    def from_plan(cls, plan: Plan, crews: Mapping[str, CrewType]) -> Fleet:
        """Man the units of a plan.

        Parameters
        ----------
        plan : Plan
        crews : mapping of str to CrewType
            Crew types by name, those of the standard.

        Raises
        ------
        InputError
            If the plan has no stations, or a site's crew is unknown or lacks a shift.
        """
        if not plan.stations:
            raise InputError(f"plan {plan.name!r}: expected at least one open station")
        units = []
        for site in plan.stations:
            if site.crew not in crews:
                known = nearest_name(site.crew, crews)
                raise InputError(f"plan {plan.name!r}, site {site.id!r}, crew {site.crew!r}: expected {known}")
            crew = crews[site.crew]
            # plain dicts, since other kinds of mapping cannot be sent to worker processes
            crew = replace(
                crew, turnout=dict(crew.turnout), availability=dict(crew.availability), attends=dict(crew.attends)
            )
            units += [
                Unit(id=f"{site.id}#{number}", site=site.id, crew=crew, township=site.township)
                for number in range(1, site.units + 1)
            ]
        return cls(units=tuple(units))

    @property
    def sites(self) -> tuple[str, ...]:
        """Ids of the sites, in the order of their first units."""
        return tuple(dict.fromkeys(unit.site for unit in self.units))

    def site_rows(self) -> NDArray[np.int64]:
        """Index into `sites` of each unit; int64, shape (n_units,)."""
        row = {site: index for index, site in enumerate(self.sites)}
        return np.array([row[unit.site] for unit in self.units], dtype=np.int64)

    def with_roster(self) -> NDArray[np.int64]:
        """Return the indices into `sites` of those whose crew musters person by person; int64, shape (n,)."""
        crew_of = {unit.site: unit.crew for unit in reversed(self.units)}
        return np.array(
            [row for row, site in enumerate(self.sites) if crew_of[site].roster is not None], dtype=np.int64
        )

    def absences(self, timeline: ShiftTimeline, *, seed: int, replication: int) -> NDArray[np.bool_]:
        """Draw in which shifts the crew of each site is absent, all its units together.

        Parameters
        ----------
        timeline : ShiftTimeline
        seed, replication : int

        Returns
        -------
        ndarray of bool, shape (n_occurrences, n_sites)
            One draw a site and occurrence, keyed by the site's id: plans that share a site share it.
        """
        crew_of = {unit.site: unit.crew for unit in reversed(self.units)}
        absent = np.zeros((len(timeline.shifts), len(self.sites)), dtype=np.bool_)
        for column, site in enumerate(self.sites):
            staffed = [crew_of[site].availability[shift] for shift in timeline.shifts]
            draws = stream(Stream.ABSENCE, seed=seed, replication=replication, key=site_key(site))
            absent[:, column] = draws.random(len(staffed)) >= staffed
        return absent
