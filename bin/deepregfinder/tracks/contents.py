"""The browser tracks of a run, and their paths in the results folder.

Paths are relative to the results folder, as in docs/output.md. Hub and sessions refer to them
relative to their own folder, so that they still work after the results were moved.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deepregfinder.errors import InputError
from deepregfinder.genome.assembly import assembly_name
from deepregfinder.storage.atomic import written_whole

UNKNOWN = "custom"


@dataclass(frozen=True)
class SignalTracks:
    """The signal tracks of a sample: RPM of each mark."""

    sample: str
    marks: tuple[str, ...]

    def bigwig(self, mark: str) -> str:
        """Path of the track of a mark in the results folder."""
        return f"signal/{self.sample}/{mark}.bw"


@dataclass(frozen=True)
class CallTracks:
    """The tracks of one model on a sample; classes are without background."""

    sample: str
    model: str
    trained_on: str
    classes: tuple[str, ...]
    n_calls: int

    @property
    def bed(self) -> str:
        return f"calls/{self.sample}/{self.sample}.{self.model}.bed"

    @property
    def bigbed(self) -> str:
        """The file does not exist without calls."""
        return f"calls/{self.sample}/{self.sample}.{self.model}.bb"

    def bigwig(self, class_name: str) -> str:
        """Path of the track of the probability of a class in the results folder."""
        return f"calls/{self.sample}/{self.sample}.{self.model}.{class_name}.bw"


@dataclass(frozen=True)
class Contents:
    """All tracks of a run. assembly : a UCSC name, or UNKNOWN."""

    assembly: str
    chrom_sizes: Mapping[str, int]
    signals: tuple[SignalTracks, ...]
    calls: tuple[CallTracks, ...]

    @property
    def samples(self) -> list[str]:
        return sorted({t.sample for t in self.signals} | {t.sample for t in self.calls})

    def signal_of(self, sample: str) -> list[SignalTracks]:
        """Signal tracks of a sample."""
        return [track for track in self.signals if track.sample == sample]

    def calls_of(self, sample: str) -> list[CallTracks]:
        """Tracks of all models on a sample."""
        return [track for track in self.calls if track.sample == sample]


def assembly_of(chrom_sizes: Mapping[str, int]) -> str:
    """UCSC name of the assembly, if chromosomes are named as there; UNKNOWN for any other."""
    names = (assembly_name(*item) for item in chrom_sizes.items() if item[0].startswith("chr"))
    return next(filter(None, names), UNKNOWN)


def write_description(path: Path, tracks: SignalTracks | CallTracks) -> None:
    """Write the tracks of a task as JSON, for `read_descriptions`."""
    with written_whole(path) as part:
        part.write_text(json.dumps(asdict(tracks), indent=2) + "\n")


def read_descriptions(
    paths: Sequence[Path],
) -> tuple[tuple[SignalTracks, ...], tuple[CallTracks, ...]]:
    """Signals and calls, sorted by sample and model; raises InputError if a file is damaged."""
    signals: list[SignalTracks] = []
    calls: list[CallTracks] = []
    for path in paths:
        try:
            fields = json.loads(path.read_text())
            fields |= {key: tuple(fields[key]) for key in ("marks", "classes") if key in fields}
            if "model" in fields:
                calls.append(CallTracks(**fields))
            else:
                signals.append(SignalTracks(**fields))
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"{path} is not a description of tracks ({error}).") from None
    return (
        tuple(sorted(signals, key=lambda track: track.sample)),
        tuple(sorted(calls, key=lambda track: (track.sample, track.model))),
    )
