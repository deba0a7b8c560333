"""Power: which feeder supplies whom, when it fails under a hazard, when it is back, and generators (R32, R50)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from rescuesim._defaults import default, defaults_under
from rescuesim.crew import Lognormal
from rescuesim.disruption.outages import CAUSES, PowerOutage
from rescuesim.disruption.streams import Draw, draws
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network.coordinates.crs import project

__all__ = [
    "FuelDepot",
    "Generator",
    "Intensities",
    "PowerCurve",
    "PowerNetwork",
    "SupplyArea",
    "default_curves",
    "overlap_faults",
    "power_outages",
]

GeneratorKind = Literal["site", "base_station"]
_CAUSE_OF = {
    "wind_force": "trees",
    "ice_mm": "ice",
    "flood_depth_m": "flood",
    "sa1_g": "shaking",
    "pgd_in": "ground_displacement",
}


class Intensities(Protocol):
    """A hazard, as far as feeders need it."""

    def intensity_at(
        self,
        x_m: NDArray[np.float64],
        y_m: NDArray[np.float64],
        *,
        seed: int,
        sample: int,
        severity: float | None = None,
    ) -> Mapping[str, NDArray[np.float64]]:
        """Return peak intensities by kind at places, shape (n,) each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyArea:
    """What one feeder supplies.

    Parameters
    ----------
    id : str
    lon, lat : float
        Of the feeder, WGS84 degrees: where the hazard strikes it.
    townships : tuple of str
        All places, sites and base stations in them, unless another area names a site or station itself.
    sites, base_stations : tuple of str
    mountain : bool
        Power takes longer to come back (``power.back_mountain_factor``).
    """

    id: str
    lon: float
    lat: float
    townships: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    base_stations: tuple[str, ...] = ()
    mountain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """A generator at a site or a base station.

    Parameters
    ----------
    kind : {'site', 'base_station'}
    asset : str
        Whose it is.
    tank_h : float
        Hours that it runs on what stands beside it.
    start : float
        Probability that it starts; drawn once a sample.
    """

    kind: GeneratorKind
    asset: str
    tank_h: float = field(default_factory=lambda: default("power.generator_tank_h").number)
    start: float = field(default_factory=lambda: default("power.generator_start").number)


@dataclass(frozen=True, slots=True, kw_only=True)
class FuelDepot:
    """Where fuel trucks leave from."""

    id: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCurve:
    """Probability that a feeder fails, lognormal in an intensity.

    Parameters
    ----------
    kind : str
        Of the intensity, for instance ``"ice_mm"``.
    median, beta : float
        Intensity at which half the feeders fail, and standard deviation of its logarithm.
    cause : str
        One of `CAUSES`.

    Examples
    --------
    >>> curve = PowerCurve(kind="ice_mm", median=20.0, beta=0.4, cause="ice")
    >>> curve.probability(np.array([0.0, 20.0])).tolist()
    [0.0, 0.5]
    """

    kind: str
    median: float
    beta: float
    cause: str = "given"

    def __post_init__(self) -> None:
        if not (0 < self.median < math.inf and 0 < self.beta < math.inf and self.cause in CAUSES):
            raise InputError(
                f"power curve of {self.kind!r}: median {self.median}, beta {self.beta}, cause {self.cause!r}; "
                f"expected both above 0 and one of {', '.join(CAUSES)}"
            )

    def probability(self, intensity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of failure at each intensity, of the same shape."""
        with np.errstate(divide="ignore"):
            return np.asarray(ndtr(np.log(np.maximum(intensity, 0.0) / self.median) / self.beta), dtype=np.float64)


def default_curves() -> tuple[PowerCurve, ...]:
    """Return the curves of ``defaults.toml``, of low confidence all."""
    return tuple(
        PowerCurve(kind=kind, median=entry.median or 0.0, beta=entry.beta or 0.0, cause=_CAUSE_OF[kind])
        for kind, entry in defaults_under("power.curve").items()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerNetwork:
    """Supply areas, generators, fuel depots, and how feeders fail and come back.

    Parameters
    ----------
    areas : tuple of SupplyArea
    generators : tuple of Generator
    fuel_depots : tuple of FuelDepot
        None: no generator is ever refuelled.
    curves : tuple of PowerCurve
        Kinds of intensity without a curve do not harm feeders.
    back : Lognormal
        Seconds from the failure until the grid supplies again.
    back_mountain_factor : float
    fuel_from_s : float
        Seconds after the onset from which fuel trucks leave their depots.
    notes : tuple of str
        Defaults that were taken, to be said aloud.

    Raises
    ------
    InputError
        With every fault: repeated ids, somebody supplied by two feeders, probabilities outside 0 to 1.

    Examples
    --------
    >>> feeder = SupplyArea(id="f1", lon=119.3, lat=28.7, townships=("金竹镇",))
    >>> PowerNetwork(areas=(feeder,)).area_of("site", "s1", "金竹镇")
    'f1'
    """

    areas: tuple[SupplyArea, ...]
    generators: tuple[Generator, ...] = ()
    fuel_depots: tuple[FuelDepot, ...] = ()
    curves: tuple[PowerCurve, ...] = field(default_factory=default_curves)
    back: Lognormal = field(default_factory=lambda: Lognormal.from_default(default("power.back")))
    back_mountain_factor: float = field(default_factory=lambda: default("power.back_mountain_factor").number)
    fuel_from_s: float = field(default_factory=lambda: default("power.fuel_from_h").number * 3600)
    notes: tuple[str, ...] = ()
    _area_by: dict[tuple[str, str], str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if faults := [*self._area_faults(), *self._generator_faults()]:
            raise InputError(faults)
        for area in self.areas:
            named = (("township", area.townships), ("site", area.sites), ("base_station", area.base_stations))
            self._area_by.update({(kind, id_): area.id for kind, ids in named for id_ in ids})

    def area_of(self, kind: Literal["site", "base_station", "township"], id_: str, township: str = "") -> str:
        """Return the area that supplies somebody: the one that names it, else its township's; empty if none."""
        return self._area_by.get((kind, id_)) or self._area_by.get(("township", township), "")

    def _area_faults(self) -> list[Fault]:
        faults = _repeated("area", [area.id for area in self.areas])
        faults += _repeated("fuel depot", [depot.id for depot in self.fuel_depots])
        faults += _repeated("power curve", [curve.kind for curve in self.curves])
        for kind in ("townships", "sites", "base_stations"):
            owner: dict[str, str] = {}
            for area in self.areas:
                for id_ in getattr(area, kind):
                    if owner.setdefault(id_, area.id) != area.id:
                        expected = f"one feeder; {owner[id_]!r} supplies it already"
                        faults.append(Fault(file=f"area {area.id!r}", column=kind, value=id_, expected=expected))
        places = [(one.id, one.lon, one.lat) for one in self.areas]
        for id_, lon, lat in [*places, *((one.id, one.lon, one.lat) for one in self.fuel_depots)]:
            if not (abs(lon) <= 180 and abs(lat) <= 90):
                faults.append(Fault(file=id_, column="lon, lat", value=f"{lon}, {lat}", expected="WGS84 degrees"))
        if not (self.back_mountain_factor >= 1 and 0 <= self.fuel_from_s < math.inf):
            found = f"{self.back_mountain_factor}, {self.fuel_from_s}"
            faults.append(
                Fault(
                    column="back_mountain_factor, fuel_from_s",
                    value=found,
                    expected="a factor of 1 or more, 0 s or more",
                )
            )
        return faults

    def _generator_faults(self) -> list[Fault]:
        faults = _repeated("generator", [f"{one.kind} {one.asset}" for one in self.generators])
        for one in self.generators:
            place = f"generator of {one.kind} {one.asset!r}"
            if one.kind not in get_args(GeneratorKind):
                faults.append(Fault(file=place, column="kind", value=one.kind, expected="site or base_station"))
            if not 0 <= one.start <= 1:
                expected = "a probability from 0 to 1"
                faults.append(Fault(file=place, column="start", value=str(one.start), expected=expected))
            if not 0 <= one.tank_h <= math.inf:
                expected = "hours of 0 or more"
                faults.append(Fault(file=place, column="tank_h", value=str(one.tank_h), expected=expected))
        return faults


def _repeated(what: str, ids: Sequence[str]) -> list[Fault]:
    seen: set[str] = set()
    faults = []
    for id_ in ids:
        if id_ in seen or not id_:
            faults.append(Fault(column=what, value=id_, expected="an id of its own, not empty, each once"))
        seen.add(id_)
    return faults


def power_outages(
    power: PowerNetwork,
    hazard: Intensities,
    *,
    seed: int,
    sample: int,
    at_s: float | Mapping[str, float] | None = None,
    back_s: Mapping[str, float] | None = None,
    severity: float | None = None,
    crs: str = "",
) -> tuple[PowerOutage, ...]:
    """Draw which feeders a hazard puts out, and until when.

    Parameters
    ----------
    power : PowerNetwork
    hazard : Intensities
        Its intensities at the feeders are correlated as its field is; what is left is independent by feeder.
    seed, sample : int
    at_s : float or mapping of str to float, optional
        Seconds after the onset at which feeders fail, by kind of intensity or for all. What is not given is taken from
        the hazard: when the kind reaches its peak; 0 where the hazard has no timing.
    back_s : mapping of str to float, optional
        Seconds after the onset at which a power crew has an area back, by area; ``inf``: not at all. Others come back
        after a lognormal time, which takes `PowerNetwork.back_mountain_factor` as long in the mountains.
    severity : float, optional
        Handed on to the hazard.
    crs : str, optional
        System of the metres that the hazard asks for, where it has no region that says it.

    Returns
    -------
    tuple of PowerOutage
        At most one an area, in the order of the areas. The cause is that of the kind that strikes first, among those
        at the same moment the one of the first curve.

    Raises
    ------
    InputError
        With all areas that would be back before they fail, and unknown areas; or if no system of metres is known.
    """
    if not power.areas:
        return ()
    known = {area.id for area in power.areas}
    faults = [
        Fault(column="back_s", value=area, expected=nearest_name(area, known))
        for area in sorted(set(back_s or {}) - known)
    ]
    lon, lat = (np.array([getattr(area, name) for area in power.areas]) for name in ("lon", "lat"))
    metres = crs or getattr(getattr(hazard, "region", None), "crs", "")
    if not metres:
        raise InputError("power outages: the hazard has no region; expected crs, the system of its metres")
    x_m, y_m = project(lon, lat, metres)
    intensity = hazard.intensity_at(x_m, y_m, seed=seed, sample=sample, severity=severity)
    curves = [curve for curve in power.curves if curve.kind in intensity]
    failure = {curve.kind: curve.probability(np.asarray(intensity[curve.kind])) for curve in curves}
    moment = {curve.kind: _struck_at(hazard, curve.kind, at_s) for curve in curves}
    found = []
    for row, area in enumerate(power.areas):
        struck = [
            (moment[curve.kind], place, curve.cause)
            for place, curve in enumerate(curves)
            if draws(Draw.GRID, seed=seed, sample=sample, of=f"{curve.kind} {area.id}").random()
            < failure[curve.kind][row]
        ]
        if not struck:
            continue
        from_s, _, cause = min(struck)
        until_s = _back_at(power, area, from_s, back_s or {}, seed, sample)
        if until_s <= from_s:
            expected = f"a time after it fails at {from_s:g} s"
            faults.append(Fault(column="back_s", value=f"{area.id}: {until_s:g}", expected=expected))
            continue
        by = "power crew" if area.id in (back_s or {}) else ""
        found.append(PowerOutage(area=area.id, from_s=from_s, until_s=until_s, cause=cause, repaired_by=by))
    if faults:
        raise InputError(faults)
    return tuple(found)


def _struck_at(hazard: Intensities, kind: str, at_s: float | Mapping[str, float] | None) -> float:
    if isinstance(at_s, (int, float)):
        return float(at_s)
    if at_s is not None and kind in at_s:
        return float(at_s[kind])
    timing_of = getattr(hazard, "timing_of", None)
    return float(timing_of(kind).peak_from_s) if timing_of is not None else 0.0


def _back_at(
    power: PowerNetwork, area: SupplyArea, from_s: float, back_s: Mapping[str, float], seed: int, sample: int
) -> float:
    if area.id in back_s:
        return back_s[area.id]
    z = draws(Draw.RESTORATION, seed=seed, sample=sample, of=f"area {area.id}").standard_normal()
    taken = float(power.back.from_normal(z)) * (power.back_mountain_factor if area.mountain else 1.0)
    return from_s + max(taken, 1.0)


def overlap_faults(what: str, spans: Sequence[tuple[str, float, float]]) -> list[Fault]:
    """Find outages of one asset that overlap.

    Parameters
    ----------
    what : str
        Kind of asset, for the message.
    spans : sequence of (id, from_s, until_s)

    Returns
    -------
    list of Fault
        One for each outage that begins before an earlier one of the same asset ends.
    """
    faults = []
    last: dict[str, tuple[float, float]] = {}
    for id_, from_s, until_s in sorted(spans):
        before = last.get(id_)
        if before is not None and from_s < before[1]:
            expected = f"outages of one {what} that do not overlap; another lasts from {before[0]:g} to {before[1]:g} s"
            faults.append(Fault(column=what, value=f"{id_}, from {from_s:g} to {until_s:g} s", expected=expected))
        if before is None or until_s > before[1]:
            last[id_] = (from_s, until_s)
    return faults
