"""Hazard: what happens to the ground, as layers of intensity with their timing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rescuesim.crew import Lognormal
from rescuesim.disruption.hazards.gaussian import Covariance, PointsOnGrid, field_grid
from rescuesim.disruption.hazards.kinds import Timing, intensity_kind
from rescuesim.disruption.hazards.rasters import RasterSource
from rescuesim.disruption.hazards.region import HazardRegion
from rescuesim.disruption.hazards.sources import ConstantSource, FieldSource, PolygonSource, SiteSource
from rescuesim.disruption.streams import Draw, draws
from rescuesim.errors import Fault, InputError

__all__ = ["Hazard", "HazardLayer", "HazardPoints", "HazardSource", "Variation"]

HazardSource: TypeAlias = ConstantSource | FieldSource | PolygonSource | RasterSource | SiteSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """A lognormal factor on a layer, median 1, correlated in space: what a map does not know.

    What it lifts over the largest value of its kind is cut there.

    Parameters
    ----------
    sigma : float
        Standard deviation of its logarithm.
    correlation_m : float
    covariance : {'exponential', 'matern_1_5', 'matern_2_5'}
    """

    sigma: float
    correlation_m: float
    covariance: Covariance = "exponential"

    def __post_init__(self) -> None:
        if not 0 <= self.sigma < math.inf:
            raise InputError(f"variation: sigma {self.sigma}, expected a finite value of 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardLayer:
    """One measure of intensity over the region.

    Parameters
    ----------
    kind : str
        One of `INTENSITY_KINDS`, which also says the unit.
    source : ConstantSource, FieldSource, PolygonSource, RasterSource or SiteSource
    timing : Timing
    variation : Variation or None
        On top of a map; a field needs none.
    name : str
        Names its random stream; of two layers of one kind each needs its own. The kind if empty.
    """

    kind: str
    source: HazardSource
    timing: Timing = field(default_factory=Timing)
    variation: Variation | None = None
    name: str = ""

    def __post_init__(self) -> None:
        kind, most = intensity_kind(self.kind), self.source.most
        if math.isfinite(most) and most > kind.most:
            what = "a probability" if kind.most == 1 else f"{kind.unit}"
            raise InputError(
                [
                    Fault(
                        column=self.kind, value=f"{most:g}", expected=f"{what} from 0 to {kind.most:g} ({kind.meaning})"
                    )
                ]
            )
        if kind.most == 1 and math.isinf(most):
            raise InputError(
                [Fault(column=self.kind, value="no upper end", expected="values from 0 to 1, as Marginal.uniform has")]
            )
        if isinstance(self.source, FieldSource) and self.variation is not None:
            raise InputError(f"{self.label}: a drawn field has its own variation: expected none on top")

    @property
    def label(self) -> str:
        """Name, or kind where it has none."""
        return self.name or self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """A flood, storm or earthquake, before it has touched anything.

    Parameters
    ----------
    name : str
    layers : tuple of HazardLayer
    horizon_s : float
        Seconds after the onset that are looked at.
    region : HazardRegion
        Metres that positions are in, and how far drawn fields reach.
    severity : Lognormal or None
        How far events differ as a whole; a factor as in `IntensityKind`, the same for all layers of a sample. None: all
        are alike. Rare severe events are sampled by giving `severity` and weighing with its distribution.

    Examples
    --------
    >>> from rescuesim.disruption.hazards import FieldSource, Marginal
    >>> region = HazardRegion(crs="EPSG:32650", west_m=0, south_m=0, east_m=20000, north_m=20000)
    >>> depth = FieldSource(marginal=Marginal.lognormal(median=0.2, p90=0.8), correlation_m=3000)
    >>> flood = Hazard(
    ...     name="flood",
    ...     layers=(HazardLayer(kind="flood_depth_m", source=depth),),
    ...     horizon_s=259200,
    ...     region=region,
    ... )
    >>> x, y = np.array([5000.0, 5100.0, 15000.0]), np.array([5000.0, 5000.0, 5000.0])
    >>> flood.intensity_at(x, y, seed=1, sample=0)["flood_depth_m"].shape
    (3,)
    """

    name: str
    layers: tuple[HazardLayer, ...]
    horizon_s: float
    region: HazardRegion
    severity: Lognormal | None = None

    def __post_init__(self) -> None:
        faults = []
        if not self.name or not self.layers:
            faults.append(Fault(column="hazard", value=self.name, expected="a name and at least one layer"))
        if not 0 < self.horizon_s < math.inf:
            faults.append(Fault(column="horizon_s", value=str(self.horizon_s), expected="seconds above 0"))
        labels = [layer.label for layer in self.layers]
        for label in sorted({label for label in labels if labels.count(label) > 1}):
            faults.append(Fault(column="layers", value=label, expected="a name of its own for each layer"))
        for kind in self.kinds:
            if len({layer.timing for layer in self.layers if layer.kind == kind}) > 1:
                faults.append(Fault(column="layers", value=kind, expected="one timing for all layers of a kind"))
        for layer in self.layers:
            if not layer.source.reaches(self.region):
                problem = f"{layer.label}: the layer and the roads do not overlap: expected a layer of the county"
                faults.append(Fault(problem=problem))
            if layer.timing.from_s >= self.horizon_s:
                value = f"{layer.timing.from_s:g}"
                faults.append(Fault(column=f"{layer.label} from_s", value=value, expected="a time before the horizon"))
        if faults:
            raise InputError(faults)
        for layer in self.layers:  # a correlation length that does not fit is told here, not in the thousandth sample
            if isinstance(layer.source, FieldSource):
                field_grid(self.region.bounds, layer.source.correlation_m, layer.source.covariance)
            elif layer.variation is not None:
                field_grid(self.region.bounds, layer.variation.correlation_m, layer.variation.covariance)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed where no data were given."""
        return tuple(note for layer in self.layers for note in layer.source.notes)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of intensity, each once, in the order of the layers."""
        return tuple(dict.fromkeys(layer.kind for layer in self.layers))

    def timing_of(self, kind: str) -> Timing:
        """Return the timing of a kind, which all its layers share."""
        return next(layer.timing for layer in self.layers if layer.kind == kind)

    def severity_in(self, *, seed: int, sample: int) -> float:
        """Return the severity of a sample as it is drawn when none is given."""
        if self.severity is None:
            return 1.0
        return float(self.severity.from_normal(draws(Draw.SEVERITY, seed=seed, sample=sample).standard_normal()))

    def at(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> HazardPoints:
        """Prepare points that are asked in many samples: maps are read and grid cells found once.

        Parameters
        ----------
        x_m, y_m : ndarray of float64, shape (n_points,)
            Metres of the region's system.

        Returns
        -------
        HazardPoints

        Raises
        ------
        InputError
            If a position is not finite, or lies outside the region of a drawn field.
        """
        x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise InputError("hazard positions: expected finite metres, found NaN or infinity")
        base: list[NDArray[np.float64] | None] = []
        placed: list[PointsOnGrid | None] = []
        for layer in self.layers:
            source = layer.source
            if isinstance(source, FieldSource):
                base.append(None)
                placed.append(field_grid(self.region.bounds, source.correlation_m, source.covariance).place(x, y))
                continue
            base.append(source.at(x, y, self.region))
            extra = layer.variation
            grid = None if extra is None else field_grid(self.region.bounds, extra.correlation_m, extra.covariance)
            placed.append(None if grid is None else grid.place(x, y))
        return HazardPoints(hazard=self, n_points=len(x), base=tuple(base), placed=tuple(placed))

    def intensity_at(
        self,
        x_m: NDArray[np.float64],
        y_m: NDArray[np.float64],
        *,
        seed: int,
        sample: int,
        severity: float | None = None,
    ) -> Mapping[str, NDArray[np.float64]]:
        """Return the peak intensities at points in one sample.

        Whoever asks, for whatever points: one sample has one field.

        Parameters
        ----------
        x_m, y_m : ndarray of float64, shape (n_points,)
            Metres of the region's system.
        seed, sample : int
        severity : float, optional
            Of this sample, instead of the drawn one; above 0.

        Returns
        -------
        dict of str to ndarray of float64, shape (n_points,)
            By kind; of several layers of a kind the highest.

        Raises
        ------
        InputError
            If a position is not finite, or lies outside the region of a drawn field.
        """
        return self.at(x_m, y_m).intensity(seed=seed, sample=sample, severity=severity)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HazardPoints:
    """Points that are ready to be asked for any sample; see `Hazard.at`."""

    hazard: Hazard
    n_points: int
    base: tuple[NDArray[np.float64] | None, ...]
    placed: tuple[PointsOnGrid | None, ...]

    def intensity(self, *, seed: int, sample: int, severity: float | None = None) -> dict[str, NDArray[np.float64]]:
        """Return the peak intensities by kind, as `Hazard.intensity_at`."""
        scale = self.hazard.severity_in(seed=seed, sample=sample) if severity is None else float(severity)
        if not 0 < scale < math.inf:
            raise InputError(f"severity {scale}: expected a finite factor above 0")
        found: dict[str, NDArray[np.float64]] = {}
        for layer, base, placed in zip(self.hazard.layers, self.base, self.placed, strict=True):
            kind = intensity_kind(layer.kind)
            value = base
            if placed is not None:
                source = layer.source
                spec = source if isinstance(source, FieldSource) else layer.variation
                if spec is None:  # pragma: no cover - points are placed for a field or a variation only
                    continue
                grid = field_grid(self.hazard.region.bounds, spec.correlation_m, spec.covariance)
                z = placed.of(grid.draw(draws(Draw.FIELD, seed=seed, sample=sample, of=layer.label)))
                if isinstance(spec, FieldSource):
                    value = spec.marginal.from_normal(z)
                elif base is not None:
                    value = base * np.exp(spec.sigma * z)
            if value is None:  # pragma: no cover - a layer has a map or a field
                continue
            value = np.minimum(kind.severe(np.minimum(value, kind.most), scale), kind.most)
            found[layer.kind] = np.maximum(found[layer.kind], value) if layer.kind in found else value
        return found
