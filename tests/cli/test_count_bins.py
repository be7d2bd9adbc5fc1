import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from samples.alignment_samples import MAIN, random_bam
from samples.coverage_files import coverage_of, write_coverage
from samples.text_reads import Read, write_fragments

from count_bins import count_bins
from deepregfinder.counting.store import open_counts
from deepregfinder.quality.tables import FileQuality
from deepregfinder.storage.tables import read_rows

OPTIONS = {
    **{"id": "a", "sample": "K562", "mark": "H3K27ac", "replicate": "1"},
    **{"bin_size": "100", "counter": "native", "min_mapq": "10", "duplicates": "drop"},
    **{"paired_end": "reads", "count_at": "overlap", "extend": "20", "shift": "-10"},
    **{"threads": "2", "output": "a.counts.zip", "summary": "a.counts.tsv"},
    **{"quality": "a.quality.tsv", "ends": "a.ends.zip"},
}


@pytest.fixture(autouse=True)
def _inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random_bam(tmp_path / "reads.bam", seed=3, n_records=500, share_paired=0.5)
    sizes = "".join(f"{chrom}\t{size}\n" for chrom, size in MAIN.items())
    (tmp_path / "chrom.sizes").write_text(sizes)
    (tmp_path / "blacklist.bed").write_text("chr10\t0\t1000\n")


def arguments(**changed: str) -> list[str]:
    options = {"bam": "reads.bam", "chrom_sizes": "chrom.sizes", **OPTIONS, **changed}
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def test_both_counters_write_the_same_bytes(tmp_path):
    written = {}
    for counter in ("native", "featurecounts"):
        run = CliRunner().invoke(
            count_bins,
            arguments(counter=counter, blacklist="blacklist.bed"),
            catch_exceptions=False,
        )
        assert run.exit_code == 0
        names, values = (tmp_path / "a.counts.tsv").read_text().splitlines()
        assert f"\t{counter}\t" in values
        written[counter] = (
            (tmp_path / "a.counts.zip").read_bytes(),
            names,
            values.replace(counter, "COUNTER"),
            (tmp_path / "a.ends.zip").read_bytes(),
            (tmp_path / "a.quality.tsv").read_text(),
        )
    assert written["native"] == written["featurecounts"]
    assert written["native"][-1].splitlines()[1].startswith("a\tK562\tH3K27ac\t1\tchr")
    counts = open_counts(tmp_path / "a.counts.zip")
    assert counts.attributes["counting"] == {
        **{"min_mapq": 10, "duplicates": "drop", "paired_end": "reads", "count_at": "overlap"},
        **{
            "extend": 20,
            "shift": -10,
            "secondary": "drop",
            "max_fragment": 0,
            "blacklist": "e6c9597b45403805",
            "library_size": "main chromosomes",
        },
    }
    assert not counts.load("chr10")[:10].any()
    assert counts.load("chr10")[10:].any()


def test_counting_parameters_have_no_default_but_in_the_schema(repository):
    """Some came later: commands without them are those of their defaults."""
    later = {"secondary", "max_fragment"}
    schema = json.loads((repository / "nextflow_schema.json").read_text())["$defs"]
    properties = schema["counting"]["properties"]
    required = {option.name for option in count_bins.params if option.required}
    assert required >= {*properties, "bin_size"} - later
    defaults = {option.name: option.default for option in count_bins.params}
    assert {name: defaults[name] for name in later} == {
        name: properties[name]["default"] for name in later
    }
    assert set(OPTIONS) >= {*properties, "bin_size"} - later


def test_the_rules_of_a_row_count_and_those_of_the_run_are_recorded(tmp_path):
    row = {"assay": "atac", "rule": "min_mapq=0"}
    run = CliRunner().invoke(count_bins, arguments(**row), catch_exceptions=False)
    assert run.exit_code == 0
    counts = open_counts(tmp_path / "a.counts.zip")
    recorded = counts.attributes["counting"]
    assert (recorded["min_mapq"], recorded["extend"]) == (10, 20)
    assert (counts.attributes["assay"], counts.attributes["row_rules"]) == ("atac", {"min_mapq": 0})
    by_hand = {
        **{"min_mapq": 0, "duplicates": "drop", "paired_end": "reads", "count_at": "five_prime"},
        **{"extend": 0, "shift": 4},
    }
    run = CliRunner().invoke(
        count_bins, arguments(**by_hand, output="b.counts.zip"), catch_exceptions=False
    )
    same = open_counts(tmp_path / "b.counts.zip")
    assert same.library_size == counts.library_size
    for chrom in counts.attributes["chrom_sizes"]:
        assert same.load(chrom).tolist() == counts.load(chrom).tolist()


def test_a_mistake_ends_in_one_message_and_no_file(repository, tmp_path):
    (tmp_path / "chrom.sizes").write_text("1\t300050\n")
    script = str(repository / "bin" / "count_bins.py")
    run = subprocess.run([sys.executable, script, *arguments()], capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith("ERROR: reads.bam has none of the chromosomes to be counted")
    assert "Traceback" not in run.stderr
    assert not list(tmp_path.glob("*counts*"))


def test_a_small_file_takes_little_time(repository):
    """Time of the processor, children included: what else runs here does not matter."""
    script = str(repository / "bin" / "count_bins.py")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def seconds(words: list[str]) -> float:
        before = os.times()
        subprocess.run(
            [sys.executable, script, *words], check=True, env=environment, capture_output=True
        )
        after = os.times()
        return (after.children_user + after.children_system) - (
            before.children_user + before.children_system
        )

    seconds(arguments())  # compiles, unless this was done before
    assert seconds(arguments()) < 2.5


def test_fragments_of_some_cells_are_counted(tmp_path):
    fragments = [Read("chr1", 100 * k, 100 * k + 180) for k in range(300)]
    write_fragments(tmp_path / "fragments.tsv.gz", fragments, ["AC-1", "AG-1", "AT-1"])
    (tmp_path / "T.txt").write_text("AC-1\nAT-1\n")
    words = arguments(bam="fragments.tsv.gz", barcodes="T.txt", paired_end="fragments")
    run = CliRunner().invoke(count_bins, words, catch_exceptions=False)
    assert run.exit_code == 0
    counts = open_counts(tmp_path / "a.counts.zip")
    assert counts.library_size == 200
    assert counts.load("chr1")[:9].tolist() == [1, 0, 1, 1, 0, 1, 1, 0, 1]
    (quality,) = read_rows(tmp_path / "a.quality.tsv", FileQuality)
    assert (quality.fragment_length, quality.sampled) == (180, 400)
    assert (quality.read_length, quality.duplicates, quality.marked_duplicates) == (None,) * 3


def test_coverage_is_counted_by_its_number_of_reads(tmp_path):
    chrom, size = max(MAIN.items(), key=lambda one: one[1])
    reads = [Read(chrom, at, at + 40) for at in range(10, size - 100, 200)]
    write_coverage(tmp_path / "a.bw", coverage_of(reads, MAIN))
    words = arguments(bam="a.bw", reads=str(len(reads)))
    run = CliRunner().invoke(count_bins, words, catch_exceptions=False)
    assert run.exit_code == 0
    counts = open_counts(tmp_path / "a.counts.zip")
    assert counts.library_size == len(reads)
    assert counts.load(chrom)[:6].tolist() == [1, 0, 1, 0, 1, 0]
    assert counts.attributes["counting"]["count_at"] == "overlap"
    (quality,) = read_rows(tmp_path / "a.quality.tsv", FileQuality)
    assert (quality.sampled, quality.read_length, quality.duplicates) == (0, None, None)
