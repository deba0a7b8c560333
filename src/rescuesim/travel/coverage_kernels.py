"""Kernels on packed coverage: 64 points a word. The plain references stand in `coverage_bits`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescuesim.network.road_network import TICKS_PER_SECOND, UNREACHABLE
from rescuesim.travel.compiled import compiled

__all__ = ["fill_limit_ticks", "pack_pairs", "pack_within", "weigh_plans"]

_MOST_S = UNREACHABLE / TICKS_PER_SECOND


@compiled
def fill_limit_ticks(limit_s: NDArray[np.float64], limits: NDArray[np.int32]) -> None:
    """Turn limits into the largest ticks that keep them, as `limit_ticks`; -1 where none does.

    Parameters
    ----------
    limit_s : ndarray of float64, shape (n_sites, n_demand)
    limits : ndarray of int32, shape (n_sites, n_demand)
        Written.
    """
    for site in range(limit_s.shape[0]):
        for point in range(limit_s.shape[1]):
            seconds = min(max(limit_s[site, point], -1.0), _MOST_S)
            most = min(np.floor(seconds * TICKS_PER_SECOND + 0.01), UNREACHABLE - 1.0)
            limits[site, point] = np.int32(most if seconds >= 0 else -1.0)


@compiled
def pack_within(ticks: NDArray[np.int32], limits: NDArray[np.int32], words: NDArray[np.uint64]) -> None:
    """Set the bits of the pairs that are in time.

    Parameters
    ----------
    ticks, limits : ndarray of int32, shape (n_sites, n_demand)
        Limits are less than 2^30 - 1, so that nobody who is not reached is in time.
    words : ndarray of uint64, shape (n_sites, n_words)
        Written.
    """
    n_demand = ticks.shape[1]
    n_full = n_demand // 64
    for site in range(ticks.shape[0]):
        for word in range(n_full):
            # 64 at a time, so that the compiler takes them side by side: four times as fast
            some, most = ticks[site, 64 * word : 64 * word + 64], limits[site, 64 * word : 64 * word + 64]
            bits = np.uint64(0)
            for point in range(64):
                bits |= np.uint64(some[point] <= most[point]) << np.uint64(point)
            words[site, word] = bits
        if n_full < words.shape[1]:
            bits = np.uint64(0)
            for point in range(64 * n_full, n_demand):
                bits |= np.uint64(ticks[site, point] <= limits[site, point]) << np.uint64(point - 64 * n_full)
            words[site, n_full] = bits


@compiled
def pack_pairs(
    first: NDArray[np.int64], point: NDArray[np.int32], kept: NDArray[np.bool_], words: NDArray[np.uint64]
) -> None:
    """Set the bits of the pairs that are kept.

    Parameters
    ----------
    first : ndarray of int64, shape (n_sites + 1,)
    point : ndarray of int32, shape (n_pairs,)
    kept : ndarray of bool, shape (n_pairs,)
    words : ndarray of uint64, shape (n_sites, n_words)
        0 before, written.
    """
    for site in range(len(first) - 1):
        for pair in range(first[site], first[site + 1]):
            words[site, point[pair] >> 6] |= np.uint64(kept[pair]) << np.uint64(point[pair] & 63)


@compiled
def weigh_plans(
    words: NDArray[np.uint64],
    first: NDArray[np.int64],
    opened: NDArray[np.int64],
    weights: NDArray[np.float64],
    total: NDArray[np.float64],
) -> None:
    """Add up the weights of the points that each plan covers.

    Sums run over the points of a byte, then over the bytes, in their order: on every machine, and in the reference, the
    result is the same to the last bit.

    Parameters
    ----------
    words : ndarray of uint64, shape (n_sites, n_words)
    first : ndarray of int64, shape (n_plans + 1,)
        The open sites of plan p are ``opened[first[p]:first[p + 1]]``.
    opened : ndarray of int64
    weights : ndarray of float64, shape (64 * n_words,)
        0 beyond the last point.
    total : ndarray of float64, shape (n_plans,)
        0 before, written.
    """
    n_plans, n_words = len(total), words.shape[1]
    covered = np.empty((n_plans, n_words), dtype=np.uint64)
    for plan in range(n_plans):
        row = covered[plan]
        row[:] = np.uint64(0)
        for k in range(first[plan], first[plan + 1]):
            of_site = words[opened[k]]
            for word in range(n_words):
                row[word] |= of_site[word]
    sums = np.empty((8, 256), dtype=np.float64)  # of every possible byte, at each of the eight places of a word
    for word in range(n_words):
        for byte in range(8):
            sums[byte, 0] = 0.0
            for bit in range(8):
                weight, have = weights[64 * word + 8 * byte + bit], 1 << bit
                for mask in range(have):
                    sums[byte, have + mask] = sums[byte, mask] + weight
        for plan in range(n_plans):
            bits = covered[plan, word]
            for byte in range(8):
                total[plan] += sums[byte, (bits >> np.uint64(8 * byte)) & np.uint64(255)]
