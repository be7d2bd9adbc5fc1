"""From counts to reads per million: replicates are pooled, and input controls applied."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from deepregfinder.counting.assays import ASSAYS, CHIP
from deepregfinder.counting.store import Counts
from deepregfinder.errors import InputError
from deepregfinder.signal.store import write_signal
from deepregfinder.storage.tables import Digits6, write_rows

ControlMode = Literal["ignore", "subtract", "channel"]

SHARED_CONTROL = "control"

_COMMON = {
    "bin_size": "bin size",
    "chrom_sizes": "list of chromosomes",
    "counting": "set of counting rules",
}
"""Attributes that all files of counts of a sample share, in words."""


@dataclass(frozen=True)
class Channel:
    """One row of the signal: the RPM of pooled libraries minus that of their pooled controls.

    role : "chip", or "control" for a channel of controls
    subtracted : each control once, however many replicates it belongs to
    """

    mark: str
    role: str
    libraries: tuple[Counts, ...]
    subtracted: tuple[Counts, ...] = ()

    def rpm(self, chrom: str) -> np.ndarray:
        """float32, shape (bins,).

        Replicates are weighted by depth: their pool has less noise than any other mean, and a
        replicate of a few reads adds no more than these. Controls are subtracted from the pool: if
        each replicate were cut off at zero, shallow ones would turn noise into signal.
        """
        values = _pooled_rpm(self.libraries, chrom)
        if self.subtracted:
            values = np.maximum(values - _pooled_rpm(self.subtracted, chrom), 0)
        return values.astype(np.float32)


def _pooled_rpm(libraries: Sequence[Counts], chrom: str) -> np.ndarray:
    """All reads of the libraries over all their library sizes: float64, shape (bins,)."""
    total: np.ndarray = np.zeros(1)
    for counts in libraries:
        total = total + counts.load(chrom)
    return total * (1e6 / sum(counts.library_size for counts in libraries))


@dataclass(frozen=True)
class MarkSignal:
    """A row of `<sample>.signal.tsv`: a channel, its libraries, and its RPM."""

    sample: str
    mark: str
    role: str
    replicates: int
    library_sizes: tuple[int, ...]
    mean_rpm: Digits6
    max_rpm: Digits6
    nonzero_fraction: Digits6


@dataclass
class ChannelSummary:
    """Sums over the bins of a channel, collected while its chromosomes are written."""

    channel: Channel
    n_bins: int = 0
    n_nonzero: int = 0
    total: float = 0.0
    highest: float = 0.0

    def add(self, rpm: np.ndarray) -> None:
        """Add the bins of a chromosome: float32, shape (bins,)."""
        self.n_bins += len(rpm)
        self.n_nonzero += int(np.count_nonzero(rpm))
        self.total += float(rpm.sum(dtype=np.float64))
        self.highest = max(self.highest, float(rpm.max()))


@dataclass(frozen=True)
class Controls:
    """The input control of each library, and how controls are used.

    of : id of a library -> id of its control
    mode : "ignore" uses no controls; "subtract" subtracts their RPM from that of the mark, not
        below zero; "channel" adds them as channels: `control` if all marks share the same ones,
        else `MARK_control`
    """

    of: Mapping[str, str]
    mode: ControlMode

    @classmethod
    def parse(cls, pairs: Sequence[str], mode: ControlMode) -> "Controls":
        """Read `ID=CONTROL_ID` of each library that has a control. InputError for other text."""
        if unclear := [pair for pair in pairs if "=" not in pair]:
            raise InputError(f"--controls {unclear[0]!r}: expected ID=CONTROL_ID.")
        return cls(dict(pair.partition("=")[::2] for pair in pairs), mode)

    def chips(self, counts: Sequence[Counts]) -> list[Counts]:
        """The libraries that are not a control."""
        return [one for one in counts if one.attributes["id"] not in self.of.values()]


NO_CONTROLS = Controls({}, "ignore")


def write_sample_signal(
    path: Path,
    sample: str,
    counts: Sequence[Counts],
    controls: Controls,
    chroms: Sequence[str] | None = None,
) -> list[ChannelSummary]:
    """Write the signal file of one sample.

    Parameters
    ----------
    path : the file to write
    sample : its name
    counts : all replicates of all its marks, and the controls; any order gives the same file
    chroms : chromosomes to write; None for all

    Returns
    -------
    A summary of each channel, in the order of the file (names sorted).

    Raises
    ------
    InputError
        Lists all inconsistencies.
    """
    by_id = {one.attributes["id"]: one for one in counts}
    ordered = [by_id[key] for key in sorted(by_id)]
    chips = controls.chips(ordered)
    _require_fit(sample, ordered, chips, controls, len(counts))
    channels = _channels(chips, by_id, controls)
    summaries = [ChannelSummary(channel) for channel in channels]
    first = chips[0].attributes
    sizes: dict[str, int] = dict(first["chrom_sizes"])

    def arrays() -> Iterator[tuple[str, np.ndarray]]:
        for chrom in sizes if chroms is None else chroms:
            n_bins = -(-sizes[chrom] // first["bin_size"])
            values = np.empty((len(channels), n_bins), np.float32)
            for row, summary in enumerate(summaries):
                values[row] = summary.channel.rpm(chrom)
                summary.add(values[row])
            yield chrom, values

    write_signal(
        path,
        sample=sample,
        marks=[channel.mark for channel in channels],
        bin_size=first["bin_size"],
        chrom_sizes=sizes,
        control=controls.mode,
        library_sizes={
            channel.mark: [one.library_size for one in channel.libraries] for channel in channels
        },
        counting={**first["counting"], **_row_rules(chips)},
        arrays=arrays(),
    )
    return summaries


def _row_rules(chips: Sequence[Counts]) -> dict[str, dict[str, Any]]:
    """Where libraries were counted by other rules than the run's: assay by mark, rules by id."""
    assays = {one.attributes["mark"]: one.attributes.get("assay", CHIP) for one in chips}
    own = {one.attributes["id"]: one.attributes.get("row_rules", {}) for one in chips}
    recorded: dict[str, dict[str, Any]] = {
        "assays": {mark: assay for mark, assay in assays.items() if assay != CHIP},
        "row_rules": {name: rules for name, rules in own.items() if rules},
    }
    return {name: values for name, values in recorded.items() if values}


def _channels(
    chips: Sequence[Counts], by_id: Mapping[str, Counts], controls: Controls
) -> list[Channel]:
    """The channels of a sample, sorted by name."""
    libraries: dict[str, list[Counts]] = {}
    for one in chips:
        libraries.setdefault(one.attributes["mark"], []).append(one)
    subtracted: dict[str, tuple[Counts, ...]] = {}
    shown: dict[str, tuple[Counts, ...]] = {}
    if controls.mode != "ignore":
        controls_of = {
            mark: _distinct([by_id[controls.of[name]] for name in names if name in controls.of])
            for mark, replicates in libraries.items()
            if (names := [one.attributes["id"] for one in replicates])
        }
        controls_of = {mark: own for mark, own in controls_of.items() if own}
        if controls.mode == "subtract":
            subtracted = controls_of
        else:
            shown = _control_channels(controls_of)
    channels = [
        Channel(mark, "chip", tuple(replicates), subtracted.get(mark, ()))
        for mark, replicates in libraries.items()
    ]
    channels += [Channel(name, "control", distinct) for name, distinct in shown.items()]
    return sorted(channels, key=lambda channel: channel.mark)


def _distinct(libraries: Sequence[Counts]) -> tuple[Counts, ...]:
    """Each library once, in the order of their ids."""
    by_id = {one.attributes["id"]: one for one in libraries}
    return tuple(by_id[key] for key in sorted(by_id))


def _control_channels(
    controls_of: Mapping[str, tuple[Counts, ...]],
) -> dict[str, tuple[Counts, ...]]:
    """Names of the control channels and their libraries, from the controls of each mark."""
    if not controls_of:
        return {}
    first, *others = controls_of.values()
    if all(other == first for other in others):
        return {SHARED_CONTROL: first}
    return {f"{mark}_control": controls for mark, controls in controls_of.items()}


def _require_fit(
    sample: str,
    counts: Sequence[Counts],
    chips: Sequence[Counts],
    controls: Controls,
    n_files: int,
) -> None:
    """Raise an InputError that lists all inconsistencies between these files."""
    problems = []
    if len(counts) < n_files:
        problems.append(f"{sample}: two of the {n_files} files of counts have the same id.")
    if not chips:
        problems.append(f"{sample}: only files of counts of controls were given.")
    for one in chips:
        if one.attributes["sample"] != sample:
            problems.append(
                f"{one.attributes['id']} has counts of {one.attributes['sample']}, not of {sample}."
            )
    for one in counts:
        for key, what in _COMMON.items():
            if one.attributes[key] != counts[0].attributes[key]:
                problems.append(
                    f"{one.attributes['id']} was counted with another {what} than "
                    f"{counts[0].attributes['id']}: count both again with the same parameters."
                )
        if not one.library_size:
            problems.append(
                f"{one.attributes['id']} has no usable read: no read passed the filters. Check "
                "--min_mapq and --duplicates, and the BAM file."
            )
    if controls.mode != "ignore":
        known = {one.attributes["id"] for one in counts}
        lacking = [one.attributes["id"] for one in chips if _lacks_control(one, controls, known)]
        if lacking:
            problems.append(
                f"--control {controls.mode} needs a control for every row of the samplesheet; "
                f"there is none for {', '.join(lacking)}. Fill in the column, or use "
                "--control ignore."
            )
    if controls.mode == "channel":
        marks = {one.attributes["mark"] for one in chips}
        clash = sorted(marks & ({SHARED_CONTROL} | {f"{mark}_control" for mark in marks}))
        if clash:
            problems.append(
                f"{sample}: a mark cannot be called {', '.join(clash)} with --control channel, "
                "which uses this name. Rename it in the samplesheet."
            )
    if problems:
        raise InputError.of(problems)


def _lacks_control(one: Counts, controls: Controls, known: set[str]) -> bool:
    """Whether the control of a library is not among the files, or there is none but should be."""
    control = controls.of.get(one.attributes["id"])
    if control is None:
        return ASSAYS[one.attributes.get("assay", CHIP)].needs_control
    return control not in known


def write_summary(path: Path, sample: str, summaries: Sequence[ChannelSummary]) -> None:
    """Write a table with a row for each channel."""
    rows = [
        MarkSignal(
            sample=sample,
            mark=one.channel.mark,
            role=one.channel.role,
            replicates=len(one.channel.libraries),
            library_sizes=tuple(counts.library_size for counts in one.channel.libraries),
            mean_rpm=one.total / one.n_bins,
            max_rpm=one.highest,
            nonzero_fraction=one.n_nonzero / one.n_bins,
        )
        for one in summaries
    ]
    write_rows(path, MarkSignal, rows)
