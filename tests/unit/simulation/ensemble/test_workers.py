"""Processes, a Dask cluster on loopback, and kills: the same bytes whatever happens."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import pytest
from conftest import ROOT
from ensemble_cases import bytes_of, town_study

from rescuesim.errors import InputError
from rescuesim.simulation.ensemble import SchedulerExecutor, open_ensemble, simulate_ensemble
from rescuesim.simulation.ensemble import workers as at_work
from rescuesim.simulation.ensemble.study import Study

CHILD = ROOT / "tests" / "ensemble_child.py"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return tmp_path_factory.mktemp("town")


@pytest.fixture(scope="module")
def study(town):
    return town_study(town)


@pytest.fixture(scope="module")
def finished(study, tmp_path_factory):
    return simulate_ensemble(out=tmp_path_factory.mktemp("finished"), **study)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_workers_gives_the_same_bytes(study, finished, tmp_path, workers):
    found = simulate_ensemble(out=tmp_path, workers=workers, **study)
    assert found.hash == finished.hash
    assert bytes_of(tmp_path) == bytes_of(finished.out)


@pytest.mark.slow
def test_processes_of_the_caller_give_the_same_bytes(study, finished, tmp_path):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        found = simulate_ensemble(out=tmp_path, executor=processes, **study)
    assert found.hash == finished.hash
    assert bytes_of(tmp_path) == bytes_of(finished.out)


@pytest.mark.slow
def test_a_dask_cluster_on_loopback_gives_the_same_bytes(study, finished, tmp_path):
    from distributed import Client, LocalCluster

    here = {"host": "127.0.0.1", "protocol": "tcp", "processes": False, "dashboard_address": None}
    with LocalCluster(n_workers=2, threads_per_worker=1, **here) as cluster:
        executor = SchedulerExecutor(cluster.scheduler_address)
        simulate_ensemble(out=tmp_path / "address", executor=executor, **study)
        executor.shutdown()
        with Client(cluster) as client:
            simulate_ensemble(out=tmp_path / "client", executor=client.get_executor(), **study)
    assert bytes_of(tmp_path / "address") == bytes_of(tmp_path / "client") == bytes_of(finished.out)


def test_a_scheduler_that_does_not_answer_is_refused_by_address():
    with pytest.raises(InputError, match=r"scheduler nonsense://127\.0\.0\.1:1: expected one that answers"):
        SchedulerExecutor("nonsense://127.0.0.1:1")


def test_a_worker_with_another_program_is_refused(study, monkeypatch):
    given = {name: value for name, value in study.items() if name != "plans"}
    made = Study.of(study["plans"], **given, options={})
    # a study that a cluster in this process has unpacked before was checked then
    monkeypatch.setattr(at_work, "_STUDIES", OrderedDict())
    monkeypatch.setattr(at_work, "_GIVEN", {})
    monkeypatch.setattr(at_work, "program_hash", lambda: "another")
    with pytest.raises(InputError, match="runs another version of rescuesim"), at_work.share(made, None):
        pass
    with pytest.raises(InputError, match="never been given it"):
        at_work.Shared(key="unknown", data=None).study()
    given_at_start = at_work.Shared(key=made.key, data=pickle.dumps(made))
    monkeypatch.setattr(at_work, "_die_with_parent", lambda parent: None)
    monkeypatch.setattr(at_work.signal, "signal", lambda *_: None)
    at_work._begin_worker(0, given_at_start)
    with pytest.raises(InputError, match="runs another version of rescuesim"):
        at_work.Shared(key=made.key, data=None).study()


def killed_after(parts: int, town: Path, out: Path, *workers: str) -> list[psutil.Process]:
    """Run the study in a process of its own and kill it once some parts are there; return its former children."""
    command = [sys.executable, str(CHILD), str(town), str(out), *workers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if len(list(out.glob("records-*.parquet"))) >= parts:
                break
            assert int(line) < 36, "it was finished before it could be killed"
        children = psutil.Process(child.pid).children(recursive=True)
        child.kill()
    return children


@pytest.mark.slow
def test_a_study_killed_three_times_ends_with_the_same_bytes_and_leaves_no_worker(study, finished, town, tmp_path):
    done = []
    for parts, workers in ((3, ()), (8, ("2",)), (12, ())):
        workers_left = killed_after(parts, town, tmp_path, *workers)
        gone, alive = psutil.wait_procs(workers_left, timeout=20)
        assert alive == []
        assert len(gone) >= len(workers) * 2
        left = open_ensemble(tmp_path)
        assert 0 < left.missing < 36
        done.append(36 - left.missing)
    assert done == sorted(done)
    again = simulate_ensemble(out=tmp_path, **study)
    assert again.hash == finished.hash
    assert bytes_of(tmp_path) == bytes_of(finished.out)


def test_a_worker_ends_with_its_parent_also_without_the_help_of_the_kernel(monkeypatch):
    gone, ended = threading.Event(), threading.Event()

    class Parent:
        def join(self):
            gone.wait(20)

    monkeypatch.setattr(at_work.multiprocessing, "parent_process", Parent)
    monkeypatch.setattr(at_work.sys, "platform", "elsewhere")
    monkeypatch.setattr(at_work.os, "_exit", lambda code: ended.set())
    at_work._die_with_parent(0)
    time.sleep(0.05)
    assert not ended.is_set()
    gone.set()
    assert ended.wait(20)
