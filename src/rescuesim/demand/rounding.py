"""Whole people: sums kept exactly while parts are rounded."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim.errors import InputError

__all__ = ["largest_remainder", "whole_total"]

_WHOLE = 1e-9  # relative; 2.9999999999 is 3 that lost its last digits in a sum


def whole_total(parts: ArrayLike) -> int:
    """Return the sum of some numbers, summed without loss and rounded half up.

    Examples
    --------
    >>> whole_total([0.1] * 15)
    2
    """
    return math.floor(math.fsum(np.asarray(parts, dtype=np.float64).tolist()) * (1 + 1e-15) + 0.5)


def largest_remainder(shares: ArrayLike, total: int) -> NDArray[np.float64]:
    """Split a whole number in proportion to shares, in whole parts that sum to it exactly.

    Each part is its exact share rounded down; what is left over goes, one each, to the parts with the
    largest remainders, to the earlier one where two are alike. No part differs from its exact share by 1
    or more, and a split that is whole already stays as it is.

    Parameters
    ----------
    shares : array_like of float, shape (n,)
        0 or more; only their proportions count.
    total : int
        0 or more.

    Returns
    -------
    ndarray of float64, shape (n,)
        Whole numbers.

    Raises
    ------
    InputError
        If a share is negative or not finite, the total is negative, or all shares are 0 and the total is not.

    References
    ----------
    The method of Hamilton, or of largest remainders: Balinski and Young (2001), Fair Representation.

    Examples
    --------
    >>> largest_remainder([1, 1, 1], 100).tolist()
    [34.0, 33.0, 33.0]
    """
    given = np.asarray(shares, dtype=np.float64)
    if not (np.isfinite(given) & (given >= 0)).all() or total < 0:
        raise InputError("shares to split a total by: expected finite numbers of 0 or more, and a total of 0 or more")
    if total == 0:
        return np.zeros(len(given))
    largest = float(given.max(initial=0.0))
    if largest == 0:
        raise InputError(f"a total of {total} to split: expected at least one share above 0")
    scaled = given / largest  # so that no sum overflows
    exact = scaled * (total / math.fsum(scaled.tolist()))
    near = np.rint(exact)
    part = np.where(np.abs(exact - near) <= _WHOLE * np.maximum(1.0, exact), near, np.floor(exact))
    left = total - int(math.fsum(part.tolist()))
    step = 1.0 if left > 0 else -1.0  # under 0 only if rounding up by `_WHOLE` gave one away
    order = np.argsort(-step * (exact - part), kind="stable")
    order = order[given[order] > 0] if step > 0 else order[part[order] > 0]
    whole, rest = divmod(abs(left), len(order)) if left else (0, 0)
    part[order] += step * whole
    part[order[:rest]] += step
    return part
