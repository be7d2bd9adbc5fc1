from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.classes import class_names
from deepregfinder.prediction.calling import Calls, TssZone
from deepregfinder.prediction.marker_validation import (
    build_markers,
    validation_rates,
    write_call_summary,
    write_seed_validation,
    write_validation,
)

SLOP, TSS_DISTANCE = 1000, 2000
E, P = 1, 2


def peaks(*rows: tuple[str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["chrom", "start", "end"])


def calls(*rows: tuple[int, int, int]) -> Calls:
    start, end, class_index = (np.array(column) for column in zip(*rows, strict=True))
    score = np.full(len(rows), 0.9, np.float32)
    return Calls(start, end, class_index, score, (start + end) // 2)


def rates(
    of_chrom: Calls, n_classes: int = 3, **given: object
) -> dict[str, tuple[int, int | None]]:
    lists: dict = {"tss": None, "dhs": None, "enhancers": [], "tfbs": []} | given
    sites = lists.pop("tss")
    zone = None if sites is None else TssZone(sites, TSS_DISTANCE)
    markers = build_markers(zone, **lists, slop=SLOP)
    return {
        rate.class_: (rate.calls, rate.validated)
        for rate in validation_rates({"chr1": of_chrom}, class_names(n_classes), markers, SLOP)
    }


def test_an_enhancer_call_is_validated_by_each_kind_of_marker_within_the_slop() -> None:
    call = calls((10_000, 12_000, E))
    for position, near in ((13_000 - 1, True), (13_000, False), (9_000, True), (8_999, False)):
        marker = peaks(("chr1", position, position + 1))
        for kind in ({"dhs": marker}, {"enhancers": [marker]}, {"tfbs": [marker]}):
            assert rates(call, **kind)["enhancer"] == (1, int(near)), (position, kind)


def test_markers_at_a_tss_validate_no_enhancer() -> None:
    call = calls((10_000, 12_000, E))
    dhs, tss = peaks(("chr1", 11_000, 11_200)), peaks(("chr1", 13_000, 13_001))
    assert rates(call, dhs=dhs, tss=tss)["enhancer"] == (1, 0)
    tss = peaks(("chr1", 13_201, 13_202))
    assert rates(call, dhs=dhs, tss=tss)["enhancer"] == (1, 1)


def test_a_promoter_call_needs_a_tss_with_dhs() -> None:
    call = calls((10_000, 12_000, P))
    tss = peaks(("chr1", 12_500, 12_501))
    assert rates(call, tss=tss, dhs=peaks(("chr1", 13_400, 13_600)))["promoter"] == (1, 1)
    assert rates(call, tss=tss, dhs=peaks(("chr1", 13_600, 13_800)))["promoter"] == (1, 0)
    assert rates(call, tss=tss)["promoter"] == (1, None)
    assert rates(call, dhs=peaks(("chr1", 11_000, 11_200)))["promoter"] == (1, None)


def test_states_share_the_marker_of_their_element() -> None:
    three_calls = calls((10_000, 12_000, 1), (20_000, 22_000, 2), (30_000, 32_000, 4))
    dhs = peaks(("chr1", 11_000, 11_200), ("chr1", 31_000, 31_200))
    tss = peaks(("chr1", 31_000, 31_001))
    assert rates(three_calls, n_classes=5, dhs=dhs, tss=tss) == {
        "poised_enhancer": (1, 1),
        "active_enhancer": (1, 0),
        "poised_promoter": (0, 0),
        "active_promoter": (1, 1),
    }


def test_markers_on_other_chromosomes_do_not_count() -> None:
    call = calls((10_000, 12_000, E))
    assert rates(call, dhs=peaks(("chr2", 11_000, 11_200)))["enhancer"] == (1, 0)


def test_tables_have_dots_for_what_cannot_be_told(tmp_path: Path) -> None:
    markers = build_markers(None, peaks(("chr1", 11_000, 11_200)), [], [], SLOP)
    by_chrom = {"chr1": calls((10_000, 12_000, E), (20_000, 22_000, E), (30_000, 32_000, P))}
    measured = validation_rates(by_chrom, class_names(3), markers, SLOP)
    write_validation(tmp_path / "v.tsv", measured)
    assert (tmp_path / "v.tsv").read_text().splitlines() == [
        "class\tcalls\tvalidated\trate\tmarker",
        "enhancer\t2\t1\t0.5000\tDHS peak anywhere (no TSSs given)",
        "promoter\t1\t.\t.\t.",
    ]
    write_seed_validation(tmp_path / "s.tsv", {7: measured})
    assert (tmp_path / "s.tsv").read_text().splitlines()[1] == "7\tenhancer\t2\t1\t0.5000"
    known = {"1": by_chrom["chr1"].summit[:1] + 500}
    write_call_summary(tmp_path / "c.tsv", by_chrom, class_names(3), known)
    assert (tmp_path / "c.tsv").read_text().splitlines() == [
        "chrom\tclass\tcalls\tbp\tat_tss",
        "chr1\tenhancer\t2\t4000\t1",
        "chr1\tpromoter\t1\t2000\t0",
    ]
    write_call_summary(tmp_path / "c.tsv", by_chrom, class_names(3), None)
    assert (tmp_path / "c.tsv").read_text().splitlines()[1] == "chr1\tenhancer\t2\t4000\t."


def test_no_calls_have_no_rate(tmp_path: Path) -> None:
    markers = build_markers(None, peaks(("chr1", 11_000, 11_200)), [], [], SLOP)
    measured = validation_rates({"chr1": calls((0, 9, P)).take(np.array([], int))},
                                class_names(3), markers, SLOP)  # fmt: skip
    assert (measured[0].calls, measured[0].validated, measured[0].rate) == (0, 0, None)
