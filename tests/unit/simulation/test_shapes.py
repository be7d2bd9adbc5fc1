"""The table of shapes."""

from deepregfinder.simulation.profiles import MARKS
from deepregfinder.simulation.shapes import (
    EXCLUDED_BY,
    MOST_SIMILAR,
    TABLE,
    read_shapes,
    shape_of,
    write_shapes,
)


def test_every_mark_of_the_small_genome_has_a_shape_or_that_of_a_similar_mark():
    table = read_shapes(TABLE)
    assert set(table) | set(MOST_SIMILAR) == set(MARKS)
    assert not set(table) & set(MOST_SIMILAR)
    assert shape_of("H3K4me2") == table["H3K4me3"]
    assert shape_of("H3K9ac") == table["H3K9ac"]
    assert shape_of("H9K9") == table["H3K36me3"]


def test_the_table_is_written_as_it_is_read(tmp_path):
    write_shapes(tmp_path / "shapes.csv", read_shapes(TABLE))
    assert (tmp_path / "shapes.csv").read_text() == TABLE.read_text()


def test_shapes_have_possible_values():
    for shape in read_shapes(TABLE).values():
        assert 100 <= shape.reach <= 3000
        assert min(shape.plateau, shape.texture, shape.active, shape.weak, shape.patchy) >= 0
        assert 0 <= shape.hollow < 1
        assert 0 <= shape.shared <= 1


def test_sharp_marks_follow_open_sites_and_broad_marks_have_a_plateau():
    table = read_shapes(TABLE)
    for sharp in ("H3K4me3", "H3K27ac", "H3K9ac"):
        for broad in ("H3K36me3", "H3K27me3", "H3K9me3"):
            assert 5 * table[sharp].plateau < table[broad].plateau
            assert table[sharp].strength > table[broad].strength


def test_exclusion_is_mutual():
    assert all(EXCLUDED_BY[other] == mark for mark, other in EXCLUDED_BY.items())
