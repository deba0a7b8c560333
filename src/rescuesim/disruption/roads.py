"""Damage of roads by a hazard: which elements break in a sample, how badly, where, and what mending them takes.

An element is damaged where a uniform number is below its chance. The numbers are the values of a Gaussian field
at the elements, one field for each mechanism and sample: neighbours share their fate as far as the field is
correlated, and every element has exactly the chance of its curve.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.crew import Lognormal
from rescuesim.disruption import fragility
from rescuesim.disruption.hazards import Hazard, HazardPoints, Timing
from rescuesim.disruption.hazards.gaussian import FieldGrid, PointsOnGrid, field_grid
from rescuesim.disruption.mechanisms import MECHANISMS, Mechanism, restoration_h, states_reached
from rescuesim.disruption.outages import RoadDamage, RoadSlowing
from rescuesim.disruption.road_elements import RoadElements, road_elements
from rescuesim.disruption.streams import Draw, draws
from rescuesim.disruption.water import flooded_parts, water_slowings
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.states import Closure

__all__ = ["ExposedRoads", "exposed_roads", "road_damages"]

_SLIDES = ("slide", "debris_flow")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExposedRoads:
    """Roads under a hazard, ready for many samples: maps are read and grid cells found once.

    Parameters
    ----------
    elements : RoadElements
    hazard : Hazard
    points : HazardPoints
    grid : FieldGrid
        Of the fields that decide damage.
    placed : PointsOnGrid
    vehicle : str
        Travel profile of the network, which decides how deep water may be.
    """

    elements: RoadElements
    hazard: Hazard
    points: HazardPoints
    grid: FieldGrid
    placed: PointsOnGrid
    vehicle: str

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        """Ways of damage that the kinds of the hazard can work."""
        return tuple(mechanism for mechanism in MECHANISMS if mechanism.kind in self.hazard.kinds)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed where no data were given."""
        said = [*self.hazard.notes, *self.elements.notes]
        kinds = self.hazard.kinds
        if "flood_depth_m" in kinds:
            en = "water closes no bridge: decks are taken to stand above the flood, and none is washed away"
            said.append(Note(en, "洪水不淹桥面：按桥面高于水面计，桥梁水毁不计"))
        if "pga_g" in kinds and not np.isfinite(self.elements.side_slope).any():
            en = "no elevation: shaking of embankments and cuts is not counted"
            said.append(Note(en, "无高程数据：路堤、路堑震害不计"))
        if "ice_mm" in kinds:
            en = "ice slows every road: take the network under(weather='ice'); here it only brings trees and poles down"
            said.append(Note(en, "冰雪减速请用 under(weather='ice')；此处仅计树木、杆塔倒伏"))
        unused = [kind for kind in kinds if kind not in {mechanism.kind for mechanism in MECHANISMS}]
        said += [Note(f"{kind}: no way of damaging roads is known", f"{kind}：无道路损坏模型") for kind in unused]
        return tuple(said)

    def chances(self, intensity: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
        """Return the chances of the damage states by mechanism; shape (n_states, n_elements) each."""
        return {
            mechanism.name: mechanism.chances_of(self.elements, intensity[mechanism.kind])
            for mechanism in self.mechanisms
        }

    def uniform(self, mechanism: str, *, seed: int, sample: int) -> NDArray[np.float64]:
        """Return the correlated uniform numbers that decide a mechanism; shape (n_elements,)."""
        field = self.grid.draw(draws(Draw.ROAD_DAMAGE, seed=seed, sample=sample, of=mechanism))
        return np.asarray(ndtr(self.placed.of(field)), dtype=np.float64)

    def damages(
        self, *, seed: int, sample: int, severity: float | None = None
    ) -> tuple[tuple[RoadDamage, ...], tuple[RoadSlowing, ...]]:
        """Draw one sample; see `road_damages`."""
        intensity = self.points.intensity(seed=seed, sample=sample, severity=severity)
        horizon_s = self.hazard.horizon_s
        made: list[RoadDamage] = []
        slow: list[RoadSlowing] = []
        for mechanism in self.mechanisms:
            chances = mechanism.chances_of(self.elements, intensity[mechanism.kind])
            if not chances.any():
                continue
            u = self.uniform(mechanism.name, seed=seed, sample=sample)
            details = _Details.of(mechanism, self.hazard.timing_of(mechanism.kind), u, chances, seed, sample)
            state = details.states(self.elements)
            for at in np.flatnonzero(state).tolist():
                damage = details.damage(self.elements, at, int(state[at]))
                if damage.at_s < horizon_s:
                    made.append(damage)
        if "flood_depth_m" in intensity:
            depth, timing = intensity["flood_depth_m"], self.hazard.timing_of("flood_depth_m")
            made += flooded_parts(self.elements, depth, timing, vehicle=self.vehicle, horizon_s=horizon_s)
            slow += water_slowings(self.elements, depth, timing, vehicle=self.vehicle, horizon_s=horizon_s)
        made.sort(key=lambda damage: (damage.closure.road, damage.closure.from_m, damage.cause, damage.at_s))
        return tuple(made), tuple(slow)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Details:
    """The draws of one mechanism in one sample: as many as there are elements, whichever of them break.

    So one element more or less damaged leaves the others as they are.
    """

    mechanism: Mechanism
    timing: Timing
    u: NDArray[np.float64]
    chances: NDArray[np.float64]
    amount: NDArray[np.float64]
    place: NDArray[np.float64]
    time: NDArray[np.float64]
    hold: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        mechanism: Mechanism,
        timing: Timing,
        u: NDArray[np.float64],
        chances: NDArray[np.float64],
        seed: int,
        sample: int,
    ) -> _Details:
        """Draw amounts, places, times and holds."""
        size = len(u)
        return cls(
            mechanism=mechanism,
            timing=timing,
            u=u,
            chances=chances,
            amount=draws(Draw.DEBRIS, seed=seed, sample=sample, of=mechanism.name).standard_normal(size),
            place=draws(Draw.ROAD_PLACE, seed=seed, sample=sample, of=mechanism.name).random(size),
            time=draws(Draw.ROAD_TIME, seed=seed, sample=sample, of=mechanism.name).random(size),
            hold=draws(Draw.HOLD, seed=seed, sample=sample, of=mechanism.name).standard_normal(size),
        )

    def states(self, elements: RoadElements) -> NDArray[np.int64]:
        """Return the damage state of each element; 0 is none."""
        if self.mechanism.name != "slide":
            return states_reached(self.chances, self.u)
        # where a slide comes down, u over its chance is uniform again and decides what its volume does
        come = self.u < self.chances[0]
        state = np.zeros(len(self.u), dtype=np.int64)
        at = np.flatnonzero(come)
        if len(at):
            volume = _volumes().from_normal(self.amount[at])
            states = fragility.debris_flow(volume, elements.high_speed[at])
            state[at] = states_reached(states, self.u[at] / self.chances[0][at])
        return state

    def damage(self, elements: RoadElements, at: int, state: int) -> RoadDamage:
        """Make the record of one damaged element."""
        name = self.mechanism.name
        begin, end = float(elements.from_m[at]), float(elements.to_m[at])
        work = one_lane = hold = 0.0
        span = math.inf
        if name in _SLIDES:
            volume = float(_volumes().from_normal(self.amount[at]))
            work, one_lane, span = _debris_work(volume, state)
            hold = float(Lognormal.from_default(default("clearing.hold")).from_normal(self.hold[at]))
        elif name == "washout":
            work = float(Lognormal.from_default(default("clearing.washout_h")).from_normal(self.amount[at]))
            one_lane, span = work / 2, default("fragility.washout_m").number
            hold = max(self.timing.until_s - self.timing.peak_from_s, 0.0)  # until the water is gone
        elif name in ("fallen_by_wind", "fallen_by_ice"):
            work = float(Lognormal.from_default(default("clearing.tree_h")).from_normal(self.amount[at]))
            one_lane, span = work / 2, default("fragility.tree_m").number
            hold = max(self.timing.peak_until_s - self._at_s(at), 0.0)  # nobody saws in the storm
        else:
            work, one_lane = restoration_h(name, state)
        if span < end - begin:
            begin += float(self.place[at]) * (end - begin - span)
            end = begin + span
        level = self.mechanism.levels[state - 1]
        closure = Closure(road=int(elements.road[at]), from_m=begin, to_m=end, level=level)
        return RoadDamage(
            closure=closure,
            at_s=self._at_s(at),
            cause=self.mechanism.cause,
            work_h=work,
            one_lane_h=one_lane if level in ("on_foot", "closed") else 0.0,
            hold_s=hold,
            label=name.replace("_", " "),
        )

    def _at_s(self, at: int) -> float:
        """When it happens: washouts as the water stands highest, all else at any time up to the peak's end."""
        if self.mechanism.name == "washout":
            return self.timing.peak_from_s
        return float(self.timing.from_s + self.time[at] * (self.timing.peak_until_s - self.timing.from_s))


def _volumes() -> Lognormal:
    return Lognormal.from_default(default("clearing.slide_volume_m3"))


def _debris_work(volume_m3: float, state: int) -> tuple[float, float, float]:
    """Return hours for all lanes, hours for one lane, and the length of road under debris."""
    clear_h = volume_m3 / default("clearing.rate_m3_per_h").number
    span = max(2 * volume_m3 ** (1 / 3), 5.0)
    if state < 3:
        return clear_h, clear_h / 2, span
    work, track = restoration_h("road_displacement", 3)
    return clear_h + work, clear_h + track, span


def exposed_roads(
    network: RoadNetwork,
    hazard: Hazard,
    *,
    elements: RoadElements | None = None,
    correlation_m: float | None = None,
) -> ExposedRoads:
    """Put the roads of a network under a hazard, for many samples.

    Parameters
    ----------
    network : RoadNetwork
    hazard : Hazard
        Its region must be in the network's metres.
    elements : RoadElements, optional
        As `road_elements` returns them; made without tables if absent.
    correlation_m : float, optional
        Correlation length of the fields that decide damage; default ``fragility.damage_correlation_m``.

    Returns
    -------
    ExposedRoads

    Raises
    ------
    InputError
        If the hazard's region is in another system, or does not hold the roads.
    """
    if hazard.region.crs != network.crs:
        raise InputError(
            f"hazard {hazard.name!r}: its region is in {hazard.region.crs}, the network in {network.crs}: expected one "
            "system, as HazardRegion.around(network) gives"
        )
    parts = road_elements(network) if elements is None else elements
    length = default("fragility.damage_correlation_m").number if correlation_m is None else correlation_m
    grid = field_grid(hazard.region.bounds, length)
    return ExposedRoads(
        elements=parts,
        hazard=hazard,
        points=hazard.at(parts.x_m, parts.y_m),
        grid=grid,
        placed=grid.place(parts.x_m, parts.y_m),
        vehicle=network.profile,
    )


def road_damages(
    network: RoadNetwork,
    hazard: Hazard,
    *,
    seed: int,
    sample: int,
    severity: float | None = None,
    elements: RoadElements | None = None,
    exposed: ExposedRoads | None = None,
) -> tuple[tuple[RoadDamage, ...], tuple[RoadSlowing, ...]]:
    """Draw what a hazard does to the roads in one sample.

    Parameters
    ----------
    network : RoadNetwork
    hazard : Hazard
    seed, sample : int
        The same pair gives the same damage, whatever else is drawn.
    severity : float, optional
        Of this sample, instead of the drawn one.
    elements : RoadElements, optional
        See `exposed_roads`.
    exposed : ExposedRoads, optional
        What `exposed_roads` returned for this network and hazard; saves the preparation where many samples are drawn.

    Returns
    -------
    damages : tuple of RoadDamage
        By road, place and cause. Damage is not closure: its level may be ``passable`` or ``one_lane``.
    slowings : tuple of RoadSlowing
        Roads under shallow water.

    Raises
    ------
    InputError
        As `exposed_roads`; or if the severity is not above 0.
    """
    ready = exposed_roads(network, hazard, elements=elements) if exposed is None else exposed
    return ready.damages(seed=seed, sample=sample, severity=severity)
