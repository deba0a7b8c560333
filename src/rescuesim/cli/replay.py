"""``rescuesim replay``: incidents that a bureau remembers, beside what the model says of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescuesim.cli.options import Json, Lang, Language, watching
from rescuesim.errors import InputError

if TYPE_CHECKING:
    from rescuesim.simulation.replay import Replay

__all__ = ["replay"]


def replay(
    incidents: Annotated[
        Path,
        typer.Argument(help="Recorded incidents (.xlsx, .csv): when, where, what, who went, and what is known since."),
    ],
    scenario: Annotated[Path, typer.Option("--scenario", help="Scenario file (.toml): roads, stations, villages.")],
    closures: Annotated[
        Path | None, typer.Option("--closures", help="Closures of those days, from one moment to another.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the page, the tables, the calibration.")] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="Coordinate system of the incidents.")] = None,
    closures_crs: Annotated[str | None, typer.Option("--closures-crs", help="That of the closures.")] = None,
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="A word of your own for a type, as 火情=fire; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the draws of sums of stages.")] = 0,
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Put recorded incidents beside what the model says: errors, what fits worst, a suggested calibration."""
    from rescuesim.report.replayed import REPLAY_FILES, write_replay
    from rescuesim.scenario import check_results_folder, check_scenario
    from rescuesim.scenario.replay_run import replay_prepared

    with watching(as_json) as tell:
        tell("load", 0, 1)
        checked = check_scenario(scenario)
        if checked.faults or checked.prepared is None:
            raise InputError(checked.faults)
        prepared = checked.prepared
        if out is not None:
            check_results_folder(prepared.scenario, out, REPLAY_FILES)
            if incidents.resolve() in {(out / name).resolve() for name in REPLAY_FILES}:
                raise InputError(f"--out {out}: {incidents.name} there would be overwritten; expected another folder")
        tell("load", 1, 1)
        tell("replay", 0, 1)
        found = replay_prepared(
            prepared,
            incidents,
            closures=closures,
            crs=crs,
            closures_crs=closures_crs,
            type_names=_pairs(type_),
            seed=seed,
        )
        title = prepared.scenario.name
        files = {} if out is None else write_replay(found, out, lang=lang.value, title=title)
        tell("replay", 1, 1)
    _finish(found, files, as_json, lang)


def _pairs(words: list[str] | None) -> dict[str, str]:
    """Read ``word=type`` options."""
    if wrong := [text for text in words or () if "=" not in text]:
        raise typer.BadParameter(f"{', '.join(wrong)}: expected word=type, such as 火情=fire")
    return {text.partition("=")[0]: text.partition("=")[2] for text in words or ()}


def _finish(found: Replay, files: dict[str, Path], as_json: bool, lang: Language) -> None:
    """Print what was found."""
    from rescuesim.report.document import json_text
    from rescuesim.report.replayed import replay_in_words, replay_summary

    if as_json:
        typer.echo(json_text({**replay_summary(found), "files": {name: str(path) for name, path in files.items()}}))
        return
    typer.echo(replay_in_words(found, lang=lang.value))
    for path in files.values():
        typer.echo(str(path))
