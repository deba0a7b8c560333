"""Which incidents the model fits worst, and what in the records might be why."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from rescuesim._defaults import default
from rescuesim._words import Note
from rescuesim.crew import default_shifts
from rescuesim.disruption import RoadOutage
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.replay.dispatched import Sent
from rescuesim.simulation.replay.predicted import WHOLE
from rescuesim.simulation.replay.recorded import RecordedIncidents

__all__ = ["WORST_COLUMNS", "worst_incidents"]

WORST_COLUMNS = ("incident", "row", "id", "stage", "recorded_s", "predicted_s", "low_s", "high_s", "chance", "why")


def worst_incidents(
    stages: pd.DataFrame,
    recorded: RecordedIncidents,
    sent: Sequence[Sent],
    fleet: Fleet,
    closures: Sequence[RoadOutage],
) -> pd.DataFrame:
    """List the incidents with the least likely recorded time, each with the stage that it is.

    Returns
    -------
    DataFrame
        `WORST_COLUMNS`; ``chance``: of a time this far out on either side, by the model; ``why``: tuple of Note, what
        the records hold that might be the reason.
    """
    some = stages[~stages["too_coarse"] & ~stages["stage"].isin(list(WHOLE))].copy()
    some["chance"] = 2 * np.minimum(some["pit"], 1 - some["pit"])
    off = np.log(np.maximum(some["recorded_s"], 0.5) / np.maximum(some["predicted_s"], 0.5))
    some["off"] = np.abs(off)
    order = some.sort_values(["chance", "off", "incident"], ascending=[True, False, True], kind="stable")
    order = order.drop_duplicates("incident")
    rows = _without_way(recorded, sent, fleet, closures)
    for row in order.itertuples():
        at = int(row.incident)  # type: ignore[arg-type]
        slow = float(row.recorded_s) > float(row.predicted_s)  # type: ignore[arg-type]
        why = _reasons(at, str(row.stage), slow, recorded, sent, fleet, closures)
        times = (row.recorded_s, row.predicted_s, row.low_s, row.high_s, row.chance)
        rows.append((at, recorded.rows[at], recorded.ids[at], row.stage, *times, why))
    made = pd.DataFrame(rows, columns=list(WORST_COLUMNS)).drop_duplicates("incident")
    return made.head(int(default("replay.worst_told").number)).reset_index(drop=True)


def _without_way(
    recorded: RecordedIncidents, sent: Sequence[Sent], fleet: Fleet, closures: Sequence[RoadOutage]
) -> list[tuple[object, ...]]:
    """List the drives that were driven and that the model has no way for: nothing fits worse."""
    rows: list[tuple[object, ...]] = []
    for at, one in enumerate(sent):
        driven_s = float(recorded.stage_s[at, 3])
        if one.unit >= 0 and math.isinf(one.drive_s) and not math.isnan(driven_s):
            why = _reasons(at, "travel", False, recorded, sent, fleet, closures)
            times = (driven_s, math.inf, math.inf, math.inf, 0.0)
            rows.append((at, recorded.rows[at], recorded.ids[at], "travel", *times, why))
    return rows


def _reasons(
    at: int,
    stage: str,
    slow: bool,
    recorded: RecordedIncidents,
    sent: Sequence[Sent],
    fleet: Fleet,
    closures: Sequence[RoadOutage],
) -> tuple[Note, ...]:
    one, parts = sent[at], set(stage.split(" + "))
    found: list[Note] = []
    if one.unit < 0:
        return ()
    if "travel" in parts:
        found += _roads(one, slow, closures)
    if parts & {"order", "turnout"} and slow:
        found += _others(one, recorded, fleet)
    if "turnout" in parts or "order" in parts:
        found += _shift(one, recorded)
    if "travel" in parts and one.nearer >= 0 and one.by == "record":
        site = fleet.units[one.nearer].site
        found.append(Note(f"the model would have sent {site} instead", f"按模型应由 {site} 出动"))
    return tuple(found)


def _roads(one: Sent, slow: bool, closures: Sequence[RoadOutage]) -> list[Note]:
    if not one.closed:
        return []
    listed = ", ".join(dict.fromkeys(closures[number].label for number in one.closed))
    if not math.isfinite(one.drive_s):
        return [
            Note(f"closed at the time: {listed}; no way is left by the model", f"当时中断：{listed}；按模型无路可达")
        ]
    if one.drive_s > one.intact_s + 1:
        more = one.drive_s / max(one.intact_s, 1.0)
        if slow:
            en = f"closed at the time: {listed}; the model goes round, {more:.1f} times as long; it took longer still"
            return [Note(en, f"当时中断：{listed}；模型已计绕行（{more:.1f} 倍），实际更久")]
        en = f"closed by the table: {listed}; the model goes round, {more:.1f} times as long; perhaps it was passable"
        return [Note(en, f"表中中断：{listed}；模型按绕行计（{more:.1f} 倍），当时或可通行")]
    en = f"closed elsewhere at the time: {listed}; not on the model's way, perhaps on the way that was taken"
    return [Note(en, f"当时另有中断：{listed}；不在模型路线上，或在实际路线上")] if slow else []


def _others(one: Sent, recorded: RecordedIncidents, fleet: Fleet) -> list[Note]:
    unit = fleet.units[one.unit]
    found = []
    if one.busy_with:
        listed = ", ".join(recorded.ids[number] for number in one.busy_with)
        en = f"all units of {unit.site} were on another incident: {listed}"
        found.append(Note(en, f"{unit.site} 的车组均在处置其他警情：{listed}"))
    elif one.site_busy_with:
        listed = ", ".join(recorded.ids[number] for number in one.site_busy_with)
        found.append(Note(f"others of {unit.site} were on {listed}", f"{unit.site} 另有车组在处置：{listed}"))
    return found


def _shift(one: Sent, recorded: RecordedIncidents) -> list[Note]:
    found = []
    within_s = default("replay.shift_change_min").number * 60
    clock_s = one.ordered_s % 86400
    near = min(abs((clock_s - shift.start_h * 3600 + 43200) % 86400 - 43200) for shift in default_shifts())
    moment = recorded.moment(one.ordered_s)
    if near <= within_s:
        found.append(Note(f"ordered at {moment:%H:%M}, near the change of shift", f"{moment:%H:%M} 派警，临近交接班"))
    elif one.shift == "night":
        found.append(Note(f"ordered at night, {moment:%H:%M}", f"夜间派警，{moment:%H:%M}"))
    return found
