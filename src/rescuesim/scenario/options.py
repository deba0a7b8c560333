"""A scenario made on the command line: a scenario file, or none, and what the options say instead."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rescuesim.errors import DataFileError, Fault, InputError
from rescuesim.scenario.asked import asked_faults, drawing_faults, risk_faults
from rescuesim.scenario.model import Scenario, fault_of, key_lines, load_scenario

__all__ = ["scenario_with"]

_IN_FILE = "siting.constraints."


def scenario_with(
    path: Path | None,
    options: Mapping[str, Any],
    *,
    constraints: Path | None = None,
    without: Collection[str] = (),
) -> Scenario:
    """Read a scenario file, if there is one, and let options speak instead of its keys.

    Parameters
    ----------
    path : Path or None
        Without one, `options` must name the files of network, sites and demand.
    options : mapping of str to object
        By dotted key, such as ``siting.n_sites``; those that are None say nothing.
    constraints : Path, optional
        TOML file with the keys of ``[siting.constraints]``, instead of those of the scenario.
    without : collection of str, optional
        Keys of ``[disruption]`` that are left out.

    Returns
    -------
    Scenario

    Raises
    ------
    DataFileError
        If a file is absent or no TOML.
    InputError
        With every fault of the scenario file, or else of the options and the side conditions.
    """
    here = Path.cwd() / "options"
    raw: dict[str, Any] = {"name": "siting"}
    if path is not None:
        scenario = load_scenario(path)
        here = scenario.path
        raw = scenario.model_dump(exclude={"path"}, exclude_unset=True)
    for key in without:
        raw.get("disruption", {}).pop(key, None)
    for dotted, value in options.items():
        if value is None:
            continue
        *sections, key = dotted.split(".")
        inner = raw
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[key] = value
    if path is None or any(dotted.endswith(".file") and value for dotted, value in options.items()):
        # files named on the command line may lie anywhere
        named = [Path.cwd() / str(raw.get(name, {}).get("file", "")) for name in ("network", "sites", "demand")]
        for name, file in zip(("network", "sites", "demand"), named, strict=True):
            if options.get(f"{name}.file"):
                raw[name]["file"] = str(file)
        raw["data_folders"] = (*raw.get("data_folders", ()), *dict.fromkeys(str(file.parent) for file in named))
    for key in ("closures", "zones"):
        if given := options.get(f"disruption.{key}"):
            file = Path.cwd() / given
            raw["disruption"][key] = str(file)
            raw["data_folders"] = (*raw.get("data_folders", ()), str(file.parent))
    lines: dict[str, int] = {}
    if constraints is not None:
        text, conditions = _toml(constraints)
        lines = {_IN_FILE + dotted: number for dotted, number in key_lines(text).items()}
        raw.setdefault("siting", {})["constraints"] = conditions
    name = here.name if path is not None else "command line"
    try:
        made = Scenario.model_validate({**raw, "path": here})
    except ValidationError as error:
        raise InputError([_of_file(fault_of(name, entry, lines), constraints) for entry in error.errors()]) from None
    faults = [
        Fault(file=name, column=f"siting.{key}", value=value, expected=expected)
        for key, value, expected in asked_faults(made.siting) + risk_faults(made.siting, made.disruption)
    ]
    if made.disruption is not None:
        faults += [
            Fault(file=name, column=f"disruption.{key}", value=value, expected=expected)
            for key, value, expected in drawing_faults(made.disruption)
        ]
    if faults:
        raise InputError(faults)
    return made


def _toml(path: Path) -> tuple[str, dict[str, Any]]:
    """Read a TOML file as text and as what it holds."""
    if not path.is_file():
        raise DataFileError(f"{path}: no such file")
    try:
        text = path.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataFileError(f"{path}: expected a TOML file in UTF-8; {error}") from None


def _of_file(fault: Fault, constraints: Path | None) -> Fault:
    """Name the file of side conditions where a fault is in it."""
    if constraints is None or fault.column is None or not fault.column.startswith(_IN_FILE):
        return fault
    return replace(fault, file=constraints.name, column=fault.column.removeprefix(_IN_FILE))
