"""Factors by road class from recorded drives, where these can tell."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.crew import Lognormal
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.calibrating.calibrate import calibrate
from rescuesim.network.calibrating.calibration import ANY_HOUR
from rescuesim.plan import Plan
from rescuesim.quality import snap_points
from rescuesim.simulation.replay.dispatched import Sent
from rescuesim.simulation.replay.recorded import RecordedIncidents
from rescuesim.simulation.replay.suggested import Suggestion

__all__ = ["road_suggestions"]


def road_suggestions(
    recorded: RecordedIncidents,
    sent: Sequence[Sent],
    units: Sequence[str],
    plan: Plan,
    network: RoadNetwork,
    *,
    seed: int,
) -> tuple[tuple[Suggestion, ...], tuple[Note, ...]]:
    """Fit factors by road class to the recorded drives, by `RoadNetwork.calibrate`.

    Drives while a road was closed are left out, for the way that was taken is not known; so are those of which the
    station is not recorded.

    Parameters
    ----------
    recorded : RecordedIncidents
    sent : sequence of Sent
    units : sequence of str
        Site of each unit of the fleet.
    plan : Plan
    network : RoadNetwork
    seed : int

    Returns
    -------
    suggestions : tuple of Suggestion
        With chances that are not adjusted for their number yet; none where the drives are too few.
    notes : tuple of Note
        Why there are none, or which drives were left out.
    """
    trips, notes = _trips(recorded, sent, units, plan, network)
    least = int(default("calibration.trips_min").number)
    if len(trips) < least:
        en = f"road classes not calibrated: {len(trips)} drives on open roads from a known station, {least} needed"
        zh = f"未按道路等级校准：有出动站点记录且道路畅通的行程 {len(trips)} 次，需要 {least} 次"
        return (), (*notes, Note(en, zh))
    if not network.conditions.plain:
        en = "road classes not calibrated: the network is under an hour or a weather; take the plain speeds"
        return (), (*notes, Note(en, "未按道路等级校准：路网已按时刻或天气调整，应使用基准车速"))
    try:
        found = calibrate(network, trips, seed=seed)
    except InputError as error:
        return (), (*notes, Note(f"road classes not calibrated: {error}", f"未按道路等级校准：{error}"))
    made = []
    for row in range(len(found.road_class)):
        name, factor, se = found.road_class[row], float(found.time_factor[row]), float(found.standard_error[row])
        if found.hour_class[row] != ANY_HOUR or name in found.unsupported:
            continue
        law = Lognormal(median=factor, p90=factor)
        made.append(
            Suggestion(
                key=("time_factor", name),
                n=int(found.trips[row]),
                factor=factor,
                low=factor * math.exp(-1.96 * se),
                high=factor * math.exp(1.96 * se),
                spread=math.nan,
                p_median=2 * float(ndtr(-abs(math.log(factor)) / se)),
                p_spread=math.nan,
                now=Lognormal(median=1.0, p90=1.0),
                suggested=law,
            )
        )
    if lacking := [name for name in found.unsupported if "(" not in name]:
        listed = ", ".join(lacking)
        notes.append(Note(f"too few drives on {listed}: these classes stay", f"{listed} 上的行程太少，保持不变"))
    return tuple(made), tuple(notes)


def _trips(
    recorded: RecordedIncidents, sent: Sequence[Sent], units: Sequence[str], plan: Plan, network: RoadNetwork
) -> tuple[pd.DataFrame, list[Note]]:
    """Return the drives that can be used, as `RoadNetwork.calibrate` wants them."""
    site = {one.id: one for one in plan.stations}
    notes: list[Note] = []
    rows, shut = [], 0
    for at, one in enumerate(sent):
        seconds = float(recorded.stage_s[at, 3])
        if one.by != "record" or not (seconds > 0 and math.isfinite(one.drive_s)):
            continue
        if one.closed:
            shut += 1
            continue
        begins = site[units[one.unit]]
        rows.append((str(at), begins.lon, begins.lat, recorded.lon[at], recorded.lat[at], seconds))
    trips = pd.DataFrame(rows, columns=["id", "from_lon", "from_lat", "to_lon", "to_lat", "seconds"])
    if shut:
        en = f"{shut} drives while roads were closed are not used for road classes: the way taken is not known"
        notes.append(Note(en, f"道路中断期间的 {shut} 次行程不用于道路等级校准：实际路线不明"))
    if trips.empty:
        return trips, notes
    limit_m = default("calibration.snap_limit_m").number
    far = np.zeros(len(trips), dtype=np.bool_)
    for end in ("from", "to"):
        snapped = snap_points(
            network, trips[f"{end}_lon"].to_numpy(), trips[f"{end}_lat"].to_numpy(), snap_limit_m=limit_m
        )
        far |= snapped.road < 0
    if far.any():
        en = f"{int(far.sum())} drives begin or end over {limit_m:g} m from a road: not used for road classes"
        notes.append(Note(en, f"{int(far.sum())} 次行程起点或终点距道路超过 {limit_m:g} 米，不用于道路等级校准"))
    return trips[~far], notes
