"""Fields have the covariance and marginals of theory; closures come as often as the curves say, and together."""

from __future__ import annotations

import numpy as np
import pytest
from oracles_disruption_fields import (
    both_below,
    covariance_by_definition,
    falls_within_binomial,
    lognormal_chance,
    slide_state_chance,
)
from scipy.stats import kstest, lognorm, norm

from rescuesim._defaults import default
from rescuesim.disruption import (
    ConstantSource,
    FieldSource,
    Hazard,
    HazardLayer,
    HazardRegion,
    Marginal,
    exposed_roads,
)
from rescuesim.disruption.hazards.gaussian import Covariance, correlation, field_grid
from rescuesim.network import RoadNetwork

N = 10_000
POINTS = np.array([[500.0, 500], [620, 500], [1500, 700], [2600, 3300], [4800, 4900], [4100, 4700]]).T


@pytest.mark.parametrize(("name", "nu"), [("exponential", 0.5), ("matern_1_5", 1.5), ("matern_2_5", 2.5)])
def test_the_closed_forms_are_the_matern_family(name: Covariance, nu: float) -> None:
    x, y = POINTS
    expected = covariance_by_definition(x, y, 1300.0, nu)
    assert correlation(np.hypot(x[:, None] - x, y[:, None] - y), 1300.0, name) == pytest.approx(expected)


@pytest.mark.parametrize(("name", "nu"), [("exponential", 0.5), ("matern_1_5", 1.5), ("matern_2_5", 2.5)])
@pytest.mark.parametrize("length_m", [1000.0, 40_000.0])
def test_drawn_fields_have_the_covariance_of_theory(name: Covariance, nu: float, length_m: float) -> None:
    grid = field_grid((0.0, 0.0, 5000.0, 5500.0), length_m, name)
    placed, rng = grid.place(*POINTS), np.random.default_rng(7)
    z = np.array([placed.of(grid.draw(rng)) for _ in range(800)])
    expected = covariance_by_definition(*POINTS, length_m, nu)
    # a sample covariance has a standard error of sqrt((1 + rho^2) / n); interpolation inside a cell adds up to 0.04
    bound = 4.5 * np.sqrt((1 + expected**2) / len(z)) + 0.04
    assert (np.abs(z.T @ z / len(z) - expected) < bound).all()
    assert np.abs(z.var(axis=0) - 1).max() < 4.5 * np.sqrt(2 / len(z))


def test_the_covariance_on_the_grid_is_exact() -> None:
    grid = field_grid((0.0, 0.0, 4000.0, 3000.0), 1000.0)
    rows, columns = grid.torus
    spectrum = grid.amplitude**2
    implied = np.fft.irfft2(spectrum, s=(rows, columns))[: grid.shape[0], : grid.shape[1]]
    down, along = np.arange(grid.shape[0]) * grid.cell_m, np.arange(grid.shape[1]) * grid.cell_m
    assert implied == pytest.approx(np.exp(-np.hypot(down[:, None], along) / 1000.0), abs=1e-6)


@pytest.mark.parametrize(("name", "most"), [("exponential", 0.09), ("matern_1_5", 0.02), ("matern_2_5", 0.02)])
def test_interpolation_lifts_the_correlation_no_more_than_is_said(name: Covariance, most: float) -> None:
    grid, rng = field_grid((0.0, 0.0, 12_000.0, 12_000.0), 3000.0, name), np.random.default_rng(1)
    x, y = rng.uniform(0, 12_000, (2, 300))
    placed = grid.place(x, y)
    row, column = np.divmod(placed.cell, grid.shape[1])
    implied = np.zeros((len(x), len(x)))
    for one in range(4):
        for other in range(4):
            away = np.hypot(row[one][:, None] - row[other], column[one][:, None] - column[other]) * grid.cell_m
            implied += np.outer(placed.weight[one], placed.weight[other]) * correlation(away, 3000.0, name)
    lifted = implied - correlation(np.hypot(x[:, None] - x, y[:, None] - y), 3000.0, name)
    assert np.diag(implied) == pytest.approx(1)
    assert lifted.min() > -0.01
    assert lifted.max() < most


@pytest.mark.parametrize(
    ("marginal", "cdf"),
    [
        (Marginal.lognormal(median=0.4, p90=1.5), lognorm(np.log(1.5 / 0.4) / norm.ppf(0.9), scale=0.4).cdf),
        (Marginal.uniform(least=0.1, most=0.9), lambda v: np.clip((v - 0.1) / 0.8, 0, 1)),
        (Marginal.exponential(mean=2.0), lambda v: 1 - np.exp(-v / 2)),
    ],
)
def test_every_point_has_exactly_the_wanted_distribution(marginal: Marginal, cdf: object) -> None:
    z = np.random.default_rng(5).standard_normal(N)
    assert kstest(marginal.from_normal(z), cdf).pvalue > 1e-3
    order = np.argsort(z)
    assert (np.diff(marginal.from_normal(z)[order]) >= 0).all()


def test_a_share_is_dry_and_the_rest_keeps_its_distribution() -> None:
    z = np.random.default_rng(5).standard_normal(N)
    value = Marginal.lognormal(median=0.4, p90=1.5, share=0.3).from_normal(z)
    assert falls_within_binomial(int((value > 0).sum()), N, 0.3, alpha=1e-4)
    wet = lognorm(np.log(1.5 / 0.4) / norm.ppf(0.9), scale=0.4)
    assert kstest(value[value > 0], wet.cdf).pvalue > 1e-3


def test_a_field_of_depths_has_its_marginal_where_roads_ask() -> None:
    region = HazardRegion(crs="EPSG:32650", west_m=0, south_m=0, east_m=6000, north_m=6000)
    source = FieldSource(marginal=Marginal.lognormal(median=0.4, p90=1.5), correlation_m=3000)
    layer = HazardLayer(kind="flood_depth_m", source=source)
    points = Hazard(name="flood", layers=(layer,), horizon_s=1, region=region).at(*POINTS)
    depth = np.array([points.intensity(seed=3, sample=sample)["flood_depth_m"] for sample in range(1000)])
    wanted = lognorm(np.log(1.5 / 0.4) / norm.ppf(0.9), scale=0.4)
    assert min(kstest(column, wanted.cdf).pvalue for column in depth.T) > 1e-4


@pytest.mark.slow
def test_closures_come_as_often_as_the_curves_say_and_neighbours_fail_together(town: RoadNetwork) -> None:
    layers = (
        HazardLayer(kind="sa1_g", source=ConstantSource(value=0.4)),
        HazardLayer(kind="landslide_susceptibility", source=ConstantSource(value=0.8)),
    )
    region = HazardRegion.around(town, margin_m=100)
    quake = Hazard(name="quake and rain", layers=layers, horizon_s=1, region=region)
    ready = exposed_roads(town, quake, correlation_m=4000)
    levels = ("passable", "one_lane", "on_foot", "closed")
    bridges = np.zeros(4, dtype=int)
    section = np.flatnonzero(ready.elements.is_kind("section"))
    slides = {"one_lane": np.zeros(len(section), dtype=int), "closed": np.zeros(len(section), dtype=int)}
    came = np.zeros((N, len(section)), dtype=bool)
    for sample in range(N):
        for damage in ready.damages(seed=11, sample=sample)[0]:
            if damage.cause == "shaking":
                bridges[: levels.index(damage.closure.level) + 1] += 1
                continue
            middle = (damage.closure.from_m + damage.closure.to_m) / 2
            on = np.flatnonzero(
                (ready.elements.road[section] == damage.closure.road) & (ready.elements.from_m[section] <= middle)
            )[-1]
            slides[damage.closure.level][on] += 1
            came[sample, on] = True
    n_bridges = int(ready.elements.is_kind("bridge").sum())
    assert n_bridges == 1
    alpha = 1e-3 / (4 + 2 * len(section))  # one chance in a thousand over all that is looked at
    for count, median in zip(bridges.tolist(), (0.25, 0.35, 0.45, 0.70), strict=True):
        assert falls_within_binomial(count, N, lognormal_chance(0.4, median, 0.6), alpha=alpha)
    low_speed = [slide_state_chance(300, 3000, median, 1.5) for median in (50, 300)]
    chance = ready.chances(ready.points.intensity(seed=11, sample=0))["slide"][0][section]
    spanned = np.isin(ready.elements.road[section], town.road[town.bridge])
    on_500_m = 0.8 * default("fragility.slide_chance").number
    assert chance[~spanned] == pytest.approx(1 - (1 - on_500_m) ** (ready.elements.length_m[section][~spanned] / 500))
    for at, p in enumerate(chance.tolist()):
        limited, serious = slides["one_lane"][at] + slides["closed"][at], slides["closed"][at]
        assert falls_within_binomial(int(limited), N, p * low_speed[0], alpha=alpha)
        assert falls_within_binomial(int(serious), N, p * low_speed[1], alpha=alpha)
    # together: the states of two sections are independent given that both slide, which the field alone decides
    x, y = ready.elements.x_m[section], ready.elements.y_m[section]
    u = np.array([ready.uniform("slide", seed=11, sample=sample)[section] for sample in range(1500)])
    rho = np.exp(-np.hypot(x[:, None] - x, y[:, None] - y) / 4000)
    for one in range(len(section)):
        for other in range(one):
            both = float(((u[:, one] < 0.1) & (u[:, other] < 0.1)).mean())
            expected = both_below(0.1, 0.1, float(rho[one, other]))
            slack = both_below(0.1, 0.1, min(float(rho[one, other]) + 0.04, 0.9999)) - expected  # inside a cell
            assert abs(both - expected) < 4.5 * np.sqrt(expected * (1 - expected) / 1500) + slack
    apart = int(np.argmin(rho[0]))

    def excess(other: int) -> float:
        """How much more often both fail than independent sections would."""
        return float((came[:, 0] & came[:, other]).mean() - came[:, 0].mean() * came[:, other].mean())

    assert excess(int(np.argsort(rho[0])[-2])) > 2 * excess(apart) > 0
