"""Kernels: none is forgotten by the warm-up, and compiled code is kept where it can be written."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, shared_file
from typer.testing import CliRunner

import rescuesim
from rescuesim.cli import app
from rescuesim.travel.compiled import SHARED

PACKAGE = Path(rescuesim.__file__).parent
LOAD_ALL = """
import importlib, pkgutil, rescuesim
for module in pkgutil.walk_packages(rescuesim.__path__, "rescuesim."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


def run(code: str, **environment: str) -> str:
    """Run code in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_warm_up_compiles_every_kernel_for_what_it_will_be_called_with(tmp_path: Path) -> None:
    """On real roads, with states by the dozen, nothing more is compiled."""
    roads = shared_file("data/guixi_jiangxi_town/guixi.osm")
    code = f"""{LOAD_ALL}
import json, sys
sys.path.insert(0, {str(ROOT / "tests")!r})
import numpy as np
import rescuesim as rs
from placed_points import places, random_state
from dataclasses import replace
from rescuesim.travel.compiled import kernel_folder, loaded_kernels
from rescuesim.simulation.warm_up import warm_up
before = [kernel.name for kernel in loaded_kernels()]
done = warm_up()
network = rs.load_network({str(roads)!r})
sites, demand = rs.load_sites(places(network, 9, 1, "s")), rs.load_demand(places(network, 90, 2, "d"))
states = [replace(random_state(network, seed), probability=1 / 20) for seed in range(20)]
states = rs.NetworkStates(states=tuple(states))
for engine in ("bucket", "contraction"):
    ensemble = rs.travel_times(network, sites, demand, states=states, cutoff_s=900.0, engine=engine)
    bits = rs.CoverageBits.from_times(ensemble[3], np.full((9, 90), 93.0))
    bits.weighted_coverage(np.ones((30, 9), dtype=bool), demand.people)
    list(ensemble.within_cutoff()), list(ensemble.coverage_bits(900.0)), list(ensemble.nearest(sites.ids[:3]))
    list(ensemble.nearest_times([sites.ids[:3], sites.ids[4:6]]))
    ensemble.coverage({{"one": sites.ids[:4]}}, 300.0)
    ensemble.chosen_pairs(sites.ids[:2], demand.ids[:2])
kernels = [[kernel.name, kernel.n_signatures] for kernel in done.kernels]
later = [[kernel.name, kernel.n_signatures] for kernel in loaded_kernels()]
print(json.dumps([before, kernels, later, str(done.folder)]))
"""
    before, kernels, later, folder = json.loads(run(code, NUMBA_CACHE_DIR=str(tmp_path)))
    assert len(before) >= 8
    assert [name for name, _ in kernels] == before
    assert [name for name, signatures in kernels if not signatures] == []
    assert later == kernels
    assert Path(folder).parent == tmp_path
    assert len(list(Path(folder).rglob("*.nbi"))) == len(before)


def test_kernels_take_nothing_from_other_files_but_what_names_the_cache() -> None:
    """The cache looks at the file of a kernel and at `SHARED` alone: other code could be out of date unnoticed."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name, tree = path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))
        source_of = {
            alias.asname or alias.name: f"{node.module.removeprefix('rescuesim.').replace('.', '/')}.py"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rescuesim.")
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                if any(module.split(".")[0] in ("numba", "llvmlite") for module in modules):
                    assert name in SHARED, f"{name} speaks to numba"
            if isinstance(node, ast.FunctionDef) and any(ast.unparse(d) == "compiled" for d in node.decorator_list):
                assert source_of["compiled"] == "travel/compiled.py"
                body = {used.id for line in node.body for used in ast.walk(line) if isinstance(used, ast.Name)}
                taken = {used: source_of[used] for used in body & set(source_of)}
                assert {used: source for used, source in taken.items() if source not in SHARED} == {}, name


NO_FOLDER = {
    "HOME": os.devnull,
    "XDG_CACHE_HOME": f"{os.devnull}/cache",
    "RESCUESIM_CACHE": "",
    "NUMBA_CACHE_DIR": "",
    "PYTHONPATH": "",
}
WEIGH = """
import json, sys
sys.path.insert(0, {folder!r})
import numpy as np, rescuesim
from rescuesim.travel.coverage_kernels import fill_limit_ticks
limits = np.empty((1, 2), dtype=np.int32)
fill_limit_ticks(np.array([[1.2737, -1.0]]), limits)
from rescuesim.travel.compiled import kernel_folder, loaded_kernels
(kernel,) = [kernel for kernel in loaded_kernels() if kernel.name.endswith("fill_limit_ticks")]
folder = None if kernel_folder() is None else str(kernel_folder())
print(json.dumps([rescuesim.__file__, limits.tolist(), kernel.n_compiled, kernel.n_from_cache, folder]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the package to where no compiled code can be kept beside it, whoever runs the tests."""
    folder = tmp_path_factory.mktemp("installed")
    copy = shutil.copytree(PACKAGE, folder / "rescuesim", ignore=shutil.ignore_patterns("__pycache__"))
    for place in [copy, *(path for path in copy.rglob("*") if path.is_dir())]:
        (place / "__pycache__").write_text("a file, not a folder", encoding="ascii")
    return folder


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the user's cache folder is named by other variables")
def test_a_package_that_cannot_be_written_keeps_kernels_in_the_users_cache(installed: Path, tmp_path: Path) -> None:
    code = WEIGH.format(folder=str(installed))
    homes = {**NO_FOLDER, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    first, second = (json.loads(run(code, **homes)) for _ in range(2))
    assert first[0] == second[0] == str(installed / "rescuesim" / "__init__.py")
    assert first[1] == second[1] == [[12737, -1]]
    assert first[2:4] == [1, 0]
    assert second[2:4] == [0, 1]
    assert first[4] == second[4]
    assert Path(first[4]).parent == tmp_path / "cache" / "rescuesim"
    assert list(Path(first[4]).rglob("*.nbi"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the user's cache folder is named by other variables")
def test_with_no_folder_to_write_to_kernels_work_all_the_same(installed: Path) -> None:
    found = json.loads(run(WEIGH.format(folder=str(installed)), **NO_FOLDER))
    assert found[1:] == [[[12737, -1]], 1, 0, None]


@pytest.mark.slow
def test_the_command_says_how_long_it_took_and_where_the_code_is() -> None:
    found = json.loads(CliRunner().invoke(app, ["warmup", "--json"]).stdout)
    assert found["seconds"] > 0
    assert {"rescuesim.travel.bucket_dijkstra._fill_rows", "rescuesim.travel.coverage_kernels.pack_within"} <= {
        kernel["name"] for kernel in found["kernels"]
    }
    assert found["compiled"] + found["from_cache"] >= 6
    assert list(Path(found["folder"]).rglob("*.nbi"))
    chinese = CliRunner().invoke(app, ["warmup", "--lang", "zh"]).stdout
    assert "计算内核已就绪" in chinese
    assert found["folder"] in chinese


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the user's cache folder is named by other variables")
def test_code_that_was_kept_is_not_used_once_a_shared_file_has_changed(installed: Path, tmp_path: Path) -> None:
    """A limit is turned into ticks with constants of another file: they must be those that stand there now."""
    copy = shutil.copytree(installed, tmp_path / "changed")
    environment = {**NO_FOLDER, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    code = WEIGH.format(folder=str(copy))
    assert json.loads(run(code, **environment))[1] == [[12737, -1]]
    shared = copy / "rescuesim" / "network" / "road_network.py"
    text = shared.read_text(encoding="utf-8")
    shared.write_text(text.replace("TICKS_PER_SECOND = 10_000", "TICKS_PER_SECOND = 1_000"), encoding="utf-8")
    found = json.loads(run(code, **environment))
    assert found[1] == [[1273, -1]]
    assert found[2:4] == [1, 0]


def test_without_numba_the_command_says_that_it_is_missing() -> None:
    code = """
import sys
sys.modules["numba"] = None
from rescuesim.cli import main
main(["warmup"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "numba cannot be imported" in done.stderr
