"""Gene annotations with known transcripts, written as GENCODE, Ensembl and RefSeq publish them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

SIZES = {"chr1": 900_000, "chr2": 700_000, "chrX": 500_000}
ACCESSIONS = {"chr1": "NC_000001.11", "chr2": "NC_000002.12", "chrX": "NC_000023.11"}
PROMOTER_BIOTYPES = ("protein_coding", "lncRNA")
# RefSeq has no retained introns; `transcript` says nothing, so that the biotype of the gene counts.
REFSEQ_TYPES = {
    **{"protein_coding": "mRNA", "lncRNA": "lnc_RNA", "miRNA": "primary_transcript"},
    "retained_intron": "transcript",
}


@dataclass(frozen=True)
class Transcript:
    """A transcript as annotations count: positions from 1 on, the end is part of it."""

    chrom: str
    start: int
    end: int
    strand: str
    gene: str
    name: str
    gene_biotype: str
    biotype: str
    id: str

    @property
    def tss(self) -> tuple[str, int, int, str, str]:
        """chrom, start, end of BED, gene, strand."""
        at = self.start - 1 if self.strand == "+" else self.end - 1
        return self.chrom, at, at + 1, self.name, self.strand


def random_transcripts(seed: int, n_genes: int = 60) -> list[Transcript]:
    """Genes of several biotypes on both strands, with up to four transcripts each."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(n_genes):
        chrom = str(rng.choice(list(SIZES)))
        first = int(rng.integers(1, SIZES[chrom] - 40_000))
        strand = str(rng.choice(["+", "-"]))
        kind = str(rng.choice(["protein_coding", "lncRNA", "miRNA"], p=[0.6, 0.25, 0.15]))
        for nth in range(int(rng.integers(1, 5)) if kind != "miRNA" else 1):
            start = first + int(rng.choice([0, 0, 1, 350]))
            end = first + 20_000 + int(rng.choice([0, 0, 7, 900]))
            fragment = kind == "protein_coding" and rng.random() < 0.3
            found.append(
                Transcript(
                    *(chrom, start, end, strand, f"ENSG{number:011d}", f"Gene-{number}.1", kind),
                    biotype="retained_intron" if fragment else kind,
                    id=f"ENST{number:010d}{nth}",
                )
            )
    return sorted(found, key=lambda one: (one.chrom, one.gene))


def expected(
    dialect: str, transcripts: Sequence[Transcript]
) -> set[tuple[str, int, int, str, str]]:
    """The TSSs of transcripts that have a promoter by what the dialect says of them."""
    by_gene = dialect.startswith("RefSeq")
    return {
        one.tss
        for one in transcripts
        if (one.gene_biotype if by_gene else one.biotype) in PROMOTER_BIOTYPES
    }


def _genes(transcripts: Sequence[Transcript]) -> Iterator[tuple[Transcript, list[Transcript]]]:
    """Each gene, as a transcript that spans it, and its transcripts."""
    for _, group in groupby(transcripts, key=lambda one: one.gene):
        own = list(group)
        low, high = min(one.start for one in own), max(one.end for one in own)
        whole = Transcript(**{**vars(own[0]), "start": low, "end": high})
        yield whole, own


def _row(one: Transcript, chrom: str, source: str, kind: str, attributes: str) -> str:
    return f"{chrom}\t{source}\t{kind}\t{one.start}\t{one.end}\t.\t{one.strand}\t.\t{attributes}\n"


def gencode_gtf(transcripts: Sequence[Transcript]) -> str:
    lines = ["##description: evidence-based annotation\n", "##provider: GENCODE\n"]
    for gene, own in _genes(transcripts):
        of_gene = f'gene_id "{gene.gene}.7"; gene_type "{gene.gene_biotype}"; gene_name '
        of_gene += f'"{gene.name}"; level 2;'
        lines.append(_row(gene, gene.chrom, "HAVANA", "gene", of_gene))
        for one in own:
            more = f'gene_id "{one.gene}.7"; transcript_id "{one.id}.2"; gene_type '
            more += f'"{one.gene_biotype}"; gene_name "{one.name}"; transcript_type '
            more += f'"{one.biotype}"; transcript_name "{one.name}-201"; level 2; tag "basic"; '
            more += 'tag "CCDS";'
            lines.append(_row(one, one.chrom, "HAVANA", "transcript", more))
            lines.append(_row(one, one.chrom, "HAVANA", "exon", f"{more} exon_number 1;"))
    return "".join(lines)


def gencode_gff3(transcripts: Sequence[Transcript]) -> str:
    lines = ["##gff-version 3\n", *(f"##sequence-region {c} 1 {n}\n" for c, n in SIZES.items())]
    for gene, own in _genes(transcripts):
        of_gene = f"ID={gene.gene}.7;gene_id={gene.gene}.7;gene_type={gene.gene_biotype};"
        lines.append(_row(gene, gene.chrom, "HAVANA", "gene", f"{of_gene}gene_name={gene.name}"))
        for one in own:
            more = f"Parent={one.gene}.7;gene_id={one.gene}.7;transcript_id={one.id}.2;gene_type="
            more += f"{one.gene_biotype};gene_name={one.name};transcript_type={one.biotype};"
            more += "level=2;tag=basic,CCDS"
            lines.append(_row(one, one.chrom, "HAVANA", "transcript", f"ID={one.id}.2;{more}"))
            lines.append(_row(one, one.chrom, "HAVANA", "exon", f"ID=exon:{one.id};{more}"))
    return "".join(lines)


def ensembl_gtf(transcripts: Sequence[Transcript]) -> str:
    lines = ["#!genome-build GRCh38.p14\n", "#!genome-version GRCh38\n"]
    for gene, own in _genes(transcripts):
        chrom = gene.chrom.removeprefix("chr")
        of_gene = f'gene_id "{gene.gene}"; gene_version "7"; gene_name "{gene.name}"; gene_source '
        of_gene += f'"havana"; gene_biotype "{gene.gene_biotype}";'
        lines.append(_row(gene, chrom, "havana", "gene", of_gene))
        for one in own:
            more = f'{of_gene} transcript_id "{one.id}"; transcript_name "{one.name}-201"; '
            more += f'transcript_source "havana"; transcript_biotype "{one.biotype}"; tag "basic";'
            lines.append(_row(one, chrom, "havana", "transcript", more))
            lines.append(_row(one, chrom, "havana", "exon", f'{more} exon_number "1";'))
    return "".join(lines)


def ensembl_gff3(transcripts: Sequence[Transcript]) -> str:
    lines = ["##gff-version 3\n"]
    types = {"protein_coding": "mRNA", "lncRNA": "lnc_RNA", "miRNA": "miRNA"}
    for chrom, size in SIZES.items():
        name = chrom.removeprefix("chr")
        # The ends of some chromosomes are left out, as those of Y are.
        first = 1 if chrom != "chrX" else 5_001
        lines.append(f"##sequence-region   {name} {first} {size - 3 if first > 1 else size}\n")
        lines.append(f"{name}\tGRCh38\tchromosome\t1\t{size}\t.\t.\t.\tID=chromosome:{name}\n")
    for gene, own in _genes(transcripts):
        chrom, kind = gene.chrom.removeprefix("chr"), gene.gene_biotype
        of_gene = f"ID=gene:{gene.gene};Name={gene.name};biotype={kind};gene_id={gene.gene}"
        row = "gene" if kind == "protein_coding" else "ncRNA_gene"
        lines.append(_row(gene, chrom, "havana", row, of_gene))
        for one in own:
            more = f"ID=transcript:{one.id};Parent=gene:{one.gene};Name={one.name}-201;biotype="
            lines.append(
                _row(one, chrom, "havana", types.get(one.biotype, "lnc_RNA"), more + one.biotype)
            )
            exon = f"Parent=transcript:{one.id};Name=ENSE1;rank=1"
            lines.append(_row(one, chrom, "havana", "exon", exon))
        lines.append("###\n")
    return "".join(lines)


def refseq_gtf(transcripts: Sequence[Transcript]) -> str:
    lines = ["#gtf-version 2.2\n", "#!annotation-source NCBI RefSeq\n"]
    for gene, own in _genes(transcripts):
        chrom = ACCESSIONS[gene.chrom]
        of_gene = f'gene_id "{gene.name}"; transcript_id ""; db_xref "GeneID:1"; description '
        of_gene += f'"a gene; of some kind"; gbkey "Gene"; gene "{gene.name}"; gene_biotype '
        lines.append(_row(gene, chrom, "BestRefSeq", "gene", f'{of_gene}"{gene.gene_biotype}"; '))
        for one in own:
            more = f'gene_id "{one.name}"; transcript_id "{one.id}"; db_xref "GeneID:1"; gbkey '
            more += f'"mRNA"; gene "{one.name}"; product "x; transcript variant 2"; '
            more += f'transcript_biotype "{REFSEQ_TYPES[one.biotype]}"; '
            lines.append(_row(one, chrom, "BestRefSeq", "transcript", more))
            lines.append(_row(one, chrom, "BestRefSeq", "exon", f'{more}exon_number "1"; '))
    return "".join([*lines, "###\n"])


def refseq_gff3(transcripts: Sequence[Transcript]) -> str:
    lines = ["##gff-version 3\n", "#!gff-spec-version 1.21\n"]
    for chrom, size in SIZES.items():
        name, whole = ACCESSIONS[chrom], chrom.removeprefix("chr")
        lines.append(f"##sequence-region {name} 1 {size}\n")
        region = f"ID={name}:1..{size};Dbxref=taxon:9606;Name={whole};chromosome={whole};gbkey=Src"
        lines.append(f"{name}\tRefSeq\tregion\t1\t{size}\t.\t+\t.\t{region};genome=chromosome\n")
    part = "ID=NT_187361.1:1..9000;Name=1;chromosome=1;gbkey=Src;genome=genomic"
    lines.append(f"NT_187361.1\tRefSeq\tregion\t1\t9000\t.\t+\t.\t{part}\n")
    for gene, own in _genes(transcripts):
        chrom = ACCESSIONS[gene.chrom]
        of_gene = f"ID=gene-{gene.name};Dbxref=GeneID:1;Name={gene.name};description=x%2C y;gbkey="
        of_gene += f"Gene;gene={gene.name};gene_biotype={gene.gene_biotype}"
        lines.append(_row(gene, chrom, "BestRefSeq", "gene", of_gene))
        for one in own:
            more = f"ID=rna-{one.id};Parent=gene-{one.name};Dbxref=GeneID:1;Name={one.id};gbkey="
            more += f"mRNA;gene={one.name};product=x%3B variant 2;transcript_id={one.id}"
            lines.append(_row(one, chrom, "BestRefSeq", REFSEQ_TYPES[one.biotype], more))
            if one.biotype == "miRNA":
                # The mature miRNA begins elsewhere, and its type is that of a transcript.
                mature = f"ID=rna-{one.id}-2;Parent=rna-{one.id};gene={one.name};product=miR-1"
                shifted = Transcript(**{**vars(one), "start": one.start + 9, "end": one.end - 9})
                lines.append(_row(shifted, chrom, "BestRefSeq", "miRNA", mature))
            exon = f"ID=exon-{one.id}-1;Parent=rna-{one.id};gene={one.name}"
            lines.append(_row(one, chrom, "BestRefSeq", "exon", exon))
    return "".join(lines)


DIALECTS: Mapping[str, Callable[[Sequence[Transcript]], str]] = {
    "GENCODE GTF": gencode_gtf,
    "GENCODE GFF3": gencode_gff3,
    "Ensembl GTF": ensembl_gtf,
    "Ensembl GFF3": ensembl_gff3,
    "RefSeq GTF": refseq_gtf,
    "RefSeq GFF3": refseq_gff3,
}


def named_as(dialect: str, chrom: str) -> str:
    """The name of a chromosome in a dialect."""
    if dialect.startswith("RefSeq"):
        return ACCESSIONS[chrom]
    return chrom.removeprefix("chr") if dialect.startswith("Ensembl") else chrom
