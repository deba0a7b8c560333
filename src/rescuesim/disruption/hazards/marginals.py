"""Distributions that a Gaussian field is turned into, so that every point has exactly the wanted one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from rescuesim.crew import Lognormal
from rescuesim.errors import InputError

__all__ = ["Marginal"]

Shape = Literal["lognormal", "uniform", "exponential"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marginal:
    """The distribution of an intensity at a point.

    Parameters
    ----------
    shape : {'lognormal', 'uniform', 'exponential'}
    first, second : float
        Median and P90 of the lognormal; least and most of the uniform; mean, and nothing, of the exponential.
    share : float
        Chance that there is any at all, 1 if absent; elsewhere the intensity is 0. The places without lie together,
        as the low parts of the same field.

    Examples
    --------
    >>> depth = Marginal.lognormal(median=0.4, p90=1.5, share=0.3)
    >>> depth.from_normal(np.array([0.0, 3.0])).round(2).tolist()
    [0.0, 5.92]
    """

    shape: Shape
    first: float
    second: float = 0.0
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.shape not in get_args(Shape):
            raise InputError(f"marginal {self.shape!r}: expected one of {', '.join(get_args(Shape))}")
        if not 0 <= self.share <= 1:
            raise InputError(f"marginal {self.shape}: share {self.share}, expected a probability from 0 to 1")
        if self.shape == "lognormal":
            Lognormal(median=self.first, p90=self.second)
        elif self.shape == "uniform" and not 0 <= self.first <= self.second < math.inf:
            raise InputError(f"uniform from {self.first} to {self.second}: expected finite, 0 <= least <= most")
        elif self.shape == "exponential" and not 0 <= self.first < math.inf:
            raise InputError(f"exponential with mean {self.first}: expected a finite mean of 0 or more")

    @classmethod
    def lognormal(cls, *, median: float, p90: float, share: float = 1.0) -> Marginal:
        """Return a lognormal distribution by its median and its 90th percentile."""
        return cls(shape="lognormal", first=median, second=p90, share=share)

    @classmethod
    def uniform(cls, *, least: float, most: float, share: float = 1.0) -> Marginal:
        """Return a uniform distribution."""
        return cls(shape="uniform", first=least, second=most, share=share)

    @classmethod
    def exponential(cls, *, mean: float, share: float = 1.0) -> Marginal:
        """Return an exponential distribution."""
        return cls(shape="exponential", first=mean, share=share)

    @property
    def most(self) -> float:
        """Largest value that it can take."""
        return self.second if self.shape == "uniform" else math.inf

    def from_normal(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn standard normal values into values of this distribution, rising with them."""
        if self.share == 1:
            return self._positive(z, ndtr(-z))
        value = np.zeros_like(z)
        if self.share > 0:
            upper = ndtr(-z)  # the chance of a higher value: kept, as 1 - ndtr(z) loses the rare ones
            there = upper < self.share
            beyond = np.maximum(upper[there] / self.share, np.finfo(np.float64).tiny)
            value[there] = self._positive(-ndtri(beyond), beyond)
        return value

    def _positive(self, z: NDArray[np.float64], beyond: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values of the distribution without its share, from normal values and the chance of higher ones."""
        if self.shape == "uniform":
            return self.first + (self.second - self.first) * (1 - beyond)
        if self.shape == "exponential":
            return -self.first * np.log(np.maximum(beyond, np.finfo(np.float64).tiny))
        return Lognormal(median=self.first, p90=self.second).from_normal(z)
