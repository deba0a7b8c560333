"""Manifest: what the study in a folder is, so that another is never mixed into it, and it can be read later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rescuesim.errors import DataFileError, InputError
from rescuesim.plan import Plan
from rescuesim.simulation.ensemble.content import content_hash
from rescuesim.simulation.ensemble.parts import write_part
from rescuesim.simulation.ensemble.study import Chunk, Study

__all__ = ["MANIFEST", "Manifest", "check_same_study", "read_manifest"]

MANIFEST = "study.json"
_FORM = "rescuesim ensemble 1"
_WORDS = {
    "program": "the version of rescuesim, its libraries or the arithmetic of the processor",
    "network": "the network",
    "demand": "the demand points",
    "standard": "the standard",
    "calls": "the calls",
    "horizon_s": "the horizon",
    "seed": "the seed",
    "block": "the number of replications in a part",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Manifest:
    """What a folder holds.

    Parameters
    ----------
    inputs : dict of str to object
        Hashes and numbers that all parts depend on.
    plans : dict of str to Plan
    disruptions : dict of str to tuple of str
        Labels of the disruptions by the name of their set; empty for normal days.
    replications : int
    horizon_s : float
    seed : int
    chunks : tuple of Chunk
        In the order of plans, disruptions and replications.
    about : dict of str to str
        What the caller wants to be the same in every run.
    """

    inputs: dict[str, Any]
    plans: dict[str, Plan]
    disruptions: dict[str, tuple[str, ...]]
    replications: int
    horizon_s: float
    seed: int
    chunks: tuple[Chunk, ...]
    about: dict[str, str]

    @classmethod
    def of(cls, study: Study, about: Mapping[str, str]) -> Manifest:
        """State what a study is."""
        made = study.digests
        options = {f"option {name}": digest for name, digest in made.options.items()}
        plans = {f"plan {name}": digest for name, digest in made.plans.items()}
        sets = {f"disruptions {name}": content_hash(some) for name, some in made.disruptions.items()}
        logs = made.calls[0] if len(made.calls) == 1 else "one log a replication"
        order = {name: place for place, name in enumerate(study.plans)}
        place = {name: number for number, name in enumerate(study.disruptions)}
        chunks = sorted(
            study.chunks(), key=lambda one: (order[one.plan], place[one.disruption], one.replications.start)
        )
        return cls(
            inputs={
                "program": study.program,
                **made.shared,
                "calls": logs,
                **options,
                **plans,
                **sets,
                "horizon_s": study.horizon_s,
                "seed": study.seed,
                "block": study.block,
            },
            plans=study.plans,
            disruptions={name: tuple(one.label for one in some) for name, some in study.disruptions.items()},
            replications=study.replications,
            horizon_s=study.horizon_s,
            seed=study.seed,
            chunks=tuple(chunks),
            about=dict(about),
        )

    def write(self, folder: Path) -> None:
        """Write it, whole or not at all; the same study gives the same bytes."""
        said = {
            "form": _FORM,
            "inputs": self.inputs,
            "plans": {name: json.loads(plan.to_json()) for name, plan in self.plans.items()},
            "disruptions": {name: list(labels) for name, labels in self.disruptions.items()},
            "replications": self.replications,
            "horizon_s": self.horizon_s,
            "seed": self.seed,
            "about": self.about,
            "chunks": [
                [
                    one.plan,
                    one.disruption,
                    one.replications.start,
                    one.replications.stop,
                    one.replications.step,
                    one.key,
                ]
                for one in self.chunks
            ],
        }
        write_part(folder / MANIFEST, (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode("utf-8"))


def read_manifest(folder: Path) -> Manifest | None:
    """Read what a folder holds; None if nothing has been written there.

    Raises
    ------
    DataFileError
        If there is a manifest that cannot be read.
    """
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["form"] != _FORM:
            raise DataFileError(f"{path}: written as {said['form']!r}, expected {_FORM!r}")
        return Manifest(
            inputs=said["inputs"],
            plans={name: Plan.from_json(json.dumps(plan)) for name, plan in said["plans"].items()},
            disruptions={name: tuple(labels) for name, labels in said["disruptions"].items()},
            replications=int(said["replications"]),
            horizon_s=float(said["horizon_s"]),
            seed=int(said["seed"]),
            chunks=tuple(
                Chunk(plan=plan, disruption=disruption, replications=range(start, stop, step), key=key)
                for plan, disruption, start, stop, step, key in said["chunks"]
            ),
            about=dict(said["about"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(f"{path}: expected the manifest of an ensemble; {error}") from None


def check_same_study(folder: Path, held: Manifest, asked: Manifest) -> None:
    """Refuse to go on with a study that another one's parts lie beside; more replications may be asked for.

    Raises
    ------
    InputError
        With everything that differs.
    """
    names = dict.fromkeys((*held.inputs, *asked.inputs))
    other = [_WORDS.get(name, name) for name in names if held.inputs.get(name) != asked.inputs.get(name)]
    about = dict.fromkeys((*held.about, *asked.about))
    other += [name for name in about if held.about.get(name) != asked.about.get(name)]
    if list(held.plans) != list(asked.plans) or list(held.disruptions) != list(asked.disruptions):
        other.append("the plans and disruptions, or their order")
    if held.replications > asked.replications:
        other.append(f"the replications: {held.replications}, {asked.replications} now")
    if other:
        differs = "; ".join(dict.fromkeys(other))
        raise InputError(
            f"{folder}: holds another study; expected the same, or another folder. It differs in {differs}"
        )
