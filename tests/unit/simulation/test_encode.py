"""Cell types from peak lists with ENCODE's file names."""

import gzip
from pathlib import Path

import pytest

from deepregfinder.errors import InputError
from deepregfinder.simulation.encode import classify, find_lists, mark_name, real_cell, real_genome


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("H3k27ac", "H3K27ac"),
        ("H3k04me1", "H3K4me1"),
        ("H3k4me2", "H3K4me2"),
        ("H4k20me1", "H4K20me1"),
        ("H2az", "H2AZ"),
        ("Pol2", None),
        ("H3", None),
    ],
)
def test_marks_get_their_usual_names(text, name):
    assert mark_name(text) == name


@pytest.mark.parametrize(
    ("name", "cell", "role", "what"),
    [
        ("wgEncodeBroadHistoneK562H3k36me3StdPk.broadPeak.gz", "K562", "mark", "H3K36me3"),
        ("wgEncodeBroadHistoneGm12878H3k04me1StdPkV2.broadPeak.gz", "GM12878", "mark", "H3K4me1"),
        ("wgEncodeAwgDnaseUwdukeGm12878UniPk.narrowPeak.gz", "GM12878", "dhs", "DNase"),
        ("wgEncodeAwgTfbsSydhGm12878P300bUniPk.narrowPeak.gz", "GM12878", "enhancers", "P300b"),
        ("wgEncodeBroadHistoneK562Cbpsc369Pk.broadPeak.gz", "K562", "enhancers", "Cbpsc369"),
        ("wgEncodeAwgTfbsHaibGm12878Pol2UniPk.narrowPeak", "GM12878", "tfbs", "Pol2"),
    ],
)
def test_file_names_tell_what_a_list_is(name, cell, role, what):
    peak_list = classify(Path(name), cell)
    assert peak_list is not None
    assert (peak_list.role, peak_list.name) == (role, what)


def test_ctcf_validates_nothing():
    assert classify(Path("wgEncodeAwgTfbsBroadGm12878CtcfUniPk.narrowPeak"), "GM12878") is None


def test_a_file_of_another_cell_type_is_left_alone():
    assert classify(Path("wgEncodeBroadHistoneK562H3k36me3StdPk.broadPeak.gz"), "GM12878") is None


PEAKS = {
    "wgEncodeBroadHistoneCellxH3k04me3StdPk.broadPeak.gz": (
        "chr1 1000 3000 . 0 . 12.5 9 -1",
        "chr2 500 900 . 0 . 3 9 -1",
    ),
    "wgEncodeBroadHistoneCellxH2azStdPk.broadPeak.gz": ("chr1 1000 3000 . 0 . 4 9 -1",),
    "wgEncodeAwgDnaseUwdukeCellxUniPk.narrowPeak.gz": (
        "chr1 1900 2050 . 0 . 15 -1 -1 -1",
        "chrM 10 160 . 0 . 15 -1 -1 -1",
    ),
    "wgEncodeAwgTfbsSydhCellxP300UniPk.narrowPeak.gz": ("chr1 1900 2100 . 0 . 9 -1 -1 90",),
    "wgEncodeAwgTfbsHaibCellxPol2UniPk.narrowPeak.gz": ("chr1 1500 2500 . 0 . 80 -1 2 500",),
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "peaks" / "Cellx").mkdir(parents=True)
    for name, lines in PEAKS.items():
        text = "".join(line.replace(" ", "\t") + "\n" for line in lines)
        (tmp_path / "peaks" / "Cellx" / name).write_bytes(gzip.compress(text.encode()))
    (tmp_path / "sizes").write_text("chr2\t5000\nchrM\t600\nchr1\t9000\n")
    (tmp_path / "tss.bed").write_text("chr2\t40\t41\nchr1\t2000\t2001\n")
    (tmp_path / "black.bed").write_text(
        "chr1\t5000\t6000\tHigh Signal Region\nchr1\t7000\t8000\tLow Mappability\n"
    )
    return tmp_path


def test_lists_become_marks_dips_transcription_and_labels(folder):
    lists = find_lists(folder / "peaks", "Cellx")
    genome = real_genome(
        folder / "sizes", folder / "tss.bed", folder / "black.bed", "chr1,2", lists, 1
    )
    assert dict(genome.chrom_sizes) == {"chr1": 9000, "chr2": 5000}
    assert genome.tss == ("chr1\t2000\t2001", "chr2\t40\t41")
    pileups = genome.pileups["chr1"]
    assert len(pileups) == 1
    assert 5000 <= pileups.start[0] < 6000
    cell = real_cell("Cellx", lists, genome, seed=1)
    assert list(cell.marks) == ["H2AZ", "H3K4me3"]
    assert cell.marks["H3K4me3"]["chr1"].value.tolist() == [12.5]
    assert cell.open_sites["chr1"].midpoint.tolist() == [1975]
    assert cell.plus["chr1"].start.tolist() == [1900]
    assert cell.minus["chr1"].end.tolist() == [2100]
    columns = {part.column: part for part in cell.lists}
    assert set(columns) == {"dhs", "enhancers", "promoter_marks", "tfbs"}
    assert columns["dhs"].lines == ("chr1\t1900\t2050\t.\t0\t.\t15\t-1\t-1\t-1",)
    assert columns["promoter_marks"].lines[0].endswith("12.5\t9\t-1")


def test_background_follows_from_what_the_peaks_of_the_whole_genome_leave(folder):
    """Of 150 kb, 93 % are assembled; H2A.Z has peaks on chr1 only."""
    (folder / "sizes").write_text("chr2\t50000\nchrM\t600\nchr1\t100000\n")
    lists = find_lists(folder / "peaks", "Cellx")
    for chroms in ("chr1", "chr1,chr2"):
        genome = real_genome(folder / "sizes", folder / "tss.bed", None, chroms, lists, 1)
        background = real_cell("Cellx", lists, genome, seed=1).background
        assert background["H3K4me3"] == pytest.approx((139_500 - 26_200) / (139_500 - 2400))
        assert background["H2AZ"] == pytest.approx((93_000 - 8000) / (93_000 - 2000))


def test_without_chroms_all_main_chromosomes_with_dnase_peaks_are_taken(folder):
    lists = find_lists(folder / "peaks", "Cellx")
    genome = real_genome(folder / "sizes", folder / "tss.bed", None, None, lists, 1)
    assert dict(genome.chrom_sizes) == {"chr1": 9000}


def test_missing_things_are_named(folder):
    lists = find_lists(folder / "peaks", "Cellx")
    with pytest.raises(InputError, match="no chromosome 7"):
        real_genome(folder / "sizes", folder / "tss.bed", None, "1,7", lists, 1)
    with pytest.raises(InputError, match=r"no folder HeLa; it has Cellx"):
        find_lists(folder / "peaks", "HeLa")
    (folder / "peaks" / "Cellx" / "wgEncodeAwgDnaseUwdukeCellxUniPk.narrowPeak.gz").unlink()
    with pytest.raises(InputError, match="no peak list of DNase"):
        find_lists(folder / "peaks", "Cellx")


@pytest.mark.real_data
@pytest.mark.parametrize(("cell", "n_marks", "n_factors"), [("K562", 12, 2), ("GM12878", 11, 1)])
def test_the_real_lists_are_all_recognised(shared_data, cell, n_marks, n_factors):
    lists = find_lists(shared_data / "encode_hg19", cell)
    assert sum(file.role == "mark" for file in lists) == n_marks
    assert sum(file.role == "enhancers" for file in lists) == n_factors
    files = (shared_data / "encode_hg19" / cell).iterdir()
    assert {file.path for file in lists} == {path for path in files if "Ctcf" not in path.name}
    assert any(file.name.lower().startswith("pol2") for file in lists)
