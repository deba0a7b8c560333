"""CoverageBits: which site covers which point, 64 points in a word.

A county of 2,000 sites and 20,000 points takes 5 MB instead of the 40 MB of a bool array, and thousands of plans are
weighed at once. Everything works without numba too, from the plain code in this file, with the same results to the last
bit.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.errors import InputError
from rescuesim.network.road_network import limit_ticks
from rescuesim.travel.pairs import TravelTimePairs
from rescuesim.travel.times import TravelTimes
from rescuesim.travel.trips import row_blocks

__all__ = ["CoverageBits", "broadcast_limits", "packed", "packed_pairs"]

_KERNELS = "rescuesim.travel.coverage_kernels"
_PLANS_AT_ONCE = 256  # the words of their union stay in the cache of a processor


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageBits:
    """Which site covers which point.

    Parameters
    ----------
    sites : CandidateSites
    demand : DemandPoints
    words : ndarray of uint64, shape (n_sites, ceil(n_demand / 64))
        Bit j % 64 of word j // 64, from the lowest on, says whether point j is covered; the bits beyond the last point
        are 0.

    Examples
    --------
    >>> import pandas as pd
    >>> frames = {"sites": pd.DataFrame({"id": ["s", "t"]}), "demand": pd.DataFrame({"id": ["a", "b", "c"]})}
    >>> times = TravelTimes.from_matrix([[60, 93, np.inf], [10, np.inf, 93.1]], **frames)
    >>> bits = CoverageBits.from_times(times, 93.0)
    >>> bits.to_bool().tolist(), bits.covered([True, True]).tolist()
    ([[True, True, False], [True, False, False]], [True, True, False])
    >>> bits.weighted_coverage([[True, False], [False, True]], [500, 30, 7]).tolist()
    [530.0, 500.0]
    >>> bits.k_fold([True, True], 2).tolist()
    [True, False, False]
    """

    sites: CandidateSites
    demand: DemandPoints
    words: NDArray[np.uint64]

    def __post_init__(self) -> None:
        shape = (len(self.sites), _n_words(len(self.demand)))
        if self.words.dtype != np.uint64 or self.words.shape != shape:
            raise InputError(f"words: {self.words.dtype} of shape {self.words.shape}, expected uint64 of shape {shape}")
        spare = len(self.demand) % 64
        if spare and (self.words[:, -1] >> np.uint64(spare)).any():
            raise InputError("words: a bit beyond the last point is set, expected 0")

    @classmethod
    def from_times(cls, times: TravelTimes, limit: ArrayLike) -> CoverageBits:
        """Pack who is in time, as `TravelTimes.within` decides it.

        Parameters
        ----------
        times : TravelTimes
        limit : array_like of float, shape (n_sites, n_demand) or one that broadcasts to it
            In the unit of the times; a negative limit is never kept.

        Raises
        ------
        InputError
            If a limit is NaN or longer than the cutoff of the times, or the shape is wrong.
        """
        limits = broadcast_limits(limit, times.sites, times.demand, times.cutoff_s)
        words = np.zeros((len(times.sites), _n_words(len(times.demand))), dtype=np.uint64)
        for rows in row_blocks(*limits.shape):
            words[rows] = _packed_rows(times, rows, limits[rows])
        return cls(sites=times.sites, demand=times.demand, words=words)

    @classmethod
    def from_pairs(cls, pairs: TravelTimePairs, limit: ArrayLike) -> CoverageBits:
        """Pack who is in time, from the pairs within a cutoff.

        Parameters
        ----------
        pairs : TravelTimePairs
        limit : array_like of float, shape (n_sites, n_demand) or one that broadcasts to it
            Seconds; a negative limit is never kept.

        Raises
        ------
        InputError
            If a limit is NaN or longer than the cutoff, or the shape is wrong.
        """
        limits = broadcast_limits(limit, pairs.sites, pairs.demand, pairs.cutoff_s)
        words = packed_pairs(pairs.first, pairs.point, pairs.within(limits), len(pairs.demand))
        return cls(sites=pairs.sites, demand=pairs.demand, words=words)

    def to_bool(self) -> NDArray[np.bool_]:
        """Unpack to a bool array, shape (n_sites, n_demand)."""
        return _unpacked(self.words, len(self.demand))

    def covered(self, opened: ArrayLike) -> NDArray[np.bool_]:
        """Mark the points that at least one open site covers.

        Parameters
        ----------
        opened : array_like of bool, shape (n_sites,)

        Returns
        -------
        ndarray of bool, shape (n_demand,)
        """
        words = np.bitwise_or.reduce(self.words[_mask(opened, (len(self.sites),), "opened")], axis=0)
        return np.asarray(_unpacked(words[None, :], len(self.demand))[0])

    def k_fold(self, opened: ArrayLike, k: int) -> NDArray[np.bool_]:
        """Mark the points that at least k open sites cover.

        Parameters
        ----------
        opened : array_like of bool, shape (n_sites,)
        k : int
            0 or more.

        Returns
        -------
        ndarray of bool, shape (n_demand,)

        Notes
        -----
        The sites are counted in binary, one word for each digit of 64 points: O(n_words log n_opened) for each site.
        """
        try:
            wanted = operator.index(k)
        except TypeError:
            raise InputError(f"k {k!r}: expected a whole number of 0 or more") from None
        if wanted < 0:
            raise InputError(f"k {k}: expected a whole number of 0 or more")
        rows = self.words[_mask(opened, (len(self.sites),), "opened")]
        n_digits = max(len(rows), wanted).bit_length()
        digits = np.zeros((n_digits, self.words.shape[1]), dtype=np.uint64)
        for row in rows:
            carry = row
            for digit in digits:
                carry, digit[:] = digit & carry, digit ^ carry
        # from the highest digit on: above k for certain, or equal to it so far
        above, equal = np.zeros(self.words.shape[1], dtype=np.uint64), ~np.zeros(self.words.shape[1], dtype=np.uint64)
        for place in reversed(range(n_digits)):
            if wanted >> place & 1:
                equal &= digits[place]
            else:
                above |= equal & digits[place]
                equal &= ~digits[place]
        return np.asarray(_unpacked((above | equal)[None, :], len(self.demand))[0])

    def weighted_coverage(self, plans: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
        """Add up the weights of the points that each plan covers.

        Parameters
        ----------
        plans : array_like of bool, shape (n_plans, n_sites)
            Which sites each plan opens.
        weights : array_like of float, shape (n_demand,)
            People, calls or whatever is to be covered; finite.

        Returns
        -------
        ndarray of float64, shape (n_plans,)
            Exact for whole numbers that sum to less than 2^53; for others rounded in one order of addition, the
            same with and without numba.

        Raises
        ------
        InputError
            If a shape is wrong or a weight is NaN or infinite.
        """
        chosen = _mask(plans, (-1, len(self.sites)), "plans")
        weight = np.asarray(weights, dtype=np.float64)
        if weight.shape != (len(self.demand),):
            raise InputError(f"weights of shape {weight.shape}: expected ({len(self.demand)},)")
        if not np.isfinite(weight).all():
            point = int(np.flatnonzero(~np.isfinite(weight))[0])
            raise InputError(f"weights, point {self.demand.ids[point]}: {weight[point]}, expected a finite number")
        padded = np.zeros(64 * self.words.shape[1])
        padded[: len(weight)] = weight
        total = np.zeros(len(chosen))
        weigh = _kernel("weigh_plans")
        for start in range(0, len(chosen), _PLANS_AT_ONCE):
            some = chosen[start : start + _PLANS_AT_ONCE]
            if weigh is None:
                total[start : start + _PLANS_AT_ONCE] = _weighed(self.words, some, padded)
            else:
                plan, site = np.nonzero(some)
                first = np.r_[0, np.cumsum(np.bincount(plan, minlength=len(some)))].astype(np.int64)
                weigh(self.words, first, site, padded, total[start : start + _PLANS_AT_ONCE])
        return total


def packed(flags: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack rows of flags into words of 64, the first into the lowest bit; uint64, shape (n_rows, ceil(n / 64)).

    Examples
    --------
    >>> packed(np.array([[True, False, True]])).tolist()
    [[5]]
    """
    n_rows, n = flags.shape
    octets = np.zeros((n_rows, 8 * _n_words(n)), dtype=np.uint8)
    octets[:, : -(-n // 8)] = np.packbits(flags, axis=1, bitorder="little")
    return octets.view("<u8").astype(np.uint64)


def packed_pairs(
    first: NDArray[np.int64], point: NDArray[np.int32], kept: NDArray[np.bool_], n_demand: int
) -> NDArray[np.uint64]:
    """Pack the pairs that are kept; uint64, shape (n_sites, ceil(n_demand / 64)).

    Parameters
    ----------
    first : ndarray of int64, shape (n_sites + 1,)
    point : ndarray of int32, shape (n_pairs,)
        Ascending within a site.
    kept : ndarray of bool, shape (n_pairs,)
    n_demand : int
    """
    words = np.zeros((len(first) - 1, _n_words(n_demand)), dtype=np.uint64)
    pack = _kernel("pack_pairs")
    if pack is not None:
        pack(first, point, kept, words)
        return words
    which = np.flatnonzero(kept)
    if len(which):
        site = np.repeat(np.arange(len(first) - 1), np.diff(first))[which]
        at = site * words.shape[1] + point[which] // 64
        begins = np.flatnonzero(np.r_[True, at[1:] != at[:-1]])
        bits = np.uint64(1) << (point[which] % 64).astype(np.uint64)
        words.reshape(-1)[at[begins]] = np.bitwise_or.reduceat(bits, begins)
    return words


def _packed_rows(times: TravelTimes, rows: slice, limits: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Pack who is in time from some sites."""
    if times.unit != "s":
        values = times.values[rows]
        return packed((values <= limits) & np.isfinite(values))
    fill, pack = _kernel("fill_limit_ticks"), _kernel("pack_within")
    if fill is None or pack is None:
        return packed(times.ticks[rows] <= limit_ticks(limits))
    most = np.empty(limits.shape, dtype=np.int32)
    fill(np.array(limits), most)  # a copy: written out, and of one type whatever was given
    words = np.zeros((len(limits), _n_words(len(times.demand))), dtype=np.uint64)
    pack(times.ticks[rows], most, words)
    return words


def _unpacked(words: NDArray[np.uint64], n_demand: int) -> NDArray[np.bool_]:
    octets = np.ascontiguousarray(words).astype("<u8").view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n_demand, bitorder="little").view(np.bool_)


def _weighed(words: NDArray[np.uint64], plans: NDArray[np.bool_], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up as `weigh_plans` does: over the points of a byte, then over the bytes, in their order."""
    total = np.zeros(len(plans))
    if not len(weights):
        return total
    for plan, opened in enumerate(plans):
        union = np.bitwise_or.reduce(words[opened], axis=0)
        counted = np.where(_unpacked(union[None, :], len(weights))[0], weights, 0.0).reshape(-1, 8)
        octets = np.zeros(len(counted))
        for bit in range(8):
            octets += counted[:, bit]
        total[plan] = np.cumsum(octets)[-1]
    return total


def _kernel(name: str) -> Callable[..., None] | None:
    """Return a kernel, or None where numba cannot be imported: the plain code gives the same."""
    try:
        return cast(Callable[..., None], getattr(importlib.import_module(_KERNELS), name))
    except ImportError:
        return None


def _n_words(n_demand: int) -> int:
    return -(-n_demand // 64)


def _mask(given: ArrayLike, shape: tuple[int, ...], name: str) -> NDArray[np.bool_]:
    """Return flags as a bool array, or say what is wrong with them."""
    mask = np.asarray(given)
    if mask.dtype != np.bool_ or mask.ndim != len(shape) or mask.shape[-1] != shape[-1]:
        text = ", ".join("any" if size < 0 else str(size) for size in shape)
        raise InputError(f"{name}: {mask.dtype} of shape {mask.shape}, expected bool of shape ({text})")
    return mask


def broadcast_limits(
    limit: ArrayLike, sites: CandidateSites, demand: DemandPoints, cutoff_s: float
) -> NDArray[np.float64]:
    """Return limits as an array that covers all pairs, without writing it out."""
    given = np.asarray(limit, dtype=np.float64)
    if np.isnan(given).any():
        raise InputError("limit: NaN, expected seconds, or -inf where nobody is in time")
    if (longest := given.max(initial=-np.inf)) > cutoff_s:
        raise InputError(f"limit {longest:g} s: expected at most the cutoff of the times, {cutoff_s:g} s")
    try:
        return np.broadcast_to(given, (len(sites), len(demand)))
    except ValueError:
        raise InputError(f"limit of shape {given.shape}: expected ({len(sites)}, {len(demand)})") from None
