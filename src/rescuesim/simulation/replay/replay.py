"""replay_incidents: recorded incidents in, predicted times beside recorded ones, errors and a calibration out."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rescuesim._defaults import default, defaults_under
from rescuesim._words import Note
from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints
from rescuesim.errors import InputError
from rescuesim.network import RoadNetwork
from rescuesim.overrides import Overrides
from rescuesim.plan import Plan
from rescuesim.simulation.fleet import Fleet
from rescuesim.simulation.policies import DispatchPolicy, NearestAvailable, World, check_policies, for_replication
from rescuesim.simulation.replay.accuracy import stage_errors
from rescuesim.simulation.replay.closures import closures_of_days
from rescuesim.simulation.replay.dispatched import Sent, roads_of_days, send_units
from rescuesim.simulation.replay.predicted import predict_stages
from rescuesim.simulation.replay.recorded import LeftOut, RecordedIncidents, read_incident_times
from rescuesim.simulation.replay.roads import road_suggestions
from rescuesim.simulation.replay.suggested import Suggestion, as_overrides, overrides_text, suggestions
from rescuesim.simulation.replay.worst import worst_incidents
from rescuesim.standard import ResponseStandard

__all__ = ["Replay", "replay_incidents"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replay:
    """Recorded incidents beside what the model says of them.

    Parameters
    ----------
    label : str
        The table of the incidents.
    first, last : str
        Days of the first and of the last ring.
    incidents : DataFrame
        One row an incident, in the order of the rings: ``row, id, time, place, township, type, site, crew, unit,
        recorded_site`` (whether the station is recorded; else the policy chose it), ``shift, drive_s`` (undisturbed,
        on the roads open then), ``intact_s`` (without closures), ``closures`` in force.
    stages : DataFrame
        One row a recorded time: ``incident, row, id, stage, since, until, recorded_s, predicted_s, low_s, high_s`` (P10
        and P90), ``mean_s, pit, inside_80, step_s, too_coarse, site, crew, shift, hours, type, by``;
        see `rescuesim.simulation.replay.predicted.predict_stages`.
    errors : DataFrame
        By stage, crew, shift and six hours of the day; see `stage_errors`.
    withheld : DataFrame
        Groups with fewer recorded times than ``replay.least_incidents``.
    worst : DataFrame
        The incidents that fit worst, with what might be why.
    suggestions : tuple of Suggestion
        What the records say of each distribution of the model; those that ``differ`` are in `overrides`.
    few : mapping of tuple of str to int
        Distributions with too few records to say anything.
    left_out : tuple of LeftOut
        Rows whose facts cannot all be true.
    base : Overrides
        Overrides that the model had already.
    notes : tuple of str
    """

    label: str
    first: str
    last: str
    incidents: pd.DataFrame
    stages: pd.DataFrame
    errors: pd.DataFrame
    withheld: pd.DataFrame
    worst: pd.DataFrame
    suggestions: tuple[Suggestion, ...]
    few: Mapping[tuple[str, ...], int]
    left_out: tuple[LeftOut, ...]
    base: Overrides
    notes: tuple[str, ...]

    @property
    def overrides(self) -> Overrides:
        """What the data can tell, on top of the overrides that the model had."""
        return as_overrides(self.suggestions, self.base)

    def overrides_toml(self) -> str:
        """Return the suggested calibration as the text of a file that ``overrides`` of a scenario names."""
        counts_as = default("replay.default_counts_as").number
        level = default("replay.significance").number
        head = (
            f"Calibration suggested by {len(self.incidents)} incidents of {self.label}, {self.first} to {self.last}.",
            'In a scenario file: overrides = "calibration.toml"; in Python: rescuesim.load_overrides.',
            "Lognormal, median and P90; shrunk towards what the model had, which counts as much as "
            f"{counts_as:g} records",
            "(conjugate prior of a normal: Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., section 3.3).",
            f"Only what the records can tell is in force (level {level:g} over all tests, Holm 1979).",
        )
        return overrides_text(self.suggestions, self.base, head)

    def __str__(self) -> str:
        off = [one.name for one in self.suggestions if one.differs]
        return (
            f"{len(self.incidents)} recorded incidents, {self.first} to {self.last}, {len(self.stages)} times, "
            f"{len(self.left_out)} rows left out; differs: {', '.join(off) or 'nothing that the data can tell'}"
        )


def replay_incidents(
    incidents: Path | str | pd.DataFrame,
    *,
    plan: Plan,
    network: RoadNetwork,
    demand: DemandPoints,
    standard: ResponseStandard,
    closures: Path | str | pd.DataFrame | None = None,
    overrides: Overrides | None = None,
    policy: DispatchPolicy | None = None,
    type_names: Mapping[str, str] | None = None,
    crs: str | None = None,
    closures_crs: str | None = None,
    snap_limit_m: float | None = None,
    seed: int = 0,
) -> Replay:
    """Put what the model says beside what was recorded, incident by incident.

    Parameters
    ----------
    incidents : path or DataFrame
        One incident a row, half-filled cells allowed: ``time`` (报警时间, the ring: day and time of day); the place by
        ``point`` (需求点编号), ``lon`` and ``lat``, or ``name`` (地点: a village, or an address with its name) with
        ``township``; ``type`` (警情类型); who went: ``site`` (出动站点, id or name), ``crew``, ``unit``; recorded
        moments ``answered_at, ordered_at, rolling_at, on_scene_at, handling_at`` (first action), ``cleared_at``
        (接听, 派警, 出动, 到场, 启动处置 and 处置完毕时间), or durations ``answering_s, order_s, turnout_s,
        turnout_min, travel_s, travel_min, set_up_s, on_scene_min``.
    plan : Plan
        The stations that were there, as `Plan.today`.
    network : RoadNetwork
    demand : DemandPoints
        With positions.
    standard : ResponseStandard
        The model: its chain and crews.
    closures : path or DataFrame, optional
        Closures of those days: ``closed_at`` (中断时间) and ``reopened_at`` (恢复时间), moments with a date; places as
        in `load_closures`.
    overrides : Overrides, optional
        Those that `network` and `standard` were made with, so that the suggestion keeps them.
    policy : DispatchPolicy, optional
        Says who goes where no station is recorded; `NearestAvailable` if absent. All crews count as present, and as
        busy from an order to the return as far as the records say.
    type_names : mapping of str to str, optional
        A bureau's own words for types.
    crs, closures_crs : str, optional
        Systems of the positions in the two tables.
    snap_limit_m : float, optional
        As in `travel_times`.
    seed : int, optional
        Of the draws of sums of stages.

    Returns
    -------
    Replay

    Raises
    ------
    InputError
        With every cell that cannot be read, of both tables. Rows whose facts contradict each other are no fault of
        the file's form: they are left out and listed.
    """
    model = {name: Lognormal.from_default(entry) for name, entry in defaults_under("calls.on_scene").items()}
    on_scene = {**model, **(overrides.on_scene if overrides is not None else {})}
    recorded = _recorded(incidents, plan, network, demand, closures, type_names, crs, closures_crs)
    if not len(recorded):
        raise InputError(
            f"{recorded.label}: no row is left; " + "; ".join(f"row {o.row}: {o.why}" for o in recorded.left_out)
        )
    shut, notes = (
        closures_of_days(closures, network, starts=recorded.starts, crs=closures_crs)
        if closures is not None
        else ((), ())
    )
    fleet = Fleet.from_plan(plan, standard.crews)
    during, intact, point = roads_of_days(recorded, plan, network, shut, snap_limit_m)
    townships = dict(zip(point, recorded.townships, strict=True))
    world = World(fleet=fleet, roads=intact, townships=townships)
    asked = policy if policy is not None else NearestAvailable()
    check_policies(world, policy=asked)
    chosen = for_replication(asked, world)
    sent = send_units(recorded, fleet, standard, during, intact, point, shut, chosen, on_scene)
    listed = _incidents(recorded, sent, fleet)
    stages = _stages(predict_stages(recorded, sent, fleet, standard, on_scene, seed=seed), listed)
    errors, withheld = stage_errors(stages)
    units = [unit.site for unit in fleet.units]
    roads, more = road_suggestions(recorded, sent, units, plan, network, seed=seed)
    found, few = suggestions(stages, _model(standard, on_scene), roads)
    return Replay(
        label=recorded.label,
        first=f"{recorded.moment(recorded.moment_s[0, 0]):%Y-%m-%d}",
        last=f"{recorded.moment(recorded.moment_s[-1, 0]):%Y-%m-%d}",
        incidents=listed,
        stages=stages,
        errors=errors,
        withheld=withheld,
        worst=worst_incidents(stages, recorded, sent, fleet, shut),
        suggestions=found,
        few=few,
        left_out=recorded.left_out,
        base=overrides if overrides is not None else Overrides(),
        notes=(*recorded.notes, *notes, *_said(recorded, sent, stages, closures is not None), *more),
    )


def _recorded(
    incidents: Path | str | pd.DataFrame,
    plan: Plan,
    network: RoadNetwork,
    demand: DemandPoints,
    closures: Path | str | pd.DataFrame | None,
    type_names: Mapping[str, str] | None,
    crs: str | None,
    closures_crs: str | None,
) -> RecordedIncidents:
    """Read the incidents; where they are at fault, look at the closures too, so that one message has all faults."""
    try:
        return read_incident_times(incidents, plan=plan, demand=demand, type_names=type_names, crs=crs)
    except InputError as error:
        if closures is None or not error.faults:
            raise
        try:
            closures_of_days(closures, network, starts=datetime.datetime(1900, 1, 1), crs=closures_crs)
        except InputError as more:
            raise InputError((*error.faults, *more.faults)) from None
        raise


def _model(standard: ResponseStandard, on_scene: Mapping[str, Lognormal]) -> dict[tuple[str, ...], Lognormal]:
    made: dict[tuple[str, ...], Lognormal] = {("chain", part): law for part, law in standard.chain.items()}
    made |= {("on_scene", type_): law for type_, law in on_scene.items()}
    for name, crew in standard.crews.items():
        made |= {("turnout", name, shift): law for shift, law in crew.turnout.items()}
    return made


def _incidents(recorded: RecordedIncidents, sent: list[Sent], fleet: Fleet) -> pd.DataFrame:
    units = [fleet.units[one.unit] if one.unit >= 0 else None for one in sent]
    return pd.DataFrame(
        {
            "row": recorded.rows,
            "id": recorded.ids,
            "time": [recorded.moment(at) for at in recorded.moment_s[:, 0].tolist()],
            "place": recorded.places,
            "township": recorded.townships,
            "type": recorded.types,
            "site": ["" if unit is None else unit.site for unit in units],
            "crew": ["" if unit is None else unit.crew.name for unit in units],
            "unit": ["" if unit is None else unit.id for unit in units],
            "recorded_site": [one.by == "record" for one in sent],
            "by": [one.by for one in sent],
            "shift": [one.shift for one in sent],
            "drive_s": [one.drive_s for one in sent],
            "intact_s": [one.intact_s for one in sent],
            "closures": [len(one.closed) for one in sent],
        }
    )


def _stages(found: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Add to the recorded times whose they are and when."""
    own = listed.loc[found["incident"], ["row", "id", "site", "crew", "shift", "type", "by", "time"]].reset_index(
        drop=True
    )
    made = pd.concat([found.reset_index(drop=True), own.drop(columns="time")], axis=1)
    hour = own["time"].dt.hour // 6 * 6
    made["hours"] = [f"{start:02d}-{start + 6:02d}" for start in hour.tolist()]
    return made


def _said(recorded: RecordedIncidents, sent: list[Sent], stages: pd.DataFrame, with_closures: bool) -> list[Note]:
    """Say what was taken for granted and what could not be compared."""
    said = []
    if recorded.left_out:
        n = len(recorded.left_out)
        said.append(Note(f"{n} rows left out: their facts cannot all be true", f"{n} 行记录自相矛盾，未采用"))
    if by_policy := sum(one.by == "policy" for one in sent):
        en = f"{by_policy} incidents without a recorded station: the policy says who goes, with every crew present"
        said.append(Note(en, f"{by_policy} 起未记录出动站点：由派遣规则推定，各队均按在岗计"))
    if nobody := [recorded.ids[at] for at, one in enumerate(sent) if one.by == "nobody"]:
        shown = ", ".join(nobody[:10])
        en = f"{len(nobody)} incidents with nobody to send (no station recorded, and no type or no free crew): {shown}"
        said.append(Note(en, f"{len(nobody)} 起无法推定出动力量（未记录站点，且无类型或无空闲队伍）：{shown}"))
    if cut := [recorded.ids[at] for at, one in enumerate(sent) if one.unit >= 0 and one.drive_s == float("inf")]:
        shown = ", ".join(cut[:10])
        en = f"{len(cut)} incidents that the model has no way to; their drives are not compared: {shown}"
        said.append(Note(en, f"{len(cut)} 起按模型无路可达，行车时间未比较：{shown}"))
    coarse = sorted(set(stages.loc[stages["too_coarse"], "stage"]), key=str)
    if coarse:
        listed = ", ".join(coarse)
        en = f"written in whole minutes, too roughly to judge these stages, which are withheld: {listed}"
        said.append(Note(en, f"记录只到分钟，不足以判断以下环节，未予评价：{listed}"))
    if not with_closures:
        said.append(Note("no closures given: all roads count as open", "未提供道路中断记录：所有道路按畅通计"))
    return said
