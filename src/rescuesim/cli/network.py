"""``rescuesim network``: build a road network and see what it holds before anything is planned on it."""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from rescuesim._words import in_language
from rescuesim.cli.options import Json, Lang, Language, watching

__all__ = ["network_app"]

network_app = typer.Typer(name="network", no_args_is_help=True, help="Build road networks and look at them.")


@network_app.callback()
def _network() -> None:
    """Build road networks and look at them."""


@network_app.command()
def build(
    source: Annotated[Path, typer.Argument(help="Roads: .osm, .osm.gz, .osm.pbf, .graphml.")],
    out: Annotated[Path | None, typer.Option("--out", help="Keep the network in this .npz file.")] = None,
    roads: Annotated[
        Literal["drive", "drive_service"], typer.Option("--roads", help="Which ways are roads.")
    ] = "drive",
    cache: Annotated[bool, typer.Option(help="Use networks built before from the same file and options.")] = True,
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Build a network, say what it holds and what was dropped, and keep it if asked."""
    from rescuesim.network.load import load_network
    from rescuesim.network.store import save_network

    began = time.perf_counter()
    with watching(as_json) as tell:
        tell("roads", 0, 1)
        network = load_network(source, roads=roads, cache=cache)
        tell("roads", 1, 1)
    seconds = time.perf_counter() - began
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
        typer.echo(f"{out}")


def _peak_mib() -> float:
    """Return the most memory that the process has held, in MiB; NaN where the system does not tell."""
    if sys.platform == "win32":
        return math.nan
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
