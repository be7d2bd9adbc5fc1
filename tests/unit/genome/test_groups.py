"""Groups of chromosomes: equal to their definition, and quick for many scaffolds."""

import random
import time
from collections.abc import Mapping

from deepregfinder.genome.grid import balanced_groups, natural_order


def by_definition(sizes: Mapping[str, int], n_groups: int) -> list[list[str]]:
    """Each chromosome, from the longest on, joins the first of the shortest groups."""
    groups: list[list[str]] = [[] for _ in range(min(n_groups, len(sizes)))]
    for chrom in sorted(sizes, key=lambda name: (-sizes[name], natural_order(name))):
        totals = [sum(sizes[name] for name in group) for group in groups]
        groups[totals.index(min(totals))].append(chrom)
    return [sorted(group, key=natural_order) for group in groups]


def test_groups_are_those_of_the_definition() -> None:
    rng = random.Random(1)
    for n in (1, 2, 7, 40):
        sizes = {f"chr{i}": rng.choice((1, 5, 5, 9, 1000)) for i in range(n)}
        for n_groups in (1, 2, 3, 50):
            assert balanced_groups(sizes, n_groups) == by_definition(sizes, n_groups)


def test_forty_thousand_scaffolds_take_no_time() -> None:
    sizes = {f"scaffold_{i}": 1_000 + i % 977 for i in range(40_000)}
    began = time.process_time()
    groups = balanced_groups(sizes, 2)
    assert time.process_time() - began < 5  # quadratic: minutes
    assert sorted(chrom for group in groups for chrom in group) == sorted(sizes)
    assert abs(sum(map(sizes.get, groups[0])) - sum(map(sizes.get, groups[1]))) <= 2_000


def test_a_name_of_thousands_of_digits_has_a_place() -> None:
    assert sorted(["9" * 5000, "10", "X", "2"], key=natural_order) == ["2", "10", "9" * 5000, "X"]
