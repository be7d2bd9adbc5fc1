"""Reads in tagAlign and fragments files that are not on the chromosomes of a run."""

from collections.abc import Iterator, Mapping

from deepregfinder.genome.assembly import assembly_name, prefix_mismatch, renaming_command
from deepregfinder.inputs.alignments import AlignmentSummary


def misnamed(summary: AlignmentSummary, expected: Mapping[str, int]) -> tuple[str, str] | None:
    """A name in the file and that of the run, such as (`1`, `chr1`), if it uses other names.

    None for BAM and CRAM files, whose headers are compared.
    """
    if not summary.text_format or expected.keys() & summary.mapped.keys():
        return None
    return prefix_mismatch(summary.mapped, expected)


def unplaced_text(
    summary: AlignmentSummary, expected: Mapping[str, int], source: str
) -> Iterator[str]:
    """How the names and ends of a file of text differ from the chromosomes of a run.

    expected : names and lengths (bp) of the main chromosomes
    source : where these come from, for the message
    """
    if pair := misnamed(summary, expected):
        yield (
            f"chromosomes are named like {pair[0]!r}, but like {pair[1]!r} in {source}. Rename "
            f"them in the text: `{renaming_command(*pair)}`."
        )
    beyond = [
        (chrom, last)
        for chrom, last in summary.furthest.items()
        if chrom in expected and last.end > expected[chrom]
    ]
    if beyond:
        chrom, last = beyond[0]
        length = f"{expected[chrom]:,} bp"
        if assembly := assembly_name(chrom, expected[chrom]):
            length += f" in {assembly}"
        more = f"; {len(beyond)} chromosomes are too short in total" if len(beyond) > 1 else ""
        yield (
            f"line {last.line:,} ({chrom}:{last.start:,}-{last.end:,}) is beyond the end of "
            f"{chrom} ({length}, from {source}){more}. Give the assembly that the reads were "
            "aligned to, or trim them."
        )
