"""Disruptions: drawn timelines with their weights, as one thing that is saved, loaded and replayed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rescuesim.disruption.storage import disruptions_from_frame, disruptions_to_frame, read_frame, write_frame
from rescuesim.disruption.timeline import Disruption
from rescuesim.errors import InputError

__all__ = ["Disruptions", "load_disruptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disruptions(Sequence[Disruption]):
    """Drawn timelines of the same hazard, with probabilities that sum to 1.

    Parameters
    ----------
    disruptions : tuple of Disruption
    notes : tuple of str
        Defaults that were taken, to be said aloud.

    Examples
    --------
    >>> calm, storm = (Disruption(label=name, probability=p) for name, p in (("calm", 0.75), ("storm", 0.25)))
    >>> both = Disruptions(disruptions=(calm, storm))
    >>> both[1].label, both.probability.tolist(), round(both.effective_sample_size, 3)
    ('storm', [0.75, 0.25], 1.6)
    """

    disruptions: tuple[Disruption, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        total = math.fsum(one.probability for one in self.disruptions)
        if not self.disruptions or abs(total - 1) > 1e-9:
            raise InputError(
                f"{len(self.disruptions)} disruptions whose probabilities sum to {total:g}: expected one or more, sum 1"
            )
        label, times = Counter(one.label for one in self.disruptions).most_common(1)[0]
        if times > 1:
            raise InputError(f"disruptions: label {label!r} stands {times} times; expected labels of their own")

    def __len__(self) -> int:
        return len(self.disruptions)

    def __iter__(self) -> Iterator[Disruption]:
        return iter(self.disruptions)

    @overload
    def __getitem__(self, index: int) -> Disruption: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Disruption, ...]: ...
    def __getitem__(self, index: int | slice) -> Disruption | tuple[Disruption, ...]:
        return self.disruptions[index]

    def __str__(self) -> str:
        roads = np.array([len({outage.closure.road for outage in one.roads}) for one in self.disruptions])
        return (
            f"{len(self):,} disruptions worth {self.effective_sample_size:,.1f} equal ones; "
            f"{self.probability @ roads:.1f} roads hit on average, at most {roads.max():,}"
        )

    @property
    def probability(self) -> NDArray[np.float64]:
        """Probability of each; float64, shape (n,)."""
        return np.array([one.probability for one in self.disruptions])

    @property
    def effective_sample_size(self) -> float:
        """Number of equally weighted draws whose mean would be as exact, if all had the same spread.

        References
        ----------
        Kish, L. (1965), Survey Sampling; Kong, A. (1992), A note on importance sampling using standardized weights.
        """
        weights = self.probability
        return float(weights.sum() ** 2 / (weights @ weights))

    def merged(self) -> Disruptions:
        """Put equal timelines into one, with the sum of their probabilities, in the order in which they first come."""
        alike: dict[Disruption, list[Disruption]] = {}
        for one in self.disruptions:
            alike.setdefault(replace(one, label="any", probability=1.0), []).append(one)
        return Disruptions(
            disruptions=tuple(
                replace(some[0], probability=math.fsum(one.probability for one in some)) for some in alike.values()
            ),
            notes=self.notes,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each outage, slowing and contact, with the disruption it belongs to."""
        return disruptions_to_frame(self.disruptions)

    def save(self, path: Path | str) -> None:
        """Write all timelines into one Parquet file; the same disruptions give the same bytes."""
        write_frame(self.to_frame(), Path(path), notes=self.notes)


def load_disruptions(path: Path | str) -> Disruptions:
    """Read what `Disruptions.save` wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    Disruptions

    Raises
    ------
    DataFileError
        If the file is absent, no Parquet, or not of this kind.
    """
    frame, notes = read_frame(Path(path))
    return Disruptions(disruptions=disruptions_from_frame(frame), notes=notes)
