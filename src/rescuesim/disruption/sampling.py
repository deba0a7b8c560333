"""Draws whole disruptions: hazard, damage, grid, repair and messages, each from streams of its own.

The order is that of causes: the hazard breaks roads and feeders, crews mend roads on the roads as they are, and what
hangs on grid and roads (fuel, base stations, fibres, channels) follows from both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from scipy.special import ndtri

from rescuesim._words import Note
from rescuesim.candidates import CandidateSites
from rescuesim.demand import DemandPoints
from rescuesim.disruption.channels import CascadeCounty, CommunicationNetwork, cascade_in, prepare_cascade
from rescuesim.disruption.hazards import Hazard
from rescuesim.disruption.outages import PowerOutage, RoadDamage, RoadOutage, RoadSlowing
from rescuesim.disruption.power import PowerNetwork, power_outages
from rescuesim.disruption.repair import RepairCrew, repair_roads
from rescuesim.disruption.repair.road_options import REPAIR_ORDERS, RepairOrder
from rescuesim.disruption.repair.road_outcome import unmended_outages
from rescuesim.disruption.roads import ExposedRoads, exposed_roads
from rescuesim.disruption.samples import Disruptions
from rescuesim.disruption.streams import Draw, draws
from rescuesim.disruption.timeline import Disruption
from rescuesim.errors import Fault, InputError
from rescuesim.network import RoadNetwork

__all__ = ["RareTail", "joined_outages", "sample_disruptions"]

_COUNT_PEOPLE = ("most_people", "isolated_first", "optimised")
_CHUNK = 4  # samples that a worker takes at a time
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RareTail:
    """More draws from the severest events than they are frequent; their weights make up for it.

    Parameters
    ----------
    probability : float
        Probability of the events that count as rare, the severest of the hazard's severity.
    of_samples : float
        Share of the samples that are drawn among them.

    Examples
    --------
    >>> RareTail(probability=0.05, of_samples=0.5).sizes(200)
    (100, 100)

    References
    ----------
    Cochran, W. G. (1977), Sampling Techniques, ch. 5: stratified sampling, unbiased whatever the shares.
    """

    probability: float = 0.05
    of_samples: float = 0.5

    def __post_init__(self) -> None:
        for name in ("probability", "of_samples"):
            if not 0 < getattr(self, name) < 1:
                raise InputError(f"rare tail: {name} {getattr(self, name)}, expected between 0 and 1")

    def sizes(self, n: int) -> tuple[int, int]:
        """Return how many of n samples are drawn from usual events and how many from rare ones.

        Raises
        ------
        InputError
            If either would be none: its events would be left out.
        """
        rare = round(n * self.of_samples)
        if not 0 < rare < n:
            raise InputError(f"rare tail: {self.of_samples:g} of {n} samples are {rare}; expected some of both kinds")
        return n - rare, rare


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sampler:
    """All that a worker needs to draw any sample."""

    network: RoadNetwork
    hazard: Hazard | None
    exposed: ExposedRoads | None
    given: Disruption | None
    sites: CandidateSites | None
    demand: DemandPoints | None
    crews: tuple[RepairCrew, ...]
    order: RepairOrder
    limit_s: float | None
    power: PowerNetwork | None
    county: CascadeCounty | None
    horizon_s: float
    onset_h: float | None
    seed: int
    n: int
    tail: RareTail | None
    label: str
    notes: set[str] = field(default_factory=set)

    def weight_and_severity(self, sample: int) -> tuple[float, float | None]:
        """Return the probability of a sample and its severity, None where the hazard draws it itself."""
        if self.tail is None or self.hazard is None or self.hazard.severity is None:
            return 1 / self.n, None
        usual, rare = self.tail.sizes(self.n)
        u = draws(Draw.SEVERITY, seed=self.seed, sample=sample).random()
        if sample < usual:
            weight, quantile = (1 - self.tail.probability) / usual, u * (1 - self.tail.probability)
        else:
            weight, quantile = self.tail.probability / rare, 1 - (1 - u) * self.tail.probability
        return weight, float(self.hazard.severity.from_normal(ndtri(quantile)))

    def draw(self, sample: int) -> Disruption:
        """Draw one disruption."""
        weight, severity = self.weight_and_severity(sample)
        given = self.given
        damages, slowings = (
            self.exposed.damages(seed=self.seed, sample=sample, severity=severity) if self.exposed else ((), ())
        )
        roads: tuple[RoadOutage, ...] = given.roads if given else ()
        slow: tuple[RoadSlowing, ...] = (*(given.slowings if given else ()), *slowings)
        if damages and not any(crew.kind in ("road", "bridge") for crew in self.crews):
            roads += unmended_outages(damages)
        elif damages:
            repairs = repair_roads(
                self.network,
                # crews drive on what is given as on what is drawn, and do not mend it
                [*map(_unmended, roads), *damages],
                self.crews,
                horizon_s=self.horizon_s,
                order=self.order,
                demand=self.demand if self.limit_s is not None else None,
                sites=self.sites,
                limit_s=self.limit_s,
                slowings=slow,
                onset_h=self.onset_h,
                seed=self.seed,
                sample=sample,
            )
            self.notes.update(repairs.notes)
            known = {(outage.closure, outage.from_s, outage.until_s) for outage in roads}
            roads += tuple(one for one in repairs.outages if (one.closure, one.from_s, one.until_s) not in known)
        outages = given.power if given else ()
        if self.power is not None and self.hazard is not None:
            drawn = power_outages(self.power, self.hazard, seed=self.seed, sample=sample, severity=severity)
            outages = joined_outages((*outages, *drawn))
        assets, contacts = (given.assets, given.contacts) if given else ((), ())
        if self.county is not None:
            assets, contacts = cascade_in(
                self.county,
                outages=outages,
                roads=roads,
                assets=assets,
                seed=self.seed,
                sample=sample,
                horizon_s=self.horizon_s,
            )
        return Disruption(
            label=f"{self.label} {sample + 1}",
            roads=roads,
            slowings=slow,
            sites=given.sites if given else (),
            channels=given.channels if given else (),
            power=outages,
            assets=assets,
            contacts=contacts,
            probability=weight,
        )

    def some(self, samples: Sequence[int]) -> tuple[list[Disruption], set[str]]:
        """Draw several disruptions; what a worker does."""
        return [self.draw(sample) for sample in samples], self.notes


def _unmended(outage: RoadOutage) -> RoadDamage:
    """Return a given outage as damage that nobody works on and that passes when the outage ends."""
    return RoadDamage(
        closure=outage.closure, at_s=outage.from_s, cause=outage.cause, passes_s=outage.until_s, label=outage.label
    )


def joined_outages(outages: Sequence[PowerOutage]) -> tuple[PowerOutage, ...]:
    """Put overlapping outages of an area into one that ends when the last does; the first says why."""
    made: list[PowerOutage] = []
    for outage in sorted(outages, key=lambda one: (one.area, one.from_s, one.until_s)):
        before = made[-1] if made else None
        if before is None or before.area != outage.area or outage.from_s > before.until_s:
            made.append(outage)
        elif outage.until_s > before.until_s:
            made[-1] = PowerOutage(
                area=before.area,
                from_s=before.from_s,
                until_s=outage.until_s,
                cause=before.cause,
                repaired_by=outage.repaired_by,
            )
    return tuple(made)


def sample_disruptions(
    network: RoadNetwork,
    hazard: Hazard | None,
    n: int,
    *,
    seed: int = 0,
    sites: CandidateSites | None = None,
    demand: DemandPoints | None = None,
    crews: Sequence[RepairCrew] = (),
    order: RepairOrder = "trunk_first",
    limit_s: float | None = None,
    power: PowerNetwork | None = None,
    communication: CommunicationNetwork | None = None,
    given: Disruption | None = None,
    horizon_s: float | None = None,
    onset_h: float | None = None,
    tail: RareTail | None = None,
    exposed: ExposedRoads | None = None,
    label: str = "",
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Disruptions:
    """Draw disruptions of a hazard: what breaks, what follows from it, and when it comes back.

    Parameters
    ----------
    network : RoadNetwork
    hazard : Hazard or None
        None where only `given` outages happen.
    n : int
        Disruptions to draw. Sample k of a seed is the same whatever `n` is, unless there is a `tail`.
    seed : int, optional
    sites : CandidateSites, optional
        Needed by crews that start from sites, and with `communication`.
    demand : DemandPoints, optional
        Needed with `communication` and by orders that count people.
    crews : sequence of RepairCrew, optional
        Who clears roads. Without any, roads stay shut that do not open by themselves.
    order : str, optional
        Policy of the crews; see `repair_roads`.
    limit_s : float, optional
        Limit within which people count as covered, for orders that count people.
    power : PowerNetwork, optional
        Without it the grid does not fail, except as `given`.
    communication : CommunicationNetwork, optional
        With `power`, `sites` and `demand`: dark sites, base stations, and which channel carries what. Without it
        messages go through as on any day.
    given : Disruption, optional
        What happens in every sample besides: an exchange that burns, a feeder that is cut, a bridge that is out.
    horizon_s : float, optional
        Seconds after the onset that are looked at; the hazard's if absent.
    onset_h : float, optional
        Hour of the day of the onset, for crews that do not work at night.
    tail : RareTail, optional
        Draw rare severe events more often, with weights.
    exposed : ExposedRoads, optional
        What `exposed_roads` returned for this network and hazard.
    label : str, optional
        Name of the disruptions, which are numbered; that of the hazard if absent.
    executor : concurrent.futures.Executor, optional
        Draws chunks of samples; the disruptions do not depend on it.
    progress : callable, optional
        Called with the samples drawn and in all.

    Returns
    -------
    Disruptions
        In the order of the samples.

    Raises
    ------
    InputError
        With everything that is wrong with the arguments.

    Examples
    --------
    See docs/disruption.md for a county under a typhoon.
    """
    faults = _faults(hazard, n, seed, sites, demand, power, communication, given, horizon_s, tail, order, limit_s)
    if faults:
        raise InputError(faults)
    ready = exposed if exposed is not None or hazard is None else exposed_roads(network, hazard)
    until_s = horizon_s if horizon_s is not None else hazard.horizon_s if hazard is not None else math.nan
    county = None
    if communication is not None and power is not None and sites is not None and demand is not None:
        county = prepare_cascade(power, communication, sites, demand, network)
    sampler = _Sampler(
        network=network,
        hazard=hazard,
        exposed=ready,
        given=given,
        sites=sites,
        demand=demand,
        crews=tuple(crews),
        order=order,
        limit_s=limit_s,
        power=power,
        county=county,
        horizon_s=float(until_s),
        onset_h=onset_h,
        seed=seed,
        n=n,
        tail=tail,
        label=label or (hazard.name if hazard is not None else given.label if given is not None else ""),
    )
    drawn: list[Disruption] = []
    said: set[str] = set()
    for some, told in _chunks(sampler, executor):
        drawn += some
        said |= told
        if progress is not None:
            progress(len(drawn), n)
    notes: list[str] = [*(ready.notes if ready is not None else ()), *(county.notes if county is not None else ())]
    notes += [note for note in sorted(said) if note not in notes]
    notes += _absent(crews, power, communication)
    return Disruptions(disruptions=tuple(drawn), notes=tuple(dict.fromkeys(notes)))


def _chunks(sampler: _Sampler, executor: Executor | None) -> Iterator[tuple[list[Disruption], set[str]]]:
    """Give the samples in their order, whoever draws them."""
    if executor is None:
        yield from (sampler.some((sample,)) for sample in range(sampler.n))
        return
    parts = [range(start, min(start + _CHUNK, sampler.n)) for start in range(0, sampler.n, _CHUNK)]
    futures: list[Future[tuple[list[Disruption], set[str]]]] = [executor.submit(sampler.some, part) for part in parts]
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


def _absent(
    crews: Sequence[RepairCrew], power: PowerNetwork | None, communication: CommunicationNetwork | None
) -> list[str]:
    notes: list[str] = []
    if not any(crew.kind in ("road", "bridge") for crew in crews):
        notes.append(
            Note(
                "no road crews: roads stay shut that do not open by themselves",
                "未设抢通队伍：不会自行恢复的道路一直中断",
            )
        )
    if power is None:
        en = "no power network: the grid fails only where that is given"
        notes.append(Note(en, "未设供电网：除指定外不停电"))
    if communication is None:
        en = "no communication network: messages go through as on any day"
        notes.append(Note(en, "未设通信网：通信按平日计"))
    return notes


def _faults(
    hazard: Hazard | None,
    n: int,
    seed: int,
    sites: CandidateSites | None,
    demand: DemandPoints | None,
    power: PowerNetwork | None,
    communication: CommunicationNetwork | None,
    given: Disruption | None,
    horizon_s: float | None,
    tail: RareTail | None,
    order: str,
    limit_s: float | None,
) -> list[Fault]:
    faults = []

    def wrong(column: str, value: object, expected: str) -> None:
        faults.append(Fault(column=column, value=str(value), expected=expected))

    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        wrong("n", n, "a whole number of 1 or more")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        wrong("seed", seed, "a whole number of 0 or more")
    if hazard is None and given is None:
        wrong("hazard", None, "a hazard, given outages, or both")
    if hazard is None and horizon_s is None:
        wrong("horizon_s", None, "seconds, where no hazard says them")
    if horizon_s is not None and not 0 < horizon_s < math.inf:
        wrong("horizon_s", horizon_s, "seconds above 0")
    if communication is not None and (power is None or sites is None or demand is None):
        wrong("communication", "given", "power, sites and demand with it")
    if communication is not None and given is not None and given.contacts:
        wrong("given", "contacts", "none with communication, which works them out")
    if given is not None and (sites is not None or demand is not None):
        known = {name for table in (sites, demand) if table is not None for name in table.townships}
        faults += given.unknown_townships(known)
    if order not in REPAIR_ORDERS:
        wrong("order", order, f"one of {', '.join(REPAIR_ORDERS)}")
    elif order in ("most_people", "isolated_first", "optimised") and (
        demand is None or sites is None or limit_s is None
    ):
        wrong("order", order, "demand, sites and limit_s with it")
    elif order == "given":
        wrong("order", order, "a policy; a given list is of one disruption's damages, not of many")
    if tail is not None:
        if hazard is None or hazard.severity is None:
            wrong("tail", tail, "a hazard with a severity to draw from")
        elif isinstance(n, int) and n >= 1:
            try:
                tail.sizes(n)
            except InputError as error:
                wrong("n", n, str(error))
    return faults
