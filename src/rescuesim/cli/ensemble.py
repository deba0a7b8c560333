"""``rescuesim ensemble``: plans × disruptions × replications, in parts that outlive an interruption, and their logs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from rescuesim.cli.options import FAULT, Json, Lang, Language, watching, wide_console
from rescuesim.errors import InputError

if TYPE_CHECKING:
    from rescuesim.simulation.ensemble import Ensemble, EnsembleProgress

__all__ = ["ensemble_app"]

ensemble_app = typer.Typer(
    name="ensemble",
    no_args_is_help=True,
    help="Simulate plans through disruptions, many times, in a folder that a killed run is taken up from.",
)


class Places(StrEnum):
    """What attainment is told by."""

    village = "village"
    township = "township"
    zone = "zone"


Folder = Annotated[Path, typer.Argument(help="Folder of an ensemble.")]


@ensemble_app.command()
def run(
    scenario: Annotated[Path, typer.Argument(help="Scenario file (.toml).")],
    out: Annotated[Path, typer.Option("--out", help="Folder of this ensemble alone; a run there is taken up again.")],
    plan: Annotated[
        list[str] | None,
        typer.Option("--plan", help="NAME=plan.json, repeatable; without it today and the plan of the siting."),
    ] = None,
    disruptions: Annotated[
        list[str] | None,
        typer.Option("--disruptions", help="NAME=disruptions.parquet as `rescuesim disrupt` writes it, repeatable."),
    ] = None,
    replications: Annotated[
        int | None, typer.Option("--replications", min=1, help="Of every plan and disruption; more may follow later.")
    ] = None,
    days: Annotated[float | None, typer.Option("--days", help="Length of each replication.")] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes that simulate; the bytes are the same.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Address of a Dask scheduler, such as tcp://127.0.0.1:8786.")
    ] = None,
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Simulate every plan through every disruption on the same calls; stop it or kill it, and run it again to go on."""
    from rescuesim.scenario.ensemble_run import EnsembleAsked, ensemble_prepared
    from rescuesim.scenario.model import load_scenario
    from rescuesim.scenario.prepare import prepare
    from rescuesim.simulation.ensemble import SchedulerExecutor

    if days is not None and not 0 < days < math.inf:
        raise typer.BadParameter(f"--days {days:g}: expected a number of days above 0")
    if workers is not None and scheduler is not None:
        raise typer.BadParameter("--workers and --scheduler: expected one of them")
    asked = EnsembleAsked(
        out=out,
        plans=_named("--plan", plan or []),
        disruptions=_named("--disruptions", disruptions or []),
        replications=replications,
        horizon_days=days,
    )
    with watching(as_json) as tell:
        tell("load", 0, 1)
        checked = prepare(load_scenario(scenario))
        if checked.faults or checked.prepared is None:
            raise InputError(checked.faults)
        tell("load", 1, 1)
    executor = SchedulerExecutor(scheduler) if scheduler is not None else None
    try:
        with _bar(as_json, lang) as (stage, progress):
            found = ensemble_prepared(
                checked.prepared,
                asked,
                workers=workers,
                executor=executor,
                tell=stage,
                progress=progress,
            )
    except (KeyboardInterrupt, BrokenExecutor) as error:
        zh = lang is Language.zh
        kept = f"已完成的部分保存在 {out}，再次运行即可继续" if zh else f"what is finished stays in {out}; run it again"
        if isinstance(error, KeyboardInterrupt):
            typer.echo(f"rescuesim: {kept}", err=True)
            raise
        ended = "有进程意外终止，可能是内存不足；" if zh else "a worker ended abruptly, perhaps for lack of memory; "
        typer.echo(f"rescuesim: {ended}{kept}", err=True)
        raise typer.Exit(FAULT) from None
    finally:
        if executor is not None:
            executor.shutdown()
    _print(found, as_json, lang)


@ensemble_app.command()
def summary(
    out: Folder,
    by: Annotated[
        Places | None, typer.Option("--by", help="Where calls were missed most, and why there, instead of all in all.")
    ] = None,
    plan: Annotated[str | None, typer.Option("--plan", help="With --by: this plan alone.")] = None,
    disruption: Annotated[str | None, typer.Option("--disruption", help="With --by: this disruption alone.")] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="With --by: so many places; --json has all.")] = 15,
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Say what was simulated and what it tells, a row for each plan and disruption, and the hash of all records."""
    from rescuesim.simulation.ensemble import open_ensemble

    ensemble = open_ensemble(out)
    if by is None:
        if plan is not None or disruption is not None:
            raise typer.BadParameter("--plan, --disruption: expected --by village, township or zone beside them")
        _print(ensemble, as_json, lang)
        return
    from rescuesim.report.attainment import attainment_by_place
    from rescuesim.report.ensemble_words import event_result

    plans = ensemble.plans if plan is None else (_own_name("plan", plan, ensemble.plans),)
    through = ensemble.disruptions
    through = through if disruption is None else (_own_name("condition", disruption, through),)
    found = {
        (condition, one): attainment_by_place(event_result(ensemble, plan=one, disruption=condition), by=by.value)
        for condition in through
        for one in plans
    }
    if as_json:
        from rescuesim.report.document import json_text

        rows = [
            {"disruption": condition, "plan": one, **row}
            for (condition, one), table in found.items()
            for row in table.to_dict("records")
        ]
        typer.echo(json_text({"out": str(out), "by": by.value, "rows": rows}))
        return
    from rescuesim.report.place_tables import print_places

    for (condition, one), table in found.items():
        print_places(table, by=by.value, condition=condition, plan=one, most=most, lang=lang.value, console=_wide())


@ensemble_app.command()
def log(
    out: Folder,
    plan: Annotated[str, typer.Option("--plan", help="Name of the plan in the ensemble.")],
    replication: Annotated[int, typer.Option("--replication", min=0, help="Number of the replication, from 0 on.")],
    disruption: Annotated[str, typer.Option("--disruption", help="Name of the disruption.")] = "intact",
    as_json: Json = False,
    lang: Lang = Language.en,
) -> None:
    """Tell one replication: who did what, and when, in days and time since its start."""
    from rescuesim.simulation.ensemble import open_ensemble

    ensemble = open_ensemble(out)
    plan, disruption = _own_name("plan", plan, ensemble.plans), _own_name("condition", disruption, ensemble.disruptions)
    lines = ensemble.log(plan=plan, disruption=disruption, replication=replication, lang=lang.value)
    if as_json:
        typer.echo(json.dumps([line._asdict() for line in lines], ensure_ascii=False, indent=1))
        return
    for line in lines:
        typer.echo(str(line))


def _named(option: str, given: Sequence[str]) -> dict[str, Path]:
    """Read NAME=FILE options."""
    found: dict[str, Path] = {}
    for one in given:
        name, equals, file = one.partition("=")
        if not (name and equals and file):
            raise typer.BadParameter(f"{option} {one!r}: expected NAME=FILE")
        if name in found:
            raise typer.BadParameter(f"{option} {name!r}: expected each name once")
        found[name] = Path(file)
    return found


def _own_name(group: str, given: str, names: Sequence[str]) -> str:
    """Return the name in the ensemble of what the tables call by another in Chinese."""
    from rescuesim.report.labels import label

    if given in names:
        return given
    return next((name for name in names if label(group, name, "zh") == given), given)


Stage = Callable[[str, int, int], None]


@contextmanager
def _bar(quiet: bool, lang: Language) -> Iterator[tuple[Stage, Callable[[EnsembleProgress], None]]]:
    """Show stages, and how far the simulation is with the time that is left, on standard error."""
    console = Console(stderr=True, quiet=quiet)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[left]}"))
    with Progress(*columns, console=console, transient=True, disable=quiet) as bars:
        tasks = {}

        def stage(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total, left="")
            bars.update(tasks[name], completed=done, total=total)

        def progress(at: EnsembleProgress) -> None:
            stage("simulation", at.done, at.total)
            bars.update(tasks["simulation"], left=_left_words(at, lang))

        yield stage, progress


def _left_words(at: EnsembleProgress, lang: Language) -> str:
    zh, left = lang is Language.zh, at.remaining_s
    before = (f"沿用 {at.taken_over}，" if zh else f"{at.taken_over} taken over, ") if at.taken_over else ""
    if left is None:
        return before.rstrip("，, ")
    whole = round(left)
    span = f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{before}还需 {span}" if zh else f"{before}{span} left"


_TABLE_WIDTH = 120  # a narrower window wraps; no figure is cut
_HEADINGS = {
    "plan": ("方案", "plan"),
    "disruption": ("情景", "disruption"),
    "calls": ("呼叫", "calls"),
    "handled": ("已处置", "handled"),
    "waiting": ("等待中", "waiting"),
    "lost": ("未受理", "lost"),
    "mean_s": ("来电至处置均值（秒）", "ring to action, mean s"),
    "p50_s": ("中位数", "median"),
    "p90_s": ("P90", "P90"),
}


def _print(ensemble: Ensemble, as_json: bool, lang: Language) -> None:
    from rescuesim.report.ensemble_words import ensemble_attainment, ensemble_in_words

    table = ensemble.summary()
    if as_json:
        from rescuesim.report.document import json_text

        told = ensemble.manifest
        said = {
            "out": str(ensemble.out),
            "hash": ensemble.hash,
            "replications": told.replications,
            "horizon_s": told.horizon_s,
            "seed": told.seed,
            "rows": table.to_dict("records"),
            "attainment": ensemble_attainment(ensemble).to_dict("records"),
            "words": ensemble_in_words(ensemble, lang=lang.value),
        }
        typer.echo(json_text(said))
        return
    from rescuesim.report.labels import label, share

    column = 0 if lang is Language.zh else 1
    shown = Table(header_style="bold", padding=(0, 1, 0, 0))
    for name, words in _HEADINGS.items():
        shown.add_column(words[column], justify="left" if name in ("plan", "disruption") else "right")
    for row in table.to_dict("records"):
        cells = [
            f"{row[name]:,}" if name == "calls" else f"{row[name]:.2%}" if name in ("waiting", "lost")
            else share(row[name], row["genuine"], "calls", lang.value, digits=2) if name == "handled"
            else "–" if row[name] != row[name] else f"{row[name]:,.0f}" if name.endswith("_s")
            else label("plan" if name == "plan" else "condition", str(row[name]), lang.value)
            for name in _HEADINGS
        ]  # fmt: skip
        shown.add_row(*(Text(cell) for cell in cells))
    _wide().print(shown)
    for line in ensemble_in_words(ensemble, lang=lang.value):
        typer.echo(line)
    typer.echo(f"{'全部记录的校验值' if column == 0 else 'hash of all records'}: {ensemble.hash}")


def _wide() -> Console:
    console = wide_console()
    console.width = max(console.width, _TABLE_WIDTH)
    return console
