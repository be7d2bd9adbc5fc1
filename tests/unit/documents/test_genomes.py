"""The files of --genome are sound, and the documents name all of them."""

from pathlib import Path

import pytest

from deepregfinder.genome.assembly import assembly_name
from deepregfinder.genome.grid import bare_name, read_chrom_sizes
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.genome.splits import SPLITS, SplitChoice

ASSETS = Path(__file__).parents[3] / "assets/genomes"
GENOMES = sorted(path.name for path in ASSETS.iterdir() if path.is_dir())


@pytest.mark.parametrize("name", GENOMES)
def test_its_lists_lie_on_its_chromosomes(name: str) -> None:
    sizes = read_chrom_sizes(ASSETS / name / "chrom.sizes")
    lists = {path.name: read_intervals(path) for path in (ASSETS / name).glob("*.bed.gz")}
    assert {"tss.bed.gz"} <= set(lists) <= {"tss.bed.gz", "blacklist.bed.gz"}
    for intervals in lists.values():
        assert set(intervals["chrom"]) <= set(sizes)
        assert (intervals["start"] < intervals["end"]).all()
        assert (intervals["end"] <= intervals["chrom"].map(sizes)).all()
    tss = lists["tss.bed.gz"]
    assert (tss["end"] - tss["start"] == 1).all()
    assert set(tss["strand"]) == {"+", "-"}
    # Every chromosome but the shortest has thousands of genes to learn from.
    assert set(tss["chrom"]) == set(sizes)


@pytest.mark.parametrize(
    ("name", "place"), [("hg19", ("chr12", 6_643_585)), ("hg38", ("chr12", 6_534_404))]
)
def test_tsss_have_the_symbols_of_genes(name: str, place: tuple[str, int]) -> None:
    tss = read_intervals(ASSETS / name / "tss.bed.gz")
    here = tss[(tss["chrom"] == place[0]) & ((tss["start"] - place[1]).abs() < 500)]
    assert set(here["name"]) == {"GAPDH"}
    assert 0.75 < (tss["name"] != ".").mean() < 0.9


@pytest.mark.parametrize("name", GENOMES)
def test_it_is_recognised_by_its_first_chromosome_and_by_no_other(name: str) -> None:
    sizes = read_chrom_sizes(ASSETS / name / "chrom.sizes")
    for named in (sizes, {bare_name(chrom): bp for chrom, bp in sizes.items()}):
        assert set(map(assembly_name, named, named.values())) == {name, None}


@pytest.mark.parametrize("name", GENOMES)
def test_it_can_be_split(name: str) -> None:
    sizes = read_chrom_sizes(ASSETS / name / "chrom.sizes")
    split = SplitChoice.parse("chromosome", None, None, None).plan(sizes).chromosomes
    shares = [sum(sizes[chrom] for chrom in split.select(sizes, part)) for part in SPLITS]
    assert sum(shares) == sum(sizes.values())
    assert min(shares) >= 0.1 * sum(shares)
    assert shares[0] >= 0.3 * sum(shares)


@pytest.mark.parametrize("place", ["nextflow_schema.json", "docs/usage.md", "docs/methods.md"])
def test_every_genome_is_named_in(repository: Path, place: str) -> None:
    text = (repository / place).read_text()
    assert [name for name in GENOMES if name not in text] == []
