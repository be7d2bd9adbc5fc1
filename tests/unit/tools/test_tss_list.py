"""What the scripts of tools/accuracy make of a list of TSSs."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from samples.small_evaluation import SIZES, bundle, elements, write_scan

from deepregfinder.labels.tensors import write_tensors
from deepregfinder.prediction.probabilities import open_probabilities


@pytest.fixture(autouse=True)
def tools(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(repository / "tools" / "accuracy"))
    yield
    for name in ("tss_list", "hidden_tss"):
        sys.modules.pop(name, None)


def test_a_scan_with_the_list_has_no_promoter_away_from_it_and_no_enhancer_near(tmp_path):
    from tss_list import WithList

    write_scan(tmp_path / "scan.zip", elements(), bundle(), ("chr4",))
    scan = open_probabilities([tmp_path / "scan.zip"])
    sites = {"4": np.array([10_000, 90_000])}
    track, plain = WithList(**vars(scan), tss=sites).load("chr4"), scan.load("chr4")
    alone = WithList(**vars(scan), tss=sites, alone=True).load("chr4")
    for number in range(plain.shape[1]):
        centre = number * scan.step + scan.window // 2
        distance = min(abs(centre - site) for site in (10_000, 90_000))
        assert track[0, number] == plain[0, number]
        assert track[1, number] == (plain[1, number] if distance > 2000 else 0)
        assert track[2, number] == (plain[2, number] if distance <= 500 else 0)
        assert alone[1, number] == 0
        expected = 1 / (2 + distance / 100) if distance <= 500 else 0
        assert alone[2, number] == pytest.approx(expected, abs=1e-5)
    assert SIZES["chr4"] > 90_000


def test_every_model_and_the_list_alone_have_a_row(tmp_path, capsys):
    from tss_list import tss_list

    windows = elements()
    (tmp_path / "tensors").mkdir()
    write_tensors(tmp_path / "tensors/K562.tensors.safetensors", windows)
    for model, seed in (("drf", 1), ("cnn", 2)):
        path = tmp_path / f"tensors/K562.{model}.1.probabilities.zip"
        write_scan(path, windows, bundle(), ("chr3", "chr4"), seed)
    promoters = windows.y == 2
    lines = [
        f"{windows.chroms[chrom]}\t{middle}\t{middle + 1}\n"
        for chrom, middle in zip(
            windows.chrom[promoters], windows.midpoints[promoters], strict=True
        )
    ]
    (tmp_path / "tss.bed").write_text("".join(lines))
    words = [str(tmp_path), "K562", str(tmp_path / "tss.bed"), "--chroms", "chr3,chr4"]
    tss_list(words, standalone_mode=False)
    _, _, *rows = capsys.readouterr().out.splitlines()
    by_model = {row.split(" | ")[0].strip("| "): row.split(" | ") for row in rows}
    assert by_model.keys() == {"drf", "cnn", "TSS list alone, no reads"}
    assert by_model["drf"][2].strip() == ""
    # Every promoter lies on a TSS and no other window does.
    assert float(by_model["TSS list alone, no reads"][6].strip(" |")) == 1


def test_every_third_site_is_hidden_with_all_its_tsss(tmp_path):
    from hidden_tss import hidden_tss, sites

    starts = [100, 500, 1_000, 5_000, 9_000, 9_400, 20_000]
    table = pd.DataFrame({"chrom": ["chr1"] * 6 + ["chr2"], "start": starts})
    assert sites(table).tolist() == [1, 1, 1, 2, 3, 3, 4]
    turned = table.iloc[::-1]
    assert sites(turned).tolist() == [4, 3, 3, 2, 1, 1, 1]
    lines = [f"{c}\t{s}\t{s + 1}\tg{n}\n" for n, (c, s) in enumerate(table.to_numpy())]
    (tmp_path / "tss.bed").write_text("".join(lines))
    hidden_tss(["thin", f"{tmp_path}/tss.bed", f"{tmp_path}/fewer.bed"], standalone_mode=False)
    kept = (tmp_path / "fewer.bed").read_text().splitlines()
    assert [line.split("\t")[3] for line in kept] == ["g0", "g1", "g2", "g3", "g6"]


def test_recall_at_hidden_promoters_is_counted(tmp_path, capsys):
    from hidden_tss import hidden_tss

    whole = tmp_path / "three/regions/K562"
    whole.mkdir(parents=True)
    regions = [("chr19", 1_000, "promoter"), ("chr19", 9_000, "promoter")]
    regions += [("chr22", 50_000, "promoter"), ("chr19", 30_000, "enhancer")]
    regions += [("chr1", 7_000, "promoter")]
    lines = [f"{c}\t{s}\t{s + 2000}\t{kind}\t.\ttest\n" for c, s, kind in regions]
    (whole / "regions.bed").write_text("".join(lines))
    calls = tmp_path / "hidden/calls/K562"
    calls.mkdir(parents=True)
    bed = "chr19\t9500\t9900\tpromoter\nchr22\t53000\t54000\tpromoter\n"
    (calls / "K562.drf.bed").write_text(bed)
    (tmp_path / "fewer.bed").write_text("chr19\t2000\t2001\n")
    words = [str(tmp_path / name) for name in ("three", "hidden", "fewer.bed")]
    hidden_tss(["score", *words, "K562"], standalone_mode=False)
    assert capsys.readouterr().out.splitlines()[-1] == "| drf | 2 | 1 | 0.500 | 1 | 0.000 | 2 |"
