"""list_tss.py and name_chromosomes.py: from a gene annotation to the TSSs of a run."""

import json
import subprocess
import sys

import pytest
from samples.gene_annotations import SIZES as GENES_ON
from samples.gene_annotations import expected, random_transcripts, refseq_gff3
from samples.refusals import CHECKS, READS, SIZES
from samples.small_bams import write_bam

from deepregfinder.genome.intervals import read_intervals
from deepregfinder.inputs.alignments import Identity, inspect_alignments, write_summary
from list_tss import list_tss
from name_chromosomes import name_chromosomes

ROWS = (
    'chr1\tx\ttranscript\t100\t900\t.\t+\t.\tgene_id "G1"; gene_name "A"; transcript_type "mRNA";\n'
    'chr1\tx\ttranscript\t100\t900\t.\t-\t.\tgene_id "G2"; transcript_type "snoRNA";\n'
)


def words(**options: object) -> list[str]:
    return [str(word) for name, value in options.items() for word in (f"--{name}", value)]


def test_the_5_prime_ends_of_transcripts_become_bed(tmp_path):
    (tmp_path / "genes.gtf").write_text(ROWS)
    given = words(gtf=tmp_path / "genes.gtf", output=tmp_path / "tss.bed", info=tmp_path / "i.json")
    list_tss.main(given, standalone_mode=False)
    assert (tmp_path / "tss.bed").read_text() == "chr1\t99\t100\tA\t0\t+\n"
    list_tss.main([*given, "--gtf_biotypes", "all"], standalone_mode=False)
    both = "chr1\t99\t100\tA\t0\t+\nchr1\t899\t900\tG2\t0\t-\n"
    assert (tmp_path / "tss.bed").read_text() == both
    assert json.loads((tmp_path / "i.json").read_text())["n_transcripts"] == 2


@pytest.mark.parametrize("prefix", ["", "chr"])
def test_accession_numbers_become_the_chromosomes_of_the_reads(tmp_path, prefix):
    transcripts = random_transcripts(1)
    (tmp_path / "genes.gff3").write_text(refseq_gff3(transcripts))
    info, first = tmp_path / "info.json", tmp_path / "first.bed"
    list_tss.main(
        words(gtf=tmp_path / "genes.gff3", output=first, info=info), standalone_mode=False
    )
    lines = (f"{prefix}{chrom[3:]}\t{bp}\n" for chrom, bp in GENES_ON.items())
    (tmp_path / "sizes").write_text("".join(lines))
    given = words(intervals=first, chrom_sizes=tmp_path / "sizes", output=tmp_path / "tss.bed")
    name_chromosomes.main([*given, "--annotation_info", str(info)], standalone_mode=False)
    table = read_intervals(tmp_path / "tss.bed")
    rows = table[["chrom", "start", "end", "name", "strand"]].itertuples(index=False, name=None)
    known = expected("RefSeq GFF3", transcripts)
    assert set(rows) == {(prefix + row[0][3:], *row[1:]) for row in known}


def test_a_problem_is_no_error_of_this_command_but_of_the_checks(repository, tmp_path):
    (tmp_path / "genes.gtf").write_text("chr1\t5\t6\tA\t0\t+\n")
    script = [sys.executable, repository / "bin/list_tss.py"]
    given = words(gtf="genes.gtf", output="tss.bed", info="info.json")
    done = subprocess.run([*script, *given], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "tss.bed").read_text() == ""
    (problem,) = json.loads((tmp_path / "info.json").read_text())["problems"]
    assert problem.startswith("genes.gtf is not in GTF or GFF3")


def test_what_an_annotation_leaves_out_is_told_as_of_other_lists(repository, tmp_path):
    row = ROWS.split("\n")[0] + "\n"
    text = row + row.replace("+", ".") + row.replace("chr1", "chrUn_1")
    (tmp_path / "genes.gtf").write_text(text)
    info, summary = tmp_path / "info.json", tmp_path / "a.json"
    given = words(gtf=tmp_path / "genes.gtf", output=tmp_path / "tss.bed", info=info)
    list_tss.main(given, standalone_mode=False)
    bam = write_bam(tmp_path / "a.bam", SIZES, READS)
    identity = Identity("a", "K562", "H3K4me1", "1", "chip")
    write_summary(summary, inspect_alignments(bam, identity, tmp_path))
    written = {name: tmp_path / f"{name}.tsv" for name in ("output", "groups", "inputs")}
    options = words(bam_info=summary, annotation_info=info, **CHECKS, **written)
    command = [sys.executable, repository / "bin/check_inputs.py", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if "genes.gtf" in line]
    assert len(told) == 2
    assert "genes.gtf (--gtf): 1 of 2 intervals (50.0%) are on sequences that are not" in told[0]
    assert "genes.gtf (--gtf): 1 of 3 transcripts have no strand" in told[1]
