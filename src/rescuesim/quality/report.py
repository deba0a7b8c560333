"""QualityReport: what became of every point, and what is suspect about the table as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from rescuesim._defaults import default
from rescuesim._words import Lang, Note, in_language
from rescuesim.candidates import CandidateSites
from rescuesim.demand import CensusTotals, DemandPoints
from rescuesim.errors import Fault, InputError
from rescuesim.network import RoadNetwork
from rescuesim.network.coordinates.crs import unproject
from rescuesim.quality.findings import Finding, TownshipRoads, census_findings, density_findings, township_roads
from rescuesim.quality.offsets import OffsetSuspicion, detect_offset
from rescuesim.quality.reasons import REASON_CODES, REASON_WORDS, check_boundary, reason_flags
from rescuesim.quality.snap import in_network_area, nearest_roads, place_faults

__all__ = ["QualityReport", "quality_report"]

_EXAMPLES = 3  # points that the summary names for each reason


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """What became of every point; prints as a short text.

    Parameters
    ----------
    ids, names, townships : tuple of str, length n_points
    lon, lat : ndarray of float64, shape (n_points,)
        WGS84 degrees.
    rows : tuple of int, length n_points
        Rows in the source; empty if it has none.
    source : str
        File or table that messages name.
    flags : ndarray of bool, shape (n_points, n_codes)
        Which of `REASON_CODES` hold, in that order; ``ok`` where no other does.
    access_m : ndarray of float64, shape (n_points,)
        Straight distance to the nearest road that the network keeps, however far it is.
    road : ndarray of int64, shape (n_points,)
        That road.
    road_name : ndarray of str, shape (n_points,)
        Empty where it has none.
    road_lon, road_lat : ndarray of float64, shape (n_points,)
        Where the access leg meets it.
    suspicion : OffsetSuspicion or None
        Another coordinate system that fits the roads far better.
    findings : tuple of Finding
        What is suspect about the table as a whole, the suspicion first.
    township_roads : TownshipRoads
        Roads around the points of each township.
    refused : tuple of Fault
        The points that a scenario cannot take.
    notes : tuple of str
        The limits that were used.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    townships: tuple[str, ...]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    rows: tuple[int, ...]
    source: str
    flags: NDArray[np.bool_]
    access_m: NDArray[np.float64]
    road: NDArray[np.int64]
    road_name: NDArray[np.str_]
    road_lon: NDArray[np.float64]
    road_lat: NDArray[np.float64]
    suspicion: OffsetSuspicion | None
    findings: tuple[Finding, ...]
    township_roads: TownshipRoads
    refused: tuple[Fault, ...]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The one primary reason of each point: the first of `REASON_CODES` that holds."""
        return tuple(np.array(REASON_CODES, dtype=object)[self.flags.argmax(axis=1)])

    @property
    def counts(self) -> dict[str, int]:
        """How many points have each primary reason; they add up to all points."""
        primary = np.bincount(self.flags.argmax(axis=1), minlength=len(REASON_CODES))
        return {code: int(count) for code, count in zip(REASON_CODES, primary, strict=True)}

    @property
    def counts_all(self) -> dict[str, int]:
        """How many points each reason holds for; a point may have several."""
        return {code: int(count) for code, count in zip(REASON_CODES, self.flags.sum(axis=0), strict=True)}

    def faults(self) -> list[Fault]:
        """Return what a scenario must refuse: points outside the network's area or without a road in range."""
        return list(self.refused)

    def warnings(self) -> tuple[Note, ...]:
        """Return the findings on the table as a whole, in words; none of them stops a scenario."""
        return tuple(finding.note for finding in self.findings)

    def to_frame(self, *, lang: Lang = "en") -> pd.DataFrame:
        """Return a table with one row a point.

        Returns
        -------
        DataFrame
            Columns ``id, name, township, lon, lat, row, reason, reasons, remark, access_m, road_name``: the primary
            reason, all that hold (with semicolons between), and all of them in words. ``row`` is absent where the
            source has none.
        """
        codes, words = self._joined(lang)
        frame = pd.DataFrame(
            {
                "id": self.ids,
                "name": self.names,
                "township": self.townships,
                "lon": self.lon,
                "lat": self.lat,
                "reason": self.reasons,
                "reasons": codes,
                "remark": words,
                "access_m": self.access_m.round(1),
                "road_name": self.road_name,
            }
        )
        if self.rows:
            frame.insert(5, "row", self.rows)
        return frame

    def _joined(self, lang: Lang) -> tuple[list[str], list[str]]:
        """Join the codes and the words of all reasons of each point; done once a combination."""
        combinations, which = np.unique(self.flags, axis=0, return_inverse=True)
        held = [[code for code, has in zip(REASON_CODES, row, strict=True) if has] for row in combinations]
        comma = "；" if lang == "zh" else "; "
        codes = [";".join(names) for names in held]
        words = [comma.join(in_language(REASON_WORDS[name], lang) for name in names) for names in held]
        return [codes[at] for at in which.ravel()], [words[at] for at in which.ravel()]

    def summary(self, *, lang: Lang = "en") -> str:
        """Say what was found, in a few lines.

        Parameters
        ----------
        lang : {'en', 'zh'}, optional

        Returns
        -------
        str
            The findings on the whole first, then a line for each reason with the first points that it holds for.
        """
        zh, n, ok = lang == "zh", len(self), self.counts["ok"]
        half, most = (float(q) for q in np.quantile(self.access_m, [0.5, 0.9])) if n else (0.0, 0.0)
        lines = [
            f"{self.source}：{n} 个点，其中 {ok} 个正常；到最近道路的距离中位数 {half:.0f} m，90% 在 {most:.0f} m 以内"
            if zh
            else f"{self.source}: {_points(n)}, {ok} with nothing to remark; to the nearest road {half:.0f} m in the "
            f"median, {most:.0f} m for 90 %"
        ]
        lines += [f"{'警告：' if zh else 'warning: '}{in_language(note, lang)}" for note in self.warnings()]
        refused = ("outside_network", "no_road_in_range")
        for at, code in enumerate(REASON_CODES[:-1]):
            held = np.flatnonzero(self.flags[:, at])
            if not len(held):
                continue
            some = ("、" if zh else ", ").join(self._called(int(point)) for point in held[:_EXAMPLES])
            more = ("等" if zh else " and others") if len(held) > _EXAMPLES else ""
            kind = ("错误" if zh else "error") if code in refused else ("提示" if zh else "remark")
            words = in_language(REASON_WORDS[code], lang)
            lines.append(
                f"{kind}：{words}（{code}）{len(held)} 个点：{some}{more}"
                if zh
                else f"{kind}: {words} ({code}), {_points(len(held))}: {some}{more}"
            )
        return "\n".join([*lines, *(in_language(note, lang) for note in self.notes)])

    def in_language(self, lang: Lang) -> str:
        """Return the summary in a language."""
        return self.summary(lang=lang)

    def __str__(self) -> str:
        return self.summary()

    def _called(self, point: int) -> str:
        name, id_ = self.names[point], self.ids[point]
        return id_ if name in ("", id_) else f"{id_} {name}"

    def write_csv(self, path: Path | str, *, lang: Lang = "en") -> Path:
        """Write the table of points as CSV in UTF-8 with a mark, which spreadsheets read.

        Returns
        -------
        Path
        """
        from rescuesim.quality.layers import replaced

        with replaced(Path(path)) as part:
            self.to_frame(lang=lang).to_csv(part, index=False, encoding="utf-8-sig")
        return Path(path)

    def write_layer(self, path: Path | str, *, lang: Lang = "en", style: bool = True) -> Path:
        """Write a GeoPackage for QGIS: the points with their reasons, and their access legs.

        Parameters
        ----------
        path : path
            Ends in ``.gpkg``; a file that is there is replaced.
        lang : {'en', 'zh'}, optional
            Language of the remarks and of the legend.
        style : bool, optional
            Whether the file carries a default style: points coloured by reason, legs as thin lines.

        Returns
        -------
        Path
        """
        from rescuesim.quality.layers import write_quality_layer

        return write_quality_layer(self, Path(path), lang=lang, style=style)


def _points(n: int) -> str:
    return f"{n} point" if n == 1 else f"{n} points"


def quality_report(
    network: RoadNetwork,
    points: DemandPoints | CandidateSites,
    *,
    boundary: shapely.Geometry | None = None,
    census: CensusTotals | Mapping[str, float] | pd.DataFrame | None = None,
    declared_crs: str = "wgs84",
    snap_limit_m: float | None = None,
) -> QualityReport:
    """Look at every point and at the table as a whole, against the roads, a boundary and the census.

    Parameters
    ----------
    network : RoadNetwork
    points : DemandPoints or CandidateSites
        With positions.
    boundary : Polygon or MultiPolygon in WGS84 degrees, optional
        Of the county; sites whose host is a neighbour county may lie outside it.
    census : CensusTotals, mapping of str to float, or DataFrame, optional
        People by township (or one entry: the people of the county), for demand points; a table has the columns
        ``township`` or ``county`` and ``people``. Within ``census.tolerance`` nothing is remarked.
    declared_crs : str, optional
        The system that the points were declared in, for the check against the roads.
    snap_limit_m : float, optional
        As in `snap_points`.

    Returns
    -------
    QualityReport

    Raises
    ------
    InputError
        If the points have no positions, or the boundary or the census is none.

    Examples
    --------
    >>> from rescuesim.demand import load_demand
    >>> quality_report(network, load_demand("villages.csv", crs="gcj02"), declared_crs="gcj02")  # doctest: +SKIP
    """
    if points.lon is None or points.lat is None:
        raise InputError(f"{points.source}: expected points with positions")
    if census is not None and not isinstance(points, DemandPoints):
        raise InputError(f"{points.source}: a census goes with demand points; sites have no people")
    if boundary is not None:
        check_boundary(boundary)
    limit_m = default("access.snap_limit_m").number if snap_limit_m is None else snap_limit_m
    nearest = nearest_roads(network, points.lon, points.lat)
    refused = place_faults(network, points, snap_limit_m=limit_m, nearest=nearest)
    suspicion = detect_offset(network, points.lon, points.lat, declared_crs=declared_crs)
    inside = in_network_area(network, points.lon, points.lat, margin_m=limit_m)
    roads = township_roads(network, points, inside=inside)
    findings = [] if suspicion is None else [Finding(code="crs_suspected", note=suspicion.note)]
    if census is not None and isinstance(points, DemandPoints):
        findings += census_findings(points, census)
    findings += density_findings(roads)
    road_lon, road_lat = unproject(nearest.x_m, nearest.y_m, network.crs)
    far_m = default("quality.far_from_road_m").number
    return QualityReport(
        ids=points.ids,
        names=points.names,
        townships=points.townships,
        lon=points.lon,
        lat=points.lat,
        rows=points.rows,
        source=points.source,
        flags=reason_flags(network, points, nearest, boundary=boundary, snap_limit_m=limit_m),
        access_m=nearest.access_m,
        road=nearest.road,
        road_name=network.road_name[nearest.road],
        road_lon=road_lon,
        road_lat=road_lat,
        suspicion=suspicion,
        findings=tuple(findings),
        township_roads=roads,
        refused=tuple(refused),
        notes=(
            Note(
                f"no road in range: farther than {limit_m:.0f} m; far from any road: farther than {far_m:.0f} m",
                f"“附近没有可到达的道路”指超过 {limit_m:.0f} m，“离道路较远”指超过 {far_m:.0f} m",
            ),
        ),
    )
