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
from scipy.ndimage import uniform_filter1d
from torch import Tensor, nn
from torch.nn import functional

from deepregfinder.models.protocol import ChromosomeSignal
from deepregfinder.models.tss_input import check_tss_array, is_tss_array, tss_of
from deepregfinder.models.windows.layers import Convolution, channels_last, folded, weight_shapes

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
TILE = 4096


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
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu_(self.norm1(self.spread(x)))
        return torch.relu_(self.dropout(self.norm2(self.mix(h))).add_(x))

    def fold(self) -> None:
        self.spread, self.norm1 = folded(self.spread, self.norm1)
        self.mix, self.norm2 = folded(self.mix, self.norm2)


class DilatedNetwork(nn.Module):
    """Logits (n, classes, bins / 2) of stretches (n, spans x tracks, bins), bins even."""

    def __init__(self, n_tracks: int, n_classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.enter = Convolution(len(SPANS) * n_tracks, _CHANNELS, 1, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(_CHANNELS)
        self.fine = nn.Sequential(*(ResidualBlock(5, d, dropout) for d in (1, 2)))
        self.wide = nn.Sequential(*(ResidualBlock(3, d, dropout) for d in _DILATIONS))
        self.output = Convolution(_CHANNELS, n_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        # In training dropout draws in the order of memory: another layout would be another model.
        x = x.unsqueeze(2) if self.training else channels_last(x)
        h = self.fine(torch.relu_(self.norm(self.enter(x))))
        logits: Tensor = self.output(self.wide(functional.avg_pool2d(h, (1, POOL)))).squeeze(2)
        return logits

    def fold(self) -> None:
        """Simplify the network for inference, without changing what it computes."""
        self.enter, self.norm = folded(self.enter, self.norm)
        for block in [*self.fine, *self.wide]:
            block.fold()


def tracks_of(signal: ChromosomeSignal, arrays: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """RPM of each mark, and the TSSs where the arrays of the model hold some: float32 (bins,)."""
    tracks = list(signal.rpm)
    if any(map(is_tss_array, arrays)):
        sites = tss_of(arrays, signal.name)
        tracks.append(np.zeros_like(tracks[0]))
        tracks[-1][sites[sites < signal.length] // signal.bin_size] = 1
    return tracks


def features(tracks: Sequence[np.ndarray], scale: np.ndarray, threads: int = 1) -> np.ndarray:
    """Input of the network: sqrt of the means of each track / scale over each of the SPANS.

    tracks : float32 (bins,) each; scale : (tracks,); threads : tracks at a time

    Returns float16 (spans x tracks, bins), bins made even by a zero. Means end with the chromosome.
    """
    n_tracks, n_bins = len(tracks), len(tracks[0])
    odd = n_bins % POOL
    values = torch.empty((len(SPANS), n_tracks, n_bins + odd), dtype=torch.float16)

    def one(track: int) -> None:
        relative = np.pad(tracks[track] / scale[track], (0, odd))
        for index, span in enumerate(SPANS):
            mean = uniform_filter1d(relative, span, mode="nearest") if span > 1 else relative
            # torch makes float16 of it in a fifth of NumPy's time.
            values[index, track] = torch.from_numpy(np.sqrt(np.maximum(mean, 0)))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(n_tracks)))
    return values.numpy().reshape(-1, n_bins + odd)


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


def dense_probabilities(
    network: DilatedNetwork,
    x: np.ndarray,
    tiles: np.ndarray,
    device: torch.device,
    threads: int,
) -> np.ndarray:
    """Probabilities along a chromosome: float32 (classes, outputs), zero outside of the tiles.

    x : from `features`, float16 (spans x tracks, bins)
    tiles : indices of the stretches of TILE outputs that are wanted

    Each tile is computed with its whole receptive field, so the tiling changes only the last bit.
    """
    n = x.shape[1] // POOL
    probabilities = np.zeros((network.output.out_channels, n), np.float32)
    network = network.to(device)

    @torch.inference_mode()
    def one(tile: int) -> None:
        start, end = tile * TILE, min((tile + 1) * TILE, n)
        low, high = max(0, start - HALO), min(n, end + HALO)
        part = torch.from_numpy(x[:, POOL * low : POOL * high]).to(device).float()
        p = network(part[None])[0].softmax(dim=0)
        probabilities[:, start:end] = p[:, start - low : end - low].cpu().numpy()

    if threads == 1 or device.type != "cpu":
        for tile in tiles.tolist():
            one(tile)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, tiles.tolist()))
    return probabilities


def at_centres(dense: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Probabilities of windows around bin borders: float32 (n, classes).

    dense : (classes, outputs); centres : int64 (n,), in bins from the start of the chromosome
    """
    last = dense.shape[1] - 1
    left, right = ((centres + shift) // POOL for shift in (-1, 0))
    first, second = (dense[:, np.clip(i, 0, last)] for i in (left, right))
    logits: np.ndarray = ((first + second) / 2).T
    return logits


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
        torch.set_num_threads(1)  # a thread a tile: those inside of every layer wait for each other
    scale = arrays[SCALE]
    network = load_network(arrays, len(scale), len(arrays["output.bias"]))
    centres = np.asarray(starts, np.int64) + window_bins // 2
    x = features(tracks_of(signal, arrays), scale, threads)
    outputs = np.clip(np.concatenate([centres - 1, centres]) // POOL, 0, x.shape[1] // POOL - 1)
    tiles = np.flatnonzero(np.bincount(outputs // TILE))
    return at_centres(dense_probabilities(network, x, tiles, device, threads), centres)
