"""Plan: which sites are open and with how many units (布点, 力量编成); ids and rows, never times."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import pandas as pd

from rescuesim.candidates import CandidateSites
from rescuesim.errors import DataFileError, Fault, InputError, UnknownIdError, nearest_name

__all__ = ["Plan", "PlanSite"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSite:
    """One open site.

    Parameters
    ----------
    id, name, crew, status, kind, township, host : str
        Only sites of kind ``station`` send units.
    units : int
        Vehicles with crew.
    cost : float
        In the unit of money of the site table.
    lon, lat : float or None
        WGS84 degrees; None for a problem without positions.
    """

    id: str
    name: str
    crew: str
    status: str
    units: int
    kind: str = "station"
    cost: float = 0.0
    township: str = ""
    host: str = ""
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The open sites of a siting, or of today.

    Parameters
    ----------
    name : str
    sites : tuple of PlanSite
        In the order of the site table.

    Examples
    --------
    >>> site = PlanSite(id="s1", name="城区站", crew="brigade", status="existing", units=3)
    >>> plan = Plan(name="today", sites=(site,))
    >>> plan.opened, plan.units
    (('s1',), {'s1': 3})
    >>> Plan.from_json(plan.to_json()) == plan
    True
    """

    name: str
    sites: tuple[PlanSite, ...]

    def __post_init__(self) -> None:
        ids = [site.id for site in self.sites]
        if len(ids) != len(set(ids)):
            raise InputError(f"plan {self.name!r}: expected each site once")
        if odd := [site.id for site in self.sites if not isinstance(site.units, int) or site.units < 1]:
            raise InputError(f"plan {self.name!r}, site {odd[0]!r}: expected a whole number of 1 unit or more")
        numbers = [(site.id, value) for site in self.sites for value in (site.lon, site.lat, site.cost)]
        if wrong := [id_ for id_, value in numbers if value is not None and not math.isfinite(value)]:
            raise InputError(f"plan {self.name!r}, site {wrong[0]!r}: expected a finite lon, lat and cost")

    @property
    def opened(self) -> tuple[str, ...]:
        """Ids of the open sites."""
        return tuple(site.id for site in self.sites)

    @property
    def stations(self) -> tuple[PlanSite, ...]:
        """The open sites that send units."""
        return tuple(site for site in self.sites if site.kind == "station")

    @property
    def units(self) -> dict[str, int]:
        """Units by site id."""
        return {site.id: site.units for site in self.sites}

    @property
    def cost(self) -> float:
        """Sum of the costs of the open sites."""
        return math.fsum(site.cost for site in self.sites)

    def with_depots(self, depots: Plan) -> Plan:
        """Return this plan with the depots and hubs of another one.

        Parameters
        ----------
        depots : Plan
            As `rescuesim.site` makes it with ``kind="depot"`` or ``kind="hub"``.

        Returns
        -------
        Plan
            Under the name of this one; its stations first. A depot that both plans hold, alike in all, stands in it
            once.

        Raises
        ------
        InputError
            If the other plan holds stations, or a site of the same id that is not the same; all of them in one
            message.

        Examples
        --------
        >>> station = PlanSite(id="s1", name="城区站", crew="brigade", status="existing", units=3)
        >>> depot = PlanSite(id="k1", name="县储备库", crew="", status="candidate", units=1, kind="depot")
        >>> both = Plan(name="plan", sites=(station,)).with_depots(Plan(name="depots", sites=(depot,)))
        >>> both.opened, [site.id for site in both.stations]
        (('s1', 'k1'), ['s1'])
        """
        mine = {site.id: site for site in self.sites}
        faults = []
        for site in depots.sites:
            if site.kind == "station":
                faults.append(Fault(column="kind", value=f"{site.id}: station", expected="depots and hubs alone"))
            elif site.id in mine and mine[site.id] != site:
                held = mine[site.id]
                expected = f"another id: {held.kind} {held.name!r} of the plan has it, and differs"
                faults.append(Fault(column="id", value=site.id, expected=expected))
        if faults:
            raise InputError(faults)
        return replace(self, sites=(*self.sites, *(site for site in depots.sites if site.id not in mine)))

    def new_sites(self) -> tuple[PlanSite, ...]:
        """Return the open sites that do not exist yet."""
        return tuple(site for site in self.sites if site.status != "existing")

    @classmethod
    def today(cls, sites: CandidateSites) -> Plan:
        """Return the plan in which just the existing sites are open."""
        existing = [id_ for id_, status in zip(sites.ids, sites.statuses, strict=True) if status == "existing"]
        return cls.from_opened(sites, existing, name="today")

    @classmethod
    def from_opened(
        cls,
        sites: CandidateSites,
        opened: Iterable[str],
        *,
        name: str = "plan",
        units_per_new_site: int | None = None,
    ) -> Plan:
        """Return the plan that opens the given sites.

        Parameters
        ----------
        sites : CandidateSites
        opened : iterable of str
            Ids.
        name : str, optional
        units_per_new_site : int, optional
            Units of sites that do not exist yet; those of the site table if absent.

        Raises
        ------
        UnknownIdError
            If an id is not in the site table.
        """
        wanted = set(opened)
        if unknown := wanted - set(sites.ids):
            first = sorted(unknown)[0]
            raise UnknownIdError(f"site {first!r}: expected {nearest_name(first, sites.ids)}")
        made = []
        for row, id_ in enumerate(sites.ids):
            if id_ not in wanted:
                continue
            new = sites.statuses[row] != "existing"
            made.append(
                PlanSite(
                    id=id_,
                    name=sites.names[row],
                    crew=sites.crews[row],
                    status=sites.statuses[row],
                    units=units_per_new_site if new and units_per_new_site is not None else int(sites.units[row]),
                    kind=sites.kinds[row],
                    cost=float(sites.cost[row]),
                    township=sites.townships[row],
                    host=sites.hosts[row],
                    lon=None if sites.lon is None else float(sites.lon[row]),
                    lat=None if sites.lat is None else float(sites.lat[row]),
                )
            )
        return cls(name=name, sites=tuple(made))

    def to_frame(self) -> pd.DataFrame:
        """Return one row an open site."""
        return pd.DataFrame([asdict(site) for site in self.sites], columns=[f.name for f in fields(PlanSite)])

    def to_json(self) -> str:
        """Write the plan as JSON text."""
        return json.dumps({"name": self.name, "sites": [asdict(s) for s in self.sites]}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read a plan from JSON text.

        Raises
        ------
        InputError
            If the text is no plan.
        """
        try:
            read = json.loads(text)
            return cls(name=str(read["name"]), sites=tuple(PlanSite(**site) for site in read["sites"]))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise InputError(f"plan: expected JSON with name and sites as Plan.to_json writes it; {error}") from None

    @classmethod
    def load(cls, path: Path | str) -> Plan:
        """Read a plan from a JSON file."""
        if not Path(path).is_file():
            raise DataFileError(f"{path}: no such file")
        try:
            return cls.from_json(Path(path).read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            raise DataFileError(f"{path}: expected JSON in UTF-8") from None
