"""What ``import rescuesim`` gives and what it does not load."""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import rescuesim as rs
from rescuesim._homes import HOME_OF

HEAVY = ("osmnx", "ortools", "simpy", "numba", "matplotlib", "geopandas")


def test_importing_rescuesim_loads_none_of_the_heavy_libraries() -> None:
    code = f"import sys, rescuesim; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_exported_name_exists_and_is_listed_once() -> None:
    assert len(rs.__all__) == len(set(rs.__all__))
    for name in rs.__all__:
        assert getattr(rs, name).__name__ == name
    assert set(rs.__all__) <= set(dir(rs))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = rs.nothing  # type: ignore[attr-defined]


def test_type_checkers_are_told_the_names_that_there_are() -> None:
    stub = ast.parse(Path(rs.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    told = {
        name.asname: statement.module
        for statement in stub.body
        if isinstance(statement, ast.ImportFrom)
        for name in statement.names
    }
    assert told == HOME_OF


def test_every_exported_thing_says_what_it_is() -> None:
    for name in rs.__all__:
        assert (getattr(rs, name).__doc__ or "").strip(), name


def test_the_version_is_the_installed_one() -> None:
    from importlib.metadata import version

    assert rs.__version__ == version("rescuesim")


def test_no_file_of_the_package_is_over_five_hundred_lines() -> None:
    root = Path(rs.__file__).parent
    long = {
        path.name: n for path in root.rglob("*.py") if (n := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}


def test_artefacts_travel_to_workers(town: rs.RoadNetwork) -> None:
    standard = rs.load_standard()
    assert pickle.loads(pickle.dumps(standard)).limits().equals(standard.limits())
    assert pickle.loads(pickle.dumps(town)).edges.equals(town.edges)
