"""OpenFronts: where crews could set to work now."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescuesim.disruption.repair.jobs import Job

__all__ = ["OpenFronts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFronts:
    """The fronts of all jobs that somebody can mend and a road leads to, and whether they are open now.

    Parameters
    ----------
    job, front : tuple of int
    node : ndarray of int64, shape (n_fronts,)
    is_open : ndarray of bool, shape (n_fronts,)
        Changed by `mark`.
    places : dict of int to tuple of int
        Where the fronts of each job stand here.
    kinds : dict of str to ndarray of bool, shape (n_fronts,)
        Fronts by the kind of crews.
    """

    job: tuple[int, ...]
    front: tuple[int, ...]
    node: NDArray[np.int64]
    is_open: NDArray[np.bool_]
    places: dict[int, tuple[int, ...]]
    kinds: dict[str, NDArray[np.bool_]]

    @classmethod
    def of(cls, jobs: Sequence[Job]) -> OpenFronts:
        """List the fronts of jobs; none is open yet."""
        each = [
            (number, front, node)
            for number, job in enumerate(jobs)
            if job.stages_s
            for front, node in enumerate(job.fronts)
            if node >= 0
        ]
        places: dict[int, tuple[int, ...]] = {}
        for place, (number, _, _) in enumerate(each):
            places[number] = (*places.get(number, ()), place)
        kinds = np.array([jobs[number].kind for number, _, _ in each], dtype=object)
        return cls(
            job=tuple(number for number, _, _ in each),
            front=tuple(front for _, front, _ in each),
            node=np.array([node for _, _, node in each], dtype=np.int64),
            is_open=np.zeros(len(each), dtype=np.bool_),
            places=places,
            kinds={kind: np.array(kinds == kind, dtype=np.bool_) for kind in sorted(set(kinds.tolist()))},
        )

    def mark(self, number: int, taken: Container[int] | None) -> None:
        """Open all fronts of a job but those that are taken; None closes them all."""
        for place in self.places.get(number, ()):
            self.is_open[place] = taken is not None and self.front[place] not in taken

    def of_kind(self, kind: str) -> NDArray[np.int64]:
        """Return the open fronts for crews of a kind."""
        some = self.kinds.get(kind)
        return np.flatnonzero(self.is_open & some) if some is not None else np.empty(0, dtype=np.int64)

    def any(self, kind: str) -> bool:
        """Whether there is any."""
        return len(self.of_kind(kind)) > 0
