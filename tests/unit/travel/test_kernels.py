"""Kernels: none is forgotten by the warm-up, and compiled code is kept where it can be written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import rescuesim
from rescuesim.cli import app

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
def test_the_warm_up_compiles_every_kernel_of_the_package(tmp_path: Path) -> None:
    code = f"""{LOAD_ALL}
import json
from rescuesim.travel.compiled import loaded_kernels
from rescuesim.travel.warm_up import warm_up
before = [kernel.name for kernel in loaded_kernels()]
done = warm_up()
print(json.dumps([before, [[kernel.name, kernel.n_signatures, kernel.folder] for kernel in done.kernels]]))
"""
    before, after = json.loads(run(code, NUMBA_CACHE_DIR=str(tmp_path)))
    assert len(before) >= 8
    assert [name for name, _, _ in after] == before
    assert [name for name, signatures, _ in after if not signatures] == []
    assert {Path(folder).parent for _, _, folder in after} == {tmp_path}


@pytest.mark.slow
def test_kernels_call_kernels_of_their_own_file_alone() -> None:
    """The cache looks at the file of a kernel and at no other: code that is called from there could be out of date."""
    code = f"""{LOAD_ALL}
import sys
from numba.core.dispatcher import Dispatcher
found = []
for name, module in list(sys.modules.items()):
    for kernel in list(vars(module).values()) if name.startswith("rescuesim.") else []:
        if isinstance(kernel, Dispatcher):
            function = kernel.py_func
            for called in function.__code__.co_names:
                other = function.__globals__.get(called)
                if isinstance(other, Dispatcher) and other.py_func.__module__ != function.__module__:
                    found.append(function.__qualname__ + " calls " + called)
print(found)
"""
    assert run(code).strip() == "[]"


WEIGH = """
import json, sys
sys.path.insert(0, {folder!r})
import numpy as np, rescuesim
from rescuesim.travel.coverage_kernels import fill_limit_ticks
limits = np.empty((1, 2), dtype=np.int32)
fill_limit_ticks(np.array([[1.2737, -1.0]]), limits)
from rescuesim.travel.compiled import loaded_kernels
(kernel,) = [kernel for kernel in loaded_kernels() if kernel.name.endswith("fill_limit_ticks")]
print(json.dumps([rescuesim.__file__, limits.tolist(), kernel.n_compiled, kernel.n_from_cache, kernel.folder]))
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
    homes = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": "", "NUMBA_CACHE_DIR": ""}
    first, second = (json.loads(run(code, **homes)) for _ in range(2))
    assert first[0] == second[0] == str(installed / "rescuesim" / "__init__.py")
    assert first[1] == second[1] == [[12737, -1]]
    assert first[2:4] == [1, 0]
    assert second[2:4] == [0, 1]
    assert Path(first[4]).is_relative_to(tmp_path)
    assert first[4] == second[4]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the user's cache folder is named by other variables")
def test_with_no_folder_to_write_to_kernels_work_all_the_same(installed: Path) -> None:
    nowhere = {"HOME": os.devnull, "XDG_CACHE_HOME": f"{os.devnull}/cache", "PYTHONPATH": "", "NUMBA_CACHE_DIR": ""}
    found = json.loads(run(WEIGH.format(folder=str(installed)), **nowhere))
    assert found[1:] == [[[12737, -1]], 1, 0, None]


def test_the_command_says_how_long_it_took_and_where_the_code_is() -> None:
    found = json.loads(CliRunner().invoke(app, ["warmup", "--json"]).stdout)
    assert found["seconds"] > 0
    assert {"rescuesim.travel.bucket_dijkstra._fill_rows", "rescuesim.travel.coverage_kernels.pack_within"} <= {
        kernel["name"] for kernel in found["kernels"]
    }
    assert found["compiled"] + found["from_cache"] >= 6
    (folder,) = found["folders"]
    assert any(Path(folder).glob("*.nbi"))
    chinese = CliRunner().invoke(app, ["warmup", "--lang", "zh"]).stdout
    assert "计算内核已就绪" in chinese
    assert folder in chinese


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
