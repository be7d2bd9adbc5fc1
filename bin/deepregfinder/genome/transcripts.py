"""Read the transcripts of a gene annotation: GTF or GFF3, plain or gzipped.

Most rows of these files are exons. Only rows of genes, transcripts and whole sequences are taken
apart, so that an annotation of three million rows takes seconds. Formats differ in where they name
the gene and its biotype:

    GENCODE         on each transcript: gene_name, transcript_type, in GTF and GFF3
    Ensembl GTF     on each transcript: gene_name, transcript_biotype
    Ensembl GFF3    biotype on the transcript, Name on its gene, which is its Parent
    RefSeq          gene on the transcript; gene_biotype on the gene (its Parent, or its gene_id)

Types of transcripts in GFF3 are terms of the Sequence Ontology (mRNA, lnc_RNA, snoRNA, ...). The
rows `region` of RefSeq name the chromosome of a sequence with an accession number.
"""

import io
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, cast
from urllib.parse import unquote

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.storage.text import foreign_format, not_utf8, opened

Role = Literal["gene", "transcript", "sequence", ""]

EXPECTED = "a gene annotation in GTF or GFF3"
_BUFFER = 1 << 20
_MAX_LINES_NAMED = 5
_N_COLUMNS = 9
_SEQUENCES_FOLLOW = ("##FASTA", ">")
_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("gene", re.compile(r"\w*gene")),
    ("transcript", re.compile(r"\w*transcript(_variant)?|\w*RNA|[CDJV]_gene_segment")),
    ("sequence", re.compile(r"region|chromosome")),
)
_POSITION = re.compile(r"0*[1-9][0-9]{0,9}", re.ASCII)
_GFF3 = re.compile(r"\s*[^\s;=\"]+=")
_GTF_PAIR = re.compile(r'([A-Za-z_][\w.:-]*)\s+(?:"([^"]*)"|([^";\s]+))\s*(?:;|$)')
_BIOTYPE_OF_TRANSCRIPT = ("transcript_type", "transcript_biotype", "biotype")
_BIOTYPE_OF_GENE = ("gene_type", "gene_biotype", "biotype")
_GENE_NAME = ("gene_name", "gene", "gene_symbol")
_ENSEMBL_OR_REFSEQ = re.compile(r"^gene[:-]")
_SAYS_NOTHING = ("", "transcript", "primary_transcript")
"""Types of transcripts that are no biotypes."""
_UNCONFIRMED = "mRNA_start_NF"
"""Tag of GENCODE and Ensembl: the start of the transcript was not found."""


@dataclass(frozen=True)
class GeneAnnotation:
    """What a GTF or GFF3 file says of transcripts and sequences.

    transcripts : chrom (str, as in the file); start, end (int64, 0-based half-open); strand ("+",
        "-" or "."); gene (one word: its name, else its ID, else "."); biotype ("" if the file has
        none); confirmed (bool: the annotation does not call the start unconfirmed); line (int64,
        from 1)
    lengths : of sequences, in bp, as far as the file states them
    chromosomes : the chromosome of sequences with accession numbers, as far as the file names it
    """

    transcripts: pd.DataFrame
    lengths: Mapping[str, int]
    chromosomes: Mapping[str, str]


def scan_annotation(path: Path) -> tuple[GeneAnnotation, list[str]]:
    """Read a gene annotation, and list its problems as sentences instead of raising.

    The first five invalid lines are named.
    """
    reader = _Reader(Path(path))
    problems = reader.problems
    try:
        with opened(reader.path) as stream:
            reader.read(_lines(reader.path, stream))
    except InputError as error:
        problems.append(str(error))
    except UnicodeDecodeError:
        problems.append(str(not_utf8(reader.path, EXPECTED)))
    if reader.n_invalid > _MAX_LINES_NAMED:
        more = reader.n_invalid - _MAX_LINES_NAMED
        problems.append(f"{path}: {more} more lines are not valid rows of GTF or GFF3.")
    annotation = reader.annotation()
    if not problems and annotation.transcripts.empty:
        kinds = sorted(reader.roles)
        problems.append(
            f"{path} has no row of a transcript: its rows are of the types {', '.join(kinds[:8])}. "
            "Give the whole annotation of GENCODE, Ensembl or RefSeq."
        )
    return annotation, problems


def _lines(path: Path, stream: BinaryIO) -> Iterator[str]:
    """Lines of a text with any line ends, without byte order mark."""
    buffer = io.BufferedReader(cast(io.RawIOBase, stream), _BUFFER)
    if description := foreign_format(buffer.peek(64)):
        raise InputError(f"{path} is {description}; expected {EXPECTED}.")
    return iter(io.TextIOWrapper(buffer, "utf-8-sig"))


class _Roles(dict[str, Role]):
    """The role of each type of rows that was met: "" for those that are not read."""

    def __missing__(self, kind: str) -> Role:
        self[kind] = next((role for role, names in _ROLES if names.fullmatch(kind)), "")
        return self[kind]


class _Gene(NamedTuple):
    name: str
    biotype: str


class _Transcript(NamedTuple):
    """A row of a transcript: `gene` is the ID of its gene; name and biotype are what it says."""

    line: int
    chrom: str
    start: int
    end: int
    strand: str
    id: str
    gene: str
    name: str
    biotype: str
    confirmed: bool


@dataclass
class _Reader:
    path: Path
    roles: _Roles = field(default_factory=_Roles)
    problems: list[str] = field(default_factory=list)
    n_invalid: int = 0
    genes: dict[str, _Gene] = field(default_factory=dict)
    transcripts: list[_Transcript] = field(default_factory=list)
    lengths: dict[str, int] = field(default_factory=dict)
    chromosomes: dict[str, str] = field(default_factory=dict)

    def read(self, lines: Iterator[str]) -> None:
        """Read all lines; the first row shows whether this is an annotation at all."""
        numbered = enumerate(lines, 1)
        first = next((pair for pair in numbered if not self._is_comment(pair[1])), None)
        if first is None:
            raise InputError(f"{self.path} has no rows; expected {EXPECTED}.")
        self._check_first(*first)
        number, line = first
        role: Role | None = None
        for number, line in itertools.chain([first], numbered):
            fields = line.split("\t", 3)
            role = self.roles[fields[2]] if len(fields) > 3 and line[0] != "#" else None
            if role:
                self._row(number, line, role)
            elif role is None:
                if line.startswith(_SEQUENCES_FOLLOW):
                    return
                if not self._is_comment(line):
                    self._invalid(number, _too_few(fields))
        # A last row that was cut short may be one that is not read.
        if role == "" and line.count("\t") < _N_COLUMNS - 1:
            self._invalid(number, _too_few(line.split("\t")))

    def _is_comment(self, line: str) -> bool:
        """Whether a line has no row; one like `##sequence-region chr1 1 LENGTH` states a length.

        Ensembl leaves out the ends of some sequences there: that is not their length.
        """
        words = line.split() if line.startswith("##sequence-region") else []
        if len(words) == 4 and words[2] == "1":
            self._state_length(words[1], words[3])
        return line.startswith("#") or not line.strip()

    def _check_first(self, number: int, line: str) -> None:
        fields = line.rstrip("\n").split("\t")
        if len(fields) < _N_COLUMNS or not all(map(_POSITION.fullmatch, fields[3:5])):
            raise InputError(
                f"{self.path} is not in GTF or GFF3: line {number} is {_shown(line)}; expected 9 "
                "columns with tabs between them, and start and end in columns 4 and 5. A BED file "
                "of TSSs belongs to --tss."
            )

    def _state_length(self, chrom: str, text: str) -> None:
        if _POSITION.fullmatch(text):
            self.lengths[chrom] = int(text)

    def _invalid(self, number: int, problem: str) -> None:
        self.n_invalid += 1
        if self.n_invalid <= _MAX_LINES_NAMED:
            self.problems.append(f"{self.path}, line {number}: {problem}")

    def _row(self, number: int, line: str, role: Role) -> None:
        fields = line.rstrip("\n").split("\t")
        if len(fields) < _N_COLUMNS:
            self._invalid(number, _too_few(fields))
            return
        attributes = _attributes(fields[8])
        if role == "gene":
            self._gene(attributes)
        elif role == "transcript":
            if problem := _fault(fields, attributes):
                self._invalid(number, problem)
            else:
                self._transcript(number, fields, attributes)
        elif fields[3] == "1":
            self._sequence(fields, attributes)

    def _gene(self, attributes: Mapping[str, str]) -> None:
        name = _first(attributes, _GENE_NAME) or attributes.get("Name", "")
        gene = _Gene(name, _first(attributes, _BIOTYPE_OF_GENE))
        for key in ("ID", "gene_id"):
            if attributes.get(key):
                self.genes[attributes[key]] = gene

    def _transcript(self, number: int, fields: list[str], attributes: Mapping[str, str]) -> None:
        biotype = _first(attributes, _BIOTYPE_OF_TRANSCRIPT)
        if biotype in _SAYS_NOTHING and fields[2] not in _SAYS_NOTHING:
            biotype = fields[2]
        parent = _first(attributes, ("Parent", "Derives_from"))
        self.transcripts.append(
            _Transcript(
                number,
                fields[0],
                int(fields[3]) - 1,
                int(fields[4]),
                fields[6] if fields[6] in ("+", "-") else ".",
                attributes.get("ID", ""),
                parent or attributes.get("gene_id", ""),
                _first(attributes, _GENE_NAME),
                "" if biotype in _SAYS_NOTHING else biotype,
                _UNCONFIRMED not in fields[8],
            )
        )

    def _sequence(self, fields: list[str], attributes: Mapping[str, str]) -> None:
        """A row of a whole sequence. RefSeq says `genomic` of those that are a part of one."""
        self._state_length(fields[0], fields[4])
        name = attributes.get("chromosome") or attributes.get("Name", "")
        if name and attributes.get("genome", "chromosome") != "genomic":
            self.chromosomes[fields[0]] = name

    def annotation(self) -> GeneAnnotation:
        """All rows, each with what its gene says."""
        ids = {one.id for one in self.transcripts} - {""}
        # A mature miRNA is a part of its transcript.
        kept = [one for one in self.transcripts if one.gene in self.genes or one.gene not in ids]
        unknown = _Gene("", "")
        genes = [self.genes.get(one.gene, unknown) for one in kept]
        names = [
            _one_word(one.name or gene.name or _ENSEMBL_OR_REFSEQ.sub("", one.gene)) or "."
            for one, gene in zip(kept, genes, strict=True)
        ]
        biotypes = [one.biotype or gene.biotype for one, gene in zip(kept, genes, strict=True)]
        table = pd.DataFrame(
            {
                "chrom": pd.Series([one.chrom for one in kept], dtype=str),
                "start": np.array([one.start for one in kept], np.int64),
                "end": np.array([one.end for one in kept], np.int64),
                "strand": pd.Series([one.strand for one in kept], dtype=str),
                "gene": pd.Series(names, dtype=str),
                "biotype": pd.Series(biotypes, dtype=str),
                "confirmed": np.array([one.confirmed for one in kept], bool),
                "line": np.array([one.line for one in kept], np.int64),
            }
        )
        return GeneAnnotation(table, self.lengths, self.chromosomes)


def _first(attributes: Mapping[str, str], keys: tuple[str, ...]) -> str:
    """The value of the first key that has one."""
    return next((attributes[key] for key in keys if attributes.get(key)), "")


def _too_few(fields: list[str]) -> str:
    return f"expected 9 columns with tabs between them, found {len(fields)}."


def _fault(fields: list[str], attributes: Mapping[str, str]) -> str | None:
    """Why the row of a transcript cannot be read; None if it can."""
    chrom, start, end, strand = fields[0], fields[3], fields[4], fields[6]
    if not chrom or chrom != _one_word(chrom):
        return f"expected the name of a sequence without spaces, found {chrom!r}."
    if not all(map(_POSITION.fullmatch, (start, end))) or int(start) > int(end):
        return (
            f"expected whole numbers from 1 on, the start not after the end, in columns 4 and 5, "
            f"found {start!r} and {end!r}."
        )
    if strand not in ("+", "-", ".", "?"):
        return f"expected the strand, + or -, in column 7, found {strand!r}."
    if not attributes:
        return (
            'expected attributes in column 9, such as gene_id "G1"; (GTF) or ID=T1;Parent=G1 '
            f"(GFF3), found {_shown(fields[8])}."
        )
    return None


def _attributes(text: str) -> dict[str, str]:
    """The attributes of a row, of either format; empty if there is none. Of parents, the first."""
    if _GFF3.match(text):
        pairs = (pair.partition("=") for pair in text.split(";"))
        values = {key.strip(): value.strip() for key, _, value in pairs}
        parent = values.get("Parent", "").partition(",")[0]
        return {key: _decoded(value) for key, value in (values | {"Parent": parent}).items()}
    return {key: quoted or bare for key, quoted, bare in _GTF_PAIR.findall(text)}


def _one_word(name: str) -> str:
    """A name that is a cell of BED: with _ for blanks and signs that are not printed."""
    if name.isprintable() and " " not in name:
        return name
    return "".join("_" if sign == " " or not sign.isprintable() else sign for sign in name)


def _decoded(value: str) -> str:
    return unquote(value) if "%" in value else value


def _shown(text: str) -> str:
    text = text.rstrip("\n")
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
