"""Workers: where chunks are played, how the study gets there, and that no worker outlives who started it."""

from __future__ import annotations

import ctypes
import importlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from rescuesim.errors import InputError
from rescuesim.simulation.ensemble.content import program_hash

if TYPE_CHECKING:
    from rescuesim.simulation.ensemble.study import Chunk, Study

__all__ = ["SchedulerExecutor", "Shared", "play_chunk", "share", "worker_pool"]

_Result = TypeVar("_Result")
_PR_SET_PDEATHSIG = 1
_KEPT = 2  # studies that a long-lived worker keeps unpacked
_STUDIES: OrderedDict[str, Study] = OrderedDict()
_GIVEN: dict[str, bytes] = {}  # what a process of a pool began with
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A study on its way to a worker.

    Parameters
    ----------
    key : str
        Tells studies apart.
    data : bytes or None
        The pickled study; None where the workers have it already.
    """

    key: str
    data: bytes | None

    def study(self) -> Study:
        """Return the study, unpacked once in each process."""
        with _LOCK:
            if self.key not in _STUDIES:
                data = _GIVEN.get(self.key) if self.data is None else self.data
                if data is None:
                    raise InputError(f"study {self.key}: this worker has never been given it")
                _keep(self.key, pickle.loads(data))
            return _STUDIES[self.key]


def _keep(key: str, study: Study) -> None:
    if study.program != program_hash():
        raise InputError(
            "worker: runs another version of rescuesim or of its libraries, or its processor computes the exponential "
            "differently; expected the same on all machines, else the records would differ"
        )
    _STUDIES[key] = study
    while len(_STUDIES) > _KEPT:
        _STUDIES.popitem(last=False)


def play_chunk(shared: Shared, chunk: Chunk) -> dict[str, bytes]:
    """Play a chunk of a study; runs in the worker. Returns the parts by table."""
    return shared.study().play(chunk)


@contextmanager
def share(study: Study, executor: Executor | None) -> Iterator[Any]:
    """Give a study to the workers of an executor, once where that is possible.

    Parameters
    ----------
    study : Study
    executor : Executor or None

    Yields
    ------
    object
        The first argument of `play_chunk`.
    """
    if executor is None or isinstance(executor, ThreadPoolExecutor):
        with _LOCK:
            _keep(study.key, study)
        try:
            yield Shared(key=study.key, data=None)
        finally:
            with _LOCK:
                _STUDIES.pop(study.key, None)
        return
    whole = Shared(key=study.key, data=pickle.dumps(study, protocol=pickle.HIGHEST_PROTOCOL))
    if isinstance(executor, SchedulerExecutor):
        yield executor.scatter(whole)
    elif getattr(executor, "given_study", None) == study.key:
        yield Shared(key=study.key, data=None)
    else:
        yield whole


class _Pool(ProcessPoolExecutor):
    """Processes that hold a study from their start on."""

    given_study: str = ""


@contextmanager
def worker_pool(study: Study, workers: int) -> Iterator[Executor | None]:
    """Start processes that hold a study and die with this one; None for one worker, which is this process.

    Parameters
    ----------
    study : Study
    workers : int
    """
    if workers == 1:
        yield None
        return
    data = pickle.dumps(study, protocol=pickle.HIGHEST_PROTOCOL)
    # processes of their own start: a copy of this one would copy the locks of its threads too
    pool = _Pool(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin_worker,
        initargs=(os.getpid(), Shared(key=study.key, data=data)),
    )
    pool.given_study = study.key
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker(parent: int, shared: Shared) -> None:
    """Prepare a process of the pool: it dies with its parent, leaves Ctrl-C to it, and holds the study."""
    _die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if shared.data is not None:
        _GIVEN[shared.key] = shared.data  # unpacked with the first chunk: what is wrong with it is told there


def _die_with_parent(parent: int) -> None:
    """End this process when its parent does, also when that is killed: by the kernel on Linux, else by a watch."""
    started_by = multiprocessing.parent_process()
    if started_by is not None:

        def watch() -> None:
            started_by.join()  # returns when the parent is gone, whatever ended it
            os._exit(1)

        threading.Thread(target=watch, name="watch on the parent", daemon=True).start()
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        except (OSError, AttributeError):
            return  # the watch serves
        if os.getppid() != parent:  # it went before the kernel was told
            os._exit(1)


class SchedulerExecutor(Executor):
    """The workers of a Dask scheduler; a study is sent to each of them once.

    Parameters
    ----------
    address : str
        Such as ``tcp://127.0.0.1:8786``.

    Raises
    ------
    InputError
        If dask.distributed is not installed, or nobody answers there.
    """

    def __init__(self, address: str) -> None:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError:
            raise InputError(
                f"scheduler {address}: expected dask.distributed to be installed (pip install 'rescuesim[dask]')"
            ) from None
        try:
            self._client = distributed.Client(address, timeout=30, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(f"scheduler {address}: expected one that answers; {error}") from None
        self._inner = self._client.get_executor(pure=False)

    def scatter(self, whole: Shared) -> object:
        """Send a study to all workers; the answer stands for it in `submit`."""
        return self._client.scatter(whole, broadcast=True, hash=False)

    def submit(self, fn: Callable[..., _Result], /, *args: Any, **kwargs: Any) -> Future[_Result]:
        """Run a function on some worker."""
        future: Future[_Result] = self._inner.submit(fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the scheduler; it and its workers go on."""
        self._client.close()
