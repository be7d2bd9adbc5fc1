"""inputs.tsv, the alignment files of a run, and left_out.tsv, what the run does not use."""

from dataclasses import dataclass

from deepregfinder.counting.assays import CHIP


@dataclass(frozen=True)
class InputFile:
    """A row of inputs.tsv.

    reads : records (lines) of the file; mapped : mapped records, including secondary ones;
    main_chrom_reads : mapped records on main chromosomes. All three are given or estimated for
        bigWig files
    median_read_length : None for fragments, and for bigWig files where it is not known
    assay, rules : the assay, and the counting rules of the row alone, each as name=value
    """

    id: str
    sample: str
    mark: str
    replicate: str
    role: str
    file: str
    reads: int
    mapped: int
    main_chrom_reads: int
    paired_end: bool
    median_read_length: int | None
    index: str
    simulated: bool
    assay: str = CHIP
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """A row of left_out.tsv.

    kind : chromosomes (that are not used), reads (on other sequences that are not used), crowded
        (sequences that should not be used), list (that covers part of the genome), marks (that a
        sample lacks and its model learnt from), assays (that differ from those of the model),
        pretrained (what a model was trained on), coverage (what is not known of bigWig files)
    text : a sentence for the user
    """

    kind: str
    text: str
