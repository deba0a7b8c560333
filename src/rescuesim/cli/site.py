"""``rescuesim site``: where stations, depots or hubs go, and why, without simulating anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rescuesim.cli.options import INFEASIBLE, NO_SOLUTION, Json, Lang, Language, watching
from rescuesim.errors import InputError

if TYPE_CHECKING:
    from rescuesim.scenario.siting_run import SitingOutcome

__all__ = ["site"]


def site(
    scenario: Annotated[
        Path | None, typer.Argument(help="Scenario file (.toml); options speak instead of its keys.")
    ] = None,
    network: Annotated[Path | None, typer.Option("--network", help="Roads; needed without a scenario.")] = None,
    sites: Annotated[Path | None, typer.Option("--sites", help="Table of sites; needed without a scenario.")] = None,
    demand: Annotated[
        Path | None, typer.Option("--demand", help="Table of demand points; needed without a scenario.")
    ] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="Coordinate system of both tables, such as gcj02.")] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option("--objective", help="max_coverage, min_sites, ...; repeat it for objectives in sequence."),
    ] = None,
    number: Annotated[int | None, typer.Option("--number", min=1, help="Open sites in all.")] = None,
    units: Annotated[
        int | None, typer.Option("--units", min=1, help="Vehicles with crew in all (expected, reliable coverage).")
    ] = None,
    units_per_site: Annotated[
        int | None, typer.Option("--units-per-site", min=1, help="Vehicles with crew at one site at most.")
    ] = None,
    busy: Annotated[
        float | None,
        typer.Option("--busy", min=0, max=0.999, help="Share of the time that a vehicle is out."),
    ] = None,
    service_hours: Annotated[
        float | None, typer.Option("--service-hours", help="Hours that a call keeps a vehicle, instead of --busy.")
    ] = None,
    reliability: Annotated[
        float | None, typer.Option("--reliability", help="Chance that a free vehicle is in time, such as 0.9.")
    ] = None,
    cover_all: Annotated[
        bool | None,
        typer.Option("--cover-all/--weigh-backup", help="Backup coverage: first cover everyone, or weigh the two."),
    ] = None,
    backup_share: Annotated[
        float | None,
        typer.Option("--backup-share", min=0, max=1, help="With --weigh-backup: what being covered twice counts."),
    ] = None,
    risk: Annotated[
        Literal["mean", "cvar", "worst"] | None,
        typer.Option("--risk", help="Coverage while roads are closed: on average, in the worst times, at the worst."),
    ] = None,
    tail: Annotated[
        float | None, typer.Option("--tail", help="With --risk cvar: the share of the time that is the worst, 0.1 say.")
    ] = None,
    closures: Annotated[
        Path | None, typer.Option("--closures", help="Table of roads that are closed and when, for --risk.")
    ] = None,
    budget: Annotated[float | None, typer.Option("--budget", min=0, help="At most so much for all sites.")] = None,
    people: Annotated[int | None, typer.Option("--people", min=0, help="At most so many people on rosters.")] = None,
    constraints: Annotated[
        Path | None, typer.Option("--constraints", help="TOML file with the keys of [siting.constraints].")
    ] = None,
    kind: Annotated[
        Literal["station", "depot", "hub", "shelter"], typer.Option("--kind", help="The sites that take part.")
    ] = "station",
    limit_s: Annotated[
        float | None, typer.Option("--limit-s", min=0, help="One drive limit for all instead of the standard.")
    ] = None,
    inner: Annotated[str | None, typer.Option("--inner", help="Reading in built-up areas and parks.")] = None,
    outer: Annotated[str | None, typer.Option("--outer", help="Reading in suburbs and dense rural areas.")] = None,
    solve_limit_s: Annotated[
        float | None, typer.Option("--solve-limit-s", help="Seconds to solve; the best plan found is kept.")
    ] = None,
    gap: Annotated[
        float | None, typer.Option("--gap", min=0, max=0.99, help="Stop within this share of the best.")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Threads of the solver.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0)] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for plan, tables, words and map.")] = None,
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Choose sites, prove how good the plan is, and say why points are left and what would help."""
    from rescuesim.scenario.options import scenario_with
    from rescuesim.scenario.prepare import prepare
    from rescuesim.scenario.siting_run import run_siting

    named = {"--network": network, "--sites": sites, "--demand": demand}
    if scenario is None and (missing := [name for name, file in named.items() if file is None]):
        raise typer.BadParameter(f"expected a scenario file, or {', '.join(missing)} too")
    chosen = objective[0] if objective and len(objective) == 1 else tuple(objective) if objective else None
    options = {
        "network.file": _text(network),
        "sites.file": _text(sites),
        "sites.crs": crs,
        "demand.file": _text(demand),
        "demand.crs": crs,
        "siting.objective": chosen,
        "siting.n_sites": number,
        "siting.n_units": units,
        "siting.units_per_site": units_per_site,
        "siting.busy_fraction": busy,
        "siting.service_hours": service_hours,
        "siting.reliability": reliability,
        "siting.cover_all": cover_all,
        "siting.backup_share": backup_share,
        "siting.risk": risk,
        "siting.tail": tail,
        "disruption.closures": _text(closures),
        "disruption.crs": crs if closures is not None else None,
        "siting.constraints.budget": budget,
        "siting.constraints.people": people,
        "standard.inner": inner,
        "standard.outer": outer,
        "siting.solve_limit_s": solve_limit_s,
        "siting.relative_gap": gap,
        "siting.workers": workers,
        "seed": seed,
    }
    if constraints is not None and (budget is not None or people is not None):
        raise typer.BadParameter("--budget and --people: expected in the file of --constraints, or without it")
    asked = scenario_with(scenario, options, constraints=constraints)
    with watching(as_json) as tell:
        tell("load", 0, 1)
        checked = prepare(asked, kind=kind)
        if checked.faults or checked.prepared is None:
            raise InputError(checked.faults)
        tell("load", 1, 1)
        outcome = run_siting(checked.prepared, out=out, kind=kind, limit_s=limit_s, lang=lang.value, progress=tell)
    _finish(outcome, as_json, lang)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _finish(outcome: SitingOutcome, as_json: bool, lang: Language) -> None:
    """Print what was found and leave with the right code."""
    solution = outcome.solution
    if as_json:
        from rescuesim.report.document import json_text

        typer.echo(json_text({**outcome.summary, "files": {k: str(v) for k, v in outcome.files.items()}}))
    else:
        from rescuesim.report.siting_explained import explanation_in_words
        from rescuesim.report.siting_phrases import note_words

        typer.echo(explanation_in_words(solution, lang=lang.value))
        for note in (*outcome.prepared.notes, *solution.notes):
            typer.echo(f"{'说明：' if lang is Language.zh else 'note: '}{note_words(note, lang.value)}")
        for path in outcome.files.values():
            typer.echo(str(path))
    if solution.status in ("infeasible", "unknown"):
        from rescuesim.report.labels import label
        from rescuesim.report.siting_phrases import message_words

        status = label("status_of_siting", solution.status, lang.value)
        typer.echo(f"rescuesim: {status}: {message_words(solution.message, lang.value)}", err=True)
        raise typer.Exit(INFEASIBLE if solution.status == "infeasible" else NO_SOLUTION)
