"""Attainment through a disaster, by phase: a mean over its whole length would hide the hours that matter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.errors import Fault, InputError
from rescuesim.report.attainment.marks import attained, clock_from_s, counted_calls
from rescuesim.report.attainment.reasons import call_reasons
from rescuesim.report.labels import P90_FROM
from rescuesim.report.statistics.joining import replication_numbers
from rescuesim.report.statistics.shares import share_interval
from rescuesim.simulation import SimulationResult

__all__ = ["DEFAULT_PHASES", "DisasterPhase", "attainment_by_phase", "percentile_s"]

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DisasterPhase:
    """A stretch of time around the impact.

    Parameters
    ----------
    name : str
    from_s, until_s : float
        Seconds after the impact, below 0 before it; `until_s` is not included.

    Raises
    ------
    InputError
        If it does not end after it begins.
    """

    name: str
    from_s: float
    until_s: float

    def __post_init__(self) -> None:
        if not self.from_s < self.until_s:
            raise InputError(f"phase {self.name!r}: {self.from_s} to {self.until_s} s, expected to end after it begins")


DEFAULT_PHASES = (
    DisasterPhase(name="before_impact", from_s=-math.inf, until_s=0.0),
    DisasterPhase(name="first_6_h", from_s=0.0, until_s=6 * _HOUR_S),
    DisasterPhase(name="6_to_24_h", from_s=6 * _HOUR_S, until_s=24 * _HOUR_S),
    DisasterPhase(name="24_to_72_h", from_s=24 * _HOUR_S, until_s=72 * _HOUR_S),
    DisasterPhase(name="after_72_h", from_s=72 * _HOUR_S, until_s=math.inf),
)


def percentile_s(spent_s: NDArray[np.float64], share: float) -> float:
    """Return the time within which a share of all incidents is acted on.

    Parameters
    ----------
    spent_s : ndarray of float64, shape (n,)
        Seconds; NaN for an incident that was never acted on.
    share : float

    Returns
    -------
    float
        The least time that at least this share of all keeps, so that those never acted on count too: ``inf`` if too
        many of them were not. NaN without incidents, and above the median with fewer than 50.

    Examples
    --------
    >>> percentile_s(np.array([60.0, 90.0, np.nan]), 0.5), percentile_s(np.arange(60.0), 0.9)
    (90.0, 53.0)
    >>> percentile_s(np.arange(49.0), 0.9)
    nan
    """
    if not len(spent_s) or (share > 0.5 and len(spent_s) < P90_FROM):
        return math.nan
    ordered = np.sort(np.where(np.isnan(spent_s), math.inf, spent_s))
    return float(ordered[math.ceil(share * len(ordered) - 1e-9) - 1])


def attainment_by_phase(
    result: SimulationResult, *, phases: Sequence[DisasterPhase] = DEFAULT_PHASES, impact_s: float = 0.0
) -> pd.DataFrame:
    """Report a simulated disaster by phase.

    Parameters
    ----------
    result : SimulationResult
        Of a disaster, over a fixed horizon.
    phases : sequence of DisasterPhase, optional
        In order and without overlaps; before the impact, the first 6 h, to 24 h, to 72 h and after if absent.
    impact_s : float, optional
        Seconds from the start of the replication to the impact.

    Returns
    -------
    DataFrame
        ``phase, from_s, until_s, calls, attained, share, low, high, p50_s, p90_s, reason``: an incident belongs to
        the phase in which its clock starts; the times run to the first action, and incidents never acted on count as
        ``inf``; `p90_s` is withheld (NaN) below 50 incidents; `reason` is what most missed calls were missed for,
        empty without any. Phases from the horizon on are left out.

    Raises
    ------
    InputError
        If the result is of normal days, or phases overlap, stand out of order or are named twice.
    """
    if result.condition == "intact":
        raise InputError("normal days have no phases: expected the result of a disaster; the two are never pooled")
    _check_phases(phases)
    if not (math.isfinite(impact_s) and 0 <= impact_s < result.horizon_s):
        raise InputError(f"impact_s {impact_s}: expected from 0 to the horizon of {result.horizon_s} s")
    records = counted_calls(result)
    kept = attained(records, result.standard)
    started = clock_from_s(records)
    spent = records["handling_at_s"].to_numpy(np.float64) - started
    numbers = replication_numbers(result)
    row = np.searchsorted(numbers, records["replication"].to_numpy(np.int64))
    missions = getattr(result, "mission_records", None)
    rows = []
    for phase in phases:
        if phase.from_s + impact_s >= result.horizon_s:
            continue
        here = (started - impact_s >= phase.from_s) & (started - impact_s < phase.until_s)
        calls = np.bincount(row[here], minlength=len(numbers))
        good = np.bincount(row[here & kept], minlength=len(numbers))
        shares = (math.nan, math.nan, math.nan)
        if calls.sum():
            found = share_interval(good, calls)
            shares = (found.value, found.low, found.high)
        reasons = pd.Series(call_reasons(records[here & ~kept], result.standard, missions), dtype=object).value_counts()
        most = min(reasons.index, key=lambda name: (-reasons[name], name)) if len(reasons) else ""
        times = percentile_s(spent[here], 0.5), percentile_s(spent[here], 0.9)
        counted = int(calls.sum()), int(good.sum())
        rows.append((phase.name, phase.from_s, phase.until_s, *counted, *shares, *times, most))
    columns = ["phase", "from_s", "until_s", "calls", "attained", "share", "low", "high", "p50_s", "p90_s", "reason"]
    return pd.DataFrame(rows, columns=columns)


def _check_phases(phases: Sequence[DisasterPhase]) -> None:
    faults = [] if phases else [Fault(problem="phases: expected at least one")]
    for one, after in zip(phases, list(phases)[1:], strict=False):
        if after.from_s < one.until_s:
            problem = f"phase {after.name!r} begins at {after.from_s} s: expected not before {one.name!r} ends"
            faults.append(Fault(problem=problem))
    names = [phase.name for phase in phases]
    faults += [Fault(problem=f"phase {name!r}: expected once") for name in sorted(set(names)) if names.count(name) > 1]
    if faults:
        raise InputError(faults)
