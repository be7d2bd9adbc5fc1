"""bin/simulate_panel.py: whole panels."""

import csv
import gzip
import hashlib
import subprocess
import sys
import time

import pysam
import pytest
from click.testing import CliRunner

from deepregfinder.errors import InputError
from simulate_panel import simulate_panel

SMALL = ["--genome_mb", "2", "--marks", "H3K4me3,H3K4me1", "--reads_per_mb", "1500"]


def simulate(outdir, *options):
    result = CliRunner().invoke(
        simulate_panel, ["--outdir", str(outdir), *options], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return outdir


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def panel(tmp_path_factory):
    options = ["--samples", "A,B", "--replicates", "1,H3K4me3=2", "--control"]
    return simulate(
        tmp_path_factory.mktemp("panel"), *SMALL, *options, "--paired", "--nascent", "stranded"
    )


def test_sheets_name_files_that_exist_beside_them(panel):
    sheet = rows(panel / "samplesheet.csv")
    assert [(row["sample"], row["mark"], row["replicate"]) for row in sheet] == [
        (sample, mark, replicate)
        for sample in "AB"
        for mark, replicate in (("H3K4me3", "1"), ("H3K4me3", "2"), ("H3K4me1", "1"))
    ]
    for row in sheet:
        assert (panel / row["bam"]).is_file()
        assert (panel / f"{row['bam']}.bai").is_file()
        assert row["control"] == f"bam/{row['sample']}.input.rep1.bam"
    for row in rows(panel / "labels.csv"):
        assert row.pop("sample") in ("A", "B")
        assert row.pop("nascent") == ""
        for paths in row.values():
            for path in paths.split(";"):
                assert (panel / path).stat().st_size > 100
    for name in ("tss.bed", "chrom.sizes", "blacklist.bed", "gaps.bed"):
        assert (panel / name).stat().st_size > 0


def test_an_accessibility_track_is_high_where_dnase_peaks_are(tmp_path):
    panel = simulate(tmp_path, *SMALL, "--accessibility")
    assert [row["mark"] for row in rows(panel / "samplesheet.csv")][-1] == "DNase"
    (label,) = rows(panel / "labels.csv")
    peaks = [line.split("\t")[:3] for line in (panel / label["dhs"]).read_text().splitlines()]
    with pysam.AlignmentFile(str(panel / "bam/A.DNase.rep1.bam")) as file:
        inside = sum(file.count(chrom, int(start), int(end)) for chrom, start, end in peaks)
        share = sum(int(end) - int(start) for _, start, end in peaks) / sum(file.lengths)
        assert inside > 5 * share * file.mapped


def test_every_bam_says_that_it_is_simulated(panel):
    for path in (panel / "bam").glob("*.bam"):
        with pysam.AlignmentFile(str(path)) as file:
            assert file.header.to_dict()["CO"] == ["simulated reads"]
    assert "simulated" in (panel / "README.txt").read_text()


def test_replicates_differ_in_depth_and_add_up(panel):
    depths = []
    for number in (1, 2):
        with pysam.AlignmentFile(str(panel / f"bam/A.H3K4me3.rep{number}.bam")) as file:
            depths.append(file.mapped / 2)
            assert file.unmapped > 0
    size = sum(int(line.split()[1]) for line in (panel / "chrom.sizes").read_text().splitlines())
    assert sum(depths) == pytest.approx(1500 * size / 1e6, rel=0.01)
    assert abs(depths[0] - depths[1]) > 0.02 * sum(depths)


def test_nascent_strands_are_in_files_of_their_own(panel):
    for name, reverse in (("sense", False), ("antisense", True)):
        with pysam.AlignmentFile(str(panel / f"bam/A.nascent_{name}.bam")) as file:
            assert {record.is_reverse for record in file.fetch()} == {reverse}


def test_same_seed_gives_same_bytes_whatever_the_threads(tmp_path):
    options = [*SMALL, "--control", "--nascent", "unstranded"]
    first = digests(simulate(tmp_path / "first", *options))
    second = digests(simulate(tmp_path / "second", *options, "--threads", "2"))
    assert first == second
    other = digests(simulate(tmp_path / "third", *options, "--seed", "2"))
    assert other["bam/A.H3K4me3.rep1.bam"] != first["bam/A.H3K4me3.rep1.bam"]


def test_a_bam_does_not_depend_on_what_is_simulated_beside_it(tmp_path):
    alone = simulate(tmp_path / "alone", *SMALL[:2], "--marks", "H3K4me3", "--samples", "B")
    among = simulate(
        tmp_path / "among", *SMALL[:2], "--marks", "H3K27ac,H3K4me3", "--samples", "A,B"
    )
    name = "bam/B.H3K4me3.rep1.bam"
    assert digests(alone)[name] == digests(among)[name]


def encode_folder(folder, moved_labels=False):
    """One mark with a peak of fold 20 on chr1, and label lists here or somewhere else."""
    cell = folder / "peaks" / "Cellx"
    cell.mkdir(parents=True)
    place = 700_000 if moved_labels else 300_000

    def write(name, *peaks):
        lines = "".join(f"{chrom}\t{a}\t{b}\t{rest}\n" for chrom, a, b, rest in peaks)
        (cell / name).write_bytes(gzip.compress(lines.encode(), mtime=0))

    broad = [("chr1", 300_000, 320_000, ".\t0\t.\t20\t9\t-1")]
    broad += [("chr1", at, at + 900, ".\t0\t.\t1.01\t9\t-1") for at in range(0, 990_000, 20_000)]
    write("wgEncodeBroadHistoneCellxH3k27acStdPk.broadPeak.gz", *broad)
    write(
        "wgEncodeBroadHistoneCellxH3k4me3StdPk.broadPeak.gz",
        ("chr1", 100_000, 101_000, ".\t0\t.\t5\t9\t-1"),
    )
    write(
        "wgEncodeAwgDnaseUwdukeCellxUniPk.narrowPeak.gz",
        ("chr1", 310_000, 310_150, ".\t0\t.\t15\t-1\t-1\t-1"),
    )
    factor = (".\t0\t.\t9\t-1\t-1\t90",)
    write("wgEncodeAwgTfbsSydhCellxP300UniPk.narrowPeak.gz", ("chr1", place, place + 200, *factor))
    write("wgEncodeAwgTfbsBroadCellxCtcfUniPk.narrowPeak.gz", ("chr1", place, place + 200, *factor))
    (folder / "sizes").write_text("chr1\t1000000\n")
    (folder / "tss.bed").write_text(f"chr1\t{place}\t{place + 1}\n")
    return [
        *("--peaks", str(folder / "peaks"), "--samples", "Cellx", "--marks", "H3K27ac"),
        *("--tss", str(folder / "tss.bed"), "--chrom_sizes", str(folder / "sizes")),
        *("--reads_per_mb", "100000"),
    ]


def test_reads_have_the_fold_of_real_peaks_and_lie_beside_dnase_sites(tmp_path):
    """The peak of fold 20 has 400 kb of 930 kb assembled; 65 kb of peaks leave 865 kb outside."""
    panel = simulate(tmp_path / "out", *encode_folder(tmp_path))
    with pysam.AlignmentFile(str(panel / "bam/Cellx.H3K27ac.rep1.bam")) as file:
        inside = file.count("chr1", 300_000, 320_000) / 20_000
        beside = file.count("chr1", 309_825, 310_325) / 500
        far = file.count("chr1", 302_000, 306_000) / 4000
        outside = [file.count("chr1", at, at + 8000) / 8000 for at in range(10_000, 280_000, 8000)]
    background = sorted(outside)[len(outside) // 2]
    expected = 20 / ((930 - 400 - 45.45) / (930 - 65))
    assert 0.7 * expected < inside / background < 1.3 * expected
    assert beside > 5 * far > 10 * background
    labels = rows(panel / "labels.csv")[0]
    assert labels["enhancers"] == "peaks/wgEncodeAwgTfbsSydhCellxP300UniPk.narrowPeak"
    assert labels["promoter_marks"].endswith("H3k4me3StdPk.broadPeak")


def test_reads_never_follow_the_labels(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    here = simulate(tmp_path / "a", *encode_folder(tmp_path / "one"))
    there = simulate(tmp_path / "b", *encode_folder(tmp_path / "other", moved_labels=True))
    first, second = digests(here), digests(there)
    assert first["tss.bed"] != second["tss.bed"]
    bams = [name for name in first if name.startswith("bam/")]
    assert len(bams) == 2
    assert [first[name] for name in bams] == [second[name] for name in bams]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--marks", "H3K4me9"], "H3K4me9 not available; choose from H2AZ, H3K27ac"),
        (["--samples", "A,A"], "name every cell type once"),
        (["--replicates", "two"], "neither a number nor MARK=number"),
        (["--replicates", "1,H9=2"], "neither a number nor MARK=number"),
        (["--peaks", "."], "needs --tss and --chrom_sizes"),
    ],
)
def test_mistakes_are_told_plainly(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        simulate(tmp_path, *options)
    assert list(tmp_path.iterdir()) == []


def test_help_comes_at_once_and_explains_peaks(repository):
    started = time.monotonic()
    program = repository / "bin" / "simulate_panel.py"
    run = subprocess.run(
        [sys.executable, str(program), "--help"], capture_output=True, text=True, check=True
    )
    assert "ENCODE" in run.stdout
    assert time.monotonic() - started < 5


@pytest.mark.real_data
def test_real_lists_of_a_chromosome_make_a_panel(shared_data, tmp_path):
    annotation = shared_data / "annotation_hg19"
    panel = simulate(
        tmp_path,
        *("--peaks", str(shared_data / "encode_hg19"), "--samples", "GM12878"),
        *("--tss", str(annotation / "RefSeqTSS.hg19.bed.gz")),
        *("--chrom_sizes", str(annotation / "hg19.chrom.sizes")),
        *("--blacklist", str(annotation / "hg19-blacklist.v2.bed")),
        *("--chroms", "chr22", "--marks", "H3K4me3", "--reads_per_mb", "500"),
        *("--nascent", "unstranded"),
    )
    assert (panel / "chrom.sizes").read_text() == "chr22\t51304566\n"
    for path in rows(panel / "labels.csv")[0]["tfbs"].split(";"):
        lines = (panel / path).read_text().splitlines()
        assert len(lines) > 100
        assert all(line.startswith("chr22\t") for line in lines)
    with pysam.AlignmentFile(str(panel / "bam/GM12878.nascent_unstranded.bam")) as file:
        assert file.mapped == round(500 * 51.304566)
