"""``rescuesim disrupt``: what breaks, who is cut off, silent and dark, and for how long, without simulating calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescuesim._words import in_language
from rescuesim.cli.options import Json, Lang, Language, watching, wide_console
from rescuesim.errors import InputError

if TYPE_CHECKING:
    from rescuesim.scenario.disrupt_run import DisruptOutcome

__all__ = ["disrupt"]

_TABLE_WIDTH = 150  # a narrower window wraps; columns of people are never cut


def disrupt(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (.toml), such as typhoon_flood.toml of the demo.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for disruptions, tables, words and maps.")] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            help="Event instead of what the scenario breaks: typhoon_flood, flash_flood_landslides, earthquake, "
            "ice_storm, bridge_out, exchange_fire, grid_failure or all_three_cut.",
        ),
    ] = None,
    zones: Annotated[
        Path | None, typer.Option("--zones", help="Map of flood depths and landslide susceptibility for the event.")
    ] = None,
    samples: Annotated[
        int | None, typer.Option("--samples", min=1, help="How many times the event is drawn: 20 show what is usual.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="The same seed draws the same events.")] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that draw; the result is the same.")] = 1,
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Break roads, network and power, and say township by township who is cut off, silent and dark, and how long."""
    from rescuesim.disruption import disruption_presets
    from rescuesim.scenario.disrupt_run import disrupt_prepared
    from rescuesim.scenario.options import scenario_with
    from rescuesim.scenario.prepare import prepare

    options: dict[str, object] = {
        "disruption.preset": preset,
        "disruption.zones": None if zones is None else str(zones),
        "disruption.samples": samples,
        "disruption.seed": seed,
    }
    if preset is not None:  # nothing else breaks then, and the maps say what does
        options["disruption.label"] = disruption_presets(lang.value).get(preset, preset)
    asked = scenario_with(scenario, options, without=() if preset is None else ("closures", "outages", "power_outages"))
    with watching(as_json) as tell:
        tell("load", 0, 1)
        checked = prepare(asked)
        if checked.faults or checked.prepared is None:
            raise InputError(checked.faults)
        tell("load", 1, 1)
        outcome = disrupt_prepared(checked.prepared, out=out, workers=workers, lang=lang.value, progress=tell)
    _finish(outcome, as_json, lang)


def _finish(outcome: DisruptOutcome, as_json: bool, lang: Language) -> None:
    """Print the answer."""
    from rescuesim.report.disrupted.answer import answer_table
    from rescuesim.report.document import json_text

    if as_json:
        typer.echo(json_text({**outcome.summary, "files": {k: str(v) for k, v in outcome.files.items()}}))
        return
    console, zh = wide_console(), lang is Language.zh
    console.width = max(console.width, _TABLE_WIDTH)
    answer_table(outcome.measures, outcome.townships, console, lang.value)
    typer.echo(outcome.measures.in_words(lang.value))
    for note in outcome.notes:
        typer.echo(f"{'说明：' if zh else 'note: '}{in_language(note, lang.value)}")
    for path in outcome.files.values():
        typer.echo(str(path))
