"""Bad input as seen by a user: exit code 1, one message without a traceback, no files left."""

import io
import re
from collections.abc import Mapping
from contextlib import redirect_stderr
from pathlib import Path

import click
import pytest

from check_inputs import check_inputs
from count_bins import count_bins
from deepregfinder.command_line import plain_errors

SIZES = {"chr1": 50_000, "chr10": 40_000, "chr2": 45_000, "chr20": 30_000}
READS = [(chrom, 100) for chrom in SIZES]
CHECKS = {
    **{"chromosomes": "(chr)?([1-9]|1[0-9]|2[0-2]|X|Y)", "bin_size": "100", "window_bins": "20"},
    **{"split": "chromosome", "train_chroms": "1-7", "validation_chroms": "8-16"},
    **{"test_chroms": "17-22,X,Y", "counter": "native", "count_at": "overlap"},
    **{"paired_end": "fragments", "scatter": "2", "train": "true", "classes": "3"},
}
COUNTING = {
    **{"id": "a", "sample": "K", "mark": "M", "replicate": "1", "bin_size": "100"},
    **{"counter": "native", "min_mapq": "0", "duplicates": "keep", "paired_end": "reads"},
    **{"count_at": "overlap", "extend": "0", "shift": "0", "threads": "1"},
}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in a folder and its subfolders."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refuses(command: click.Command, options: Mapping[str, object], said: str, folder: Path) -> None:
    """The script must end with exit code 1 and a message with `said`; `folder` is unchanged.

    options : without their dashes; one with several values is given several times
    """
    words = []
    for name, value in options.items():
        for one in value if isinstance(value, tuple) else (value,):
            words += [f"--{name}", str(one)]
    before = contents(folder)
    stderr = io.StringIO()
    with pytest.raises(SystemExit) as ended, redirect_stderr(stderr), plain_errors():
        command.main(words, standalone_mode=False)
    (message,) = re.findall(r"^ERROR: .*(?:\n  - .*)*$", stderr.getvalue(), re.M)
    assert ended.value.code == 1
    assert said in message
    assert "Traceback" not in stderr.getvalue()
    assert contents(folder) == before


def check_refuses(folder: Path, summary: object, said: str, **changed: object) -> None:
    """check_inputs.py on summaries of BAM files must end with a message that contains `said`."""
    outputs = {"output": "chrom.sizes", "groups": "groups.tsv", "inputs": "inputs.tsv"}
    written = {name: folder / file for name, file in outputs.items()}
    refuses(check_inputs, {"bam_info": summary, **CHECKS, **written, **changed}, said, folder)


def count_refuses(folder: Path, bam: Path, said: str, **changed: object) -> None:
    """count_bins.py must end with a message that contains `said`."""
    (folder / "sizes").write_text("".join(f"{name}\t{n}\n" for name, n in SIZES.items()))
    outputs = {"output": "counts.zip", "summary": "summary.tsv", "quality": "quality.tsv"}
    written = {name: folder / file for name, file in outputs.items()}
    given = {"bam": bam, "chrom_sizes": folder / "sizes", **COUNTING, **written, **changed}
    refuses(count_bins, given, said, folder)
