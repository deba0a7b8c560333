"""simulate_ensemble: plans × disruptions × replications, over any executor, that can be killed and taken up again."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rescuesim.demand import DemandPoints
from rescuesim.disruption import Disruption, Disruptions
from rescuesim.errors import DataFileError, Fault, InputError
from rescuesim.network import RoadNetwork
from rescuesim.plan import Plan
from rescuesim.simulation.calls import CallLog, CallModel
from rescuesim.simulation.ensemble.county import write_county
from rescuesim.simulation.ensemble.manifest import Manifest, check_same_study, read_manifest
from rescuesim.simulation.ensemble.parts import (
    claimed,
    part_name,
    read_content,
    read_part,
    remove_left_over,
    write_part,
)
from rescuesim.simulation.ensemble.results import Ensemble
from rescuesim.simulation.ensemble.study import Chunk, Study
from rescuesim.simulation.ensemble.workers import play_chunk, share, worker_pool
from rescuesim.standard import ResponseStandard

__all__ = ["EnsembleProgress", "simulate_ensemble"]

logger = logging.getLogger(__name__)
_IN_FLIGHT = 512  # chunks handed out at a time: more than any executor has workers, and few enough to keep in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleProgress:
    """How far a study is.

    Parameters
    ----------
    done, total : int
        Replications, summed over plans and disruptions.
    taken_over : int
        Of those done, found finished in the folder.
    elapsed_s : float
        Since this run began to simulate.
    """

    done: int
    total: int
    taken_over: int
    elapsed_s: float

    @property
    def remaining_s(self) -> float | None:
        """Seconds that the rest will take at the pace of this run so far; None before anything is done.

        Examples
        --------
        >>> EnsembleProgress(done=50, total=100, taken_over=40, elapsed_s=30.0).remaining_s
        150.0
        """
        played = self.done - self.taken_over
        if self.done >= self.total:
            return 0.0
        return self.elapsed_s / played * (self.total - self.done) if played else None


Progress = Callable[[EnsembleProgress], None]


def simulate_ensemble(
    plans: Mapping[str, Plan],
    *,
    network: RoadNetwork,
    demand: DemandPoints,
    standard: ResponseStandard,
    out: Path | str,
    calls: CallModel | CallLog | Sequence[CallLog] | None = None,
    disruptions: Mapping[str, Disruption | Disruptions | Sequence[Disruption] | None] | None = None,
    replications: int = 100,
    horizon_s: float = 30 * 86400.0,
    seed: int = 0,
    block: int | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    about: Mapping[str, str] | None = None,
    said: Sequence[str] = (),
    **options: Any,
) -> Ensemble:
    """Simulate every plan under every set of disruptions on the same calls, and keep what is finished on disk.

    The folder holds one Parquet part for each table, plan, disruption and block of replications, named by the
    content of all it depends on. A run that is interrupted or killed is taken up again by calling this once more
    with the same arguments: finished parts are read, checked and kept. The bytes do not depend on executor, number
    of workers, order or interruptions.

    Parameters
    ----------
    plans : mapping of str to Plan
        By name.
    network, demand, standard : artefacts
        As in `simulate`.
    out : path
        Folder of this study alone.
    calls : CallModel, CallLog or sequence of CallLog, optional
        As in `simulate`. Every plan and disruption meets the same calls.
    disruptions : mapping of str to Disruption, Disruptions or None, optional
        By name; None are normal days. Replication r goes through disruption r mod n of its set. Only normal days,
        named ``intact``, if absent.
    replications : int, optional
        More than the folder holds may be asked for; what is there is kept.
    horizon_s : float, optional
        Seconds.
    seed : int, optional
    block : int, optional
        Replications in a part at most; those of about 20,000 calls if absent. Part of what the study is.
    executor : concurrent.futures.Executor, optional
        Threads, processes, or ``Client.get_executor()`` of Dask. In this process if absent.
    workers : int, optional
        So many processes of our own instead of an `executor`; they die with this process.
    progress : callable, optional
        Called with an `EnsembleProgress` when parts have been taken over, and after each part.
    about : mapping of str to str, optional
        Said in the manifest; a folder in which it differs is refused.
    said : sequence of str, optional
        Lines that say what is simulated, `Note` where they know their Chinese; kept in the folder for summaries. The
        options by name if absent.
    **options
        Of `simulate`, such as ``seats``, ``queue`` or ``policy``.

    Returns
    -------
    Ensemble

    Raises
    ------
    InputError
        If anything is wrong, the folder holds another study, or another run is writing there.
    DataFileError
        If the folder cannot be written to.
    KeyboardInterrupt
        On Ctrl-C; finished parts are kept.
    """
    if executor is not None and workers is not None:
        raise InputError([Fault(column="workers", value=str(workers), expected="an executor or workers, not both")])
    if workers is not None and (not isinstance(workers, int) or isinstance(workers, bool) or workers < 1):
        raise InputError([Fault(column="workers", value=str(workers), expected="a whole number of 1 or more")])
    study = Study.of(
        plans,
        network=network,
        demand=demand,
        standard=standard,
        calls=calls,
        disruptions={"intact": None} if disruptions is None else disruptions,
        replications=replications,
        horizon_s=horizon_s,
        seed=seed,
        block=block,
        options=options,
    )
    for note in study.notes:
        logger.warning("%s", note)
    folder, manifest = Path(out), Manifest.of(study, about or {})
    with claimed(folder):
        held = read_manifest(folder)
        if held is not None:
            check_same_study(folder, held, manifest)
        remove_left_over(folder)
        chunks = study.chunks()
        left = [chunk for chunk in chunks if not _finished(folder, chunk)]
        watch = _Watch(chunks, left, progress)
        if left:
            _simulate_left(study, left, folder, manifest, said, executor, workers or 1, watch)
        else:
            write_county(folder, study, said)
            if held is None or held.replications != manifest.replications:
                manifest.write(folder)
    return Ensemble(out=folder, manifest=manifest, study=study)


class _Watch:
    """Tells how far the study is."""

    def __init__(self, chunks: Sequence[Chunk], left: Sequence[Chunk], tell: Progress | None) -> None:
        self._total = sum(len(chunk.replications) for chunk in chunks)
        self._taken_over = self._total - sum(len(chunk.replications) for chunk in left)
        self._done, self._tell, self._began = self._taken_over, tell, time.perf_counter()
        self.report(None)

    def report(self, chunk: Chunk | None) -> None:
        self._done += len(chunk.replications) if chunk is not None else 0
        if self._tell is not None:
            elapsed = time.perf_counter() - self._began
            said = {"total": self._total, "taken_over": self._taken_over}
            self._tell(EnsembleProgress(done=self._done, elapsed_s=elapsed, **said))


def _finished(folder: Path, chunk: Chunk) -> bool:
    """Whether all parts of a chunk are there and hold what their content hashes say; what does not is removed."""
    path = folder / part_name("records", chunk.key)
    if not path.exists():
        return False
    try:
        for table in read_content(path, table="records", key=chunk.key)[1]:
            read_part(folder / part_name(table, chunk.key), table=table, key=chunk.key)
    except DataFileError as error:
        logger.warning("%s: simulated anew", error)
        path.unlink(missing_ok=True)
        return False
    return True


def _simulate_left(
    study: Study,
    left: Sequence[Chunk],
    folder: Path,
    manifest: Manifest,
    said: Sequence[str],
    executor: Executor | None,
    workers: int,
    watch: _Watch,
) -> None:
    """Simulate chunks and keep each as soon as it is done."""
    logger.info("simulating %d chunks of %s", len(left), folder)
    told = False
    with ExitStack() as stack:
        chosen = stack.enter_context(worker_pool(study, min(workers, len(left)))) if executor is None else executor
        shared = stack.enter_context(share(study, chosen))
        for chunk, parts in _played(shared, left, chosen):
            if not told:  # a study that is refused before its first result leaves no manifest
                write_county(folder, study, said)
                manifest.write(folder)
                told = True
            # the records last: where they are, the other tables are too
            for table in sorted(parts, key=lambda name: name == "records"):
                write_part(folder / part_name(table, chunk.key), parts[table])
            watch.report(chunk)


def _played(
    shared: Any, chunks: Sequence[Chunk], executor: Executor | None
) -> Iterator[tuple[Chunk, dict[str, bytes]]]:
    """Yield chunks and their parts in whatever order they are done."""
    if executor is None:
        for chunk in chunks:
            yield chunk, play_chunk(shared, chunk)
        return
    waiting = deque(chunks)
    flying: dict[Future[dict[str, bytes]], Chunk] = {}
    try:
        while waiting or flying:
            while waiting and len(flying) < _IN_FLIGHT:
                chunk = waiting.popleft()
                flying[executor.submit(play_chunk, shared, chunk)] = chunk
            done, _ = wait(flying, return_when=FIRST_COMPLETED)
            faulty = [future for future in done if future.exception() is not None]
            for future in done.difference(faulty):  # what is finished is kept, also beside what failed
                yield flying.pop(future), future.result()
            for future in faulty:
                future.result()
    finally:
        for future in flying:
            future.cancel()
