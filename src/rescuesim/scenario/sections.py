"""The sections of a scenario file: every key with its kind and default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rescuesim._defaults import default
from rescuesim.disruption.outages import fallback_channels
from rescuesim.network.reading.osm_filter import RoadFilter

__all__ = [
    "AidGroupSection",
    "ConstraintsSection",
    "CrewSection",
    "DemandSection",
    "DisruptionSection",
    "GroupSection",
    "ImplicationSection",
    "NetworkSection",
    "OutageSection",
    "PlanSection",
    "QualitySection",
    "Section",
    "SimulationSection",
    "SitingSection",
    "StandardSection",
    "SubsidySection",
    "TableSection",
]


class Section(BaseModel):
    """A part of a scenario file: no key that is not known, no value of another kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NetworkSection(Section):
    """Where the roads come from, and whose times are taken."""

    file: str
    roads: RoadFilter | None = None
    profile: Literal["rescue_car", "heavy_truck", "two_wheeler", "on_foot", "boat"] = "rescue_car"
    priority: bool = False
    hour: int | None = Field(default=None, ge=0, le=23)
    weather: Literal["dry", "heavy_rain", "ice"] = "dry"
    fields: dict[str, str] | None = None
    classes: dict[str, str] | None = None
    crs: str | None = None
    clip: str | None = None
    buffer_m: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    supplement: str | None = None
    supplement_fields: dict[str, str] | None = None
    supplement_classes: dict[str, str] | None = None
    supplement_crs: str | None = None
    elevation: str | None = None
    snap_limit_m: float = Field(
        default_factory=lambda: default("access.snap_limit_m").number, ge=0, allow_inf_nan=False
    )
    off_road: Literal["error", "report"] = "error"


class TableSection(Section):
    """A table of points and the coordinate system it declares."""

    file: str
    crs: str | None = None


class DemandSection(TableSection):
    """The demand table, and what is made of it before anything is planned."""

    zone_boundaries: str | None = None
    zone_field: str | None = None
    weight: str | None = None
    season: str | None = None
    hour: int | None = Field(default=None, ge=0, le=23)


class QualitySection(Section):
    """What the points are compared with."""

    boundary: str | None = None
    census: str | None = None
    county: str | None = None


class StandardSection(Section):
    """Which reading of 135 and of 15 minutes holds."""

    inner: str = "quick_rescue_135"
    outer: str = "circle_15min"
    planning: Literal["percentile", "statutory_caps"] = "percentile"


class GroupSection(Section):
    """At least or at most so many open sites in each township, host, crew type or named group."""

    at_least: int | None = Field(default=None, ge=0)
    at_most: int | None = Field(default=None, ge=0)
    per: Literal["township", "host", "crew"] | None = None
    of: tuple[str, ...] | None = Field(default=None, strict=False)
    sites: tuple[str, ...] | None = Field(default=None, strict=False)
    name: str = ""
    crews: tuple[str, ...] | None = Field(default=None, strict=False)


class SubsidySection(Section):
    """Money from above that lowers what a site costs the bureau."""

    name: str
    share: float = Field(default=0.0, ge=0, le=1)
    amount: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    cap: float | None = Field(default=None, ge=0)
    fund: float | None = Field(default=None, ge=0)
    hosts: tuple[str, ...] | None = Field(default=None, strict=False)
    sites: tuple[str, ...] | None = Field(default=None, strict=False)


class ImplicationSection(Section):
    """If a site is open, so is at least one of others."""

    open: str
    needs: tuple[str, ...] = Field(min_length=1, strict=False)


class ConstraintsSection(Section):
    """What the plan must keep besides its objective."""

    required: tuple[str, ...] = Field(default=(), strict=False)
    closed: tuple[str, ...] = Field(default=(), strict=False)
    existing: Literal["keep", "free"] = "keep"
    max_relocated: int | None = Field(default=None, ge=0)
    n_new_sites: int | None = Field(default=None, ge=0)
    budget: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    people: int | None = Field(default=None, ge=0)
    staffed_shifts: tuple[str, ...] | None = Field(default=None, strict=False)
    muster_confidence: float | None = Field(default=None, gt=0, lt=1)
    min_distance_m: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    min_drive_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    conflicts: tuple[tuple[str, ...], ...] = Field(default=(), strict=False)
    groups: tuple[GroupSection, ...] = Field(default=(), strict=False)
    subsidies: tuple[SubsidySection, ...] = Field(default=(), strict=False)
    implications: tuple[ImplicationSection, ...] = Field(default=(), strict=False)


class SitingSection(Section):
    """What the siting is asked for: one objective, or several in sequence, and what the plan must keep."""

    objective: str | Annotated[tuple[str, ...], Field(strict=False)] = "max_coverage"
    tolerances: tuple[float, ...] = Field(default=(), strict=False)
    n_sites: int | None = Field(default=None, ge=1)
    n_units: int | None = Field(default=None, ge=1)
    units_per_site: int | None = Field(default=None, ge=1)
    busy_fraction: float | None = Field(default=None, ge=0, lt=1)
    service_hours: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    reliability: float | None = Field(default=None, gt=0, lt=1)
    weighted: bool | None = None
    cover_all: bool | None = None
    backup_share: float | None = Field(default=None, ge=0, le=1)
    risk: Literal["mean", "cvar", "worst"] | None = None
    tail: float | None = Field(default=None, gt=0, le=1)
    constraints: ConstraintsSection = ConstraintsSection()
    relative_gap: float = Field(default=0.0, ge=0, lt=1)
    solve_limit_s: float = Field(default=60.0, gt=0)
    workers: int = Field(default=1, ge=1, le=64)

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of the objectives, the most important first."""
        return (self.objective,) if isinstance(self.objective, str) else self.objective


class PlanSection(Section):
    """How new sites are staffed."""

    units_per_new_site: int = Field(default=1, ge=1)


class AidGroupSection(Section):
    """Townships, or single sites and points, whose crews help each other."""

    name: str = Field(min_length=1)
    members: tuple[str, ...] = Field(min_length=1, strict=False)


class SimulationSection(Section):
    """Calls, desk, horizon and dispatch of normal days."""

    replications: int = Field(default=100, ge=1)
    horizon_days: float = Field(default=30.0, gt=0, allow_inf_nan=False)
    per_10k_people_year: float | None = Field(default=None, gt=0, le=10_000)
    seats: int | None = Field(default=None, ge=1)
    queue: Literal["fifo", "priority", "preemptive", "loss"] = "fifo"
    packages: Literal["single_unit", "formation"] = "single_unit"
    nobody_capable: Literal["refuse", "wait"] = "refuse"
    information: Literal["complete", "platform", "desk", "unit"] = "complete"
    divertible: bool = False
    muster: bool = False
    move_up: Literal["none", "nearest_uncovered"] = "none"
    policy: Literal["nearest", "closest_capable", "jurisdiction", "preparedness", "mutual_aid", "pooled"] = "nearest"
    not_later_than_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    groups: tuple[AidGroupSection, ...] = Field(default=(), strict=False)


class OutageSection(Section):
    """The public network out in some townships or sites for some hours after the onset."""

    townships: tuple[str, ...] = Field(default=(), strict=False)
    sites: tuple[str, ...] = Field(default=(), strict=False)
    from_h: float = Field(ge=0, allow_inf_nan=False)
    until_h: float = Field(gt=0)
    fallback: str = "satellite_phone"
    label: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether the fallback exists and the outage ends after it begins."""
        return self.fallback in fallback_channels() and self.until_h > self.from_h


class CrewSection(Section):
    """A crew that mends roads, from a site or a base of its own."""

    id: str = Field(min_length=1)
    kind: Literal["road", "bridge"] = "road"
    site: str = ""
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    machines: int = Field(default=1, ge=1)
    from_h: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class DisruptionSection(Section):
    """What breaks: closures of roads and outages that are given, and an event that is drawn many times."""

    label: str = "broken"
    closures: str | None = None
    crs: str | None = None
    horizon_h: float = Field(default=72.0, gt=0, allow_inf_nan=False)
    replications: int | None = Field(default=None, ge=1)
    preset: str | None = None
    zones: str | None = None
    samples: int | None = Field(default=None, ge=1, le=100_000)
    seed: int | None = Field(default=None, ge=0)
    onset_h: float | None = Field(default=None, ge=0, lt=24)
    order: str | None = None
    crews: tuple[CrewSection, ...] | None = Field(default=None, strict=False)
    supply_areas: str | None = None
    base_stations: str | None = None
    power_outages: str | None = None
    outages: tuple[OutageSection, ...] = Field(default=(), strict=False)

    @property
    def is_drawn(self) -> bool:
        """Whether samples are drawn: of an event, or of what follows from a grid that is out."""
        return self.preset is not None or self.power_outages is not None
