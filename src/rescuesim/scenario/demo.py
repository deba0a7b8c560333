"""Writes the embedded county with a scenario file, so that the demo enters through the same door as real data."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rescuesim.disruption import disruption_presets
from rescuesim.errors import InputError
from rescuesim.report.document import check_folder
from rescuesim.scenario.county import County, write_county

__all__ = ["preset_scenarios", "write_demo_county"]

_NEW_SITES = 14

_TEMPLATE = """\
# {name}: a synthetic county, written by `rescuesim demo`. Change anything and run it again:
#   rescuesim check {file}
#   rescuesim run {file} --out out
name = "{name}（虚构县）"
seed = {seed}

[network]
file = "county.osm"     # .osm, .osm.gz, .graphml or .graphml.gz
roads = "drive"         # "drive_service" adds service roads and tracks
snap_limit_m = 1000     # a point farther from any road than this is a fault

[sites]
file = "sites.csv"      # id, lon, lat and name, kind, status, cost, township, host, crew, units
crs = "wgs84"           # or an EPSG code; never guessed

[demand]
file = "demand.csv"     # id, lon, lat and name, zone, people, calls_per_year, weight, township, kind
crs = "wgs84"

[standard]              # `rescuesim check` says in words what they mean
inner = "quick_rescue_135"
outer = "circle_15min"

[siting]
objective = "max_coverage"
n_sites = {n_sites}            # open sites in all, existing ones included, which stay open
solve_limit_s = 60

[plan]
units_per_new_site = 1

[simulation]            # normal days
replications = 100
horizon_days = 30
queue = "fifo"

[disruption]            # the rain-storm: roads cut, and the public network out in some townships
label = "{label}"
closures = "closures.csv"
horizon_h = 72
replications = 100

[[disruption.outages]]
townships = [{townships}]
from_h = 3
until_h = 40
fallback = "satellite_phone"
label = "{outage}"
"""

_EVENT_TEMPLATE = """\
# {zh}（{en}），写在虚构县旁边的预设灾情：换成自己的县，只需换文件名。
# An event on the synthetic county. For a county of your own, change the names of the files.
#   rescuesim disrupt {file} --out out     township by township: who is cut off, flooded, silent, dark; maps
#   rescuesim run {file} --out out         site stations and see by simulation if the plan holds through it
name = "{name}（虚构县）：{zh}"
seed = {seed}

[network]
file = "county.osm"
roads = "drive"
snap_limit_m = 1000

[sites]
file = "sites.csv"
crs = "wgs84"

[demand]
file = "demand.csv"
crs = "wgs84"

[siting]                # of `run`
objective = "max_coverage"
n_sites = {n_sites}
solve_limit_s = 60

[simulation]            # of `run`
replications = 100
horizon_days = 30

[disruption]
label = "{zh}"
preset = "{preset}"
{zones}samples = {samples}            # the event is drawn so many times
horizon_h = 72
"""
_ZONES = 'zones = "hazards.geojson"   # depths of a rare flood, slopes that slide\n'
_MAPPED = ("typhoon_flood", "flash_flood_landslides", "all_three_cut")
_CLEARED = (*_MAPPED, "earthquake", "ice_storm")
_CREWS = """\
order = "trunk_first"   # or nearest_first, most_people, isolated_first, optimised

[[disruption.crews]]
id = "养护一队"
site = "{first}"
machines = 2            # machine pairs: an excavator with a loader

[[disruption.crews]]
id = "养护二队"
site = "{second}"
from_h = 2              # ready two hours after the onset
"""


def preset_scenarios(county: County, seed: int) -> dict[str, str]:
    """Return the text of a scenario file for each preset, by file name."""
    existing = [row.id for row in county.sites if row.status == "existing"]
    made = {}
    for preset, zh in disruption_presets("zh").items():
        file = f"{preset}.toml"
        text = _EVENT_TEMPLATE.format(
            zh=zh,
            en=disruption_presets("en")[preset],
            file=file,
            name=county.name,
            seed=seed,
            n_sites=len(existing) + _NEW_SITES,
            preset=preset,
            zones='zones = "hazards.geojson"   # depths of a rare flood, slopes that slide\n'
            if preset in _MAPPED
            else "",
            samples=20 if preset in _CLEARED else 4,
        )
        crews = _CREWS.format(first=existing[0], second=existing[len(existing) // 2])
        made[file] = text + (crews if preset in _CLEARED else "crews = []\n")
    return made


def write_demo_county(folder: Path | str, *, seed: int = 0) -> Path:
    """Write the embedded county: an OSM file, tables of sites, demand and closures, and scenario files.

    ``scenario.toml`` is the demo; beside it stands one file for each preset of `disruption_presets`.

    Parameters
    ----------
    folder : path
        Made if absent.
    seed : int, optional
        Another seed gives another county.

    Returns
    -------
    Path
        The scenario file.

    Raises
    ------
    InputError
        If the folder holds files of these names with other content: nobody's changes are overwritten.
    """
    target = Path(folder)
    check_folder(target)
    with tempfile.TemporaryDirectory(dir=target, prefix=".partial-") as made:
        county = write_county(Path(made), seed=seed)
        (Path(made) / "scenario.toml").write_text(_scenario_text(county, "scenario.toml", seed), encoding="utf-8")
        for name, text in preset_scenarios(county, seed).items():
            (Path(made) / name).write_text(text, encoding="utf-8")
        files = sorted(Path(made).iterdir())
        changed = [
            f.name for f in files if (target / f.name).exists() and (target / f.name).read_bytes() != f.read_bytes()
        ]
        if changed:
            raise InputError(
                f"{target}: {', '.join(changed)} there would be overwritten; expected another folder, or "
                f"`rescuesim run {target / 'scenario.toml'}` for a county that was changed"
            )
        for file in files:
            file.replace(target / file.name)
    return target / "scenario.toml"


def _scenario_text(county: County, file: str, seed: int) -> str:
    existing = sum(row.status == "existing" for row in county.sites)
    return _TEMPLATE.format(
        name=county.name,
        file=file,
        seed=seed,
        n_sites=existing + _NEW_SITES,
        label="暴雨断路断网",
        townships=", ".join(f'"{name}"' for name in county.outage_townships),
        outage="公网中断",
    )
