"""``rescuesim network``: build a road network and see what it holds before anything is planned on it."""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rescuesim._words import in_language
from rescuesim.cli.options import Json, Lang, Language, watching

if TYPE_CHECKING:
    from rescuesim.network import RoadNetwork

__all__ = ["network_app"]

network_app = typer.Typer(name="network", no_args_is_help=True, help="Build road networks and look at them.")

_Profile = Literal["rescue_car", "heavy_truck", "two_wheeler", "on_foot", "boat"]
Profile = Annotated[_Profile, typer.Option("--profile", help="Whose travel times to take.")]
Priority = Annotated[bool, typer.Option("--priority", help="Priority at signals; lawful for marked vehicles only.")]
Hour = Annotated[int | None, typer.Option("--hour", min=0, max=23, help="Hour of the day; plain speeds if absent.")]
Weather = Annotated[Literal["dry", "heavy_rain", "ice"], typer.Option("--weather", help="Weather of the drive.")]
Roads = Annotated[
    Literal["drive", "drive_service", "two_wheel", "walk", "water"] | None,
    typer.Option("--roads", help="Which ways are roads; those of the profile if absent."),
]
Out = Annotated[Path | None, typer.Option("--out", help="Keep the network in this .npz file.")]


@network_app.command()
def build(
    source: Annotated[
        Path,
        typer.Argument(help="Roads: .osm, .osm.gz, .osm.pbf, .graphml; lines in .gpkg, .geojson, .shp, .parquet."),
    ],
    out: Out = None,
    profile: Profile = "rescue_car",
    priority: Priority = False,
    hour: Hour = None,
    weather: Weather = "dry",
    roads: Roads = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", help="Column of a line layer, as class=DLDJ or class==unclassified; repeatable."),
    ] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="System of a line layer that states none.")] = None,
    clip: Annotated[Path | None, typer.Option("--clip", help="Layer of the area to cut the roads down to.")] = None,
    buffer_m: Annotated[float | None, typer.Option("--buffer-m", help="Metres kept around the area.")] = None,
    supplement: Annotated[Path | None, typer.Option("--supplement", help="Layer of roads to add.")] = None,
    elevation: Annotated[Path | None, typer.Option("--elevation", help="Raster of elevations in metres.")] = None,
    cache: Annotated[bool, typer.Option(help="Use networks built before from the same files and options.")] = True,
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Build a network, say what it holds and what was dropped, and keep it if asked."""
    from rescuesim.network import TravelConditions, load_network, travel_profile

    began = time.perf_counter()
    with watching(as_json) as tell:
        tell("roads", 0, 1)
        network = load_network(
            source,
            profile=travel_profile(profile, priority=priority),
            conditions=TravelConditions(hour=hour, weather=weather),
            roads=roads,
            fields=_pairs(field),
            crs=crs,
            clip=clip,
            buffer_m=buffer_m,
            supplement=supplement,
            elevation=elevation,
            cache=cache,
        )
        tell("roads", 1, 1)
    _finish(network, time.perf_counter() - began, out, as_json, lang)


@network_app.command()
def download(
    place: Annotated[str, typer.Argument(help="A place that OpenStreetMap knows, such as 'Xianju, Zhejiang'.")],
    out: Out = None,
    profile: Profile = "rescue_car",
    buffer_m: Annotated[float | None, typer.Option("--buffer-m", help="Metres kept around the place.")] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Download anew what was downloaded before.")] = False,
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Download the roads of a place from OpenStreetMap, once, and build a network of them."""
    from rescuesim.network import download_network

    began = time.perf_counter()
    with watching(as_json) as tell:
        tell("download", 0, 1)
        network = download_network(place, profile=profile, buffer_m=buffer_m, refresh=refresh)
        tell("download", 1, 1)
    _finish(network, time.perf_counter() - began, out, as_json, lang)


@network_app.command()
def profiles(as_json: Json = False, lang: Lang = Language.en) -> None:
    """Print every parameter of every travel profile, with what it rests on."""
    from rescuesim.network.vehicles.profile_table import profile_table

    table = profile_table(lang.value)
    if as_json:
        typer.echo(table.to_json(orient="records", force_ascii=False, indent=1))
        return
    typer.echo(table.to_csv(index=False, sep="\t").rstrip())


def _pairs(field: list[str] | None) -> dict[str, str] | None:
    """Read ``name=column`` options."""
    if not field:
        return None
    if wrong := [text for text in field if "=" not in text]:
        raise typer.BadParameter(f"{', '.join(wrong)}: expected name=column, such as class=DLDJ")
    return {text.partition("=")[0]: text.partition("=")[2] for text in field}


def _finish(network: RoadNetwork, seconds: float, out: Path | None, as_json: bool, lang: Language) -> None:
    """Keep the network if asked, and say what it holds."""
    from rescuesim.network import save_network

    if out is not None:
        save_network(network, out)
    summary = network.summary()
    if as_json:
        found = {**asdict(summary), "notes": [in_language(note, lang.value) for note in summary.notes]}
        found |= {"seconds": seconds, "peak_mib": _peak_mib(), "out": None if out is None else str(out)}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    typer.echo(summary.in_language(lang.value))
    typer.echo(f"{seconds:.1f} s, {_peak_mib():.0f} MiB")
    if out is not None:
        typer.echo(str(out))


def _peak_mib() -> float:
    """Return the most memory that the process has held, in MiB; NaN where the system does not tell."""
    if sys.platform == "win32":
        return math.nan
    status = Path("/proc/self/status")
    if status.is_file():  # the figure of getrusage has that of the parent process in it
        lines = dict(line.partition(":")[::2] for line in status.read_text(encoding="ascii").splitlines())
        return float(lines["VmHWM"].split()[0]) / 2**10
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
