"""Ensemble: the finished parts of a study, read when they are asked for."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from rescuesim._words import Lang
from rescuesim.errors import DataFileError, InputError, UnknownIdError, nearest_name
from rescuesim.simulation.ensemble.county import COUNTY, County, lasting_s, read_county
from rescuesim.simulation.ensemble.manifest import MANIFEST, Manifest, read_manifest
from rescuesim.simulation.ensemble.parts import part_name, read_content, read_part
from rescuesim.simulation.ensemble.story import LogLine, replication_log
from rescuesim.simulation.ensemble.study import Chunk, Study
from rescuesim.simulation.records import SimulationResult

__all__ = ["Ensemble", "open_ensemble"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ensemble:
    """Plans × disruptions × replications in a folder; parts are read when they are asked for, and checked.

    Parameters
    ----------
    out : Path
    manifest : Manifest
        What the study is.
    study : Study or None
        What it was made of; None if the folder was opened.

    Examples
    --------
    See `simulate_ensemble`.
    """

    out: Path
    manifest: Manifest
    study: Study | None = None

    def __str__(self) -> str:
        told = self.manifest
        done = sum(len(chunk.replications) for chunk in told.chunks) - self.missing
        total = len(told.plans) * len(told.disruptions) * told.replications
        return (
            f"{len(told.plans)} plans × {len(told.disruptions)} disruptions × {told.replications} replications of "
            f"{told.horizon_s / 86400:g} days in {self.out}: {done} of {total} replications done"
        )

    @property
    def plans(self) -> tuple[str, ...]:
        """Names of the plans."""
        return tuple(self.manifest.plans)

    @property
    def disruptions(self) -> tuple[str, ...]:
        """Names of the sets of disruptions."""
        return tuple(self.manifest.disruptions)

    @property
    def missing(self) -> int:
        """Replications of plans and disruptions that are not simulated yet."""
        absent = [one for one in self.manifest.chunks if not (self.out / part_name("records", one.key)).exists()]
        return sum(len(chunk.replications) for chunk in absent)

    @property
    def hash(self) -> str:
        """One hash of all records of the study, in its order; the same however the study was run.

        Raises
        ------
        DataFileError
            If a part is not there yet, or is not what it should be. Values are not read; `verify` does that.
        """
        digest = hashlib.blake2b(digest_size=16)
        for chunk in self.manifest.chunks:
            for table in self._tables(chunk):
                content, _ = read_content(self.out / part_name(table, chunk.key), table=table, key=chunk.key)
                line = f"{chunk.plan}\0{chunk.disruption}\0{chunk.replications}\0{table}\0{chunk.key}\0{content}\n"
                digest.update(line.encode("utf-8"))
        return digest.hexdigest()

    def verify(self) -> None:
        """Read every part, and raise a DataFileError at the first that is absent or not what its hash says."""
        for chunk in self.manifest.chunks:
            for table in self._tables(chunk):
                read_part(self.out / part_name(table, chunk.key), table=table, key=chunk.key)

    def _tables(self, chunk: Chunk) -> tuple[str, ...]:
        return read_content(self.out / part_name("records", chunk.key), table="records", key=chunk.key)[1]

    @property
    def county(self) -> County:
        """Standard, points and settings: of the study, or as the folder says them.

        Raises
        ------
        InputError
            If the folder does not say them.
        DataFileError
            If what it says cannot be read.
        """
        held = read_county(self.out)
        if self.study is not None:
            said = () if held is None else held.said
            study = self.study
            lasts = {name: tuple(map(lasting_s, some)) for name, some in study.disruptions.items()}
            return County(standard=study.standard, demand=study.demand, said=said, lasts_s=lasts)
        if held is None:
            raise InputError(
                f"{self.out}: no {COUNTY} with its standard and points; expected a folder that is run once more with "
                "the same arguments, what is finished is kept"
            )
        return held

    def records(
        self,
        *,
        plan: str,
        disruption: str,
        replication: int | None = None,
        table: str = "records",
    ) -> pd.DataFrame:
        """Read the records of a plan under a set of disruptions, as `simulate` gives them.

        Parameters
        ----------
        plan, disruption : str
            Names in the study.
        replication : int, optional
            Just this one; only its part is read.
        table : {'records', 'mission_records', 'unit_records'}, optional

        Returns
        -------
        DataFrame

        Raises
        ------
        UnknownIdError
            If there is no such plan, disruption, replication or table.
        InputError
            If not all of it has been simulated yet.
        DataFileError
            If a part is not what its content hash says.
        """
        for kind, name, known in (("plan", plan, self.plans), ("disruption", disruption, self.disruptions)):
            if name not in known:
                raise UnknownIdError(f"{kind} {name!r}: expected {nearest_name(name, known)}")
        if replication is not None and replication not in range(self.manifest.replications):
            raise UnknownIdError(f"replication {replication}: expected from 0 to {self.manifest.replications - 1}")
        chunks = [
            one
            for one in self.manifest.chunks
            if (one.plan, one.disruption) == (plan, disruption)
            and (replication is None or replication in one.replications)
        ]
        if absent := [one for one in chunks if not (self.out / part_name("records", one.key)).exists()]:
            raise InputError(
                f"{self.out}, plan {plan!r}, disruption {disruption!r}: {len(absent)} of {len(chunks)} parts are not "
                "simulated yet; run the study again, it goes on where it stopped"
            )
        if table not in (there := self._tables(chunks[0])):
            raise UnknownIdError(f"table {table!r}: expected {nearest_name(table, there)}")
        frames = [read_part(self.out / part_name(table, one.key), table=table, key=one.key) for one in chunks]
        found = _stacked(frames)
        if replication is not None:
            return found[found["replication"] == replication].reset_index(drop=True)
        order = np.argsort(found["replication"].to_numpy(), kind="stable")
        return found.iloc[order].reset_index(drop=True)

    def result(self, *, plan: str, disruption: str) -> SimulationResult:
        """Return a plan under a set of disruptions as `simulate` would have given it, for `compare` and reports.

        Raises
        ------
        InputError
            If not all of it has been simulated yet, or the folder does not say its standard and points, as one of an
            earlier version.
        DataFileError
            If a part is damaged.
        """
        county = self.county
        tables: dict[str, Any] = {
            table: self.records(plan=plan, disruption=disruption, table=table)
            for table in self._tables(self._first(plan, disruption))
        }
        return SimulationResult(
            plan=self.manifest.plans[plan],
            standard=county.standard,
            demand=county.demand,
            condition=disruption if self.manifest.disruptions[disruption] else "intact",
            replications=self.manifest.replications,
            horizon_s=self.manifest.horizon_s,
            seed=self.manifest.seed,
            **tables,
        )

    def log(self, *, plan: str, disruption: str, replication: int, lang: Lang = "en") -> list[LogLine]:
        """Tell one replication as a log: who did what, and when.

        Parameters
        ----------
        plan, disruption : str
        replication : int
        lang : {'zh', 'en'}, optional

        Returns
        -------
        list of LogLine
            By time; each prints as a line.
        """
        read = functools.partial(self.records, plan=plan, disruption=disruption, replication=replication)
        records = read()
        tables = self._tables(self._first(plan, disruption))
        missions = read(table="mission_records") if "mission_records" in tables else None
        names = {site.id: site.name for site in self.manifest.plans[plan].sites}
        if self.study is not None or (self.out / COUNTY).exists():
            demand = self.county.demand
            names |= dict(zip(demand.ids, demand.names, strict=True))
        return replication_log(records, missions=missions, horizon_s=self.manifest.horizon_s, names=names, lang=lang)

    def _first(self, plan: str, disruption: str) -> Chunk:
        return next(one for one in self.manifest.chunks if (one.plan, one.disruption) == (plan, disruption))

    def summary(self) -> pd.DataFrame:
        """Describe every plan under every set of disruptions in a row.

        Returns
        -------
        DataFrame
            ``plan, disruption, replications, calls, genuine`` (no false call, no duplicate), the share of genuine
            calls ``handled, waiting, lost`` at the horizon, and the seconds from ring to first action of those
            handled: ``mean_s, p50_s, p90_s``; NaN where there are none.
        """
        rows = []
        for plan in self.plans:
            for disruption in self.disruptions:
                found = self.records(plan=plan, disruption=disruption)
                genuine = found[found["genuine"]]
                outcome = genuine["outcome"].astype(str)
                handled = genuine[outcome == "handled"]
                took = (handled["handling_at_s"] - handled["arrived_at_s"]).to_numpy(np.float64)
                p50, p90 = np.quantile(took, [0.5, 0.9]) if len(took) else (np.nan, np.nan)
                rows.append(
                    {
                        "plan": plan,
                        "disruption": disruption,
                        "replications": self.manifest.replications,
                        "calls": len(found),
                        "genuine": len(genuine),
                        **{name: float((outcome == name).mean()) for name in ("handled", "waiting", "lost")},
                        "mean_s": float(took.mean()) if len(took) else np.nan,
                        "p50_s": float(p50),
                        "p90_s": float(p90),
                    }
                )
        return pd.DataFrame(rows)


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of the same columns below one another; categories are joined in the order in which they come."""
    if len(frames) == 1:
        return frames[0]
    columns = {}
    for name in frames[0].columns:
        parts = [frame[name] for frame in frames]
        if isinstance(parts[0].dtype, pd.CategoricalDtype):
            columns[name] = union_categoricals([part.array for part in parts])
        else:
            columns[name] = pd.concat(parts, ignore_index=True).array
    return pd.DataFrame(columns)


def open_ensemble(out: Path | str) -> Ensemble:
    """Open the folder of a study, finished or not.

    Parameters
    ----------
    out : path

    Returns
    -------
    Ensemble
        Without its study; standard, points and settings as the folder says them.

    Raises
    ------
    DataFileError
        If there is no study.
    """
    folder = Path(out)
    manifest = read_manifest(folder)
    if manifest is None:
        raise DataFileError(f"{folder}: expected a folder of simulate_ensemble, with {MANIFEST}")
    return Ensemble(out=folder, manifest=manifest)
