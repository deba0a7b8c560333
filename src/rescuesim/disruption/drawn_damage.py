"""What one mechanism does to roads in one sample: states, places, times and the work of mending."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim.crew import Lognormal
from rescuesim.disruption import fragility
from rescuesim.disruption.hazards import Timing
from rescuesim.disruption.mechanisms import Mechanism, restoration_h, states_reached
from rescuesim.disruption.outages import RoadDamage
from rescuesim.disruption.road_elements import RoadElements
from rescuesim.disruption.streams import Draw, draws
from rescuesim.network.states import Closure

__all__ = ["DrawnDamage", "slide_volumes"]

_SLIDES = ("slide", "debris_flow")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnDamage:
    """The draws of one mechanism in one sample: as many as there are elements, whichever of them break.

    So one element more or less damaged leaves the others as they are.

    Parameters
    ----------
    mechanism : Mechanism
    timing : Timing
    elements, pieces : RoadElements
    first : ndarray of int64, shape (n_elements,)
        First piece of each element.
    by_piece : ndarray of float64, shape (n_states, n_pieces)
    chances : ndarray of float64, shape (n_states, n_elements)
    volume_m3 : ndarray of float64, shape (n_pieces,), or None
        Mapped volumes of debris.
    u : ndarray of float64, shape (n_elements,)
        Correlated uniform numbers.
    amount, place, time, hold : ndarray of float64, shape (n_elements,)
    """

    mechanism: Mechanism
    timing: Timing
    elements: RoadElements
    pieces: RoadElements
    first: NDArray[np.int64]
    by_piece: NDArray[np.float64]
    chances: NDArray[np.float64]
    volume_m3: NDArray[np.float64] | None
    u: NDArray[np.float64]
    amount: NDArray[np.float64]
    place: NDArray[np.float64]
    time: NDArray[np.float64]
    hold: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        mechanism: Mechanism,
        timing: Timing,
        elements: RoadElements,
        pieces: RoadElements,
        *,
        first: NDArray[np.int64],
        by_piece: NDArray[np.float64],
        volume_m3: NDArray[np.float64] | None,
        u: NDArray[np.float64],
        seed: int,
        sample: int,
    ) -> DrawnDamage:
        """Draw amounts, places, times and holds."""
        rng = draws(Draw.DEBRIS, seed=seed, sample=sample, of=mechanism.name)
        amount, hold = rng.standard_normal((2, len(u)))
        place, time = rng.random((2, len(u)))
        return cls(
            mechanism=mechanism,
            timing=timing,
            elements=elements,
            pieces=pieces,
            first=first,
            by_piece=by_piece,
            chances=mechanism.by_element(by_piece, first),
            volume_m3=volume_m3,
            u=u,
            amount=amount,
            place=place,
            time=time,
            hold=hold,
        )

    def states(self) -> NDArray[np.int64]:
        """Return the damage state of each element; 0 is none."""
        if self.mechanism.name != "slide":
            return states_reached(self.chances, self.u)
        # where a slide comes down, u over its chance is uniform again and decides what its volume does
        state = np.zeros(len(self.u), dtype=np.int64)
        at = np.flatnonzero(self.u < self.chances[0])
        if len(at):
            volume = slide_volumes().from_normal(self.amount[at])
            chances = fragility.debris_flow(volume, self.elements.high_speed[at])
            state[at] = states_reached(chances, self.u[at] / self.chances[0][at])
        return state

    def damage(self, at: int, state: int) -> RoadDamage:
        """Make the record of one damaged element."""
        name = self.mechanism.name
        work = one_lane = hold = 0.0
        span = math.inf
        if name in _SLIDES:
            work, one_lane, span = _debris_work(self._volume_m3(at), state)
            hold = _drawn("clearing.hold", self.hold[at])
        elif name == "washout":
            work = _drawn("clearing.washout_h", self.amount[at])
            one_lane, span = work / 2, default("fragility.washout_m").number
            hold = max(self.timing.until_s - self.timing.peak_from_s, 0.0)  # until the water is gone
        elif name in ("fallen_by_wind", "fallen_by_ice"):
            work = _drawn("clearing.tree_h", self.amount[at])
            one_lane, span = work / 2, default("fragility.tree_m").number
            hold = max(self.timing.peak_until_s - self._at_s(at), 0.0)  # nobody saws in the storm
        else:
            work, one_lane = restoration_h(name, state)
        begin, end = self._part(at, span)
        level = self.mechanism.levels[state - 1]
        return RoadDamage(
            closure=Closure(road=int(self.elements.road[at]), from_m=begin, to_m=end, level=level),
            at_s=self._at_s(at),
            cause=self.mechanism.cause,
            work_h=work,
            one_lane_h=one_lane if level in ("on_foot", "closed") else 0.0,
            hold_s=hold,
            label=name.replace("_", " "),
            bridge=name.startswith("bridge") and level in ("on_foot", "closed"),
        )

    def _pieces_of(self, at: int) -> tuple[int, int]:
        after = int(self.first[at + 1]) if at + 1 < len(self.first) else len(self.pieces)
        return int(self.first[at]), after

    def _volume_m3(self, at: int) -> float:
        """Volume of the debris: as it is mapped, else drawn."""
        if self.volume_m3 is None:
            return _drawn("clearing.slide_volume_m3", self.amount[at])
        low, high = self._pieces_of(at)
        return float(self.volume_m3[low:high].max())

    def _part(self, at: int, span: float) -> tuple[float, float]:
        """Return where on its road an element is damaged: within the pieces that can be, as likely as each can be."""
        low, high = self._pieces_of(at)
        weights = [-math.log1p(-min(chance, 1 - 1e-12)) for chance in self.by_piece[0, low:high].tolist()]
        touched = [low + number for number, weight in enumerate(weights) if weight > 0]
        if math.isinf(span):
            return float(self.pieces.from_m[touched[0]]), float(self.pieces.to_m[touched[-1]])
        left = float(self.place[at]) * math.fsum(weights)
        piece = touched[-1]
        for one in touched:
            if left <= weights[one - low]:
                piece = one
                break
            left -= weights[one - low]
        within = min(left / weights[piece - low], 1.0)
        begin, end = float(self.elements.from_m[at]), float(self.elements.to_m[at])
        middle = float(self.pieces.from_m[piece]) + within * float(self.pieces.to_m[piece] - self.pieces.from_m[piece])
        half = min(span, end - begin) / 2
        middle = min(max(middle, begin + half), end - half)
        return max(middle - half, begin), min(middle + half, end)

    def _at_s(self, at: int) -> float:
        """When it happens: washouts as the water stands highest, all else at any time up to the peak's end."""
        if self.mechanism.name == "washout":
            return self.timing.peak_from_s
        return float(self.timing.from_s + self.time[at] * (self.timing.peak_until_s - self.timing.from_s))


def _drawn(name: str, z: float) -> float:
    """Turn a standard normal value into one of a lognormal default."""
    entry = Lognormal.from_default(default(name))
    return entry.median * math.exp(entry.sigma * float(z))


def slide_volumes() -> Lognormal:
    """Return the volumes of slides that reach a road, in m3."""
    return Lognormal.from_default(default("clearing.slide_volume_m3"))


def _debris_work(volume_m3: float, state: int) -> tuple[float, float, float]:
    """Return hours for all lanes, hours for one lane, and the length of road under debris."""
    clear_h = volume_m3 / default("clearing.rate_m3_per_h").number
    span = max(2 * volume_m3 ** (1 / 3), 5.0)
    if state < 3:
        return clear_h, clear_h / 2, span
    work, track = restoration_h("road_displacement", 3)
    return clear_h + work, clear_h + track, span
