"""The command line: ``rescuesim demo | init | check | network | site | disrupt | replay | run | ensemble | warmup``.

Exit codes: 0 done, 1 a fault in the program, 2 bad input or usage, 3 infeasible, 4 stopped at a limit
without a solution, 130 interrupted.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rescuesim._words import in_language
from rescuesim.cli.disrupt import disrupt
from rescuesim.cli.ensemble import ensemble_app
from rescuesim.cli.network import network_app
from rescuesim.cli.options import (
    BAD_INPUT,
    FAULT,
    INFEASIBLE,
    NO_SOLUTION,
    Json,
    Lang,
    Language,
    exit_code,
    watching,
    wide_console,
)
from rescuesim.cli.replay import replay
from rescuesim.cli.site import site
from rescuesim.cli.warmup import warmup
from rescuesim.errors import InputError, InvariantError, RescueSimError, SolverError

if TYPE_CHECKING:
    from rescuesim.quality import QualityReport
    from rescuesim.scenario import Outcome

__all__ = ["app", "main"]

app = typer.Typer(
    name="rescuesim",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Site rescue stations for the 135 and 15-minute circles, break roads and network, see if the plan holds.",
)
app.add_typer(network_app)
app.add_typer(ensemble_app)


@app.callback()
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("rescuesim"))
        raise typer.Exit


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the county and the results.")] = Path("out/demo"),
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed gives another county.")] = 0,
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Write the embedded county (a synthetic one) and run the main job on it."""
    from rescuesim.scenario import write_demo_county
    from rescuesim.scenario.replay_run import write_example_incidents

    with watching(as_json) as tell:
        tell("county", 0, 1)
        scenario = write_demo_county(out / "county", seed=seed)
        tell("county", 1, 1)
        outcome = _run(scenario, out, lang, tell)
        kept = not write_example_incidents(outcome.prepared, scenario.parent / "incidents.csv")
    if kept:
        there = scenario.parent / "incidents.csv"
        typer.echo(f"rescuesim: {there} is not the example any more and was kept", err=True)
    _finish(outcome, as_json, lang)


@app.command()
def run(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (.toml).")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("out"),
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Run a scenario: site, simulate today and the plan, intact and broken, compare and report."""
    with watching(as_json) as tell:
        outcome = _run(scenario, out, lang, tell)
    _finish(outcome, as_json, lang)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder for the scenario file and the workbooks to fill in.")],
    as_json: Json = False,
    lang: Lang = Language.zh,
) -> None:
    """Write a scenario file and Excel templates: instructions, an example row, drop-down lists."""
    from rescuesim.scenario.templates import write_templates

    scenario = write_templates(folder, lang=lang.value)
    typer.echo(json.dumps({"scenario": str(scenario)}, ensure_ascii=False) if as_json else str(scenario))


@app.command()
def check(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (.toml).")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for tables and QGIS layers of what became of every point.")
    ] = None,
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Check a scenario and every file it names, and report all faults at once.

    Every point is looked at against the roads: quality tables are printed, and written only if --out is given.
    """
    from rescuesim.scenario import check_results_folder, check_scenario, parse_scenario

    draft, _ = parse_scenario(scenario)
    if out is not None and draft is not None:
        check_results_folder(draft, out, _QUALITY_FILES)
    with watching(as_json) as tell:
        tell("load", 0, 1)
        checked = check_scenario(scenario)
        prepared, faults = checked.prepared, checked.faults
        tell("load", 1, 1)
    files = _write_quality(checked.quality, out, lang) if out is not None and draft is not None else []
    if as_json:
        fields = ("file", "row", "column", "value", "expected", "problem", "infeasible")
        listed = [{name: getattr(fault, name) for name in fields} for fault in faults]
        found = {
            "ok": not faults,
            "faults": listed,
            "quality": [_quality_facts(report, lang) for report in checked.quality.values()],
            "files": [str(path) for path in files],
        }
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
        raise typer.Exit(exit_code(faults))
    for path in files:
        typer.echo(str(path))
    if faults or prepared is None:
        for report in checked.quality.values():
            typer.echo(report.in_language(lang.value))
        raise InputError(faults)
    typer.echo(prepared.network.summary().in_language(lang.value))
    zh, n_sites, n_points = lang is Language.zh, len(prepared.sites), len(prepared.demand)
    typer.echo(f"站点 {n_sites} 处，需求点 {n_points} 个" if zh else f"{n_sites} sites, {n_points} demand points")
    for report in checked.quality.values():
        typer.echo(report.in_language(lang.value))
    for note in (*prepared.sites.notes, *prepared.demand.notes):
        typer.echo(f"{'说明：' if zh else 'note: '}{in_language(note, lang.value)}")
    typer.echo(prepared.standard.explain(lang=lang.value, crews=dict.fromkeys(prepared.sites.crews)))
    typer.echo("没有问题" if zh else "no faults")


app.command()(site)
app.command()(disrupt)
app.command()(replay)
app.command()(warmup)


def _quality_facts(report: QualityReport, lang: Language) -> dict[str, object]:
    warnings = [in_language(note, lang.value) for note in report.warnings()]
    return {"file": report.source, "points": len(report), "counts": report.counts, "warnings": warnings}


_QUALITY_FILES = tuple(f"{name}_quality.{kind}" for name in ("sites", "demand") for kind in ("csv", "gpkg"))


def _write_quality(reports: Mapping[str, QualityReport], out: Path, lang: Language) -> list[Path]:
    """Write what became of sites and demand points, as tables and as layers for QGIS."""
    files = []
    for name, report in reports.items():
        files.append(report.write_csv(out / f"{name}_quality.csv", lang=lang.value))
        files.append(report.write_layer(out / f"{name}_quality.gpkg", lang=lang.value))
    return files


def _run(scenario: Path, out: Path, lang: Language, tell: Callable[[str, int, int], None]) -> Outcome:
    """Check the scenario, then run it; all faults are reported before anything is computed."""
    from rescuesim.scenario import check_scenario, run_prepared

    began = time.perf_counter()
    tell("load", 0, 1)
    checked = check_scenario(scenario)
    if checked.faults or checked.prepared is None:
        raise InputError(checked.faults)
    tell("load", 1, 1)
    return run_prepared(checked.prepared, out=out, lang=lang.value, progress=tell, load_s=time.perf_counter() - began)


def _finish(outcome: Outcome, as_json: bool, lang: Language) -> None:
    """Print what was found and leave with the right code."""
    if as_json:
        from rescuesim.report.document import json_text

        typer.echo(json_text({**outcome.summary, "files": {k: str(v) for k, v in outcome.files.items()}}))
    elif outcome.comparison is not None:
        from rescuesim.report.console import print_comparison
        from rescuesim.report.siting_words import siting_facts

        print_comparison(
            outcome.comparison,
            [
                *siting_facts(outcome.solution, outcome.prepared.people, lang.value),
                *(in_language(line, lang.value) for line in outcome.simulated),
            ],
            outcome.files,
            notes=outcome.prepared.notes,
            lang=lang.value,
            console=wide_console(),
        )
    status = outcome.solution.status
    if status in ("infeasible", "unknown"):
        from rescuesim.report.labels import label
        from rescuesim.report.siting_phrases import message_words

        words = label("status_of_siting", status, lang.value)
        typer.echo(f"rescuesim: {words}: {message_words(outcome.solution.message, lang.value)}", err=True)
        raise typer.Exit(INFEASIBLE if status == "infeasible" else NO_SOLUTION)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a console that cannot show a character shows a mark; the result of a long run is not lost for it
            stream.reconfigure(errors="replace")
    try:
        app(args=arguments)
    except InputError as error:
        typer.echo(f"rescuesim: {error}", err=True)
        sys.exit(exit_code(error.faults) or BAD_INPUT)
    except (SolverError, InvariantError) as error:
        typer.echo(f"rescuesim: {error}", err=True)
        sys.exit(FAULT)
    except RescueSimError as error:
        typer.echo(f"rescuesim: {error}", err=True)
        sys.exit(BAD_INPUT)


if __name__ == "__main__":
    main()
