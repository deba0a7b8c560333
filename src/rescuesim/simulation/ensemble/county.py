"""What a folder says of its county: standard, points and settings, so that it can be told without its study."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rescuesim._words import Note
from rescuesim.crew import CrewType, Lognormal
from rescuesim.demand import DemandPoints
from rescuesim.disruption import Disruption
from rescuesim.errors import DataFileError
from rescuesim.simulation.ensemble.parts import write_part
from rescuesim.simulation.ensemble.study import Study
from rescuesim.standard import Preset, ResponseStandard, Stage

__all__ = ["COUNTY", "County", "lasting_s", "read_county", "write_county"]

COUNTY = "county.json"
_FORM = "rescuesim ensemble county 1"
_TEXTS = ("ids", "names", "zones", "townships", "kinds")
_NUMBERS = ("people", "calls_per_year", "weights")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class County:
    """What records are read with.

    Parameters
    ----------
    standard : ResponseStandard
    demand : DemandPoints
        Without calls by type, grids and notes.
    said : tuple of Note
        What was simulated, in the words of who asked for it; else the options of `simulate` by name.
    lasts_s : mapping of str to tuple of float
        By the name of each set of disruptions, the seconds after which nothing of each of them is left; ``inf`` for
        one that is never over. Empty for normal days.
    """

    standard: ResponseStandard
    demand: DemandPoints
    said: tuple[Note, ...] = ()
    lasts_s: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def lasting_s(disruption: Disruption) -> float:
    """Return when the last road, site, channel or contact of a disruption is as before, in seconds from its onset.

    Examples
    --------
    >>> from rescuesim.disruption import SiteOutage
    >>> lasting_s(Disruption(label="flood", sites=(SiteOutage(site="s1", from_s=0.0, until_s=7200.0),)))
    7200.0
    """
    kinds: tuple[Sequence[Any], ...] = (
        disruption.roads,
        disruption.slowings,
        disruption.sites,
        disruption.channels,
        disruption.contacts,
    )
    return max((float(spell.until_s) for some in kinds for spell in some), default=0.0)


def write_county(folder: Path, study: Study, said: Sequence[str] = ()) -> None:
    """Write it, whole or not at all, unless it is there; the same study and words give the same bytes.

    Raises
    ------
    DataFileError
        If it cannot be written.
    """
    demand = study.demand
    points: dict[str, Any] = {name: list(getattr(demand, name)) for name in _TEXTS}
    points |= {name: getattr(demand, name).tolist() for name in _NUMBERS}
    points["calls_given"] = demand.calls_given.tolist()
    if demand.lon is not None and demand.lat is not None:
        points |= {"lon": demand.lon.tolist(), "lat": demand.lat.tolist()}
    words = list(said) if said else _options_in_words(study.options)
    told = {
        "form": _FORM,
        "said": [[str(line), getattr(line, "zh", str(line))] for line in words],
        "lasts_s": {
            name: [None if (lasts := lasting_s(one)) == math.inf else lasts for one in some]
            for name, some in study.disruptions.items()
        },
        "standard": _plain_standard(study.standard),
        "points": points,
    }
    data = (json.dumps(told, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
    path = folder / COUNTY
    if not (path.exists() and path.read_bytes() == data):
        write_part(path, data)


def read_county(folder: Path) -> County | None:
    """Read it; None if the folder has none.

    Raises
    ------
    DataFileError
        If it cannot be read.
    """
    path = folder / COUNTY
    if not path.exists():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["form"] != _FORM:
            raise DataFileError(f"{path}: written as {told['form']!r}, expected {_FORM!r}")
        points = told["points"]
        made: dict[str, Any] = {name: tuple(points[name]) for name in _TEXTS}
        made |= {name: np.array(points[name], dtype=np.float64) for name in _NUMBERS}
        for name in ("lon", "lat"):
            made[name] = np.array(points[name], dtype=np.float64) if name in points else None
        made["calls_given"] = np.array(points["calls_given"], dtype=np.bool_)
        demand = DemandPoints(**made, source=str(path))
        said = tuple(Note(en, zh) for en, zh in told["said"])
        lasts = {
            name: tuple(math.inf if one is None else float(one) for one in some)
            for name, some in told["lasts_s"].items()
        }
        return County(standard=_standard(told["standard"]), demand=demand, said=said, lasts_s=lasts)
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(f"{path}: expected the county of an ensemble; {error}") from None


def _options_in_words(options: Mapping[str, Any]) -> list[Note]:
    """Name the options of `simulate` that were given: as they are, or by the kind of thing that they are."""
    shown = []
    for name, value in sorted(options.items()):
        if value is None:
            continue
        plain = isinstance(value, str | int | float | bool)
        named = ", ".join(map(str, value)) if isinstance(value, Mapping) else type(value).__name__
        shown.append(f"{name} = {value if plain else named}")
    if not shown:
        en, zh = "as `simulate` does by itself", "全部为默认值"
        return [Note(f"Settings: {en}.", f"设定：{zh}。")]
    rest = ("the others as `simulate` does by itself", "其余为默认值")
    return [Note(f"Settings: {'; '.join(shown)}; {rest[0]}.", f"设定：{'；'.join(shown)}；{rest[1]}。")]


def _plain_standard(standard: ResponseStandard) -> dict[str, Any]:
    crews = {}
    for key, crew in standard.crews.items():
        crews[key] = {
            "name": crew.name,
            "turnout": {shift: _pair(some) for shift, some in crew.turnout.items()},
            "availability": dict(crew.availability),
            "capabilities": sorted(crew.capabilities),
            "people": crew.people,
            "roster": crew.roster,
            "attends": dict(crew.attends),
            "accepts": crew.accepts,
            "acceptance": None if crew.acceptance is None else _pair(crew.acceptance),
        }
    return {
        "presets": {zone: asdict(preset) for zone, preset in standard.presets.items()},
        "confidence": dict(standard.confidence),
        "planning": standard.planning,
        "crews": crews,
        "chain": {name: _pair(some) for name, some in standard.chain.items()},
        "needs": {zone: sorted(need) for zone, need in standard.needs.items()},
        "counts": standard.counts,
        "required_share": standard.required_share,
    }


def _standard(said: Mapping[str, Any]) -> ResponseStandard:
    presets = {
        zone: Preset(**{**preset, "stages": tuple(Stage(**stage) for stage in preset["stages"])})
        for zone, preset in said["presets"].items()
    }
    crews = {}
    for key, crew in said["crews"].items():
        made = {**crew, "turnout": {shift: _law(pair) for shift, pair in crew["turnout"].items()}}
        made["capabilities"] = frozenset(crew["capabilities"])
        made["acceptance"] = None if crew["acceptance"] is None else _law(crew["acceptance"])
        crews[key] = CrewType(**made)
    return ResponseStandard(
        presets=presets,
        confidence=said["confidence"],
        planning=said["planning"],
        crews=crews,
        chain={name: _law(pair) for name, pair in said["chain"].items()},
        needs={zone: frozenset(need) for zone, need in said["needs"].items()},
        counts=said["counts"],
        required_share=said["required_share"],
    )


def _pair(law: Lognormal) -> list[float]:
    return [law.median, law.p90]


def _law(pair: Sequence[float]) -> Lognormal:
    median, p90 = pair
    return Lognormal(median=median, p90=p90)
