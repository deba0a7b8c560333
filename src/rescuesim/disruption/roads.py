"""Damage of roads by a hazard: which elements break in a sample, how badly, where, and what mending them takes.

An element is damaged where a uniform number is below its chance. The numbers are the values of a Gaussian field
at the elements, one field for each mechanism and sample: neighbours share their fate as far as the field is
correlated, and every element has exactly the chance of its curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.disruption.drawn_damage import DrawnDamage
from rescuesim.disruption.hazards import Hazard, HazardPoints
from rescuesim.disruption.hazards.gaussian import FieldGrid, PointsOnGrid, field_grid
from rescuesim.disruption.mechanisms import MECHANISMS, Mechanism
from rescuesim.disruption.outages import RoadDamage, RoadSlowing
from rescuesim.disruption.road_elements import RoadElements, cut_pieces, road_elements
from rescuesim.disruption.streams import Draw, draws
from rescuesim.disruption.water import flooded_parts, water_slowings
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork

__all__ = ["ExposedRoads", "exposed_roads", "road_damages"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExposedRoads:
    """Roads under a hazard, ready for many samples: maps are read and grid cells found once.

    Parameters
    ----------
    elements : RoadElements
    pieces : RoadElements
        The elements cut up, where intensities are looked up.
    first : ndarray of int64, shape (n_elements,)
        First piece of each element.
    hazard : Hazard
    points : HazardPoints
        At the pieces.
    grid : FieldGrid
        Of the fields that decide damage.
    placed : PointsOnGrid
        Of the elements.
    vehicle : str
        Travel profile of the network, which decides how deep water may be.
    """

    elements: RoadElements
    pieces: RoadElements
    first: NDArray[np.int64]
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
        if "wind_force" in kinds or "ice_mm" in kinds:
            en = "trees and poles are taken to stand along all roads, but not on bridges and in tunnels"
            said.append(Note(en, "按所有道路（桥隧除外）沿线均有树木、杆塔计"))
        if "ice_mm" in kinds:
            en = "ice slows every road: take the network under(weather='ice'); here it only brings trees and poles down"
            said.append(Note(en, "冰雪减速请用 under(weather='ice')；此处仅计树木、杆塔倒伏"))
        unused = [kind for kind in kinds if kind not in {mechanism.kind for mechanism in MECHANISMS}]
        said += [Note(f"{kind}: no way of damaging roads is known", f"{kind}：无道路损坏模型") for kind in unused]
        return tuple(said)

    def chances(self, intensity: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
        """Return the chances of the damage states by mechanism.

        Parameters
        ----------
        intensity : dict of str to ndarray of float64, shape (n_pieces,)
            By kind, at the pieces.

        Returns
        -------
        dict of str to ndarray of float64, shape (n_states, n_elements)
        """
        return {
            mechanism.name: mechanism.by_element(mechanism.by_piece(self.pieces, intensity[mechanism.kind]), self.first)
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
            by_piece = mechanism.by_piece(self.pieces, intensity[mechanism.kind])
            if not by_piece.any():
                continue
            drawn = DrawnDamage.of(
                mechanism,
                self.hazard.timing_of(mechanism.kind),
                self.elements,
                self.pieces,
                first=self.first,
                by_piece=by_piece,
                volume_m3=intensity[mechanism.kind] if mechanism.name == "debris_flow" else None,
                u=self.uniform(mechanism.name, seed=seed, sample=sample),
                seed=seed,
                sample=sample,
            )
            state = drawn.states()
            for at in np.flatnonzero(state).tolist():
                damage = drawn.damage(at, int(state[at]))
                if damage.at_s < horizon_s:
                    made.append(damage)
        if "flood_depth_m" in intensity:
            depth, timing = intensity["flood_depth_m"], self.hazard.timing_of("flood_depth_m")
            made += flooded_parts(self.pieces, self.first, depth, timing, vehicle=self.vehicle, horizon_s=horizon_s)
            slow += water_slowings(self.pieces, depth, timing, vehicle=self.vehicle, horizon_s=horizon_s)
        made.sort(key=lambda damage: (damage.closure.road, damage.closure.from_m, damage.cause, damage.at_s))
        return tuple(made), tuple(slow)


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
        If the hazard's region is in another system, or does not hold the roads; or if its water has no duration.
    """
    if hazard.region.crs != network.crs:
        raise InputError(
            f"hazard {hazard.name!r}: its region is in {hazard.region.crs}, the network in {network.crs}: expected one "
            "system, as HazardRegion.around(network) gives"
        )
    if "flood_depth_m" in hazard.kinds:
        timing = hazard.timing_of("flood_depth_m")
        if timing.until_s <= timing.from_s:
            raise InputError(
                f"hazard {hazard.name!r}: its water rises, stands and falls in 0 s and would close no road: expected a "
                "Timing with rise_s, peak_s or fall_s above 0"
            )
    parts = road_elements(network) if elements is None else elements
    length = default("fragility.damage_correlation_m").number if correlation_m is None else correlation_m
    grid = field_grid(hazard.region.bounds, length)
    pieces, first = cut_pieces(network, parts)
    return ExposedRoads(
        elements=parts,
        pieces=pieces,
        first=first,
        hazard=hazard,
        points=hazard.at(pieces.x_m, pieces.y_m),
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
