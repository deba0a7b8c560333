"""Kills at random moments: an ensemble on the embedded county is killed 30 times and taken up again each time.

Every run is a process of its own, every other one with two workers. It is killed (SIGKILL) when it and its workers
have used an amount of CPU time that a fixed seed draws: while it starts, reads what is there, simulates or writes. In
the end one run is left to finish, and all files are compared with those of a run that nobody disturbed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from runner import write_section

import rescuesim as rs

AT_MOST_S = 9.0  # of CPU time until a kill; starting takes some 3 s, and each worker 2


def study(folder: Path, out: Path, workers: int) -> rs.Ensemble:
    """Simulate two plans on normal days and with a road in four shut for three days, in 200 small parts."""
    if not (folder / "county.osm").exists():
        rs.write_demo_county(folder)
    network = rs.load_network(folder / "county.osm")
    sites, demand = rs.load_sites(folder / "sites.csv"), rs.load_demand(folder / "demand.csv")
    today = rs.Plan.today(sites)
    shut = tuple(
        rs.RoadOutage(closure=rs.Closure(road=road), from_s=0, until_s=3 * 86_400)
        for road in range(0, network.n_roads, 4)
    )
    return rs.simulate_ensemble(
        {"today": today, "less": rs.Plan(name="less", sites=today.sites[::2])},
        network=network,
        demand=demand,
        standard=rs.load_standard(),
        out=out,
        calls=rs.CallModel(per_10k_people_year=162.0),
        disruptions={"intact": None, "roads shut": rs.Disruption(label="roads shut", roads=shut)},
        replications=400,
        horizon_s=30 * 86_400.0,
        seed=5,
        block=8,
        workers=workers,
    )


def spent_s(process: psutil.Process) -> float:
    """Return the CPU time of a process and of its children so far."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            used = one.cpu_times()
            total += used.user + used.system
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """A run that was killed: after how much CPU time, how many parts there were then, and what was left behind."""

    after_s: float
    parts: int
    unfinished: int
    workers_left: int


def killed_run(folder: Path, out: Path, after_s: float, workers: int) -> Killed | None:
    """Start the study and kill it after some CPU time; None if it was finished before."""
    command = [sys.executable, str(Path(__file__)), "--child", str(folder), str(out), str(workers)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process = psutil.Process(child.pid)
    children: list[psutil.Process] = []
    while child.poll() is None:
        with contextlib.suppress(psutil.Error):
            children = process.children(recursive=True) or children
            if spent_s(process) >= after_s:
                child.kill()
                break
        time.sleep(0.005)
    if child.wait() == 0:
        return None
    _, alive = psutil.wait_procs(children, timeout=20)
    parts = len(list(out.glob("records-*.parquet")))
    return Killed(after_s=after_s, parts=parts, unfinished=len(list(out.glob(".*.part"))), workers_left=len(alive))


def digest(out: Path) -> str:
    """Hash the names and bytes of all files of an ensemble."""
    made = hashlib.blake2b(digest_size=16)
    for path in sorted(out.iterdir()):
        if path.name != ".lock":
            made.update(path.name.encode() + path.read_bytes())
    return made.hexdigest()


def run(kills: int) -> list[str]:
    """Kill and take up again, and return the lines of the report."""
    rng = np.random.default_rng(30)
    with tempfile.TemporaryDirectory() as scratch:
        folder, out, calm = (Path(scratch) / name for name in ("county", "killed", "calm"))
        whole = study(folder, calm, 1)
        met: list[Killed] = []
        for number, after_s in enumerate(rng.uniform(0.2, AT_MOST_S, kills).tolist()):
            found = killed_run(folder, out, after_s, workers=1 + number % 2)
            if found is None:
                break
            met.append(found)
        found_parts = len(list(out.glob("records-*.parquet")))
        last = study(folder, out, 1)
        same = digest(out) == digest(calm) and last.hash == whole.hash
        total = len(list(calm.glob("records-*.parquet")))
        lines = report(met, found_parts, total, last.hash, same)
    return lines


def report(met: Sequence[Killed], found: int, total: int, hash_: str, same: bool) -> list[str]:
    """Put what happened into a table."""
    lines = ["| kill | after, s of CPU | parts then | files half written | workers left |", "|---|---|---|---|---|"]
    lines += [
        f"| {number} | {one.after_s:.2f} | {one.parts} | {one.unfinished} | {one.workers_left} |"
        for number, one in enumerate(met, start=1)
    ]
    bytes_ = "the same bytes in every file" if same else "OTHER BYTES"
    return [
        *lines,
        "",
        f"{len(met)} kills; the last run took {found} of {total} parts over and finished: {bytes_} as undisturbed, "
        f"hash {hash_}. Most workers left by a kill: {max((one.workers_left for one in met), default=0)}.",
    ]


def main() -> None:
    """Run it, or a single run that is to be killed."""
    parser = argparse.ArgumentParser(description="kill an ensemble and take it up again")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--child", nargs=3, metavar=("COUNTY", "OUT", "WORKERS"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        study(Path(chosen.child[0]), Path(chosen.child[1]), int(chosen.child[2]))
        return
    lines = run(chosen.kills)
    print("\n".join(lines))
    if chosen.kills >= 30:
        write_section("kill and resume", "\n".join(lines))


if __name__ == "__main__":
    main()
