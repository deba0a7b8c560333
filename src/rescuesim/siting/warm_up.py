"""Compiles the kernels of travel and of siting beforehand."""

from __future__ import annotations

import time

from rescuesim.siting.medians.warm_up import warm_up_medians
from rescuesim.travel import warm_up as travel

__all__ = ["warm_up"]


def warm_up() -> travel.WarmUp:
    """Compile every kernel, or read it where it was compiled before.

    Returns
    -------
    WarmUp

    Raises
    ------
    InputError
        If numba cannot be imported.
    """
    began = time.perf_counter()
    travel.warm_up()
    warm_up_medians()
    from rescuesim.travel.compiled import kernel_folder, loaded_kernels

    return travel.WarmUp(seconds=time.perf_counter() - began, kernels=loaded_kernels(), folder=kernel_folder())
