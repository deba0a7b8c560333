"""Example records: incidents of a simulation, written as a bureau would, with a bias that is known."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import replace

import pandas as pd

from rescuesim.crew import Lognormal
from rescuesim.demand import DemandPoints
from rescuesim.network import RoadNetwork
from rescuesim.overrides import Overrides
from rescuesim.plan import Plan
from rescuesim.simulation.calls import CallModel
from rescuesim.simulation.run import simulate
from rescuesim.standard import ResponseStandard, load_standard

__all__ = ["example_incidents"]

_STARTS = datetime.datetime(2025, 3, 1)
_HEADERS = {
    "answered": "接听时间",
    "ordered": "派警时间",
    "rolling": "出动时间",
    "on_scene": "到场时间",
    "handling": "启动处置时间",
    "cleared": "处置完毕时间",
}


def example_incidents(
    plan: Plan,
    *,
    network: RoadNetwork,
    demand: DemandPoints,
    standard: ResponseStandard | None = None,
    days: float = 365.0,
    night_turnout: float = 1.0,
    seed: int = 0,
) -> pd.DataFrame:
    """Make records of incidents by simulation, in the words of a bureau.

    Parameters
    ----------
    plan : Plan
    network : RoadNetwork
    demand : DemandPoints
    standard : ResponseStandard, optional
        All defaults if absent.
    days : float, optional
    night_turnout : float, optional
        Factor on every turnout at night, which a replay with `standard` ought to find; 1 plants no bias.
    seed : int, optional

    Returns
    -------
    DataFrame
        Chinese headers, moments in whole seconds; cells are empty where a milestone was not reached.
    """
    known = standard if standard is not None else load_standard()
    slower = {
        name: {
            shift: Lognormal(median=law.median * night_turnout, p90=law.p90 * night_turnout)
            for shift, law in crew.turnout.items()
            if shift == "night"
        }
        for name, crew in known.crews.items()
    }
    crews = Overrides(turnout=slower).crews(known.crews)
    result = simulate(
        plan,
        network=network,
        demand=demand,
        standard=replace(known, crews=crews),
        calls=CallModel(),
        replications=1,
        horizon_s=days * 86400.0,
        seed=seed,
    )
    records = result.records
    sent = records[records["rolling_at_s"].notna()].reset_index(drop=True)
    name = dict(zip(demand.ids, demand.names, strict=True))
    count = Counter(one.name for one in plan.stations)
    site = {one.id: one.name if one.name and count[one.name] == 1 else one.id for one in plan.stations}
    cells = {
        "警情编号": [f"J{number:04d}" for number in range(1, len(sent) + 1)],
        "报警时间": _moments(sent["arrived_at_s"]),
        "警情类型": sent["type"].astype(str),
        "需求点编号": sent["demand_id"].astype(str),
        "地点": [name[id_] for id_ in sent["demand_id"].astype(str)],
        "乡镇": sent["township"].astype(str),
        "出动站点": [site[id_] for id_ in sent["site"].astype(str)],
        "车组": sent["unit"].astype(str),
        **{header: _moments(sent[f"{key}_at_s"]) for key, header in _HEADERS.items()},
    }
    return pd.DataFrame(cells)


def _moments(seconds: pd.Series) -> list[str]:
    return [
        "" if pd.isna(at) else f"{_STARTS + datetime.timedelta(seconds=round(at)):%Y-%m-%d %H:%M:%S}" for at in seconds
    ]
