"""A scan at natural prevalence: the maps of its model, for the sample."""

from collections.abc import Mapping

import numpy as np

from deepregfinder.models.catalogue import includes
from deepregfinder.models.natural import LEVELS, NaturalMap, estimate_prior, near_tss, stored_level
from deepregfinder.prediction.probabilities import Probabilities

CLASS_SHARES = ("training", "estimated")


class NaturalScan:
    """Probabilities at natural prevalence of the windows of a scan.

    In a sample that the model was not trained on, a class may be more or less frequent. Its share
    is estimated from the probabilities there (`natural.estimate_prior`), and if `class_share` is
    "estimated", the maps are adapted to it. Without maps, probabilities are taken as they are.

    tss : known TSSs, for `near_tss`
    class_share : the parameter of that name, one of CLASS_SHARES; adapted : it is "estimated"
    q : for each place and class but background, the probability at natural prevalence of every
        level, float64 (LEVELS,). Places are, in this order, away from known TSSs and at one
    windows : how many there are at each level: int64 (2, classes - 1, LEVELS). Windows of classes
        without a map of their own at TSSs are in the first place
    shares : for each class the share of its windows where the model was trained, and that estimated
        here; None without maps
    """

    def __init__(
        self,
        scan: Probabilities,
        tss: Mapping[str, np.ndarray] | None,
        class_share: str = CLASS_SHARES[0],
    ) -> None:
        self.scan = scan
        self.tss = tss
        self.adapted = class_share == CLASS_SHARES[1]
        n = len(scan.classes) - 1
        natural = scan.natural
        own_maps: tuple[NaturalMap | None, ...] = (None,) * n
        if natural is not None and tss is not None:
            own_maps = natural.at_tss
        self._separate = [of_class is not None for of_class in own_maps]
        self.windows = self._count()
        self.shares: list[tuple[float, float] | None] = [None] * n
        self.q = [[np.arange(LEVELS) / (LEVELS - 1)] * n for _ in range(2)]
        if natural is None:
            return
        for k, (anywhere, at_tss) in enumerate(zip(natural.anywhere, own_maps, strict=True)):
            estimated = self._estimated(anywhere, self.windows[:, k].sum(axis=0))
            self.shares[k] = (anywhere.prior, estimated)
            self.q[0][k] = self.q[1][k] = self._table(anywhere, estimated)
            if at_tss is not None:
                there = self._estimated(at_tss, self.windows[1, k])
                self.q[1][k] = self._table(at_tss, there)

    @property
    def is_own(self) -> bool:
        """Whether the model was trained on the sample, alone or with others ("A+B")."""
        return includes(self.scan.trained_on, self.scan.sample)

    def load(self, chrom: str) -> np.ndarray:
        """Probabilities of the classes but background: float64 (classes - 1, windows)."""
        track = self.scan.load(chrom)
        at_tss = near_tss(self.tss, chrom, self.scan.centres(track.shape[1]))
        return np.stack(
            [
                np.where(at_tss, there[level], anywhere[level])
                for anywhere, there, level in zip(*self.q, stored_level(track[1:]), strict=True)
            ]
        )

    def _count(self) -> np.ndarray:
        windows = np.zeros((2, len(self._separate), LEVELS), np.int64)
        for chrom in self.scan.chroms:
            track = self.scan.load(chrom)
            at_tss = near_tss(self.tss, chrom, self.scan.centres(track.shape[1]))
            for k, separate in enumerate(self._separate):
                level = stored_level(track[k + 1])
                there = at_tss if separate else np.zeros_like(at_tss)
                for place, which in enumerate((~there, there)):
                    windows[place, k] += np.bincount(level[which], minlength=LEVELS)
        return windows

    def _estimated(self, of_class: NaturalMap, windows: np.ndarray) -> float:
        return of_class.prior if self.is_own else estimate_prior(of_class, windows)

    def _table(self, of_class: NaturalMap, estimated: float) -> np.ndarray:
        return of_class.table(estimated if self.adapted else None)
