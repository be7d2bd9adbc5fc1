"""Which transcripts of a gene annotation have a promoter, by their biotypes.

Genes of proteins and long non-coding RNAs have promoters of RNA polymerase II at their 5' ends. By
default, other transcripts give no TSS: of pseudogenes, few are transcribed; miRNAs and most snoRNAs
are cut out of longer transcripts, so that their 5' ends are no start sites; tRNAs, 5S rRNA and Y
RNAs have promoters of RNA polymerase III; segments of immunoglobulin and T-cell receptor genes are
transcribed after their recombination; retained introns and targets of nonsense-mediated decay are
often fragments, whose 5' ends lie within genes.
"""

from collections.abc import Mapping

import pandas as pd

from deepregfinder.genome.assembly import few

DEFAULT = "protein_coding,lncRNA"
ALL = "all"

# Other names of a biotype: of RefSeq, of the Sequence Ontology, of GENCODE up to version 30.
_SAME: Mapping[str, tuple[str, ...]] = {
    "protein_coding": ("mRNA",),
    "lncRNA": (
        *("lnc_RNA", "lincRNA", "antisense", "antisense_RNA", "sense_intronic"),
        *("sense_overlapping", "bidirectional_promoter_lncRNA", "macro_lncRNA", "non_coding"),
        "3prime_overlapping_ncRNA",
    ),
}
_STANDARD = {other.lower(): name for name, others in _SAME.items() for other in (name, *others)}


def standard_biotype(name: str) -> str:
    """`lncRNA` for lincRNA, `protein_coding` for mRNA; any other name in lower case."""
    return _STANDARD.get(name.lower(), name.lower())


def with_promoter(biotypes: pd.Series, wanted: str) -> pd.Series:
    """Which transcripts give a TSS; those without a biotype do.

    biotypes : as of `transcripts.scan_annotation`; wanted : names with commas between them, or ALL
    """
    names = {standard_biotype(name) for name in _listed(wanted)}
    chosen = {name for name in biotypes.unique() if name == "" or standard_biotype(name) in names}
    return biotypes.isin(chosen) | (ALL in names)


def unknown_biotypes(biotypes: pd.Series, wanted: str) -> list[str]:
    """Names that no transcript has; those of the default need not be there."""
    known = {standard_biotype(name) for name in biotypes.unique()} | _SAME.keys() | {ALL}
    return [name for name in _listed(wanted) if standard_biotype(name) not in known]


def biotypes_in_words(biotypes: pd.Series) -> str:
    """`protein_coding (12,345), lncRNA (678) and 7 more`, most frequent first."""
    counts = biotypes[biotypes != ""].value_counts()
    return few((f"{name} ({n:,})" for name, n in counts.items()), 10)


def _listed(wanted: str) -> list[str]:
    return [name for part in wanted.split(",") if (name := part.strip())]
