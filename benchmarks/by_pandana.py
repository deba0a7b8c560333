"""Asks pandana for travel times in a process of its own, as the travel benchmark's rival.

``by_pandana.py QUESTION ANSWER``: the question is a .npz of node places, roads with seconds, origins and destinations;
the answer holds seconds and the CPU time of preparing the roads and of asking.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandana
import pandas as pd


def main(question: str, answer: str) -> None:
    """Prepare the roads and ask for all pairs."""
    with np.load(question) as given:
        asked = dict(given)
    began = time.process_time()
    nodes = pd.Series(asked["x"]), pd.Series(asked["y"])
    roads = pd.Series(asked["tail"]), pd.Series(asked["head"]), pd.DataFrame({"s": asked["seconds"]})
    network = pandana.Network(*nodes, *roads, twoway=False)
    prepared = time.process_time()
    origins, ends = asked["origins"], asked["destinations"]
    found = network.shortest_path_lengths(np.repeat(origins, len(ends)), np.tile(ends, len(origins)))
    done = time.process_time()
    seconds = np.asarray(found, dtype=np.float64).reshape(len(origins), len(ends))
    np.savez(answer, seconds=seconds, preparing=prepared - began, asking=done - prepared)


if __name__ == "__main__":
    main(*sys.argv[1:])
