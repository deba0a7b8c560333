"""How a hazard breaks roads: for each kind of intensity, which elements it acts on, how often, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.disruption import fragility
from rescuesim.disruption.road_elements import RoadElements

__all__ = ["MECHANISMS", "Mechanism", "restoration_h", "states_reached"]

Chances = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One way in which an element is damaged.

    Parameters
    ----------
    name : str
        Names its random field.
    kind : str
        Kind of intensity.
    cause : str
        One of `CAUSES`.
    levels : tuple of str
        What each damage state leaves of the road.
    acts_on : function of RoadElements
        Which elements it can damage; bool array.
    chances : function of RoadElements and intensity
        Chance of reaching or exceeding each state; shape (n_states, n_elements).
    along : bool
        Whether the chance grows with the length of road: then the pieces of an element add to each other. If not, the
        worst piece counts.
    """

    name: str
    kind: str
    cause: str
    levels: tuple[str, ...]
    acts_on: Callable[[RoadElements], NDArray[np.bool_]]
    chances: Callable[[RoadElements, NDArray[np.float64]], Chances]
    along: bool = False

    def by_piece(self, pieces: RoadElements, intensity: NDArray[np.float64]) -> Chances:
        """Return the chances of pieces; 0 where it does not act."""
        return self.chances(pieces, intensity) * self.acts_on(pieces)

    def by_element(self, by_piece: Chances, first: NDArray[np.int64]) -> Chances:
        """Return the chances of elements from those of their pieces; shape (n_states, n_elements)."""
        if not self.along:
            return np.asarray(np.maximum.reduceat(by_piece, first, axis=1))
        with np.errstate(divide="ignore"):
            return np.asarray(-np.expm1(np.add.reduceat(np.log1p(-by_piece), first, axis=1)))


def _at_bridges(elements: RoadElements) -> NDArray[np.bool_]:
    return elements.is_kind("bridge")


def _at_tunnels(elements: RoadElements) -> NDArray[np.bool_]:
    return elements.is_kind("tunnel")


def _at_sections(elements: RoadElements) -> NDArray[np.bool_]:
    return elements.is_kind("section")


def _on_slopes(elements: RoadElements) -> NDArray[np.bool_]:
    steep = default("fragility.side_slope").number
    return elements.is_kind("section") & (np.nan_to_num(elements.side_slope, nan=0.0) >= steep)


def _in_water(elements: RoadElements) -> NDArray[np.bool_]:
    return elements.is_kind("section", "culvert")


def _washout(elements: RoadElements, depth_m: NDArray[np.float64]) -> Chances:
    return fragility.washout(depth_m, elements.length_m, paved=elements.paved, culvert=elements.is_kind("culvert"))


MECHANISMS: tuple[Mechanism, ...] = (
    Mechanism(
        name="bridge_shaking",
        kind="sa1_g",
        cause="shaking",
        levels=("passable", "one_lane", "on_foot", "closed"),
        acts_on=_at_bridges,
        chances=lambda elements, sa1: fragility.bridge_shaking(sa1),
    ),
    Mechanism(
        name="bridge_displacement",
        kind="pgd_in",
        cause="ground_displacement",
        levels=("on_foot", "closed"),
        acts_on=_at_bridges,
        chances=lambda elements, pgd: fragility.bridge_displacement(pgd),
    ),
    Mechanism(
        name="tunnel_shaking",
        kind="pga_g",
        cause="shaking",
        levels=("passable", "one_lane"),
        acts_on=_at_tunnels,
        chances=lambda elements, pga: fragility.tunnel_shaking(pga),
    ),
    Mechanism(
        name="tunnel_displacement",
        kind="pgd_in",
        cause="ground_displacement",
        levels=("passable", "one_lane", "closed"),
        acts_on=_at_tunnels,
        chances=lambda elements, pgd: fragility.tunnel_displacement(pgd),
    ),
    Mechanism(
        name="road_displacement",
        kind="pgd_in",
        cause="ground_displacement",
        levels=("passable", "one_lane", "on_foot"),
        acts_on=_at_sections,
        chances=lambda elements, pgd: fragility.road_displacement(pgd, elements.major),
    ),
    Mechanism(
        name="embankment_shaking",
        kind="pga_g",
        cause="shaking",
        levels=("passable", "one_lane", "on_foot"),
        acts_on=_on_slopes,
        chances=lambda elements, pga: fragility.embankment_shaking(pga, elements.length_m),
        along=True,
    ),
    Mechanism(
        name="slide",
        kind="landslide_susceptibility",
        cause="landslide",
        levels=("one_lane", "closed", "closed"),
        acts_on=_at_sections,
        chances=lambda elements, index: fragility.slide(index, elements.length_m),
        along=True,
    ),
    Mechanism(
        name="debris_flow",
        kind="debris_volume_m3",
        cause="debris_flow",
        levels=("one_lane", "closed", "closed"),
        acts_on=_at_sections,
        chances=lambda elements, volume: fragility.debris_flow(volume, elements.high_speed),
    ),
    Mechanism(
        name="washout",
        kind="flood_depth_m",
        cause="washout",
        levels=("closed",),
        acts_on=_in_water,
        chances=_washout,
        along=True,
    ),
    Mechanism(
        name="fallen_by_wind",
        kind="wind_force",
        cause="trees",
        levels=("on_foot",),
        acts_on=_at_sections,
        chances=lambda elements, force: fragility.fallen_by_wind(force, elements.length_m),
        along=True,
    ),
    Mechanism(
        name="fallen_by_ice",
        kind="ice_mm",
        cause="ice",
        levels=("on_foot",),
        acts_on=_at_sections,
        chances=lambda elements, ice: fragility.fallen_by_ice(ice, elements.length_m),
        along=True,
    ),
)


def states_reached(chances: Chances, u: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the damage state that each element reaches; 0 is none.

    Parameters
    ----------
    chances : ndarray of float64, shape (n_states, n_elements)
        Of reaching or exceeding; falling from state to state.
    u : ndarray of float64, shape (n_elements,)
        Uniform on (0, 1): a state is reached where u is below its chance.

    Returns
    -------
    ndarray of int64, shape (n_elements,)

    Examples
    --------
    >>> states_reached(np.array([[0.5, 0.5, 0.5], [0.1, 0.1, 0.1]]), np.array([0.05, 0.3, 0.7])).tolist()
    [2, 1, 0]
    """
    return np.asarray((u < chances).sum(axis=0), dtype=np.int64)


def restoration_h(name: str, state: int) -> tuple[float, float]:
    """Return hours of work until an element is fully open, and until one lane is.

    Parameters
    ----------
    name : str
        Of the mechanism.
    state : int
        From 1, the least.

    Returns
    -------
    work_h, one_lane_h : float
        Mean restoration times by Hazus; where the road is shut, a temporary bridge or track opens one lane.
    """
    table, first = _RESTORATION[name]
    days = default(f"clearing.{table}").value
    if not isinstance(days, list):
        raise TypeError(f"default clearing.{table} is not a list")
    work = 24 * float(days[min(first + state - 1, len(days) - 1)])
    return work, min(work, 24 * default("clearing.temporary_bridge_days").number)


# defaults of the restoration times, and the place of the first state in them
_RESTORATION: Mapping[str, tuple[str, int]] = {
    "bridge_shaking": ("bridge_restoration_days", 0),
    "bridge_displacement": ("bridge_restoration_days", 2),
    "tunnel_shaking": ("tunnel_restoration_days", 0),
    "tunnel_displacement": ("tunnel_restoration_days", 0),
    "road_displacement": ("road_restoration_days", 0),
    "embankment_shaking": ("road_restoration_days", 0),
}
