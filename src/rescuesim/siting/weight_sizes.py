"""Weights of a size that solvers tell apart: their tolerances are absolute, a millionth or so.

People of a county sum to a million; shares of a call, risks a year or weights per square metre sum to 1e-7, and a
solver then calls the first plan optimal. So weights are multiplied before anything is solved: by a power of ten that
makes all of them whole, if there is a small one, else by a power of two. Neither rounds anything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["UNRESOLVED", "multiplied", "unresolved", "weight_factor"]

_LEAST, _MOST = 0.5, 2.0**40  # of whole or half numbers nothing need be changed
_WHOLE_SUM = 2.0**40
_EXPONENT = 36  # of the sum after multiplication by a power of two
_TENS = 12
UNRESOLVED = 1e-9  # of the sum of all weights; what weighs less may be lost in a solver's arithmetic


def weight_factor(weights: NDArray[np.float64]) -> float:
    """Return what to multiply weights with.

    Parameters
    ----------
    weights : ndarray of float64, shape (n_demand,)
        0 or more, finite.

    Returns
    -------
    float
        1, a power of ten or a power of two.

    Examples
    --------
    >>> weight_factor(np.array([1200.0, 3.0])), weight_factor(np.array([0.25, 0.0003]))
    (1.0, 10000.0)
    >>> weight_factor(np.array([1e-9 / 3])) == 2.0**67
    True
    """
    heavy = weights[weights > 0]
    if not len(heavy) or (heavy.min() >= _LEAST and heavy.sum() < _MOST):
        return 1.0
    total = float(heavy.sum())
    for power in range(1, _TENS + 1):
        scale = 10.0**power
        if total * scale >= _WHOLE_SUM:
            break
        if np.array_equal(np.rint(heavy * scale) / scale, heavy):
            return scale
    return float(2.0 ** (_EXPONENT - np.frexp(total)[1]))


def multiplied(weights: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Multiply weights by a factor of `weight_factor`, exactly."""
    made = weights * factor
    return made if np.frexp(factor)[0] == 0.5 else np.rint(made)


def unresolved(weights: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the weights above 0 that are too small beside the sum of all for a choice to turn on them.

    Examples
    --------
    >>> unresolved(np.array([1e6, 1.0, 1e-4, 0.0])).tolist()
    [False, False, True, False]
    """
    return np.asarray((weights > 0) & (weights < UNRESOLVED * weights.sum()))
