"""check_inputs.py: from summaries and lists to the chromosomes of the run, or to all problems."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from samples.small_bams import write_bam

from check_inputs import check_inputs
from deepregfinder.errors import InputError
from deepregfinder.inputs.alignments import Identity, inspect_alignments, write_summary

SIZES = {"chr1": 50_000, "chr10": 40_000, "chr2": 45_000, "chr20": 30_000, "chrM": 500}
READS = [(chrom, 100) for chrom in SIZES]
PARAMETERS = (
    *("--chromosomes", "(chr)?([1-9]|1[0-9]|2[0-2]|X|Y)", "--bin_size", "100"),
    *("--window_bins", "20", "--split", "chromosome", "--train_chroms", "1-7"),
    *("--validation_chroms", "8-16", "--test_chroms", "17-22,X,Y", "--counter", "native"),
    *("--count_at", "overlap"),
    *("--paired_end", "fragments", "--scatter", "2", "--train", "true"),
    *("--classes", "3"),
)
OUTPUTS = ("chrom.sizes", "groups.tsv", "inputs.tsv")


def inspected(folder: Path, name: str, sizes: dict[str, int], reads: list[tuple]) -> str:
    bam = write_bam(folder / f"{name}.bam", sizes, reads)
    identity = Identity(name, "K562", name, "1", "chip")
    summary = folder / f"{name}.bam.json"
    write_summary(summary, inspect_alignments(bam, identity, folder))
    return str(summary)


def arguments(folder: Path, *more: str) -> list[str]:
    outputs = zip(("--output", "--groups", "--inputs"), OUTPUTS, strict=True)
    written = [text for option, name in outputs for text in (option, str(folder / name))]
    return [*PARAMETERS, *written, *more]


def run(folder: Path, *more: str) -> None:
    check_inputs.main(arguments(folder, *more), standalone_mode=False)


def test_sound_inputs_settle_chromosomes_groups_and_the_table(tmp_path):
    first = inspected(tmp_path, "H3K4me1", SIZES, READS)
    second = inspected(tmp_path, "H3K4me3", SIZES, READS)
    (tmp_path / "peaks.bed").write_text("chr1\t5\t10\n")
    options = ["--bam_info", second, "--bam_info", first, "--peaks", str(tmp_path / "peaks.bed")]
    run(tmp_path, *options)
    assert (tmp_path / "chrom.sizes").read_text() == (
        "chr1\t50000\nchr2\t45000\nchr10\t40000\nchr20\t30000\n"
    )
    assert (tmp_path / "groups.tsv").read_text() == "1\tchr1\n1\tchr20\n2\tchr2\n2\tchr10\n"
    table = [line.split("\t") for line in (tmp_path / "inputs.tsv").read_text().splitlines()]
    assert [row[0] for row in table] == ["id", "H3K4me1", "H3K4me3"]
    assert table[1][6:9] == ["5", "5", "4"]


def test_everything_wrong_is_listed_at_once_and_nothing_is_written(repository, tmp_path):
    bare = {name.removeprefix("chr"): length for name, length in SIZES.items()}
    unsorted = [("chr1", 500), ("chr1", 100), ("chr10", 5), ("chr2", 5), ("chr20", 5)]
    summaries = [
        inspected(tmp_path, "good", SIZES, READS),
        inspected(tmp_path, "fine", SIZES, READS),
        inspected(tmp_path, "bare", bare, [(chrom, 100) for chrom in bare]),
        inspected(tmp_path, "unsorted", SIZES, unsorted),
        inspected(tmp_path, "long", SIZES, [(chrom, 100, "251M") for chrom in SIZES]),
    ]
    lists = {
        "--tss": "chr1\tx\t10\n",
        "--peaks": "1\t5\t10\n",
        "--regions": "",
        "--gaps": "chr1\t5\t50001\n",
    }
    options = [text for path in summaries for text in ("--bam_info", path)]
    for option, text in lists.items():
        path = tmp_path / f"{option[2:]}.bed"
        path.write_text(text)
        options += [option, str(path)]
    done = subprocess.run(
        [sys.executable, repository / "bin" / "check_inputs.py", *arguments(tmp_path, *options)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: 7 problems were found:")
    assert "Traceback" not in done.stderr
    for said in (
        "unsorted.bam (K562, unsorted, replicate 1) is not sorted",
        "bare.bam (K562, bare, replicate 1): chromosomes are named like '1'",
        "long.bam (K562, long, replicate 1): the median read has 251 bp",
        "tss.bed, line 1: expected whole numbers",
        "peaks.bed (--labels): chromosomes are named like '1'",
        "regions.bed (--regions) has no intervals",
        "gaps.bed (--gaps), line 1: chr1:5-50,001 extends beyond the end of chr1",
    ):
        assert said in done.stderr
    assert not any((tmp_path / name).exists() for name in OUTPUTS)


def test_a_run_that_only_predicts_needs_no_chromosome_to_train_on(tmp_path):
    sizes = {"chr20": 30_000}
    options = ["--bam_info", inspected(tmp_path, "a", sizes, [("chr20", 5)])]
    with pytest.raises(InputError, match="--train_chroms"):
        run(tmp_path, *options)
    run(tmp_path, *options, "--train", "false")
    assert (tmp_path / "chrom.sizes").read_text() == "chr20\t30000\n"


def test_a_random_split_needs_no_chromosome_of_each_split(tmp_path):
    sizes = {"chr20": 30_000}
    summary = inspected(tmp_path, "a", sizes, [("chr20", 5)])
    run(tmp_path, "--bam_info", summary, "--split", "random")
    assert (tmp_path / "groups.tsv").read_text() == "1\tchr20\n"


def test_chromosome_sizes_that_are_no_text_are_refused(tmp_path):
    summary = inspected(tmp_path, "a", SIZES, READS)
    (tmp_path / "sizes").write_bytes(b"\xff\xfe\0\0")
    with pytest.raises(InputError, match="sizes is not text"):
        run(tmp_path, "--bam_info", summary, "--chrom_sizes", str(tmp_path / "sizes"))


def test_what_is_left_out_is_told_on_the_terminal_and_in_a_table(repository, tmp_path):
    """A fish with three chromosomes that the default does not know, and mitochondrial reads."""
    sizes = SIZES | {"chr23": 42_000, "chr24": 41_000, "chr25": 40_000}
    reads = [(chrom, 100) for chrom in sizes for _ in range(10 if chrom != "chrM" else 70)]
    summary = inspected(tmp_path, "H3K4me1", sizes, reads)
    (tmp_path / "tss.bed").write_text("chr1\t5\t6\nchr2\t5\t6\nchr24\t5\t6\n")
    more = ("--bam_info", summary, "--tss", str(tmp_path / "tss.bed"))
    left_out = ("--left_out", str(tmp_path / "left_out.tsv"))
    command = [sys.executable, repository / "bin/check_inputs.py", *arguments(tmp_path, *more)]
    done = subprocess.run([*command, *left_out], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith("WARNING: ")]
    rows = [line.split("\t") for line in (tmp_path / "left_out.tsv").read_text().splitlines()]
    assert rows[0] == ["kind", "text"]
    assert [kind for kind, _ in rows[1:]] == ["chromosomes", "reads", "list"]
    assert {f"WARNING: {text}" for _, text in rows[1:]} <= set(told)
    chromosomes, mitochondria, of_list = (text for _, text in rows[1:])
    assert "3 sequences" in chromosomes
    assert "chr23, chr24, chr25 (123,000 bp, 42.7% of the genome, with 21.4%" in chromosomes
    assert "--chromosomes 'chr([12]|10|2[03-5])'" in chromosomes
    assert "chrM (50.0% of H3K4me1.bam)" in mitochondria
    assert "1 of 3 intervals (33.3%) are on sequences that are not used: chr24 (1)" in of_list
    run(tmp_path, *more)


def test_names_that_do_not_match_come_with_an_expression_that_does(tmp_path):
    sizes = {"Chr1": 50_000, "Chr2": 40_000, "ChrC": 1_000, "ChrM": 900}
    summary = inspected(tmp_path, "plant", sizes, [("Chr1", 5)])
    with pytest.raises(InputError, match=r"To use Chr1, Chr2, give --chromosomes 'Chr\[12\]'"):
        run(tmp_path, "--bam_info", summary)


@pytest.mark.parametrize(
    ("trained", "said"),
    [
        ({"1": 50_000, "2": 30_001}, "different assemblies: 1 of 2 chromosomes differ in length"),
        ({"2L": 50_000}, "share no chromosome"),
        ({"1": 50_000, "2": 30_000, "3": 7}, None),
    ],
)
def test_a_model_of_another_assembly_is_told_before_any_read_is_counted(tmp_path, trained, said):
    summary = inspected(tmp_path, "a", {"chr1": 50_000, "chr2": 30_000}, [("chr1", 5)])
    model = tmp_path / "model.json"
    model.write_text(json.dumps({"sample": "HeLa", "marks": ["a"], "chrom_sizes": trained}))
    given = ("--bam_info", summary, "--model", str(model), "--train", "false")
    if said is None:
        run(tmp_path, *given)
        return
    with pytest.raises(InputError, match=rf"on HeLa \(--pretrained\) .*{said}"):
        run(tmp_path, *given)
    assert not (tmp_path / "chrom.sizes").exists()


def test_annotations_and_experiments_are_checked_with_the_other_files(tmp_path):
    summary = inspected(tmp_path, "a", SIZES, READS)
    (tmp_path / "a.bed").write_text("chr1\t5\t60000\t1_Enh\n")
    (tmp_path / "b.bed").write_text("chr1\t5\t90\t1_Enh\n")
    (tmp_path / "x.chain").write_text("chain 9 chr1 9 + 0 8 chr1 8 + 0 8 1\n8\n")
    (tmp_path / "pairs.tsv").write_text("chrom\tchromStart\tchromEnd\tRegulated\n1\t2\t3\tTRUE\n")
    options = [
        *("--bam_info", summary),
        *("--annotation", str(tmp_path / "a.bed"), "*Enh=enhancer", ""),
        *("--annotation", str(tmp_path / "b.bed"), "*Enh=enhancer", str(tmp_path / "x.chain")),
        *("--crispr", str(tmp_path / "pairs.tsv"), "--crispr_cell_type", "K562"),
    ]
    with pytest.raises(InputError) as refused:
        run(tmp_path, *options)
    first, second, third = refused.value.problems
    assert "a.bed (--annotations) has an interval that ends at chr1:60,000" in first
    assert "x.chain lifts to an assembly in which chr1 has 8 bp" in second
    assert "pairs.tsv (--crispr) has chromosomes named like 1, but this run like chr1" in third
