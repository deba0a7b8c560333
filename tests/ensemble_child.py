"""Runs the small study of `ensemble_cases` and says how far it is: ``python ensemble_child.py TOWN OUT [WORKERS]``."""

from __future__ import annotations

import sys
from pathlib import Path

from ensemble_cases import town_study

from rescuesim.simulation.ensemble import EnsembleProgress, simulate_ensemble


def tell(at: EnsembleProgress) -> None:
    print(at.done, flush=True)


if __name__ == "__main__":
    town, out, *workers = sys.argv[1:]
    simulate_ensemble(
        out=Path(out), workers=int(workers[0]) if workers else None, progress=tell, **town_study(Path(town))
    )
