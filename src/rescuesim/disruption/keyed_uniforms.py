"""One uniform number for each id, at once: a readiness for every phone of a county costs less than a generator each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from rescuesim.disruption.streams import Draw, draws

__all__ = ["id_keys", "keyed_uniforms"]


def id_keys(ids: Iterable[str]) -> NDArray[np.uint64]:
    """Turn ids into keys of 64 bits, the same on every machine; uint64, shape (n,).

    Examples
    --------
    >>> id_keys(["s1", "s2"]).tolist()
    [6064584127301525897, 4234594894547998628]
    """
    digests = [hashlib.blake2b(id_.encode("utf-8"), digest_size=8).digest() for id_ in ids]
    return np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def keyed_uniforms(
    purpose: Draw, keys: NDArray[np.uint64], *, seed: int, sample: int, of: str = ""
) -> NDArray[np.float64]:
    """Draw one number from 0 to below 1 for each key.

    Parameters
    ----------
    purpose : Draw
    keys : ndarray of uint64, shape (n,)
        As `id_keys` makes; which others are drawn for changes nothing.
    seed, sample : int
    of : str, optional
        What is drawn, for instance the channel.

    Returns
    -------
    ndarray of float64, shape (n,)

    Notes
    -----
    A stream of its own gives an offset of 64 bits; offset and key go through the finalizer of SplitMix64.

    References
    ----------
    Steele, G. L., Lea, D., & Flood, C. H. (2014). Fast splittable pseudorandom number generators. OOPSLA.
    doi:10.1145/2660193.2660195

    Examples
    --------
    >>> both = keyed_uniforms(Draw.READY, id_keys(["a", "b"]), seed=1, sample=0, of="satellite_phone")
    >>> one = keyed_uniforms(Draw.READY, id_keys(["b"]), seed=1, sample=0, of="satellite_phone")
    >>> bool(both[1] == one[0]), bool(both[0] == both[1])
    (True, False)
    """
    offset = draws(purpose, seed=seed, sample=sample, of=of).integers(0, 2**64, dtype=np.uint64)
    mixed = keys ^ offset
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53)
