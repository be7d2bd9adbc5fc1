"""Grounds without copy numbers, drift or unmappable places."""

import numpy as np

from deepregfinder.simulation.landscape import (
    REPEAT_BLOCK,
    STEP,
    Ground,
    OpenSites,
    active_chromatin,
    loose_chromatin,
    nucleosome_profile,
)


def level_ground(
    length: int, places: object = (), strength: object = 1.0, seed: int = 0, loose: bool = False
) -> Ground:
    """A level ground with open sites. places, strength : bp, and relative to the median"""
    steps = -(-length // STEP)
    rng = np.random.default_rng(seed)
    step = np.asarray(places, dtype=np.int64) // STEP
    heights = rng.standard_normal((2, len(step)))
    sites = OpenSites(step, np.broadcast_to(strength, step.shape).astype(float), heights)
    ones = np.ones(steps, dtype=np.float32)
    return Ground(
        length,
        ones.copy(),
        nucleosome_profile(sites, steps),
        loose_chromatin(sites, steps) if loose else ones.copy(),
        active_chromatin(sites, steps),
        rng.standard_normal(steps).astype(np.float32),
        np.zeros(-(-length // REPEAT_BLOCK), dtype=bool),
        sites,
    )
