"""Gaussian fields: correlated in space, standard normal at every point, drawn by circulant embedding.

The covariance on a grid is made periodic on a torus at least twice as wide as the grid, where the discrete Fourier
transform diagonalises it; so a draw costs one transform of white noise, and its covariance on the grid is exact
(Dietrich and Newsam). Between the middles of cells the field is interpolated and divided by the standard deviation
that interpolation leaves, so every point has variance 1. With eight cells to a length that lifts the correlation of two
points by 0.04 on average and 0.09 at most for the rough exponential covariance, by 0.02 at most for the others.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from rescuesim.errors import InputError

__all__ = ["Covariance", "FieldGrid", "PointsOnGrid", "correlation", "field_grid"]

Covariance = Literal["exponential", "matern_1_5", "matern_2_5"]
_CELLS_PER_LENGTH = 8
_MOST_CELLS = 1_000_000
_LEAST_PER_LENGTH = 3.0


def correlation(distance_m: NDArray[np.float64], correlation_m: float, covariance: Covariance) -> NDArray[np.float64]:
    """Return the correlation of a field at some distances.

    Parameters
    ----------
    distance_m : ndarray of float64
    correlation_m : float
        Correlation length l.
    covariance : {'exponential', 'matern_1_5', 'matern_2_5'}
        exp(-d/l); (1 + a) exp(-a) with a = sqrt(3) d/l; (1 + b + b²/3) exp(-b) with b = sqrt(5) d/l.

    Returns
    -------
    ndarray of float64
        1 at distance 0, falling to 0.

    Examples
    --------
    >>> correlation(np.array([0.0, 1000.0]), 1000.0, "exponential").round(4).tolist()
    [1.0, 0.3679]
    """
    if covariance == "exponential":
        return np.asarray(np.exp(-distance_m / correlation_m))
    if covariance == "matern_1_5":
        scaled = math.sqrt(3) * distance_m / correlation_m
        return np.asarray((1 + scaled) * np.exp(-scaled))
    scaled = math.sqrt(5) * distance_m / correlation_m
    return np.asarray((1 + scaled + scaled**2 / 3) * np.exp(-scaled))


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsOnGrid:
    """Points with the cells that they are interpolated from.

    Parameters
    ----------
    cell : ndarray of int64, shape (4, n_points)
        Flat indices into the grid.
    weight : ndarray of float64, shape (4, n_points)
        Bilinear, divided by the standard deviation of the sum.
    """

    cell: NDArray[np.int64]
    weight: NDArray[np.float64]

    def of(self, field: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values of a drawn field at the points; standard normal each."""
        flat = field.ravel()
        value: NDArray[np.float64] = flat[self.cell[0]] * self.weight[0]
        for cell, weight in zip(self.cell[1:], self.weight[1:], strict=True):
            value += flat[cell] * weight
        return value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldGrid:
    """A grid with the spectrum of its covariance.

    Parameters
    ----------
    west_m, south_m, cell_m : float
        Middle of the first cell, and the width of a cell.
    shape : tuple of int
        Rows (northwards) and columns that are used.
    torus : tuple of int
        Rows and columns that are drawn.
    amplitude : ndarray of float64, shape (torus rows, torus columns // 2 + 1)
        Square roots of the eigenvalues of the covariance on the torus.
    correlation_m : float
    covariance : str
    """

    west_m: float
    south_m: float
    cell_m: float
    shape: tuple[int, int]
    torus: tuple[int, int]
    amplitude: NDArray[np.float64]
    correlation_m: float
    covariance: Covariance

    def draw(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw a field; float64, shape (rows, columns), standard normal in every cell."""
        rows, columns = self.torus
        # the transform of white noise is drawn itself: the columns that mirror themselves come from a real line each
        noise = rng.standard_normal((2, rows, self.amplitude.shape[1]))
        spectrum = (noise[0] + 1j * noise[1]) * np.sqrt(rows * columns / 2)
        for column in (0, -1) if columns % 2 == 0 else (0,):
            spectrum[:, column] = scipy.fft.fft(noise[0, :, column]) * np.sqrt(columns)
        # back along the columns first: of the rows only those that are used are taken back along themselves
        used = scipy.fft.ifft(self.amplitude * spectrum, axis=0, overwrite_x=True)[: self.shape[0]]
        return np.ascontiguousarray(scipy.fft.irfft(used, n=columns, axis=1)[:, : self.shape[1]])

    def place(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> PointsOnGrid:
        """Find the cells around points, which must lie between the middles of the outer cells.

        Raises
        ------
        InputError
            If a point lies outside.
        """
        column, row = (x_m - self.west_m) / self.cell_m, (y_m - self.south_m) / self.cell_m
        rows, columns = self.shape
        inside = (column >= 0) & (column <= columns - 1) & (row >= 0) & (row <= rows - 1)
        if not inside.all():
            first = int(np.flatnonzero(~inside)[0])
            raise InputError(
                f"{int((~inside).sum())} of {len(x_m)} points lie outside the region of the hazard, the first at "
                f"x {x_m[first]:.0f} m, y {y_m[first]:.0f} m: expected a region that holds them (a wider margin_m)"
            )
        left = np.minimum(column.astype(np.int64), columns - 2)
        below = np.minimum(row.astype(np.int64), rows - 2)
        u, v = column - left, row - below
        weight = np.stack([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v])
        beside, across = correlation(
            np.array([self.cell_m, self.cell_m * math.sqrt(2)]), self.correlation_m, self.covariance
        )
        a, b, c, d = weight
        variance = (weight**2).sum(axis=0) + 2 * beside * (a * b + a * c + d * b + d * c) + 2 * across * (a * d + b * c)
        first_cell = below * columns + left
        cell = np.stack([first_cell, first_cell + 1, first_cell + columns, first_cell + columns + 1])
        return PointsOnGrid(cell=cell, weight=weight / np.sqrt(variance))


@functools.lru_cache(maxsize=8)
def field_grid(
    bounds: tuple[float, float, float, float], correlation_m: float, covariance: Covariance = "exponential"
) -> FieldGrid:
    """Lay a grid over a region and decompose the covariance on it.

    Parameters
    ----------
    bounds : tuple of 4 float
        West, south, east, north in metres.
    correlation_m : float
        Correlation length; there are eight cells to a length, fewer in very wide regions.
    covariance : {'exponential', 'matern_1_5', 'matern_2_5'}

    Returns
    -------
    FieldGrid

    Raises
    ------
    InputError
        If the correlation length is not above 0, or too short for so wide a region.

    References
    ----------
    Dietrich, C. R. and Newsam, G. N. (1997). Fast and exact simulation of stationary Gaussian processes through
    circulant embedding of the covariance matrix. SIAM J. Sci. Comput. 18, doi:10.1137/S1064827592240555.
    """
    west, south, east, north = bounds
    width, height = east - west, north - south
    if covariance not in get_args(Covariance):
        raise InputError(f"covariance {covariance!r}: expected one of {', '.join(get_args(Covariance))}")
    if not 0 < correlation_m < math.inf:
        raise InputError(f"correlation length {correlation_m} m: expected metres above 0")
    finest = math.sqrt(width * height / _MOST_CELLS)
    cell = max(correlation_m / _CELLS_PER_LENGTH, finest)
    if cell > correlation_m / _LEAST_PER_LENGTH:
        raise InputError(
            f"correlation length {correlation_m:g} m: expected {finest * _LEAST_PER_LENGTH:.0f} m or more in a region "
            f"of {width / 1000:.0f} by {height / 1000:.0f} km"
        )
    shape = (max(math.ceil(height / cell), 1) + 1, max(math.ceil(width / cell), 1) + 1)
    torus, eigenvalues = _embedded(shape, cell, correlation_m, covariance)
    return FieldGrid(
        west_m=west,
        south_m=south,
        cell_m=cell,
        shape=shape,
        torus=torus,
        amplitude=np.sqrt(eigenvalues),
        correlation_m=correlation_m,
        covariance=covariance,
    )


def _embedded(
    shape: tuple[int, int], cell_m: float, correlation_m: float, covariance: Covariance
) -> tuple[tuple[int, int], NDArray[np.float64]]:
    """Widen the torus until the covariance on it has no negative eigenvalue, but for rounding."""
    length = correlation_m / cell_m
    for beyond in (0.0, 4.0, 8.0, 16.0, 32.0):
        rows, columns = (
            int(scipy.fft.next_fast_len(max(2 * size, math.ceil(size + beyond * length)), real=True)) for size in shape
        )
        down, along = np.arange(rows), np.arange(columns)
        distance = cell_m * np.hypot(np.minimum(down, rows - down)[:, None], np.minimum(along, columns - along))
        eigenvalues = scipy.fft.rfft2(correlation(distance, correlation_m, covariance)).real
        if eigenvalues.min() >= -1e-7 * eigenvalues.max():
            break
    else:
        raise InputError(f"correlation length {correlation_m:g} m: expected one with a valid embedding in this region")
    kept = np.maximum(eigenvalues, 0.0)
    # the sum over the whole torus is the variance of a cell times its number of cells: 1 again after the clipping
    twice = np.full(kept.shape[1], 2.0)
    twice[0] = 1.0
    if columns % 2 == 0:
        twice[-1] = 1.0
    return (rows, columns), kept * (rows * columns / float((kept * twice).sum()))
