"""Replays recorded incidents on what a scenario names, and writes an example of such records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rescuesim.plan import Plan
from rescuesim.scenario.prepare import Prepared
from rescuesim.simulation.replay import Replay, example_incidents, replay_incidents

__all__ = ["EXAMPLE_NIGHT_TURNOUT", "replay_prepared", "write_example_incidents"]

EXAMPLE_NIGHT_TURNOUT = 1.4  # planted in the example, for a replay to find


def replay_prepared(
    prepared: Prepared,
    incidents: Path | str,
    *,
    closures: Path | str | None = None,
    crs: str | None = None,
    closures_crs: str | None = None,
    type_names: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Replay:
    """Replay recorded incidents with the stations of today, the roads and the standard of a scenario.

    Parameters
    ----------
    prepared : Prepared
    incidents, closures, crs, closures_crs, type_names, seed
        As in `rescuesim.replay_incidents`.

    Returns
    -------
    Replay
    """
    return replay_incidents(
        incidents,
        plan=Plan.today(prepared.sites),
        network=prepared.network,
        demand=prepared.demand,
        standard=prepared.standard,
        closures=closures,
        overrides=prepared.overrides,
        type_names=type_names,
        crs=crs,
        closures_crs=closures_crs,
        snap_limit_m=prepared.scenario.network.snap_limit_m,
        seed=seed,
    )


def write_example_incidents(prepared: Prepared, path: Path | str) -> bool:
    """Write a year of incidents of the embedded county, made by simulation with turnouts at night 1.4 times as long.

    Parameters
    ----------
    prepared : Prepared
    path : path
        CSV file. One that is there with other content is kept.

    Returns
    -------
    bool
        Whether the file holds the example now.
    """
    frame = example_incidents(
        Plan.today(prepared.sites),
        network=prepared.network,
        demand=prepared.demand,
        standard=prepared.standard,
        night_turnout=EXAMPLE_NIGHT_TURNOUT,
        seed=prepared.scenario.seed,
    )
    content = frame.to_csv(index=False, lineterminator="\n").encode("utf-8-sig")
    target = Path(path)
    if target.exists():
        return target.read_bytes() == content
    target.write_bytes(content)
    return True
