"""TSSs of a gene annotation (--gtf), and whether it is one of the genome of the reads.

As for reads, the file is read once by a task that does not fail because of it: problems are
recorded as sentences, with what there is to know of each sequence, so that `inputs.check` can
report those of all files at once.
"""

import dataclasses
import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.genome.assembly import few, names_in_run, other_lengths
from deepregfinder.genome.biotypes import biotypes_in_words, unknown_biotypes, with_promoter
from deepregfinder.genome.grid import natural_order
from deepregfinder.genome.transcripts import GeneAnnotation, scan_annotation
from deepregfinder.inputs.tables import LeftOut
from deepregfinder.storage.atomic import written_whole

_log = logging.getLogger(__name__)

_ACCESSION = re.compile(r"[A-Z]{1,4}_?[0-9]{5,}(\.[0-9]+)?")
_READS = "the BAM files or chromosome sizes"


@dataclass(frozen=True)
class AnnotatedSequence:
    """A sequence of a gene annotation.

    chromosome : name of the chromosome that it is, "" where the file does not say
    length : in bp, as the file states it; 0 where it does not
    n_tss : TSSs on it
    end, line : the largest end of a transcript in bp, and the line of that transcript
    """

    name: str
    chromosome: str
    length: int
    n_tss: int
    end: int
    line: int


@dataclass(frozen=True)
class AnnotationSummary:
    """A gene annotation, as read by `list_tss`.

    n_transcripts : of the wanted biotypes; n_stranded : those of them that have a strand
    problems : problems of the file, in sentences
    """

    file: str
    n_transcripts: int
    n_stranded: int
    sequences: tuple[AnnotatedSequence, ...]
    problems: tuple[str, ...]

    @property
    def description(self) -> str:
        return f"{self.file} (--gtf)"

    @property
    def chromosomes(self) -> dict[str, str]:
        """Sequence -> chromosome, where the file says which one it is."""
        return {one.name: one.chromosome for one in self.sequences if one.chromosome}

    def names_in(self, chrom_sizes: Mapping[str, int]) -> dict[str, str]:
        """Sequence -> its name in a run with these chromosomes, for those that it has."""
        return names_in_run([one.name for one in self.sequences], chrom_sizes, self.chromosomes)


@dataclass(frozen=True)
class TssCounts:
    """The TSSs of an annotation for `left_out`: how many there are on each sequence of the run."""

    description: str
    numbers: Mapping[str, int]


def list_tss(path: Path, biotypes: str) -> tuple[pd.DataFrame, AnnotationSummary]:
    """The TSSs of a gene annotation, and its summary.

    Parameters
    ----------
    path : GTF or GFF3, plain or gzipped
    biotypes : of transcripts that have a promoter (`biotypes.with_promoter`)

    Returns
    -------
    DataFrame chrom, start, end (0-based half-open, 1 bp), gene, strand: the 5' ends of transcripts
    with these biotypes, a strand and a start that is not called unconfirmed; each gene has a
    position once. Sorted; chromosomes are named as in the file.
    """
    annotation, problems = scan_annotation(path)
    transcripts = annotation.transcripts
    wanted = transcripts[with_promoter(transcripts["biotype"], biotypes) & transcripts["confirmed"]]
    stranded = wanted[wanted["strand"] != "."]
    tss = _five_prime_ends(stranded)
    if not problems:
        problems = list(_without_tss(path, transcripts, len(wanted), len(tss), biotypes))
    if not problems:
        left_out = transcripts.loc[transcripts.index.difference(stranded.index), "biotype"]
        _log.info(
            "%s: %d TSSs of %d transcripts; %d transcripts are left out: %s",
            *(path, len(tss), len(stranded), len(left_out), biotypes_in_words(left_out) or "none"),
        )
    summary = AnnotationSummary(
        str(path), len(wanted), len(stranded), tuple(_sequences(annotation, tss)), tuple(problems)
    )
    return tss, summary


def _five_prime_ends(transcripts: pd.DataFrame) -> pd.DataFrame:
    forward = transcripts["strand"] == "+"
    start = np.where(forward, transcripts["start"], transcripts["end"] - 1)
    tss = transcripts.assign(start=start, end=start + 1)
    tss = tss[["chrom", "start", "end", "gene", "strand"]].drop_duplicates()
    order = {chrom: n for n, chrom in enumerate(sorted(tss["chrom"].unique(), key=natural_order))}
    tss = tss.assign(order=tss["chrom"].map(order))
    tss = tss.sort_values(["order", "start", "strand", "gene"], ignore_index=True)
    return tss.drop(columns="order")


def _without_tss(
    path: Path, transcripts: pd.DataFrame, n_wanted: int, n_tss: int, biotypes: str
) -> Iterator[str]:
    """Why no TSS is known, or fewer than was asked for."""
    there = biotypes_in_words(transcripts["biotype"])
    if unknown := unknown_biotypes(transcripts["biotype"], biotypes):
        yield (
            f"--gtf_biotypes: no transcript of {path} has the biotype {', '.join(unknown)}. It has "
            f"{there or 'none'}. Correct the list, or use all."
        )
    elif not n_wanted:
        yield (
            f"{path} (--gtf) has no transcript of the biotypes {biotypes}. It has {there}. Choose "
            "among them with --gtf_biotypes, or use all."
        )
    elif not n_tss:
        yield (
            f"{path} (--gtf): no transcript has a strand (+ or - in column 7), so that no TSS is "
            "known. Give an annotation with strands."
        )


def _sequences(annotation: GeneAnnotation, tss: pd.DataFrame) -> Iterator[AnnotatedSequence]:
    transcripts = annotation.transcripts
    last = transcripts.loc[transcripts.groupby("chrom")["end"].idxmax()]
    counts = tss["chrom"].value_counts().to_dict()
    ends = zip(last["chrom"], last["end"].tolist(), last["line"].tolist(), strict=True)
    for chrom, end, line in sorted(ends, key=lambda one: natural_order(one[0])):
        yield AnnotatedSequence(
            chrom,
            annotation.chromosomes.get(chrom, ""),
            annotation.lengths.get(chrom, 0),
            counts.get(chrom, 0),
            end,
            line,
        )


def write_annotation_summary(path: Path, summary: AnnotationSummary) -> None:
    """Write a summary as JSON."""
    with written_whole(path) as part:
        part.write_text(json.dumps(dataclasses.asdict(summary), indent=1) + "\n")


def read_annotation_summary(path: Path) -> AnnotationSummary:
    """Read a file of `write_annotation_summary`; raises InputError for any other file."""
    try:
        fields = json.loads(Path(path).read_text())
        fields["sequences"] = tuple(AnnotatedSequence(**one) for one in fields["sequences"])
        fields["problems"] = tuple(fields["problems"])
        return AnnotationSummary(**fields)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise InputError(f"{path} is not a summary of an annotation by list_tss.py.") from None


def unfit_annotation(summary: AnnotationSummary, expected: Mapping[str, int]) -> Iterator[str]:
    """Why an annotation cannot be used; expected : main chromosomes, may be empty."""
    yield from summary.problems
    if summary.problems or not expected:
        return
    names = summary.names_in(expected)
    if not any(one.n_tss for one in summary.sequences if one.name in names):
        yield _elsewhere(summary, expected)
        return
    stated = {names[one.name]: one.length for one in summary.sequences if one.name in names}
    if other := other_lengths({name: bp for name, bp in stated.items() if bp}, expected, _READS):
        yield (
            f"{summary.description}: {other}. Give the annotation of the assembly that the reads "
            "were aligned to."
        )
        return
    beyond = [
        one for one in summary.sequences if one.end > expected.get(names.get(one.name, ""), one.end)
    ]
    if beyond:
        one, chrom = beyond[0], names[beyond[0].name]
        more = f", and so do transcripts of {len(beyond) - 1} more chromosomes"
        yield (
            f"{summary.file}, line {one.line}: a transcript ends at {one.name}:{one.end:,}, beyond "
            f"the end of {chrom} ({expected[chrom]:,} bp){more if len(beyond) > 1 else ''}. Give "
            "the annotation of the assembly that the reads were aligned to."
        )


def _elsewhere(summary: AnnotationSummary, expected: Mapping[str, int]) -> str:
    """Why no TSS is on a main chromosome."""
    names = [one.name for one in summary.sequences if one.n_tss]
    if not summary.chromosomes and all(map(_ACCESSION.fullmatch, names)):
        return (
            f"{summary.description} names sequences by accession numbers ({few(names, 3)}) and "
            "does not say which chromosomes these are. Give the GFF3 file of the same release, "
            "whose rows `region` do, or an annotation of GENCODE or Ensembl."
        )
    return (
        f"{summary.description}: no TSS is on a main chromosome. It has {few(names)}; the main "
        f"chromosomes are {few(expected)}. Is the annotation of another species, or does "
        "--chromosomes exclude its chromosomes?"
    )


def tss_counts(summary: AnnotationSummary, chrom_sizes: Mapping[str, int]) -> TssCounts:
    """Numbers of TSSs by sequence, named as in a run."""
    names = summary.names_in(chrom_sizes)
    numbers = {names.get(one.name, one.name): one.n_tss for one in summary.sequences if one.n_tss}
    return TssCounts(summary.description, numbers)


def without_strand(summary: AnnotationSummary) -> Iterator[LeftOut]:
    """That transcripts without a strand are left out, if there are any."""
    if lost := summary.n_transcripts - summary.n_stranded:
        yield LeftOut(
            "list",
            f"{summary.description}: {lost:,} of {summary.n_transcripts:,} transcripts have no "
            "strand, so that their TSS is not known. They are left out.",
        )
