"""The scenario file: TOML that names everything of one run, checked key by key."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args, get_origin

from pydantic import BaseModel, Field, ValidationError

from rescuesim._tables.layer_files import split_source
from rescuesim.disruption.outages import fallback_channels
from rescuesim.errors import DataFileError, Fault, InputError, nearest_name
from rescuesim.scenario.asked import asked_faults, drawing_faults, risk_faults
from rescuesim.scenario.dispatching import policy_faults
from rescuesim.scenario.sections import (
    DemandSection,
    DisruptionSection,
    NetworkSection,
    PlanSection,
    QualitySection,
    Section,
    SimulationSection,
    SitingSection,
    StandardSection,
    TableSection,
)
from rescuesim.standard import PRESETS

__all__ = ["Scenario", "fault_of", "key_lines", "load_scenario", "parse_scenario"]


class Scenario(Section):
    """Everything that one run needs; files are relative to the folder of the scenario file.

    Attributes
    ----------
    name : str
        Title of the reports.
    seed : int
        Root of all random streams.
    data_folders : tuple of str
        Folders outside that of the scenario file from which files may be read too.
    overrides : str or None
        File of figures from own records, as `rescuesim.load_overrides` reads it.
    network, sites, demand, quality, standard, siting, plan, simulation, disruption
        The sections of the file; `rescuesim.scenario.sections` lists their keys.
    path : Path
        The file it was read from.
    """

    name: str
    seed: int = Field(default=0, ge=0)
    data_folders: tuple[str, ...] = Field(default=(), strict=False)
    overrides: str | None = None
    network: NetworkSection
    sites: TableSection
    demand: DemandSection
    quality: QualitySection = QualitySection()
    standard: StandardSection = StandardSection()
    siting: SitingSection = SitingSection()
    plan: PlanSection = PlanSection()
    simulation: SimulationSection = SimulationSection()
    disruption: DisruptionSection | None = None
    path: Path = Field(default=Path("scenario.toml"), exclude=True)

    def file(self, name: str) -> Path:
        """Resolve a file named in the scenario; a sheet or layer may follow after ``#``."""
        path, part = split_source(self.path.parent / name)
        whole = path.resolve()
        return whole if part is None else Path(f"{whole}#{part}")

    def named_files(self) -> dict[str, str]:
        """Return the files that the scenario names, by dotted key."""
        named = {
            "overrides": self.overrides,
            "network.file": self.network.file,
            "network.clip": self.network.clip,
            "network.supplement": self.network.supplement,
            "network.elevation": self.network.elevation,
            "sites.file": self.sites.file,
            "demand.file": self.demand.file,
            "demand.zone_boundaries": self.demand.zone_boundaries,
            "quality.boundary": self.quality.boundary,
            "quality.census": self.quality.census,
        }
        if self.disruption is not None:
            for key in ("closures", "zones", "supply_areas", "base_stations", "power_outages"):
                named[f"disruption.{key}"] = getattr(self.disruption, key)
        return {key: name for key, name in named.items() if name is not None}

    def may_read(self, path: Path) -> bool:
        """Whether a resolved file lies in the scenario's folder or in one of `data_folders`."""
        folders = [self.path.parent, *(self.path.parent / folder for folder in self.data_folders)]
        return any(path.is_relative_to(folder.resolve()) for folder in folders)


def load_scenario(path: Path | str) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path : path
        TOML; see ``rescuesim demo`` for one that is complete.

    Returns
    -------
    Scenario

    Raises
    ------
    DataFileError
        If the file is absent or no TOML.
    InputError
        With every fault in the file. The tables it names are checked by `rescuesim.run`, or by
        ``rescuesim check``, which does nothing else.
    """
    scenario, faults = parse_scenario(Path(path))
    if faults or scenario is None:
        raise InputError(faults)
    return scenario


def parse_scenario(path: Path) -> tuple[Scenario | None, list[Fault]]:
    """Read a scenario file and collect the faults.

    Returns
    -------
    scenario : Scenario or None
        Made without the faulty keys where that is possible, so that the tables can be checked too.
    faults : list of Fault
    """
    if not path.is_file():
        raise DataFileError(f"{path}: {'a folder, expected a scenario file' if path.is_dir() else 'no such file'}")
    try:
        text = path.read_text(encoding="utf-8-sig")
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataFileError(f"{path}: expected a TOML file in UTF-8; {error}") from None
    lines = key_lines(text)
    faults: list[Fault] = []
    scenario = None
    for _ in range(20):  # each pass drops the faulty keys of the one before
        try:
            scenario = Scenario.model_validate({**raw, "path": path})
            break
        except ValidationError as error:
            found = [fault_of(path.name, entry, lines) for entry in error.errors()]
            faults += [fault for fault in found if fault not in faults]
            before = repr(raw)
            for entry in error.errors():
                _drop(raw, _place(entry["loc"]))
            if repr(raw) == before:
                break  # what is missing cannot be dropped
    if scenario is not None:
        said = {fault.column for fault in faults}
        faults += [fault for fault in _word_faults(path.name, scenario, lines) if fault.column not in said]
        if any("a name that a file can have" in fault.expected for fault in faults):
            return None, faults  # no file of such a scenario can be looked at
    return scenario, faults


_NEEDS = {
    "network.buffer_m": "network.clip",
    "network.supplement_fields": "network.supplement",
    "network.supplement_classes": "network.supplement",
    "network.supplement_crs": "network.supplement",
    "demand.zone_field": "demand.zone_boundaries",
    "quality.county": "quality.census",
}


def _idle_keys(file: str, scenario: Scenario, lines: dict[str, int]) -> list[Fault]:
    """Find keys that do nothing, because the one that they go with is not there."""

    def value(dotted: str) -> object:
        section, _, key = dotted.partition(".")
        return getattr(getattr(scenario, section), key)

    return [
        _at(file, key, str(value(key)), f"{other} too, or not this key: it would do nothing", lines)
        for key, other in _NEEDS.items()
        if value(key) is not None and value(other) is None
    ]


def _word_faults(file: str, scenario: Scenario, lines: dict[str, int]) -> list[Fault]:
    """Names that must exist, and keys that only make sense together."""
    faults = []
    for key, name in scenario.named_files().items():
        try:
            if scenario.may_read(scenario.file(name)):
                continue
            expected = "a file in the scenario's folder, or in one that data_folders names; links are followed"
        except (ValueError, OSError) as error:
            expected = f"a name that a file can have; {error}"
        faults.append(_at(file, key, name, expected, lines))
    faults += _idle_keys(file, scenario, lines)
    for key in ("inner", "outer"):
        name = getattr(scenario.standard, key)
        if name not in PRESETS:
            dotted = f"standard.{key}"
            faults.append(_at(file, dotted, name, nearest_name(name, PRESETS), lines))
        elif any(stage.unit_rank == 2 for stage in PRESETS[name].stages):
            expected = "a reading with one unit: the simulation sends one unit to a call and cannot judge a second"
            faults.append(_at(file, f"standard.{key}", name, expected, lines))
    for key, given, expected in asked_faults(scenario.siting) + risk_faults(scenario.siting, scenario.disruption):
        faults.append(_at(file, f"siting.{key}", given, expected, lines))
    for key, given, expected in policy_faults(scenario.simulation):
        faults.append(_at(file, f"simulation.{key}", given, expected, lines))
    if scenario.disruption is not None and scenario.disruption.label in ("", "intact"):
        wanted = "a name of its own; intact means normal days"
        faults.append(_at(file, "disruption.label", scenario.disruption.label, wanted, lines))
    if scenario.disruption is not None:
        for key, given, expected in drawing_faults(scenario.disruption):
            faults.append(_at(file, f"disruption.{key}", given, expected, lines))
    channels = fallback_channels()
    for number, outage in enumerate(scenario.disruption.outages if scenario.disruption else ()):
        key = f"disruption.outages.{number}"
        if outage.fallback not in channels:
            faults.append(_at(file, f"{key}.fallback", outage.fallback, nearest_name(outage.fallback, channels), lines))
        if outage.until_h <= outage.from_h:
            faults.append(_at(file, f"{key}.until_h", str(outage.until_h), f"more than from_h {outage.from_h}", lines))
    return faults


_NO_KEY = re.compile(r"str|tuple\[.*\]")
_TYPE_WORDS = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "a text in quotation marks",
    "tuple_type": "a list in square brackets",
    "model_type": "a section of its own",
}


def _place(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return the keys of a place: where a value may be of several kinds, the kind that was tried is no key."""
    return tuple(part for part in loc if not _NO_KEY.fullmatch(str(part)))


def _at(file: str, dotted: str, value: str | None, expected: str, lines: dict[str, int]) -> Fault:
    return Fault(file=file, row=lines.get(dotted), column=dotted, value=value, expected=expected)


def fault_of(file: str, entry: object, lines: dict[str, int]) -> Fault:
    """Put an error of the checked sections into words, with the line of its key."""
    assert isinstance(entry, dict)
    loc = _place(entry["loc"])
    dotted = ".".join(str(part) for part in loc)
    if entry["type"] == "extra_forbidden":
        expected = "a known key, " + nearest_name(str(loc[-1]), _known_keys(loc[:-1]))
        return _at(file, dotted, str(loc[-1]), expected, lines)
    if entry["type"] == "missing":
        return _at(file, dotted, None, "this key, which has no default", lines)
    words = _TYPE_WORDS.get(entry["type"], entry["msg"].removeprefix("Input should be "))
    return _at(file, dotted, str(entry["input"]), words, lines)


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the model has at a place."""
    model: type[BaseModel] = Scenario
    for part in loc:
        if isinstance(part, int):
            continue
        model = _model_in(model.model_fields[str(part)].annotation)
    return [name for name in model.model_fields if name != "path"]


def _model_in(annotation: object) -> type[BaseModel]:
    """Find the model inside ``X | None`` or ``tuple[X, ...]``."""
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        if part is not type(None) and part is not Ellipsis:
            return _model_in(part)
    raise TypeError(f"no model in {annotation!r}")


def _drop(raw: dict[str, object], loc: tuple[int | str, ...]) -> None:
    """Delete the value at a place, if it is there."""
    here: object = raw
    for part in loc[:-1]:
        if isinstance(here, dict):
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            return
    if isinstance(here, dict):
        here.pop(loc[-1], None)
    elif isinstance(here, list) and isinstance(loc[-1], int) and loc[-1] < len(here):
        del here[loc[-1]]


def key_lines(text: str) -> dict[str, int]:
    """Find the line of each dotted key, as far as a plain reading of the text goes."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.splitlines(), 1):
        if table := re.match(r"\s*(\[{1,2})\s*([^\[\]]+?)\s*\]", line):
            name = table[2]
            if table[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                name = f"{name}.{counts[name]}"
            prefix = f"{name}."
            lines.setdefault(name, number)
        elif key := re.match(r"\s*([A-Za-z0-9_\-]+)\s*=", line):
            lines.setdefault(prefix + key[1], number)
    return lines
