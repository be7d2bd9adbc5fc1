"""Expressions match the names that they are made of, and nothing else."""

import random
import re

import pytest

from deepregfinder.genome.name_pattern import chromosomes_by_length, is_nuclear, name_pattern


@pytest.mark.parametrize("seed", range(40))
def test_an_expression_matches_exactly_its_names(seed: int) -> None:
    """Brute force over all names of a kind."""
    rng = random.Random(seed)
    prefix = rng.choice(["chr", "", "Chr", "LG", "gi|5|ref|", "GRCh38#0#chr", "x.y+"])
    letters = ["X", "Y", "W", "I", "IV", "2L", "3R", "7D", "Un_1"]
    kinds = [f"{prefix}{rest}" for rest in [*range(150), *letters]]
    names = rng.sample(kinds, rng.randint(1, 40))
    pattern = name_pattern(names, kinds)
    assert pattern is not None
    assert {name for name in kinds if re.fullmatch(pattern, name)} == set(names)


def test_usual_genomes_have_short_expressions() -> None:
    zebrafish = [f"chr{number}" for number in range(1, 26)]
    assert name_pattern(zebrafish, [*zebrafish, "chrM"]) == "chr([1-9]|1[0-9]|2[0-5])"
    worm = ["chrI", "chrII", "chrIII", "chrIV", "chrV", "chrX"]
    assert name_pattern(worm, []) == "chr(I|II|III|IV|V|X)"
    assert name_pattern(["scaffold_7"], ["scaffold_8"]) == "scaffold_7"


def test_thousands_of_names_have_their_common_beginning_or_no_expression() -> None:
    names = [f"scaffold_{number:05}" for number in range(5_000)]
    assert name_pattern(names, [*names, "chrM"]) == "scaffold_.*"
    assert name_pattern(names, [*names, "scaffold_of_phiX"]) is None


def test_chromosomes_are_found_by_their_length() -> None:
    plant = {f"Chr{n}": bp for n, bp in enumerate((30_427_671, 19_698_289, 23_459_830), 1)}
    others = {"ChrM": 366_924, "ChrC": 154_478, "Chr_unplaced_1": 90_000}
    assert chromosomes_by_length({**others, **plant}) == list(plant)
    assert not any(map(is_nuclear, ("chrM", "MT", "chrMT", "Mito", "Pt", "chrC", "chrEBV")))
    assert all(map(is_nuclear, ("chr1", "X", "chrX", "scaffold_1", "2L", "Merlin", "contig_9")))
