"""Response standards: what "135" and "15 minutes" mean, and how far a crew may drive to keep them.

The policy papers give no clock origin and other public texts read them differently, so a standard is
always named, and every result prints the one it used (R01, R02). Caps on stages are not durations:
the travel limit of siting comes from the distributions of the whole chain.

For a crew of type *c* on shift *h* and a point of zone *k*, with A answering, D answer to order, T
turnout, V travel-time variation, S set-up and L the limit, the planning limit is

    d*(c, k, h) = max { d : P(A + D + T(c, h) + d V + S <= L(k)) >= alpha(k) }

where only the parts between the two milestones of the limiting stage count.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from rescuesim._defaults import default
from rescuesim._words import Lang, standard_in_words
from rescuesim.crew import CrewType, Lognormal, crew_type, default_shifts
from rescuesim.errors import InputError, UnknownIdError, nearest_name
from rescuesim.overrides import CHAIN_PARTS, Overrides

__all__ = [
    "CANNOT",
    "INNER_ZONES",
    "MILESTONES",
    "OUTER_ZONES",
    "PRESETS",
    "ZONES",
    "Preset",
    "ResponseStandard",
    "Stage",
    "load_standard",
    "planning_limit_s",
]

ZONES = ("built_up", "industrial_park", "suburb", "dense_rural", "rural")
INNER_ZONES = ("built_up", "industrial_park")
OUTER_ZONES = ("suburb", "dense_rural")
MILESTONES = ("ignition", "arrived", "answered", "ordered", "rolling", "on_scene", "handling")
CANNOT = -math.inf  # the planning limit of a crew that is late even at its own door
_STEP_S = 0.05
_VARIATION_NODES = 801
Planning = Literal["percentile", "statutory_caps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One limit: from a milestone of the call to a later one in at most so many seconds.

    Parameters
    ----------
    since, until : str
        Milestones of `MILESTONES`; ``arrived`` is the first ring, ``ordered`` the moment at which the desk
        wants a crew to go, so that waiting for a free unit counts.
    limit_s : float
        Limit in seconds, inclusive.
    unit_rank : int
        1 for the first unit, 2 where a second unit from another site is meant.
    """

    since: str
    until: str
    limit_s: float
    unit_rank: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One reading of a response goal.

    Parameters
    ----------
    name : str
    clock_start : str
        In words, for reports.
    stages : tuple of Stage
        All must be kept; those that contain driving set the planning limit.
    discovery_s, report_s : float
        Seconds assumed before the ring, and assumed for answering and ordering together where the
        reading fixes them (``fire_15min``); 0 where the chain's own distributions hold.
    """

    name: str
    clock_start: str
    stages: tuple[Stage, ...]
    discovery_s: float = 0.0
    report_s: float = 0.0


def _preset(name: str, clock_start: str, *stages: tuple[str, str, float], **fixed: float) -> Preset:
    made = tuple(Stage(since=since, until=until, limit_s=limit_s) for since, until, limit_s in stages)
    return Preset(name=name, clock_start=clock_start, stages=made, **fixed)


_SECOND_UNIT = Stage(since="ordered", until="on_scene", limit_s=300, unit_rank=2)
_MICRO = _preset("micro_station_135", "order", ("ordered", "rolling", 60), ("ordered", "on_scene", 180))
PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            _preset(
                "quick_rescue_135",
                "ring",
                ("arrived", "answered", 60),
                ("arrived", "rolling", 180),
                ("arrived", "handling", 300),
            ),
            _preset(
                "quick_rescue_135_staged",
                "each stage",
                ("arrived", "answered", 60),
                ("ordered", "rolling", 180),
                ("rolling", "handling", 300),
            ),
            replace(_MICRO, stages=(*_MICRO.stages, _SECOND_UNIT)),
            _preset(
                "on_scene_135",
                "answer",
                ("answered", "rolling", 60),
                ("answered", "on_scene", 180),
                ("answered", "handling", 300),
            ),
            _preset("fire_station_5min", "order", ("ordered", "rolling", 60), ("ordered", "on_scene", 300)),
            # 4 + 2.5 + 1 + 4 + 3.5 min; water is given 210 s after arrival, so arrival is due at 690 s
            _preset("fire_15min", "ignition", ("ignition", "on_scene", 690), discovery_s=240, report_s=150),
            _preset("circle_15min", "ring", ("arrived", "on_scene", 900)),
            _preset("circle_15min_drive", "rolling", ("rolling", "on_scene", 900)),
        )
    }
)


def _sum_cdf(parts: tuple[Lognormal, ...], at_s: NDArray[np.float64], until_s: float) -> NDArray[np.float64]:
    """Distribution function of a sum of independent durations, by convolution on a fixed grid."""
    from scipy.signal import fftconvolve  # loads scipy.stats too, half a second that no worker of a simulation needs

    fixed = sum(part.median for part in parts if part.sigma == 0)
    spread = [part for part in parts if part.sigma > 0]
    if not spread:
        return (at_s >= fixed).astype(np.float64)
    edges = np.arange(0.0, max(until_s - fixed, 1.0) + 2 * _STEP_S, _STEP_S)
    mass = np.diff(spread[0].cdf(edges))
    for part in spread[1:]:
        mass = fftconvolve(mass, np.diff(part.cdf(edges)))[: len(mass)]
    # mass k of m parts sits at (k + m/2) steps; its middle is where half of it is counted
    at = fixed + (np.arange(len(mass)) + len(spread) / 2) * _STEP_S
    return np.interp(at_s, at, np.cumsum(mass) - mass / 2, left=0.0)


@functools.lru_cache(maxsize=4096)
def planning_limit_s(parts: tuple[Lognormal, ...], variation: Lognormal, limit_s: float, confidence: float) -> float:
    """Longest undisturbed drive that keeps a limit with the wanted confidence.

    Parameters
    ----------
    parts : tuple of Lognormal
        The durations beside the drive that count towards the limit, in seconds, independent.
    variation : Lognormal
        Factor on the drive.
    limit_s : float
        Limit in seconds.
    confidence : float
        Share of the calls that must keep it, above 0 and below 1.

    Returns
    -------
    float
        Seconds, at least 0; `CANNOT` if the limit is missed even without any drive.

    Notes
    -----
    The sum of the parts is convolved on a grid of 0.05 s and the variation integrated at 801 equally
    likely values; the limit is rounded to a millisecond.

    Examples
    --------
    >>> exactly = Lognormal(median=1.0, p90=1.0)
    >>> round(planning_limit_s((), exactly, 900.0, 0.8), 3)
    900.0
    """
    quantiles = (np.arange(_VARIATION_NODES) + 0.5) / _VARIATION_NODES
    factors = variation.from_normal(ndtri(quantiles))
    grid = np.arange(0.0, limit_s + _STEP_S, _STEP_S)
    cdf = _sum_cdf(parts, grid, limit_s)

    def share_in_time(drive_s: float) -> float:
        left = limit_s - drive_s * factors
        return float(np.where(left >= 0, np.interp(left, grid, cdf), 0.0).mean())

    if share_in_time(0.0) < confidence:
        return CANNOT
    low, high = 0.0, limit_s / float(factors.min())
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if share_in_time(middle) >= confidence else (low, middle)
    return round(low, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseStandard:
    """Which reading holds in which zone, and with what confidence sites are planned for it.

    Parameters
    ----------
    presets : mapping of str to Preset
        By zone. Zones without one (sparse ``rural``) are reported and never given a silent limit.
    confidence : mapping of str to float
        Share of calls, by zone, for which the limit is to hold.
    planning : {'percentile', 'statutory_caps'}
        Planning limit by distributions, or, as a labelled alternative, by subtracting the caps that the
        reading itself states for the stages before the drive.
    crews : mapping of str to CrewType
        The crew types whose limits are computed.
    chain : mapping of str to Lognormal
        ``answering``, ``order``, ``set_up`` in seconds, and ``variation`` of the drive.
    needs : mapping of str to frozenset of str
        Capabilities, by zone, that a crew must have to cover a point there.
    counts : str
        What coverage counts: ``people``, ``points`` or ``area``.
    required_share : float
        Share of it that is to be covered once everything is built out (R01: all).

    Examples
    --------
    >>> standard = load_standard()
    >>> round(standard.limit_s("brigade", "built_up", "day"))
    110
    >>> standard.limit_s("village_on_call", "built_up", "day")
    -inf
    """

    presets: Mapping[str, Preset]
    confidence: Mapping[str, float]
    planning: Planning = "percentile"
    crews: Mapping[str, CrewType]
    chain: Mapping[str, Lognormal]
    needs: Mapping[str, frozenset[str]]
    counts: Literal["people", "points", "area"] = "people"
    required_share: float = 1.0

    def __post_init__(self) -> None:
        if self.counts not in ("people", "points", "area") or not 0 < self.required_share <= 1:
            raise InputError(f"goal {self.required_share} of {self.counts}: expected a share of people, points or area")
        if wrong := {zone: a for zone, a in self.confidence.items() if not 0 < a < 1}:
            raise InputError(f"confidence {wrong}, expected above 0 and below 1")
        if unknown := set(self.presets) - set(ZONES):
            raise UnknownIdError(f"zone {sorted(unknown)}: expected of {', '.join(ZONES)}")
        if missing := set(self.presets) - set(self.confidence):
            raise InputError(f"no confidence for zones {sorted(missing)}")
        shifts = {shift.name for shift in default_shifts()}
        if odd := {name: sorted(crew.turnout) for name, crew in self.crews.items() if set(crew.turnout) != shifts}:
            raise InputError(f"crews {odd}: expected turnout and availability by {', '.join(sorted(shifts))}")

    @property
    def zones(self) -> tuple[str, ...]:
        """Zones that have a reading."""
        return tuple(zone for zone in ZONES if zone in self.presets)

    @property
    def name(self) -> str:
        """The readings used, inner zones first, and the kind of planning where it is not the default."""
        names = dict.fromkeys(self.presets[zone].name for zone in self.zones)
        return " + ".join(names) + ("" if self.planning == "percentile" else f" ({self.planning})")

    def limit_s(self, crew: str, zone: str, shift: str, *, unit_rank: int = 1) -> float:
        """Planning limit d* on the drive, in seconds.

        Parameters
        ----------
        crew, zone, shift : str
        unit_rank : int, optional
            2 for the second unit where the reading wants one.

        Returns
        -------
        float
            `CANNOT` where the crew misses the limit at its own door or lacks a capability that the zone
            needs; also where the zone has no reading.
        """
        if zone not in self.presets:
            return CANNOT
        type_ = crew_type(crew, self.crews)
        stages = [
            stage
            for stage in self.presets[zone].stages
            if stage.unit_rank == unit_rank and stage.until in ("on_scene", "handling")
        ]
        if not stages or not type_.can(self.needs.get(zone, frozenset())):
            return CANNOT
        return min(self._stage_limit_s(stage, type_, zone, shift) for stage in stages)

    def wants_second_unit(self, zone: str) -> bool:
        """Whether the zone's reading asks for a second unit from another site."""
        return zone in self.presets and any(stage.unit_rank == 2 for stage in self.presets[zone].stages)

    def _stage_limit_s(self, stage: Stage, crew: CrewType, zone: str, shift: str) -> float:
        preset = self.presets[zone]
        if self.planning == "statutory_caps":
            return _caps_limit_s(preset, stage)
        begin, end = MILESTONES.index(stage.since), MILESTONES.index(stage.until)
        report = Lognormal(median=preset.report_s, p90=preset.report_s)
        nothing = Lognormal(median=0.0, p90=0.0)
        intervals = {
            "arrived": Lognormal(median=preset.discovery_s, p90=preset.discovery_s),
            "answered": report if preset.report_s else self.chain["answering"],
            "ordered": nothing if preset.report_s else self.chain["order"],
            "rolling": crew.turnout[shift],
            "handling": self.chain["set_up"],
        }
        parts = tuple(
            part for until, part in intervals.items() if begin < MILESTONES.index(until) <= end and part.median > 0
        )
        return planning_limit_s(parts, self.chain["variation"], stage.limit_s, self.confidence[zone])

    def limits(self) -> pd.DataFrame:
        """Planning limits of every crew type, zone and shift.

        Returns
        -------
        DataFrame
            Columns ``crew, zone, shift, limit_s, second_limit_s``; ``-inf`` where the crew cannot keep the
            standard by driving at all, and in ``second_limit_s`` where no second unit is wanted.
        """
        rows = [
            (
                crew,
                zone,
                shift.name,
                self.limit_s(crew, zone, shift.name),
                self.limit_s(crew, zone, shift.name, unit_rank=2),
            )
            for crew in self.crews
            for zone in self.zones
            for shift in default_shifts()
            if shift.name in self.crews[crew].turnout
        ]
        return pd.DataFrame(rows, columns=["crew", "zone", "shift", "limit_s", "second_limit_s"])

    def worst_shift_limit_s(self, crew: str, zone: str, *, unit_rank: int = 1) -> float:
        """Planning limit that holds in every shift: the least over the shifts of the crew, in seconds."""
        shifts = crew_type(crew, self.crews).turnout
        return min(self.limit_s(crew, zone, shift, unit_rank=unit_rank) for shift in shifts)

    def explain(self, *, lang: Lang = "en", crews: Iterable[str] | None = None) -> str:
        """Say in words what the standard asks for and how far each crew may drive to keep it.

        Parameters
        ----------
        lang : {'zh', 'en'}, optional
        crews : iterable of str, optional
            The crews to speak of; all if absent.

        Returns
        -------
        str
            One line a statement.
        """
        return standard_in_words(self, lang, tuple(self.crews if crews is None else crews))


def _caps_limit_s(preset: Preset, stage: Stage) -> float:
    """Limit of a stage less the caps that the reading itself states for what comes before the drive."""
    if stage.since == "ignition":
        return stage.limit_s - preset.discovery_s - preset.report_s - 60  # one minute of turnout
    before = [
        other.limit_s
        for other in preset.stages
        if other.since == stage.since and MILESTONES.index(other.until) <= MILESTONES.index("rolling")
    ]
    return stage.limit_s - max(before, default=0.0)


def load_standard(
    *,
    inner: str = "quick_rescue_135",
    outer: str = "circle_15min",
    planning: Planning = "percentile",
    confidence: Mapping[str, float] | None = None,
    crews: Mapping[str, CrewType] | None = None,
    overrides: Overrides | None = None,
) -> ResponseStandard:
    """Put a response standard together from named readings.

    Parameters
    ----------
    inner : str, optional
        Reading for ``built_up`` and ``industrial_park`` (R01).
    outer : str, optional
        Reading for ``suburb`` and ``dense_rural`` (R02).
    planning : {'percentile', 'statutory_caps'}, optional
        How the travel limit follows from the reading.
    confidence : mapping of str to float, optional
        Share of calls in time by zone; 0.9 in inner zones and 0.8 in outer ones if absent.
    crews : mapping of str to CrewType, optional
        Crew types; those of ``defaults.toml`` if absent.
    overrides : Overrides, optional
        Turnouts and parts of the chain from own records, in place of those of `crews` and ``defaults.toml``.

    Returns
    -------
    ResponseStandard

    Raises
    ------
    UnknownIdError
        If there is no such reading.

    Examples
    --------
    >>> load_standard().name
    'quick_rescue_135 + circle_15min'
    """
    for name in (inner, outer):
        if name not in PRESETS:
            raise UnknownIdError(f"standard {name!r}: expected {nearest_name(name, PRESETS)}")
    if planning not in ("percentile", "statutory_caps"):
        raise InputError(f"planning {planning!r}: expected percentile or statutory_caps")
    zones = INNER_ZONES + OUTER_ZONES
    own = overrides if overrides is not None else Overrides()
    alpha = {zone: default(f"confidence.{zone}").number for zone in zones}
    return ResponseStandard(
        presets={zone: PRESETS[inner if zone in INNER_ZONES else outer] for zone in zones},
        confidence={**alpha, **(confidence or {})},
        planning=planning,
        crews=own.crews(crews),
        chain={part: Lognormal.from_default(default(name)) for part, name in CHAIN_PARTS.items()} | dict(own.chain),
        needs={zone: frozenset(default(f"zone_needs.{zone}").words) for zone in zones},
    )
