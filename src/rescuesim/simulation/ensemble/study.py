"""Study: plans, disruptions and replications, cut into chunks that are known by the content of all they depend on."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from rescuesim.demand import DemandPoints
from rescuesim.disruption import Disruption, Disruptions
from rescuesim.errors import Fault, InputError, nearest_name
from rescuesim.network import RoadNetwork
from rescuesim.plan import Plan
from rescuesim.simulation.asked import Asked
from rescuesim.simulation.calls import CallLog, CallModel
from rescuesim.simulation.checks.gathered import Gathered
from rescuesim.simulation.checks.given import calling_rows, expected_calls
from rescuesim.simulation.ensemble.content import content_hash, program_hash
from rescuesim.simulation.ensemble.parts import TABLES, part_bytes
from rescuesim.simulation.roads import Journeys
from rescuesim.simulation.run import simulate
from rescuesim.standard import ResponseStandard

__all__ = ["Chunk", "Digests", "Study", "blocks", "check_study", "usual_block"]

_CALLS_A_PART = 20_000  # some seconds of work: little is lost with what is not finished, and files stay few
_REPLICATION_AS_CALLS = 200  # what starting a replication costs, in calls
_DISRUPTION_AS_CALLS = 4_000  # what the travel times of a disruption of its own cost, in calls
_OWN = ("plan", "network", "demand", "standard", "calls", "disruptions", "replications", "horizon_s", "seed")
_LEFT = (
    *_OWN,
    "warm_up_s",
    "journeys",
    "executor",
    "progress",
)  # of the arguments of `simulate`, those that are no options here


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some replications of a plan under a set of disruptions: one part of each table.

    Parameters
    ----------
    plan, disruption : str
        Names in the study.
    replications : range
    key : str
        Content hash of all that its tables depend on.
    """

    plan: str
    disruption: str
    replications: range
    key: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Digests:
    """Content hashes of what a study is made of; ``calls`` has one for each replication, or one for all."""

    plans: dict[str, str]
    disruptions: dict[str, tuple[str, ...]]
    shared: dict[str, str]
    calls: tuple[str, ...]
    options: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """All that is needed to play any chunk, and nothing that cannot be sent to a worker.

    Parameters
    ----------
    plans : dict of str to Plan
    disruptions : dict of str to tuple of Disruption
        Empty for normal days.
    network, demand, standard : artefacts
    calls : CallModel, CallLog or tuple of CallLog
    journeys : dict of str to Journeys
        By plan.
    replications : int
    horizon_s : float
    seed : int
    options : dict of str to object
        Of `simulate`.
    block : int
        Replications in a part at most.
    digests : Digests
    program : str
        `program_hash`.
    notes : tuple of str
        What is odd and is simulated all the same.
    """

    plans: dict[str, Plan]
    disruptions: dict[str, tuple[Disruption, ...]]
    network: RoadNetwork
    demand: DemandPoints
    standard: ResponseStandard
    calls: CallModel | CallLog | tuple[CallLog, ...]
    journeys: dict[str, Journeys]
    replications: int
    horizon_s: float
    seed: int
    options: dict[str, Any]
    block: int
    digests: Digests
    program: str
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        plans: Mapping[str, Plan],
        *,
        network: RoadNetwork,
        demand: DemandPoints,
        standard: ResponseStandard,
        calls: CallModel | CallLog | Sequence[CallLog] | None,
        disruptions: Mapping[str, Disruption | Disruptions | Sequence[Disruption] | None],
        replications: int,
        horizon_s: float,
        seed: int,
        block: int | None,
        options: Mapping[str, Any],
    ) -> Study:
        """Check the parts of a study, hash them, and place every plan on the roads.

        Raises
        ------
        InputError
            With all that is wrong.
        """
        check_study(plans, disruptions, replications, seed, block, options)
        if not (isinstance(horizon_s, Real) and math.isfinite(horizon_s) and horizon_s > 0):
            raise InputError(f"horizon_s {horizon_s}: expected finite seconds above 0")
        sets = {name: _as_tuple(some) for name, some in disruptions.items()}
        model: Any = CallModel() if calls is None else calls if isinstance(calls, CallModel | CallLog) else tuple(calls)
        logs = (model,) if isinstance(model, CallLog) else model
        given = {"network": network, "demand": demand, "standard": standard, "calls": model}
        counts = {"replications": int(replications), "horizon_s": horizon_s, "seed": seed}
        asked = checked_plans(plans, sets, options, **given, **counts)
        rows = np.asarray(calling_rows(logs, demand, options.get("evacuation", ())))
        snap, moving = options.get("snap_limit_m"), options.get("move_up") is not None
        digests = Digests(
            plans={name: content_hash(plan) for name, plan in plans.items()},
            disruptions={name: tuple(content_hash(one) for one in some) for name, some in sets.items()},
            shared={
                "network": content_hash(network),
                "demand": content_hash(demand),
                "standard": content_hash(standard),
            },
            calls=tuple(content_hash(log) for log in model) if isinstance(model, tuple) else (content_hash(model),),
            options={name: content_hash(value) for name, value in sorted(options.items())},
        )
        return cls(
            plans=dict(plans),
            disruptions=sets,
            network=network,
            demand=demand,
            standard=standard,
            calls=model,
            journeys={
                name: asked[name].journeys(
                    Journeys.on(network, plan, demand, rows, snap_limit_m=snap, between_sites=moving), snap_limit_m=snap
                )
                for name, plan in plans.items()
            },
            replications=int(replications),
            horizon_s=float(horizon_s),
            seed=int(seed),
            options=dict(options),
            notes=tuple(dict.fromkeys(note for one in asked.values() for note in one.notes)),
            block=usual_block(expected_calls(logs, demand, horizon_s)) if block is None else int(block),
            digests=digests,
            program=program_hash(),
        )

    @property
    def key(self) -> str:
        """Tells this study from any other."""
        made = self.digests
        about = (made.plans, made.disruptions, made.shared, made.calls, made.options)
        return content_hash(self.program, *about, self.horizon_s, self.seed, self.replications, self.block)

    def chunks(self) -> list[Chunk]:
        """Return all chunks: the first replications of every plan and disruption come first, so that faults show early.

        The chunks do not depend on who plays them, nor on how many replications follow.
        """
        made: list[tuple[int, Chunk]] = []
        for plan in self.plans:
            for name, some in self.disruptions.items():
                size = self.block if len(some) < 2 else max(1, self._block_of_many())
                each = blocks(self.replications, n_disruptions=max(1, len(some)), size=size)
                made += [(place, self._chunk(plan, name, numbers)) for place, numbers in enumerate(each)]
        return [chunk for _, chunk in sorted(made, key=lambda one: one[0])]

    def _block_of_many(self) -> int:
        """Replications in a part where every one has a disruption of its own, which costs more than its calls."""
        each = _CALLS_A_PART / self.block
        return min(self.block, math.ceil(_CALLS_A_PART / (each + _DISRUPTION_AS_CALLS)))

    def _chunk(self, plan: str, disruption: str, numbers: range) -> Chunk:
        made = self.digests
        met = made.disruptions[disruption]
        logs = made.calls if len(made.calls) == 1 else tuple(made.calls[number] for number in numbers)
        key = content_hash(
            self.program,
            made.plans[plan],
            made.shared,
            logs,
            [met[number % len(met)] for number in numbers] if met else None,
            made.options,
            self.horizon_s,
            self.seed,
            numbers,
        )
        return Chunk(plan=plan, disruption=disruption, replications=numbers, key=key)

    def play(self, chunk: Chunk) -> dict[str, bytes]:
        """Simulate the replications of a chunk and return its parts by table."""
        calls = self.calls
        result = simulate(
            self.plans[chunk.plan],
            network=self.network,
            demand=self.demand,
            standard=self.standard,
            calls=tuple(calls[number] for number in chunk.replications) if isinstance(calls, tuple) else calls,
            disruptions=self.disruptions[chunk.disruption] or None,
            replications=chunk.replications,
            horizon_s=self.horizon_s,
            seed=self.seed,
            journeys=self.journeys[chunk.plan],
            **self.options,
        )
        frames = {name: getattr(result, name, None) for name in TABLES}
        found = {name: frame for name, frame in frames.items() if frame is not None}
        return {name: part_bytes(frame, table=name, key=chunk.key, tables=list(found)) for name, frame in found.items()}


def checked_plans(
    plans: Mapping[str, Plan], sets: Mapping[str, tuple[Disruption, ...]], options: Mapping[str, Any], **given: Any
) -> dict[str, Asked]:
    """Check every plan under every set of disruptions as `simulate` does, before anything is played.

    Raises
    ------
    InputError
        With the faults of all; those of a single plan name it.
    """
    every = tuple(disruption for some in sets.values() for disruption in some)
    sites = {site.id for plan in plans.values() for site in plan.sites}
    defaults = {name: one.default for name, one in inspect.signature(simulate).parameters.items() if name not in _LEFT}
    wanted = {**defaults, **options}
    wanted.pop("snap_limit_m")
    known = wanted.pop("known_sites")
    asked, faults, of_plan = {}, Gathered(), {}
    for name, plan in plans.items():
        mine = Gathered()
        # without known sites those of the other plans are no slip, and what is in none of them may be a candidate
        elsewhere = frozenset(sites - {site.id for site in plan.sites})
        made = mine.of(
            lambda plan=plan, elsewhere=elsewhere: Asked.of(  # type: ignore[misc]
                plan, disruptions=every or None, known_sites=known, sites_elsewhere=elsewhere, **wanted, **given
            )
        )
        of_plan[name] = mine.found
        if made is not None:
            asked[name] = made
    common = [fault for fault in next(iter(of_plan.values())) if all(fault in found for found in of_plan.values())]
    faults.add(common)
    for name, found in of_plan.items():
        own = (fault for fault in found if fault not in common)
        faults.add(Fault(problem=str(fault) if name in str(fault) else f"plan {name!r}: {fault}") for fault in own)
    faults.tell()
    return asked


def usual_block(expected: float) -> int:
    """Return how many replications of so many calls make a part.

    Examples
    --------
    >>> usual_block(600.0), usual_block(1e6)
    (25, 1)
    """
    return max(1, math.ceil(_CALLS_A_PART / (expected + _REPLICATION_AS_CALLS)))


def blocks(replications: int, *, n_disruptions: int, size: int) -> list[range]:
    """Share replications out: together where they go through the same disruption, else in their order.

    Examples
    --------
    >>> blocks(5, n_disruptions=1, size=2)
    [range(0, 2), range(2, 4), range(4, 5)]
    >>> blocks(5, n_disruptions=2, size=2)
    [range(0, 3, 2), range(4, 5, 2), range(1, 4, 2)]
    >>> blocks(3, n_disruptions=7, size=2)
    [range(0, 2), range(2, 3)]
    """
    step = n_disruptions if n_disruptions < replications else 1
    every = (range(first, replications, step) for first in range(step))
    return [_tidy(some[start : start + size]) for some in every for start in range(0, len(some), size)]


def _tidy(numbers: range) -> range:
    """Return the same numbers with the least stop: a block is the same whatever follows it."""
    return range(numbers.start, numbers[-1] + 1, numbers.step)


def _as_tuple(some: Disruption | Disruptions | Sequence[Disruption] | None) -> tuple[Disruption, ...]:
    if some is None:
        return ()
    return (some,) if isinstance(some, Disruption) else tuple(some)


def check_study(
    plans: Mapping[str, Plan],
    disruptions: Mapping[str, Disruption | Disruptions | Sequence[Disruption] | None],
    replications: int,
    seed: int,
    block: int | None,
    options: Mapping[str, Any],
) -> None:
    """Raise an InputError with all that is wrong with the outline of a study."""
    faults = []
    for kind, named in (("plans", plans), ("disruptions", disruptions)):
        if not named:
            faults.append(Fault(column=kind, expected="at least one, by name"))
        faults += [
            Fault(column=kind, value=str(name), expected="a name: text that is not empty, on one line")
            for name in named
            if not isinstance(name, str) or not name.strip() or not name.isprintable()
        ]
    for name, plan in plans.items():
        if not isinstance(plan, Plan):
            faults.append(Fault(column=f"plans[{name!r}]", value=type(plan).__name__, expected="a Plan"))
    for name, some in disruptions.items():
        kinds = isinstance(some, Disruption | Sequence) and not isinstance(some, str)
        if some is not None and not (kinds and all(isinstance(one, Disruption) for one in _as_tuple(some))):
            expected = "a Disruption, several of them, or None for normal days"
            faults.append(Fault(column=f"disruptions[{name!r}]", value=type(some).__name__, expected=expected))
        elif some is not None and not _as_tuple(some):
            expected = "at least one disruption, or None for normal days"
            faults.append(Fault(column=f"disruptions[{name!r}]", expected=expected))
    numbers = {"replications": (replications, 1), "seed": (seed, 0), "block": (1 if block is None else block, 1)}
    faults += [
        Fault(column=name, value=str(value), expected=f"a whole number of {least} or more")
        for name, (value, least) in numbers.items()
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least
    ]
    known = [name for name in inspect.signature(simulate).parameters if name not in _LEFT]
    faults += [
        Fault(column="option", value=name, expected=nearest_name(name, known)) for name in options if name not in known
    ]
    if faults:
        raise InputError(faults)
