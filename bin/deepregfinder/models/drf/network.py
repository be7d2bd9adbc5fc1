"""`drf`: a dilated residual network that runs along the chromosome.

Its input is the signal of every bin, and its means over 5, 21 and 101 bins around it, on the scale
where Poisson counts have the same variance everywhere, the square root (Anscombe 1948), in units of
the mean of the training chromosomes. Where the model is given TSSs (`tss_arrays`), one more track
is 1 in bins that hold one and 0 in others, in units of 1/1,000.

Two residual blocks look at single bins; pairs of bins are then averaged, and six blocks with
dilations 1, 2, 4, ..., 32 widen the view to 13 kb on both sides (Yu and Koltun 2016). One layer
gives logits for every 200 bp, so that all windows of a chromosome cost one pass.

A window has the probabilities at its centre: those of the output there, or the mean of the two
outputs that border on it.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from deepregfinder.models.protocol import ChromosomeSignal
from deepregfinder.models.tss_input import check_tss_array, is_tss_array, tss_of
from deepregfinder.models.windows.layers import Convolution, folded, weight_shapes

SCALE = "scale"
"""Array of the mean RPM of each mark, and TSS_SCALE for TSSs, beside those of the network."""

TSS_SCALE = 1e-3
"""The unit of the track of TSSs."""

POOL = 2
"""Bins of one output."""

HALO = 68
"""Outputs on each side that can have a say in one output."""

SPANS = (1, 5, 21, 101)
"""Bins that the signal is averaged over."""

_CHANNELS = 32
_DILATIONS = (1, 2, 4, 8, 16, 32)
TILE: Mapping[str, int] = {"cpu": 4096, "cuda": 1 << 18}
"""Outputs that are computed at once, at most: a CPU's cache holds few, a GPU idles with few."""

_STEP = 16


class Dropout(nn.Module):
    """Dropout (Srivastava et al. 2014) of a share in steps of 1/256, by bytes of a NumPy generator.

    torch's own takes a third of a training step on a CPU, and all threads share its generator. On a
    GPU it is used: it draws where the network is.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.dropped = round(256 * share)
        self.generator = np.random.default_rng()

    def added(self, x: Tensor, h: Tensor) -> Tensor:
        """x + h, some values of h left out; h may be overwritten. Both with channels last."""
        if not self.training or not self.dropped:
            return h.add_(x)
        left_out = self.dropped / 256
        if h.device.type != "cpu":
            return functional.dropout(h, left_out).add_(x)
        n, channels, _, bins = h.shape
        drawn = self.generator.integers(0, 1 << 64, h.numel() // 8, np.uint64).view(np.uint8)
        factor = np.multiply(drawn >= self.dropped, 1 / (1 - left_out), dtype=np.float32)
        factors = torch.from_numpy(factor).view(n, 1, bins, channels).permute(0, 3, 1, 2)
        return torch.addcmul(x, h, factors)


class ResidualBlock(nn.Module):
    """Convolution of odd width, batch norm, ReLU, convolution of width 1, batch norm; then added.

    The length is kept: edges are padded with zeros.
    """

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        padding = width // 2 * dilation
        self.spread = Convolution(
            _CHANNELS, _CHANNELS, width, padding=padding, dilation=dilation, bias=False
        )
        self.norm1: nn.Module = nn.BatchNorm2d(_CHANNELS)
        self.mix = Convolution(_CHANNELS, _CHANNELS, 1, bias=False)
        self.norm2: nn.Module = nn.BatchNorm2d(_CHANNELS)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu_(self.norm1(self.spread(x)))
        return torch.relu_(self.dropout.added(x, self.norm2(self.mix(h))))

    def fold(self) -> None:
        self.spread, self.norm1 = folded(self.spread, self.norm1)
        self.mix, self.norm2 = folded(self.mix, self.norm2)


class DilatedNetwork(nn.Module):
    """Logits (n, bins / 2, classes) of stretches (n, bins, spans x tracks), bins even."""

    def __init__(self, n_tracks: int, n_classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.enter = Convolution(len(SPANS) * n_tracks, _CHANNELS, 1, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(_CHANNELS)
        self.fine = nn.Sequential(*(ResidualBlock(5, d, dropout) for d in (1, 2)))
        self.wide = nn.Sequential(*(ResidualBlock(3, d, dropout) for d in _DILATIONS))
        self.output = Convolution(_CHANNELS, n_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        channels_last = x.unsqueeze(1).permute(0, 3, 1, 2)
        h = self.fine(torch.relu_(self.norm(self.enter(channels_last))))
        logits: Tensor = self.output(self.wide(functional.avg_pool2d(h, (1, POOL)))).squeeze(2)
        return logits.transpose(1, 2)

    def draw_from(self, generator: np.random.Generator) -> None:
        """Let all dropout layers draw from this generator."""
        for block in [*self.fine, *self.wide]:
            block.dropout.generator = generator

    def fold(self) -> None:
        """Simplify the network for inference, without changing what it computes."""
        self.enter, self.norm = folded(self.enter, self.norm)
        for block in [*self.fine, *self.wide]:
            block.fold()


def tracks_of(signal: ChromosomeSignal, arrays: Mapping[str, np.ndarray]) -> Tensor:
    """RPM of each mark, and the TSSs where the arrays of the model hold some: (tracks, bins)."""
    rpm = signal.rpm
    if any(map(is_tss_array, arrays)):
        sites = tss_of(arrays, signal.name)
        rpm = np.concatenate([rpm, np.zeros_like(rpm[:1])])
        rpm[-1][sites[sites < signal.length] // signal.bin_size] = 1
    return torch.from_numpy(rpm)


def features(tracks: Tensor, scale: Tensor, outputs: slice) -> Tensor:
    """Input of the network for some outputs: sqrt of the means of track / scale over the SPANS.

    tracks : float32 (tracks, bins), all bins of a chromosome; means end with it
    scale : float32 (tracks,)

    Returns float16 (bins, spans x tracks), made even by a zero, on the device of the tracks. Means
    are differences of sums in float64, exact for counts.
    """
    n_tracks, n_bins = tracks.shape
    reach, odd = max(SPANS) // 2, n_bins % POOL
    first, last = POOL * outputs.start - reach, POOL * outputs.stop + reach
    part = tracks[:, max(first, 0) : min(last, n_bins)] / scale[:, None]
    if odd and last >= n_bins:
        part = functional.pad(part, (0, 1))
    missing = (max(-first, 0), max(last - n_bins - odd, 0))
    values = functional.pad(part[None].double(), missing, mode="replicate")[0]
    sums = functional.pad(values.cumsum(dim=1), (1, 0))
    n = values.shape[1] - 2 * reach
    means = torch.empty((len(SPANS), n_tracks, n), device=tracks.device)
    for index, span in enumerate(SPANS):
        low = reach - span // 2
        means[index] = (sums[:, low + span : low + span + n] - sums[:, low : low + n]) / span
    return means.clamp_(min=0).sqrt_().half().flatten(0, 1).T.contiguous()


def n_outputs(tracks: Tensor) -> int:
    """Outputs of a chromosome, of which these are the tracks."""
    return -(-tracks.shape[1] // POOL)


def load_network(arrays: Mapping[str, np.ndarray], n_tracks: int, n_classes: int) -> DilatedNetwork:
    """The network of the arrays, ready for inference on the CPU."""
    network = DilatedNetwork(n_tracks, n_classes)
    network.load_state_dict(
        {key: torch.from_numpy(np.array(arrays[key])) for key in network.state_dict()}
    )
    network.eval()
    network.fold()
    return network


def check_drf(
    arrays: Mapping[str, np.ndarray], n_marks: int, window_bins: int, n_classes: int
) -> None:
    """Raise ValueError unless the arrays are a network for so many marks and classes."""
    sites = [key for key in arrays if is_tss_array(key)]
    for key in sites:
        check_tss_array(key, arrays[key])
    n_tracks = n_marks + bool(sites)
    shapes = weight_shapes(lambda: DilatedNetwork(n_tracks, n_classes)) | {SCALE: (n_tracks,)}
    for key, shape in shapes.items():
        if key not in arrays:
            raise ValueError(f"{key} is missing")
        kind = np.int64 if key.endswith("num_batches_tracked") else np.float32
        if arrays[key].shape != shape or arrays[key].dtype != kind:
            raise ValueError(f"{key} has another shape or type")
        if not np.isfinite(arrays[key]).all():
            raise ValueError(f"{key} holds a value that is not a number")
    if surplus := sorted(set(arrays) - set(shapes) - set(sites)):
        raise ValueError(f"{surplus[0]} belongs to something else")
    if not (arrays[SCALE] > 0).all():
        raise ValueError(f"{SCALE} is not above 0")


def stretches_with(outputs: np.ndarray, n: int, device: torch.device) -> list[slice]:
    """Stretches of at most TILE outputs, of `n` in all, that hold the given ones.

    Whatever is asked for, stretches begin and end at multiples of _STEP or the end.
    """
    tile = TILE[device.type]
    blocks = np.unique(outputs // _STEP)
    far = (np.diff(blocks) - 1) * _STEP > 2 * HALO
    cut = np.flatnonzero(far | (np.diff(blocks * _STEP // tile) > 0))
    firsts, lasts = blocks[np.r_[0, cut + 1]], blocks[np.r_[cut, len(blocks) - 1]]
    return [
        slice(int(first) * _STEP, min((int(last) + 1) * _STEP, n))
        for first, last in zip(firsts, lasts, strict=True)
    ]


def dense_probabilities(
    network: DilatedNetwork,
    tracks: Tensor,
    scale: np.ndarray,
    stretches: Sequence[slice],
    device: torch.device,
    threads: int,
) -> np.ndarray:
    """Probabilities along a chromosome: float32 (outputs, classes), zero outside of the stretches.

    tracks : from `tracks_of`; scale : (tracks,); stretches : of outputs, apart from each other

    Each stretch is computed with its whole receptive field, so stretches change only the last bit.
    """
    n = n_outputs(tracks)
    probabilities = np.zeros((n, network.output.out_channels), np.float32)
    network, tracks = network.to(device), tracks.to(device)
    units = torch.from_numpy(scale).to(device)

    @torch.inference_mode()
    def one(stretch: slice) -> None:
        seen = slice(max(0, stretch.start - HALO), min(n, stretch.stop + HALO))
        p = network(features(tracks, units, seen).float()[None])[0].softmax(dim=1)
        inner = slice(stretch.start - seen.start, stretch.stop - seen.start)
        probabilities[stretch] = p[inner].cpu().numpy()

    if threads == 1 or device.type != "cpu":
        for stretch in stretches:
            one(stretch)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, stretches))
    return probabilities


def at_centres(dense: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Probabilities of windows around bin borders: float32 (n, classes).

    dense : (outputs, classes); centres : int64 (n,), in bins from the start of the chromosome
    """
    first, second = (dense[place] for place in _beside(centres, len(dense)))
    mean: np.ndarray = (first + second) / 2
    return mean


def _beside(centres: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The outputs, of n, on the left and on the right of bin borders; the same one inside of it."""
    left, right = (np.clip((centres + shift) // POOL, 0, n - 1) for shift in (-1, 0))
    return left, right


def score_drf(
    arrays: Mapping[str, np.ndarray],
    signal: ChromosomeSignal,
    starts: np.ndarray,
    window_bins: int,
    device: torch.device,
    threads: int,
) -> np.ndarray:
    """Probabilities of windows that begin at given bins: float32 (n, classes)."""
    if device.type == "cpu":
        torch.set_num_threads(1)  # a thread a stretch: those of every layer wait for each other
    scale = arrays[SCALE]
    network = load_network(arrays, len(scale), len(arrays["output.bias"]))
    centres = np.asarray(starts, np.int64) + window_bins // 2
    tracks = tracks_of(signal, arrays)
    n = n_outputs(tracks)
    stretches = stretches_with(np.concatenate(_beside(centres, n)), n, device)
    dense = dense_probabilities(network, tracks, scale, stretches, device, threads)
    return at_centres(dense, centres)
