"""Members of one model, each with its own seed, trained in parallel."""

import logging
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from deepregfinder.models.device import Hardware
from deepregfinder.progress import log_to_stderr

log = logging.getLogger(__name__)

_Member = TypeVar("_Member")


def train_seeds(
    train_one: Callable[[int], _Member], seeds: Sequence[int], hardware: Hardware
) -> list[_Member]:
    """The results of `train_one` for each seed, in their order.

    On a CPU up to `hardware.threads` of them train at a time, each in its own process and on ONE
    thread: sums that are split over threads are rounded differently for each number of threads, but
    the same seed has to give the same weights for any number of threads. On a GPU they train
    one after the other. `train_one` has to be picklable.
    """
    n_workers = min(hardware.threads, len(seeds)) if hardware.device.type == "cpu" else 1
    if n_workers <= 1:
        return [train_one(seed) for seed in seeds]
    # spawn: a forked child would inherit locks of torch's threads that nobody will release.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, context, log_to_stderr, (log.getEffectiveLevel(),)) as pool:
        tasks = [pool.submit(train_one, seed) for seed in seeds]
        try:
            return [task.result() for task in tasks]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
