"""WorkClock: the seconds after the onset at which crews may work."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.errors import InputError

__all__ = ["WorkClock", "hours_of_work"]

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkClock:
    """Hours of work up to a horizon, as a piecewise linear clock that stands still at night and in spells of rain.

    Parameters
    ----------
    moments_s : tuple of float
        Seconds after the onset at which the clock starts or stops, from 0 to the horizon.
    worked_s : tuple of float
        What it shows then.
    """

    moments_s: tuple[float, ...]
    worked_s: tuple[float, ...]

    @classmethod
    def of(
        cls,
        *,
        horizon_s: float,
        onset_h: float = 0.0,
        night_h: tuple[float, float] | None = None,
        stopped_s: Sequence[tuple[float, float]] = (),
    ) -> WorkClock:
        """Set up a clock.

        Parameters
        ----------
        horizon_s : float
        onset_h : float, optional
            Hour of the day of the onset, from 0 to below 24.
        night_h : tuple of float, optional
            Hours of the day from which and until which nobody works; round the clock if absent.
        stopped_s : sequence of tuple of float, optional
            Spells in which nobody works, in seconds after the onset.

        Raises
        ------
        InputError
            If an hour is not of a day, or a spell ends before it starts.

        Examples
        --------
        >>> clock = WorkClock.of(horizon_s=3 * 86_400, onset_h=18, night_h=(19, 6))
        >>> clock.done_at(0, 1800) / 3600, clock.done_at(0, 2 * 3600) / 3600, clock.worked(0, 86_400) / 3600
        (0.5, 13.0, 13.0)
        """
        hours = (onset_h, *(night_h or ()))
        if not all(0 <= hour < 24 for hour in hours) or not 0 < horizon_s < math.inf:
            raise InputError(
                f"onset at {onset_h} h, night {night_h}, horizon {horizon_s} s: expected hours from 0 to below 24 "
                "and a finite horizon above 0 s"
            )
        for start, end in stopped_s:
            if not 0 <= start < end:
                raise InputError(f"no work from {start} s to {end} s: expected 0 <= from < until")
        still = list(stopped_s)
        if night_h is not None and night_h[0] != night_h[1]:
            length = (night_h[1] - night_h[0]) % 24 * 3600
            first = (night_h[0] - onset_h) % 24 * 3600 - _DAY_S
            still += [
                (first + day * _DAY_S, first + day * _DAY_S + length) for day in range(int(horizon_s // _DAY_S) + 3)
            ]
        moments, worked, at = [0.0], [0.0], 0.0
        for start, end in sorted((max(a, 0.0), min(b, horizon_s)) for a, b in still if b > 0 and a < horizon_s):
            if end <= at:
                continue
            for moment, works in ((max(start, at), True), (end, False)):
                if moment > at:
                    worked.append(worked[-1] + (moment - at if works else 0.0))
                    moments.append(moment)
                    at = moment
        if horizon_s > at:
            moments.append(horizon_s)
            worked.append(worked[-1] + horizon_s - at)
        return cls(moments_s=tuple(moments), worked_s=tuple(worked))

    def shows(self, at_s: float) -> float:
        """Return the seconds of work from the onset to a moment; nothing is added after the horizon."""
        place = bisect_right(self.moments_s, at_s) - 1
        if place + 1 >= len(self.moments_s):
            return self.worked_s[-1]
        runs = self.worked_s[place + 1] > self.worked_s[place]
        return self.worked_s[place] + (at_s - self.moments_s[place] if runs else 0.0)

    def worked(self, from_s: float, until_s: float) -> float:
        """Return the seconds of work between two moments."""
        return self.shows(until_s) - self.shows(from_s)

    def done_at(self, from_s: float, work_s: float) -> float:
        """Return the moment at which so many seconds have been worked; ``inf`` beyond the horizon."""
        if work_s <= 0:
            return from_s
        wanted = self.shows(from_s) + work_s
        place = bisect_left(self.worked_s, wanted)
        if place >= len(self.worked_s):
            return math.inf
        return self.moments_s[place - 1] + wanted - self.worked_s[place - 1]


def hours_of_work(
    *, horizon_s: float, onset_h: float | None, night_work: bool, stopped_s: Sequence[tuple[float, float]]
) -> tuple[WorkClock, list[str]]:
    """Set up the clock of crews, with the usual night.

    Parameters
    ----------
    horizon_s : float
    onset_h : float or None
        Hour of the day of the onset; ``clearing.onset_h`` if None.
    night_work : bool
        Whether crews work at night too.
    stopped_s : sequence of tuple of float

    Returns
    -------
    clock : WorkClock
    notes : list of str
        What was taken for want of better, where it matters.
    """
    night = default("clearing.night").value
    assert isinstance(night, list)
    usual = default("clearing.onset_h").number
    clock = WorkClock.of(
        horizon_s=horizon_s,
        onset_h=usual if onset_h is None else onset_h,
        night_h=None if night_work else (float(night[0]), float(night[1])),
        stopped_s=stopped_s,
    )
    said = Note(f"hour of the onset not stated: {usual:g}", f"未给出灾害开始的钟点，按 {usual:g} 时计")
    return clock, [said] if onset_h is None and not night_work else []
