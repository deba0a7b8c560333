"""How many replications a figure needs, and running them until its interval is narrow enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rescuesim.errors import Fault, InputError
from rescuesim.report.statistics.intervals import Interval, Statistic, standard_error, t_quantile
from rescuesim.simulation import SimulationResult

__all__ = ["LEAST", "Estimate", "SequentialRun", "replicate_until", "replications_needed"]

Estimate = Callable[[NDArray[np.float64]], Interval]
LEAST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialRun:
    """What a sequential run found, and whether it was precise enough in the end.

    Parameters
    ----------
    interval : Interval
    wanted : float
        Half-width that was wanted at the end; of a relative one, for the value that was found.
    met : bool
        False if the most replications allowed were not enough: the interval is then wider than wanted.
    result : SimulationResult or None
        All replications together; None of `replicate_until`.
    """

    interval: Interval
    wanted: float
    met: bool
    result: SimulationResult | None = None

    @property
    def replications(self) -> int:
        """Replications that were run."""
        return self.interval.n

    def __str__(self) -> str:
        found = self.interval
        told = f"{found.value:.4f} within {found.half_width:.4f} after {found.n} replications"
        return told if self.met else f"{told}; NOT MET: a half-width of {self.wanted:.4f} was wanted"


def _check(half_width: float | None, relative: float | None, confidence: float) -> None:
    faults = []
    if (half_width is None) == (relative is None):
        faults.append(Fault(problem="expected either half_width or relative"))
    for name, value in (("half_width", half_width), ("relative", relative)):
        if value is not None and not (math.isfinite(value) and value > 0):
            faults.append(Fault(column=name, value=str(value), expected="a finite number above 0"))
    if not 0 < confidence < 1:
        faults.append(Fault(column="confidence", value=str(confidence), expected="above 0 and below 1"))
    if faults:
        raise InputError(faults)


def _wanted(value: float, half_width: float | None, relative: float | None) -> float:
    """Half-width that is wanted; a relative one is of the true value, which the estimate may exceed by as much."""
    if half_width is not None:
        return half_width
    assert relative is not None
    return abs(value) * relative / (1 + relative)


def replications_needed(
    statistic: Statistic,
    pilot: ArrayLike,
    *,
    half_width: float | None = None,
    relative: float | None = None,
    confidence: float = 0.95,
) -> int:
    """Say how many replications a half-width will take, by the spread of a pilot.

    Parameters
    ----------
    statistic : callable
        As in `clustered_interval`.
    pilot : array_like of float, shape (replications, ...)
    half_width : float, optional
        Wanted, in the units of the figure.
    relative : float, optional
        Wanted instead, as a share of the figure.
    confidence : float, optional

    Returns
    -------
    int
        In all, those of the pilot included. A forecast, not a rule to stop by: that is `replicate_until`.

    Raises
    ------
    InputError
        If neither or both half-widths are given, or the pilot shows no spread or no value.

    Examples
    --------
    >>> shares = [[0.81], [0.78], [0.84], [0.80], [0.79]]
    >>> replications_needed(lambda t: t[0] / t[1], [[s[0], 1.0] for s in shares], half_width=0.01)
    23

    References
    ----------
    Law, A. M. (2015). Simulation Modeling and Analysis, 5th ed., section 9.4.1.
    """
    _check(half_width, relative, confidence)
    rows = np.asarray(pilot, dtype=np.float64)
    n, error = len(rows), standard_error(statistic, rows)
    value = float(statistic(rows.sum(axis=0))) if n else math.nan
    wanted = _wanted(value, half_width, relative)
    if not (error > 0 and wanted > 0):
        raise InputError("pilot: expected two or more replications that differ, and a figure other than 0")
    spread = error * math.sqrt(n)

    def enough(many: int) -> bool:
        return t_quantile(confidence, many - 1) * spread / math.sqrt(many) <= wanted

    high = max(n, 2)
    while not enough(high):
        high *= 2
    low = max(n, 2) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def replicate_until(
    block: Callable[[range], ArrayLike],
    estimate: Estimate,
    *,
    half_width: float | None = None,
    relative: float | None = None,
    least: int = LEAST,
    step: int = 10,
    most: int = 1_000,
    confidence: float = 0.95,
) -> SequentialRun:
    """Run replications in blocks until an interval is narrow enough, or there are as many as allowed.

    Parameters
    ----------
    block : callable
        From the numbers of the next replications to their rows, shape ``(len(numbers), ...)``.
    estimate : callable
        From all rows so far to their interval, with the same `confidence`.
    half_width, relative : float, optional
        One of them, as in `replications_needed`.
    least, step, most : int, optional
        Replications before the first look, between looks, and at most.
    confidence : float, optional

    Returns
    -------
    SequentialRun

    Raises
    ------
    InputError
        If an option is out of range, or a block does not have a row for each of its replications.

    Notes
    -----
    With h the half-width wanted and H(n) the interval's after n replications, the run stops at the first look with
    ``H(n)^2 + (t h / n)^2 <= h^2``. The second term is the positive sequence that vanishes in Chow and Robbins' rule,
    here in the units of the figure: with it the rule cannot stop on a spread of 0 by chance, and the coverage tends
    to the confidence as h goes to 0. For a given h it is `least` that protects: a run that may stop after two or
    three replications stops when their spread is too small by luck. A relative half-width r is kept as r / (1 + r)
    of the estimate (Law), since the estimate may be too large itself.

    References
    ----------
    Chow, Y. S., Robbins, H. (1965). On the asymptotic theory of fixed-width sequential confidence intervals for the
    mean. Annals of Mathematical Statistics 36(2), 457-462. doi:10.1214/aoms/1177700156.
    Law, A. M., Kelton, W. D. (1982). Confidence intervals for steady-state simulations II: a survey of sequential
    procedures. Management Science 28(5), 550-562. doi:10.1287/mnsc.28.5.550
    """
    _check(half_width, relative, confidence)
    faults = [
        Fault(column=name, value=str(value), expected=f"a whole number of {lowest} or more")
        for name, value, lowest in (("least", least, 5), ("step", step, 1), ("most", most, least))
        if not isinstance(value, int | np.integer) or value < lowest
    ]
    if faults:
        raise InputError(faults)
    rows: NDArray[np.float64] | None = None
    done = 0
    while True:
        numbers = range(done, min(done + step, most) if done else min(least, most))
        more = np.asarray(block(numbers), dtype=np.float64)
        if more.shape[:1] != (len(numbers),):
            raise InputError(f"block of replications {numbers}: expected {len(numbers)} rows, got {more.shape}")
        rows = more if rows is None else np.concatenate([rows, more])
        done = len(rows)
        found = estimate(rows)
        wanted = _wanted(found.value, half_width, relative)
        guard = t_quantile(confidence, done - 1) * wanted / done
        met = bool(wanted > 0 and math.hypot(found.half_width, guard) <= wanted)  # NaN is not met
        if met or done >= most:
            return SequentialRun(interval=found, wanted=wanted, met=met)
