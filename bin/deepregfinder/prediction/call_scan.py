"""Calls of a whole scan: of the averaged probabilities, and of each seed."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from deepregfinder.prediction.calling import Calls, TssZone, call_genome, find_runs
from deepregfinder.prediction.cutoffs import Cutoffs
from deepregfinder.prediction.probabilities import Probabilities

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CalledScan:
    """Calls by chromosome, and the same for each seed (empty if not requested)."""

    calls: Mapping[str, Calls]
    by_seed: Mapping[int, Mapping[str, Calls]]


def call_scan(
    scan: Probabilities,
    model: str,
    cutoffs: Cutoffs,
    zone: TssZone | None,
    each_seed: bool,
) -> CalledScan:
    """Call elements on all scanned chromosomes; warn if there is no call.

    Parameters
    ----------
    model : its name in the run, for the log
    zone : where enhancer calls are removed; None removes nothing
    each_seed : also call the probabilities of each seed
    """
    if zone is None:
        log.warning("Without --tss, enhancer calls near TSSs are not removed.")
    # Each chromosome is read once: runs are few, and those of all seeds fit in memory.
    runs: dict[str, Calls] = {}
    runs_by_seed: dict[int, dict[str, Calls]] = {seed: {} for seed in scan.seeds if each_seed}
    for chrom in scan.chroms:
        track = scan.load(chrom)
        lowest = cutoffs.of_windows(chrom, scan.centres(track.shape[1]))
        runs[chrom] = find_runs(track, scan.step, scan.window, lowest)
        if each_seed:
            for seed, track in zip(scan.seeds, scan.load_members(chrom), strict=True):
                runs_by_seed[seed][chrom] = find_runs(track, scan.step, scan.window, lowest)

    def call(of_one: Mapping[str, Calls]) -> dict[str, Calls]:
        return call_genome(of_one, scan.classes, scan.step, zone)

    calls = call(runs)
    if total := sum(map(len, calls.values())):
        log.info("%s, %s: %d calls", scan.sample, model, total)
    else:
        log.warning(
            "%s, %s: NO CALLS. No window of an element class reaches its cut-off (%s). Check the "
            "evaluation of the model, or ask for more with --call_at.",
            scan.sample,
            model,
            " or ".join(f"{p:g}" for p in sorted({*cutoffs.anywhere, *cutoffs.at_tss})),
        )
    return CalledScan(calls, {seed: call(of_seed) for seed, of_seed in runs_by_seed.items()})
