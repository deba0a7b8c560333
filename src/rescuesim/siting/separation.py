"""Sites that are too near to each other, and conflicts as few strong rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from rescuesim.candidates import CandidateSites
from rescuesim.errors import Fault, InputError
from rescuesim.siting.conditions import Separation

__all__ = ["cliques", "too_near"]

_EARTH_M = 6_371_008.8  # mean radius, IUGG


def too_near(separation: Separation, sites: CandidateSites) -> NDArray[np.bool_]:
    """Mark the pairs of sites that are nearer than allowed.

    Parameters
    ----------
    separation : Separation
    sites : CandidateSites

    Returns
    -------
    ndarray of bool, shape (n_sites, n_sites)
        Symmetric, False on the diagonal. Sites just as far apart as asked are not too near.

    Raises
    ------
    InputError
        If the sites have no positions, or `between` is not from every site to every site.
    """
    if separation.at_least_m is not None:
        near = _near_on_the_ground(separation.at_least_m, sites)
    else:
        seconds = _between(separation, sites)
        assert separation.at_least_s is not None
        near = seconds < separation.at_least_s
        near = near | near.T
    np.fill_diagonal(near, False)
    return near


def _near_on_the_ground(least_m: float, sites: CandidateSites) -> NDArray[np.bool_]:
    """Mark pairs by their great circle, on a sphere of mean radius."""
    n = len(sites)
    if sites.lon is None or sites.lat is None:
        raise InputError([Fault(column="separation", value=f"{least_m:g} m", expected="sites with positions")])
    lon, lat = np.radians(sites.lon), np.radians(sites.lat)
    balls = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    chord = 2 * np.sin(min(least_m / _EARTH_M, np.pi) / 2)
    pairs = cKDTree(balls).query_pairs(chord * (1 + 1e-9), output_type="ndarray")
    gaps = np.linalg.norm(balls[pairs[:, 0]] - balls[pairs[:, 1]], axis=1)
    pairs = pairs[2 * _EARTH_M * np.arcsin(np.minimum(gaps / 2, 1.0)) < least_m]
    near = np.zeros((n, n), dtype=np.bool_)
    near[pairs[:, 0], pairs[:, 1]] = near[pairs[:, 1], pairs[:, 0]] = True
    return near


def _between(separation: Separation, sites: CandidateSites) -> NDArray[np.float64]:
    """Return the times from site to site, in the order of the sites."""
    between = separation.between
    frame = between if isinstance(between, pd.DataFrame) else between.to_frame()  # type: ignore[union-attr]
    rows, columns = [str(one) for one in frame.index], [str(one) for one in frame.columns]
    faults = [
        Fault(column="separation, between", value=f"{what} of {len(set(labels))} sites", expected="every site once")
        for what, labels in (("rows", rows), ("columns", columns))
        if sorted(labels) != sorted(sites.ids)
    ]
    if faults:
        raise InputError(faults)
    if not isinstance(between, pd.DataFrame) and between is not None and between.unit != "s":
        raise InputError(f"separation, between: times in unit {between.unit!r}, expected seconds")
    frame.index, frame.columns = pd.Index(rows), pd.Index(columns)
    values = frame.loc[list(sites.ids), list(sites.ids)].to_numpy(dtype=np.float64)
    if np.isnan(values).any() or (values < 0).any():
        raise InputError("separation, between: expected times of 0 or more, or inf, from every site to every site")
    return values


def cliques(conflict: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Cover all conflicts by sets of sites of which every two are in conflict, greedily.

    At most one site of such a set may be open: one row that is stronger than all its pairs.

    Parameters
    ----------
    conflict : ndarray of bool, shape (n_sites, n_sites)
        Symmetric, False on the diagonal.

    Returns
    -------
    list of ndarray of int64
        Sites of each set, rising; every conflict lies in at least one.

    Examples
    --------
    >>> line = np.abs(np.arange(4)[:, None] - np.arange(4)) == 1
    >>> [found.tolist() for found in cliques(line)]
    [[0, 1], [1, 2], [2, 3]]
    """
    left = conflict.copy()
    found = []
    for first in range(len(conflict)):
        while left[first].any():
            members = [first]
            fits = conflict[first].copy()
            while fits.any():
                # the one that brings most conflicts not covered yet; the first of equals
                gains = left[:, members].sum(axis=1)
                following = int(np.argmax(np.where(fits, gains + 1, 0)))
                if gains[following] == 0 and len(members) > 1:
                    break
                members.append(following)
                fits &= conflict[following]
            inside = np.array(sorted(members), dtype=np.int64)
            left[np.ix_(inside, inside)] = False
            found.append(inside)
    return found
