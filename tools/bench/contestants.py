"""The commands that are compared, ours first."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import inputs

CODE = Path(__file__).resolve().parents[2]
BIN = CODE / "bin"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "deepregfinder/bench"
DEEPTOOLS = CACHE / "deeptools/bin"
THREADS = 2
OURS = "this pipeline"


@dataclass(frozen=True)
class Contestant:
    """A command, run in a separate folder.

    name : its name in the tables
    version : of the program; empty for parts of this project
    gpu : whether it needs a GPU
    """

    name: str
    command: Sequence[str | Path]
    version: str = ""
    gpu: bool = False


def our_count(bam: Path, chrom_sizes: Path, name: str = OURS, threads: int = THREADS) -> Contestant:
    """COUNT_BINS, as in the pipeline."""
    command = (
        *(sys.executable, BIN / "count_bins.py", "--bam", bam, "--chrom_sizes", chrom_sizes),
        *("--id", "bench", "--sample", "bench", "--mark", "mark", "--replicate", "1"),
        *("--bin_size", "100", "--counter", "native", "--min_mapq", "0", "--duplicates", "keep"),
        *("--paired_end", "fragments", "--count_at", "overlap", "--extend", "0", "--shift", "0"),
        *("--threads", str(threads), "--output", "counts.zip", "--summary", "counts.tsv"),
        *("--quality", "quality.tsv"),
    )
    return Contestant(name, command)


def feature_counts(bam: Path, annotation: Path) -> Contestant:
    """featureCounts as in the published program: every bin of the genome is a feature."""
    command = (
        *("featureCounts", "-T", str(THREADS), "-F", "SAF", "-a", annotation),
        *("-O", "--fracOverlap", "0.5", "-o", "counts.txt", bam),
    )
    return Contestant("featureCounts", command, _version("featureCounts", "-v"))


def samtools(bam: Path) -> Contestant:
    """Time of a C program that only reads the file."""
    command = ("samtools", "view", "-c", "-@", str(THREADS), bam)
    return Contestant("samtools view -c", command, _version("samtools", "--version"))


def bgzip(bam: Path) -> Contestant:
    """Time of htslib to decompress the file without parsing records."""
    command = ("bgzip", "--test", "--threads", str(THREADS), bam)
    return Contestant("bgzip --test", command, _version("bgzip", "--version"))


def coverage_tools(bam: Path) -> list[Contestant]:
    """Other programs for coverage in bins of 100 bp: deepTools and mosdepth."""
    threads = str(THREADS)
    version = _version(DEEPTOOLS / "deeptools", "--version")
    summary = (
        *(DEEPTOOLS / "multiBamSummary", "bins", "--bamfiles", bam, "--binSize", "100"),
        *("-p", threads, "-o", "counts.npz"),
    )
    coverage = (
        *(DEEPTOOLS / "bamCoverage", "-b", bam, "--binSize", "100", "-p", threads),
        *("-o", "coverage.bw"),
    )
    depth = (_mosdepth(), "-t", threads, "-n", "--by", "100", "depth", bam)
    return [
        Contestant("deepTools multiBamSummary", summary, version),
        Contestant("deepTools bamCoverage", coverage, version),
        Contestant("mosdepth", depth, _version(depth[0], "--version")),
    ]


def our_training(
    windows: Path, model: str, signal: Path | None = None, gpu: bool = False
) -> Contestant:
    """TRAIN_MODEL, as in the pipeline, with its defaults."""
    command = (
        *(sys.executable, BIN / "train_model.py", "--tensors", windows, "--model", model),
        *("--seed", "1", "--seeds", "1", "--epochs", "10", "--batch_size", "256"),
        *("--learning_rate", "0.01", "--weight_decay", "0.0001"),
        *("--threads", str(THREADS), "--output", "bundle"),
        *(("--signal", signal) if signal else ()),
    )
    return _on_device(OURS, command, gpu)


def our_signal(counts: Sequence[Path], name: str = OURS) -> Contestant:
    """BUILD_SIGNAL, as in the pipeline."""
    command = (
        *(sys.executable, BIN / "build_signal.py", "--sample", "bench", "--control", "ignore"),
        *(word for path in counts for word in ("--counts", path)),
        *("--output", "signal.zip", "--summary", "signal.tsv"),
    )
    return Contestant(name, command)


def our_prediction(
    bundle: Path, signal: Path, chroms: Sequence[str], name: str = OURS, gpu: bool = False
) -> Contestant:
    """PREDICT_GENOME, as in the pipeline, with its defaults. Writes the names beside the signal."""
    names = signal.with_name(f"{chroms[0]}.{len(chroms)}.chroms.txt")
    names.write_text("\n".join(chroms) + "\n")
    command = (
        *(sys.executable, BIN / "predict_genome.py", "--bundle", bundle, "--signal", signal),
        *("--chroms", names, "--step", "200", "--quantile_map", "false"),
        *("--threads", str(THREADS), "--output", "probabilities.zip"),
    )
    return _on_device(name, command, gpu)


def plain_training(windows: Path) -> Contestant:
    command = (sys.executable, CODE / "tools/bench/plain_torch.py", "train", windows, "10", "256")
    return Contestant("plain PyTorch loop", command)


def plain_prediction(bundle: Path, signal: Path, chrom: str) -> Contestant:
    script = CODE / "tools/bench/plain_torch.py"
    command = (sys.executable, script, "predict", bundle, signal, chrom)
    return Contestant("plain PyTorch loop", command)


def equal_counts(ours: Path, theirs: Path) -> int:
    """Compare our counts with those of featureCounts; returns the number of equal bins.

    Raises SystemExit if a bin differs.
    """
    import numpy as np
    import pandas as pd

    from deepregfinder.counting.store import open_counts

    counts = open_counts(ours)
    table = pd.read_csv(theirs, sep="\t", comment="#", usecols=[1, 6], dtype={1: "category"})
    compared = 0
    for chrom, part in table.groupby(table.columns[0], observed=True):
        values, expected = counts.load(str(chrom)), part.iloc[:, 1].to_numpy()
        if not np.array_equal(values, expected):
            raise SystemExit(f"bench: counts on {chrom} are not those of featureCounts")
        compared += len(values)
    return compared


def _on_device(name: str, command: Sequence[str | Path], gpu: bool) -> Contestant:
    """A step of the pipeline on a device; networks compute in float32 on both."""
    if gpu:
        return Contestant(f"{name}, GPU (fp32)", (*command, "--device", "cuda"), gpu=True)
    return Contestant(name, (*command, "--device", "cpu"))


def scan_seconds(log: Path) -> float:
    """Time of PREDICT_GENOME from its first chromosome to its last, from its log.

    Python, libraries and network are loaded before; probabilities are written during that time.
    """
    progress = re.findall(r"([\d,]+) windows \(([\d,]+) a second\)", log.read_text())
    windows, rate = (float(number.replace(",", "")) for number in progress[-1])
    return windows / rate


def _version(program: str | Path, flag: str) -> str:
    """The version number printed by a program."""
    if not shutil.which(program):
        raise SystemExit(f"bench: {program} is not here; tools/bench/setup installs it.")
    done = subprocess.run([program, flag], capture_output=True, text=True, errors="replace")
    version = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    if not version:
        raise SystemExit(f"bench: {program} {flag} names no version: {done.stderr.strip()}")
    return version.group()


def _mosdepth() -> str:
    """mosdepth loads htslib by a file name that only the development package has."""
    library = CACHE / "lib"
    os.environ["LD_LIBRARY_PATH"] = f"{library}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    return "mosdepth"


assert inputs.GEOMETRY.bin_size == 100  # every command above says so
